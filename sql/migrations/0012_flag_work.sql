-- 0012_flag_work.sql - people at work on flags: moves, assignments and comments, each with its leaf; points in the credit record of firms.
--
-- What a person does with a flag is a leaf of type 2, in the same transaction. What the system does (raise, support, withdraw, open
-- again) is none: it is the fold of leaves that are there - envelopes, registry, the program's own version - and anybody who folds
-- them again finds it; leaves for it would say nothing new and cost every batch.

ALTER TABLE flag.action
    ADD COLUMN kind text COLLATE "C" NOT NULL DEFAULT 'move' CHECK (kind IN ('move', 'assignment', 'comment')),
    ADD COLUMN assignee text COLLATE "C",
    ADD COLUMN log_index bigint,
    ADD CHECK (kind = 'move' OR from_state = to_state),
    ADD CHECK (assignee IS NULL OR kind = 'assignment');
COMMENT ON TABLE flag.action IS 'What was done with a flag: moved, assigned, commented; who, when, why. Append-only.';
COMMENT ON COLUMN flag.action.kind IS 'move (also the system''s word on a flag that stays where it is), assignment or comment.';
COMMENT ON COLUMN flag.action.assignee IS 'Database role of the person or bureau whose turn it is from now on; NULL: nobody''s, or no assignment.';
COMMENT ON COLUMN flag.action.log_index IS 'Leaf of type 2 that says so; NULL: the system did it, which follows from the envelopes.';
COMMENT ON COLUMN flag.action.reason IS 'Why, or the comment; empty where the rule itself says it.';

CREATE TABLE flag.credit_points (
    points_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rule        text COLLATE "C" CHECK (rule ~ '^[CRSE][0-9]{2}$'),
    severity    smallint NOT NULL CHECK (severity BETWEEN 1 AND 4),
    points      integer NOT NULL CHECK (points >= 0),
    basis       text COLLATE "C" NOT NULL CHECK (basis IN ('law', 'policy')),
    source      text NOT NULL CHECK (length(source) BETWEEN 1 AND 500),
    valid_from  date NOT NULL DEFAULT '2024-01-01',
    UNIQUE NULLS NOT DISTINCT (rule, severity, valid_from)
);
COMMENT ON TABLE flag.credit_points IS
    'Points that a confirmed flag costs its firm (信用记录). A rule''s own row goes before the one of its severity, a later one before an earlier. Append-only: other points are a new row.';
COMMENT ON COLUMN flag.credit_points.points_id IS 'Number of the row in this database.';
COMMENT ON COLUMN flag.credit_points.rule IS 'Rule it is for; NULL: every rule without a row of its own.';
COMMENT ON COLUMN flag.credit_points.severity IS '1 note, 2 look, 3 act, 4 urgent.';
COMMENT ON COLUMN flag.credit_points.points IS 'Points; 0: confirmed without a mark in the record.';
COMMENT ON COLUMN flag.credit_points.basis IS 'law, or policy of the district.';
COMMENT ON COLUMN flag.credit_points.source IS 'Where the figure comes from.';
COMMENT ON COLUMN flag.credit_points.valid_from IS 'First Asia/Shanghai day on which flags are confirmed with it.';

INSERT INTO flag.credit_points (rule, severity, points, basis, source)
SELECT rule, severity, points, 'policy', source FROM (VALUES
    (NULL, 1, 0, 'proposal for the district''s credit record (行动方案 task 10: 信用记录); the commerce bureau sets the figures'),
    (NULL, 2, 1, 'proposal for the district''s credit record (行动方案 task 10: 信用记录); the commerce bureau sets the figures'),
    (NULL, 3, 3, 'proposal for the district''s credit record (行动方案 task 10: 信用记录); the commerce bureau sets the figures'),
    (NULL, 4, 6, 'proposal for the district''s credit record (行动方案 task 10: 信用记录); the commerce bureau sets the figures'),
    ('E01', 4, 12, 'the same; a banned item back on sale is what the plan is against (task 9: 杜绝通过二手交易等方式重新流入市场)'),
    ('S01', 2, 0, 'the same; a gap in a device''s sequence is a fault before it is an offence')
) AS proposal (rule, severity, points, source);

CREATE TABLE flag.credit (
    credit_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    flag_id     bigint NOT NULL REFERENCES flag.flag,
    party_id    bigint NOT NULL,
    points      integer NOT NULL,
    points_id   bigint NOT NULL,
    log_index   bigint NOT NULL,
    entered_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX credit_flag ON flag.credit (flag_id);
CREATE INDEX credit_party ON flag.credit (party_id);
COMMENT ON TABLE flag.credit IS
    'Credit record of the firms (信用记录): an entry when a flag is confirmed, and its reverse when that is taken back. Append-only; the sum counts.';
COMMENT ON COLUMN flag.credit.credit_id IS 'Number of the entry in this database.';
COMMENT ON COLUMN flag.credit.flag_id IS 'Flag that was confirmed, or is no longer.';
COMMENT ON COLUMN flag.credit.party_id IS 'Firm it counts against.';
COMMENT ON COLUMN flag.credit.points IS 'Points; less than zero: an earlier entry of this flag is reversed.';
COMMENT ON COLUMN flag.credit.points_id IS 'Row of flag.credit_points by which the points were reckoned.';
COMMENT ON COLUMN flag.credit.log_index IS 'Leaf of the move that entered it.';
COMMENT ON COLUMN flag.credit.entered_at IS 'Time of that move.';

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['flag.credit_points', 'flag.credit'] LOOP
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %s '
                       'FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change()', name::regclass);
    END LOOP;
END $$;
CREATE TRIGGER recorded AFTER INSERT ON flag.credit_points FOR EACH ROW EXECUTE FUNCTION registry.record_change();

-- Made again with other arguments by api/flags.sql.
DROP FUNCTION IF EXISTS api.flags(text[], text, integer, integer);
