-- erasure.sql - the bytes of a record go by two people and one leaf, and by nothing else; the log verifies as before.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT no_plan();

CREATE ROLE erasure_wang LOGIN IN ROLE custody_police;
CREATE ROLE erasure_li LOGIN IN ROLE custody_approver;
CREATE ROLE erasure_both LOGIN IN ROLE custody_registrar, custody_approver;
CREATE ROLE erasure_zhao LOGIN IN ROLE custody_commerce;
GRANT erasure_both TO custody_console;

CREATE FUNCTION pg_temp.leaf(type smallint, received_at timestamptz, commitment bytea) RETURNS bytea LANGUAGE sql AS $$
    SELECT sha256('\x00'::bytea || convert_to(E'custody-leaf/v1\n', 'UTF8') || set_byte('\x00', 0, type)
        || int8send((extract(epoch FROM received_at) * 1000000)::bigint) || commitment)
$$;
CREATE FUNCTION pg_temp.commitment(salt bytea, record bytea) RETURNS bytea LANGUAGE sql AS
    $$SELECT sha256(convert_to(E'custody-commit/v1\n', 'UTF8') || salt || record)$$;

-- Four records to erase, by their index.
CREATE TEMP TABLE erasable AS SELECT n, ledger.append(2, convert_to('personal ' || n, 'UTF8')) AS log_index FROM generate_series(1, 4) AS n;
CREATE TEMP TABLE before AS SELECT r.* FROM ledger.record AS r;
CREATE TEMP TABLE requests (n integer, id bigint);
CREATE TEMP TABLE erased (n integer, leaf bigint);
GRANT ALL ON erasable, before, requests, erased TO PUBLIC;

-- ---- who may not

SET LOCAL SESSION AUTHORIZATION erasure_li;
SELECT throws_ok('SELECT ledger.request_erasure(0, ''why'')', '42501', NULL, 'an approver does not ask');
SET LOCAL SESSION AUTHORIZATION erasure_zhao;
SELECT throws_ok('SELECT ledger.request_erasure(0, ''why'')', '42501', NULL, 'the commerce bureau neither asks');
SELECT throws_ok('SELECT ledger.approve_erasure(1)', '42501', NULL, 'nor approves');
SET LOCAL SESSION AUTHORIZATION erasure_wang;
SELECT throws_ok('SELECT ledger.approve_erasure(1)', '42501', NULL, 'the police do not approve');

-- ---- asking

SELECT throws_ok($$SELECT ledger.request_erasure(900000000001, 'why')$$, 'P0002', 'record 900000000001: there is none', 'of what is not there nothing is erased');
SELECT throws_ok($$SELECT ledger.request_erasure(-1, 'why')$$, 'P0002', NULL, 'nor of a negative index');
SELECT throws_ok($$SELECT ledger.request_erasure(NULL, 'why')$$, 'P0002', NULL, 'nor of none');
SELECT throws_ok($$SELECT ledger.request_erasure(0, 'why')$$, '55000', 'record 0: leaves of type 7 stay', 'what the log is verified with stays');
SELECT throws_ok(format('SELECT ledger.request_erasure(%s, %L)', log_index, why), '23514', NULL, 'a reason is needed') FROM erasable, (VALUES (' '), (NULL)) AS v (why) WHERE n = 1;
INSERT INTO requests SELECT n, ledger.request_erasure(log_index, 'PIPL art 47') FROM erasable WHERE n <= 2;
SELECT throws_ok(format('SELECT ledger.request_erasure(%s, ''again'')', log_index), '23505', NULL, 'what is asked for is not asked for twice') FROM erasable WHERE n = 1;
RESET SESSION AUTHORIZATION;
SELECT results_eq($$SELECT q.log_index, q.reason, q.requested_by, convert_from(r.record, 'UTF8')::jsonb ->> 'action' FROM ledger.erasure_request AS q
    JOIN ledger.record AS r ON r.log_index = q.request_index ORDER BY q.log_index$$,
    $$SELECT log_index, 'PIPL art 47', 'erasure_wang', 'erasure requested' FROM erasable WHERE n <= 2 ORDER BY 1$$, 'a request is a row and a leaf');
