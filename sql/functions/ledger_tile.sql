-- ledger_tile.sql - one tile of the Merkle tree as far as the log has it, full or partial, wherever its hashes are kept.

CREATE OR REPLACE FUNCTION ledger.tile_hashes(level integer, tile_index bigint, width integer) RETURNS bytea
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp
RETURN coalesce(
    (SELECT substr(t.hashes, 1, width * 32) FROM ledger.tile AS t WHERE t.level = tile_hashes.level AND t.tile_index = tile_hashes.tile_index),
    CASE WHEN level = 0 THEN
        (SELECT string_agg(r.leaf_hash, '' ORDER BY r.log_index) FROM ledger.record AS r
         WHERE r.log_index >= tile_index * 256 AND r.log_index < tile_index * 256 + width)
    ELSE
        (SELECT substr((ARRAY[h.edge_1, h.edge_2, h.edge_3, h.edge_4, h.edge_5, h.edge_6, h.edge_7])[level], 1, width * 32)
         FROM ledger.head AS h WHERE tile_index = h.size >> (8 * level + 8))
    END);
COMMENT ON FUNCTION ledger.tile_hashes(integer, bigint, integer) IS
    'The first hashes of a tile (C2SP tlog-tiles), 32 bytes each: as many as asked for, or as there are; NULL: there is no such tile.';
