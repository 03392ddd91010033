-- What all migrations together make, for a new database; `make schema` writes it. Not to be edited.

CREATE TABLE paper (
    id       INTEGER PRIMARY KEY,
    key      TEXT NOT NULL UNIQUE,
    arxiv_id TEXT,                       -- without version
    url      TEXT,                       -- where it is not on arXiv
    title    TEXT                        -- NULL: so far only referred to
);

CREATE TABLE source (
    id           INTEGER PRIMARY KEY,
    kind         TEXT NOT NULL CHECK (kind IN ('digest_page', 'vault_note', 'chat_form')),
    path         TEXT NOT NULL UNIQUE,   -- in the vault, with '/', NFC: the same on every machine
    name         TEXT NOT NULL,          -- the last part of the path, folded
    location     TEXT,                   -- the file on this machine, where it was last read
    content_hash TEXT NOT NULL,
    imported_at  TEXT NOT NULL,
    gone_at      TEXT                    -- the file vanished from its vault; its entries withdrew
, replaces INTEGER);

CREATE INDEX source_by_name ON source (name);

CREATE INDEX source_by_content ON source (content_hash);

CREATE INDEX source_by_location ON source (location);

CREATE TABLE entry (
    id            INTEGER PRIMARY KEY,
    newness       INTEGER NOT NULL UNIQUE,
    paper_id      INTEGER NOT NULL REFERENCES paper (id),
    source_id     INTEGER NOT NULL REFERENCES source (id),
    part          INTEGER NOT NULL,      -- which of the source's entries, from 0
    name          TEXT,                  -- what links call it: its note's file name, folded
    date          TEXT,
    title         TEXT NOT NULL,
    authors       TEXT NOT NULL,         -- ["Yejin Choi", …]
    arxiv_version INTEGER NOT NULL,      -- 0: none given
    url           TEXT,
    abstract      TEXT,
    commentary    TEXT NOT NULL,         -- [["ko", ["paragraph", …]], …]
    text          TEXT NOT NULL,
    created_at    TEXT NOT NULL,
    updated_at    TEXT NOT NULL,
    withdrawn_at  TEXT, first_key TEXT NOT NULL DEFAULT '', changed_at TEXT, ordinal INTEGER NOT NULL DEFAULT 0,
    CHECK ((newness < 0) = (withdrawn_at IS NOT NULL))
);

CREATE INDEX entry_by_paper ON entry (paper_id, newness);

CREATE INDEX entry_by_source ON entry (source_id, part);

CREATE INDEX entry_by_name ON entry (name, newness) WHERE name IS NOT NULL;

CREATE TABLE tag (
    id   INTEGER PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    uses INTEGER NOT NULL DEFAULT 0
);

CREATE INDEX tag_by_uses ON tag (uses, slug);

CREATE TABLE tag_alias (
    alias  TEXT PRIMARY KEY,
    tag_id INTEGER NOT NULL REFERENCES tag (id)
) WITHOUT ROWID;

CREATE TABLE entry_tag (
    tag_id   INTEGER NOT NULL REFERENCES tag (id),
    newness  INTEGER NOT NULL REFERENCES entry (newness) ON UPDATE CASCADE ON DELETE CASCADE,
    position INTEGER NOT NULL,
    spelling TEXT NOT NULL,
    PRIMARY KEY (tag_id, newness)
) WITHOUT ROWID;

CREATE INDEX entry_tag_by_entry ON entry_tag (newness);

CREATE TRIGGER entry_tag_inserted AFTER INSERT ON entry_tag WHEN new.newness > 0 BEGIN
    UPDATE tag SET uses = uses + 1 WHERE id = new.tag_id;
END;

CREATE TRIGGER entry_tag_deleted AFTER DELETE ON entry_tag WHEN old.newness > 0 BEGIN
    UPDATE tag SET uses = uses - 1 WHERE id = old.tag_id;
END;

CREATE TRIGGER entry_tag_moved AFTER UPDATE OF newness ON entry_tag
WHEN (old.newness > 0) <> (new.newness > 0) BEGIN
    UPDATE tag SET uses = uses + CASE WHEN new.newness > 0 THEN 1 ELSE -1 END WHERE id = new.tag_id;
END;

