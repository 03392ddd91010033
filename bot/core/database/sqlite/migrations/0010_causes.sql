-- What somebody said in the bot's threads has consequences: answers and cards, which go when it
-- goes, and, in the web chat, being heard at all, whatever is killed in between.

-- The message, of the same channel, that an answer or a card is there for.
ALTER TABLE delivery ADD COLUMN caused_by TEXT;
CREATE INDEX delivery_by_cause ON delivery (channel, caused_by) WHERE caused_by IS NOT NULL;

-- A message of the web chat was written, changed or taken back, and the bot has not heard so yet.
ALTER TABLE board_message ADD COLUMN unheard INTEGER NOT NULL DEFAULT 0;
CREATE INDEX board_message_unheard ON board_message (revision) WHERE unheard = 1;
