-- arXiv, asked with more care: what spoilt the answers about others, and who asks at all.

-- What was asked for when an answer was of no use. It is asked for again after everything else,
-- with at most so many others; when it fails alone, though others were answered, it is to blame.
CREATE TABLE arxiv_trouble (
    target    TEXT NOT NULL,                 -- 'papers' or 'titles'
    name      TEXT NOT NULL,                 -- a paper's number; 'title:…'
    together  INTEGER NOT NULL,
    failures  INTEGER NOT NULL,
    is_proven INTEGER NOT NULL,              -- others were answered since it failed last
    reason    TEXT NOT NULL,                 -- of the last failure
    PRIMARY KEY (target, name)
) WITHOUT ROWID;

-- Which process does what is due, feeds, titles and papers: one at a time. There is no row while
-- nobody does; a holder that dies is waited for until `held_until`.
CREATE TABLE arxiv_round (
    only_row   INTEGER PRIMARY KEY CHECK (only_row = 1),
    holder     TEXT NOT NULL,
    held_until TEXT NOT NULL
);
