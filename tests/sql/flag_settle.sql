-- flag_settle.sql - flags say what the rules found now, and every move leaves its trace.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT plan(33);

INSERT INTO registry.party (party_id, code, kind, name) OVERRIDING SYSTEM VALUE VALUES (900001, 'SETTLE-TEST', 1, 'firm');
INSERT INTO custody.item (item_id, kind) OVERRIDING SYSTEM VALUE VALUES (900001, 1), (900002, 1), (900003, 1);

-- One finding about an item, one call: (items folded, item, rule, key, log index).
CREATE FUNCTION pg_temp.settle(items bigint[], item bigint, rule text, key text, log_index bigint, severity integer DEFAULT 3,
                               detail text DEFAULT 'd') RETURNS void LANGUAGE sql AS $$
    SELECT flag.settle(items, ARRAY[item], ARRAY[NULL]::bigint[], ARRAY[rule], ARRAY[1], ARRAY[severity]::smallint[], ARRAY[key], ARRAY[detail],
                       ARRAY[now()], ARRAY[log_index], ARRAY[0]::smallint[])
$$;
-- The same item folded, and nothing found.
CREATE FUNCTION pg_temp.settle_nothing(items bigint[]) RETURNS void LANGUAGE sql AS $$
    SELECT flag.settle(items, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')
$$;
CREATE FUNCTION pg_temp.moves(about text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(coalesce(a.from_state, '-') || '>' || a.to_state, ' ' ORDER BY a.action_id)
    FROM flag.action AS a JOIN flag.flag AS f USING (flag_id) WHERE f.subject || ' ' || f.rule || f.key = about
$$;
CREATE FUNCTION pg_temp.evidence(about text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(e.log_index::text, ' ' ORDER BY e.log_index)
    FROM flag.evidence AS e JOIN flag.flag AS f USING (flag_id) WHERE f.subject || ' ' || f.rule || f.key = about
$$;
CREATE FUNCTION pg_temp.last_said(about bigint) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', a.from_state, a.to_state, a.reason) FROM flag.action AS a JOIN flag.flag USING (flag_id) WHERE item_id = about
    ORDER BY a.action_id DESC LIMIT 1
$$;
-- The item's flag after somebody decided so, and then: the old evidence again, nothing, a record that is new.
CREATE FUNCTION pg_temp.decided(decision text) RETURNS TABLE (after_refolding text, after_nothing text, after_evidence text, last_reason text)
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE flag.flag SET state = decision WHERE item_id = 900001;
    PERFORM pg_temp.settle('{900001}', 900001, 'C03', 'a', log_index) FROM unnest(ARRAY[11, 12, 13, 13]) AS log_index;
    after_refolding := (SELECT state FROM flag.flag WHERE item_id = 900001);
    PERFORM pg_temp.settle_nothing('{900001}');
    after_nothing := (SELECT state FROM flag.flag WHERE item_id = 900001);
    PERFORM pg_temp.settle('{900001}', 900001, 'C03', 'a', (SELECT max(log_index) + 1 FROM flag.evidence));
    after_evidence := (SELECT state FROM flag.flag WHERE item_id = 900001);
    last_reason := (SELECT concat_ws(' ', a.from_state, a.to_state, a.actor, a.reason) FROM flag.action AS a JOIN flag.flag USING (flag_id)
                    WHERE item_id = 900001 ORDER BY a.action_id DESC LIMIT 1);
    RETURN NEXT;
END $$;
GRANT EXECUTE ON FUNCTION pg_temp.decided, pg_temp.settle, pg_temp.settle_nothing, pg_temp.moves, pg_temp.evidence, pg_temp.last_said TO PUBLIC;

SET LOCAL ROLE custody_ingest;
SELECT lives_ok($$SELECT pg_temp.settle('{900001}', 900001, 'C03', 'a', 11)$$, 'the daemon settles flags');
SELECT results_eq($$SELECT (subject, item_id, source_id, state)::text FROM flag.flag WHERE item_id = 900001$$,
    ARRAY['(item:900001,900001,,new)'], 'a finding about an item is a new flag on it');
SELECT is(pg_temp.moves('item:900001 C03a'), '->new', 'raising it leaves a trace');
SELECT is(pg_temp.evidence('item:900001 C03a'), '11', 'its record is the evidence');

SELECT pg_temp.settle('{900001}', 900001, 'C03', 'a', 12);
SELECT pg_temp.settle('{900001}', 900001, 'C03', 'a', 12);
SELECT is((SELECT count(*)::integer FROM flag.flag WHERE item_id = 900001), 1, 'repeated evidence joins the flag that stands');
SELECT is(pg_temp.evidence('item:900001 C03a'), '11 12', 'each record once');
SELECT is(pg_temp.moves('item:900001 C03a'), '->new', 'joining is no move');

SELECT pg_temp.settle_nothing('{900002}');
SELECT is((SELECT state FROM flag.flag WHERE item_id = 900001), 'new', 'another item''s folding touches nothing of this one');
SELECT pg_temp.settle_nothing('{900001}');
SELECT is((SELECT state FROM flag.flag WHERE item_id = 900001), 'withdrawn', 'what no longer holds is withdrawn');
SELECT is(pg_temp.moves('item:900001 C03a'), '->new new>withdrawn', 'with a trace');
SELECT pg_temp.settle_nothing('{900001}');
SELECT is(pg_temp.moves('item:900001 C03a'), '->new new>withdrawn', 'and once');

SELECT pg_temp.settle('{900001}', 900001, 'C03', 'a', 13, 4, 'graver');
SELECT results_eq($$SELECT (state, severity, detail)::text FROM flag.flag WHERE item_id = 900001$$, ARRAY['(new,4,graver)'],
    'found again, it is open again and says what was found now');
SELECT is(pg_temp.moves('item:900001 C03a'), '->new new>withdrawn withdrawn>new', 'with a trace again');
SELECT is(pg_temp.evidence('item:900001 C03a'), '11 12 13', 'the old evidence stays beside the new');

-- What people decided is theirs: what they knew does not come back, what they did not know does.
SELECT results_eq(format('SELECT (after_refolding, after_nothing, after_evidence, last_reason)::text FROM pg_temp.decided(%L)', state),
    ARRAY[format('(%1$s,%1$s,new,"%1$s new custodyd new evidence")', state)],
    state || ' stays through the evidence it was decided on, and opens with a record that is new')
FROM unnest(ARRAY['false_alarm', 'duplicate', 'closed']) AS state;

UPDATE flag.flag SET state = 'confirmed' WHERE item_id = 900001;
SELECT pg_temp.settle_nothing('{900001}');
SELECT is((SELECT state FROM flag.flag WHERE item_id = 900001), 'confirmed', 'what a person confirmed is a person''s to undo');
SELECT is(pg_temp.last_said(900001), 'confirmed confirmed the events no longer support it', 'its actions say that its events are gone');
SELECT pg_temp.moves('item:900001 C03a') AS moves \gset
SELECT pg_temp.settle_nothing('{900001}');
SELECT is(pg_temp.moves('item:900001 C03a'), :'moves', 'and say it once');
SELECT pg_temp.settle('{900001}', 900001, 'C03', 'a', 14);
SELECT pg_temp.settle('{900001}', 900001, 'C03', 'a', 15);
SELECT is(pg_temp.moves('item:900001 C03a'), :'moves' || ' confirmed>confirmed', 'and once that they are back');
SELECT is(pg_temp.last_said(900001), 'confirmed confirmed found again', 'in these words');
SELECT pg_temp.settle_nothing('{900001}');
SELECT is(pg_temp.last_said(900001), 'confirmed confirmed the events no longer support it', 'and that they are gone a second time');

-- Several at once: two findings of one name are one flag, another key is another, and a source is a subject as well.
SELECT flag.settle('{900002}', ARRAY[900002, 900002, 900002, NULL], ARRAY[NULL, NULL, NULL, 900001], ARRAY['C03', 'C03', 'C03', 'S01'], ARRAY[1, 1, 1, 1],
                   ARRAY[3, 2, 3, 2]::smallint[], ARRAY['a', 'a', 'b', ''], ARRAY['first', 'second', 'd', 'd'], ARRAY[now(), now(), now(), now()],
                   ARRAY[21, 22, 23, NULL], ARRAY[0, 0, 0, 0]::smallint[]);
SELECT results_eq($$SELECT (key, detail)::text FROM flag.flag WHERE item_id = 900002 ORDER BY key$$, ARRAY['(a,first)', '(b,d)'],
    'two findings of one name are one flag, which says the first; another key is another flag');
SELECT is(pg_temp.evidence('item:900002 C03a'), '21 22', 'and has the evidence of both');
SELECT results_eq($$SELECT (subject, state)::text FROM flag.flag WHERE source_id = 900001$$, ARRAY['(source:900001,new)'], 'a finding about a source is a flag on it');
SELECT is(pg_temp.evidence('source:900001 S01'), NULL, 'a finding without a record has no evidence, and is a flag all the same');

SELECT flag.withdraw(ARRAY['source:900001', 'item:900001'], ARRAY['S01', 'C03'], ARRAY['', 'a'], 'the hole was filled');
SELECT is(pg_temp.moves('source:900001 S01'), '->new new>withdrawn', 'a flag is withdrawn by name');
SELECT results_eq($$SELECT a.reason FROM flag.action AS a JOIN flag.flag AS f USING (flag_id) WHERE f.source_id = 900001 AND a.to_state = 'withdrawn'$$,
    ARRAY['the hole was filled'], 'with the reason; one that is not open stays as it is');

UPDATE flag.flag SET state = 'confirmed' WHERE source_id = 900001;
SELECT flag.withdraw(ARRAY['source:900001'], ARRAY['S01'], ARRAY[''], 'the hole was filled');
SELECT is(pg_temp.moves('source:900001 S01'), '->new new>withdrawn confirmed>confirmed', 'a confirmed one is not withdrawn by name either, and the reason is kept');

-- A stranger's event moves the beginning of the ban; the sighting while banned stays a case.
SELECT pg_temp.settle('{900003}', 900003, 'E01', 'vin X', 31);
SELECT pg_temp.settle('{900003}', 900003, 'E05', 'vin X', 31);
SELECT results_eq($$SELECT (rule, state)::text FROM flag.flag WHERE item_id = 900003 ORDER BY rule$$, ARRAY['(E01,new)', '(E05,new)'],
    'E01 stays open beside the E05 of its identifier');
SELECT pg_temp.settle('{900003}', 900003, 'E05', 'vin Y', 32);
SELECT results_eq($$SELECT (rule, key, state)::text FROM flag.flag WHERE item_id = 900003 ORDER BY rule, key$$,
    ARRAY['(E01,"vin X",withdrawn)', '(E05,"vin X",withdrawn)', '(E05,"vin Y",new)'], 'but not beside that of another');
SELECT pg_temp.settle('{900003}', 900003, 'E01', 'vin Y', 32);
SELECT is((SELECT state FROM flag.flag WHERE item_id = 900003 AND rule = 'E05' AND key = 'vin Y'), 'withdrawn', 'E05 gives way to E01');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
