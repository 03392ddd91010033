-- People who may manage a channel's digest besides those whom the platform says may manage the
-- channel (issue 13, item 10).

CREATE TABLE channel_manager (
    channel  TEXT NOT NULL,            -- 'slack:T0123/C0123'
    person   TEXT NOT NULL,            -- 'slack:T0123/U0123', 'discord:123', 'web:' and a visitor's id
    name     TEXT NOT NULL DEFAULT '', -- the name they had last; it gives no rights
    named_by TEXT NOT NULL,            -- the person who named them; '' from the command line
    named_at TEXT NOT NULL,
    PRIMARY KEY (channel, person)
) WITHOUT ROWID;
