-- retention.sql - how long what was said is kept at least; nothing is erased before that by oversight.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT no_plan();

CREATE ROLE retention_wang LOGIN IN ROLE custody_police;
INSERT INTO custody.item (item_id, kind) OVERRIDING SYSTEM VALUE VALUES (900001, 1), (900002, 12);

-- ---- the longest term that concerns it

CREATE FUNCTION pg_temp.until(what text, kind integer, type integer) RETURNS date LANGUAGE sql
    RETURN custody.retained_until(what, kind::smallint, type::smallint, '2026-02-28 23:30+08');
SELECT is(pg_temp.until('record', 1, 2), '2036-02-28', 'a report of a pickup is kept for ten years from its day');
SELECT is(pg_temp.until('video', 1, 2), '2027-02-28', 'and a video that it names for one');
SELECT is(custody.retained_until('record', 1::smallint, 2::smallint, '2024-02-29 10:00+08'), '2034-02-28', 'a day that a later year does not have ends with its month');
SELECT is(custody.retained_until('record', 1::smallint, 2::smallint, '2026-02-28 16:30+00'), '2036-03-01', 'days are those of Asia/Shanghai');
DELETE FROM registry.retention WHERE subject = 'custody';
SELECT is(pg_temp.until('record', 1, 2), '2028-02-28', 'without the district''s term: who sold it, for two');
SELECT is(pg_temp.until('record', 12, 2), '2029-02-28', 'an appliance for three');
SELECT is(pg_temp.until('record', 11, 2), '2036-02-28', 'a catalyst for ten');
SELECT is(pg_temp.until('record', 1, 3), NULL, 'the rest has no term');
INSERT INTO registry.retention VALUES ('custody', 'record', 10, NULL, NULL, 'policy', 's', 'm');

-- ---- erasure

CREATE TEMP TABLE kept AS SELECT n, ledger.append(2, convert_to('said ' || n, 'UTF8')) AS log_index FROM generate_series(1, 4) AS n;
GRANT ALL ON kept TO PUBLIC;
INSERT INTO custody.event (item_id, event_at, log_index, ordinal, event_id, type, party_id, source_id)
    SELECT item, now() - age, log_index, ordinal, gen_random_uuid(), 3, 1, 1
    FROM kept JOIN (VALUES (1, 900001, 0, interval '1 day'), (2, 900001, 0, '11 years'), (3, 900001, 0, '11 years'), (3, 900002, 1, '9 years'))
        AS v (n, item, ordinal, age) USING (n);
SET LOCAL SESSION AUTHORIZATION retention_wang;
SELECT throws_like(format('SELECT ledger.request_erasure(%s, ''why'')', log_index), format('record %s: it is to be kept 保存期限 until 20__-__-__', log_index),
    'what was said yesterday is not erased by oversight') FROM kept WHERE n = 1;
SELECT throws_like(format('SELECT ledger.request_erasure(%s, ''why'')', log_index), '%is to be kept%', 'nor what has one event that is to be kept') FROM kept WHERE n = 3;
SELECT lives_ok(format('SELECT ledger.request_erasure(%s, ''why'')', log_index), 'what is older than its term may go') FROM kept WHERE n = 2;
SELECT lives_ok(format('SELECT ledger.request_erasure(%s, ''why'')', log_index), 'and what says nothing of an item') FROM kept WHERE n = 4;
SELECT lives_ok(format('SELECT ledger.request_erasure(%s, ''order 7'', true)', log_index), 'before its term when that is known') FROM kept WHERE n = 1;
RESET SESSION AUTHORIZATION;
SELECT results_eq($$SELECT convert_from(r.record, 'UTF8')::jsonb -> 'data' ? 'retained_until' FROM ledger.erasure_request AS q
    JOIN kept USING (log_index) JOIN ledger.record AS r ON r.log_index = q.request_index ORDER BY n$$, 'VALUES (true), (false), (false)',
    'and the leaf of the request says so');

SELECT * FROM finish();
ROLLBACK;
