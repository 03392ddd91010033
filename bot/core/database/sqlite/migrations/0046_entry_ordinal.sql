-- Which of the entries with the same `first_key` an entry is, from 0: feeds and the static site tell them
-- apart by it. It is chosen once and stays while the entry stands. What stands now keeps its number.
ALTER TABLE entry ADD COLUMN ordinal INTEGER NOT NULL DEFAULT 0;
UPDATE entry SET ordinal = numbered.place
  FROM (SELECT e.id,
               row_number() OVER (PARTITION BY e.first_key ORDER BY s.path, e.part, e.id) - 1 AS place
          FROM entry AS e JOIN source AS s ON s.id = e.source_id
         WHERE e.newness > 0 AND e.first_key <> '') AS numbered
 WHERE numbered.id = entry.id AND numbered.place > 0;
