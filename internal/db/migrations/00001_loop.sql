-- +goose Up
-- One text for SQLite and PostgreSQL. Moments are microseconds since 1970, days are days since 1970-01-01, points are
-- millionths of a point, documents are canonical JSON in TEXT (JSONB would reorder what we hash). Ids are made in Go.

CREATE TABLE unit (
    code   TEXT PRIMARY KEY,
    parent TEXT REFERENCES unit (code),
    name   TEXT   NOT NULL,
    level  TEXT   NOT NULL,
    terms  TEXT   NOT NULL, -- what a search looks in: name, code, pinyin and its initials, lower case
    sort   BYTEA  NOT NULL  -- the pinyin in bytes, so that both engines order alike whatever their collation
);
CREATE INDEX unit_parent ON unit (parent);

-- What must not be changed by two at once is held by its row here.
CREATE TABLE site_lock (
    name TEXT PRIMARY KEY,
    rev  BIGINT NOT NULL DEFAULT 0
);
INSERT INTO site_lock (name) VALUES ('units'), ('programmes');

-- Every unit is within itself (depth 0) and within each unit above it, so that a subtree is one join on any depth.
CREATE TABLE unit_within (
    unit   TEXT   NOT NULL REFERENCES unit (code),
    within TEXT   NOT NULL REFERENCES unit (code),
    depth  BIGINT NOT NULL,
    PRIMARY KEY (unit, within)
);
CREATE INDEX unit_within_down ON unit_within (within, unit);

CREATE TABLE account (
    id           TEXT PRIMARY KEY,
    login        TEXT   NOT NULL UNIQUE,
    name         TEXT   NOT NULL,
    terms        TEXT   NOT NULL,
    sort         BYTEA  NOT NULL,
    password     TEXT   NOT NULL, -- argon2id, or empty: cannot sign in with one
    lang         TEXT   NOT NULL,
    disabled_at  BIGINT,
    created_at   BIGINT NOT NULL,
    rev          BIGINT NOT NULL DEFAULT 0
);

-- Wrong passwords, by what was typed as the login, whether or not there is such an account: locking must not tell.
CREATE TABLE sign_in_failure (
    login        TEXT PRIMARY KEY, -- SHA-256 of it
    failures     BIGINT NOT NULL,
    failed_at    BIGINT NOT NULL,
    locked_until BIGINT NOT NULL
);
CREATE INDEX sign_in_failure_at ON sign_in_failure (failed_at);

-- A role at a unit holds for everything below it. The programme '' and role 'admin' administer the unit itself.
CREATE TABLE account_grant (
    account_id TEXT   NOT NULL REFERENCES account (id),
    programme  TEXT   NOT NULL,
    role       TEXT   NOT NULL,
    unit       TEXT   NOT NULL REFERENCES unit (code),
    granted_by TEXT   NOT NULL,
    granted_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, programme, role, unit)
);
CREATE INDEX account_grant_unit ON account_grant (unit, programme, role);

CREATE TABLE token (
    id         TEXT PRIMARY KEY,
    account_id TEXT   NOT NULL REFERENCES account (id),
    name       TEXT   NOT NULL,
    hash       TEXT   NOT NULL UNIQUE, -- SHA-256 of the token; the token itself is shown once
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT,
    revoked_at BIGINT
);
CREATE INDEX token_account ON token (account_id);

