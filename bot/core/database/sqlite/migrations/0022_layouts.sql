-- Layouts `thread` and `titles`, the intro of threads, and discussions that a person asks for
-- (issue 13, item 1).

-- SQLite changes no check, so the column is made anew.
ALTER TABLE subscription ADD COLUMN chosen_layout TEXT NOT NULL DEFAULT 'papers'
      CHECK (chosen_layout IN ('papers', 'thread', 'compact', 'titles'));
UPDATE subscription SET chosen_layout = layout;
ALTER TABLE subscription DROP COLUMN layout;
ALTER TABLE subscription RENAME COLUMN chosen_layout TO layout;

-- When the thread of a paper gets its intro. A slot remembers it, so that an edit adds none.
ALTER TABLE subscription ADD COLUMN intro TEXT NOT NULL DEFAULT 'on'
      CHECK (intro IN ('on', 'later', 'off'));
ALTER TABLE slot ADD COLUMN intro TEXT NOT NULL DEFAULT 'on' CHECK (intro IN ('on', 'later', 'off'));

-- A reply in the thread of a day, in the layout `thread`, is about that slot and no entry.
ALTER TABLE reply ADD COLUMN slot_id INTEGER REFERENCES slot (id);
DROP INDEX reply_unplaced;
CREATE INDEX reply_unplaced ON reply (received_at) WHERE entry_id IS NULL AND slot_id IS NULL;

-- Who pressed "Discuss" first for an entry in a channel. The name is shown in the message that this
-- posted, and is empty once that person is forgotten.
CREATE TABLE discussion_request (
    channel   TEXT NOT NULL,
    entry_id  INTEGER NOT NULL REFERENCES entry (id),
    author_id TEXT NOT NULL,
    author    TEXT NOT NULL,
    asked_at  TEXT NOT NULL,
    PRIMARY KEY (channel, entry_id)
) WITHOUT ROWID;
CREATE INDEX discussion_request_by_author ON discussion_request (author_id) WHERE author_id <> '';
