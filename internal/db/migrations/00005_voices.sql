-- +goose Up
-- Those without an account who may speak for a role at a subject: one list for each role. A link, if there is one, lets people of
-- the list in who give their name and number, each once.
CREATE TABLE roster (
    id         TEXT PRIMARY KEY,
    programme  TEXT   NOT NULL REFERENCES programme (name),
    subject_id TEXT   NOT NULL REFERENCES subject (id),
    role       TEXT   NOT NULL,
    link       TEXT UNIQUE,
    created_at BIGINT NOT NULL,
    created_by TEXT   NOT NULL,
    rev        BIGINT NOT NULL DEFAULT 0,
    UNIQUE (subject_id, role)
);
ALTER TABLE voice ADD COLUMN number TEXT NOT NULL DEFAULT ''; -- as on the roster: a staff number; may be empty
CREATE UNIQUE INDEX voice_person ON voice (roster, name, number) WHERE roster <> '' AND revoked_at IS NULL;

-- Codes that were tried in vain: by the address they came from, by the link, and in all.
CREATE TABLE voice_try (
    key          TEXT PRIMARY KEY, -- SHA-256
    tries        BIGINT NOT NULL,
    since        BIGINT NOT NULL,
    locked_until BIGINT NOT NULL
);

ALTER TABLE ballot ADD COLUMN why TEXT NOT NULL DEFAULT '';         -- why it was broken off
ALTER TABLE ballot ADD COLUMN evidence_id TEXT NOT NULL DEFAULT ''; -- that holds its figures, of one of the subject itself
CREATE UNIQUE INDEX ballot_running ON ballot (subject_id, form) WHERE matter_id IS NULL AND ended_at IS NULL;

-- +goose Down
DROP INDEX ballot_running;
ALTER TABLE ballot DROP COLUMN evidence_id;
ALTER TABLE ballot DROP COLUMN why;
DROP TABLE voice_try;
DROP INDEX voice_person;
ALTER TABLE voice DROP COLUMN number;
DROP TABLE roster;
