-- flag_work.sql - people at work on flags: every allowed and refused move as each role, assignments, comments, leaves, the credit record.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT no_plan();

CREATE ROLE work_police LOGIN IN ROLE custody_police;
CREATE ROLE work_commerce LOGIN IN ROLE custody_commerce;
CREATE ROLE work_ecology LOGIN IN ROLE custody_ecology;
INSERT INTO registry.party (party_id, code, kind, name) OVERRIDING SYSTEM VALUE
VALUES (900001, 'WORK-TEST-A', 1, 'A'), (900002, 'WORK-TEST-B', 1, 'B'), (900012, 'WORK-TEST-P', 12, 'police');
INSERT INTO registry.source (source_id, name, kind, area, party_id) OVERRIDING SYSTEM VALUE
VALUES (900001, 'work-test-a', 'truck', '350504', 900001);
SELECT registry.create_firm_role('WORK-TEST-A');
INSERT INTO custody.item (item_id, kind, holder_party_id) OVERRIDING SYSTEM VALUE VALUES (900001, 1, 900001), (900002, 1, NULL);
INSERT INTO custody.event (item_id, event_at, log_index, ordinal, event_id, type, party_id, source_id) VALUES
    (900001, now(), 900000000001, 0, gen_random_uuid(), 2, 900002, 900001), (900001, now(), 900000000002, 0, gen_random_uuid(), 2, 900012, 900001);

-- A flag of this item in this state; its number.
CREATE FUNCTION pg_temp.flag(state text, rule text DEFAULT 'C03', severity integer DEFAULT 3, item bigint DEFAULT 900001) RETURNS bigint LANGUAGE sql AS $$
    INSERT INTO flag.flag (rule, rule_version, severity, subject, item_id, key, state, detail, event_at)
    VALUES (rule, 1, severity, 'item:' || item, item, gen_random_uuid()::text, state, 'd', now()) RETURNING flag_id
$$;
CREATE FUNCTION pg_temp.last(wanted bigint) RETURNS flag.action LANGUAGE sql AS
    'SELECT * FROM flag.action WHERE flag_id = wanted ORDER BY action_id DESC LIMIT 1';

-- ---- every move from every state, as each role

CREATE TEMP TABLE states AS SELECT unnest(ARRAY['new', 'under_review', 'confirmed', 'false_alarm', 'duplicate', 'closed', 'withdrawn']) AS state;
CREATE TEMP TABLE allowed (from_state text, to_state text);
INSERT INTO allowed VALUES ('new', 'under_review'), ('under_review', 'confirmed'), ('under_review', 'false_alarm'), ('under_review', 'duplicate'),
    ('confirmed', 'closed'), ('false_alarm', 'closed'), ('duplicate', 'closed'), ('confirmed', 'under_review'), ('false_alarm', 'under_review'),
    ('duplicate', 'under_review'), ('closed', 'under_review'), ('withdrawn', 'under_review');
CREATE TEMP TABLE tries AS SELECT row_number() OVER () AS n, who, f.state AS from_state, t.state AS to_state, pg_temp.flag(f.state) AS flag_id,
    EXISTS (SELECT FROM allowed AS a WHERE (a.from_state, a.to_state) = (f.state, t.state)) AS allowed
    FROM states AS f, states AS t, (VALUES ('work_police'), ('work_commerce'), ('work_ecology'), ('custody_firm_work-test-a'), ('custody_ingest')) AS w (who);
GRANT SELECT ON tries TO PUBLIC;

