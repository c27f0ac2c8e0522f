-- flag_settle.sql - brings flags in line with what the rules found now.
--
-- `subjects` names what is neither item nor source, where those two are NULL.
-- items: every item that was folded anew and whose findings are all here. The other arrays are the findings, one element each;
-- several findings of one (subject, rule, key) are one flag with several pieces of evidence. The caller holds the locks of the
-- items and the streams; people work on flags without those, so the rows of the flags are locked first, in the order of flag_id.
--
-- What the machine may undo, and what it may not:
--   * An open flag of these items (new, under_review) that no finding supports any more is withdrawn, with a trace, never deleted.
--     Found again, it is open again.
--   * A confirmed flag is a person's decision and a person's to undo. It stays confirmed; its actions say, once, that the events no
--     longer support it, and later perhaps that it was found again.
--   * A false alarm, a duplicate or a closed flag was decided on the evidence of that day. The same evidence, found again at every
--     folding, leaves it as it is; a record that was not among its evidence opens it again.
--   * Rules that need a dossier (core/reentry/dossier.h) are judged elsewhere, and withdrawn there.
--   * E01 does not give way to E05. Whoever may report an event of the item can put one before all others and so move the
--     beginning of the ban: what was sighted while banned then reads as sighted before. The E01 stays beside the E05 of that
--     identifier; it is withdrawn when neither is found (the ban is gone).
CREATE OR REPLACE FUNCTION flag.settle(
    items bigint[], item_ids bigint[], source_ids bigint[], rules text[], versions integer[], severities smallint[], keys text[],
    details text[], event_ats timestamptz[], log_indexes bigint[], ordinals smallint[], subjects text[] DEFAULT '{}')
RETURNS void LANGUAGE sql SET search_path = flag, pg_catalog, pg_temp AS $$
    SELECT FROM flag.flag f
    WHERE f.subject = ANY (ARRAY(SELECT 'item:' || i FROM unnest(items) AS i))
       OR f.flag_id = ANY (ARRAY(
              SELECT k.flag_id FROM unnest(item_ids, source_ids, rules, keys, subjects) AS g (item_id, source_id, rule, key, subject)
              JOIN flag.flag k ON k.subject = coalesce('item:' || g.item_id, 'source:' || g.source_id, g.subject) AND k.rule = g.rule AND k.key = g.key))
    ORDER BY f.flag_id FOR UPDATE;

    -- A statement of its own: it sees the states that the locks waited for.
    WITH finding AS (
        SELECT coalesce('item:' || g.item_id, 'source:' || g.source_id, g.other) AS subject, g.*
        FROM unnest(item_ids, source_ids, rules, versions, severities, keys, details, event_ats, log_indexes, ordinals, subjects)
             WITH ORDINALITY AS g (item_id, source_id, rule, rule_version, severity, key, detail, event_at, log_index, ordinal, other, n)
    ), wanted AS (
        SELECT DISTINCT ON (subject, rule, key) * FROM finding ORDER BY subject, rule, key, n
    ), standing AS (
        SELECT f.flag_id, f.state, w.* FROM wanted w JOIN flag.flag f USING (subject, rule, key)
    ), raised AS (
        INSERT INTO flag.flag (rule, rule_version, severity, subject, item_id, source_id, key, detail, event_at)
        SELECT rule, rule_version, severity, subject, item_id, source_id, key, detail, event_at FROM wanted w
        WHERE NOT EXISTS (SELECT FROM standing s WHERE (s.subject, s.rule, s.key) = (w.subject, w.rule, w.key))
        RETURNING flag_id, subject, rule, key
    ), evidence AS (
        INSERT INTO flag.evidence (flag_id, log_index, ordinal)
        SELECT DISTINCT k.flag_id, d.log_index, d.ordinal
        FROM finding d JOIN (SELECT flag_id, subject, rule, key FROM standing UNION ALL SELECT flag_id, subject, rule, key FROM raised) k
             USING (subject, rule, key)
        WHERE d.log_index IS NOT NULL
        ON CONFLICT DO NOTHING RETURNING flag_id
    ), reopened AS (
        UPDATE flag.flag f SET state = 'new', rule_version = s.rule_version, severity = s.severity, detail = s.detail,
               event_at = s.event_at, changed_at = now()
        FROM standing s
        WHERE f.flag_id = s.flag_id AND f.state = s.state
          AND (s.state = 'withdrawn'
               OR s.state IN ('false_alarm', 'duplicate', 'closed') AND s.flag_id IN (SELECT e.flag_id FROM evidence e))
        RETURNING f.flag_id, s.state AS from_state
    ), unsupported AS (
        SELECT f.flag_id, f.state FROM flag.flag f
        WHERE f.subject = ANY (ARRAY(SELECT 'item:' || i FROM unnest(items) AS i)) AND f.state IN ('new', 'under_review', 'confirmed')
          AND f.rule NOT IN ('E02', 'E03', 'E06', 'E07', 'E08')
          AND NOT EXISTS (SELECT FROM wanted w
                          WHERE w.subject = f.subject AND w.key = f.key AND (w.rule = f.rule OR f.rule = 'E01' AND w.rule = 'E05'))
    ), withdrawn AS (
        UPDATE flag.flag f SET state = 'withdrawn', changed_at = now() FROM unsupported u
        WHERE f.flag_id = u.flag_id AND f.state = u.state AND u.state <> 'confirmed'
        RETURNING f.flag_id, u.state AS from_state
    ), said AS ( -- of the confirmed ones: the last that was said here without moving them
        SELECT DISTINCT ON (a.flag_id) a.flag_id, a.reason FROM flag.action a
        WHERE a.flag_id IN (SELECT s.flag_id FROM standing s WHERE s.state = 'confirmed'
                            UNION ALL SELECT u.flag_id FROM unsupported u WHERE u.state = 'confirmed')
          AND a.actor = 'custodyd' AND a.from_state = 'confirmed' AND a.to_state = 'confirmed'
        ORDER BY a.flag_id, a.action_id DESC
    )
    INSERT INTO flag.action (flag_id, from_state, to_state, actor, reason)
    SELECT flag_id, NULL::text, 'new', 'custodyd', '' FROM raised
    UNION ALL SELECT r.flag_id, r.from_state, 'new', 'custodyd', CASE r.from_state WHEN 'withdrawn' THEN 'found again' ELSE 'new evidence' END
              FROM reopened r
    UNION ALL SELECT w.flag_id, w.from_state, 'withdrawn', 'custodyd', 'the events no longer support it' FROM withdrawn w
    UNION ALL SELECT u.flag_id, u.state, u.state, 'custodyd', 'the events no longer support it'
              FROM unsupported u LEFT JOIN said USING (flag_id)
              WHERE u.state = 'confirmed' AND coalesce(said.reason, 'found again') = 'found again'
    UNION ALL SELECT s.flag_id, s.state, s.state, 'custodyd', 'found again'
              FROM standing s JOIN said USING (flag_id) WHERE s.state = 'confirmed' AND said.reason <> 'found again';
