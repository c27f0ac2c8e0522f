-- flags.sql - the queue of flags, one flag with its evidence, its history and what would make it go away, the flags of one item, and the
-- credit record of a firm, as JSON documents.

-- Who works on a flag is not for firms: they have no right on flag.action, and get NULL.
CREATE OR REPLACE FUNCTION api.flag_assignee(wanted bigint) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF NOT has_table_privilege('flag.action', 'SELECT') THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT a.assignee FROM flag.action AS a WHERE a.flag_id = wanted AND a.kind = 'assignment' ORDER BY a.action_id DESC LIMIT 1);
END $$;

CREATE OR REPLACE FUNCTION api.flag_actions(wanted bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF NOT has_table_privilege('flag.action', 'SELECT') THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT coalesce(jsonb_agg(jsonb_build_object(
                'at', api.time(a.acted_at), 'kind', a.kind, 'from', a.from_state, 'to', a.to_state, 'actor', a.actor, 'reason', a.reason,
                'assignee', a.assignee, 'log_index', a.log_index) ORDER BY a.action_id), '[]')
            FROM flag.action AS a WHERE a.flag_id = wanted);
END $$;

-- Hours and days since a flag was raised are the reader's business: the document gives the time.
CREATE OR REPLACE FUNCTION api.flag_head(f flag.flag) RETURNS jsonb
LANGUAGE sql STABLE
RETURN jsonb_build_object(
    'flag_id', f.flag_id, 'rule', f.rule, 'rule_version', f.rule_version, 'severity', f.severity, 'state', f.state,
    'article', (api.rule(f.rule))[1], 'title_zh', (api.rule(f.rule))[2], 'title_en', (api.rule(f.rule))[3],
    'subject', f.subject, 'item_id', f.item_id, 'key', f.key, 'detail', f.detail,
    'event_at', api.time(f.event_at), 'raised_at', api.time(f.raised_at), 'changed_at', api.time(f.changed_at),
    'age_s', floor(extract(epoch FROM now() - f.raised_at))::bigint,
    'firm', api.party(flag.firm(f)), 'assignee', api.flag_assignee(f.flag_id),
    'subject_words', coalesce(
        (SELECT api.word('item_kind', t.kind) || coalesce(
                    (SELECT ' ' || i.value FROM custody.identifier AS i WHERE i.item_id = t.item_id
                     ORDER BY i.proof DESC, i.scheme, i.value LIMIT 1), '')
         FROM custody.item AS t WHERE t.item_id = f.item_id),
        (SELECT 'source ' || s.name FROM registry.source AS s WHERE s.source_id = f.source_id), f.subject));

CREATE OR REPLACE FUNCTION api.item_flags(wanted bigint) RETURNS jsonb
LANGUAGE sql STABLE
RETURN (SELECT coalesce(jsonb_agg(api.flag_head(f) ORDER BY f.raised_at, f.flag_id), '[]')
        FROM flag.flag AS f WHERE f.item_id = wanted);

-- The queue: gravest first, then oldest first. NULL means any, of the states those that stand behind another, too; "left" counts what did not fit. mine: assigned to who asks, or to a role
-- that he is of.
CREATE OR REPLACE FUNCTION api.flags(states text[], wanted_rule text, least_severity integer, wanted_assignee text, wanted_firm text,
                                     mine boolean, most integer) RETURNS jsonb
