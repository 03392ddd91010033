-- What the curator wrote: papers, entries, their sources, and the indices that find them again.
--
-- Instants are UTC text of one width ('2025-02-04T09:00:00.000000+00:00'), so that they sort as they
-- follow; dates are '2025-02-04'. Lists that are only ever read whole are JSON.
--
-- `newness` is what makes every look-up flat, however large the archive: a number per entry that
-- grows with its date, by which every index ends. "The newest ten with this tag" is then the end
-- of one index, read backwards. It is  day number * 2^32 + (2^32 - 1 - id):  the day counts from
-- 0001-01-01 (0: no date), and within a day what came in first stands first. An entry that was
-- withdrawn has it negated, which takes it out of every look-up and loses nothing. Everything
-- that hangs on an entry is keyed by it and follows when it changes (ON UPDATE CASCADE).

-- A work. The key is its identity: 'arxiv:2310.07831', 'url:https://…' or 'title:…'.
CREATE TABLE paper (
    id       INTEGER PRIMARY KEY,
    key      TEXT NOT NULL UNIQUE,
    arxiv_id TEXT,                       -- without version
    url      TEXT,                       -- where it is not on arXiv
    title    TEXT                        -- NULL: so far only referred to
);

-- Where entries came from: one file, or one form.
CREATE TABLE source (
    id           INTEGER PRIMARY KEY,
    kind         TEXT NOT NULL CHECK (kind IN ('digest_page', 'vault_note', 'chat_form')),
    path         TEXT NOT NULL UNIQUE,   -- in the vault, with '/', NFC: the same on every machine
    name         TEXT NOT NULL,          -- the last part of the path, folded
    location     TEXT,                   -- the file on this machine, where it was last read
    content_hash TEXT NOT NULL,
    imported_at  TEXT NOT NULL,
    gone_at      TEXT                    -- the file vanished from its vault; its entries withdrew
);
CREATE INDEX source_by_name ON source (name);
CREATE INDEX source_by_content ON source (content_hash);
CREATE INDEX source_by_location ON source (location);

-- One paper with the curator's commentary, on one date. What it says of its paper is kept as
-- written here; `text` is exactly what was read, so that it goes out again byte for byte.
CREATE TABLE entry (
    id            INTEGER PRIMARY KEY,
    newness       INTEGER NOT NULL UNIQUE,
    paper_id      INTEGER NOT NULL REFERENCES paper (id),
    source_id     INTEGER NOT NULL REFERENCES source (id),
    part          INTEGER NOT NULL,      -- which of the source's entries, from 0
    name          TEXT,                  -- what links call it: its note's file name, folded
    date          TEXT,
    title         TEXT NOT NULL,
    authors       TEXT NOT NULL,         -- ["Yejin Choi", …]
    arxiv_version INTEGER NOT NULL,      -- 0: none given
    url           TEXT,
    abstract      TEXT,
    commentary    TEXT NOT NULL,         -- [["ko", ["paragraph", …]], …]
    text          TEXT NOT NULL,
    created_at    TEXT NOT NULL,
    updated_at    TEXT NOT NULL,
    withdrawn_at  TEXT,
    CHECK ((newness < 0) = (withdrawn_at IS NOT NULL))
);
CREATE INDEX entry_by_paper ON entry (paper_id, newness);
CREATE INDEX entry_by_source ON entry (source_id, part);
CREATE INDEX entry_by_name ON entry (name, newness) WHERE name IS NOT NULL;