SELECT is_empty('SELECT FROM ledger.record JOIN erasable USING (log_index) WHERE record IS NULL', 'and erases nothing');

-- ---- the same person twice

SET LOCAL SESSION AUTHORIZATION erasure_both;
INSERT INTO requests SELECT n, ledger.request_erasure(log_index, 'order 7') FROM erasable WHERE n = 3;
SELECT throws_ok(format('SELECT ledger.approve_erasure(%s)', id), '55000', format('request %s: erasure_both asked for it and cannot approve it', id),
    'who asked does not approve') FROM requests WHERE n = 3;
SET LOCAL ROLE custody_approver;
SELECT throws_ok(format('SELECT ledger.approve_erasure(%s)', id), '55000', NULL, 'nor under another role') FROM requests WHERE n = 3;
SET LOCAL SESSION AUTHORIZATION custody_console;
SET LOCAL ROLE erasure_both;
SELECT throws_ok(format('SELECT ledger.approve_erasure(%s)', id), '55000', NULL, 'nor through the console') FROM requests WHERE n = 3;

-- ---- approving

SET LOCAL SESSION AUTHORIZATION erasure_li;
SELECT throws_ok('SELECT ledger.approve_erasure(0)', 'P0002', 'request 0: there is none', 'what nobody asked for is not approved');
INSERT INTO erased SELECT n, ledger.approve_erasure(id) AS leaf FROM requests WHERE n = 1;
SELECT throws_ok(format('SELECT ledger.approve_erasure(%s)', id), '55000', NULL, 'nothing is erased twice') FROM requests WHERE n = 1;
RESET SESSION AUTHORIZATION;
SELECT results_eq('SELECT r.salt, r.record, r.leaf_hash, r.received_at, r.type FROM ledger.record AS r JOIN erasable USING (log_index) WHERE n = 1',
    'SELECT NULL::ledger.digest, NULL::bytea, b.leaf_hash, b.received_at, b.type FROM before AS b JOIN erasable USING (log_index) WHERE n = 1',
    'salt and bytes are gone, all else stays');
SELECT is(e.commitment, pg_temp.commitment(b.salt, b.record), 'the commitment is kept')
FROM ledger.erasure AS e JOIN before AS b USING (log_index) JOIN erasable USING (log_index) WHERE n = 1;
SELECT is(pg_temp.leaf(r.type, r.received_at, e.commitment), r.leaf_hash::bytea, 'and gives the leaf') FROM ledger.erasure AS e JOIN ledger.record AS r USING (log_index);
SELECT results_eq($$SELECT r.type::smallint, e.requested_by, e.approved_by, e.reason, d.data ->> 'commitment', (d.data ->> 'log_index')::bigint, d.actor
    FROM ledger.erasure AS e JOIN ledger.record AS r ON r.log_index = e.erasure_index,
    LATERAL (SELECT convert_from(r.record, 'UTF8')::jsonb -> 'data', convert_from(r.record, 'UTF8')::jsonb ->> 'actor') AS d (data, actor)$$,
    $$SELECT 5::smallint, 'erasure_wang', 'erasure_li', 'PIPL art 47', encode(pg_temp.commitment(b.salt, b.record), 'hex'), b.log_index, 'erasure_li'
      FROM before AS b JOIN erasable USING (log_index) WHERE n = 1$$, 'a leaf of type 5 says what, who and why');
