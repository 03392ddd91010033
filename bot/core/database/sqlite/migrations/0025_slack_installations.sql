-- "Add to Slack" as a second kind of installation (issue 14, item 2).

ALTER TABLE slack_app ADD COLUMN kind TEXT NOT NULL DEFAULT 'own'   -- installed: one app for several workspaces
    CHECK (kind IN ('own', 'installed'));
ALTER TABLE slack_app ADD COLUMN installed_at TEXT;                 -- of the tokens; NULL in rows before this column
ALTER TABLE slack_app ADD COLUMN ended TEXT NOT NULL DEFAULT ''     -- why the workspace is not served any more
    CHECK (ended IN ('', 'uninstalled', 'revoked'));
ALTER TABLE slack_app ADD COLUMN refreshing_until TEXT;             -- a process exchanges the refresh token

-- Installations that were begun. A state is stored as its hash, so that a copy of the database is
-- of no use to finish one.
CREATE TABLE slack_install_state (
    hash       TEXT PRIMARY KEY,
    expires_at TEXT NOT NULL
) STRICT;
