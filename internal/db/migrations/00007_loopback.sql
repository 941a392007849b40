-- +goose Up
-- A decision may be corrected on appeal: the correction is a further decision of the same subject and round, which names the one
-- before it. Both stay.
CREATE TABLE decision_of_round (
    id          TEXT PRIMARY KEY,
    round_id    TEXT   NOT NULL REFERENCES round (id),
    subject_id  TEXT   NOT NULL REFERENCES subject (id),
    scored      BOOLEAN NOT NULL,
    total       BIGINT NOT NULL,
    grade       TEXT   NOT NULL,
    as_of       BIGINT NOT NULL,
    known_at    BIGINT NOT NULL,
    doc         BYTEA  NOT NULL,
    valid_until BIGINT,
    decided_at  BIGINT NOT NULL,
    decided_by  TEXT   NOT NULL,
    corrects    TEXT UNIQUE REFERENCES decision_of_round (id), -- none: the first one
    appeal_id   TEXT REFERENCES matter (id)                    -- that led to it; none: the first one
);
INSERT INTO decision_of_round (id, round_id, subject_id, scored, total, grade, as_of, known_at, doc, valid_until, decided_at, decided_by)
    SELECT id, round_id, subject_id, scored, total, grade, as_of, known_at, doc, valid_until, decided_at, decided_by FROM decision;
DROP TABLE decision;
ALTER TABLE decision_of_round RENAME TO decision;
CREATE UNIQUE INDEX decision_first ON decision (round_id, subject_id) WHERE corrects IS NULL;
CREATE INDEX decision_round ON decision (round_id, subject_id);
CREATE INDEX decision_subject ON decision (subject_id, decided_at);

-- The decisions that count: those that no other corrects.
CREATE VIEW decision_now AS SELECT * FROM decision WHERE NOT EXISTS (SELECT 1 FROM decision n WHERE n.corrects = decision.id);

-- The clauses that fail in a decision, and the rectification that follows each up: one of its own, or one that was open already.
CREATE TABLE finding (
    decision_id TEXT NOT NULL REFERENCES decision (id),
    clause      TEXT NOT NULL,
    status      TEXT NOT NULL, -- unmet, missing
    matter_id   TEXT REFERENCES matter (id), -- none: nobody follows it up
    PRIMARY KEY (decision_id, clause)
);
CREATE INDEX finding_matter ON finding (matter_id);

-- When all decisions of a programme were last computed anew, and which did not come out the same.
CREATE TABLE promise_check (
    id         TEXT PRIMARY KEY,
    programme  TEXT   NOT NULL REFERENCES programme (name),
    at         BIGINT NOT NULL,
    checked_by TEXT   NOT NULL,
    checked    BIGINT NOT NULL,
    failed     TEXT   NOT NULL -- the cases, as JSON
);
CREATE INDEX promise_check_programme ON promise_check (programme, at);

-- What those affected gained by a matter, as they confirmed it. Nothing is deleted: what a reopened matter took back says when.
CREATE TABLE benefit (
    matter_id  TEXT   NOT NULL REFERENCES matter (id),
    seq        BIGINT NOT NULL, -- of the event that ended the matter
    form       TEXT   NOT NULL, -- that says so
    programme  TEXT   NOT NULL REFERENCES programme (name),
    name       TEXT   NOT NULL, -- of the matter's process
    subject_id TEXT   NOT NULL REFERENCES subject (id),
    unit       TEXT   NOT NULL REFERENCES unit (code), -- of the subject
    on_day     BIGINT NOT NULL,
    year       BIGINT NOT NULL,
    measure    TEXT   NOT NULL,
    unit_zh    TEXT   NOT NULL, -- in which it is measured
    unit_en    TEXT   NOT NULL,
    was        BIGINT NOT NULL, -- millionths
    became     BIGINT NOT NULL, -- millionths
    better     TEXT   NOT NULL, -- more or less
    persons    BIGINT NOT NULL,
    partly     BOOLEAN NOT NULL,
    taken_back BIGINT,
    PRIMARY KEY (matter_id, seq)
);
CREATE INDEX benefit_programme ON benefit (programme, year, unit);
CREATE INDEX benefit_subject ON benefit (subject_id);

-- What became of the matters that ran when a version was published.
ALTER TABLE programme_version ADD COLUMN adopted BIGINT NOT NULL DEFAULT 0;
ALTER TABLE programme_version ADD COLUMN kept BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE programme_version DROP COLUMN kept;
ALTER TABLE programme_version DROP COLUMN adopted;
DROP TABLE benefit;
DROP TABLE promise_check;
DROP TABLE finding;
DROP VIEW decision_now;
DROP INDEX decision_round;
DROP INDEX decision_first;
UPDATE decision SET corrects = NULL WHERE id IN (SELECT corrects FROM decision WHERE corrects IS NOT NULL);
DELETE FROM decision WHERE corrects IS NOT NULL;
CREATE UNIQUE INDEX decision_first ON decision (round_id, subject_id);
