-- 0009_tree.sql - what others need to verify the log: full tiles, signed checkpoints, cosignatures, keys that sign, and what was erased.
--
-- The head stays the only row of the log that changes. Its edges are the partial tiles above the leaves: a new hash joins edge_1 once in
-- 256 leaves, so most swaps of the head leave them where they are (an unchanged column keeps its place out of line). The partial
-- tile of the leaves themselves is read from ledger.record.

CREATE TABLE ledger.tile (
    level       smallint NOT NULL CHECK (level BETWEEN 0 AND 7),
    tile_index  bigint NOT NULL CHECK (tile_index >= 0),
    hashes      bytea NOT NULL CHECK (length(hashes) = 8192),
    PRIMARY KEY (level, tile_index)
);
ALTER TABLE ledger.tile ALTER COLUMN hashes SET STORAGE EXTERNAL; -- hashes do not compress
COMMENT ON TABLE ledger.tile IS 'Full tiles of the Merkle tree (C2SP tlog-tiles, height 8): 256 hashes each. Append-only.';
COMMENT ON COLUMN ledger.tile.level IS 'Level of the tile: its hashes are the nodes 8 * level above the leaves.';
COMMENT ON COLUMN ledger.tile.tile_index IS 'Position within its level, from 0.';
COMMENT ON COLUMN ledger.tile.hashes IS '256 hashes of 32 bytes, from the left.';

ALTER TABLE ledger.head
    ADD COLUMN edge_1 bytea NOT NULL DEFAULT '' CHECK (length(edge_1) % 32 = 0 AND length(edge_1) < 8192),
    ADD COLUMN edge_2 bytea NOT NULL DEFAULT '' CHECK (length(edge_2) % 32 = 0 AND length(edge_2) < 8192),
    ADD COLUMN edge_3 bytea NOT NULL DEFAULT '' CHECK (length(edge_3) % 32 = 0 AND length(edge_3) < 8192),
    ADD COLUMN edge_4 bytea NOT NULL DEFAULT '' CHECK (length(edge_4) % 32 = 0 AND length(edge_4) < 8192),
    ADD COLUMN edge_5 bytea NOT NULL DEFAULT '' CHECK (length(edge_5) % 32 = 0 AND length(edge_5) < 8192),
    ADD COLUMN edge_6 bytea NOT NULL DEFAULT '' CHECK (length(edge_6) % 32 = 0 AND length(edge_6) < 8192),
    ADD COLUMN edge_7 bytea NOT NULL DEFAULT '' CHECK (length(edge_7) % 32 = 0 AND length(edge_7) < 8192);
ALTER TABLE ledger.head
    ALTER COLUMN edge_1 SET STORAGE EXTERNAL, ALTER COLUMN edge_2 SET STORAGE EXTERNAL, ALTER COLUMN edge_3 SET STORAGE EXTERNAL,
    ALTER COLUMN edge_4 SET STORAGE EXTERNAL, ALTER COLUMN edge_5 SET STORAGE EXTERNAL, ALTER COLUMN edge_6 SET STORAGE EXTERNAL,
    ALTER COLUMN edge_7 SET STORAGE EXTERNAL;
COMMENT ON COLUMN ledger.head.edge_1 IS 'Partial tile of level 1: fewer than 256 hashes of 32 bytes, from the left; empty: none.';
COMMENT ON COLUMN ledger.head.edge_2 IS 'Partial tile of level 2.';
COMMENT ON COLUMN ledger.head.edge_3 IS 'Partial tile of level 3.';
COMMENT ON COLUMN ledger.head.edge_4 IS 'Partial tile of level 4.';
COMMENT ON COLUMN ledger.head.edge_5 IS 'Partial tile of level 5.';
COMMENT ON COLUMN ledger.head.edge_6 IS 'Partial tile of level 6.';
COMMENT ON COLUMN ledger.head.edge_7 IS 'Partial tile of level 7, the highest of a tree with 64-bit size.';

