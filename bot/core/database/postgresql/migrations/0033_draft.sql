-- What curators type into the form of a note (issue 17, item 1).

CREATE TABLE draft (
    key        TEXT COLLATE "C" NOT NULL PRIMARY KEY,  -- of the form: it is carried out once
    person     TEXT COLLATE "C" NOT NULL,  -- slack:T0123/U0123, discord:123, web:…
    name       TEXT COLLATE "C" NOT NULL,  -- as it was when they typed last
    channel    TEXT COLLATE "C" NOT NULL,
    locale     TEXT COLLATE "C" NOT NULL,
    paper      TEXT COLLATE "C" NOT NULL,  -- the key of the paper; empty: not known yet
    entry_id   BIGINT,  -- the entry that is changed; NULL: a new one
    base       TEXT COLLATE "C" NOT NULL,  -- JSON: the fields as they were shown first
    typed      TEXT COLLATE "C" NOT NULL,  -- JSON: the fields as they are now; empty once done
    state      TEXT COLLATE "C" NOT NULL CHECK (state IN ('open', 'typed', 'submitted', 'done')),
    plan       TEXT COLLATE "C" NOT NULL DEFAULT '',  -- JSON: what is written, once it is submitted
    outcome    TEXT COLLATE "C" NOT NULL DEFAULT '',  -- JSON: what was written, once it is done
    opened_at  TEXT COLLATE "C" NOT NULL,
    changed_at TEXT COLLATE "C" NOT NULL
);
CREATE INDEX draft_person ON draft (person, changed_at);
CREATE INDEX draft_submitted ON draft (changed_at) WHERE state = 'submitted';

-- The file or page whose entry a form changed in the database: its own version is not read again.
ALTER TABLE source ADD COLUMN replaces BIGINT;
CREATE INDEX source_replaces ON source (replaces) WHERE replaces IS NOT NULL;
