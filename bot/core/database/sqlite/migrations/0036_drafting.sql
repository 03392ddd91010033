-- Remarks beside the fields of a form, and texts that are drafted on request (issue 17, items 4 and 6).

ALTER TABLE draft ADD COLUMN seen TEXT NOT NULL DEFAULT ''; -- marks of the remarks that were shown

CREATE TABLE drafting (
    on_date    TEXT NOT NULL PRIMARY KEY,        -- in UTC
    requests   INTEGER NOT NULL                  -- sent on that day, by all processes
) STRICT, WITHOUT ROWID;
