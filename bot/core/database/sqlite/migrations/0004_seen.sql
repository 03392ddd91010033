-- What platforms have told us already: they repeat an event when they missed our answer.
CREATE TABLE seen_event (
    id      TEXT NOT NULL PRIMARY KEY,
    seen_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX seen_event_by_age ON seen_event (seen_at);
