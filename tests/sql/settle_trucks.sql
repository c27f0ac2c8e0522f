-- settle_trucks.sql - flags of trucks say what the fold found: raised once, supported, withdrawn when folded again, never against a person.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT plan(15);

INSERT INTO registry.party (party_id, code, kind, name) OVERRIDING SYSTEM VALUE VALUES (900001, 'TRUCKS-1', 1, 'a');
INSERT INTO registry.vehicle (vehicle_id, party_id, plate) OVERRIDING SYSTEM VALUE VALUES (900001, 900001, '闽C90001'), (900002, 900001, '闽C90002');

-- One finding with one record, of the first truck.
CREATE FUNCTION pg_temp.find(rule text, key text, at timestamptz, log_index bigint) RETURNS void LANGUAGE sql AS $$
    SELECT flag.settle_trucks('{}', '{}', ARRAY[900001], ARRAY[rule], ARRAY[1], ARRAY[3::smallint], ARRAY[key], ARRAY['words'], ARRAY[at], ARRAY[log_index])
$$;
-- The first truck folded again since then, with this one finding or none.
CREATE FUNCTION pg_temp.fold_again(since timestamptz, rule text, key text, at timestamptz) RETURNS void LANGUAGE sql AS $$
    SELECT flag.settle_trucks(ARRAY[900001], ARRAY[since], array_remove(ARRAY[CASE WHEN rule IS NOT NULL THEN 900001 END], NULL)::bigint[],
        array_remove(ARRAY[rule], NULL), CASE WHEN rule IS NULL THEN '{}' ELSE ARRAY[1] END, CASE WHEN rule IS NULL THEN '{}' ELSE ARRAY[3::smallint] END,
        array_remove(ARRAY[key], NULL), CASE WHEN rule IS NULL THEN '{}' ELSE ARRAY['words'] END,
        CASE WHEN rule IS NULL THEN '{}' ELSE ARRAY[at] END, CASE WHEN rule IS NULL THEN '{}' ELSE ARRAY[7::bigint] END)
$$;
CREATE TEMP VIEW flags AS SELECT f.rule || ' ' || f.key AS name, f.state FROM flag.flag AS f WHERE f.vehicle_id = 900001;
CREATE TEMP VIEW moves AS
SELECT f.rule || ' ' || f.key || ': ' || coalesce(a.from_state, '-') || ' ' || a.to_state || ' ' || a.reason AS move, a.action_id
FROM flag.action AS a JOIN flag.flag AS f USING (flag_id) WHERE f.vehicle_id = 900001;

SELECT pg_temp.find('R01', 'stop', '2032-01-01 10:00', 5);
SELECT results_eq('SELECT subject, vehicle_id, item_id, source_id, severity FROM flag.flag WHERE vehicle_id = 900001',
    $$VALUES ('vehicle:闽C90001' COLLATE "C", 900001::bigint, NULL::bigint, NULL::bigint, 3::smallint)$$, 'a finding raises a flag about the truck');
SELECT pg_temp.find('R01', 'stop', '2032-01-01 10:00', 6);
SELECT set_eq('SELECT log_index FROM flag.evidence JOIN flag.flag USING (flag_id) WHERE vehicle_id = 900001', ARRAY[5, 6]::bigint[],
    'repeated, its record joins the flag that stands');
SELECT is((SELECT count(*) FROM flags), 1::bigint, 'and no second flag is raised');
SELECT pg_temp.find('R04', 'silence', '2032-01-01 11:00', 8);
SELECT pg_temp.find('R08', 'away', '2032-01-01 12:00', 9);

SELECT pg_temp.fold_again('2032-01-01 10:30', 'R08', 'away', '2032-01-01 12:00');
SELECT set_eq('TABLE flags', $$VALUES ('R01 stop' COLLATE "C", 'new' COLLATE "C"), ('R04 silence', 'withdrawn'), ('R08 away', 'new')$$,
    'folded again, what was met since and is not found again is withdrawn; what was met before stays');
SELECT set_eq('SELECT move FROM moves WHERE move LIKE ''R04%''',
    ARRAY['R04 silence: - new ', 'R04 silence: new withdrawn what came late no longer supports it'], 'with a trace');
SELECT pg_temp.find('R04', 'silence', '2032-01-01 11:00', 8);
SELECT is((SELECT state FROM flags WHERE name = 'R04 silence'), 'new', 'found again it is open again');
SELECT is((SELECT move FROM moves ORDER BY action_id DESC LIMIT 1), 'R04 silence: withdrawn new found again', 'and says so');

UPDATE flag.flag SET state = 'confirmed' WHERE vehicle_id = 900001 AND rule = 'R01';
UPDATE flag.flag SET state = 'false_alarm' WHERE vehicle_id = 900001 AND rule = 'R08';
SELECT pg_temp.fold_again('2032-01-01 09:00', NULL, NULL, NULL);
SELECT is((SELECT state FROM flags WHERE name = 'R01 stop'), 'confirmed', 'what a person confirmed stays confirmed');
SELECT is((SELECT count(*) FROM moves WHERE move = 'R01 stop: confirmed confirmed what came late no longer supports it'), 1::bigint, 'with a note');
SELECT pg_temp.fold_again('2032-01-01 09:00', NULL, NULL, NULL);
SELECT is((SELECT count(*) FROM moves WHERE move = 'R01 stop: confirmed confirmed what came late no longer supports it'), 1::bigint, 'that is said once');
SELECT is((SELECT state FROM flags WHERE name = 'R08 away'), 'false_alarm', 'what a person closed stays closed');
SELECT pg_temp.find('R08', 'away', '2032-01-01 12:00', 9);
SELECT is((SELECT state FROM flags WHERE name = 'R08 away'), 'false_alarm', 'also when the same record says it again');
SELECT pg_temp.find('R08', 'away', '2032-01-01 12:00', 10);
SELECT is((SELECT state FROM flags WHERE name = 'R08 away'), 'new', 'but not on new evidence');

SELECT pg_temp.find('R02', 'call', '2032-01-01 13:00', 11);
SELECT flag.settle_trucks(ARRAY[900002], ARRAY['2032-01-01 00:00'::timestamptz], '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}');
SELECT is((SELECT state FROM flags WHERE name = 'R02 call'), 'new', 'folding one truck again leaves the flags of others alone');
SET LOCAL ROLE custody_firm;
SELECT is_empty('SELECT FROM flag.flag WHERE vehicle_id IS NOT NULL', 'a firm does not see that its trucks are followed');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
