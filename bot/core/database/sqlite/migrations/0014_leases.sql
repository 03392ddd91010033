-- One table for every lease: the right of one process to do one named thing until an instant.

-- `token` grows with each holder, so that a write of an earlier one is told from the present one's.
-- Without a holder the lease is free; the row stays for its token.
CREATE TABLE lease (
    name       TEXT NOT NULL PRIMARY KEY,
    token      INTEGER NOT NULL,
    holder     TEXT,                         -- one run of a process; never used again
    machine    TEXT NOT NULL,
    pid        INTEGER NOT NULL,
    expires_at TEXT NOT NULL
) WITHOUT ROWID;

INSERT INTO lease (name, token, holder, machine, pid, expires_at)
SELECT 'posting', 1, owner, machine, pid, lease_until FROM ownership;
DROP TABLE ownership;

-- Who asked arXiv last is not kept: at worst one request comes a little early, once.
DROP TABLE arxiv_round;
ALTER TABLE arxiv_turn DROP COLUMN holder;
ALTER TABLE arxiv_turn DROP COLUMN held_until;
