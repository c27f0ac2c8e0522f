-- flag_settle.sql - flags say what the rules found now, and every move leaves its trace.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT plan(24);

INSERT INTO registry.party (party_id, code, kind, name) OVERRIDING SYSTEM VALUE VALUES (900001, 'SETTLE-TEST', 1, 'firm');
INSERT INTO custody.item (item_id, kind) OVERRIDING SYSTEM VALUE VALUES (900001, 1), (900002, 1);

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
GRANT EXECUTE ON FUNCTION pg_temp.settle, pg_temp.settle_nothing, pg_temp.moves, pg_temp.evidence TO PUBLIC;

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

-- What people decided is theirs.
UPDATE flag.flag SET state = 'false_alarm' WHERE item_id = 900001;
SELECT pg_temp.settle('{900001}', 900001, 'C03', 'a', 14);
SELECT is((SELECT state FROM flag.flag WHERE item_id = 900001), 'false_alarm', 'a false alarm is not raised again by the same finding');
SELECT pg_temp.settle_nothing('{900001}');
SELECT is((SELECT state FROM flag.flag WHERE item_id = 900001), 'false_alarm', 'nor withdrawn');
UPDATE flag.flag SET state = 'confirmed' WHERE item_id = 900001;
SELECT pg_temp.settle_nothing('{900001}');
SELECT is((SELECT state FROM flag.flag WHERE item_id = 900001), 'withdrawn', 'a confirmed one whose events are gone is withdrawn, too');
SELECT ok(pg_temp.moves('item:900001 C03a') LIKE '%confirmed>withdrawn', 'and the trace says what it was');

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
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
