-- How often what look-ups read was changed (issue 19): every transaction that writes to a table of the
-- archive counts it up (bot/core/database/revision.py). An answer that was found at the same number is
-- not out of date.
CREATE TABLE archive_revision (number INTEGER NOT NULL);
INSERT INTO archive_revision (number) VALUES (0);
