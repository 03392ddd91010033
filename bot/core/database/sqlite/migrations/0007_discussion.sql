-- Discussions: what people say in the threads of papers, its copies in other channels, and which
-- channels share their discussions.
--
-- A discussion is the talk about one entry. Its presence in a channel, a thread, is the delivery
-- that posted the entry there. Whatever the bot says in a thread is a delivery as well.

-- One utterance of a person, with its one origin. A row without an entry is not known (yet) to
-- belong to a thread of ours: it waits for a message that may be its root, or says that what it
-- names was taken back before it was heard. Once `gone_at` is set, nothing of it is kept.
CREATE TABLE reply (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,   -- grows in the order in which we heard them
    channel      TEXT NOT NULL,
    message_id   TEXT NOT NULL,
    root_message TEXT NOT NULL,
    entry_id     INTEGER REFERENCES entry (id),
    author_id    TEXT NOT NULL,                       -- the platform's, within its workspace
    author       TEXT NOT NULL,                       -- the name they had then
    text         TEXT NOT NULL,
    link         TEXT,                                -- where it is read
    said_at      TEXT NOT NULL,
    edited_at    TEXT,
    gone_at      TEXT,
    UNIQUE (channel, message_id)
);
CREATE INDEX reply_by_entry ON reply (entry_id, id) WHERE entry_id IS NOT NULL;
CREATE INDEX reply_by_author ON reply (author_id) WHERE author_id <> '';
CREATE INDEX reply_unplaced ON reply (said_at) WHERE entry_id IS NULL;

-- The words of each reply, as the segmenter makes them.
CREATE VIRTUAL TABLE reply_search USING fts5 (
    text, tokenize = 'unicode61 remove_diacritics 2'
);

-- A paper that somebody linked in a reply; `card_at` is when its card was put into the outbox.
CREATE TABLE reply_reference (
    reply_id INTEGER NOT NULL REFERENCES reply (id) ON DELETE CASCADE,
    number   TEXT NOT NULL,                           -- of arXiv, without version
    position INTEGER NOT NULL,
    card_at  TEXT,
    PRIMARY KEY (reply_id, number)
) WITHOUT ROWID;
CREATE INDEX reply_reference_by_number ON reply_reference (number);
CREATE INDEX reply_reference_waiting ON reply_reference (number) WHERE card_at IS NULL;

-- Which message a delivery answers where that is none of ours; the reply that it is a copy of;
-- whether a message is to be removed again, and when it was.
ALTER TABLE delivery ADD COLUMN root_message TEXT;
ALTER TABLE delivery ADD COLUMN reply_id INTEGER REFERENCES reply (id);
ALTER TABLE delivery ADD COLUMN unwanted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN removed_at TEXT;
CREATE INDEX delivery_by_message ON delivery (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX delivery_thread ON delivery (entry_id) WHERE entry_id IS NOT NULL AND root_id IS NULL;
CREATE INDEX delivery_copy ON delivery (reply_id) WHERE reply_id IS NOT NULL;
CREATE INDEX delivery_unwanted ON delivery (edit_after) WHERE unwanted = 1 AND removed_at IS NULL;

-- What a channel wants of discussions, where that is not everything.
CREATE TABLE channel_wish (
    channel    TEXT PRIMARY KEY,
    discussion INTEGER NOT NULL DEFAULT 1,
    notices    INTEGER NOT NULL DEFAULT 1
) WITHOUT ROWID;

-- Channels of one circle share what is said since both were in it.
CREATE TABLE linked_channel (
    channel   TEXT PRIMARY KEY,
    circle    INTEGER NOT NULL,
    linked_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX linked_channel_by_circle ON linked_channel (circle);

-- Codes that link a channel to the one they were made in; only their hashes are kept.
CREATE TABLE link_code (
    hash        TEXT PRIMARY KEY,
    channel     TEXT NOT NULL,
    valid_until TEXT NOT NULL
) WITHOUT ROWID;

-- How far threads and events of papers have been looked at.
CREATE TABLE discussion_progress (
    only_row    INTEGER PRIMARY KEY CHECK (only_row = 1),
    delivery_id INTEGER NOT NULL,
    event_id    INTEGER NOT NULL
);
INSERT INTO discussion_progress (only_row, delivery_id, event_id)
SELECT 1, (SELECT coalesce(max(id), 0) FROM delivery),
          (SELECT coalesce(max(id), 0) FROM paper_event);
