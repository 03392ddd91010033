-- arXiv: how politely it was asked, what it announced, what it says of the papers we know, and
-- what became of them since. A paper is its number here (an id without version): what arXiv says
-- is kept apart from what the curator wrote, which always wins.

-- Whose turn it is to ask: one request at a time over every process, and none before `free_at`.
-- A holder that dies is waited for until `held_until`.
CREATE TABLE arxiv_turn (
    only_row   INTEGER PRIMARY KEY CHECK (only_row = 1),
    free_at    TEXT NOT NULL,
    holder     TEXT,
    held_until TEXT,
    requests   INTEGER NOT NULL              -- ever made
);
INSERT INTO arxiv_turn (only_row, free_at, requests)
VALUES (1, '1970-01-01T00:00:00.000000+00:00', 0);

-- What must be left alone: a target ('feed:cs.LG', 'papers', …), or '*' for everything.
CREATE TABLE arxiv_wait (
    target   TEXT PRIMARY KEY,
    failures INTEGER NOT NULL,               -- in a row
    until_at TEXT NOT NULL,
    reason   TEXT NOT NULL
) WITHOUT ROWID;

-- The answers that did not count, by target and kind.
CREATE TABLE arxiv_refusal (
    target  TEXT NOT NULL,
    kind    TEXT NOT NULL,
    times   INTEGER NOT NULL,
    reason  TEXT NOT NULL,                   -- of the last one
    last_at TEXT NOT NULL,
    PRIMARY KEY (target, kind)
) WITHOUT ROWID;

-- What is remembered of each category's feed: see domain/batches.py.
CREATE TABLE arxiv_feed (
    category   TEXT PRIMARY KEY,
    news_on    TEXT,
    batch_on   TEXT,
    failed     INTEGER NOT NULL,
    checked_at TEXT,
    next_at    TEXT,
    etag       TEXT
) WITHOUT ROWID;

-- The batches of a category: those that came, and those that must be fetched another way.
CREATE TABLE arxiv_batch (
    category   TEXT NOT NULL,
    day        TEXT NOT NULL,
    items      INTEGER NOT NULL,             -- unseen ids that came
    is_cut     INTEGER NOT NULL,             -- arXiv left items out
    recover_at TEXT,                         -- ask the query service then; NULL: not needed
    tries      INTEGER NOT NULL DEFAULT 0,
    recovered  INTEGER,                      -- how many papers that brought
    PRIMARY KEY (category, day)
) WITHOUT ROWID;
CREATE INDEX arxiv_batch_to_recover ON arxiv_batch (recover_at) WHERE recover_at IS NOT NULL;

-- Every id and version that a category's feed has shown: what is not here is unseen.
CREATE TABLE arxiv_listing (
    category     TEXT NOT NULL,
    number       TEXT NOT NULL,
    version      INTEGER NOT NULL,
    announcement TEXT NOT NULL,
    day          TEXT NOT NULL,
    PRIMARY KEY (category, number, version)
) WITHOUT ROWID;
CREATE INDEX arxiv_listing_by_day ON arxiv_listing (day);

-- New and cross-listed papers, each once, on the day we first met it.
CREATE TABLE feed_item (
    number       TEXT PRIMARY KEY,
    version      INTEGER NOT NULL,
    announcement TEXT NOT NULL CHECK (announcement IN ('new', 'cross')),
    title        TEXT NOT NULL,
    authors      TEXT NOT NULL,              -- ["Yejin Choi", …]
    abstract     TEXT NOT NULL,
    categories   TEXT NOT NULL,              -- ["cs.LG", …]
    batch_on     TEXT,                       -- the date that arXiv claims
    day          TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX feed_item_by_day ON feed_item (day);

-- How much a new paper is to the curator's taste, and why.
CREATE TABLE feed_item_judgement (
    number    TEXT PRIMARY KEY REFERENCES feed_item (number) ON DELETE CASCADE,
    score     REAL NOT NULL,
    words     TEXT NOT NULL,                 -- ["reward", …]
    nearest   TEXT NOT NULL,                 -- [[entry id, likeness], …]
    judged_at TEXT NOT NULL
) WITHOUT ROWID;

-- When the curator's taste was learnt last, and from how many papers.
CREATE TABLE arxiv_taste (
    only_row   INTEGER PRIMARY KEY CHECK (only_row = 1),
    learnt_at  TEXT NOT NULL,
    picked     INTEGER NOT NULL,
    passed     INTEGER NOT NULL
);

-- What arXiv says of a paper.
CREATE TABLE arxiv_record (
    number       TEXT PRIMARY KEY,
    version      INTEGER NOT NULL,
    title        TEXT NOT NULL,
    authors      TEXT NOT NULL,
    abstract     TEXT NOT NULL,
    categories   TEXT NOT NULL,              -- the primary one first
    submitted_at TEXT NOT NULL,
    updated_at   TEXT NOT NULL,
    comment      TEXT,
    journal_ref  TEXT,
    doi          TEXT,
    is_withdrawn INTEGER NOT NULL
) WITHOUT ROWID;

-- On which day arXiv was asked for a paper, and how often in a row it did not know it. A number
-- that it refuses as none is never asked for again.
CREATE TABLE arxiv_asked (
    number     TEXT PRIMARY KEY,
    asked_on   TEXT NOT NULL,
    misses     INTEGER NOT NULL,
    is_refused INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

-- Entries without a link: which paper they were found to be about, or how near the search came.
CREATE TABLE arxiv_identity (
    paper_key  TEXT PRIMARY KEY,             -- 'title:…'
    number     TEXT,                         -- NULL: still open
    confidence REAL NOT NULL,
    tries      INTEGER NOT NULL,
    next_on    TEXT                          -- when to search again; NULL: found
) WITHOUT ROWID;

-- What became of a paper: a new version, a withdrawal, an entry that refers to it.
CREATE TABLE paper_event (
    id          INTEGER PRIMARY KEY,
    number      TEXT NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('version', 'withdrawn', 'reinstated', 'cited')),
    old_version INTEGER NOT NULL DEFAULT 0,
    new_version INTEGER NOT NULL DEFAULT 0,
    entry_id    INTEGER REFERENCES entry (id),   -- cited: by which entry
    noticed_at  TEXT NOT NULL
);
CREATE INDEX paper_event_by_paper ON paper_event (number, id);
CREATE UNIQUE INDEX paper_event_cited ON paper_event (number, entry_id) WHERE kind = 'cited';
