-- Tags that count as another one (issue 17, item 5). Entries keep the tags that were written.
CREATE TABLE tag_merge (
    tag_id  INTEGER NOT NULL PRIMARY KEY REFERENCES tag (id),
    into_id INTEGER NOT NULL REFERENCES tag (id),   -- as the operator said
    root_id INTEGER NOT NULL REFERENCES tag (id)    -- the tag that is shown: the last one of the chain
) STRICT;
CREATE INDEX tag_merge_root ON tag_merge (root_id);
