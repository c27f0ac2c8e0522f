-- flag_settle_race.sql - somebody closes a flag while the daemon is settling it: what the person decided stands.
--
-- Two sessions see only what is committed, and the log of moves cannot be taken back: a database of its own, thrown away at the end.
\set tested :DBNAME
\connect postgres
\set ON_ERROR_STOP on
CREATE DATABASE flag_settle_race TEMPLATE :tested;
\connect flag_settle_race
\set ON_ERROR_STOP off
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION dblink;
SELECT plan(9);

INSERT INTO custody.item (item_id, kind) OVERRIDING SYSTEM VALUE VALUES (1, 1);

CREATE FUNCTION pg_temp.settle(rule text, key text, log_index bigint) RETURNS text LANGUAGE sql AS $$
    SELECT format('SELECT flag.settle(ARRAY[1]::bigint[], ARRAY[1]::bigint[], ARRAY[NULL]::bigint[], ARRAY[%L], ARRAY[1], ARRAY[3]::smallint[],
                   ARRAY[%L], ARRAY[''d''], ARRAY[now()], ARRAY[%s]::bigint[], ARRAY[0]::smallint[])', rule, key, log_index)
$$;
-- True as soon as the other session waits for ours; false after five seconds.
CREATE FUNCTION pg_temp.other_waits() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1..500 LOOP
        IF EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))) THEN
            RETURN true;
        END IF;
        PERFORM pg_sleep(0.01);
    END LOOP;
    RETURN false;
END $$;
-- The flag, and its moves: that of the person leaves none here.
CREATE FUNCTION pg_temp.flag(wanted_key text) RETURNS text LANGUAGE sql AS $$
    SELECT f.state || ': ' || string_agg(coalesce(a.from_state, '-') || '>' || a.to_state, ' ' ORDER BY a.action_id)
    FROM flag.flag AS f JOIN flag.action AS a USING (flag_id) WHERE f.key = wanted_key GROUP BY f.flag_id
$$;
SELECT dblink_connect('daemon', format('host=%s port=%s dbname=%s', split_part(current_setting('unix_socket_directories'), ',', 1),
                                       current_setting('port'), current_database())) = 'OK' AS connected \gset

SELECT pg_temp.settle('C03', 'withdrawing', 11) AS sql \gset
SELECT :'sql' \gexec
BEGIN;
UPDATE flag.flag SET state = 'closed' WHERE key = 'withdrawing';
SELECT dblink_send_query('daemon', pg_temp.settle('C03', 'other', 12)) = 1 AS sent \gset
SELECT ok(pg_temp.other_waits(), 'the daemon waits for the person');
COMMIT;
SELECT lives_ok($$SELECT * FROM dblink_get_result('daemon') AS r (r text)$$, 'and then settles');
SELECT is(pg_temp.flag('withdrawing'), 'closed: ->new', 'a flag that was closed meanwhile is not withdrawn');
SELECT count(*) AS drained FROM dblink_get_result('daemon') AS r (r text) \gset

SELECT pg_temp.settle('C03', 'supporting', 13) AS sql \gset
SELECT :'sql' \gexec
BEGIN;
UPDATE flag.flag SET state = 'false_alarm' WHERE key = 'supporting';
SELECT dblink_send_query('daemon', pg_temp.settle('C03', 'supporting', 14)) = 1 AS sent \gset
SELECT ok(pg_temp.other_waits(), 'the daemon waits with evidence that the person does not know');
COMMIT;
SELECT lives_ok($$SELECT * FROM dblink_get_result('daemon') AS r (r text)$$, 'and then settles');
SELECT is(pg_temp.flag('supporting'), 'new: ->new false_alarm>new', 'the evidence opens what was called a false alarm without it');
SELECT count(*) AS drained FROM dblink_get_result('daemon') AS r (r text) \gset

BEGIN;
UPDATE flag.flag SET state = 'duplicate' WHERE key = 'supporting';
SELECT dblink_send_query('daemon', $$SELECT flag.withdraw('{item:1}', '{C03}', '{supporting}', 'why')$$) = 1 AS sent \gset
SELECT ok(pg_temp.other_waits(), 'the daemon waits to withdraw by name');
COMMIT;
SELECT lives_ok($$SELECT * FROM dblink_get_result('daemon') AS r (r text)$$, 'and then does nothing');
SELECT is(pg_temp.flag('supporting'), 'duplicate: ->new false_alarm>new', 'what was decided meanwhile is not withdrawn by name');

SELECT * FROM finish();
\connect :tested
DROP DATABASE flag_settle_race WITH (FORCE);
