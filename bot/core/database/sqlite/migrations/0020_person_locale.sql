-- In which language a person is answered (issue 13, item 3). Discord tells it with a command and not
-- with a message, so that the last one is kept: a person's id is discord:123 or slack:T0123/U0123.
-- A message of the web chat has its author's.

CREATE TABLE person_locale (
    person TEXT NOT NULL PRIMARY KEY,
    locale TEXT NOT NULL
) WITHOUT ROWID;

ALTER TABLE board_message ADD COLUMN author_locale TEXT;
