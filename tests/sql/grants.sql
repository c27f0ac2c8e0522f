-- grants.sql - each role can do its work and nothing else, tried and read from the catalogue.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT no_plan();

CREATE TEMP TABLE roles (role name);
INSERT INTO roles VALUES ('custody_ingest'), ('custody_console'), ('custody_monitor'), ('custody_registrar'), ('custody_approver'), ('custody_police'),
    ('custody_ecology'), ('custody_commerce'), ('custody_firm');

CREATE TEMP VIEW tables AS
SELECT c.oid, c.oid::regclass::text AS name FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname IN ('migration', 'registry', 'ledger', 'custody', 'telemetry', 'route', 'reentry', 'flag');

-- ---- what is there for nobody

SELECT set_eq($$SELECT role || ' ' || name FROM roles, tables WHERE has_table_privilege(role, oid, 'DELETE, TRUNCATE, REFERENCES, TRIGGER')$$,
    ARRAY['custody_ingest custody.refold', 'custody_ingest custody.clock', 'custody_ingest reentry.ban_change'], 'but for what is to be folded again or followed and its clocks, no role deletes, truncates, refers to or puts triggers on any table');
SELECT is_empty($$SELECT rolname FROM pg_roles JOIN roles ON role = rolname WHERE rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication$$,
    'no role has rights over the server');
SELECT set_eq($$SELECT rolname FROM pg_roles JOIN roles ON role = rolname WHERE rolbypassrls$$, ARRAY['custody_ingest']::name[],
    'only the daemon that stores passes the policies: COPY needs it');
SELECT is_empty($$SELECT role, nspname FROM roles, pg_namespace WHERE nspname !~ '^pg_' AND has_schema_privilege(role, oid, 'CREATE')$$,
    'no role makes anything in any schema');
SELECT is_empty($$SELECT role FROM roles WHERE pg_has_role(role, 'custody_owner', 'MEMBER')$$, 'no role becomes the owner');

-- ---- who changes and adds what

SELECT set_eq($$SELECT name FROM tables WHERE has_any_column_privilege('custody_ingest', oid, 'UPDATE')$$,
    ARRAY['ledger.stream', 'ledger.head', 'custody.item', 'custody.clock', 'route.truck_state', 'route.trip', 'flag.flag', 'reentry.progress'],
    'the daemon changes streams, the head, items, their clocks, trucks, trips, flags and how far it followed, nothing else');
SELECT is_empty($$SELECT attname FROM pg_attribute WHERE attnum > 0 AND attrelid = 'flag.flag'::regclass
                  AND attname IN ('flag_id', 'rule', 'subject', 'item_id', 'source_id', 'vehicle_id', 'key', 'raised_at')
                  AND has_column_privilege('custody_ingest', attrelid, attnum, 'UPDATE')$$, 'what a flag is about cannot be changed');
SELECT set_eq($$SELECT name FROM tables WHERE has_any_column_privilege('custody_ingest', oid, 'INSERT')$$,
    ARRAY['ledger.record', 'ledger.ingest_key', 'ledger.stream', 'ledger.dead_letter', 'ledger.tile', 'ledger.checkpoint',
          'ledger.cosignature', 'custody.item', 'custody.identifier', 'custody.event', 'custody.reverse_invoice', 'custody.correction', 'custody.refold', 'custody.clock',
          'telemetry.fix', 'telemetry.reading', 'route.truck_state', 'route.report', 'route.trip', 'reentry.sighting', 'reentry.sighted_identifier', 'reentry.banned_vin',
          'reentry.written', 'reentry.near_key', 'reentry.ban_change', 'flag.flag', 'flag.evidence', 'flag.action'],
    'the daemon adds to what an envelope adds to, and not to the registry');
SELECT set_eq($$SELECT name FROM tables WHERE has_any_column_privilege('custody_registrar', oid, 'INSERT, UPDATE') AND name !~ '^registry\.'$$,
    ARRAY[]::text[], 'the registrar writes the registry only');
SELECT set_eq($$SELECT role, name FROM roles, tables WHERE role NOT IN ('custody_ingest', 'custody_registrar')
                AND has_any_column_privilege(role, oid, 'INSERT, UPDATE')$$, $$VALUES ('custody_commerce'::name, 'flag.credit_points'), ('custody_police', 'registry.watch_entry')$$,
    'everybody else writes nothing, but the commerce bureau the points of the credit record, and the police their watch lists');

-- ---- who reads what

SELECT is_empty($$SELECT name FROM tables WHERE has_any_column_privilege('custody_console', oid, 'SELECT') AND name <> 'migration.applied'$$,
    'the console by itself reads nothing but whether the schema is its own');