-- `uses` counts the entries that carry the tag and are not withdrawn; triggers keep it.
CREATE TABLE tag (
    id   INTEGER PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    uses INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX tag_by_uses ON tag (uses, slug);

-- The other spellings of a tag: those the curator used ('long_context', 'GAN').
CREATE TABLE tag_alias (
    alias  TEXT PRIMARY KEY,
    tag_id INTEGER NOT NULL REFERENCES tag (id)
) WITHOUT ROWID;

CREATE TABLE entry_tag (
    tag_id   INTEGER NOT NULL REFERENCES tag (id),
    newness  INTEGER NOT NULL REFERENCES entry (newness) ON UPDATE CASCADE ON DELETE CASCADE,
    position INTEGER NOT NULL,
    spelling TEXT NOT NULL,
    PRIMARY KEY (tag_id, newness)
) WITHOUT ROWID;
CREATE INDEX entry_tag_by_entry ON entry_tag (newness);

CREATE TRIGGER entry_tag_inserted AFTER INSERT ON entry_tag WHEN new.newness > 0 BEGIN
    UPDATE tag SET uses = uses + 1 WHERE id = new.tag_id;
END;
CREATE TRIGGER entry_tag_deleted AFTER DELETE ON entry_tag WHEN old.newness > 0 BEGIN
    UPDATE tag SET uses = uses - 1 WHERE id = old.tag_id;
END;
CREATE TRIGGER entry_tag_moved AFTER UPDATE OF newness ON entry_tag
WHEN (old.newness > 0) <> (new.newness > 0) BEGIN
    UPDATE tag SET uses = uses + CASE WHEN new.newness > 0 THEN 1 ELSE -1 END WHERE id = new.tag_id;
END;

-- A paper that an entry's commentary mentions: read by entry, and by paper ("what cites this").
CREATE TABLE reference (
    paper_id      INTEGER NOT NULL REFERENCES paper (id),
    newness       INTEGER NOT NULL REFERENCES entry (newness) ON UPDATE CASCADE ON DELETE CASCADE,
    position      INTEGER NOT NULL,
    arxiv_version INTEGER NOT NULL,
    PRIMARY KEY (paper_id, newness)
) WITHOUT ROWID;
CREATE INDEX reference_by_entry ON reference (newness);

-- An entry that an entry names ([[…]]). It leads to the entry of that name, whenever that comes.
CREATE TABLE link (
    newness  INTEGER NOT NULL REFERENCES entry (newness) ON UPDATE CASCADE ON DELETE CASCADE,
    position INTEGER NOT NULL,
    text     TEXT NOT NULL,              -- as written
    name     TEXT NOT NULL,              -- the file name in it, folded like entry.name
    PRIMARY KEY (newness, position)
) WITHOUT ROWID;
CREATE INDEX link_by_name ON link (name, newness);

-- Full text. `search_text` holds what the segmenter made of each entry: words apart, Hangul as
-- bigrams. `tags` holds the tags' words too, and a mark for each tag that no text can contain, so
-- that words and tags together are one look-up.
CREATE TABLE search_text (
    newness    INTEGER PRIMARY KEY REFERENCES entry (newness) ON UPDATE CASCADE ON DELETE CASCADE,
    title      TEXT NOT NULL,
    authors    TEXT NOT NULL,
    abstract   TEXT NOT NULL,
    commentary TEXT NOT NULL,
    tags       TEXT NOT NULL
);
CREATE VIRTUAL TABLE search USING fts5 (
    title, authors, abstract, commentary, tags,
    content = 'search_text', content_rowid = 'newness',
    tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TRIGGER search_text_inserted AFTER INSERT ON search_text BEGIN
    INSERT INTO search (rowid, title, authors, abstract, commentary, tags)
    VALUES (new.newness, new.title, new.authors, new.abstract, new.commentary, new.tags);
END;
CREATE TRIGGER search_text_deleted AFTER DELETE ON search_text BEGIN
    INSERT INTO search (search, rowid, title, authors, abstract, commentary, tags)
    VALUES (
        'delete', old.newness, old.title, old.authors, old.abstract, old.commentary, old.tags
    );
END;
CREATE TRIGGER search_text_updated AFTER UPDATE ON search_text BEGIN
    INSERT INTO search (search, rowid, title, authors, abstract, commentary, tags)
    VALUES (
        'delete', old.newness, old.title, old.authors, old.abstract, old.commentary, old.tags
    );
    INSERT INTO search (rowid, title, authors, abstract, commentary, tags)
    VALUES (new.newness, new.title, new.authors, new.abstract, new.commentary, new.tags);
END;
