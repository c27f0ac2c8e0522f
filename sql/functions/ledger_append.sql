-- ledger_append.sql - leaves more, from within any transaction: operator actions, key events, erasures, schema and software changes.
--
-- The same tree that daemon/ingest appends to by batches: what is acted on here and its leaf are committed together or not at all. Takes
-- the lock of the head, which whoever writes more locks first (an envelope's transaction locks it before the flags, too).

CREATE OR REPLACE FUNCTION ledger.append_all(leaf_types integer[], records bytea[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    tip record;
    edges bytea[];
    now_at timestamptz := clock_timestamp();
    hashes bytea[];
    node bytea;
    nodes bytea;
    at bigint;
    level integer;
    tiles_full boolean := false;
BEGIN
    IF NOT leaf_types <@ ARRAY[2, 4, 5, 7] THEN
        RAISE EXCEPTION 'leaf types % are not appended here', leaf_types
            USING ERRCODE = 'invalid_parameter_value', HINT = 'envelopes, dead letters and equivocations come from the daemon';
    END IF;
    SELECT * INTO STRICT tip FROM ledger.head FOR UPDATE;
    edges := ARRAY[tip.edge_1, tip.edge_2, tip.edge_3, tip.edge_4, tip.edge_5, tip.edge_6, tip.edge_7];
    nodes := tip.frontier;
    at := tip.size;
    WITH salted AS MATERIALIZED (
        SELECT tip.size + n - 1 AS log_index, leaf_type, record,
               sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) AS salt
        FROM unnest(leaf_types, records) WITH ORDINALITY AS given (leaf_type, record, n)
    ), written AS (
        INSERT INTO ledger.record (log_index, type, received_at, source_id, salt, leaf_hash, record)
        SELECT s.log_index, s.leaf_type, now_at, NULL, s.salt,
               sha256('\x00'::bytea || convert_to(E'custody-leaf/v1\n', 'UTF8') || set_byte('\x00', 0, s.leaf_type)
                   || int8send((extract(epoch FROM now_at) * 1000000)::bigint)
                   || sha256(convert_to(E'custody-commit/v1\n', 'UTF8') || s.salt || s.record)), s.record
        FROM salted AS s RETURNING ledger.record.log_index, ledger.record.leaf_hash
    ) SELECT array_agg(w.leaf_hash ORDER BY w.log_index) INTO hashes FROM written AS w;

    -- Two equal subtrees become one, as in binary counting; eight levels up a tile is full.
    FOREACH node IN ARRAY hashes LOOP
        level := 0;
        WHILE (at >> level) & 1 = 1 LOOP
            node := sha256('\x01'::bytea || substr(nodes, length(nodes) - 31) || node);
            nodes := substr(nodes, 1, length(nodes) - 32);
            level := level + 1;
            IF level % 8 = 0 THEN
                IF level = 8 THEN
                    INSERT INTO ledger.tile (level, tile_index, hashes)
                    SELECT 0, at / 256, string_agg(r.leaf_hash, '' ORDER BY r.log_index) FROM ledger.record AS r
                    WHERE r.log_index BETWEEN at - 255 AND at;
                ELSE
                    INSERT INTO ledger.tile (level, tile_index, hashes) VALUES (level / 8 - 1, at >> level, edges[level / 8 - 1]);
                    edges[level / 8 - 1] := '';
                END IF;
                edges[level / 8] := edges[level / 8] || node;
                tiles_full := true;
            END IF;
        END LOOP;
        nodes := nodes || node;
        at := at + 1;
    END LOOP;

    FOR place IN REVERSE length(nodes) / 32 - 2 .. 0 LOOP
        node := sha256('\x01'::bytea || substr(nodes, place * 32 + 1, 32) || node);
    END LOOP;
    UPDATE ledger.head SET size = at, frontier = nodes, root = node, updated_at = now();
    IF tiles_full THEN
        UPDATE ledger.head SET edge_1 = edges[1], edge_2 = edges[2], edge_3 = edges[3], edge_4 = edges[4], edge_5 = edges[5],
            edge_6 = edges[6], edge_7 = edges[7];
    END IF;
    RETURN tip.size;
END $$;
COMMENT ON FUNCTION ledger.append_all(integer[], bytea[]) IS
    'Appends leaves of type 2 (operator action), 4 (key event), 5 (erasure) or 7 (software or schema change) with these bytes as their records, in this order; the log index of the first.';
REVOKE ALL ON FUNCTION ledger.append_all(integer[], bytea[]) FROM PUBLIC;

CREATE OR REPLACE FUNCTION ledger.append(leaf_type integer, record bytea) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'SELECT ledger.append_all(ARRAY[leaf_type], ARRAY[record])';
COMMENT ON FUNCTION ledger.append(integer, bytea) IS 'Appends one leaf, as append_all does; its log index.';
