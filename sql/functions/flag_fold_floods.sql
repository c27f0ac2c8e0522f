-- flag_fold_floods.sql - keeps one source from burying the queue: its re-entry flags beyond a budget a day stand behind one flag.
--
-- Each flag is raised as ever, with its evidence; it can be looked at and worked, and only does not stand in the queue by itself. The flag
-- in front is about the source (rule S06, key: the day), so whoever works it decides on the flood as a whole. Today's flags are counted by
-- the source of their first evidence; those that stand folded already are not counted again.
CREATE OR REPLACE FUNCTION flag.fold_floods(budget integer, version integer, severity integer) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    today date := (now() AT TIME ZONE 'Asia/Shanghai')::date;
    flood record;
    front bigint;
    folded bigint := 0;
BEGIN
    FOR flood IN
        SELECT ranked.source_id, array_agg(ranked.flag_id ORDER BY ranked.flag_id) AS flag_ids, max(ranked.log_index) AS log_index FROM (
            SELECT f.flag_id, first.source_id, first.log_index, row_number() OVER (PARTITION BY first.source_id ORDER BY f.flag_id) AS rank
            FROM flag.flag AS f CROSS JOIN LATERAL (
                SELECT r.source_id, r.log_index FROM flag.evidence AS e JOIN ledger.record AS r ON r.log_index = e.log_index
                WHERE e.flag_id = f.flag_id ORDER BY e.log_index LIMIT 1) AS first
            WHERE f.folded_into IS NULL AND f.rule COLLATE "C" LIKE 'E%' AND f.raised_at >= today::timestamp AT TIME ZONE 'Asia/Shanghai'
        ) AS ranked WHERE ranked.rank > budget AND ranked.source_id IS NOT NULL GROUP BY ranked.source_id ORDER BY ranked.source_id
    LOOP
        INSERT INTO flag.flag AS f (rule, rule_version, severity, subject, source_id, key, detail, event_at)
        VALUES ('S06', version, severity, 'source:' || flood.source_id, flood.source_id, today::text,
                format('more than %s re-entry flags in a day by the sightings of one source (线索过量): the others stand behind this one; '
                       'hint: is the feed right?', budget), now())
        ON CONFLICT ON CONSTRAINT flag_subject_rule_key_key DO UPDATE SET changed_at = now() RETURNING f.flag_id INTO front;
        INSERT INTO flag.action (flag_id, from_state, to_state, actor)
        SELECT front, NULL, 'new', 'custodyd' WHERE NOT EXISTS (SELECT FROM flag.action AS a WHERE a.flag_id = front);
        INSERT INTO flag.evidence (flag_id, log_index) VALUES (front, flood.log_index) ON CONFLICT DO NOTHING;
        UPDATE flag.flag AS f SET folded_into = front WHERE f.flag_id = ANY (flood.flag_ids);
        folded := folded + cardinality(flood.flag_ids);
    END LOOP;
    RETURN folded;
END $$;
COMMENT ON FUNCTION flag.fold_floods(integer, integer, integer) IS 'Puts re-entry flags of today beyond the budget of their source behind one flag; says how many.';
REVOKE ALL ON FUNCTION flag.fold_floods(integer, integer, integer) FROM PUBLIC;
