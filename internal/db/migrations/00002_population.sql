-- +goose Up
-- What changes a programme's population other than by new evidence: who moved to another unit, left or came back, and whose
-- evidence was withdrawn. rev is that of the programme, taken as its seq is, so that it numbers changes in the order of commits.
CREATE TABLE subject_change (
    programme  TEXT   NOT NULL REFERENCES programme (name),
    rev        BIGINT NOT NULL,
    subject_id TEXT   NOT NULL REFERENCES subject (id),
    PRIMARY KEY (programme, rev, subject_id)
);

-- +goose Down
DROP TABLE subject_change;
