-- firm.sql - a firm sees its own rows and nobody else's, whatever it asks and however it asks.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT no_plan();

-- Two firms, A and B, with the same kinds of rows each; and an item that went from A to B.
INSERT INTO registry.party (party_id, code, kind, name) OVERRIDING SYSTEM VALUE
VALUES (900001, 'FIRM-TEST-A', 1, 'A'), (900002, 'FIRM-TEST-B', 1, 'B'), (900003, 'FIRM TEST C', 1, 'C');
INSERT INTO registry.site (site_id, party_id, code, name, area, lon_e7, lat_e7) OVERRIDING SYSTEM VALUE
VALUES (900001, 900001, 'firm-test-a', 'A', '350504', 0, 0), (900002, 900002, 'firm-test-b', 'B', '350504', 0, 0);
INSERT INTO registry.vehicle (vehicle_id, party_id, plate) OVERRIDING SYSTEM VALUE VALUES (900001, 900001, '闽C00001'), (900002, 900002, '闽C00002');
INSERT INTO registry.permit (permit_id, party_id, kind, number, valid_from, valid_until) OVERRIDING SYSTEM VALUE
VALUES (900001, 900001, 'weee_treatment', '1', '2026-01-01', '2026-12-31'), (900002, 900002, 'weee_treatment', '1', '2026-01-01', '2026-12-31');
INSERT INTO registry.source (source_id, name, kind, area, party_id) OVERRIDING SYSTEM VALUE
VALUES (900001, 'firm-test-a', 'truck', '350504', 900001), (900002, 'firm-test-b', 'truck', '350504', 900002);
INSERT INTO registry.source_key (source_id, key_id, public_key)
SELECT id, '\x00000001', sha256(id::text::bytea) FROM (VALUES (900001), (900002)) AS v (id);
INSERT INTO ledger.record (log_index, type, received_at, source_id, leaf_hash)
VALUES (900000000001, 1, now(), 900001, sha256('a')), (900000000002, 1, now(), 900002, sha256('b')), (900000000003, 3, now(), NULL, sha256('c'));
INSERT INTO ledger.stream VALUES (900001, 1, 1, 1, '', now()), (900002, 1, 1, 1, '', now());
INSERT INTO ledger.dead_letter VALUES (900000000001, now(), 't', 900001, 1, 1, 1, 'd'), (900000000002, now(), 't', 900002, 1, 1, 1, 'd'),
    (900000000003, now(), 't', NULL, NULL, NULL, 3, 'd');
INSERT INTO ledger.erasure (log_index, commitment, erasure_index, request_id, reason, requested_by, approved_by)
SELECT 900000000000 + n, sha256('c'), 900000000010 + n, n, 'r', 'wang', 'li' FROM generate_series(1, 2) AS n;
INSERT INTO telemetry.fix (at, source_id, seq, epoch, lon_e7, lat_e7, datum) SELECT now(), id, 1, 1, 0, 0, 1 FROM (VALUES (900001), (900002)) AS v (id);
INSERT INTO telemetry.reading (at, source_id, seq, epoch, kind) SELECT now(), id, 1, 1, 3 FROM (VALUES (900001), (900002)) AS v (id);
-- 900001: A's. 900002: B's. 900003: was A's, is B's. 900004: nobody's. 900005: offered to A by B.
INSERT INTO custody.item (item_id, kind, holder_party_id, offered_party_id) OVERRIDING SYSTEM VALUE
VALUES (900001, 1, 900001, NULL), (900002, 1, 900002, NULL), (900003, 1, 900002, NULL), (900004, 1, NULL, NULL), (900005, 1, 900002, 900001);
INSERT INTO custody.identifier SELECT 8, 'TAG' || id, id, true FROM generate_series(900001, 900005) AS id;
INSERT INTO custody.event (item_id, event_at, log_index, ordinal, event_id, type, party_id, source_id, counterparty_id) VALUES
    (900001, now(), 900000000001, 0, gen_random_uuid(), 2, 900001, 900001, NULL),
    (900002, now(), 900000000002, 0, gen_random_uuid(), 2, 900002, 900002, NULL),
    (900003, now(), 900000000001, 1, gen_random_uuid(), 9, 900001, 900001, 900002),
    (900003, now(), 900000000002, 1, gen_random_uuid(), 12, 900002, 900002, NULL),
    (900005, now(), 900000000002, 2, gen_random_uuid(), 9, 900002, 900002, 900001);
