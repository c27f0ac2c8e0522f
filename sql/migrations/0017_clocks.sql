-- 0017_clocks.sql - deadlines: which there are, which days are worked, and how each item stands to them.

CREATE TABLE registry.clock_kind (
    kind        smallint PRIMARY KEY CHECK (kind >= 1),
    name        text COLLATE "C" NOT NULL UNIQUE CHECK (name ~ '^[a-z_]{1,32}$'),
    limit_count integer NOT NULL CHECK (limit_count BETWEEN 1 AND 10000),
    limit_unit  text COLLATE "C" NOT NULL CHECK (limit_unit IN ('hour', 'day', 'working_day', 'month')),
    warn_before_h integer NOT NULL CHECK (warn_before_h BETWEEN 0 AND 100000),
    grace_h     integer NOT NULL CHECK (grace_h BETWEEN 0 AND 10000),
    severity    smallint NOT NULL CHECK (severity BETWEEN 1 AND 4),
    basis       text COLLATE "C" NOT NULL CHECK (basis IN ('law', 'rule', 'policy')),
    source      text NOT NULL CHECK (source <> ''),
    meaning     text NOT NULL CHECK (meaning <> '')
);
COMMENT ON TABLE registry.clock_kind IS 'Deadlines, each with what it rests on; filled by data/clocks.sql. CLOCK_KIND_TABLE of core/directory.h says when each runs.';
COMMENT ON COLUMN registry.clock_kind.kind IS 'Number of CLOCK_KIND_TABLE.';
COMMENT ON COLUMN registry.clock_kind.name IS 'Word of CLOCK_KIND_TABLE.';
COMMENT ON COLUMN registry.clock_kind.limit_count IS 'How many of the unit.';
COMMENT ON COLUMN registry.clock_kind.limit_unit IS 'hour: from the moment; day, working_day, month: the first day does not count, the last ends at midnight, after a free day with the next working day.';
COMMENT ON COLUMN registry.clock_kind.warn_before_h IS 'A warning is raised this many hours before it runs out.';
COMMENT ON COLUMN registry.clock_kind.grace_h IS 'Hours that are waited after it ran out: what happened in time may still be on its way.';
COMMENT ON COLUMN registry.clock_kind.severity IS 'Severity when it has run out: 1 note, 2 look, 3 act, 4 urgent.';
COMMENT ON COLUMN registry.clock_kind.basis IS 'law: read in the text of a law; rule: in a rule or standard; policy: set by the district, or not confirmed.';
COMMENT ON COLUMN registry.clock_kind.source IS 'Article, rule or decision it comes from.';
COMMENT ON COLUMN registry.clock_kind.meaning IS 'What it says, for people.';

CREATE TABLE registry.calendar_day (
    day         date PRIMARY KEY,
    working     boolean NOT NULL,
    name        text NOT NULL CHECK (name <> '')
);
COMMENT ON TABLE registry.calendar_day IS 'Asia/Shanghai days that are not as their weekday has it: holidays, and working days that make up for them 调休; filled by data/calendar.sql.';
COMMENT ON COLUMN registry.calendar_day.day IS 'The day.';
COMMENT ON COLUMN registry.calendar_day.working IS 'True: worked though a Saturday or Sunday; false: free though a weekday.';
COMMENT ON COLUMN registry.calendar_day.name IS 'Holiday it belongs to.';

ALTER TABLE custody.item ADD COLUMN judged_at timestamptz;
COMMENT ON COLUMN custody.item.judged_at IS 'Time as of which its deadlines were judged last; NULL: not yet.';

CREATE TABLE custody.clock (
    item_id     bigint NOT NULL REFERENCES custody.item,
    kind        smallint NOT NULL CHECK (kind >= 1),
    opened_at   timestamptz NOT NULL,
    due_at      timestamptz NOT NULL,
    stopped_at  timestamptz,
    alarm_at    timestamptz,
    PRIMARY KEY (item_id, kind),
    CHECK (stopped_at IS NULL OR alarm_at IS NULL)
);
CREATE INDEX clock_alarm ON custody.clock (alarm_at) WHERE alarm_at IS NOT NULL;
COMMENT ON TABLE custody.clock IS 'The newest run of each deadline of an item, as its events have it; custodyctl rebuild --check computes it again.';
COMMENT ON COLUMN custody.clock.item_id IS 'Item it is about.';
COMMENT ON COLUMN custody.clock.kind IS 'Which deadline, of registry.clock_kind.';
COMMENT ON COLUMN custody.clock.opened_at IS 'Event time at which it began to run.';
COMMENT ON COLUMN custody.clock.due_at IS 'First time that is too late.';
COMMENT ON COLUMN custody.clock.stopped_at IS 'Event time at which it was met, or no longer mattered; NULL: it runs.';
COMMENT ON COLUMN custody.clock.alarm_at IS 'Next time at which it has to be looked at: warning, then the end of its grace; NULL: never.';

CREATE TRIGGER announce AFTER INSERT OR UPDATE OR DELETE ON registry.clock_kind FOR EACH STATEMENT EXECUTE FUNCTION registry.announce_change();
CREATE TRIGGER announce AFTER INSERT OR UPDATE OR DELETE ON registry.calendar_day FOR EACH STATEMENT EXECUTE FUNCTION registry.announce_change();
