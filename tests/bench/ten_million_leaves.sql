-- ten_million_leaves.sql - a log of ten million leaves as far as proofs read it: tiles, edges and the last records. The hashes are made up: what
-- is measured is reading them, and no proof of this log holds.
BEGIN;
SET LOCAL session_replication_role = replica; -- the log that the migration began is put aside
TRUNCATE ledger.record, ledger.tile;
INSERT INTO ledger.tile (level, tile_index, hashes)
    SELECT 0, n, decode(repeat(md5(n::text), 512), 'hex') FROM generate_series(0, 10000000 / 256 - 1) AS n;
INSERT INTO ledger.tile (level, tile_index, hashes)
    SELECT 1, n, decode(repeat(md5(n::text), 512), 'hex') FROM generate_series(0, 10000000 / 65536 - 1) AS n;
INSERT INTO ledger.record (log_index, type, received_at, salt, leaf_hash, record)
    SELECT n, 2, now(), sha256(int8send(n)), sha256(int8send(n)), repeat('r', 300)::bytea
    FROM generate_series(10000000 / 256 * 256::bigint, 10000000 - 1) AS n;
UPDATE ledger.head SET size = 10000000, frontier = decode(repeat('00', 32 * length(replace(10000000::bit(64)::text, '0', ''))), 'hex'),
    edge_1 = decode(repeat(md5('1'), 2 * (10000000 / 256 % 256)), 'hex'), edge_2 = decode(repeat(md5('2'), 2 * (10000000 / 65536)), 'hex');
COMMIT;
VACUUM ANALYZE ledger.tile, ledger.record;