CREATE TABLE reference (
    paper_id      INTEGER NOT NULL REFERENCES paper (id),
    newness       INTEGER NOT NULL REFERENCES entry (newness) ON UPDATE CASCADE ON DELETE CASCADE,
    position      INTEGER NOT NULL,
    arxiv_version INTEGER NOT NULL,
    PRIMARY KEY (paper_id, newness)
) WITHOUT ROWID;

CREATE INDEX reference_by_entry ON reference (newness);

CREATE TABLE link (
    newness  INTEGER NOT NULL REFERENCES entry (newness) ON UPDATE CASCADE ON DELETE CASCADE,
    position INTEGER NOT NULL,
    text     TEXT NOT NULL,              -- as written
    name     TEXT NOT NULL,              -- the file name in it, folded like entry.name
    PRIMARY KEY (newness, position)
) WITHOUT ROWID;

CREATE INDEX link_by_name ON link (name, newness);

CREATE TABLE search_text (
    newness    INTEGER PRIMARY KEY REFERENCES entry (newness) ON UPDATE CASCADE ON DELETE CASCADE,
    title      TEXT NOT NULL,
    authors    TEXT NOT NULL,
    abstract   TEXT NOT NULL,
    commentary TEXT NOT NULL,
    tags       TEXT NOT NULL
);