-- Runs one statement as one role; its SQLSTATE, or 00000.
CREATE FUNCTION pg_temp.outcome(who text, statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    BEGIN
        EXECUTE format('SET LOCAL SESSION AUTHORIZATION %I', who);
        EXECUTE statement;
        RESET SESSION AUTHORIZATION;
        RETURN '00000';
    EXCEPTION WHEN OTHERS THEN
        RETURN SQLSTATE;
    END;
END $$;
SELECT is(pg_temp.outcome(who, format('SELECT flag.move(%s, %L, ''why'')', flag_id, to_state)),
    CASE WHEN who NOT IN ('work_police', 'work_commerce') THEN '42501' WHEN allowed THEN '00000' ELSE '55000' END,
    format('%s: %s -> %s', who, from_state, to_state)) FROM tries ORDER BY n;
SELECT is_empty($$SELECT n FROM tries AS t JOIN flag.flag AS f USING (flag_id)
    WHERE f.state <> CASE WHEN t.allowed AND t.who IN ('work_police', 'work_commerce') THEN t.to_state ELSE t.from_state END$$, 'what was refused changed nothing');
SELECT is(pg_temp.outcome(who, format('SELECT flag.%s(%s, %s)', what, flag_id, more)), '42501', who || ' does not ' || what)
FROM (VALUES ('work_ecology'), ('custody_firm_work-test-a'), ('custody_ingest')) AS w (who), (VALUES ('assign', 'NULL, ''why'''), ('comment', '''c''')) AS v (what, more),
    (SELECT min(flag_id) AS flag_id FROM tries) AS t;

-- ---- a move and its leaf

CREATE TEMP TABLE one AS SELECT pg_temp.flag('new') AS id;
GRANT SELECT ON one TO PUBLIC;
CREATE TEMP TABLE size_before AS SELECT size FROM ledger.head;
GRANT SELECT ON size_before TO PUBLIC;
SET LOCAL SESSION AUTHORIZATION work_police;
SELECT is(flag.move(id, 'under_review', '核实中'), size, 'the leaf comes back') FROM one, size_before;
SELECT throws_ok(format('SELECT flag.move(%s, ''under_review'', ''me too'')', id), '55000', NULL, 'who comes second is told') FROM one;
SELECT throws_like(format('SELECT flag.move(%s, ''under_review'', ''me too'')', id), '%work_police moved it there at %', 'and by whom it was moved') FROM one;
SELECT throws_ok(format('SELECT flag.move(%s, %L, ''r'')', id, target), '55000', NULL, 'no such state') FROM one, (VALUES ('solved'), (''), (NULL)) AS v (target);
SELECT throws_ok(format('SELECT flag.move(%s, ''confirmed'', %L)', id, why), '23514', NULL, 'a reason is needed') FROM one, (VALUES (''), ('  '), (NULL), (repeat('x', 4001))) AS v (why);
SELECT throws_ok($$SELECT flag.move(999999999, 'under_review', 'why')$$, 'P0002', 'flag 999999999: there is none', 'no such flag');
RESET SESSION AUTHORIZATION;
SELECT is(format('%s %s %s %s %s', a.kind, a.from_state, a.to_state, a.actor, a.reason), 'move new under_review work_police 核实中', 'the action says who and why')
FROM one, pg_temp.last(id) AS a;
SELECT results_eq($$SELECT r.type::smallint, j ->> 'action', j ->> 'actor', (j -> 'data' ->> 'flag_id')::bigint, j -> 'data' ->> 'state', j -> 'data' ->> 'to', j -> 'data' ->> 'reason'
    FROM one, ledger.record AS r, LATERAL (SELECT convert_from(r.record, 'UTF8')::jsonb) AS d (j) WHERE r.log_index = (pg_temp.last(id)).log_index$$,
    $$SELECT 2::smallint, 'flag moved', 'work_police', id, 'new', 'under_review', '核实中' FROM one$$, 'and so does the leaf');
SELECT is((SELECT changed_at FROM flag.flag JOIN one ON flag_id = id), now(), 'the flag says when');

-- ---- assignment, comments

SET LOCAL SESSION AUTHORIZATION work_commerce;
SELECT isnt(flag.assign(id, 'work_police', '请核实'), NULL, 'a flag is given to a person') FROM one;
SELECT is(api.flag_assignee(id), 'work_police', 'whose turn it is then') FROM one;
SELECT is(jsonb_array_length(api.flags(NULL, NULL, 1, 'work_police', NULL, false, 100) -> 'flags'), 1, 'the queue is searched by assignee');
SELECT is(jsonb_array_length(api.flags(NULL, NULL, 1, NULL, NULL, true, 100) -> 'flags'), 0, 'it is not mine');
SELECT isnt(flag.assign(id, 'custody_commerce', 'ours'), NULL, 'or to a bureau') FROM one;
SELECT is(jsonb_array_length(api.flags(NULL, NULL, 1, NULL, NULL, true, 100) -> 'flags'), 1, 'what is my bureau''s is mine');
SELECT throws_ok(format('SELECT flag.assign(%s, %L, ''why'')', id, who), '23514', NULL, who || ' works on no flag')
FROM one, (VALUES ('work_ecology'), ('custody_firm_work-test-a'), ('custody_console'), ('nobody'), ('')) AS v (who);
SELECT isnt(flag.assign(id, NULL, 'later'), NULL, 'or to nobody') FROM one;
SELECT is(api.flag_assignee(id), NULL, 'whose turn is nobody''s') FROM one;
SELECT isnt(flag.comment(id, '车主称已报失'), NULL, 'a comment is added') FROM one;
SELECT throws_ok(format('SELECT flag.comment(%s, '' '')', id), '23514', NULL, 'an empty one is not') FROM one;
RESET SESSION AUTHORIZATION;
SELECT is((SELECT state FROM flag.flag JOIN one ON flag_id = id), 'under_review', 'none of it moves the flag');
SELECT is(string_agg(format('%s %s: %s', a.kind, a.assignee, convert_from(r.record, 'UTF8')::jsonb ->> 'action'), E'\n' ORDER BY action_id),
    concat_ws(E'\n', 'move : flag moved', 'assignment work_police: flag assigned', 'assignment custody_commerce: flag assigned',
              'assignment : flag assigned', 'comment : flag commented'), 'each is a leaf')
FROM flag.action AS a JOIN one ON flag_id = id JOIN ledger.record AS r USING (log_index);

-- ---- what a firm sees

SET LOCAL SESSION AUTHORIZATION "custody_firm_work-test-a";
SELECT is(api.flag(id) ->> 'state', 'under_review', 'a firm sees the state of its flag') FROM one;
SELECT is(api.flag(id) -> 'actions', 'null', 'not who works on it') FROM one;
SELECT is(api.flag(id) ->> 'assignee', NULL, 'nor whose turn it is') FROM one;
SELECT isnt(api.flag(id) ->> 'remedy_zh', NULL, 'but what would make it go away') FROM one;
RESET SESSION AUTHORIZATION;

-- ---- by rule

SELECT is_empty($$SELECT r FROM unnest(string_to_array('C01 C02 C03 C04 C05 C06 C07 C08 C09 C10 C11 C12 C13 C14 C15 C16 C17 R01 R02 R03 R04 R05 R06 R07 R08 '
    'S01 S02 S03 S04 S05 E01 E02 E03 E04 E05 E06 E07 E08', ' ')) AS u (r) WHERE cardinality(api.remedy(r)) IS DISTINCT FROM 2$$,
    'every rule of the catalogue says what would make its flag go away');
SELECT is_empty($$SELECT r FROM (SELECT family || lpad(n::text, 2, '0') AS r FROM unnest(ARRAY['C', 'R', 'S', 'E']) AS family, generate_series(0, 99) AS n) AS every
    WHERE api.rule(r) IS NOT NULL AND api.remedy(r) IS NULL$$, 'and so does every rule of this version');

-- ---- the credit record

CREATE FUNCTION pg_temp.work(wanted bigint, VARIADIC targets text[]) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1 .. cardinality(targets) LOOP
        PERFORM flag.move(wanted, targets[i], 'why');
    END LOOP;
    RETURN (SELECT coalesce(string_agg(p.code || ' ' || c.points, ', ' ORDER BY c.credit_id), 'nothing') FROM flag.credit AS c JOIN registry.party AS p USING (party_id)
            WHERE c.flag_id = wanted);
END $$;
SELECT is(pg_temp.work(pg_temp.flag('under_review'), 'confirmed'), 'WORK-TEST-A 3', 'a confirmed flag enters the record of the holder, by its severity');
SELECT is(pg_temp.work(pg_temp.flag('under_review', 'E01', 4), 'confirmed'), 'WORK-TEST-A 12', 'or by its rule''s own points');
SELECT is(pg_temp.work(pg_temp.flag('under_review', 'E01', 2), 'confirmed'), 'WORK-TEST-A 1', 'a hint costs what a hint costs');
SELECT is(pg_temp.work(pg_temp.flag('under_review', 'C03', 1), 'confirmed'), 'nothing', 'no points, no entry');
SELECT is(pg_temp.work(pg_temp.flag('under_review', 'C03', 3, 900002), 'confirmed'), 'nothing', 'nor without a firm that is known');
SELECT is(pg_temp.work(pg_temp.flag('new'), 'under_review', 'false_alarm', 'closed'), 'nothing', 'a false alarm costs nothing');
SELECT is(pg_temp.work(pg_temp.flag('under_review'), 'confirmed', 'closed', 'under_review', 'confirmed'), 'WORK-TEST-A 3', 'confirmed again it counts once');
SELECT is(pg_temp.work(pg_temp.flag('under_review'), 'confirmed', 'under_review'), 'WORK-TEST-A 3', 'under review it stands');
SELECT is(pg_temp.work(pg_temp.flag('under_review'), 'confirmed', 'closed', 'under_review', 'false_alarm'), 'WORK-TEST-A 3, WORK-TEST-A -3', 'as a false alarm it is reversed');
SELECT is(pg_temp.work(pg_temp.flag('under_review'), 'confirmed', 'under_review', 'duplicate', 'under_review', 'confirmed'),
    'WORK-TEST-A 3, WORK-TEST-A -3, WORK-TEST-A 3', 'as a duplicate too, and counts again when it is confirmed after all');

-- Of the chain of custody: whoever reported the newest evidence, but no authority.
CREATE TEMP TABLE reported AS SELECT pg_temp.flag('under_review') AS id;
INSERT INTO flag.evidence (flag_id, log_index) SELECT id, i FROM reported, generate_series(900000000001, 900000000002) AS i;
SELECT is(pg_temp.work(id, 'confirmed'), 'WORK-TEST-B 3', 'what a firm reported counts against it') FROM reported;
SELECT is(api.flags(ARRAY['confirmed'], NULL, 1, NULL, 'WORK-TEST-B', false, 10) -> 'flags' -> 0 ->> 'flag_id', id::text, 'and the queue is searched by firm') FROM reported;
-- A source's flag: its firm.
INSERT INTO flag.flag (flag_id, rule, rule_version, severity, subject, source_id, state, detail, event_at) OVERRIDING SYSTEM VALUE
VALUES (900099, 'S05', 1, 4, 'source:900001', 900001, 'under_review', 'd', now());
SELECT is(pg_temp.work(900099, 'confirmed'), 'WORK-TEST-A 6', 'what a source did counts against its firm');
SELECT is((SELECT convert_from(r.record, 'UTF8')::jsonb -> 'data' ->> 'firm' FROM ledger.record AS r ORDER BY log_index DESC LIMIT 1), 'WORK-TEST-A', 'the leaf of the move names it');
SELECT is((api.credit('WORK-TEST-A') ->> 'points')::bigint, (SELECT sum(points) FROM flag.credit WHERE party_id = 900001), 'the record of a firm has the sum');
SELECT is(api.credit('WORK-TEST-C'), NULL, 'of nobody there is no record');

-- Other points are a new row of the commerce bureau, and a leaf; what was confirmed before keeps its points.
SELECT is(pg_temp.outcome('work_commerce', $$INSERT INTO flag.credit_points (rule, severity, points, basis, source, valid_from)
    VALUES ('C03', 3, 5, 'policy', 'decision 12', '2025-01-01')$$), '00000', 'the commerce bureau sets points');
SELECT is(pg_temp.outcome(who, $$INSERT INTO flag.credit_points (rule, severity, points, basis, source) VALUES ('C04', 3, 5, 'policy', 'mine')$$), '42501', who || ' does not')
FROM (VALUES ('work_police'), ('custody_firm_work-test-a')) AS v (who);
SELECT is(pg_temp.work(pg_temp.flag('under_review'), 'confirmed'), 'WORK-TEST-A 5', 'by which the next flag is reckoned');
SELECT is(pg_temp.work(pg_temp.flag('under_review'), 'confirmed', 'under_review', 'false_alarm'), 'WORK-TEST-A 5, WORK-TEST-A -5', 'and reversed');
INSERT INTO flag.credit_points (rule, severity, points, basis, source, valid_from) VALUES ('C03', 3, 9, 'policy', 'decision 13', '2126-01-01');
SELECT is(pg_temp.work(pg_temp.flag('under_review'), 'confirmed'), 'WORK-TEST-A 5', 'what is valid later counts later');
SET CONSTRAINTS ALL IMMEDIATE;
SELECT isnt_empty($$SELECT FROM ledger.record WHERE type = 2 AND convert_from(record, 'UTF8')::jsonb ->> 'action' = 'credit points registered'
    AND convert_from(record, 'UTF8')::jsonb ->> 'actor' = 'work_commerce'$$, 'new points are a leaf');
SET LOCAL SESSION AUTHORIZATION "custody_firm_work-test-a";
SELECT isnt(api.credit('WORK-TEST-A'), NULL, 'a firm reads its own record');
SELECT is(api.credit('WORK-TEST-B'), NULL, 'and no other''s');
RESET SESSION AUTHORIZATION;

-- ---- the system beside people

CREATE TEMP TABLE pair AS SELECT pg_temp.flag('new', 'C01', 4, 900002) AS id;
SELECT flag.move(id, 'under_review', 'why') FROM pair;
SELECT flag.settle(ARRAY[900002::bigint], '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}');
SELECT is((SELECT string_agg(format('%s %s %s', to_state, actor, log_index IS NULL), ', ' ORDER BY action_id) FROM flag.action JOIN pair ON flag_id = id),
    format('under_review %s f, withdrawn custodyd t', session_user), 'the system withdraws with a trace and without a leaf');
SELECT isnt(flag.move(id, 'under_review', 'I do not believe it'), NULL, 'a person opens it again') FROM pair;

SELECT * FROM finish();
ROLLBACK;
