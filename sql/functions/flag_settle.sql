-- flag_settle.sql - brings flags in line with what the rules found now.
--
-- items: every item that was folded anew. Their open flags that no finding supports any more are withdrawn (with a trace, never
-- deleted); flags that people closed stay closed. The other arrays are the findings, one element each; several findings of one
-- (subject, rule, key) are one flag with several pieces of evidence. The caller holds the locks of the items and the streams.
CREATE OR REPLACE FUNCTION flag.settle(
    items bigint[], item_ids bigint[], source_ids bigint[], rules text[], versions integer[], severities smallint[], keys text[],
    details text[], event_ats timestamptz[], log_indexes bigint[], ordinals smallint[])
RETURNS void LANGUAGE sql SET search_path = flag, pg_catalog, pg_temp AS $$
    WITH finding AS (
        SELECT coalesce('item:' || g.item_id, 'source:' || g.source_id) AS subject, g.*
        FROM unnest(item_ids, source_ids, rules, versions, severities, keys, details, event_ats, log_indexes, ordinals)
             WITH ORDINALITY AS g (item_id, source_id, rule, rule_version, severity, key, detail, event_at, log_index, ordinal, n)
    ), wanted AS (
        SELECT DISTINCT ON (subject, rule, key) * FROM finding ORDER BY subject, rule, key, n
    ), standing AS (
        SELECT f.flag_id, f.state, w.* FROM wanted w JOIN flag.flag f USING (subject, rule, key)
    ), raised AS (
        INSERT INTO flag.flag (rule, rule_version, severity, subject, item_id, source_id, key, detail, event_at)
        SELECT rule, rule_version, severity, subject, item_id, source_id, key, detail, event_at FROM wanted w
        WHERE NOT EXISTS (SELECT FROM standing s WHERE (s.subject, s.rule, s.key) = (w.subject, w.rule, w.key))
        RETURNING flag_id, subject, rule, key
    ), reopened AS (
        UPDATE flag.flag f SET state = 'new', rule_version = s.rule_version, severity = s.severity, detail = s.detail,
               event_at = s.event_at, changed_at = now()
        FROM standing s WHERE f.flag_id = s.flag_id AND s.state = 'withdrawn' RETURNING f.flag_id
    ), evidence AS (
        INSERT INTO flag.evidence (flag_id, log_index, ordinal)
        SELECT DISTINCT k.flag_id, d.log_index, d.ordinal
        FROM finding d JOIN (SELECT flag_id, subject, rule, key FROM standing UNION ALL SELECT flag_id, subject, rule, key FROM raised) k
             USING (subject, rule, key)
        WHERE d.log_index IS NOT NULL
        ON CONFLICT DO NOTHING
    ), unsupported AS (
        SELECT f.flag_id, f.state FROM flag.flag f
        WHERE f.item_id = ANY (items) AND f.state IN ('new', 'under_review', 'confirmed')
          AND NOT EXISTS (SELECT FROM wanted w WHERE (w.subject, w.rule, w.key) = (f.subject, f.rule, f.key))
    ), withdrawn AS (
        UPDATE flag.flag f SET state = 'withdrawn', changed_at = now() FROM unsupported u WHERE f.flag_id = u.flag_id
        RETURNING f.flag_id
    )
    INSERT INTO flag.action (flag_id, from_state, to_state, actor, reason)
    SELECT flag_id, NULL::text, 'new', 'custodyd', '' FROM raised
    UNION ALL SELECT r.flag_id, 'withdrawn', 'new', 'custodyd', 'found again' FROM reopened r
    UNION ALL SELECT w.flag_id, u.state, 'withdrawn', 'custodyd', 'the events no longer support it'
              FROM withdrawn w JOIN unsupported u USING (flag_id);
$$;
COMMENT ON FUNCTION flag.settle(bigint[], bigint[], bigint[], text[], integer[], smallint[], text[], text[], timestamptz[], bigint[], smallint[])
    IS 'Raises, reopens, supports and withdraws flags so that they say what the rules found now.';
REVOKE ALL ON FUNCTION flag.settle(bigint[], bigint[], bigint[], text[], integer[], smallint[], text[], text[], timestamptz[], bigint[], smallint[])
    FROM PUBLIC;

-- Withdraws open flags by name (a source filled the hole in its sequence).
CREATE OR REPLACE FUNCTION flag.withdraw(subjects text[], rules text[], keys text[], reason text)
RETURNS void LANGUAGE sql SET search_path = flag, pg_catalog, pg_temp AS $$
    WITH open AS (
        SELECT f.flag_id, f.state FROM flag.flag f JOIN unnest(subjects, rules, keys) AS g (subject, rule, key) USING (subject, rule, key)
        WHERE f.state IN ('new', 'under_review', 'confirmed')
    ), moved AS (
        UPDATE flag.flag f SET state = 'withdrawn', changed_at = now() FROM open o WHERE f.flag_id = o.flag_id RETURNING f.flag_id
    )
    INSERT INTO flag.action (flag_id, from_state, to_state, actor, reason)
    SELECT m.flag_id, o.state, 'withdrawn', 'custodyd', reason FROM moved m JOIN open o USING (flag_id);
$$;
COMMENT ON FUNCTION flag.withdraw(text[], text[], text[], text) IS 'Withdraws open flags by subject, rule and key, with a reason.';
REVOKE ALL ON FUNCTION flag.withdraw(text[], text[], text[], text) FROM PUBLIC;
