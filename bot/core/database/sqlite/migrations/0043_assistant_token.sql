-- Tokens with which the assistants of signed-in people ask over HTTP (issue 18, item 5). Only hashes are
-- kept.
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