SELECT set_eq($$SELECT name FROM tables WHERE has_any_column_privilege('custody_monitor', oid, 'SELECT')$$,
    ARRAY['migration.applied', 'ledger.record', 'ledger.ingest_key', 'ledger.stream', 'ledger.head', 'ledger.dead_letter', 'ledger.tile',
          'ledger.checkpoint', 'ledger.cosignature', 'ledger.signing_key', 'ledger.erasure_request', 'ledger.erasure', 'registry.source',
          'registry.source_key', 'registry.party'], 'the monitor reads the log and who signed');
SELECT is_empty($$SELECT name FROM tables WHERE has_any_column_privilege('custody_firm', oid, 'SELECT')
                  AND name NOT IN ('migration.applied', 'registry.area', 'registry.figure', 'registry.scrap_limit', 'registry.clock_kind', 'registry.retention', 'registry.calendar_day', 'registry.yield', 'ledger.head', 'ledger.tile', 'ledger.checkpoint', 'ledger.cosignature',
                                   'ledger.signing_key', 'flag.credit_points')
                  AND NOT (SELECT relrowsecurity FROM pg_class AS c WHERE c.oid = tables.oid)$$, 'whatever a firm reads is under row-level security');
SELECT set_eq($$SELECT name FROM tables WHERE name !~ '_(default|[0-9]+)$' AND NOT has_any_column_privilege('custody_police', oid, 'SELECT')$$,
    ARRAY['registry.firm_role', 'ledger.pending_leaf'], 'the police read everything but the names of firms'' roles, and leaves before they are written');
SELECT is_empty($$SELECT name FROM tables WHERE name ~ '^reentry\.' AND has_any_column_privilege('custody_ecology', oid, 'SELECT')$$,
    'the ecology bureau does not read sightings');
SELECT is_empty($$SELECT name FROM tables WHERE name ~ '^telemetry\.' AND has_any_column_privilege('custody_commerce', oid, 'SELECT')$$,
    'the commerce bureau does not read where trucks are');

-- ---- tried: everything that storing a batch needs

INSERT INTO registry.party (party_id, code, kind, name) OVERRIDING SYSTEM VALUE VALUES (900001, 'GRANTS-TEST', 1, 'firm');
INSERT INTO registry.source (source_id, name, kind, area, party_id) OVERRIDING SYSTEM VALUE VALUES (900001, 'grants-test', 'truck', '350504', 900001);
SET LOCAL ROLE custody_ingest;
LISTEN custody_registry;
SELECT isnt_empty('SELECT FROM registry.source JOIN registry.party USING (party_id) LEFT JOIN registry.source_key USING (source_id)',
    'the daemon reads the registry, every firm''s');
SELECT lives_ok('INSERT INTO ledger.stream VALUES (900001, 1, 1, 0, '''', now())', 'it opens a stream');
SELECT lives_ok('SELECT FROM ledger.stream WHERE source_id = 900001 FOR UPDATE', 'it locks a stream');
SELECT lives_ok('UPDATE ledger.stream SET version = 2, next_seq = 1, state = ''x'', updated_at = now() WHERE source_id = 900001 AND version = 1',
    'it swaps a stream');
SELECT lives_ok('SELECT size, frontier, root FROM ledger.head FOR UPDATE', 'it locks the head');
SELECT lives_ok('UPDATE ledger.head SET size = size, frontier = frontier, root = root, updated_at = now()', 'it swaps the head');
SELECT isnt_empty('SELECT FROM route.map_fence', 'it reads the fences');
SELECT lives_ok('SELECT FROM route.map_right', 'and the road rights');
SELECT lives_ok('INSERT INTO route.truck_state (vehicle_id) VALUES (900001)', 'it begins to know a truck');
SELECT lives_ok('SELECT FROM route.truck_state WHERE vehicle_id = 900001 FOR UPDATE', 'it locks a truck');
SELECT lives_ok('UPDATE route.truck_state SET state = ''x'', stale_from = now(), due_at = now(), behind_us = 1 WHERE vehicle_id = 900001',
    'it keeps the state of a truck');
SELECT lives_ok('INSERT INTO route.report VALUES (900001, now(), 1, true, true)', 'it notes what says something of a truck');
SELECT lives_ok('INSERT INTO route.trip (vehicle_id, number, started_at, distance_m, fix_count, most_load_g, entry_at, entry)
    VALUES (900001, 1, now(), 0, 0, 0, now(), ''e'') ON CONFLICT (vehicle_id, number) DO UPDATE SET void = false, started_at = now(), ended_at = NULL,
    from_site_id = NULL, to_site_id = NULL, distance_m = 1, fix_count = 1, most_load_g = 1, entry_at = now(), entry = ''e''', 'it keeps trips');
