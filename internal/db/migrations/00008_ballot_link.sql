-- +goose Up
-- A ballot of a subject may have a link of its own, by which those invited vote with name and number. It ends with the ballot.
ALTER TABLE ballot ADD COLUMN link TEXT;
CREATE UNIQUE INDEX ballot_link ON ballot (link);

-- +goose Down
DROP INDEX ballot_link;
ALTER TABLE ballot DROP COLUMN link;
