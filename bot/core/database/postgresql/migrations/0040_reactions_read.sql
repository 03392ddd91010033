-- Of which messages the reactions of a channel are known: those posted from the first to the last one that
-- was read. What events tell of older ones counts, however late it comes (issue 16, item 2).

ALTER TABLE reaction_read ADD COLUMN first_sent_at TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE reaction_read ADD COLUMN last_sent_at TEXT COLLATE "C" NOT NULL DEFAULT '';

-- What is no paper, copy or answer: among others the direct messages of a person, which forget-me reads.
CREATE INDEX delivery_direct ON delivery (channel, part)
 WHERE entry_id IS NULL AND reply_id IS NULL AND caused_by IS NULL;
