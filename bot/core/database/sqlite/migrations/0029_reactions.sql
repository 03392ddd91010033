-- What people like (issue 16, item 2): positive reactions to messages that show an entry, and the
-- new papers that somebody calls “not for us”.

CREATE TABLE reaction (
    channel    TEXT NOT NULL,
    message_id TEXT NOT NULL,
    person     TEXT NOT NULL,                    -- with platform and workspace; a hash once forgotten
    emoji      TEXT NOT NULL,                    -- without its skin tone
    entry_id   INTEGER REFERENCES entry (id),    -- NULL while the message is being posted
    is_there   INTEGER NOT NULL DEFAULT 1,       -- 0: taken back; kept since events come out of order
    given_at   TEXT NOT NULL,                    -- since when it is there
    changed_at TEXT NOT NULL,                    -- by the platform's clock
    PRIMARY KEY (channel, message_id, person, emoji)
) STRICT;
CREATE INDEX reaction_by_entry ON reaction (entry_id, person) WHERE is_there = 1;
CREATE INDEX reaction_by_person ON reaction (person);
CREATE INDEX reaction_by_time ON reaction (given_at) WHERE is_there = 1;
CREATE INDEX reaction_unplaced ON reaction (channel) WHERE entry_id IS NULL;

-- Up to when every reaction to the messages of a channel is known, since the platform was asked.
CREATE TABLE reaction_read (
    channel TEXT NOT NULL PRIMARY KEY,
    read_at TEXT NOT NULL
) STRICT;

CREATE TABLE not_for_us (
    number TEXT NOT NULL,                        -- of the paper at arXiv
    person TEXT NOT NULL,
    at     TEXT NOT NULL,
    PRIMARY KEY (number, person)
) STRICT;
CREATE INDEX not_for_us_by_person ON not_for_us (person);
