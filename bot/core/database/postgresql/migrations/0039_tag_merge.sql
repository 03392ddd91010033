-- Tags that count as another one (issue 17, item 5). Entries keep the tags that were written.
CREATE TABLE tag_merge (
    tag_id  BIGINT NOT NULL PRIMARY KEY REFERENCES tag (id) DEFERRABLE,
    into_id BIGINT NOT NULL REFERENCES tag (id) DEFERRABLE,  -- as the operator said
    root_id BIGINT NOT NULL REFERENCES tag (id) DEFERRABLE  -- the tag that is shown: the last one of the chain
);
CREATE INDEX tag_merge_root ON tag_merge (root_id);
