-- flags.sql - the queue of flags, one flag with its evidence and moves, and the flags of one item, as JSON documents.

-- Hours and days since a flag was raised are the reader's business: the document gives the time.
CREATE OR REPLACE FUNCTION api.flag_head(f flag.flag) RETURNS jsonb
LANGUAGE sql STABLE
RETURN jsonb_build_object(
    'flag_id', f.flag_id, 'rule', f.rule, 'rule_version', f.rule_version, 'severity', f.severity, 'state', f.state,
    'article', (api.rule(f.rule))[1], 'title_zh', (api.rule(f.rule))[2], 'title_en', (api.rule(f.rule))[3],
    'subject', f.subject, 'item_id', f.item_id, 'key', f.key, 'detail', f.detail,
    'event_at', api.time(f.event_at), 'raised_at', api.time(f.raised_at), 'changed_at', api.time(f.changed_at),
    'age_s', floor(extract(epoch FROM now() - f.raised_at))::bigint,
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

-- The queue: gravest first, then oldest first. NULL for states or rule means any; "left" counts what did not fit.
CREATE OR REPLACE FUNCTION api.flags(states text[], wanted_rule text, least_severity integer, most integer) RETURNS jsonb
LANGUAGE sql STABLE
RETURN (WITH wanted AS (
            SELECT f FROM flag.flag AS f
            WHERE (states IS NULL OR f.state = ANY (states)) AND (wanted_rule IS NULL OR f.rule = wanted_rule)
              AND f.severity >= coalesce(least_severity, 1)),
        shown AS (SELECT f FROM wanted ORDER BY (f).severity DESC, (f).raised_at, (f).flag_id LIMIT most)
        SELECT jsonb_build_object(
            'flags', coalesce((SELECT jsonb_agg(api.flag_head(f) ORDER BY (f).severity DESC, (f).raised_at, (f).flag_id) FROM shown),
                              '[]'),
            'total', (SELECT count(*) FROM wanted),
            'left', greatest((SELECT count(*) FROM wanted) - most, 0)));

-- One flag with the records it rests on and what was done about it; NULL where there is none.
CREATE OR REPLACE FUNCTION api.flag(wanted bigint) RETURNS jsonb
LANGUAGE sql STABLE
RETURN (SELECT api.flag_head(f) || jsonb_build_object(
            'evidence', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                             'log_index', e.log_index, 'ordinal', e.ordinal, 'added_at', api.time(e.added_at),
                             'received_at', api.time(r.received_at), 'source', s.name, 'signed', s.signed)
                             ORDER BY e.log_index, e.ordinal), '[]')
                         FROM flag.evidence AS e LEFT JOIN ledger.record AS r USING (log_index)
                         LEFT JOIN registry.source AS s USING (source_id) WHERE e.flag_id = f.flag_id),
            'actions', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                            'at', api.time(a.acted_at), 'from', a.from_state, 'to', a.to_state, 'actor', a.actor, 'reason', a.reason)
                            ORDER BY a.action_id), '[]')
                        FROM flag.action AS a WHERE a.flag_id = f.flag_id))
        FROM flag.flag AS f WHERE f.flag_id = wanted);

COMMENT ON FUNCTION api.flags(text[], text, integer, integer) IS 'The queue of flags, gravest and then oldest first.';
COMMENT ON FUNCTION api.flag(bigint) IS 'One flag with its evidence and its moves.';
COMMENT ON FUNCTION api.flag_head(flag.flag) IS 'What every list of flags says of one.';
COMMENT ON FUNCTION api.item_flags(bigint) IS 'Flags of one item.';
