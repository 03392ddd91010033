-- The language of headings, buttons and dates in a channel (issue 13, item 3). NULL: the first of
-- its languages, as it was before. A slot remembers it, so that its messages are edited in it.

ALTER TABLE subscription ADD COLUMN interface TEXT CHECK (interface IN ('ko', 'en'));
ALTER TABLE slot ADD COLUMN interface TEXT CHECK (interface IN ('ko', 'en'));
