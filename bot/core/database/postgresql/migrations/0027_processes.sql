-- The bots that run on this database and share its work (issue 15, item 3). A lease that one of them
-- took for as long as it lives is free once its row is gone.

CREATE TABLE process (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,  -- one run of a process; never used again
    machine    TEXT COLLATE "C" NOT NULL,
    pid        BIGINT NOT NULL,
    can        TEXT COLLATE "C" NOT NULL,  -- JSON: the families of leases that it can do
    started_at TEXT COLLATE "C" NOT NULL,
    seen_at    TEXT COLLATE "C" NOT NULL  -- by the database server's clock
);
