-- The look at a digest before it is posted (issue 17, item 3).

ALTER TABLE subscription ADD COLUMN unapproved TEXT COLLATE "C" NOT NULL DEFAULT 'post'
    CHECK (unapproved IN ('post', 'hold'));      -- what happens where nobody approves

CREATE TABLE review (
    subscription_id BIGINT NOT NULL REFERENCES subscription (id) DEFERRABLE,
    on_date    TEXT COLLATE "C" NOT NULL,        -- the local date of the slot
    decision   TEXT COLLATE "C" NOT NULL CHECK (decision IN ('open', 'approved', 'skipped')),
    ordering   TEXT COLLATE "C" NOT NULL DEFAULT '',  -- ids of entries, in the order that was chosen
    shown      TEXT COLLATE "C" NOT NULL DEFAULT '',  -- id:mark of each entry that was approved, in order
    counted    TEXT COLLATE "C" NOT NULL DEFAULT '',  -- id:mark of those that the header only counts
    decided_by TEXT COLLATE "C" NOT NULL DEFAULT '',  -- a name
    decided_at TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (subscription_id, on_date)
);

-- Entries that wait for a later slot.
CREATE TABLE held_entry (
    subscription_id BIGINT NOT NULL REFERENCES subscription (id) DEFERRABLE,
    entry_id   BIGINT NOT NULL REFERENCES entry (id) DEFERRABLE,
    until_on   TEXT COLLATE "C" NOT NULL,        -- the first local date whose slot may show it
    PRIMARY KEY (subscription_id, entry_id)
);

-- The cards by which curators are asked.
CREATE TABLE review_card (
    subscription_id BIGINT NOT NULL REFERENCES subscription (id) DEFERRABLE,
    on_date    TEXT COLLATE "C" NOT NULL,
    person     TEXT COLLATE "C" NOT NULL,        -- slack:T0123/U0123, discord:123, web:…
    key        TEXT COLLATE "C",                 -- of the message; NULL: the person takes none
    is_settled BOOLEAN NOT NULL DEFAULT FALSE,   -- shows the outcome
    PRIMARY KEY (subscription_id, on_date, person)
);
