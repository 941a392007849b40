-- +goose Up
-- A matter that people raised and that ends only as its stages allow. state is programme.State as JSON, the one truth of where
-- it stands; the columns beside it are what lists are made of, and follow from it.
CREATE TABLE matter (
    id         TEXT PRIMARY KEY,
    code       TEXT   NOT NULL UNIQUE,                            -- told to people; names nobody
    programme  TEXT   NOT NULL REFERENCES programme (name),
    name       TEXT   NOT NULL,                                   -- of its process: proposal, dispute, rectification
    version_id TEXT   NOT NULL REFERENCES programme_version (id), -- it runs under
    subject_id TEXT   NOT NULL REFERENCES subject (id),
    unit       TEXT   NOT NULL REFERENCES unit (code),            -- the body that handles it now
    title      TEXT   NOT NULL,
    terms      TEXT   NOT NULL,
    clause     TEXT   NOT NULL DEFAULT '',                        -- that it is about, if it is about one
    round_id   TEXT REFERENCES round (id),                        -- in which it arose, if it arose in one
    stage      TEXT   NOT NULL,                                   -- of one that is over: its end
    outcome    TEXT   NOT NULL,                                   -- empty while it runs
    meaning    TEXT   NOT NULL,
    raised_on  BIGINT NOT NULL,
    raised_at  BIGINT NOT NULL,
    moved_at   BIGINT NOT NULL,                                   -- when something last happened
    closed_on  BIGINT,
    due_on     BIGINT,                                            -- the last day of its stage; none: no clock runs, or it stands still
    next_on    BIGINT,                                            -- the day on which the clock has something to do
    warned_on  BIGINT,                                            -- the due_on of which its holders were told beforehand
    fired      BIGINT NOT NULL,                                   -- rungs of the overdue ladder that were climbed
    late       BIGINT NOT NULL,                                   -- stages that were left after their time
    state      TEXT   NOT NULL,
    rev        BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX matter_list ON matter (programme, name, raised_at);
CREATE INDEX matter_subject ON matter (subject_id, name, outcome);
CREATE INDEX matter_unit ON matter (unit, outcome);
CREATE INDEX matter_next ON matter (next_on);
CREATE INDEX matter_round ON matter (round_id);

-- Whose turn it is: everybody who holds a role at the matter's unit, or a person.
CREATE TABLE matter_turn (
    matter_id TEXT NOT NULL REFERENCES matter (id),
    role      TEXT NOT NULL, -- empty: a person
    person    TEXT NOT NULL, -- empty: a role
    PRIMARY KEY (matter_id, role, person)
);
CREATE INDEX matter_turn_person ON matter_turn (person);

-- What ties people to a matter: raiser, joined, follows, recused. Who is hidden stands here and nowhere else but in
-- matter_event.person and matter_form.person, which no verb gives out.
CREATE TABLE matter_person (
    matter_id TEXT   NOT NULL REFERENCES matter (id),
    person    TEXT   NOT NULL, -- an account's ID, or a voice's
    tie       TEXT   NOT NULL,
    since     BIGINT NOT NULL,
    PRIMARY KEY (matter_id, person, tie)
);
CREATE INDEX matter_person_person ON matter_person (person, tie);

-- What happened, in order. Never changed. The columns from stage on say how the matter stood after it, so that rules can be
-- computed as of any day, as it was known at any moment.
CREATE TABLE matter_event (
    matter_id TEXT   NOT NULL REFERENCES matter (id),
    seq       BIGINT NOT NULL,
    kind      TEXT   NOT NULL,
    action    TEXT   NOT NULL,
    person    TEXT   NOT NULL, -- empty: the rules themselves
    acted_as  TEXT   NOT NULL, -- the role, or raiser, joined, system
    reason    TEXT   NOT NULL,
    target    TEXT   NOT NULL, -- to whom or what: a unit, a person, a matter
    told      TEXT   NOT NULL, -- what the rules said to it, as {"zh","en"}; or empty
    on_day    BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    from_stage TEXT  NOT NULL,
    stage     TEXT   NOT NULL,
    outcome   TEXT   NOT NULL,
    closed_on BIGINT,
    due_on    BIGINT,
    late      BIGINT NOT NULL,
    PRIMARY KEY (matter_id, seq)
);
CREATE INDEX matter_event_person ON matter_event (person);

-- The forms that were filed on its way.
CREATE TABLE matter_form (
    matter_id TEXT   NOT NULL REFERENCES matter (id),
    seq       BIGINT NOT NULL, -- of the event
    form      TEXT   NOT NULL,
    person    TEXT   NOT NULL,
    doc       TEXT   NOT NULL,
    PRIMARY KEY (matter_id, seq, form)
);
CREATE TABLE matter_blob (
    matter_id TEXT   NOT NULL REFERENCES matter (id),
    seq       BIGINT NOT NULL,
    form      TEXT   NOT NULL,
    field     TEXT   NOT NULL,
    position  BIGINT NOT NULL,
    sha256    TEXT   NOT NULL REFERENCES blob (sha256),
    name      TEXT   NOT NULL,
    PRIMARY KEY (matter_id, seq, form, field, position)
);
CREATE INDEX matter_blob_sha ON matter_blob (sha256);

-- Somebody without an account who may speak: an employee of a roster, one who came to a desk. Signs in with a one-time code.
CREATE TABLE voice (
    id         TEXT PRIMARY KEY, -- begins with v-
    programme  TEXT   NOT NULL REFERENCES programme (name),
    role       TEXT   NOT NULL, -- one that is no party
    unit       TEXT   NOT NULL REFERENCES unit (code),
    roster     TEXT   NOT NULL, -- the list it came with; empty: none
    name       TEXT   NOT NULL, -- as on the roster; may be empty
    code_hash  TEXT UNIQUE,     -- SHA-256 of the code that was not used yet
    stamp      TEXT   NOT NULL, -- changes with each code: sessions that kept another are over
    created_at BIGINT NOT NULL,
    created_by TEXT   NOT NULL,
    spoke_at   BIGINT,          -- the day a code was last used, as its midnight
    revoked_at BIGINT
);
CREATE INDEX voice_unit ON voice (unit, programme, role);
CREATE INDEX voice_roster ON voice (roster);

-- A secret ballot. Who may vote (ballot_right), who has voted (the register) and the votes (the box) are stored apart. The
-- register is one row, sorted by ID, and the box is one row of sums: nothing in them says who voted when, or what.
CREATE TABLE ballot (
    id         TEXT PRIMARY KEY,
    programme  TEXT   NOT NULL REFERENCES programme (name),
    version_id TEXT   NOT NULL REFERENCES programme_version (id),
    form       TEXT   NOT NULL,
    subject_id TEXT   NOT NULL REFERENCES subject (id),
    matter_id  TEXT REFERENCES matter (id), -- none: of the subject itself
    opened_at  BIGINT NOT NULL,
    opened_by  TEXT   NOT NULL,
    closes_on  BIGINT NOT NULL,             -- its last day
    ended_at   BIGINT,
    counted    BOOLEAN NOT NULL,            -- or broken off without counting
    rev        BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX ballot_matter ON ballot (matter_id);
CREATE INDEX ballot_subject ON ballot (subject_id, form);
CREATE INDEX ballot_closes ON ballot (ended_at, closes_on);
CREATE TABLE ballot_right (
    ballot_id TEXT NOT NULL REFERENCES ballot (id),
    person    TEXT NOT NULL,
    PRIMARY KEY (ballot_id, person)
);
CREATE INDEX ballot_right_person ON ballot_right (person);
CREATE TABLE ballot_register (
    ballot_id TEXT PRIMARY KEY REFERENCES ballot (id),
    voted     TEXT NOT NULL -- a JSON list of persons, sorted
);
CREATE TABLE ballot_box (
    ballot_id TEXT PRIMARY KEY REFERENCES ballot (id),
    votes     BIGINT NOT NULL,
    tally     TEXT   NOT NULL -- JSON: votes by option
);

-- What somebody has to know. Never holds a name that is hidden.
CREATE TABLE notice (
    id        TEXT PRIMARY KEY,
    person    TEXT   NOT NULL,
    kind      TEXT   NOT NULL, -- turn remind escalate soon tell vote closed warn
    matter_id TEXT REFERENCES matter (id),
    ballot_id TEXT REFERENCES ballot (id),
    zh        TEXT   NOT NULL,
    en        TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    read_at   BIGINT
);
CREATE INDEX notice_person ON notice (person, at);

-- +goose Down
DROP TABLE notice;
DROP TABLE ballot_box;
DROP TABLE ballot_register;
DROP TABLE ballot_right;
DROP TABLE ballot;
DROP TABLE voice;
DROP TABLE matter_blob;
DROP TABLE matter_form;
DROP TABLE matter_event;
DROP TABLE matter_person;
DROP TABLE matter_turn;
DROP TABLE matter;
