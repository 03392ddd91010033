-- Digests go before answers, and answers before copies of what people say, in a channel's queue.

-- 0: a digest's own messages; 1: answers, cards and notices; 2: copies. Within a thread, nothing goes
-- before what was planned there earlier: its priority is then that of what waits there.
ALTER TABLE delivery ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
UPDATE delivery
   SET priority = CASE
           WHEN reply_id IS NOT NULL THEN 2
           WHEN EXISTS (SELECT 1 FROM delivery o
                         WHERE o.root_id = delivery.root_id AND o.reply_id IS NOT NULL
                           AND o.state IN ('planned', 'sending', 'held')) THEN 2
           WHEN slot_id IS NULL THEN 1
           ELSE 0 END
 WHERE state IN ('planned', 'sending', 'held');

DROP INDEX delivery_open;
CREATE INDEX delivery_open ON delivery (channel, priority, id) WHERE state IN ('planned', 'sending');

-- How much a person said in the minute before.
DROP INDEX reply_by_author;
CREATE INDEX reply_by_author ON reply (author_id, said_at) WHERE author_id <> '';
