-- Recaps of a week or a month that a channel gets (issue 16, item 3).

ALTER TABLE subscription
    ADD COLUMN recap TEXT COLLATE "C" NOT NULL DEFAULT 'off'
        CHECK (recap IN ('off', 'weekly', 'monthly', 'weekly-silent', 'monthly-silent')),
    ADD COLUMN recap_since TEXT COLLATE "C",  -- an instant: recaps due before were not asked for
    ADD COLUMN recap_on TEXT COLLATE "C",  -- local date of the last recap that was planned
    ADD COLUMN recap_at TEXT COLLATE "C";  -- an instant: when to look again; NULL: not at all
CREATE INDEX subscription_recap ON subscription (recap_at) WHERE recap_at IS NOT NULL;
