-- How feeds know an entry, and when its content was last changed (issue 18, item 3). `first_key` is its
-- date and paper as it first stood; several entries may share one. `changed_at` is NULL until the first
-- change after that: `updated_at` is the time of the import.
ALTER TABLE entry ADD COLUMN first_key TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE entry ADD COLUMN changed_at TEXT COLLATE "C";
UPDATE entry
   SET first_key = coalesce(date, '') || ' ' || (SELECT key FROM paper WHERE id = entry.paper_id);
CREATE INDEX entry_by_first_key ON entry (first_key);
