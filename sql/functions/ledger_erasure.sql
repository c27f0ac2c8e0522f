-- ledger_erasure.sql - removing the bytes of a record: one person asks, another approves, and both are leaves.

CREATE OR REPLACE FUNCTION ledger.request_erasure(wanted bigint, why text, before_term boolean DEFAULT false) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    r ledger.record;
    leaf bigint;
    id bigint;
    kept_until date;
BEGIN
    IF coalesce(btrim(why), '') = '' THEN
        RAISE EXCEPTION 'erasure of record %: no reason', wanted
            USING ERRCODE = 'check_violation', HINT = 'name the law or the order that asks for it';
    END IF;
    PERFORM FROM ledger.head FOR UPDATE;
    SELECT * INTO r FROM ledger.record WHERE log_index = wanted;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'record %: there is none', wanted
            USING ERRCODE = 'no_data_found', HINT = 'custodyctl trace names the log index of every event';
    ELSIF r.record IS NULL THEN
        RAISE EXCEPTION 'record %: it was erased before', wanted
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'custodyctl erase list says by whom and why';
    ELSIF r.type NOT IN (1, 2, 3, 6) THEN
        RAISE EXCEPTION 'record %: leaves of type % stay', wanted, r.type
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'keys, erasures and schema changes are what the log is verified with';
    ELSIF EXISTS (SELECT FROM ledger.erasure_request AS q WHERE q.log_index = wanted) THEN
        RAISE EXCEPTION 'record %: its erasure is asked for already', wanted
            USING ERRCODE = 'unique_violation', HINT = 'custodyctl erase list; somebody else approves it';
    END IF;
    SELECT max(term) INTO kept_until
    FROM custody.event AS e JOIN custody.item AS i USING (item_id), custody.retained_until('record', i.kind, e.type, e.event_at) AS term
    WHERE e.log_index = wanted AND term >= (now() AT TIME ZONE 'Asia/Shanghai')::date;
    IF kept_until IS NOT NULL AND NOT before_term THEN
        RAISE EXCEPTION 'record %: it is to be kept 保存期限 until %', wanted, kept_until
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'custodyctl erase request --before-term asks all the same, where a court or a law orders it';
    END IF;
    leaf := ledger.append(2, ledger.operator_record('erasure requested', jsonb_strip_nulls(
        jsonb_build_object('log_index', wanted, 'reason', why, 'retained_until', kept_until))));
    INSERT INTO ledger.erasure_request (log_index, reason, requested_by, request_index) VALUES (wanted, why, ledger.actor(), leaf)
    RETURNING request_id INTO id;
    RETURN id;
END $$;
COMMENT ON FUNCTION ledger.request_erasure(bigint, text, boolean) IS 'Asks that the bytes of a record be erased; the number of the request. Refused before its retention is over, but where before_term says that this is known.';
REVOKE ALL ON FUNCTION ledger.request_erasure(bigint, text, boolean) FROM PUBLIC;

CREATE OR REPLACE FUNCTION ledger.approve_erasure(request bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    q ledger.erasure_request;
    r ledger.record;
    kept bytea;
    leaf bigint;
BEGIN
    PERFORM FROM ledger.head FOR UPDATE;
    SELECT * INTO q FROM ledger.erasure_request WHERE request_id = request;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'request %: there is none', request USING ERRCODE = 'no_data_found', HINT = 'custodyctl erase list';
    ELSIF q.requested_by = ledger.actor() THEN
        RAISE EXCEPTION 'request %: % asked for it and cannot approve it', request, q.requested_by
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'two different people have to agree';
    END IF;
    SELECT * INTO STRICT r FROM ledger.record WHERE log_index = q.log_index;
    IF r.record IS NULL THEN
        RAISE EXCEPTION 'record %: it was erased before', q.log_index
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'custodyctl erase list says by whom and why';
    END IF;
    -- What somebody altered is evidence of that, and must not go.
    kept := sha256(convert_to(E'custody-commit/v1\n', 'UTF8') || r.salt || r.record);
    IF r.leaf_hash <> sha256('\x00'::bytea || convert_to(E'custody-leaf/v1\n', 'UTF8') || set_byte('\x00', 0, r.type)
        || int8send((extract(epoch FROM r.received_at) * 1000000)::bigint) || kept) THEN
        RAISE EXCEPTION 'record %: it is not what its leaf hash says', q.log_index
            USING ERRCODE = 'data_corrupted', HINT = 'custodyctl monitor; an altered record is not erased';
    END IF;
    leaf := ledger.append(5, ledger.operator_record('record erased', jsonb_build_object('log_index', q.log_index,
        'commitment', encode(kept, 'hex'), 'reason', q.reason, 'requested_by', q.requested_by, 'request_index', q.request_index)));
    INSERT INTO ledger.erasure (log_index, commitment, erasure_index, request_id, reason, requested_by, approved_by)
    VALUES (q.log_index, kept, leaf, request, q.reason, q.requested_by, ledger.actor());
    UPDATE ledger.record SET salt = NULL, record = NULL WHERE log_index = q.log_index;
    RETURN leaf;
END $$;
COMMENT ON FUNCTION ledger.approve_erasure(bigint) IS
    'Erases the bytes of the record that a request names, when somebody else asked; the log index of the leaf that says so.';
REVOKE ALL ON FUNCTION ledger.approve_erasure(bigint) FROM PUBLIC;