CREATE TABLE ledger.checkpoint (
    size        bigint PRIMARY KEY CHECK (size >= 0),
    root        bytea NOT NULL CHECK (length(root) = 32),
    note        text NOT NULL CHECK (length(note) BETWEEN 1 AND 8192),
    signed_at   timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE ledger.checkpoint IS 'Signed heads (C2SP tlog-checkpoint): one a size, so that no two of one size differ. Append-only.';
COMMENT ON COLUMN ledger.checkpoint.size IS 'Leaves in the tree.';
COMMENT ON COLUMN ledger.checkpoint.root IS 'Root of the tree of that size, 32 bytes.';
COMMENT ON COLUMN ledger.checkpoint.note IS 'The whole signed note, without cosignatures.';
COMMENT ON COLUMN ledger.checkpoint.signed_at IS 'Time at which it was signed.';

CREATE TABLE ledger.cosignature (
    size        bigint NOT NULL CHECK (size >= 0),
    witness     text COLLATE "C" NOT NULL CHECK (length(witness) BETWEEN 1 AND 200),
    key_hash    bytea NOT NULL CHECK (length(key_hash) = 4),
    line        text NOT NULL CHECK (length(line) BETWEEN 1 AND 1000),
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (size, witness, key_hash)
);
COMMENT ON TABLE ledger.cosignature IS 'What witnesses signed (C2SP tlog-cosignature). Append-only.';
COMMENT ON COLUMN ledger.cosignature.size IS 'Checkpoint that was cosigned.';
COMMENT ON COLUMN ledger.cosignature.witness IS 'Key name of the witness.';
COMMENT ON COLUMN ledger.cosignature.key_hash IS 'Key id of the witness, 4 bytes (other hashes have 32 bytes).';
COMMENT ON COLUMN ledger.cosignature.line IS 'The signature line, without its newline.';
COMMENT ON COLUMN ledger.cosignature.received_at IS 'Time at which it came.';

CREATE TABLE ledger.signing_key (
    verifier_key text COLLATE "C" PRIMARY KEY CHECK (length(verifier_key) BETWEEN 1 AND 400),
    log_index   bigint NOT NULL,
    announced_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE ledger.signing_key IS 'Keys that sign checkpoints and acknowledgement notes, by the leaf that announced them. Append-only.';
COMMENT ON COLUMN ledger.signing_key.verifier_key IS 'Public key as a C2SP verifier key: name, key id, base64.';
COMMENT ON COLUMN ledger.signing_key.log_index IS 'Leaf of type 4 that announced it.';
COMMENT ON COLUMN ledger.signing_key.announced_at IS 'Time of that leaf.';

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['ledger.tile', 'ledger.checkpoint', 'ledger.cosignature', 'ledger.signing_key'] LOOP
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %s '
                       'FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change()', name::regclass);
    END LOOP;
END $$;

-- A log that was begun before there were tiles gets those that it has, level by level.
CREATE FUNCTION pg_temp.tile_root(hashes bytea) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
    above bytea;
BEGIN
    WHILE length(hashes) > 32 LOOP
        SELECT string_agg(sha256('\x01'::bytea || substr(hashes, at, 64)), '' ORDER BY at) INTO above
        FROM generate_series(1, length(hashes), 64) AS at;
        hashes := above;
    END LOOP;
    RETURN hashes;
END $$;

DO $$
DECLARE
    leaves bigint := (SELECT size FROM ledger.head);
    above bytea;
BEGIN
    INSERT INTO ledger.tile (level, tile_index, hashes)
    SELECT 0, log_index / 256, string_agg(leaf_hash, '' ORDER BY log_index) FROM ledger.record
    WHERE log_index < leaves / 256 * 256 GROUP BY log_index / 256;
    FOR above_level IN 1 .. 7 LOOP
        INSERT INTO ledger.tile (level, tile_index, hashes)
        SELECT above_level, tile_index / 256, string_agg(pg_temp.tile_root(hashes), '' ORDER BY tile_index) FROM ledger.tile AS t
        WHERE t.level = above_level - 1 AND tile_index < (leaves >> (8 * above_level + 8)) << 8 GROUP BY tile_index / 256;
        SELECT string_agg(pg_temp.tile_root(hashes), '' ORDER BY tile_index) INTO above FROM ledger.tile AS t
        WHERE t.level = above_level - 1 AND tile_index >= (leaves >> (8 * above_level + 8)) << 8;
        CONTINUE WHEN above IS NULL;
        EXECUTE format('UPDATE ledger.head SET edge_%s = $1', above_level) USING above;
    END LOOP;
END $$;
