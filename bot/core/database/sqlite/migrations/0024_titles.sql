-- Full-text indexes of titles and tags, and of these with the authors, so that the best hits come
-- first (issue 13, item 5) at a cost that does not grow with how often a word stands elsewhere.
-- They index the rows of `search_text`, as `search` does. Each has no column beyond those that
-- are searched together, since to skip the hits of a column takes FTS5 as long as to read them.

CREATE VIRTUAL TABLE title_search USING fts5 (
    title, tags,
    content = 'search_text', content_rowid = 'newness',
    tokenize = 'unicode61 remove_diacritics 2'
);
CREATE VIRTUAL TABLE label_search USING fts5 (
    title, tags, authors,
    content = 'search_text', content_rowid = 'newness',
    tokenize = 'unicode61 remove_diacritics 2'
);
INSERT INTO title_search (title_search) VALUES ('rebuild');
INSERT INTO label_search (label_search) VALUES ('rebuild');
CREATE TRIGGER labels_inserted AFTER INSERT ON search_text BEGIN
    INSERT INTO title_search (rowid, title, tags) VALUES (new.newness, new.title, new.tags);
    INSERT INTO label_search (rowid, title, tags, authors)
    VALUES (new.newness, new.title, new.tags, new.authors);
END;
CREATE TRIGGER labels_deleted AFTER DELETE ON search_text BEGIN
    INSERT INTO title_search (title_search, rowid, title, tags)
    VALUES ('delete', old.newness, old.title, old.tags);
    INSERT INTO label_search (label_search, rowid, title, tags, authors)
    VALUES ('delete', old.newness, old.title, old.tags, old.authors);
END;
CREATE TRIGGER labels_updated AFTER UPDATE OF newness, title, tags, authors ON search_text BEGIN
    INSERT INTO title_search (title_search, rowid, title, tags)
    VALUES ('delete', old.newness, old.title, old.tags);
    INSERT INTO title_search (rowid, title, tags) VALUES (new.newness, new.title, new.tags);
    INSERT INTO label_search (label_search, rowid, title, tags, authors)
    VALUES ('delete', old.newness, old.title, old.tags, old.authors);
    INSERT INTO label_search (rowid, title, tags, authors)
    VALUES (new.newness, new.title, new.tags, new.authors);
END;