-- 900001, 900002: of the firms' sites. 900003: watched. 900004: an area, with a right for all and one for each firm's truck.
INSERT INTO registry.fence (fence_id, code, kind, site_id, name, geometry, source, valid_from, valid_until) OVERRIDING SYSTEM VALUE
SELECT id, 'firm-test-' || id, kind, site_id, 'f', '{}', 's', '2026-01-01', '2026-12-31'
FROM (VALUES (900001, 'site', 900001), (900002, 'site', 900002), (900003, 'watched', NULL), (900004, 'area', NULL)) AS v (id, kind, site_id);
INSERT INTO registry.road_right (right_id, number, fence_id, vehicle_id, weekdays, from_minute, until_minute, source, valid_from, valid_until) OVERRIDING SYSTEM VALUE
SELECT id, 'firm-test-' || id, 900004, vehicle_id, 127, 0, 1440, 's', '2026-01-01', '2026-12-31'
FROM (VALUES (900001, 900001), (900002, 900002), (900003, NULL)) AS v (id, vehicle_id);
INSERT INTO route.trip (vehicle_id, number, started_at, distance_m, fix_count, most_load_g, entry_at, entry)
VALUES (900001, 1, now(), 0, 0, 0, now(), 'e'), (900002, 1, now(), 0, 0, 0, now(), 'e');
INSERT INTO custody.clock SELECT id, 2, now(), now(), NULL, now() FROM generate_series(900001, 900005) AS id;
INSERT INTO reentry.sighting (sighting_id, log_index, ordinal, source_id, kind, seen_at)
VALUES (gen_random_uuid(), 900000000001, 0, 900001, 1, now()), (gen_random_uuid(), 900000000002, 0, 900002, 1, now());
INSERT INTO reentry.sighted_identifier VALUES (8, 'TAG900001', 900000000001, 0, false), (8, 'TAG900001', 900000000002, 0, false);
-- 1: A's device. 2: B's device. 3: a step missing on A's item. 4: A's item was seen for sale. 5: a step missing on B's item.
INSERT INTO flag.flag (flag_id, rule, rule_version, severity, subject, item_id, source_id, detail, event_at) OVERRIDING SYSTEM VALUE VALUES
    (900001, 'S01', 1, 2, 'source:900001', NULL, 900001, 'd', now()), (900002, 'S01', 1, 2, 'source:900002', NULL, 900002, 'd', now()),
    (900003, 'C03', 1, 3, 'item:900001', 900001, NULL, 'd', now()), (900004, 'E01', 1, 4, 'item:900001', 900001, NULL, 'd', now()),
    (900005, 'C03', 1, 3, 'item:900002', 900002, NULL, 'd', now());
INSERT INTO flag.evidence (flag_id, log_index) SELECT id, 900000000001 FROM generate_series(900001, 900005) AS id;
INSERT INTO flag.credit (flag_id, party_id, points, points_id, log_index) VALUES (900001, 900001, 1, 1, 900000000001), (900002, 900002, 1, 1, 900000000002);
INSERT INTO flag.action (flag_id, to_state, actor) SELECT id, 'new', 'custodyd' FROM generate_series(900001, 900005) AS id;

SELECT is(registry.create_firm_role('FIRM-TEST-A'), 'custody_firm_firm-test-a', 'a firm gets a role of its own');
SELECT lives_ok('SELECT registry.create_firm_role(''FIRM-TEST-B'')', 'and another one another');
SELECT throws_ok('SELECT registry.create_firm_role(''FIRM-TEST-A'')', '23505', NULL, 'no firm gets two');
SELECT throws_ok('SELECT registry.create_firm_role(''NOBODY'')', '23503', NULL, 'nobody who is not registered gets one');
SELECT throws_ok('SELECT registry.create_firm_role(''FIRM TEST C'')', '22023', NULL, 'nobody whose code is no name gets one');
SELECT is((SELECT rolcanlogin FROM pg_roles WHERE rolname = 'custody_firm_firm-test-a'), false, 'it does not log in by itself');

