-- Recaps of a week or a month that a channel gets (issue 16, item 3).

ALTER TABLE subscription ADD COLUMN recap TEXT NOT NULL DEFAULT 'off'
    CHECK (recap IN ('off', 'weekly', 'monthly', 'weekly-silent', 'monthly-silent'));
ALTER TABLE subscription ADD COLUMN recap_since TEXT;  -- an instant: recaps due before were not asked for
ALTER TABLE subscription ADD COLUMN recap_on TEXT;     -- local date of the last recap that was planned
ALTER TABLE subscription ADD COLUMN recap_at TEXT;     -- an instant: when to look again; NULL: not at all
CREATE INDEX subscription_recap ON subscription (recap_at) WHERE recap_at IS NOT NULL;
