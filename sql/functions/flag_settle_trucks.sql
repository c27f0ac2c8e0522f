-- flag_settle_trucks.sql - brings the flags of trucks in line with what their fold found.
--
-- A truck is folded on, so most findings are new. Where it was folded again, `again` names it, and `since` from when: what the
-- fold found since then is all there is, so an open flag whose condition was met later than that, and which no finding supports, is
-- withdrawn with a trace. The caller holds the locks of the trucks. What a person decided stays as in flag.settle: a confirmed flag stays
-- confirmed, with a note; one that was closed opens again on new evidence only.
CREATE OR REPLACE FUNCTION flag.settle_trucks(
    again bigint[], since timestamptz[],
    vehicle_ids bigint[], rules text[], versions integer[], severities smallint[], keys text[], details text[], event_ats timestamptz[],
    log_indexes bigint[])
RETURNS void LANGUAGE sql SET search_path = flag, pg_catalog, pg_temp AS $$
    SELECT FROM flag.flag AS f
    WHERE f.vehicle_id = ANY (again) OR f.vehicle_id = ANY (vehicle_ids)
    ORDER BY f.flag_id FOR UPDATE;

    -- A statement of its own: it sees the states that the locks waited for.
    WITH finding AS (
        SELECT 'vehicle:' || v.plate AS subject, g.*
        FROM unnest(vehicle_ids, rules, versions, severities, keys, details, event_ats, log_indexes)
             WITH ORDINALITY AS g (vehicle_id, rule, rule_version, severity, key, detail, event_at, log_index, n)
        JOIN registry.vehicle AS v USING (vehicle_id)
    ), wanted AS (
        SELECT DISTINCT ON (vehicle_id, rule, key) * FROM finding ORDER BY vehicle_id, rule, key, n
    ), standing AS (
        SELECT f.flag_id, f.state, w.* FROM wanted AS w JOIN flag.flag AS f USING (vehicle_id, rule, key)
    ), raised AS (
        INSERT INTO flag.flag (rule, rule_version, severity, subject, vehicle_id, key, detail, event_at)
        SELECT rule, rule_version, severity, subject, vehicle_id, key, detail, event_at FROM wanted AS w
        WHERE NOT EXISTS (SELECT FROM standing AS s WHERE (s.vehicle_id, s.rule, s.key) = (w.vehicle_id, w.rule, w.key))
        RETURNING flag_id, vehicle_id, rule, key
    ), evidence AS (
        INSERT INTO flag.evidence (flag_id, log_index)
        SELECT DISTINCT k.flag_id, d.log_index
        FROM finding AS d JOIN (SELECT flag_id, vehicle_id, rule, key FROM standing UNION ALL SELECT flag_id, vehicle_id, rule, key FROM raised) AS k
             USING (vehicle_id, rule, key)
        ON CONFLICT DO NOTHING RETURNING flag_id
    ), reopened AS (
        UPDATE flag.flag AS f SET state = 'new', rule_version = s.rule_version, severity = s.severity, detail = s.detail,
               event_at = s.event_at, changed_at = now()
        FROM standing AS s
        WHERE f.flag_id = s.flag_id AND f.state = s.state
          AND (s.state = 'withdrawn'
               OR s.state IN ('false_alarm', 'duplicate', 'closed') AND s.flag_id IN (SELECT e.flag_id FROM evidence AS e))
        RETURNING f.flag_id, s.state AS from_state
    ), unsupported AS (
        SELECT f.flag_id, f.state FROM unnest(again, since) AS a (vehicle_id, since) JOIN flag.flag AS f USING (vehicle_id)
        WHERE f.event_at > a.since AND f.rule LIKE 'R%' AND f.state IN ('new', 'under_review', 'confirmed')
          AND NOT EXISTS (SELECT FROM wanted AS w WHERE (w.vehicle_id, w.rule, w.key) = (f.vehicle_id, f.rule, f.key))
    ), withdrawn AS (
        UPDATE flag.flag AS f SET state = 'withdrawn', changed_at = now() FROM unsupported AS u
        WHERE f.flag_id = u.flag_id AND f.state = u.state AND u.state <> 'confirmed'
        RETURNING f.flag_id, u.state AS from_state
    )
    INSERT INTO flag.action (flag_id, from_state, to_state, actor, reason)
    SELECT flag_id, NULL::text, 'new', 'custodyd', '' FROM raised
    UNION ALL SELECT r.flag_id, r.from_state, 'new', 'custodyd', CASE r.from_state WHEN 'withdrawn' THEN 'found again' ELSE 'new evidence' END
              FROM reopened AS r
    UNION ALL SELECT w.flag_id, w.from_state, 'withdrawn', 'custodyd', 'what came late no longer supports it' FROM withdrawn AS w
    UNION ALL SELECT u.flag_id, u.state, u.state, 'custodyd', 'what came late no longer supports it' FROM unsupported AS u
              WHERE u.state = 'confirmed' AND NOT EXISTS (
                  SELECT FROM flag.action AS a WHERE a.flag_id = u.flag_id AND a.reason = 'what came late no longer supports it');
$$;
COMMENT ON FUNCTION flag.settle_trucks(bigint[], timestamptz[], bigint[], text[], integer[], smallint[], text[], text[], timestamptz[], bigint[])
    IS 'Raises, reopens, supports and withdraws flags of trucks (R01 to R08) so that they say what their fold found.';
REVOKE ALL ON FUNCTION flag.settle_trucks(bigint[], timestamptz[], bigint[], text[], integer[], smallint[], text[], text[], timestamptz[], bigint[])
    FROM PUBLIC;
