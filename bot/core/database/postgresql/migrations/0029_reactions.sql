-- What people like (issue 16, item 2): positive reactions to messages that show an entry, and the
-- new papers that somebody calls “not for us”.

CREATE TABLE reaction (
    channel    TEXT COLLATE "C" NOT NULL,
    message_id TEXT COLLATE "C" NOT NULL,
    person     TEXT COLLATE "C" NOT NULL,  -- with platform and workspace; a hash once forgotten
    emoji      TEXT COLLATE "C" NOT NULL,  -- without its skin tone
    entry_id   BIGINT REFERENCES entry (id) DEFERRABLE,  -- NULL while the message is being posted
    is_there   BOOLEAN NOT NULL DEFAULT TRUE,  -- FALSE: taken back; kept since events come out of order
    given_at   TEXT COLLATE "C" NOT NULL,  -- since when it is there
    changed_at TEXT COLLATE "C" NOT NULL,  -- by the platform's clock
    PRIMARY KEY (channel, message_id, person, emoji)
);
CREATE INDEX reaction_by_entry ON reaction (entry_id, person) WHERE is_there;
CREATE INDEX reaction_by_person ON reaction (person);
CREATE INDEX reaction_by_time ON reaction (given_at) WHERE is_there;
CREATE INDEX reaction_unplaced ON reaction (channel) WHERE entry_id IS NULL;

-- Up to when every reaction to the messages of a channel is known, since the platform was asked.
CREATE TABLE reaction_read (
    channel TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    read_at TEXT COLLATE "C" NOT NULL
);

CREATE TABLE not_for_us (
    number TEXT COLLATE "C" NOT NULL,  -- of the paper at arXiv
    person TEXT COLLATE "C" NOT NULL,
    at     TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (number, person)
);
CREATE INDEX not_for_us_by_person ON not_for_us (person);