-- What A sees of each table: ids only, so that one foreign row more shows.
CREATE TEMP TABLE sees (number serial, query text, mine text);
INSERT INTO sees (query, mine) VALUES
    ('SELECT party_id FROM registry.party', '900001'),
    ('SELECT site_id FROM registry.site', '900001'),
    ('SELECT permit_id FROM registry.permit', '900001'),
    ('SELECT vehicle_id FROM registry.vehicle', '900001'),
    ('SELECT source_id FROM registry.source', '900001'),
    ('SELECT source_id FROM registry.source_key', '900001'),
    ('SELECT party_id FROM registry.firm_role', '900001'),
    ('SELECT fence_id FROM registry.fence', (SELECT fence_id FROM registry.fence WHERE kind = 'district') || ',900001,900004'),
    ('SELECT right_id FROM registry.road_right', '900001,900003'),
    ('SELECT vehicle_id FROM route.trip', '900001'),
    ('SELECT log_index FROM ledger.record', '900000000001'),
    ('SELECT source_id FROM ledger.stream', '900001'),
    ('SELECT log_index FROM ledger.dead_letter', '900000000001'),
    ('SELECT log_index FROM ledger.erasure', '900000000001'),
    ('SELECT source_id FROM telemetry.fix', '900001'),
    ('SELECT source_id FROM telemetry.reading', '900001'),
    ('SELECT item_id FROM custody.item', '900001,900003,900005'),
    ('SELECT item_id FROM custody.identifier', '900001,900003,900005'),
    ('SELECT item_id FROM custody.clock', '900001,900003,900005'),
    ('SELECT item_id FROM custody.event', '900001,900003,900005'),
    ('SELECT log_index FROM reentry.sighting', '900000000001'),
    ('SELECT log_index FROM reentry.sighted_identifier', '900000000001'),
    ('SELECT flag_id FROM flag.flag', '900001,900003'),
    ('SELECT flag_id FROM flag.evidence', '900001,900003'),
    ('SELECT flag_id FROM flag.credit', '900001'),
    ('SELECT item_id FROM report.item', '900001,900003,900005'),
    ('SELECT item_id FROM report.custody_timeline', '900001,900003,900005'),
    ('SELECT flag_id FROM report.flag_queue', '900001,900003'),
    ('SELECT source_id FROM report.source_progress', '900001');
GRANT SELECT ON sees TO PUBLIC;
CREATE FUNCTION pg_temp.answer(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    EXECUTE format('SELECT string_agg(id::text, '','' ORDER BY id) FROM (%s) AS q (id)', query) INTO answer;
    RETURN answer;
END $$;
GRANT EXECUTE ON FUNCTION pg_temp.answer(text) TO PUBLIC;

SELECT set_eq($$SELECT c.oid::regclass::text FROM pg_class AS c WHERE c.relrowsecurity AND has_any_column_privilege('custody_firm', c.oid, 'SELECT')$$,
              $$SELECT regexp_replace(query, '.* ', '') FROM sees WHERE query !~ ' report\.'$$, 'every table that a firm may ask is asked here');

SET LOCAL ROLE "custody_firm_firm-test-a";
SELECT is(pg_temp.answer(query), mine, 'firm A sees its own only: ' || query) FROM sees ORDER BY number;
SELECT throws_ok('SELECT FROM flag.action', '42501', NULL, 'a firm does not see who worked on a flag');
SELECT throws_ok('SELECT FROM ledger.ingest_key', '42501', NULL, 'a firm does not see the keys of envelopes');
SELECT throws_ok('SELECT FROM telemetry.fix_default', '42501', NULL, 'a firm does not see past the policies by way of a partition');
SELECT throws_ok('INSERT INTO registry.firm_role VALUES (current_user, 900002)', '42501', NULL, 'a firm does not become another in the table');
SELECT throws_ok('UPDATE registry.firm_role SET party_id = 900002', '42501', NULL, 'nor by changing its row');
SELECT throws_ok('UPDATE custody.item SET ban = 0, banned_at = NULL', '42501', NULL, 'a firm lifts no ban');
SELECT is(registry.own_party(), 900001::bigint, 'a firm is who its role is');
SET LOCAL custody.party_id = '900002';
SELECT is(pg_temp.answer('SELECT item_id FROM custody.item'), '900001,900003,900005', 'a setting makes no other firm of it');
RESET ROLE;

SET LOCAL ROLE "custody_firm_firm-test-b";
SELECT is(pg_temp.answer('SELECT item_id FROM custody.item'), '900002,900003,900005', 'firm B sees its own only');
SELECT is(pg_temp.answer('SELECT flag_id FROM flag.flag'), '900002,900005', 'firm B sees its own flags only');
RESET ROLE;

SET LOCAL ROLE custody_firm;
SELECT is(pg_temp.answer('SELECT item_id FROM custody.item'), NULL, 'the group of all firms is no firm and sees nothing');
SELECT is(pg_temp.answer('SELECT source_id FROM telemetry.fix'), NULL, 'nor where anybody is');
RESET ROLE;

SET LOCAL ROLE custody_police;
SELECT ok(pg_temp.answer('SELECT item_id FROM custody.item') LIKE '%900001,900002,900003,900004,900005%', 'the police see every firm''s items');
SELECT ok(pg_temp.answer('SELECT flag_id FROM flag.flag') LIKE '%900004%', 'the police see what was seen for sale');
RESET ROLE;

-- The console takes the firm's role on, and has nothing of it without doing so.
SELECT ok(pg_has_role('custody_console', 'custody_firm_firm-test-a', 'MEMBER'), 'the console may take on a firm''s role');
SELECT ok(NOT pg_has_role('custody_console', 'custody_firm_firm-test-a', 'USAGE'), 'and has no rights of it before');

SELECT * FROM finish();
ROLLBACK;
