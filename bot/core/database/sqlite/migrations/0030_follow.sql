-- What readers follow, and their direct message of a day (issue 16, item 1).

CREATE TABLE reader (
    person      TEXT NOT NULL PRIMARY KEY,       -- slack:T0123/U0123, discord:123, web:…
    name        TEXT NOT NULL,                   -- as it was when they asked last
    inbox       TEXT NOT NULL,                   -- the channel of their direct messages
    asked_in    TEXT NOT NULL,                   -- the channel in which they asked last
    locale      TEXT NOT NULL,
    at          TEXT NOT NULL,                   -- local time, '08:30'
    zone        TEXT NOT NULL,                   -- 'Asia/Seoul'
    weekdays    TEXT NOT NULL,                   -- '01234': Monday to Friday
    closed_on   TEXT NOT NULL,                   -- local date: up to it, everything is planned
    next_at     TEXT,                            -- an instant: when to look again; NULL: not at all
    silent_until TEXT,                           -- an instant: the inbox is closed
    is_told     INTEGER NOT NULL DEFAULT 0 CHECK (is_told IN (0, 1)), -- … which they know
    awaited     TEXT,                            -- the key of the last message, until it is settled
    awaited_on  TEXT,                            -- its local date
    doubt_from  TEXT                             -- an instant: what is planned may be there already
) STRICT;
CREATE INDEX reader_next ON reader (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX reader_awaited ON reader (awaited) WHERE awaited IS NOT NULL;

CREATE TABLE follow (
    person   TEXT NOT NULL REFERENCES reader (person) ON DELETE CASCADE,
    query    TEXT NOT NULL,                      -- in the look-up language, in its normal form
    made_at  TEXT NOT NULL,
    made_on  TEXT NOT NULL,                      -- local date: entries before it are no news
    asked_in TEXT NOT NULL,
    PRIMARY KEY (person, query)
) STRICT;

-- What a reader was told of, so that it is no news again.
CREATE TABLE told_news (
    person  TEXT NOT NULL REFERENCES reader (person) ON DELETE CASCADE,
    kind    TEXT NOT NULL CHECK (kind IN ('entry', 'event', 'reply')),
    item    INTEGER NOT NULL,                    -- the id of the entry, the event or the reply
    told_on TEXT NOT NULL,                       -- the local date of the message
    PRIMARY KEY (person, kind, item)
) STRICT, WITHOUT ROWID;
