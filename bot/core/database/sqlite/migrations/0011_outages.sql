-- Outages: what a thread or a channel refuses for now waits for it, and what is to be edited or
-- removed is tried until it is.

-- `waits_for` may name two places more. SQLite changes no check, so the column is made anew:
-- 'thread' and 'channel' are of messages held together; after `not_before`, one of them is tried.
ALTER TABLE delivery ADD COLUMN waiting TEXT
      CHECK (waiting IN ('resume', 'root', 'thread', 'channel'));
UPDATE delivery SET waiting = waits_for WHERE waits_for IS NOT NULL;
ALTER TABLE delivery DROP COLUMN waits_for;
ALTER TABLE delivery RENAME COLUMN waiting TO waits_for;
CREATE INDEX delivery_waiting ON delivery (channel, id)
 WHERE state = 'held' AND waits_for IN ('thread', 'channel');

-- Since when it fails to be posted or, once posted, to be edited or removed as it should.
ALTER TABLE delivery ADD COLUMN failing_since TEXT;
CREATE INDEX delivery_failing ON delivery (failing_since) WHERE failing_since IS NOT NULL;

-- `unwanted` is 1 where a message is to be removed wherever it is, and 2 where it is only not to be
-- posted any more. Those that may be there and are to be removed are searched for now and then.
CREATE INDEX delivery_sought ON delivery (not_before)
 WHERE state = 'held' AND in_doubt = 1 AND unwanted = 1;

-- What was given up while a platform was away is taken up again.
UPDATE delivery SET removed_at = NULL, edit_after = '', edit_failures = 0, reason = '', detail = ''
 WHERE unwanted = 1 AND state = 'sent' AND removed_at IS NOT NULL
   AND reason = 'The message could not be removed';
UPDATE delivery SET shown = '', edit_after = '', edit_failures = 0, reason = '', detail = ''
 WHERE state = 'sent' AND unwanted = 0
   AND reason = 'The message could not be edited; it shows an older version';
