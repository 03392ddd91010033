-- People who are signed in on the web (issue 14, item 6). Only hashes of the cookies' secrets are kept.

CREATE TABLE web_session (
    hash       TEXT PRIMARY KEY,
    person     TEXT NOT NULL,                            -- slack:T0123/U0123 or discord:1234
    platform   TEXT NOT NULL,
    workspaces TEXT NOT NULL,                            -- JSON: those shared with the bot
    user       TEXT NOT NULL,
    name       TEXT NOT NULL,
    expires_at TEXT NOT NULL
) STRICT;
CREATE INDEX web_session_by_person ON web_session (person);

-- Attempts to sign in that were used up; each has a `state` that is good once.
CREATE TABLE used_sign_in (
    hash       TEXT PRIMARY KEY,
    expires_at TEXT NOT NULL
) STRICT;
