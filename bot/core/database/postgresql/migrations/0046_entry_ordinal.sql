-- Which of the entries with the same `first_key` an entry is, from 0: feeds and the static site tell them
-- apart by it. It is chosen once and stays while the entry stands. What stands now keeps its number.
ALTER TABLE entry ADD COLUMN ordinal BIGINT NOT NULL DEFAULT 0;
UPDATE entry
   SET ordinal = (
           SELECT count(*)
             FROM entry AS o JOIN source AS t ON t.id = o.source_id
                  JOIN source AS s ON s.id = entry.source_id
            WHERE o.first_key = entry.first_key AND o.newness > 0
              AND (t.path, o.part, o.id) < (s.path, entry.part, entry.id)
       )
 WHERE newness > 0 AND first_key <> '';
