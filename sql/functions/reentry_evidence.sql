-- reentry_evidence.sql - everything that core/reentry/dossier.h weighs, as rows: what is known of items, and what was sighted of them.
--
-- part 0: an identifier of the item; 1: an event that says something of it (picked up, wipe verified), with its record; 2: a sighting of a
-- proof-grade identifier; 3: a writing that shares a key with its VIN. `keys` are those of the items' VINs (vin_keys), one a row with
-- its item. Of 2 and 3 the newest 200 an item each. Rows of one record follow one another.
CREATE OR REPLACE FUNCTION reentry.evidence(item_ids bigint[], key_items bigint[], keys text[])
RETURNS TABLE (item_id bigint, part smallint, log_index bigint, ordinal smallint, scheme smallint, value text, proof boolean,
               phone_hashes bytea, received_at timestamptz, record bytea)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT e.item_id, e.part::smallint, e.log_index, e.ordinal, e.scheme, e.value, e.proof, e.phone_hashes, r.received_at, r.record
    FROM (
        SELECT i.item_id, 0 AS part, NULL::bigint AS log_index, NULL::smallint AS ordinal, i.scheme, i.value, i.proof, NULL::bytea AS phone_hashes
        FROM custody.identifier AS i WHERE i.item_id = ANY (item_ids)
        UNION ALL
        SELECT v.item_id, 1, v.log_index, v.ordinal, NULL, NULL, NULL, NULL
        FROM custody.event AS v WHERE v.item_id = ANY (item_ids) AND v.type IN (2, 19) AND v.part IS NULL
        UNION ALL
        SELECT q.id, 2, s.log_index, s.ordinal, s.scheme, s.value, true, NULL
        FROM unnest(item_ids) AS q (id) CROSS JOIN LATERAL (
            SELECT s.log_index, s.ordinal, s.scheme, s.value FROM custody.identifier AS i
            JOIN reentry.sighted_identifier AS s ON s.scheme = i.scheme AND s.value = i.value
            WHERE i.item_id = q.id AND i.proof ORDER BY s.log_index DESC, s.ordinal DESC LIMIT 200) AS s
        UNION ALL
        SELECT q.id, 3, n.log_index, n.ordinal, NULL, n.text, NULL, n.phone_hashes
        FROM (SELECT DISTINCT k.id FROM unnest(key_items) AS k (id)) AS q CROSS JOIN LATERAL (
            SELECT DISTINCT w.log_index, w.ordinal, w.number, w.text, w.phone_hashes FROM unnest(key_items, keys) AS g (id, key)
            JOIN reentry.near_key AS k ON k.key = g.key
            JOIN reentry.written AS w ON w.log_index = k.log_index AND w.ordinal = k.ordinal AND w.number = k.number
            WHERE g.id = q.id ORDER BY w.log_index DESC, w.ordinal DESC, w.number LIMIT 200) AS n
    ) AS e LEFT JOIN ledger.record AS r ON r.log_index = e.log_index
    ORDER BY e.log_index NULLS FIRST, e.item_id, e.part, e.ordinal
$$;
COMMENT ON FUNCTION reentry.evidence(bigint[], bigint[], text[]) IS 'What rules E02, E03, E06, E07 and E08 weigh of these items.';
REVOKE ALL ON FUNCTION reentry.evidence(bigint[], bigint[], text[]) FROM PUBLIC;
