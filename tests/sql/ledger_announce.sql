-- ledger_announce.sql - keys and programs are announced once, as leaves; nobody but the daemon announces, and nobody adds a key by hand.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT no_plan();

CREATE TEMP TABLE before AS SELECT size FROM ledger.head;
SELECT is(ledger.announce_key('test+1+a', 'signed'), (SELECT size FROM before), 'a key is announced by the next leaf');
SELECT results_eq('SELECT r.type::integer, r.record, k.verifier_key COLLATE "default" FROM ledger.record AS r JOIN ledger.signing_key AS k USING (log_index), before
                   WHERE log_index = size', $$VALUES (4, 'signed'::bytea, 'test+1+a')$$, 'of type 4, which its row finds');
SELECT is(ledger.announce_key('test+1+a', 'signed otherwise'), (SELECT size FROM before), 'announced again it is where it was');
SELECT is(head.size, before.size + 1, 'and nothing was appended') FROM ledger.head, before;
SELECT throws_ok('SELECT ledger.announce_key('''', ''signed'')', '23514', NULL, 'a key without words is refused');
SELECT is(head.size, before.size + 1, 'together with its leaf') FROM ledger.head, before;

CREATE FUNCTION pg_temp.started() RETURNS jsonb LANGUAGE sql AS
    'SELECT convert_from(record, ''UTF8'')::jsonb FROM ledger.record WHERE log_index = (SELECT size - 1 FROM ledger.head) AND type = 7';
SELECT is(ledger.software_started('1.0', '\x0a'), before.size + 1, 'a program that starts is a leaf') FROM before;
SELECT is(pg_temp.started(), jsonb_build_object('format', 'custody-operator/v1', 'action', 'software started', 'actor', session_user,
    'data', jsonb_build_object('program', 'custodyd', 'version', '1.0', 'sha256', '0a')), 'which says who started what');
SELECT unalike(convert_from(record, 'UTF8'), E'%\n%', 'on one line') FROM ledger.record, before WHERE log_index = before.size + 1;
SELECT is(ledger.software_started('1.0', '\x0a'), NULL, 'the same again is none');
SELECT ok(ledger.append(7, 'schema') > 0, 'also when something else of its type');
SELECT is(ledger.software_started('1.0', '\x0a'), NULL, 'came between');
SELECT ok(ledger.software_started('1.0', '\x0b') > 0, 'another file of the same version is one');
SELECT ok(ledger.software_started('1.0', '\x0a') > 0, 'and the first one again');

SET LOCAL ROLE custody_ingest;
SELECT ok(ledger.announce_key('test+2+b', 'signed') > 0, 'the daemon announces');
SELECT lives_ok('SELECT FROM ledger.signing_key', 'and reads what was announced');
SELECT throws_ok('INSERT INTO ledger.signing_key (verifier_key, log_index) VALUES (''x'', 1)', '42501', NULL, 'but adds no key without its leaf');
SET LOCAL ROLE custody_monitor;
SELECT throws_ok('SELECT ledger.announce_key(''x'', ''x'')', '42501', NULL, 'whoever reads announces no key');
SELECT throws_ok('SELECT ledger.software_started(''x'', ''x'')', '42501', NULL, 'and no program');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