CREATE VIRTUAL TABLE search USING fts5 (
    title, authors, abstract, commentary, tags,
    content = 'search_text', content_rowid = 'newness',
    tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TRIGGER search_text_inserted AFTER INSERT ON search_text BEGIN
    INSERT INTO search (rowid, title, authors, abstract, commentary, tags)
    VALUES (new.newness, new.title, new.authors, new.abstract, new.commentary, new.tags);
END;

CREATE TRIGGER search_text_deleted AFTER DELETE ON search_text BEGIN
    INSERT INTO search (search, rowid, title, authors, abstract, commentary, tags)
    VALUES (
        'delete', old.newness, old.title, old.authors, old.abstract, old.commentary, old.tags
    );
END;

CREATE TRIGGER search_text_updated AFTER UPDATE ON search_text BEGIN
    INSERT INTO search (search, rowid, title, authors, abstract, commentary, tags)
    VALUES (
        'delete', old.newness, old.title, old.authors, old.abstract, old.commentary, old.tags
    );
    INSERT INTO search (rowid, title, authors, abstract, commentary, tags)
    VALUES (new.newness, new.title, new.authors, new.abstract, new.commentary, new.tags);
END;

CREATE TABLE board_channel (
    name       TEXT NOT NULL PRIMARY KEY,
    created_at TEXT NOT NULL
);

CREATE TABLE board_revision (
    only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    newest   INTEGER NOT NULL
);

CREATE TABLE board_message (
    id          INTEGER PRIMARY KEY,
    channel     TEXT NOT NULL REFERENCES board_channel (name),
    root_id     INTEGER REFERENCES board_message (id),   -- whose thread it stands in
    author_id   TEXT,                                    -- NULL: nobody asked the bot for it
    author_name TEXT,
    by_bot      INTEGER NOT NULL CHECK (by_bot IN (0, 1)),
    question    TEXT NOT NULL DEFAULT '',                -- the command line that it answers
    content     TEXT NOT NULL,                           -- the bot's: a document as JSON
    message_key TEXT UNIQUE,                             -- NULL: may not be found again
    posted_at   TEXT NOT NULL,
    edited_at   TEXT,
    deleted_at  TEXT,                                    -- set: `content` and `question` are empty
    revision    INTEGER NOT NULL UNIQUE
, unheard INTEGER NOT NULL DEFAULT 0, author_locale TEXT);

CREATE INDEX board_message_in_place ON board_message (channel, root_id, id);

CREATE INDEX board_message_in_thread ON board_message (root_id, id);

CREATE TABLE subscription (
    id           INTEGER PRIMARY KEY,
    channel      TEXT NOT NULL UNIQUE,
    standing     TEXT NOT NULL CHECK (standing IN ('active', 'paused', 'refused', 'manual', 'removed')),
    at           TEXT NOT NULL,                 -- local time, '09:00'
    zone         TEXT NOT NULL,                 -- 'Asia/Seoul'
    weekdays     TEXT NOT NULL,                 -- '01234': Monday to Friday
    languages    TEXT NOT NULL,                 -- 'ko,en', in the order wanted
    tags         TEXT NOT NULL,                 -- '#rl -#moe'
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
, interface TEXT CHECK (interface IN ('ko', 'en')), layout TEXT NOT NULL DEFAULT 'papers'
      CHECK (layout IN ('papers', 'thread', 'compact', 'titles')), intro TEXT NOT NULL DEFAULT 'on'
      CHECK (intro IN ('on', 'later', 'off')), recap TEXT NOT NULL DEFAULT 'off'
    CHECK (recap IN ('off', 'weekly', 'monthly', 'weekly-silent', 'monthly-silent')), recap_since TEXT, recap_on TEXT, recap_at TEXT, quiet TEXT NOT NULL DEFAULT '', only_query TEXT NOT NULL DEFAULT '', unapproved TEXT NOT NULL DEFAULT 'post'
    CHECK (unapproved IN ('post', 'hold')));

CREATE INDEX subscription_next ON subscription (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE slot (
    id              INTEGER PRIMARY KEY,
    subscription_id INTEGER NOT NULL REFERENCES subscription (id),
    on_date         TEXT NOT NULL,
    round           INTEGER NOT NULL,
    languages       TEXT NOT NULL,
    layout          TEXT NOT NULL,
    left_out        INTEGER NOT NULL,           -- entries beyond the most papers a digest
    missed          TEXT NOT NULL,              -- '2026-02-03,2026-02-04'
    closed_at       TEXT NOT NULL, interface TEXT CHECK (interface IN ('ko', 'en')), intro TEXT NOT NULL DEFAULT 'on' CHECK (intro IN ('on', 'later', 'off')),
    UNIQUE (subscription_id, on_date, round)
);

CREATE TABLE slot_entry (
    subscription_id INTEGER NOT NULL REFERENCES subscription (id),
    entry_id        INTEGER NOT NULL REFERENCES entry (id),
    slot_id         INTEGER NOT NULL REFERENCES slot (id),
    position        INTEGER,
    PRIMARY KEY (subscription_id, entry_id)
) WITHOUT ROWID;

CREATE INDEX slot_entry_by_entry ON slot_entry (entry_id, slot_id);

CREATE INDEX slot_entry_by_slot ON slot_entry (slot_id, position);

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
    in_doubt      INTEGER NOT NULL DEFAULT 0,   -- held, and may have been posted
    operator_confirmed       INTEGER NOT NULL DEFAULT 0,   -- a person looked: post it if no search can tell
    planned_at    TEXT NOT NULL,
    sent_at       TEXT,
    document      TEXT NOT NULL, root_message TEXT, reply_id INTEGER REFERENCES reply (id), unwanted INTEGER NOT NULL DEFAULT 0, removed_at TEXT, caused_by TEXT, waits_for TEXT
      CHECK (waits_for IN ('resume', 'root', 'thread', 'channel')), failing_since TEXT, priority INTEGER NOT NULL DEFAULT 0,                -- JSON
    UNIQUE (slot_id, part)
);

CREATE INDEX delivery_sending ON delivery (not_before) WHERE state = 'sending';

CREATE INDEX delivery_stuck ON delivery (state, id) WHERE state IN ('held', 'dead');

CREATE INDEX delivery_unshown ON delivery (edit_after) WHERE state = 'sent' AND shown <> wanted;

CREATE INDEX delivery_by_root ON delivery (root_id) WHERE root_id IS NOT NULL;

CREATE TABLE changed_entry (
    entry_id INTEGER NOT NULL PRIMARY KEY REFERENCES entry (id)
);

CREATE TRIGGER entry_changed AFTER UPDATE OF updated_at, withdrawn_at ON entry
WHEN EXISTS (SELECT 1 FROM slot_entry WHERE entry_id = new.id AND position IS NOT NULL) BEGIN
    INSERT INTO changed_entry (entry_id) VALUES (new.id) ON CONFLICT DO NOTHING;
END;

CREATE TABLE backup_mark (
    made_at TEXT NOT NULL
);

CREATE TABLE "processed_event" (
    id      TEXT NOT NULL PRIMARY KEY,
    seen_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX seen_event_by_age ON "processed_event" (seen_at);

CREATE TABLE "key_value" (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE "request_gate" (
    only_row   INTEGER PRIMARY KEY CHECK (only_row = 1),
    free_at    TEXT NOT NULL,
    requests   INTEGER NOT NULL              -- ever made
);

CREATE TABLE arxiv_wait (
    target   TEXT PRIMARY KEY,
    failures INTEGER NOT NULL,               -- in a row
    until_at TEXT NOT NULL,
    reason   TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE arxiv_refusal (
    target  TEXT NOT NULL,
    kind    TEXT NOT NULL,
    times   INTEGER NOT NULL,
    reason  TEXT NOT NULL,                   -- of the last one
    last_at TEXT NOT NULL,
    PRIMARY KEY (target, kind)
) WITHOUT ROWID;

CREATE TABLE arxiv_feed (
    category   TEXT PRIMARY KEY,
    news_on    TEXT,
    batch_on   TEXT,
    failed     INTEGER NOT NULL,
    checked_at TEXT,
    next_at    TEXT,
    etag       TEXT
) WITHOUT ROWID;

CREATE TABLE arxiv_batch (
    category   TEXT NOT NULL,
    day        TEXT NOT NULL,
    items      INTEGER NOT NULL,             -- unseen ids that came
    is_cut     INTEGER NOT NULL,             -- arXiv left items out
    recover_at TEXT,                         -- ask the query service then; NULL: not needed
    tries      INTEGER NOT NULL DEFAULT 0,
    recovered  INTEGER, is_looked_for INTEGER NOT NULL DEFAULT 0, is_whole INTEGER NOT NULL DEFAULT 0,                      -- how many papers that brought
    PRIMARY KEY (category, day)
) WITHOUT ROWID;

CREATE INDEX arxiv_batch_to_recover ON arxiv_batch (recover_at) WHERE recover_at IS NOT NULL;

CREATE TABLE arxiv_listing (
    category     TEXT NOT NULL,
    number       TEXT NOT NULL,
    version      INTEGER NOT NULL,
    announcement TEXT NOT NULL,
    day          TEXT NOT NULL,
    PRIMARY KEY (category, number, version)
) WITHOUT ROWID;

CREATE INDEX arxiv_listing_by_day ON arxiv_listing (day);

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

CREATE TABLE feed_item_judgement (
    number    TEXT PRIMARY KEY REFERENCES feed_item (number) ON DELETE CASCADE,
    score     REAL NOT NULL,
    words     TEXT NOT NULL,                 -- ["reward", …]
    nearest   TEXT NOT NULL,                 -- [[entry id, likeness], …]
    judged_at TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE "ranking_model" (
    only_row   INTEGER PRIMARY KEY CHECK (only_row = 1),
    trained_at  TEXT NOT NULL,
    picked     INTEGER NOT NULL,
    passed     INTEGER NOT NULL
);

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

CREATE TABLE arxiv_asked (
    number     TEXT PRIMARY KEY,
    asked_on   TEXT NOT NULL,
    misses     INTEGER NOT NULL,
    is_refused INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE TABLE "title_match" (
    paper_key  TEXT PRIMARY KEY,             -- 'title:…'
    number     TEXT,                         -- NULL: still open
    confidence REAL NOT NULL,
    tries      INTEGER NOT NULL,
    next_on    TEXT                          -- when to search again; NULL: found
) WITHOUT ROWID;

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

CREATE TABLE reply (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,   -- grows in the order in which we heard them
    channel      TEXT NOT NULL,
    message_id   TEXT NOT NULL,
    root_message TEXT NOT NULL,
    entry_id     INTEGER REFERENCES entry (id),
    author_id    TEXT NOT NULL,                       -- the platform's, within its workspace
    author       TEXT NOT NULL,                       -- the name they had then
    text         TEXT NOT NULL,
    link         TEXT,                                -- where it is read
    said_at      TEXT NOT NULL,
    edited_at    TEXT,
    gone_at      TEXT, received_at TEXT NOT NULL DEFAULT '', slot_id INTEGER REFERENCES slot (id),
    UNIQUE (channel, message_id)
);

CREATE VIRTUAL TABLE reply_search USING fts5 (
    text, tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TABLE reply_reference (
    reply_id INTEGER NOT NULL REFERENCES reply (id) ON DELETE CASCADE,
    number   TEXT NOT NULL,                           -- of arXiv, without version
    position INTEGER NOT NULL,
    card_at  TEXT,
    PRIMARY KEY (reply_id, number)
) WITHOUT ROWID;

CREATE INDEX reply_reference_by_number ON reply_reference (number);

CREATE INDEX reply_reference_waiting ON reply_reference (number) WHERE card_at IS NULL;

CREATE INDEX delivery_by_message ON delivery (message_id) WHERE message_id IS NOT NULL;

CREATE INDEX delivery_thread ON delivery (entry_id) WHERE entry_id IS NOT NULL AND root_id IS NULL;

CREATE INDEX delivery_copy ON delivery (reply_id) WHERE reply_id IS NOT NULL;

CREATE INDEX delivery_unwanted ON delivery (edit_after) WHERE unwanted = 1 AND removed_at IS NULL;

CREATE TABLE "channel_preference" (
    channel    TEXT PRIMARY KEY,
    discussion INTEGER NOT NULL DEFAULT 1,
    notices    INTEGER NOT NULL DEFAULT 1
, public_since TEXT) WITHOUT ROWID;

CREATE TABLE linked_channel (
    channel   TEXT PRIMARY KEY,
    link_group    INTEGER NOT NULL,
    linked_at TEXT NOT NULL
) WITHOUT ROWID;

CREATE INDEX linked_channel_by_circle ON linked_channel (link_group);

CREATE TABLE link_code (
    hash        TEXT PRIMARY KEY,
    channel     TEXT NOT NULL,
    valid_until TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE discussion_progress (
    only_row    INTEGER PRIMARY KEY CHECK (only_row = 1),
    delivery_id INTEGER NOT NULL,
    event_id    INTEGER NOT NULL
);

CREATE TABLE "failed_request" (
    target    TEXT NOT NULL,                 -- 'papers' or 'titles'
    name      TEXT NOT NULL,                 -- a paper's number; 'title:…'
    together  INTEGER NOT NULL,
    failures  INTEGER NOT NULL,
    is_proven INTEGER NOT NULL,              -- others were answered since it failed last
    reason    TEXT NOT NULL,                 -- of the last failure
    PRIMARY KEY (target, name)
) WITHOUT ROWID;

CREATE INDEX delivery_by_cause ON delivery (channel, caused_by) WHERE caused_by IS NOT NULL;

CREATE INDEX board_message_unheard ON board_message (revision) WHERE unheard = 1;

CREATE INDEX delivery_waiting ON delivery (channel, id)
 WHERE state = 'held' AND waits_for IN ('thread', 'channel');

CREATE INDEX delivery_failing ON delivery (failing_since) WHERE failing_since IS NOT NULL;

CREATE INDEX delivery_sought ON delivery (not_before)
 WHERE state = 'held' AND in_doubt = 1 AND unwanted = 1;

CREATE INDEX reply_by_entry ON reply (entry_id, said_at, id) WHERE entry_id IS NOT NULL;

CREATE INDEX reply_by_time ON reply (said_at);

CREATE INDEX reply_by_thread ON reply (channel, root_message);

CREATE INDEX delivery_open ON delivery (channel, priority, id) WHERE state IN ('planned', 'sending');

CREATE INDEX reply_by_author ON reply (author_id, said_at) WHERE author_id <> '';

CREATE TABLE lease (
    name       TEXT NOT NULL PRIMARY KEY,
    token      INTEGER NOT NULL,
    holder     TEXT,                         -- one run of a process; never used again
    machine    TEXT NOT NULL,
    pid        INTEGER NOT NULL,
    expires_at TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE channel_manager (
    channel  TEXT NOT NULL,            -- 'slack:T0123/C0123'
    person   TEXT NOT NULL,            -- 'slack:T0123/U0123', 'discord:123', 'web:' and a visitor's id
    name     TEXT NOT NULL DEFAULT '', -- the name they had last; it gives no rights
    named_by TEXT NOT NULL,            -- the person who named them; '' from the command line
    named_at TEXT NOT NULL,
    PRIMARY KEY (channel, person)
) WITHOUT ROWID;

CREATE TABLE person_locale (
    person TEXT NOT NULL PRIMARY KEY,
    locale TEXT NOT NULL
) WITHOUT ROWID;

CREATE INDEX reply_unplaced ON reply (received_at) WHERE entry_id IS NULL AND slot_id IS NULL;

CREATE TABLE discussion_request (
    channel   TEXT NOT NULL,
    entry_id  INTEGER NOT NULL REFERENCES entry (id),
    author_id TEXT NOT NULL,
    author    TEXT NOT NULL,
    asked_at  TEXT NOT NULL,
    PRIMARY KEY (channel, entry_id)
) WITHOUT ROWID;

CREATE INDEX discussion_request_by_author ON discussion_request (author_id) WHERE author_id <> '';

CREATE TABLE settled_slot (
    slot_id INTEGER NOT NULL PRIMARY KEY REFERENCES slot (id)
);

CREATE TRIGGER paper_settled AFTER UPDATE OF state ON delivery
WHEN new.slot_id IS NOT NULL AND new.state IN ('sent', 'held', 'dead') AND new.state <> old.state
 AND new.part = 'entry-' || new.entry_id BEGIN
    INSERT INTO settled_slot (slot_id) VALUES (new.slot_id) ON CONFLICT DO NOTHING;
END;

CREATE VIRTUAL TABLE title_search USING fts5 (
    title, tags,
    content = 'search_text', content_rowid = 'newness',
    tokenize = 'unicode61 remove_diacritics 2'
);

CREATE VIRTUAL TABLE label_search USING fts5 (
    title, tags, authors,
    content = 'search_text', content_rowid = 'newness',
    tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TRIGGER labels_inserted AFTER INSERT ON search_text BEGIN
    INSERT INTO title_search (rowid, title, tags) VALUES (new.newness, new.title, new.tags);
    INSERT INTO label_search (rowid, title, tags, authors)
    VALUES (new.newness, new.title, new.tags, new.authors);
END;

CREATE TRIGGER labels_deleted AFTER DELETE ON search_text BEGIN
    INSERT INTO title_search (title_search, rowid, title, tags)
    VALUES ('delete', old.newness, old.title, old.tags);
    INSERT INTO label_search (label_search, rowid, title, tags, authors)
    VALUES ('delete', old.newness, old.title, old.tags, old.authors);
END;

CREATE TRIGGER labels_updated AFTER UPDATE OF newness, title, tags, authors ON search_text BEGIN
    INSERT INTO title_search (title_search, rowid, title, tags)
    VALUES ('delete', old.newness, old.title, old.tags);
    INSERT INTO title_search (rowid, title, tags) VALUES (new.newness, new.title, new.tags);
    INSERT INTO label_search (label_search, rowid, title, tags, authors)
    VALUES ('delete', old.newness, old.title, old.tags, old.authors);
    INSERT INTO label_search (rowid, title, tags, authors)
    VALUES (new.newness, new.title, new.tags, new.authors);
END;

CREATE TABLE slack_install_state (
    hash       TEXT PRIMARY KEY,
    expires_at TEXT NOT NULL
) STRICT;

CREATE TABLE web_session (
    hash       TEXT PRIMARY KEY,
    person     TEXT NOT NULL,                            -- slack:T0123/U0123 or discord:1234
    platform   TEXT NOT NULL,
    workspaces TEXT NOT NULL,                            -- JSON: those shared with the bot
    user       TEXT NOT NULL,
    name       TEXT NOT NULL,
    expires_at TEXT NOT NULL
) STRICT;

CREATE INDEX web_session_by_person ON web_session (person);

CREATE TABLE used_sign_in (
    hash       TEXT PRIMARY KEY,
    expires_at TEXT NOT NULL
) STRICT;

CREATE TABLE process (
    id         TEXT NOT NULL PRIMARY KEY,    -- one run of a process; never used again
    machine    TEXT NOT NULL,
    pid        INTEGER NOT NULL,
    can        TEXT NOT NULL,                -- JSON: the families of leases that it can do
    started_at TEXT NOT NULL,
    seen_at    TEXT NOT NULL                 -- by the database server's clock
) STRICT;

CREATE TABLE "slack_app" (
    workspace        TEXT PRIMARY KEY,                   -- Slack's id: T0123; of an organisation: E0123
    name             TEXT NOT NULL,
    tokens           TEXT NOT NULL,                      -- JSON, encrypted with PAPERBOT_SECRET_KEY
    added_at         TEXT NOT NULL,
    kind             TEXT NOT NULL DEFAULT 'own'         -- installed: one app for several workspaces
        CHECK (kind IN ('own', 'installed', 'organisation')),
    installed_at     TEXT,                               -- of the tokens; NULL in old rows
    ended            TEXT NOT NULL DEFAULT ''            -- why it is not served any more
        CHECK (ended IN ('', 'uninstalled', 'revoked')),
    refreshing_until TEXT                                -- a process exchanges the refresh token
) STRICT;

CREATE TABLE slack_grant (
    workspace    TEXT PRIMARY KEY,                       -- T0123
    organisation TEXT NOT NULL,                          -- E0123, in slack_app
    name         TEXT NOT NULL,
    withdrawn_at TEXT                                    -- NULL while it is granted
) STRICT;

CREATE TABLE reaction (
    channel    TEXT NOT NULL,
    message_id TEXT NOT NULL,
    person     TEXT NOT NULL,                    -- with platform and workspace; a hash once forgotten
    emoji      TEXT NOT NULL,                    -- without its skin tone
    entry_id   INTEGER REFERENCES entry (id),    -- NULL while the message is being posted
    is_there   INTEGER NOT NULL DEFAULT 1,       -- 0: taken back; kept since events come out of order
    given_at   TEXT NOT NULL,                    -- since when it is there
    changed_at TEXT NOT NULL,                    -- by the platform's clock
    PRIMARY KEY (channel, message_id, person, emoji)
) STRICT;

CREATE INDEX reaction_by_entry ON reaction (entry_id, person) WHERE is_there = 1;

CREATE INDEX reaction_by_person ON reaction (person);

CREATE INDEX reaction_by_time ON reaction (given_at) WHERE is_there = 1;

CREATE INDEX reaction_unplaced ON reaction (channel) WHERE entry_id IS NULL;

CREATE TABLE reaction_read (
    channel TEXT NOT NULL PRIMARY KEY,
    read_at TEXT NOT NULL
, first_sent_at TEXT NOT NULL DEFAULT '', last_sent_at TEXT NOT NULL DEFAULT '') STRICT;

CREATE TABLE not_for_us (
    number TEXT NOT NULL,                        -- of the paper at arXiv
    person TEXT NOT NULL,
    at     TEXT NOT NULL,
    PRIMARY KEY (number, person)
) STRICT;

CREATE INDEX not_for_us_by_person ON not_for_us (person);

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
    asked_in TEXT NOT NULL, told_unreadable_on TEXT,
    PRIMARY KEY (person, query)
) STRICT;

CREATE TABLE told_news (
    person  TEXT NOT NULL REFERENCES reader (person) ON DELETE CASCADE,
    kind    TEXT NOT NULL CHECK (kind IN ('entry', 'event', 'reply')),
    item    INTEGER NOT NULL,                    -- the id of the entry, the event or the reply
    told_on TEXT NOT NULL,                       -- the local date of the message
    PRIMARY KEY (person, kind, item)
) STRICT, WITHOUT ROWID;

CREATE INDEX subscription_recap ON subscription (recap_at) WHERE recap_at IS NOT NULL;

CREATE TABLE draft (
    key        TEXT NOT NULL PRIMARY KEY,        -- of the form: it is carried out once
    person     TEXT NOT NULL,                    -- slack:T0123/U0123, discord:123, web:…
    name       TEXT NOT NULL,                    -- as it was when they typed last
    channel    TEXT NOT NULL,
    locale     TEXT NOT NULL,
    paper      TEXT NOT NULL,                    -- the key of the paper; empty: not known yet
    entry_id   INTEGER,                          -- the entry that is changed; NULL: a new one
    base       TEXT NOT NULL,                    -- JSON: the fields as they were shown first
    typed      TEXT NOT NULL,                    -- JSON: the fields as they are now; empty once done
    state      TEXT NOT NULL CHECK (state IN ('open', 'typed', 'submitted', 'done')),
    plan       TEXT NOT NULL DEFAULT '',         -- JSON: what is written, once it is submitted
    outcome    TEXT NOT NULL DEFAULT '',         -- JSON: what was written, once it is done
    opened_at  TEXT NOT NULL,
    changed_at TEXT NOT NULL
, seen TEXT NOT NULL DEFAULT '') STRICT;

CREATE INDEX draft_person ON draft (person, changed_at);

CREATE INDEX draft_submitted ON draft (changed_at) WHERE state = 'submitted';

CREATE INDEX source_replaces ON source (replaces) WHERE replaces IS NOT NULL;

CREATE TABLE review (
    subscription_id INTEGER NOT NULL REFERENCES subscription (id),
    on_date    TEXT NOT NULL,                    -- the local date of the slot
    decision   TEXT NOT NULL CHECK (decision IN ('open', 'approved', 'skipped')),
    ordering   TEXT NOT NULL DEFAULT '',         -- ids of entries, in the order that was chosen
    shown      TEXT NOT NULL DEFAULT '',         -- id:mark of each entry that was approved, in order
    counted    TEXT NOT NULL DEFAULT '',         -- id:mark of those that the header only counts
    decided_by TEXT NOT NULL DEFAULT '',         -- a name
    decided_at TEXT NOT NULL, person TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (subscription_id, on_date)
) STRICT, WITHOUT ROWID;

CREATE TABLE held_entry (
    subscription_id INTEGER NOT NULL REFERENCES subscription (id),
    entry_id   INTEGER NOT NULL REFERENCES entry (id),
    until_on   TEXT NOT NULL,                    -- the first local date whose slot may show it
    PRIMARY KEY (subscription_id, entry_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE review_card (
    subscription_id INTEGER NOT NULL REFERENCES subscription (id),
    on_date    TEXT NOT NULL,
    person     TEXT NOT NULL,                    -- slack:T0123/U0123, discord:123, web:…
    key        TEXT,                             -- of the message; NULL: the person takes none
    is_settled INTEGER NOT NULL DEFAULT 0 CHECK (is_settled IN (0, 1)), -- shows the outcome
    PRIMARY KEY (subscription_id, on_date, person)
) STRICT, WITHOUT ROWID;

CREATE TABLE drafting (
    on_date    TEXT NOT NULL PRIMARY KEY,        -- in UTC
    requests   INTEGER NOT NULL                  -- sent on that day, by all processes
) STRICT, WITHOUT ROWID;

CREATE INDEX review_card_unsettled ON review_card (is_settled, subscription_id, on_date);

CREATE TABLE tag_merge (
    tag_id  INTEGER NOT NULL PRIMARY KEY REFERENCES tag (id),
    into_id INTEGER NOT NULL REFERENCES tag (id),   -- as the operator said
    root_id INTEGER NOT NULL REFERENCES tag (id)    -- the tag that is shown: the last one of the chain
) STRICT;

CREATE INDEX tag_merge_root ON tag_merge (root_id);

CREATE INDEX delivery_direct ON delivery (channel, part)
 WHERE entry_id IS NULL AND reply_id IS NULL AND caused_by IS NULL;

CREATE INDEX entry_by_first_key ON entry (first_key);

CREATE TABLE mail_address (
    address         TEXT NOT NULL PRIMARY KEY,
    token           TEXT NOT NULL UNIQUE,
    locale          TEXT NOT NULL,
    confirm_token   TEXT NOT NULL UNIQUE,  -- of the newest message that asks
    confirm_key     TEXT NOT NULL,  -- the delivery key of that message
    confirm_until   TEXT NOT NULL,
    confirmed_at    TEXT,
    unsubscribed_at TEXT,
    asked_in        TEXT NOT NULL  -- the channel in which somebody asked; empty: an operator did
);

CREATE TABLE mail_request (
    id       INTEGER PRIMARY KEY,
    address  TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    asked_at TEXT NOT NULL
);

CREATE INDEX mail_request_address ON mail_request (address);

CREATE INDEX mail_request_asked ON mail_request (asked_at);

CREATE TABLE mail_handover (
    key         TEXT NOT NULL PRIMARY KEY,  -- of the delivery
    begun_at    TEXT NOT NULL,
    accepted_at TEXT
);

CREATE TABLE assistant_token (
    id         INTEGER PRIMARY KEY,
    hash       TEXT NOT NULL UNIQUE,
    person     TEXT NOT NULL,  -- slack:T0123/U0123 or discord:1234
    platform   TEXT NOT NULL,
    workspaces TEXT NOT NULL,  -- JSON: those shared with the bot
    user_id    TEXT NOT NULL,
    name       TEXT NOT NULL,
    label      TEXT NOT NULL,  -- what its owner calls it
    made_at    TEXT NOT NULL,
    used_at    TEXT
);

CREATE INDEX assistant_token_by_person ON assistant_token (person);

CREATE TABLE archive_revision (number INTEGER NOT NULL);

INSERT INTO archive_revision (number) VALUES (0);

INSERT INTO board_channel (name, created_at) VALUES ('general', '1970-01-01T00:00:00.000000+00:00');

INSERT INTO board_revision (only_row, newest) VALUES (1, 0);

INSERT INTO discussion_progress (only_row, delivery_id, event_id) VALUES (1, 0, 0);

INSERT INTO request_gate (only_row, free_at, requests) VALUES (1, '1970-01-01T00:00:00.000000+00:00', 0);
