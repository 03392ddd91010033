-- Quiet hours of a channel, and a query that its digest's entries must match (issue 16, item 4).

ALTER TABLE subscription ADD COLUMN quiet TEXT COLLATE "C" NOT NULL DEFAULT '';       -- 22:00-08:00, or nothing
ALTER TABLE subscription ADD COLUMN only_query TEXT COLLATE "C" NOT NULL DEFAULT '';  -- in its normal form
