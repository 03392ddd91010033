-- What readers follow, and their direct message of a day (issue 16, item 1).

CREATE TABLE reader (
    person      TEXT COLLATE "C" NOT NULL PRIMARY KEY,  -- slack:T0123/U0123, discord:123, web:…
    name        TEXT COLLATE "C" NOT NULL,  -- as it was when they asked last
    inbox       TEXT COLLATE "C" NOT NULL,  -- the channel of their direct messages
    asked_in    TEXT COLLATE "C" NOT NULL,  -- the channel in which they asked last
    locale      TEXT COLLATE "C" NOT NULL,
    at          TEXT COLLATE "C" NOT NULL,  -- local time, '08:30'
    zone        TEXT COLLATE "C" NOT NULL,  -- 'Asia/Seoul'
    weekdays    TEXT COLLATE "C" NOT NULL,  -- '01234': Monday to Friday
    closed_on   TEXT COLLATE "C" NOT NULL,  -- local date: up to it, everything is planned
    next_at     TEXT COLLATE "C",  -- an instant: when to look again; NULL: not at all
    silent_until TEXT COLLATE "C",  -- an instant: the inbox is closed
    is_told     BOOLEAN NOT NULL DEFAULT FALSE,  -- … which they know
    awaited     TEXT COLLATE "C",  -- the key of the last message, until it is settled
    awaited_on  TEXT COLLATE "C",  -- its local date
    doubt_from  TEXT COLLATE "C"  -- an instant: what is planned may be there already
);
CREATE INDEX reader_next ON reader (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX reader_awaited ON reader (awaited) WHERE awaited IS NOT NULL;

CREATE TABLE follow (
    person   TEXT COLLATE "C" NOT NULL REFERENCES reader (person) ON DELETE CASCADE DEFERRABLE,
    query    TEXT COLLATE "C" NOT NULL,  -- in the look-up language, in its normal form
    made_at  TEXT COLLATE "C" NOT NULL,
    made_on  TEXT COLLATE "C" NOT NULL,  -- local date: entries before it are no news
    asked_in TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (person, query)
);

-- What a reader was told of, so that it is no news again.
CREATE TABLE told_news (
    person  TEXT COLLATE "C" NOT NULL REFERENCES reader (person) ON DELETE CASCADE DEFERRABLE,
    kind    TEXT COLLATE "C" NOT NULL CHECK (kind IN ('entry', 'event', 'reply')),
    item    BIGINT NOT NULL,  -- the id of the entry, the event or the reply
    told_on TEXT COLLATE "C" NOT NULL,  -- the local date of the message
    PRIMARY KEY (person, kind, item)
);