$$;
COMMENT ON FUNCTION flag.settle(bigint[], bigint[], bigint[], text[], integer[], smallint[], text[], text[], timestamptz[], bigint[], smallint[], text[])
    IS 'Raises, reopens, supports and withdraws flags so that they say what the rules found now.';
REVOKE ALL ON FUNCTION flag.settle(bigint[], bigint[], bigint[], text[], integer[], smallint[], text[], text[], timestamptz[], bigint[], smallint[], text[])
    FROM PUBLIC;

-- Withdraws open flags by name (a source filled the hole in its sequence). A confirmed one stays, as above; its actions give the reason.
CREATE OR REPLACE FUNCTION flag.withdraw(subjects text[], rules text[], keys text[], reason text)
RETURNS void LANGUAGE sql SET search_path = flag, pg_catalog, pg_temp AS $$
    SELECT FROM flag.flag f JOIN unnest(subjects, rules, keys) AS g (subject, rule, key) USING (subject, rule, key)
    ORDER BY f.flag_id FOR UPDATE OF f;

    WITH open AS (
        SELECT DISTINCT f.flag_id, f.state
        FROM flag.flag f JOIN unnest(subjects, rules, keys) AS g (subject, rule, key) USING (subject, rule, key)
        WHERE f.state IN ('new', 'under_review', 'confirmed')
    ), moved AS (
        UPDATE flag.flag f SET state = 'withdrawn', changed_at = now() FROM open o
        WHERE f.flag_id = o.flag_id AND f.state = o.state AND o.state <> 'confirmed'
        RETURNING f.flag_id, o.state AS from_state
    )
    INSERT INTO flag.action (flag_id, from_state, to_state, actor, reason)
    SELECT m.flag_id, m.from_state, 'withdrawn', 'custodyd', reason FROM moved m
    UNION ALL SELECT o.flag_id, o.state, o.state, 'custodyd', reason FROM open o WHERE o.state = 'confirmed';
$$;
COMMENT ON FUNCTION flag.withdraw(text[], text[], text[], text) IS 'Withdraws open flags by subject, rule and key, with a reason.';
REVOKE ALL ON FUNCTION flag.withdraw(text[], text[], text[], text) FROM PUBLIC;
