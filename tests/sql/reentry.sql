-- reentry.sql - what the follower keeps and asks: evidence of an item, floods of one source, keys that are unique.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT plan(17);

INSERT INTO registry.party (party_id, code, kind, name) OVERRIDING SYSTEM VALUE VALUES (900001, 'REENTRY-TEST', 11, 'market');
INSERT INTO registry.source (source_id, name, kind, area, party_id) OVERRIDING SYSTEM VALUE
SELECT n, 'reentry-test-' || n, 'marketplace', '350504', 900001 FROM generate_series(900001, 900002) AS n;
INSERT INTO custody.item (item_id, kind) OVERRIDING SYSTEM VALUE SELECT n, 1 FROM generate_series(900001, 900020) AS n;
INSERT INTO custody.identifier VALUES (1, 'LSVAM4187C2184847', 900001, true), (4, '闽C8K6L2', 900001, false);
INSERT INTO ledger.record SELECT 900000000000 + n, 1, now(), 900001 + (n = 20)::integer, decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex'), '\x01'
FROM generate_series(1, 20) AS n;
INSERT INTO reentry.sighting (sighting_id, log_index, ordinal, source_id, kind, seen_at)
SELECT gen_random_uuid(), 900000000000 + n, 0, 900001, 1, now() FROM generate_series(1, 3) AS n;
INSERT INTO reentry.sighted_identifier VALUES (1, 'LSVAM4187C2184847', 900000000001, 0, true), (4, '闽C8K6L2', 900000000002, 0, true);

SET LOCAL ROLE custody_ingest;

-- ---- evidence

SELECT lives_ok($$INSERT INTO reentry.written VALUES (900000000003, 0, 0, 'LSVAM4187C2184947', '\x')$$, 'the daemon keeps what was written');
SELECT lives_ok($$INSERT INTO reentry.near_key VALUES ('a15UAM4181', 900000000003, 0, 0), ('bC2184947', 900000000003, 0, 0)$$, 'and under which keys');
SELECT lives_ok($$INSERT INTO reentry.banned_vin VALUES (900001, 'LSVAM4187C2184847') ON CONFLICT DO NOTHING$$, 'and which VINs are banned');
SELECT results_eq($$SELECT part, log_index, value FROM reentry.evidence('{900001}', '{900001,900001}', '{a15UAM4181,bC2184847}') ORDER BY part, value$$,
    $$VALUES (0::smallint, NULL::bigint, 'LSVAM4187C2184847'), (0::smallint, NULL, '闽C8K6L2'), (2::smallint, 900000000001, 'LSVAM4187C2184847'),
             (3::smallint, 900000000003, 'LSVAM4187C2184947')$$,
    'evidence is the item''s identifiers, sightings of those that prove it, and what was written near to them');
SELECT is_empty($$SELECT FROM reentry.evidence('{900002}', '{}', '{}')$$, 'of an item that nobody names there is none');
SELECT results_eq($$SELECT count(*)::integer FROM reentry.evidence('{900001}', '{900001,900001}', '{a15UAM4181,bC2184947}') WHERE part = 3$$, ARRAY[1],
    'what shares two keys comes once');
SELECT throws_ok($$INSERT INTO reentry.written VALUES (900000000003, 0, 1, 'LSVAM4187', '\x')$$, '23514', NULL, 'nine characters are no VIN');
SELECT throws_ok($$INSERT INTO reentry.progress (followed) VALUES (1)$$, '42501', NULL, 'the daemon makes no second mark of how far it followed');
SELECT lives_ok($$UPDATE reentry.progress SET followed = followed + 1$$, 'and moves the one that is there');

-- ---- floods: twelve flags by the sightings of one source, one by another's

INSERT INTO flag.flag (rule, rule_version, severity, subject, item_id, detail, event_at)
SELECT CASE n WHEN 13 THEN 'C03' ELSE 'E01' END, 1, 4, 'item:' || 900000 + n, 900000 + n, 'd', now() FROM generate_series(1, 14) AS n;
INSERT INTO flag.evidence (flag_id, log_index)
SELECT f.flag_id, CASE f.item_id WHEN 900014 THEN 900000000020 ELSE 900000000000 + f.item_id - 900000 END FROM flag.flag AS f
WHERE f.item_id BETWEEN 900001 AND 900014;
SELECT is(flag.fold_floods(10, 1, 3), 2::bigint, 'what is beyond the budget of its source is folded');
SELECT results_eq($$SELECT item_id FROM flag.flag WHERE folded_into IS NOT NULL ORDER BY 1$$, ARRAY[900011::bigint, 900012], 'the newest of them');
SELECT results_eq($$SELECT (rule, subject, key, state)::text FROM flag.flag WHERE rule = 'S06'$$,
    $$SELECT ('S06', 'source:900001', (now() AT TIME ZONE 'Asia/Shanghai')::date::text, 'new')::text$$, 'behind one flag about the source and the day');
SELECT is(flag.fold_floods(10, 1, 3), 0::bigint, 'once');
SELECT is((SELECT count(*)::integer FROM flag.action AS a JOIN flag.flag USING (flag_id) WHERE rule = 'S06'), 1, 'its raising leaves one trace');

INSERT INTO flag.flag (rule, rule_version, severity, subject, item_id, detail, event_at) VALUES ('E02', 1, 3, 'item:900015', 900015, 'd', now());
INSERT INTO flag.evidence (flag_id, log_index) SELECT flag_id, 900000000015 FROM flag.flag WHERE item_id = 900015;
SELECT is(flag.fold_floods(10, 1, 3), 1::bigint, 'one more of that day joins it');
SELECT is((SELECT count(DISTINCT folded_into)::integer FROM flag.flag WHERE folded_into IS NOT NULL), 1, 'the same one');
RESET ROLE;
SELECT is((SELECT count(*)::integer FROM report.flag_queue WHERE rule LIKE 'E%' AND subject ~ '^item:9000[0-9]{2}$'), 11,
    'the queue shows ten, and the other source''s');

SELECT * FROM finish();
ROLLBACK;
