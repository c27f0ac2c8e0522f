-- hot_path.sql - what the daemon writes with every batch carries nothing that costs every row.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT plan(8);

CREATE TEMP VIEW costs AS
SELECT t.tgrelid::regclass::text AS name, t.tgname AS cost FROM pg_trigger AS t WHERE t.tgtype & 4 <> 0  -- fires on INSERT
UNION ALL
SELECT c.conrelid::regclass::text, c.conname FROM pg_constraint AS c WHERE c.contype = 'f';

SELECT is_empty($$SELECT name, cost FROM costs WHERE name ~ '^(ledger|telemetry|reentry)\.' AND name <> 'ledger.pending_leaf'$$,
    'tables that are copied into have neither insert triggers nor foreign keys');
SELECT is((SELECT count(*)::integer FROM pg_index WHERE indrelid = 'ledger.stream'::regclass), 1,
    'ledger.stream has its key and no other index, so that updates stay in their page');
SELECT is((SELECT count(*)::integer FROM pg_index WHERE indrelid = 'ledger.head'::regclass), 1, 'ledger.head has its key and no other index');
SELECT is((SELECT count(*)::integer FROM pg_index WHERE indrelid = 'ledger.record'::regclass AND indpred IS NULL), 1,
    'ledger.record has one index over all its rows');
SELECT is((SELECT string_agg(am.amname, ',') FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_am AS am ON am.oid = c.relam
           WHERE i.indrelid = ANY (ARRAY['telemetry.fix', 'telemetry.reading']::regclass[])), 'brin,brin', 'telemetry is indexed by time ranges only');

-- Heap-only updates: the new version of the row stays in its page and no index entry is made.
INSERT INTO ledger.stream VALUES (900001, 1, 1, 0, 'state'::bytea, now());
CREATE TEMP TABLE before AS SELECT ctid AS place FROM ledger.stream WHERE source_id = 900001;
UPDATE ledger.stream SET version = version + 1, next_seq = 1000, state = 'later state'::bytea, updated_at = now() WHERE source_id = 900001;
SELECT is((SELECT (ctid::text::point)[0] FROM ledger.stream WHERE source_id = 900001), (SELECT (place::text::point)[0] FROM before),
    'an update of a stream stays in its page');
SELECT is(pg_stat_get_xact_tuples_hot_updated('ledger.stream'::regclass), 1::bigint, 'an update of a stream is heap-only');
UPDATE ledger.head SET size = size, updated_at = now();
SELECT is(pg_stat_get_xact_tuples_hot_updated('ledger.head'::regclass), 1::bigint, 'an update of the head is heap-only');

SELECT * FROM finish();
ROLLBACK;
