-- Slack organisations: one token for several workspaces (issue 14, item 2).

ALTER TABLE slack_app
    DROP CONSTRAINT slack_app_kind_check,
    ADD CONSTRAINT slack_app_kind_check CHECK (kind IN ('own', 'installed', 'organisation'));

-- The workspaces to which organisations granted the app.
CREATE TABLE slack_grant (
    workspace    TEXT COLLATE "C" PRIMARY KEY,  -- T0123
    organisation TEXT COLLATE "C" NOT NULL,  -- E0123, in slack_app
    name         TEXT COLLATE "C" NOT NULL,
    withdrawn_at TEXT COLLATE "C"  -- NULL while it is granted
);
