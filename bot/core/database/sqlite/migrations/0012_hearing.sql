-- What was said long ago may be heard only now. `said_at` is when it was said, by the clock of its
-- platform; `heard_at` is when we heard of it; `edited_at` is the version that is kept, as its
-- platform dates edits: whatever arrives of an older one changes nothing.
ALTER TABLE reply ADD COLUMN heard_at TEXT NOT NULL DEFAULT '';
UPDATE reply SET heard_at = said_at;

DROP INDEX reply_by_entry;
CREATE INDEX reply_by_entry ON reply (entry_id, said_at, id) WHERE entry_id IS NOT NULL;
DROP INDEX reply_unplaced;
CREATE INDEX reply_unplaced ON reply (heard_at) WHERE entry_id IS NULL;

-- Which threads were talked in lately, and what is kept of each.
CREATE INDEX reply_by_time ON reply (said_at);
CREATE INDEX reply_by_thread ON reply (channel, root_message);
