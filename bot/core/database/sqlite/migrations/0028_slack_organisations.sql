-- Slack organisations: one token for several workspaces (issue 14, item 2). The table is made anew,
-- since SQLite cannot change a CHECK.

CREATE TABLE slack_app_of_any_kind (
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

INSERT INTO slack_app_of_any_kind
SELECT workspace, name, tokens, added_at, kind, installed_at, ended, refreshing_until FROM slack_app;

DROP TABLE slack_app;

ALTER TABLE slack_app_of_any_kind RENAME TO slack_app;

-- The workspaces to which organisations granted the app.
CREATE TABLE slack_grant (
    workspace    TEXT PRIMARY KEY,                       -- T0123
    organisation TEXT NOT NULL,                          -- E0123, in slack_app
    name         TEXT NOT NULL,
    withdrawn_at TEXT                                    -- NULL while it is granted
) STRICT;