COPY ledger.record (log_index, type, received_at, source_id, salt, leaf_hash, record) FROM STDIN;
900000000001	1	2032-01-01 00:00:00+00	900001	\\x0000000000000000000000000000000000000000000000000000000000000000	\\x0000000000000000000000000000000000000000000000000000000000000000	\\x00
\.
COPY ledger.ingest_key FROM STDIN;
900001	1	0	0	900000000001
\.
COPY ledger.dead_letter FROM STDIN;
900000000002	2032-01-01 00:00:00+00	custody/v1/350504/up/grants-test	900001	1	1	1	what
\.
COPY telemetry.fix (at, source_id, seq, epoch, lon_e7, lat_e7, datum) FROM STDIN;
2032-01-01 00:00:00+00	900001	0	1	0	0	1
\.
COPY telemetry.reading (at, source_id, seq, epoch, kind, door_open) FROM STDIN;
2032-01-01 00:00:00+00	900001	0	1	3	t
\.
SELECT isnt_empty('INSERT INTO custody.item (kind) VALUES (1) RETURNING item_id', 'it makes an item');
SELECT lives_ok('SELECT FROM custody.item WHERE item_id = (SELECT max(item_id) FROM custody.item) FOR UPDATE', 'it locks an item');
SELECT lives_ok('SELECT nextval(''custody.item_item_id_seq''), nextval(''flag.flag_flag_id_seq'')', 'it takes numbers ahead of time');
COPY custody.item (item_id, kind) FROM STDIN;
900001	1
\.
SELECT lives_ok('UPDATE custody.item SET kind = 2, physical = 1, legal = 1, ban = 1, banned_at = now(), terminal = false, holder_party_id = 900001,
    offered_party_id = NULL, site_id = NULL, mass_g = 1, parent_item_id = NULL, event_count = 1, first_event_at = now(), last_event_at = now(),
    facts = '''', ended_at = NULL, judged_at = now() WHERE item_id = 900001', 'it keeps the state of an item');
SELECT lives_ok('INSERT INTO custody.refold (item_id, reason) VALUES (900001, ''child'')', 'it wishes an item folded again');
SELECT lives_ok('DELETE FROM custody.refold WHERE item_id = 900001', 'and removes what is done');
SELECT lives_ok($$SELECT custody.keep_clocks('{900001}', '{900001}', '{2}', '{2032-01-01}', '{2032-01-02}', '{NULL}', '{2032-01-02}')$$,
    'it keeps the clocks of an item');
SELECT lives_ok($$SELECT custody.keep_clocks('{900001}', '{}', '{}', '{}', '{}', '{}', '{}')$$, 'and forgets those that it never had');
SELECT is_empty('SELECT FROM custody.clock WHERE item_id = 900001', 'none is left');
COPY custody.identifier FROM STDIN;
1	LSVAA49J132047371	900001	t
\.
COPY custody.event (item_id, event_at, log_index, ordinal, event_id, type, party_id, source_id) FROM STDIN;
900001	2032-01-01 00:00:00+00	900000000001	0	00000000-0000-7000-8000-000000000001	2	900001	900001
\.
COPY reentry.sighting (sighting_id, log_index, ordinal, source_id, kind, seen_at) FROM STDIN;
00000000-0000-7000-8000-000000000001	900000000001	0	900001	1	2032-01-01 00:00:00+00
\.
COPY reentry.sighted_identifier FROM STDIN;
1	LSVAA49J132047371	900000000001	0	f
\.
SELECT isnt_empty($$INSERT INTO flag.flag (flag_id, rule, rule_version, severity, subject, item_id, detail, event_at) OVERRIDING SYSTEM VALUE
                    VALUES (900001, 'E01', 1, 4, 'item:900001', 900001, 'd', now()) ON CONFLICT (subject, rule, key)
                    DO UPDATE SET state = 'new', changed_at = now(), detail = excluded.detail RETURNING flag_id$$, 'it raises a flag, or joins one');
SELECT lives_ok('INSERT INTO flag.evidence (flag_id, log_index) VALUES (900001, 900000000001) ON CONFLICT DO NOTHING', 'it adds evidence');
SELECT lives_ok('INSERT INTO flag.action (flag_id, to_state, actor) VALUES (900001, ''new'', ''custodyd'')', 'it says what it did with a flag');
SELECT lives_ok('UPDATE flag.flag SET state = ''withdrawn'', changed_at = now() WHERE flag_id = 900001', 'it withdraws a flag');
SELECT isnt_empty('SELECT FROM ledger.record JOIN ledger.ingest_key USING (source_id) WHERE log_index = 900000000001', 'it reads records back');
SELECT isnt_empty('SELECT FROM migration.applied', 'it sees which schema this is');
SELECT throws_ok('UPDATE ledger.record SET type = 2', '42501', NULL, 'it cannot change a record');
SELECT throws_ok('INSERT INTO registry.party (code, kind, name) VALUES (''X'', 1, ''X'')', '42501', NULL, 'it cannot register anybody');
SELECT throws_ok('INSERT INTO ledger.head (size, frontier, root, updated_at) VALUES (0, '''', '''', now())', '42501', NULL, 'it cannot make a second head');
SELECT throws_ok('CREATE TEMP TABLE t (x integer)', '42501', NULL, 'it makes no temporary tables');
SELECT throws_ok('CREATE TABLE public.t (x integer)', '42501', NULL, 'it makes no tables');
SELECT throws_ok('INSERT INTO telemetry.fix_default SELECT * FROM telemetry.fix', '42501', NULL, 'it does not write past the parent of a partition');
RESET ROLE;

-- ---- tried: the others

SET LOCAL ROLE custody_console;
SELECT throws_ok('SELECT FROM custody.item', '42501', NULL, 'the console by itself does not read items');
SET LOCAL ROLE custody_police;
SELECT isnt_empty('SELECT FROM report.item WHERE item_id = 900001', 'as the police it does');
SELECT isnt_empty('SELECT FROM report.custody_timeline WHERE item_id = 900001', 'and what was done with it');
SELECT lives_ok('SELECT FROM report.flag_queue', 'and the queue of flags');
SELECT is(api.register('[{"watch": {"list": "stolen", "scheme": 1, "value": "LSVAA49J132047371", "source": "case"}}]') ->> 'registered', '1',
    'the police put a thing on their watch list');
SELECT is(api.register('[{"watch": {"list": "stolen", "scheme": 1, "value": "LSVAA49J132047371", "source": "case", "lifted": true}}]') ->> 'registered', '1',
    'and take it off');
SELECT throws_ok($$UPDATE registry.watch_entry SET value = 'other'$$, '42501', NULL, 'but change no entry');
SELECT throws_ok('UPDATE flag.flag SET state = ''closed''', '42501', NULL, 'the police move flags by flag.move, not by hand');
SET LOCAL ROLE custody_monitor;
SELECT isnt_empty('SELECT FROM ledger.record WHERE log_index = 900000000001', 'the monitor reads records of every firm');
SELECT throws_ok('SELECT FROM custody.item', '42501', NULL, 'the monitor does not read items');
SELECT throws_ok('SELECT FROM ledger.head FOR UPDATE', '42501', NULL, 'the monitor cannot hold up the log');
SET LOCAL ROLE custody_ecology;
SELECT isnt_empty('SELECT FROM telemetry.reading WHERE source_id = 900001', 'the ecology bureau reads masses');
SELECT isnt_empty('SELECT FROM report.source_progress WHERE source = ''grants-test''', 'and how far sources are');
SELECT throws_ok('SELECT FROM telemetry.reading_default', '42501', NULL, 'nobody reads past the parent of a partition');
SELECT throws_ok($$SELECT api.register('[{"watch": {"list": "stolen", "scheme": 1, "value": "X", "source": "case"}}]')$$, '42501', NULL,
    'others do not write watch lists');
SET LOCAL ROLE custody_commerce;
SELECT isnt_empty('SELECT FROM reentry.sighting WHERE source_id = 900001', 'the commerce bureau reads sightings');
SET LOCAL ROLE custody_registrar;
SELECT lives_ok($$INSERT INTO registry.party (code, kind, name) VALUES ('GRANTS-OTHER', 1, 'other')$$, 'the registrar enters a party');
SELECT lives_ok($$INSERT INTO registry.source_key VALUES (900001, '\x00000001', decode(repeat('00', 32), 'hex'))$$, 'and a key');
SELECT results_eq($$UPDATE registry.source_key SET revoked_at = now() WHERE source_id = 900001 RETURNING 1$$, ARRAY[1], 'and revokes it');
SELECT results_eq($$UPDATE registry.source SET enabled = false WHERE source_id = 900001 RETURNING 1$$, ARRAY[1], 'and switches a source off');
SELECT throws_ok($$UPDATE registry.source_key SET public_key = decode(repeat('01', 32), 'hex')$$, '42501', NULL, 'but replaces no key');
SELECT throws_ok($$UPDATE registry.source SET party_id = 1$$, '42501', NULL, 'and gives no source to another party');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
