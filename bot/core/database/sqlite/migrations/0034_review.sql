-- The look at a digest before it is posted (issue 17, item 3).

ALTER TABLE subscription ADD COLUMN unapproved TEXT NOT NULL DEFAULT 'post'
    CHECK (unapproved IN ('post', 'hold'));      -- what happens where nobody approves

CREATE TABLE review (
    subscription_id INTEGER NOT NULL REFERENCES subscription (id),
    on_date    TEXT NOT NULL,                    -- the local date of the slot
    decision   TEXT NOT NULL CHECK (decision IN ('open', 'approved', 'skipped')),
    ordering   TEXT NOT NULL DEFAULT '',         -- ids of entries, in the order that was chosen
    shown      TEXT NOT NULL DEFAULT '',         -- id:mark of each entry that was approved, in order
    counted    TEXT NOT NULL DEFAULT '',         -- id:mark of those that the header only counts
    decided_by TEXT NOT NULL DEFAULT '',         -- a name
    decided_at TEXT NOT NULL,
    PRIMARY KEY (subscription_id, on_date)
) STRICT, WITHOUT ROWID;

-- Entries that wait for a later slot.
CREATE TABLE held_entry (
    subscription_id INTEGER NOT NULL REFERENCES subscription (id),
    entry_id   INTEGER NOT NULL REFERENCES entry (id),
    until_on   TEXT NOT NULL,                    -- the first local date whose slot may show it
    PRIMARY KEY (subscription_id, entry_id)
) STRICT, WITHOUT ROWID;

-- The cards by which curators are asked.
CREATE TABLE review_card (
    subscription_id INTEGER NOT NULL REFERENCES subscription (id),
    on_date    TEXT NOT NULL,
    person     TEXT NOT NULL,                    -- slack:T0123/U0123, discord:123, web:…
    key        TEXT,                             -- of the message; NULL: the person takes none
    is_settled INTEGER NOT NULL DEFAULT 0 CHECK (is_settled IN (0, 1)), -- shows the outcome
    PRIMARY KEY (subscription_id, on_date, person)
) STRICT, WITHOUT ROWID;
