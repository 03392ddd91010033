-- Who decided of a digest, so that they can be forgotten at once (issue 17, item 3).

ALTER TABLE review ADD COLUMN person TEXT NOT NULL DEFAULT '';
    -- slack:T0123/U0123, discord:123, web:…; '': the command line, '?': a person who is forgotten
