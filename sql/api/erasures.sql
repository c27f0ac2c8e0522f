-- erasures.sql - which records were erased or are asked to be, by whom and why, as JSON documents.

-- Oldest request first; only_open: those that nobody approved yet.
CREATE OR REPLACE FUNCTION api.erasures(only_open boolean) RETURNS jsonb
LANGUAGE sql STABLE
RETURN (SELECT coalesce(jsonb_agg(jsonb_build_object(
            'request_id', q.request_id, 'log_index', q.log_index, 'reason', q.reason, 'requested_by', q.requested_by,
            'requested_at', api.time(q.requested_at), 'request_index', q.request_index,
            'approved_by', e.approved_by, 'erased_at', api.time(e.erased_at), 'erasure_index', e.erasure_index
        ) ORDER BY q.request_id), '[]')
        FROM ledger.erasure_request AS q LEFT JOIN ledger.erasure AS e USING (log_index)
        WHERE NOT only_open OR e.log_index IS NULL);

-- Of one record; NULL where it was not erased.
CREATE OR REPLACE FUNCTION api.erasure(wanted bigint) RETURNS jsonb
LANGUAGE sql STABLE
RETURN (SELECT jsonb_build_object('at', api.time(e.erased_at), 'requested_by', e.requested_by, 'approved_by', e.approved_by,
                                  'reason', e.reason, 'log_index', e.erasure_index)
        FROM ledger.erasure AS e WHERE e.log_index = wanted);

COMMENT ON FUNCTION api.erasures(boolean) IS 'Erasures and requests for them, oldest first.';
COMMENT ON FUNCTION api.erasure(bigint) IS 'When, by whom and why a record was erased, and the leaf that says so; NULL where it was not.';
