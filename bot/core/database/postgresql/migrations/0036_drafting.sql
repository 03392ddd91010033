-- Remarks beside the fields of a form, and texts that are drafted on request (issue 17, items 4 and 6).

ALTER TABLE draft ADD COLUMN seen TEXT COLLATE "C" NOT NULL DEFAULT ''; -- marks of the remarks that were shown

CREATE TABLE drafting (
    on_date    TEXT COLLATE "C" NOT NULL PRIMARY KEY, -- in UTC
    requests   BIGINT NOT NULL                   -- sent on that day, by all processes
);
