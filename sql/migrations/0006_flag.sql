-- 0006_flag.sql - what the rules found, the evidence for it, and what people did about it.

CREATE SCHEMA flag;
COMMENT ON SCHEMA flag IS 'What the rules found, the evidence for it, and what people did about it.';

CREATE TABLE flag.flag (
    flag_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rule        text COLLATE "C" NOT NULL CHECK (rule ~ '^[CRSE][0-9]{2}$'),
    rule_version integer NOT NULL CHECK (rule_version >= 1),
    severity    smallint NOT NULL CHECK (severity BETWEEN 1 AND 4),
    subject     text COLLATE "C" NOT NULL,
    item_id     bigint,
    source_id   bigint,
    key         text COLLATE "C" NOT NULL DEFAULT '',
    state       text COLLATE "C" NOT NULL DEFAULT 'new' CHECK (state IN
                ('new', 'under_review', 'confirmed', 'false_alarm', 'duplicate', 'closed', 'withdrawn')),
    detail      text NOT NULL,
    event_at    timestamptz NOT NULL,
    raised_at   timestamptz NOT NULL DEFAULT now(),
    changed_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (subject, rule, key),
    CHECK ((item_id IS NULL) <> (source_id IS NULL))
);
CREATE INDEX flag_open ON flag.flag (state, severity DESC, raised_at);
COMMENT ON TABLE flag.flag IS 'Findings that people work on. Repeated evidence joins the flag that stands; what no longer holds is withdrawn, never deleted.';
COMMENT ON COLUMN flag.flag.flag_id IS 'Number of the flag in this database.';
COMMENT ON COLUMN flag.flag.rule IS 'Rule that raised it, of RULE_TABLE in core/finding.h (E01, C03, ...).';
COMMENT ON COLUMN flag.flag.rule_version IS 'Version of that rule.';
COMMENT ON COLUMN flag.flag.severity IS '1 note, 2 look, 3 act, 4 urgent.';
COMMENT ON COLUMN flag.flag.subject IS 'Whom it concerns: "item:<item_id>" or "source:<source_id>".';
COMMENT ON COLUMN flag.flag.item_id IS 'Item it concerns; NULL: a source.';
COMMENT ON COLUMN flag.flag.source_id IS 'Source it concerns; NULL: an item.';
COMMENT ON COLUMN flag.flag.key IS 'Tells findings of one rule and subject apart; empty where those two say it all.';
COMMENT ON COLUMN flag.flag.state IS 'Where the work on it stands.';
COMMENT ON COLUMN flag.flag.detail IS 'What, which value, and a hint.';
COMMENT ON COLUMN flag.flag.event_at IS 'Event time that the finding concerns.';
COMMENT ON COLUMN flag.flag.raised_at IS 'Time at which it was raised.';
COMMENT ON COLUMN flag.flag.changed_at IS 'Time at which its state changed last.';

CREATE TABLE flag.evidence (
    flag_id     bigint NOT NULL REFERENCES flag.flag,
    log_index   bigint NOT NULL,
    ordinal     smallint NOT NULL DEFAULT 0,
    added_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (flag_id, log_index, ordinal)
);
COMMENT ON TABLE flag.evidence IS 'Records that support a flag. Append-only.';
COMMENT ON COLUMN flag.evidence.flag_id IS 'Flag it supports.';
COMMENT ON COLUMN flag.evidence.log_index IS 'Record that is the evidence.';
COMMENT ON COLUMN flag.evidence.ordinal IS 'Position of the event or sighting in that report, from 0.';
COMMENT ON COLUMN flag.evidence.added_at IS 'Time at which it joined the flag.';

CREATE TABLE flag.action (
    action_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    flag_id     bigint NOT NULL REFERENCES flag.flag,
    from_state  text COLLATE "C",
    to_state    text COLLATE "C" NOT NULL,
    actor       text NOT NULL,
    reason      text NOT NULL DEFAULT '',
    acted_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX action_flag ON flag.action (flag_id);
COMMENT ON TABLE flag.action IS 'Every move of a flag: who, when, why. Append-only.';
COMMENT ON COLUMN flag.action.action_id IS 'Number of the move in this database.';
COMMENT ON COLUMN flag.action.flag_id IS 'Flag that moved.';
COMMENT ON COLUMN flag.action.from_state IS 'State before; NULL: it was raised.';
COMMENT ON COLUMN flag.action.to_state IS 'State after.';
COMMENT ON COLUMN flag.action.actor IS 'Who moved it: a database role, or custodyd.';
COMMENT ON COLUMN flag.action.reason IS 'Why; empty where the rule itself says it.';
COMMENT ON COLUMN flag.action.acted_at IS 'Time of the move.';
