-- partitions.sql - telemetry.ensure_days makes Asia/Shanghai days ahead of need and loses no row on the way.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT plan(19);

-- A day that nobody made before, and rows at its edges: 2032-03-01 in Shanghai is 2032-02-29 16:00 to 2032-03-01 16:00 UTC.
INSERT INTO telemetry.fix (at, source_id, seq, epoch, lon_e7, lat_e7, datum) VALUES
    ('2032-02-29 15:59:59.999999+00', 900001, 1, 1, 0, 0, 1),
    ('2032-02-29 16:00:00+00', 900001, 2, 1, 0, 0, 1),
    ('2032-03-01 15:59:59.999999+00', 900001, 3, 1, 0, 0, 1),
    ('2032-03-01 16:00:00+00', 900001, 4, 1, 0, 0, 1);
INSERT INTO telemetry.reading (at, source_id, seq, epoch, kind, door_open) VALUES ('2032-03-01 00:00:00+00', 900001, 5, 1, 3, true);
SELECT is((SELECT count(*)::integer FROM telemetry.fix_default WHERE source_id = 900001), 4, 'rows of a day without partition wait in the default partition');

SET LOCAL ROLE custody_ingest;
SELECT is(telemetry.ensure_days('2032-03-01', '2032-03-01'), 2, 'the daemon makes a partition of each table for a day');
SELECT is(telemetry.ensure_days('2032-03-01', '2032-03-01'), 0, 'a day that is there is not made again');
SELECT is(telemetry.ensure_days('2032-02-29', '2032-03-02'), 4, 'only the days that are missing are made');
SELECT is(telemetry.ensure_days('2032-03-02', '2032-03-01'), 0, 'no days: none are made');
RESET ROLE;

SELECT results_eq('SELECT seq FROM telemetry.fix_20320301 ORDER BY seq', ARRAY[2, 3]::bigint[], 'a partition is an Asia/Shanghai day, its first microsecond included, its last too');
SELECT results_eq('SELECT seq FROM telemetry.fix_20320229', ARRAY[1]::bigint[], 'the microsecond before belongs to the day before');
SELECT results_eq('SELECT seq FROM telemetry.fix_20320302', ARRAY[4]::bigint[], 'midnight belongs to the day after');
SELECT results_eq('SELECT seq FROM telemetry.reading_20320301', ARRAY[5]::bigint[], 'readings move as fixes do');
SELECT is_empty('SELECT FROM telemetry.fix_default WHERE source_id = 900001', 'what moved is not in the default partition any more');
SELECT results_eq('SELECT seq FROM telemetry.fix WHERE source_id = 900001 ORDER BY seq', ARRAY[1, 2, 3, 4]::bigint[], 'no row is lost or doubled by moving');
SELECT throws_ok('DELETE FROM telemetry.fix_default', '55000', NULL, 'the default partition is append-only again after rows were moved');
SELECT throws_ok('DELETE FROM telemetry.fix_20320301', '55000', NULL, 'a new partition is append-only');

SELECT throws_ok($$SELECT telemetry.ensure_days('2040-01-01', '2041-02-04')$$, '22023', NULL, '401 days at once are refused');
SELECT lives_ok($$SELECT telemetry.ensure_days('2040-01-01', '2040-01-03')$$, 'a few are made');
SET LOCAL TimeZone = 'America/New_York';
SET LOCAL DateStyle = 'SQL, DMY';
SELECT lives_ok($$SELECT telemetry.ensure_days('2033-04-02'::date, '2033-04-02'::date)$$, 'the settings of the session do not matter ...');
SET LOCAL TimeZone = 'UTC';
SET LOCAL DateStyle = 'ISO';
SELECT is(pg_get_expr(relpartbound, oid), $$FOR VALUES FROM ('2033-04-01 16:00:00+00') TO ('2033-04-02 16:00:00+00')$$, '... and the day is the one asked for')
FROM pg_class WHERE oid = 'telemetry.fix_20330402'::regclass;
SELECT is_empty($$SELECT c.oid::regclass, acl.grantee::regrole FROM pg_class AS c, aclexplode(c.relacl) AS acl
                  WHERE c.relispartition AND acl.grantee <> c.relowner$$,
    'nobody but the owner has a right on a partition: by its own name it would answer without policies');
SELECT throws_ok('SET LOCAL ROLE custody_police; SELECT telemetry.ensure_days(''2032-03-01'', ''2032-03-01'')', '42501', NULL, 'a viewer makes no partitions');

SELECT * FROM finish();
ROLLBACK;
