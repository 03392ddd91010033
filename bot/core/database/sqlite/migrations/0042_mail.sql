-- E-mail (issue 18, item 6): addresses that were asked whether they want the digest. `token` is that of
-- the links to unsubscribe; it stays the same for as long as the row does.
CREATE TABLE mail_address (
    address         TEXT NOT NULL PRIMARY KEY,
    token           TEXT NOT NULL UNIQUE,
    locale          TEXT NOT NULL,
    confirm_token   TEXT NOT NULL UNIQUE,  -- of the newest message that asks
    confirm_key     TEXT NOT NULL,  -- the delivery key of that message
    confirm_until   TEXT NOT NULL,
    confirmed_at    TEXT,
    unsubscribed_at TEXT,
    asked_in        TEXT NOT NULL  -- the channel in which somebody asked; empty: an operator did
);

-- Every message that asked, for limits; kept for a month.
CREATE TABLE mail_request (
    id       INTEGER PRIMARY KEY,
    address  TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    asked_at TEXT NOT NULL
);
CREATE INDEX mail_request_address ON mail_request (address);
CREATE INDEX mail_request_asked ON mail_request (asked_at);

-- Which messages the mail server may have: written before their content is sent, since it cannot be asked.
CREATE TABLE mail_handover (
    key         TEXT NOT NULL PRIMARY KEY,  -- of the delivery
    begun_at    TEXT NOT NULL,
    accepted_at TEXT
);