LANGUAGE sql STABLE
RETURN (WITH wanted AS (
            SELECT f FROM flag.flag AS f
            WHERE (states IS NULL OR f.state = ANY (states) AND f.folded_into IS NULL) AND (wanted_rule IS NULL OR f.rule = wanted_rule)
              AND f.severity >= coalesce(least_severity, 1)
              AND (wanted_assignee IS NULL OR api.flag_assignee(f.flag_id) = wanted_assignee)
              AND (wanted_firm IS NULL OR flag.firm(f) = (SELECT p.party_id FROM registry.party AS p WHERE p.code = wanted_firm))
              AND (NOT coalesce(mine, false)
                   OR (SELECT pg_has_role(ledger.actor()::name, r.oid, 'USAGE') FROM pg_roles AS r WHERE r.rolname = api.flag_assignee(f.flag_id)))),
        shown AS (SELECT f FROM wanted ORDER BY (f).severity DESC, (f).raised_at, (f).flag_id LIMIT most)
        SELECT jsonb_build_object(
            'flags', coalesce((SELECT jsonb_agg(api.flag_head(f) ORDER BY (f).severity DESC, (f).raised_at, (f).flag_id) FROM shown),
                              '[]'),
            'total', (SELECT count(*) FROM wanted),
            'left', greatest((SELECT count(*) FROM wanted) - most, 0)));

-- One flag with the records it rests on, what was done about it, and what could be; NULL where there is none.
CREATE OR REPLACE FUNCTION api.flag(wanted bigint) RETURNS jsonb
LANGUAGE sql STABLE
RETURN (SELECT api.flag_head(f) || jsonb_build_object(
            'remedy_zh', (api.remedy(f.rule))[1], 'remedy_en', (api.remedy(f.rule))[2], 'next_states', to_jsonb(flag.next_states(f.state)),
            'evidence', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                             'log_index', e.log_index, 'ordinal', e.ordinal, 'added_at', api.time(e.added_at),
                             'received_at', api.time(r.received_at), 'source', s.name, 'signed', s.signed, 'erased', r.log_index IS NOT NULL AND r.record IS NULL)
                             ORDER BY e.log_index, e.ordinal), '[]')
                         FROM flag.evidence AS e LEFT JOIN ledger.record AS r USING (log_index)
                         LEFT JOIN registry.source AS s USING (source_id) WHERE e.flag_id = f.flag_id),
            'actions', api.flag_actions(f.flag_id),
            'points', (SELECT coalesce(sum(c.points), 0) FROM flag.credit AS c WHERE c.flag_id = f.flag_id))
        FROM flag.flag AS f WHERE f.flag_id = wanted);

-- {"firm", "points", "entries": [...]}, newest first; NULL for a code that nobody has, or not for this viewer.
CREATE OR REPLACE FUNCTION api.credit(wanted_firm text) RETURNS jsonb
LANGUAGE sql STABLE
RETURN (SELECT jsonb_build_object(
            'firm', api.party(p.party_id),
            'points', (SELECT coalesce(sum(c.points), 0) FROM flag.credit AS c WHERE c.party_id = p.party_id),
            'entries', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                            'at', api.time(c.entered_at), 'flag_id', c.flag_id, 'rule', f.rule, 'severity', f.severity,
                            'title_zh', (api.rule(f.rule))[2], 'title_en', (api.rule(f.rule))[3], 'points', c.points,
                            'basis', t.basis, 'source', t.source, 'log_index', c.log_index) ORDER BY c.credit_id DESC), '[]')
                        FROM flag.credit AS c LEFT JOIN flag.flag AS f USING (flag_id) JOIN flag.credit_points AS t USING (points_id)
                        WHERE c.party_id = p.party_id))
        FROM registry.party AS p WHERE p.code = wanted_firm);

COMMENT ON FUNCTION api.flags(text[], text, integer, text, text, boolean, integer) IS 'The queue of flags, gravest and then oldest first.';
COMMENT ON FUNCTION api.flag(bigint) IS 'One flag with its evidence, its history, where it can go and what would make it go away.';
COMMENT ON FUNCTION api.flag_head(flag.flag) IS 'What every list of flags says of one.';
COMMENT ON FUNCTION api.flag_assignee(bigint) IS 'Role whose turn a flag is; NULL: nobody''s, or not for this viewer.';
COMMENT ON FUNCTION api.flag_actions(bigint) IS 'What was done with a flag, oldest first; NULL: not for this viewer.';
COMMENT ON FUNCTION api.item_flags(bigint) IS 'Flags of one item.';
COMMENT ON FUNCTION api.credit(text) IS 'Credit record of a firm (信用记录) with the sum of its points.';
