-- +goose Up
-- Where notices go beside the page: of an account, to that person; of a unit, to a group of it or to a machine.
CREATE TABLE channel (
    id          TEXT PRIMARY KEY,
    kind        TEXT   NOT NULL,                 -- email wecom dingtalk feishu webhook
    account_id  TEXT REFERENCES account (id),    -- whose; none: of a unit
    unit        TEXT REFERENCES unit (code),     -- of which; none: an account's
    programme   TEXT   NOT NULL,                 -- only of this one; empty: of all
    name        TEXT   NOT NULL,
    address     TEXT   NOT NULL,                 -- an e-mail address, or a URL, which of a robot is a secret
    secret      TEXT   NOT NULL,                 -- with which messages are signed; empty: they are not
    lang        TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    created_by  TEXT   NOT NULL,
    removed_at  BIGINT
);
CREATE INDEX channel_account ON channel (account_id);
CREATE INDEX channel_unit ON channel (unit);

-- A message to a channel. Its ID is that of the message, however often it has to be sent.
CREATE TABLE delivery (
    id         TEXT PRIMARY KEY,
    channel_id TEXT   NOT NULL REFERENCES channel (id),
    body       TEXT   NOT NULL, -- JSON: lines of text with their paths, or what a machine is told
    state      TEXT   NOT NULL, -- waiting sent failed
    tries      BIGINT NOT NULL DEFAULT 0,
    problem    TEXT   NOT NULL DEFAULT '', -- of the last try
    at         BIGINT NOT NULL,
    tried_at   BIGINT,
    sent_at    BIGINT
);
CREATE INDEX delivery_state ON delivery (state, at);
CREATE INDEX delivery_channel ON delivery (channel_id, at);

-- Settings of the site that administrators change while it runs, as JSON.
CREATE TABLE setting (
    name TEXT PRIMARY KEY, -- mail, address
    doc  TEXT NOT NULL
);

-- The secret address of somebody's calendar feed.
CREATE TABLE calendar_feed (
    account_id TEXT PRIMARY KEY REFERENCES account (id),
    hash       TEXT   NOT NULL UNIQUE, -- SHA-256 of the token
    created_at BIGINT NOT NULL
);

-- Public holidays and make-up working days that were loaded, a year at a time; they count before those that the product carries.
CREATE TABLE holiday_year (
    calendar  TEXT   NOT NULL,
    year      BIGINT NOT NULL,
    days      TEXT   NOT NULL, -- JSON: a list of {"day","kind","name"}
    stored_at BIGINT NOT NULL,
    stored_by TEXT   NOT NULL,
    PRIMARY KEY (calendar, year)
);
CREATE TABLE calendar (
    name   TEXT PRIMARY KEY,
    rev    BIGINT NOT NULL, -- grows with every year that is stored
    warned BIGINT NOT NULL  -- the month in which administrators were last told that a year is missing: 202711
);
INSERT INTO calendar (name, rev, warned) VALUES ('cn', 0, 0);

-- What was told of a due form and of a round's step: 0 nothing yet, 1 that it is due soon, 2 that it is overdue.
ALTER TABLE form_due ADD COLUMN told BIGINT NOT NULL DEFAULT 0;
ALTER TABLE round_step ADD COLUMN told BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE round_step DROP COLUMN told;
ALTER TABLE form_due DROP COLUMN told;
DROP TABLE calendar;
DROP TABLE holiday_year;
DROP TABLE calendar_feed;
DROP TABLE setting;
DROP TABLE delivery;
DROP TABLE channel;
