-- flood_stories.sql - plays tests/scenarios/floods/S06.txt: each scenario finds what it expects and nothing else.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT no_plan();
\set stories `cat tests/scenarios/floods/S06.txt`

INSERT INTO registry.party (party_id, code, kind, name) OVERRIDING SYSTEM VALUE VALUES (900001, 'FLOOD-TEST', 11, 'market');
INSERT INTO registry.source (source_id, name, kind, area, party_id) OVERRIDING SYSTEM VALUE
SELECT 900000 + n, 'feed-' || n, 'marketplace', '350504', 900001 FROM generate_series(1, 2) AS n;
INSERT INTO custody.item (item_id, kind) OVERRIDING SYSTEM VALUE SELECT n, 1 FROM generate_series(900001, 900030) AS n;
-- 1 and 2 are what feed-1 and feed-2 said first, 3 and 4 what they said later.
INSERT INTO ledger.record SELECT 900000000000 + n, 1, now(), 900002 - n % 2, decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex'), '\x01'
FROM generate_series(1, 4) AS n;

CREATE FUNCTION pg_temp.raise_flags(count integer, rule text, feed integer, later_feed integer, age interval, item bigint) RETURNS void LANGUAGE sql AS $$
    WITH raised AS (
        INSERT INTO flag.flag (rule, rule_version, severity, subject, item_id, detail, event_at, raised_at)
        SELECT rule, 1, 4, 'item:' || item + n, item + n, 'd', now() - age, now() - age FROM generate_series(1, count) AS n RETURNING flag_id)
    INSERT INTO flag.evidence (flag_id, log_index)
    SELECT flag_id, 900000000000 + said FROM raised, unnest(ARRAY[feed, later_feed + 2]) AS said WHERE said IS NOT NULL
$$;

-- What a scenario finds, in the words of its expectations; what it did is undone.
CREATE FUNCTION pg_temp.play(story text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    line text;
    words text[];
    budget integer;
    item bigint := 900000;
    found text;
BEGIN
    FOREACH line IN ARRAY (string_to_array(story, E'\n'))[2:] LOOP
        IF line ~ '^budget \d+ a day$' THEN
            budget := substring(line FROM '\d+');
        ELSIF line = 'the day is counted' THEN
            PERFORM flag.fold_floods(budget, 1, 3);
        ELSIF line ~ '^\d' THEN
            words := regexp_match(line, '^(\d+) ([A-Z]\d\d) by the sightings of feed-(\d)(?:, later of feed-(\d))?(, yesterday)?$');
            PERFORM pg_temp.raise_flags(words[1]::integer, words[2], words[3]::integer, words[4]::integer,
                                        CASE WHEN words[5] IS NULL THEN interval '0' ELSE '1 day' END, item);
            item := item + words[1]::integer;
        ELSIF line !~ '^(expect .*)?$' THEN
            RAISE EXCEPTION 'cannot be read: %', line;
        END IF;
    END LOOP;
    PERFORM flag.fold_floods(budget, 1, 3);
    SELECT string_agg(format('S06 about %s, %s stand behind it', s.name, (SELECT count(*) FROM flag.flag AS b WHERE b.folded_into = f.flag_id)),
                      E'\n' ORDER BY s.name) INTO found
    FROM flag.flag AS f JOIN registry.source AS s USING (source_id) WHERE f.rule = 'S06' AND s.party_id = 900001;
    RAISE SQLSTATE 'PT001' USING MESSAGE = coalesce(found, 'nothing');
EXCEPTION WHEN SQLSTATE 'PT001' THEN
    RETURN SQLERRM;
END $$;

CREATE TEMP TABLE stories AS
SELECT n, split_part(story, E'\n', 1) AS title, story,
    (SELECT string_agg(substr(line, 8), E'\n' ORDER BY at) FROM string_to_table(story, E'\n') WITH ORDINALITY AS l (line, at) WHERE line LIKE 'expect %') AS expected
FROM regexp_split_to_table(:'stories', E'\n+scenario ') WITH ORDINALITY AS s (story, n) WHERE n > 1;
SELECT cmp_ok(count(*), '>=', 10::bigint, 'there are scenarios') FROM stories;
SELECT is(pg_temp.play(story), expected, title) FROM stories ORDER BY n;

SELECT * FROM finish();
ROLLBACK;