SELECT is(e.erasure_index, l.leaf, 'the leaf is the one that came back') FROM ledger.erasure AS e, erased AS l;
SELECT is_empty('SELECT b.log_index FROM before AS b JOIN ledger.record AS r USING (log_index) WHERE r IS DISTINCT FROM b.*
    AND b.log_index NOT IN (SELECT log_index FROM erasable WHERE n = 1)', 'no other record changed');
SELECT throws_ok(format('SELECT ledger.request_erasure(%s, ''again'')', log_index), '55000', NULL, 'what was erased is not asked for again')
FROM erasable WHERE n = 1;

-- ---- past the functions, as the owner of the tables and as a superuser

CREATE FUNCTION pg_temp.refused(what text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    statement text;
BEGIN
    FOREACH statement IN ARRAY ARRAY[
        'UPDATE ledger.record SET salt = NULL, record = NULL WHERE log_index = %s',
        'UPDATE ledger.record SET record = NULL WHERE log_index = %s',
        'UPDATE ledger.record SET salt = NULL WHERE log_index = %s',
        'UPDATE ledger.record SET record = ''other'' WHERE log_index = %s',
        'UPDATE ledger.record SET received_at = now() WHERE log_index = %s',
        'UPDATE ledger.record SET leaf_hash = sha256(''x'') WHERE log_index = %s',
        'UPDATE ledger.record SET log_index = 900000000007 WHERE log_index = %s',
        'UPDATE ledger.record SET source_id = 1 WHERE log_index = %s',
        'UPDATE ledger.record SET salt = salt WHERE log_index = %s',
        'DELETE FROM ledger.record WHERE log_index = %s'] LOOP
        RETURN NEXT throws_ok(format(statement, e.log_index), '55000', NULL, format(what || ': ' || statement, 'record ' || e.n))
        FROM erasable AS e WHERE e.n = 1;
        RETURN NEXT throws_ok(format(statement, e.log_index), '55000', NULL, format(what || ': ' || statement, 'record ' || e.n))
        FROM erasable AS e WHERE e.n = 2;
    END LOOP;
END $$;
SELECT pg_temp.refused('a superuser cannot');
SET LOCAL ROLE custody_owner;
SELECT pg_temp.refused('the owner cannot');
RESET ROLE;

-- A row of ledger.erasure alone opens nothing: it takes the leaf, of this record and with its commitment.
INSERT INTO ledger.erasure (log_index, commitment, erasure_index, request_id, reason, requested_by, approved_by)
SELECT b.log_index, pg_temp.commitment(b.salt, b.record), l.leaf + 900000, 900001, 'forged', 'a', 'b' FROM before AS b JOIN erasable AS e USING (log_index), erased AS l WHERE e.n = 4;
SELECT throws_ok(format('UPDATE ledger.record SET salt = NULL, record = NULL WHERE log_index = %s', log_index), '55000', NULL, 'without a leaf nothing is erased')
FROM erasable WHERE n = 4;
SELECT throws_ok($$INSERT INTO ledger.erasure (log_index, commitment, erasure_index, request_id, reason, requested_by, approved_by)
    VALUES (5, sha256('x'), 900005, 900002, 'r', 'wang', 'wang')$$, '23514', NULL, 'the table itself refuses one person for two');

-- What somebody altered is not made to vanish.
SET LOCAL session_replication_role = replica;
UPDATE ledger.record SET record = 'altered' WHERE log_index = (SELECT log_index FROM erasable WHERE n = 2);
SET LOCAL session_replication_role = origin;
SET LOCAL SESSION AUTHORIZATION erasure_li;
SELECT throws_ok(format('SELECT ledger.approve_erasure(%s)', id), 'XX001', NULL, 'an altered record is not erased') FROM requests WHERE n = 2;
SELECT is(jsonb_path_query_array(api.erasures(false), '$[*].approved_by')::text, '["erasure_li", null, null]', 'the list tells who approved what');
SELECT is(jsonb_array_length(api.erasures(true)), 2, 'and what waits');
RESET SESSION AUTHORIZATION;

SELECT * FROM finish();
ROLLBACK;
