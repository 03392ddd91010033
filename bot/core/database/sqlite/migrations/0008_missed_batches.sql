-- Batches that do not come: whether the feed was looked at until the day's batch was late, so that
-- a day of silence is told from a day off; and whether the query service ever gave a batch whole,
-- so that giving up is told from success.
ALTER TABLE arxiv_batch ADD COLUMN is_looked_for INTEGER NOT NULL DEFAULT 0;
ALTER TABLE arxiv_batch ADD COLUMN is_whole INTEGER NOT NULL DEFAULT 0;
UPDATE arxiv_batch SET is_looked_for = 1 WHERE items > 0;
UPDATE arxiv_batch SET is_whole = 1 WHERE tries > 0;
