-- +goose Up
-- What was measured may be chosen from a list, whose options have a title in each language.
ALTER TABLE benefit ADD COLUMN measure_en TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE benefit DROP COLUMN measure_en;
