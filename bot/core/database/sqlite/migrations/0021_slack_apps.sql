-- Slack workspaces that brought an app of their own (issue 14, item 1).

CREATE TABLE slack_app (
    workspace TEXT PRIMARY KEY,                          -- Slack's id: T0123
    name      TEXT NOT NULL,
    tokens    TEXT NOT NULL,                             -- JSON, encrypted with PAPERBOT_SECRET_KEY
    added_at  TEXT NOT NULL
) STRICT;
