-- comments.sql - everything in our schemas says what it is, and every quantity its unit.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT plan(13);

CREATE TEMP VIEW ours AS
SELECT oid, nspname FROM pg_namespace
WHERE nspname IN ('migration', 'registry', 'ledger', 'custody', 'telemetry', 'route', 'reentry', 'flag', 'report', 'api');

-- Partitions say what they are as a whole; their columns are their parent's.
CREATE TEMP VIEW silent AS
SELECT 'schema ' || nspname AS what FROM ours WHERE coalesce(obj_description(oid, 'pg_namespace'), '') = ''
UNION ALL
SELECT 'relation ' || c.oid::regclass FROM pg_class AS c JOIN ours ON ours.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm')
  AND coalesce(obj_description(c.oid, 'pg_class'), '') = ''
UNION ALL
SELECT 'column ' || c.oid::regclass || '.' || a.attname
FROM pg_class AS c JOIN ours ON ours.oid = c.relnamespace JOIN pg_attribute AS a ON a.attrelid = c.oid
WHERE c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
  AND coalesce(col_description(c.oid, a.attnum), '') = ''
UNION ALL
SELECT 'domain ' || t.oid::regtype FROM pg_type AS t JOIN ours ON ours.oid = t.typnamespace
WHERE t.typtype = 'd' AND coalesce(obj_description(t.oid, 'pg_type'), '') = ''
UNION ALL
SELECT 'function ' || p.oid::regprocedure FROM pg_proc AS p JOIN ours ON ours.oid = p.pronamespace
WHERE coalesce(obj_description(p.oid, 'pg_proc'), '') = '';

-- What a name's ending promises, and the word that the comment must say.
CREATE TEMP VIEW unitless AS
SELECT c.oid::regclass || '.' || a.attname || ' does not say ' || unit.word AS what
FROM pg_class AS c JOIN ours ON ours.oid = c.relnamespace JOIN pg_attribute AS a ON a.attrelid = c.oid
JOIN (VALUES ('_g$', 'grams'), ('_e7$', '1e-7 degrees'), ('_cm_s$', 'centimetres a second'), ('_cm$', 'centimetres'),
             ('_cdeg$', 'hundredths of a degree'), ('(^|_)at$', 'time'), ('(_hash|sha256|root|salt)$', '32 bytes'),
             ('^valid_', 'Asia/Shanghai day')) AS unit (ending, word) ON a.attname ~ unit.ending
WHERE c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
  AND coalesce(col_description(c.oid, a.attnum), '') !~* unit.word;

SELECT is_empty('SELECT what FROM silent WHERE what LIKE ''schema %''', 'every schema says what it is for');
SELECT is_empty('SELECT what FROM silent WHERE what LIKE ''relation %''', 'every table and view says what it holds');
SELECT is_empty('SELECT what FROM silent WHERE what LIKE ''column %''', 'every column says what it means');
SELECT is_empty('SELECT what FROM silent WHERE what LIKE ''domain %''', 'every domain says what it is');
SELECT is_empty('SELECT what FROM silent WHERE what LIKE ''function %''', 'every function says what it does');
SELECT is_empty('SELECT what FROM unitless', 'every quantity says its unit');
SELECT is((SELECT count(*)::integer FROM ours), 10, 'no schema is missing');
SELECT is_empty($$SELECT rolname FROM pg_roles WHERE rolname IN ('custody_ingest', 'custody_console', 'custody_monitor', 'custody_owner',
                  'custody_registrar', 'custody_approver', 'custody_police', 'custody_ecology', 'custody_commerce', 'custody_firm')
                  AND coalesce(shobj_description(oid, 'pg_authid'), '') = ''$$, 'every role says what it is for');

-- The checks above find what they look for.
CREATE SCHEMA IF NOT EXISTS silent_schema;
ALTER SCHEMA report RENAME TO report_before;
ALTER SCHEMA silent_schema RENAME TO report;
CREATE TABLE registry.silent_table (mass_g bigint);
CREATE FUNCTION registry.silent_function() RETURNS integer LANGUAGE sql RETURN 1;
SELECT isnt_empty('SELECT FROM silent WHERE what = ''schema report''', 'a schema without a comment is found');
SELECT isnt_empty('SELECT FROM silent WHERE what = ''relation registry.silent_table''', 'a table without a comment is found');
SELECT isnt_empty('SELECT FROM silent WHERE what = ''column registry.silent_table.mass_g''', 'a column without a comment is found');
SELECT isnt_empty('SELECT FROM silent WHERE what LIKE ''function registry.silent_function%''', 'a function without a comment is found');
COMMENT ON COLUMN registry.silent_table.mass_g IS 'How heavy it is.';
SELECT isnt_empty('SELECT FROM unitless WHERE what LIKE ''registry.silent_table.mass_g%''', 'a mass without a unit is found');

SELECT * FROM finish();
ROLLBACK;
