-- 0006_flag.sql - what the rules found, the evidence for it, and what people did about it.

CREATE SCHEMA flag;

CREATE TABLE flag.flag (
    flag_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rule        text COLLATE "C" NOT NULL CHECK (rule ~ '^[CRSE][0-9]{2}$'),
    rule_version integer NOT NULL CHECK (rule_version >= 1),
    severity    smallint NOT NULL CHECK (severity BETWEEN 1 AND 4),
    subject     text COLLATE "C" NOT NULL,    -- "item:<item_id>" or "source:<source_id>"
    item_id     bigint,
    source_id   bigint,
    key         text COLLATE "C" NOT NULL DEFAULT '', -- tells findings of one rule and subject apart
    state       text COLLATE "C" NOT NULL DEFAULT 'new' CHECK (state IN
                ('new', 'under_review', 'confirmed', 'false_alarm', 'duplicate', 'closed', 'withdrawn')),
    detail      text NOT NULL,                -- what, which value, hint
    event_at    timestamptz NOT NULL,         -- event time the finding concerns
    raised_at   timestamptz NOT NULL DEFAULT now(),
    changed_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (subject, rule, key),
    CHECK ((item_id IS NULL) <> (source_id IS NULL))
);
CREATE INDEX flag_open ON flag.flag (state, severity DESC, raised_at);

-- Records that support a flag; repeated evidence joins the flag that stands.
CREATE TABLE flag.evidence (
    flag_id     bigint NOT NULL REFERENCES flag.flag,
    log_index   bigint NOT NULL,
    ordinal     smallint NOT NULL DEFAULT 0,
    added_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (flag_id, log_index, ordinal)
);

-- Every move of a flag: who, when, why. Append-only.
CREATE TABLE flag.action (
    action_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    flag_id     bigint NOT NULL REFERENCES flag.flag,
    from_state  text COLLATE "C",             -- NULL: raised
    to_state    text COLLATE "C" NOT NULL,
    actor       text NOT NULL,                -- database role, or 'custodyd'
    reason      text NOT NULL DEFAULT '',
    acted_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX action_flag ON flag.action (flag_id);
