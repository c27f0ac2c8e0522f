-- append_only.sql - what was said stays said, to the daemon, to the owner and to a superuser alike.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT no_plan();

CREATE TEMP TABLE append_only (name text);
INSERT INTO append_only VALUES ('migration.applied'), ('ledger.record'), ('ledger.ingest_key'), ('ledger.dead_letter'), ('ledger.tile'), ('ledger.checkpoint'),
    ('ledger.cosignature'), ('ledger.signing_key'), ('ledger.erasure_request'), ('ledger.erasure'), ('custody.event'),
    ('telemetry.fix'), ('telemetry.reading'), ('reentry.sighting'), ('reentry.sighted_identifier'), ('reentry.banned_vin'),
    ('reentry.written'), ('reentry.near_key'), ('flag.evidence'), ('flag.action'), ('flag.credit'), ('flag.credit_points'),
    ('route.report'), ('custody.reverse_invoice'), ('custody.correction');
CREATE TEMP TABLE rows_stay (name text);
INSERT INTO rows_stay VALUES ('ledger.stream'), ('ledger.head'), ('custody.item'), ('custody.identifier'), ('flag.flag'), ('reentry.progress'),
    ('route.truck_state'), ('route.trip');
CREATE TEMP TABLE work_list (name text); -- what is done is removed, what is computed from events is computed again: no evidence
INSERT INTO work_list VALUES ('custody.refold'), ('custody.clock'), ('ledger.pending_leaf'), ('reentry.ban_change');
GRANT SELECT ON append_only, rows_stay TO PUBLIC;

SELECT telemetry.ensure_days('2031-05-01', '2031-05-01');

-- Every table is one of these, or the registry's, where people correct entries: a new table has to be put somewhere.
SELECT is_empty($$
    SELECT c.oid::regclass FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname IN ('migration', 'ledger', 'custody', 'telemetry', 'reentry', 'flag', 'route')
      AND c.oid::regclass::text NOT IN (SELECT name FROM append_only UNION ALL SELECT name FROM rows_stay UNION ALL SELECT name FROM work_list)$$,
    'every table outside the registry is known here');

-- With all of it, as whoever may try. 55000: the trigger; it fires before a single row is looked at.
SELECT throws_ok(format(statement, name), '55000', NULL, format('a superuser cannot: ' || statement, name))
FROM append_only, (VALUES ('DELETE FROM %s'), ('TRUNCATE %s CASCADE')) AS try (statement);
SELECT throws_ok(format('UPDATE %s SET %I = %I', name, a.attname, a.attname), '55000', NULL, format('a superuser cannot: UPDATE %s', name))
FROM append_only JOIN pg_attribute AS a ON a.attrelid = name::regclass AND a.attnum > 0 AND a.attidentity = ''
WHERE a.attnum = (SELECT min(b.attnum) FROM pg_attribute AS b WHERE b.attrelid = name::regclass AND b.attnum > 0 AND b.attidentity = '');
SELECT throws_ok(format(statement, name), '55000', NULL, format('a superuser cannot: ' || statement, name))
FROM rows_stay, (VALUES ('DELETE FROM %s'), ('TRUNCATE %s CASCADE')) AS try (statement);

-- Statement triggers are not inherited: each partition needs its own.
SELECT throws_ok(format('DELETE FROM %s', inhrelid::regclass), '55000', NULL, format('a superuser cannot: DELETE FROM %s', inhrelid::regclass))
FROM pg_inherits JOIN pg_class AS c ON c.oid = inhrelid
WHERE inhparent IN (SELECT name::regclass FROM append_only) AND c.relkind = 'r';
SELECT ok(count(*) >= 4, 'there are partitions to try: 2 defaults, 2 of the day made here')
FROM pg_inherits WHERE inhparent = ANY (ARRAY['telemetry.fix', 'telemetry.reading']::regclass[]);

SET LOCAL ROLE custody_owner;
SELECT throws_ok(format('DELETE FROM %s', name), '55000', NULL, format('the owner cannot: DELETE FROM %s', name))
FROM (SELECT name FROM append_only UNION ALL SELECT name FROM rows_stay) AS tables;
SELECT throws_ok('UPDATE ledger.record SET record = NULL, salt = NULL', '55000', 'UPDATE of ledger.record is refused: what was said stays said',
    'the owner cannot erase a record by hand, and is told so');
RESET ROLE;

SET LOCAL ROLE custody_ingest;
SELECT throws_ok(format('DELETE FROM %s', name), '42501', NULL, format('the daemon cannot: DELETE FROM %s', name))
FROM (SELECT name FROM append_only UNION ALL SELECT name FROM rows_stay) AS tables;
SELECT throws_ok('INSERT INTO ledger.dead_letter VALUES (1, now(), ''t'', NULL, NULL, NULL, 1, ''d'')
                  ON CONFLICT (log_index) DO UPDATE SET detail = ''other''', '42501', NULL, 'the daemon cannot overwrite by way of a conflict');
RESET ROLE;
SELECT throws_ok('INSERT INTO ledger.dead_letter VALUES (1, now(), ''t'', NULL, NULL, NULL, 1, ''d'')
                  ON CONFLICT (log_index) DO UPDATE SET detail = ''other''', '55000', NULL, 'a superuser cannot overwrite by way of a conflict');
SELECT lives_ok('INSERT INTO ledger.dead_letter VALUES (1, now(), ''t'', NULL, NULL, NULL, 1, ''d'') ON CONFLICT DO NOTHING',
    'adding works');

SELECT * FROM finish();
ROLLBACK;
