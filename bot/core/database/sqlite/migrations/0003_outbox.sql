-- Subscriptions, their slots, and the outbox: what was posted where, and what is still to come.
--
-- These tables are the truth; whatever runs on a timer only looks at them. A channel is its
-- reference as text ('slack:T0123/C0123'), one subscription each, so that a channel's day is
-- posted once even when its subscription was removed and made again.

CREATE TABLE subscription (
    id           INTEGER PRIMARY KEY,
    channel      TEXT NOT NULL UNIQUE,
    standing     TEXT NOT NULL CHECK (standing IN ('active', 'paused', 'refused', 'manual', 'removed')),
    at           TEXT NOT NULL,                 -- local time, '09:00'
    zone         TEXT NOT NULL,                 -- 'Asia/Seoul'
    weekdays     TEXT NOT NULL,                 -- '01234': Monday to Friday
    languages    TEXT NOT NULL,                 -- 'ko,en', in the order wanted
    tags         TEXT NOT NULL,                 -- '#rl -#moe'
    layout       TEXT NOT NULL CHECK (layout IN ('papers', 'compact')),
    most         INTEGER NOT NULL CHECK (most > 0),
    since        TEXT NOT NULL,                 -- entries before this date are never posted
    replay_until TEXT,                          -- until this date, each day is put out by itself
    doubt_from   TEXT,                          -- an instant: what is replayed may be there already
    next_at      TEXT,                          -- an instant: when to look again; NULL: not at all
    reason       TEXT NOT NULL DEFAULT '',      -- why it was refused, and in whose words
    detail       TEXT NOT NULL DEFAULT '',
    told_at      TEXT,                          -- when somebody was told that it was refused
    created_by   TEXT NOT NULL DEFAULT '',
    created_at   TEXT NOT NULL,
    changed_at   TEXT NOT NULL
);
CREATE INDEX subscription_next ON subscription (next_at) WHERE next_at IS NOT NULL;

-- One local date of one subscription: here, it is closed, whether it posted something or not.
-- Round 0 is the schedule's; the rounds after it were asked for by hand. A slot remembers how it
-- was presented, so that it is presented alike when an entry of it changes.
CREATE TABLE slot (
    id              INTEGER PRIMARY KEY,
    subscription_id INTEGER NOT NULL REFERENCES subscription (id),
    on_date         TEXT NOT NULL,
    round           INTEGER NOT NULL,
    languages       TEXT NOT NULL,
    layout          TEXT NOT NULL,
    left_out        INTEGER NOT NULL,           -- entries beyond the most papers a digest
    missed          TEXT NOT NULL,              -- '2026-02-03,2026-02-04'
    closed_at       TEXT NOT NULL,
    UNIQUE (subscription_id, on_date, round)
);

-- An entry goes into one slot of a subscription. Without a position it was only counted there.
CREATE TABLE slot_entry (
    subscription_id INTEGER NOT NULL REFERENCES subscription (id),
    entry_id        INTEGER NOT NULL REFERENCES entry (id),
    slot_id         INTEGER NOT NULL REFERENCES slot (id),
    position        INTEGER,
    PRIMARY KEY (subscription_id, entry_id)
) WITHOUT ROWID;
CREATE INDEX slot_entry_by_entry ON slot_entry (entry_id, slot_id);
CREATE INDEX slot_entry_by_slot ON slot_entry (slot_id, position);

-- The outbox: one row a message. Ids are never used again and give the order in a channel.
CREATE TABLE delivery (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    key           TEXT NOT NULL UNIQUE,         -- what the platform finds it by
    channel       TEXT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('planned', 'sending', 'sent', 'held', 'dead')),
    attempt       INTEGER NOT NULL DEFAULT 0,   -- every write after a claim carries it
    failures      INTEGER NOT NULL DEFAULT 0,   -- in a row
    owner         TEXT,                         -- who claimed it last
    not_before    TEXT NOT NULL,                -- planned: may be claimed; sending: the lease ends
    tried_at      TEXT,                         -- when it may have been posted first
    root_id       INTEGER REFERENCES delivery (id),  -- whose thread it is a reply in
    slot_id       INTEGER REFERENCES slot (id),
    part          TEXT NOT NULL,                -- which part of the slot it is
    entry_id      INTEGER REFERENCES entry (id),
    message_id    TEXT,                         -- the platform's
    wanted        TEXT NOT NULL,                -- a digest of `document`
    sending       TEXT,                         -- … of the document that the last call carried
    shown         TEXT,                         -- … of the document that the message shows
    edit_after    TEXT NOT NULL DEFAULT '',     -- an edit that failed waits for this instant
    edit_failures INTEGER NOT NULL DEFAULT 0,
    reason        TEXT NOT NULL DEFAULT '',     -- a message for people, in English
    detail        TEXT NOT NULL DEFAULT '',     -- the platform's own words
    waits_for     TEXT CHECK (waits_for IN ('resume', 'root')),
    in_doubt      INTEGER NOT NULL DEFAULT 0,   -- held, and may have been posted
    vouched       INTEGER NOT NULL DEFAULT 0,   -- a person looked: post it if no search can tell
    planned_at    TEXT NOT NULL,
    sent_at       TEXT,
    document      TEXT NOT NULL,                -- JSON
    UNIQUE (slot_id, part)
);
-- The heads of the channels, however long the queue behind them.
CREATE INDEX delivery_open ON delivery (channel, id) WHERE state IN ('planned', 'sending');
CREATE INDEX delivery_sending ON delivery (not_before) WHERE state = 'sending';
CREATE INDEX delivery_stuck ON delivery (state, id) WHERE state IN ('held', 'dead');
CREATE INDEX delivery_unshown ON delivery (edit_after) WHERE state = 'sent' AND shown <> wanted;
CREATE INDEX delivery_by_root ON delivery (root_id) WHERE root_id IS NOT NULL;

-- Entries that changed after they went into a slot: their messages are to be looked at.
CREATE TABLE changed_entry (
    entry_id INTEGER NOT NULL PRIMARY KEY REFERENCES entry (id)
);
CREATE TRIGGER entry_changed AFTER UPDATE OF updated_at, withdrawn_at ON entry
WHEN EXISTS (SELECT 1 FROM slot_entry WHERE entry_id = new.id AND position IS NOT NULL) BEGIN
    INSERT INTO changed_entry (entry_id) VALUES (new.id) ON CONFLICT DO NOTHING;
END;

-- Which process posts: one at a time, by a lease.
CREATE TABLE ownership (
    only_row    INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    owner       TEXT NOT NULL,                  -- a name made for this run of the process
    machine     TEXT NOT NULL,
    pid         INTEGER NOT NULL,
    lease_until TEXT NOT NULL
);

-- A row stands in a backup only, written into the copy: a bot that finds one runs on a restored
-- database, and something else may have posted since `made_at`.
CREATE TABLE backup_mark (
    made_at TEXT NOT NULL
);
