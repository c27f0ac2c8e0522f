-- functions.sql - functions and views run with the rights of who calls, and where they do not, nobody can bend them.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT plan(15);

CREATE TEMP VIEW ours AS
SELECT p.oid, p.oid::regprocedure::text AS name, p.prosecdef, p.proacl, p.proowner,
       (SELECT split_part(s, '=', 2) FROM unnest(p.proconfig) AS s WHERE s LIKE 'search_path=%') AS path
FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
WHERE n.nspname IN ('migration', 'registry', 'ledger', 'custody', 'telemetry', 'route', 'reentry', 'flag', 'report', 'api');

-- proacl NULL means the built-in default, which is EXECUTE for PUBLIC.
CREATE TEMP VIEW public_may AS
SELECT name FROM ours WHERE proacl IS NULL OR EXISTS (SELECT FROM aclexplode(proacl) AS a WHERE a.grantee = 0);
CREATE TEMP VIEW bendable AS
SELECT name FROM ours WHERE prosecdef AND (path IS NULL OR path !~ '(^|, )pg_temp$' OR path !~ '^pg_catalog');
CREATE TEMP VIEW definers_view AS
SELECT c.oid::regclass::text AS name FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'v' AND n.nspname IN ('registry', 'ledger', 'custody', 'telemetry', 'route', 'reentry', 'flag', 'report', 'api')
  AND NOT coalesce(c.reloptions @> '{security_invoker=true}' OR c.reloptions @> '{security_invoker=on}', false);

SELECT is_empty('SELECT name FROM public_may', 'no function of ours may be executed by PUBLIC');
SELECT is_empty('SELECT name FROM bendable', 'every SECURITY DEFINER function has a search path that begins with pg_catalog and ends with pg_temp');
SELECT is_empty('SELECT name FROM definers_view', 'every view is security_invoker');
SELECT set_eq('SELECT name FROM ours WHERE prosecdef', ARRAY['telemetry.ensure_days(date,date)', 'ledger.append(integer,bytea)',
          'ledger.append_all(integer[],bytea[])', 'ledger.append_pending()', 'ledger.announce_key(text,bytea)',
          'ledger.software_started(text,bytea)', 'registry.record_change()', 'registry.record_key_change()',
          'migration.record_applied()', 'custody.want_watched()', 'custody.want_flagged()', 'custody.want_dealings()',
          'ledger.refuse_all_but_erasure()', 'ledger.request_erasure(bigint,text,boolean)', 'ledger.approve_erasure(bigint)',
          'flag.move(bigint,text,text)', 'flag.assign(bigint,text,text)', 'flag.comment(bigint,text)'],
    'only the making of partitions, the appending of leaves, erasure, the work on flags and the wishing of folds run with the owner''s rights');
SELECT is_empty('SELECT name FROM ours WHERE proowner <> ''custody_owner''::regrole', 'every function is the owner''s');
SELECT is_empty($$SELECT c.oid::regclass FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                  WHERE n.nspname IN ('migration', 'registry', 'ledger', 'custody', 'telemetry', 'route', 'reentry', 'flag', 'report', 'api')
                    AND c.relowner <> 'custody_owner'::regrole$$, 'every table, view, index and sequence is the owner''s');
SELECT is((SELECT rolcanlogin FROM pg_roles WHERE rolname = 'custody_owner'), false, 'nobody logs in as the owner');
SELECT is(has_database_privilege('custody_firm', current_database(), 'TEMP'), false, 'a firm makes no temporary tables');
SELECT is_empty($$SELECT privilege_type FROM pg_database, aclexplode(datacl) WHERE datname = current_database() AND grantee = 0$$,
    'PUBLIC may do nothing with the database');
SELECT is_empty($$SELECT nspname, privilege_type FROM pg_namespace, aclexplode(nspacl) WHERE grantee = 0
                  AND nspname IN ('migration', 'registry', 'ledger', 'custody', 'telemetry', 'route', 'reentry', 'flag', 'report', 'api')$$,
    'PUBLIC may do nothing with a schema');

-- The checks above find what they look for.
CREATE FUNCTION registry.open_to_all() RETURNS integer LANGUAGE sql RETURN 1;
CREATE FUNCTION registry.bent() RETURNS integer LANGUAGE sql SECURITY DEFINER RETURN 1;
CREATE FUNCTION registry.bent_last() RETURNS integer LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog RETURN 1;
CREATE VIEW registry.definers AS SELECT 1 AS one;
SELECT isnt_empty('SELECT FROM public_may WHERE name = ''registry.open_to_all()''', 'a function open to PUBLIC is found');
SELECT isnt_empty('SELECT FROM bendable WHERE name = ''registry.bent()''', 'a SECURITY DEFINER function without search path is found');
SELECT isnt_empty('SELECT FROM bendable WHERE name = ''registry.bent_last()''', 'one whose search path does not end with pg_temp is found');
SELECT isnt_empty('SELECT FROM definers_view WHERE name = ''registry.definers''', 'a view with its owner''s rights is found');
SET LOCAL ROLE custody_owner;
CREATE FUNCTION registry.tomorrow() RETURNS integer LANGUAGE sql RETURN 1;
RESET ROLE;
SELECT is_empty('SELECT FROM public_may WHERE name = ''registry.tomorrow()''', 'what a later migration makes is closed from the start');

SELECT * FROM finish();
ROLLBACK;
