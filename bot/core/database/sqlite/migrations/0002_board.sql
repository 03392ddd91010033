-- The web chat's memory: channels, and what was said in them.

CREATE TABLE board_channel (
    name       TEXT NOT NULL PRIMARY KEY,
    created_at TEXT NOT NULL
);

-- `general` is there before anybody comes.
INSERT INTO board_channel (name, created_at) VALUES ('general', '1970-01-01T00:00:00.000000+00:00');

-- One row that every change of a message counts up, so that revisions are in commit order: a
-- page that knows one revision can ask for everything after it and misses nothing.
CREATE TABLE board_revision (
    only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    newest   INTEGER NOT NULL
);

INSERT INTO board_revision (only_row, newest) VALUES (1, 0);

CREATE TABLE board_message (
    id          INTEGER PRIMARY KEY,
    channel     TEXT NOT NULL REFERENCES board_channel (name),
    root_id     INTEGER REFERENCES board_message (id),   -- whose thread it stands in
    author_id   TEXT,                                    -- NULL: nobody asked the bot for it
    author_name TEXT,
    by_bot      INTEGER NOT NULL CHECK (by_bot IN (0, 1)),
    question    TEXT NOT NULL DEFAULT '',                -- the command line that it answers
    content     TEXT NOT NULL,                           -- the bot's: a document as JSON
    message_key TEXT UNIQUE,                             -- NULL: may not be found again
    posted_at   TEXT NOT NULL,
    edited_at   TEXT,
    deleted_at  TEXT,                                    -- set: `content` and `question` are empty
    revision    INTEGER NOT NULL UNIQUE
);

-- A channel from its newest message backwards, and a thread.
CREATE INDEX board_message_in_place ON board_message (channel, root_id, id);
CREATE INDEX board_message_in_thread ON board_message (root_id, id);
