-- Small things to remember between two runs, by name.

CREATE TABLE memo (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
