-- operator.sql - what people and programs change beside the envelopes is a leaf: which one, of whom, in the same transaction, appended last.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT no_plan();

-- The leaves that this test caused, oldest first; appends what is due first, as COMMIT does.
CREATE TEMP TABLE begun AS SELECT size FROM ledger.head;
CREATE FUNCTION pg_temp.leaves() RETURNS TABLE (log_index bigint, type smallint, action text, actor text, data jsonb) LANGUAGE plpgsql AS $$
BEGIN
    SET CONSTRAINTS ALL IMMEDIATE;
    SET CONSTRAINTS ALL DEFERRED;
    RETURN QUERY SELECT r.log_index, r.type::smallint, j ->> 'action', j ->> 'actor', j -> 'data'
    FROM ledger.record AS r, LATERAL (SELECT convert_from(r.record, 'UTF8')::jsonb) AS d (j), begun
    WHERE r.log_index >= begun.size ORDER BY r.log_index;
END $$;
CREATE FUNCTION pg_temp.last() RETURNS TABLE (type smallint, action text, actor text, data jsonb) LANGUAGE sql AS
    'SELECT type, action, actor, data FROM pg_temp.leaves() ORDER BY log_index DESC LIMIT 1';

-- ---- the schema

SELECT set_eq($$SELECT j -> 'data' ->> 'name', decode(j -> 'data' ->> 'sha256', 'hex') FROM ledger.record,
    LATERAL (SELECT convert_from(record, 'UTF8')::jsonb) AS d (j) WHERE type = 7 AND j ->> 'action' = 'schema changed'$$,
    'SELECT name, sha256 FROM migration.applied', 'every file that ran is a leaf');
SELECT is_empty('SELECT FROM ledger.pending_leaf', 'nothing waits');
INSERT INTO migration.applied (name, sha256) VALUES ('functions/other.sql', sha256('other'));
SELECT results_eq('SELECT type, action, data FROM pg_temp.last()', format($$VALUES (7::smallint, 'schema changed',
    '{"name": "functions/other.sql", "sha256": "%s"}'::jsonb)$$, encode(sha256('other'), 'hex')), 'and so is one that runs again');

-- ---- the registry

SELECT is_empty($$SELECT oid::regclass FROM pg_class WHERE relnamespace = 'registry'::regnamespace AND relkind = 'r'
    AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = pg_class.oid AND tgname = 'recorded' AND tgenabled = 'O')$$,
    'every table of the registry makes leaves');

INSERT INTO registry.area VALUES ('999999', '试验', 'test');
SELECT results_eq('SELECT type, action, actor, data FROM pg_temp.last()', format($$VALUES (2::smallint, 'area registered', %L,
    '{"code": "999999", "name_zh": "试验", "name_en": "test"}'::jsonb)$$, session_user), 'an area');
INSERT INTO registry.party (party_id, code, kind, name) OVERRIDING SYSTEM VALUE VALUES (900001, 'OPERATOR-TEST', 1, E'A "firm"\nof two lines');
SELECT is(data ->> 'name', E'A "firm"\nof two lines', 'a party, whatever its name') FROM pg_temp.last();
SELECT is_empty($$SELECT FROM ledger.record WHERE type IN (2, 4, 7) AND position('\x0a'::bytea IN record) > 0$$, 'a record is one line');
SELECT ok(convert_from(record, 'UTF8') LIKE '{"format" : "custody-operator/v1", "action" : %', 'that says its format first')
FROM ledger.record ORDER BY log_index DESC LIMIT 1;
INSERT INTO registry.site (site_id, party_id, code, name, area, lon_e7, lat_e7) OVERRIDING SYSTEM VALUE VALUES (900001, 900001, 'operator-test', 'A', '350504', 0, 0);
SELECT is(action, 'site registered', 'a site') FROM pg_temp.last();
INSERT INTO registry.vehicle (party_id, plate) VALUES (900001, '闽C00001');
SELECT is(action, 'vehicle registered', 'a vehicle') FROM pg_temp.last();
INSERT INTO registry.permit (party_id, kind, number, valid_from, valid_until) VALUES (900001, 'weee_treatment', '1', '2026-01-01', '2026-12-31');
SELECT is(action, 'permit registered', 'a permit') FROM pg_temp.last();
INSERT INTO registry.firm_role VALUES ('custody_firm_operator_test', 900001);
SELECT is(action, 'firm role registered', 'a firm''s role') FROM pg_temp.last();
INSERT INTO registry.source (source_id, name, kind, area, party_id) OVERRIDING SYSTEM VALUE VALUES (900001, 'operator-test', 'truck', '350504', 900001);
SELECT is(action, 'source registered', 'a source') FROM pg_temp.last();

