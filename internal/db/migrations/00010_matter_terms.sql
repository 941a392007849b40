-- +goose Up
-- Matters about a clause or a result are found by their English name as well: their terms are written anew when the site is opened.
UPDATE matter SET terms = '' WHERE clause <> '' OR name IN ('objection', 'appeal');
CREATE INDEX matter_without_terms ON matter (id) WHERE terms = '';

-- +goose Down
DROP INDEX matter_without_terms;
