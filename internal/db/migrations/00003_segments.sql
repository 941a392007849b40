-- +goose Up
-- Everybody's evidence of a programme as it counted at a moment, packed for a quick start. The rows of evidence are the truth: a segment
-- that is missing, damaged, of another version or too far behind is made anew from them. It holds the subjects whose IDs are from first
-- up to but not upto, where an empty upto is the end; seq and rev say what it has seen.
CREATE TABLE population_segment (
    programme TEXT   NOT NULL REFERENCES programme (name),
    first     TEXT   NOT NULL,
    upto      TEXT   NOT NULL,
    hash      TEXT   NOT NULL, -- of the version by whose forms it was read
    format    BIGINT NOT NULL,
    seq       BIGINT NOT NULL,
    rev       BIGINT NOT NULL,
    subjects  BIGINT NOT NULL,
    checksum  BIGINT NOT NULL,
    body      BYTEA  NOT NULL,
    PRIMARY KEY (programme, first)
);

-- What publishing a version did to those who were enrolled: a JSON text, see VersionEffect.
CREATE TABLE version_effect (
    version_id TEXT PRIMARY KEY REFERENCES programme_version (id),
    doc        TEXT NOT NULL
);

-- +goose Down
DROP TABLE version_effect;
DROP TABLE population_segment;