UPDATE registry.source SET enabled = false, site_id = 900001 WHERE source_id = 900001;
SELECT is(action || ' ' || (data -> 'was')::text, 'source changed {"enabled": true, "site_id": null}', 'a change says what was before') FROM pg_temp.last();
SELECT is(data ->> 'enabled', 'false', 'and what is now') FROM pg_temp.last();
CREATE TEMP TABLE counted AS SELECT count(*) AS n FROM pg_temp.leaves();
UPDATE registry.source SET enabled = false WHERE source_id = 900001;
UPDATE registry.party SET name = 'B' WHERE code = 'nobody';
SELECT is(count(*), (SELECT n FROM counted), 'what changes nothing makes no leaf') FROM pg_temp.leaves();
DELETE FROM registry.firm_role WHERE role_name = 'custody_firm_operator_test';
SELECT is(action || ' ' || (data ->> 'role_name'), 'firm role removed custody_firm_operator_test', 'what an owner removes is said, too') FROM pg_temp.last();

-- ---- keys

INSERT INTO registry.source_key (source_id, key_id, public_key) VALUES (900001, '\x0a0b0c0d', sha256('key'));
SELECT results_eq('SELECT type, action, data FROM pg_temp.last()', format($$VALUES (4::smallint, 'key registered',
    '{"source": "operator-test", "key_id": "0a0b0c0d", "public_key": "%s"}'::jsonb)$$, encode(sha256('key'), 'base64')), 'a key is a leaf of type 4');
UPDATE registry.source_key SET revoked_at = '2126-01-01 08:00:00+08' WHERE source_id = 900001;
SELECT results_eq('SELECT type, action, data - ''public_key'' FROM pg_temp.last()', $$VALUES (4::smallint, 'key revoked',
    '{"source": "operator-test", "key_id": "0a0b0c0d", "revoked_at": "2126-01-01T00:00:00+00:00"}'::jsonb)$$, 'and so is its end');
UPDATE registry.source_key SET revoked_at = '2127-01-01 08:00:00+08' WHERE source_id = 900001;
SELECT is(action, 'key changed', 'another end is not a second revocation') FROM pg_temp.last();
UPDATE registry.source_key SET revoked_at = NULL WHERE source_id = 900001;
SELECT is(action, 'key changed', 'a key that the owner puts back in force shows') FROM pg_temp.last();
DELETE FROM registry.source_key WHERE source_id = 900001;
SELECT is(action || ' ' || (data ->> 'key_id'), 'key removed 0a0b0c0d', 'and one that it removes') FROM pg_temp.last();

-- ---- at the end of the transaction, together, in order

CREATE TEMP TABLE head_before AS SELECT size FROM ledger.head;
INSERT INTO registry.source (name, kind, area, party_id) SELECT 'operator-test-' || i, 'truck', '350504', 900001 FROM generate_series(1, 600) AS i;
SELECT is(h.size, b.size, 'before the end the head is as it was') FROM ledger.head AS h, head_before AS b;
SAVEPOINT undone;
INSERT INTO registry.area VALUES ('999998', '撤销', 'undone');
ROLLBACK TO undone;
SELECT results_eq($$SELECT data ->> 'name' FROM pg_temp.leaves(), head_before WHERE log_index >= size ORDER BY log_index$$,
    $$SELECT 'operator-test-' || i FROM generate_series(1, 600) AS i$$, 'then all are leaves, in their order, and what was undone is none');
SELECT is_empty('SELECT FROM ledger.pending_leaf', 'and nothing is left over');

-- ---- who

CREATE ROLE operator_test_wang LOGIN IN ROLE custody_registrar;
GRANT operator_test_wang TO custody_console;
GRANT SELECT ON begun TO PUBLIC;
SET LOCAL SESSION AUTHORIZATION operator_test_wang;
INSERT INTO registry.area VALUES ('999901', '一', 'one');
SET LOCAL ROLE custody_registrar;
INSERT INTO registry.area VALUES ('999902', '二', 'two');
SELECT throws_ok($$SELECT ledger.operator_record('x', '{}')$$, '42501', NULL, 'nobody makes records by hand');
SELECT throws_ok($$INSERT INTO ledger.pending_leaf (leaf_type, record) VALUES (2, 'x')$$, '42501', NULL, 'nor leaves');
SELECT throws_ok($$SELECT ledger.append_all('{2}', '{x}')$$, '42501', NULL, 'at all');
SET LOCAL SESSION AUTHORIZATION custody_console;
SELECT throws_ok($$INSERT INTO registry.area VALUES ('999903', '三', 'three')$$, '42501', NULL, 'the console by itself changes nothing');
SET LOCAL ROLE operator_test_wang;
INSERT INTO registry.area VALUES ('999904', '四', 'four');
RESET SESSION AUTHORIZATION;
RESET ROLE;
SELECT results_eq($$SELECT data ->> 'name_en', actor FROM pg_temp.leaves() WHERE data ->> 'code' LIKE '99990%' ORDER BY log_index$$,
    $$VALUES ('one', 'operator_test_wang'), ('two', 'operator_test_wang'), ('four', 'operator_test_wang')$$,
    'the actor is the person, not the role taken on, nor the console between');

SELECT * FROM finish();
ROLLBACK;
