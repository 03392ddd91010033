-- Slots of which a paper's message was posted or given up: once all of them are, the titles in the
-- slot's header are to lead to them (issue 13, item 2). Slots posted before are not in it, so that
-- an update edits nothing.
CREATE TABLE settled_slot (
    slot_id INTEGER NOT NULL PRIMARY KEY REFERENCES slot (id)
);
CREATE TRIGGER paper_settled AFTER UPDATE OF state ON delivery
WHEN new.slot_id IS NOT NULL AND new.state IN ('sent', 'held', 'dead') AND new.state <> old.state
 AND new.part = 'entry-' || new.entry_id BEGIN
    INSERT INTO settled_slot (slot_id) VALUES (new.slot_id) ON CONFLICT DO NOTHING;
END;