CREATE TABLE session (
    token      TEXT PRIMARY KEY, -- SHA-256 of it
    data       BYTEA  NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX session_expiry ON session (expires_at);

CREATE TABLE programme_version (
    id           TEXT PRIMARY KEY,
    programme    TEXT   NOT NULL,
    version      TEXT   NOT NULL,
    hash         TEXT   NOT NULL, -- programme.Programme.Hash: of the whole directory
    files        BYTEA  NOT NULL, -- the whole directory as a zip
    note         TEXT   NOT NULL,
    published_at BIGINT NOT NULL,
    published_by TEXT   NOT NULL,
    UNIQUE (programme, version)
);

-- seq numbers the evidence of a programme in the order of commits: it is taken as the last statement of a transaction.
CREATE TABLE programme (
    name       TEXT PRIMARY KEY,
    version_id TEXT   NOT NULL REFERENCES programme_version (id),
    seq        BIGINT NOT NULL DEFAULT 0,
    rescored   BIGINT NOT NULL DEFAULT 0, -- the day all live scores were last brought up to
    rev        BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE subject (
    id          TEXT PRIMARY KEY,
    programme   TEXT   NOT NULL REFERENCES programme (name),
    key         TEXT   NOT NULL, -- the business key
    unit        TEXT   NOT NULL REFERENCES unit (code),
    name        TEXT   NOT NULL,
    terms       TEXT   NOT NULL,
    sort        BYTEA  NOT NULL,
    enrolled_at BIGINT NOT NULL,
    left_at     BIGINT,
    left_reason TEXT   NOT NULL DEFAULT '',
    -- The subject's own clock: every transaction that holds the subject moves it on, past the moment before. What is
    -- recorded takes its moment from here, so that nothing can be recorded at or before a moment already decided upon.
    touched_at  BIGINT NOT NULL DEFAULT 0,
    UNIQUE (programme, key)
);
CREATE INDEX subject_unit ON subject (unit, programme);

-- Evidence is never changed. What a subject is, is evidence of the form 'subject'; an assessor's decision is one of 'judgement'.
CREATE TABLE evidence (
    id          TEXT PRIMARY KEY,
    seq         BIGINT NOT NULL,
    programme   TEXT   NOT NULL REFERENCES programme (name),
    subject_id  TEXT   NOT NULL REFERENCES subject (id),
    form        TEXT   NOT NULL,
    valid_on    BIGINT NOT NULL, -- the day it is true
    recorded_at BIGINT NOT NULL, -- the moment it was recorded
    by_party    TEXT   NOT NULL, -- the party, or the role that is no party
    account_id  TEXT   NOT NULL,
    version_id  TEXT   NOT NULL REFERENCES programme_version (id),
    doc         TEXT   NOT NULL,
    supersedes  TEXT REFERENCES evidence (id),
    UNIQUE (programme, seq)
);
CREATE INDEX evidence_subject ON evidence (subject_id, form, valid_on);
CREATE INDEX evidence_supersedes ON evidence (supersedes);

-- A withdrawal takes evidence out of the score from its moment on; the evidence stays readable.
CREATE TABLE evidence_withdrawal (
    evidence_id TEXT PRIMARY KEY REFERENCES evidence (id),
    account_id  TEXT   NOT NULL,
    reason      TEXT   NOT NULL,
    recorded_at BIGINT NOT NULL
);

CREATE TABLE blob (
    sha256     TEXT PRIMARY KEY,
    size       BIGINT NOT NULL,
    media      TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);

-- The original name is kept with the evidence, since two people may attach the same file under two names.
CREATE TABLE evidence_blob (
    evidence_id TEXT   NOT NULL REFERENCES evidence (id),
    field       TEXT   NOT NULL,
    position    BIGINT NOT NULL,
    sha256      TEXT   NOT NULL REFERENCES blob (sha256),
    name        TEXT   NOT NULL,
    PRIMARY KEY (evidence_id, field, position)
);
CREATE INDEX evidence_blob_sha ON evidence_blob (sha256);

-- An uploaded file that no evidence names yet, and who may use it.
CREATE TABLE upload (
    sha256     TEXT   NOT NULL REFERENCES blob (sha256),
    account_id TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (sha256, account_id)
);

CREATE TABLE draft (
    account_id TEXT   NOT NULL REFERENCES account (id),
    subject_id TEXT   NOT NULL REFERENCES subject (id),
    form       TEXT   NOT NULL,
    doc        TEXT   NOT NULL, -- what was typed, unchecked
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, subject_id, form)
);

-- The live score of each column; lists and boards read it. Pages of one subject compute theirs with the reasons, and its
-- history too: kept rows of changes would have to be right for evidence that arrives late, and are what as-of already gives.
CREATE TABLE score (
    subject_id  TEXT   NOT NULL REFERENCES subject (id),
    party       TEXT   NOT NULL,
    scored      BOOLEAN NOT NULL,
    total       BIGINT NOT NULL,
    grade       TEXT   NOT NULL,
    clauses     TEXT   NOT NULL, -- the verdict and points of every clause, packed: what a new score is compared with
    as_of       BIGINT NOT NULL,
    changed_at  BIGINT NOT NULL, -- when the total or the grade last changed
    PRIMARY KEY (subject_id, party)
);
CREATE INDEX score_party ON score (party, total);

-- The verdict on each clause in the deciding column, for pass rates and worklists.
CREATE TABLE score_clause (
    subject_id TEXT   NOT NULL REFERENCES subject (id),
    clause     TEXT   NOT NULL,
    status     TEXT   NOT NULL,
    points     BIGINT NOT NULL,
    PRIMARY KEY (subject_id, clause)
);
CREATE INDEX score_clause_status ON score_clause (clause, status);

-- Forms that have to be filed, and from which day on; forms that never fall due have no row. The scoring of a subject keeps it.
CREATE TABLE form_due (
    subject_id TEXT   NOT NULL REFERENCES subject (id),
    form       TEXT   NOT NULL,
    last_on    BIGINT,           -- the day of the newest one on file; none: never filed
    due_on     BIGINT NOT NULL,  -- the day it is due
    stale_on   BIGINT,           -- the day from which it no longer counts
    PRIMARY KEY (subject_id, form)
);
CREATE INDEX form_due_on ON form_due (form, due_on);

-- Clauses that wait for the judgement of a party: in its live column, or in a round that collects its column.
CREATE TABLE judge_due (
    subject_id TEXT NOT NULL REFERENCES subject (id),
    party      TEXT NOT NULL,
    clause     TEXT NOT NULL,
    round_id   TEXT NOT NULL, -- empty: live
    PRIMARY KEY (subject_id, party, clause, round_id)
);
CREATE INDEX judge_due_round ON judge_due (round_id, party);

CREATE TABLE round (
    id          TEXT PRIMARY KEY,
    programme   TEXT   NOT NULL REFERENCES programme (name),
    version_id  TEXT   NOT NULL REFERENCES programme_version (id), -- pinned
    kind        TEXT   NOT NULL,
    title       TEXT   NOT NULL,
    unit        TEXT   NOT NULL REFERENCES unit (code),
    as_of       BIGINT NOT NULL, -- the day the scores are of
    step        BIGINT NOT NULL, -- position in round_step; the number of steps: decided
    subjects    BIGINT NOT NULL, -- how many
    opened_at   BIGINT NOT NULL,
    opened_by   TEXT   NOT NULL,
    published_at BIGINT,
    decided_at  BIGINT,
    decided_by  TEXT,
    rev         BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX round_programme ON round (programme, opened_at);

CREATE TABLE round_step (
    round_id  TEXT   NOT NULL REFERENCES round (id),
    position  BIGINT NOT NULL,
    name      TEXT   NOT NULL, -- a party, or publicity
    starts_on BIGINT NOT NULL,
    ends_on   BIGINT NOT NULL,
    handed_in BIGINT NOT NULL DEFAULT 0, -- once it is closed
    closed_at BIGINT,
    closed_by TEXT,
    PRIMARY KEY (round_id, position)
);

CREATE TABLE round_subject (
    round_id   TEXT NOT NULL REFERENCES round (id),
    subject_id TEXT NOT NULL REFERENCES subject (id),
    unit       TEXT NOT NULL REFERENCES unit (code), -- where the subject was when the round was opened
    PRIMARY KEY (round_id, subject_id)
);
CREATE INDEX round_subject_subject ON round_subject (subject_id);

-- What a party handed in for a subject: the score of its column as known at that moment.
CREATE TABLE round_column (
    round_id     TEXT   NOT NULL REFERENCES round (id),
    subject_id   TEXT   NOT NULL REFERENCES subject (id),
    party        TEXT   NOT NULL,
    scored       BOOLEAN NOT NULL,
    total        BIGINT NOT NULL,
    grade        TEXT   NOT NULL,
    pending      BIGINT NOT NULL, -- clauses that nobody had judged
    known_at     BIGINT NOT NULL,
    submitted_by TEXT   NOT NULL, -- empty: taken over when the step ended without a submission
    PRIMARY KEY (round_id, subject_id, party)
);

CREATE TABLE objection (
    id          TEXT PRIMARY KEY,
    round_id    TEXT   NOT NULL REFERENCES round (id),
    subject_id  TEXT   NOT NULL REFERENCES subject (id),
    clause      TEXT   NOT NULL, -- empty: the whole result
    account_id  TEXT   NOT NULL,
    body        TEXT   NOT NULL,
    filed_at    BIGINT NOT NULL,
    outcome     TEXT   NOT NULL, -- open upheld rejected
    answer      TEXT   NOT NULL,
    answered_at BIGINT,
    answered_by TEXT,
    rev         BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX objection_round ON objection (round_id, subject_id);

-- A decision is final for its round. It recomputes from (version, as_of, known_at) to the same value.
CREATE TABLE decision (
    id          TEXT PRIMARY KEY,
    round_id    TEXT   NOT NULL REFERENCES round (id),
    subject_id  TEXT   NOT NULL REFERENCES subject (id),
    scored      BOOLEAN NOT NULL,
    total       BIGINT NOT NULL,
    grade       TEXT   NOT NULL,
    as_of       BIGINT NOT NULL,
    known_at    BIGINT NOT NULL,
    doc         BYTEA  NOT NULL, -- the whole score with its reasons, as decided: JSON, deflated
    valid_until BIGINT,          -- a day
    decided_at  BIGINT NOT NULL,
    decided_by  TEXT   NOT NULL,
    UNIQUE (round_id, subject_id)
);
CREATE INDEX decision_subject ON decision (subject_id, decided_at);

-- How often each verdict was found in a decided round, by the unit of the subjects.
CREATE TABLE round_clause (
    round_id TEXT   NOT NULL REFERENCES round (id),
    unit     TEXT   NOT NULL REFERENCES unit (code),
    clause   TEXT   NOT NULL,
    status   TEXT   NOT NULL,
    subjects BIGINT NOT NULL,
    points   BIGINT NOT NULL, -- earned, together
    most     BIGINT NOT NULL, -- that could be had, together
    PRIMARY KEY (round_id, unit, clause, status)
);

-- +goose Down
DROP TABLE round_clause;
DROP TABLE decision;
DROP TABLE objection;
DROP TABLE round_column;
DROP TABLE round_subject;
DROP TABLE round_step;
DROP TABLE round;
DROP TABLE judge_due;
DROP TABLE form_due;
DROP TABLE score_clause;
DROP TABLE score;
DROP TABLE draft;
DROP TABLE upload;
DROP TABLE evidence_blob;
DROP TABLE blob;
DROP TABLE evidence_withdrawal;
DROP TABLE evidence;
DROP TABLE subject;
DROP TABLE programme;
DROP TABLE programme_version;
DROP TABLE session;
DROP TABLE token;
DROP TABLE account_grant;
DROP TABLE sign_in_failure;
DROP TABLE account;
DROP TABLE unit_within;
DROP TABLE site_lock;
DROP TABLE unit;
