-- ledger_append.sql - a leaf appended in SQL stands in the same tree: index, hash, frontier, root and tiles, over two full tiles and more.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT no_plan();

-- RFC 9162 section 2.1.1, by its recursive definition.
CREATE FUNCTION pg_temp.merkle_root(hashes bytea[]) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
    n integer := cardinality(hashes);
    k integer := 1;
BEGIN
    IF n = 0 THEN RETURN sha256(''); END IF;
    IF n = 1 THEN RETURN hashes[1]; END IF;
    WHILE 2 * k < n LOOP k := 2 * k; END LOOP;
    RETURN sha256('\x01'::bytea || pg_temp.merkle_root(hashes[:k]) || pg_temp.merkle_root(hashes[k + 1:]));
END $$;
CREATE FUNCTION pg_temp.leaves() RETURNS bytea[] LANGUAGE sql AS
    'SELECT array_agg(leaf_hash ORDER BY log_index) FROM ledger.record';
CREATE FUNCTION pg_temp.agrees() RETURNS boolean LANGUAGE sql AS
    'SELECT root = pg_temp.merkle_root(pg_temp.leaves()) AND size = cardinality(pg_temp.leaves())
        AND length(frontier) = 32 * length(replace(size::bit(64)::text, ''0'', '''')) FROM ledger.head';

CREATE TEMP TABLE before AS SELECT size FROM ledger.head;
SELECT is(ledger.append(2, convert_to('first', 'UTF8')), (SELECT size FROM before), 'the next index comes back');
SELECT ok(pg_temp.agrees(), 'the root is that of all leaves');
SELECT is(r.leaf_hash::bytea, sha256('\x00'::bytea || convert_to(E'custody-leaf/v1\n', 'UTF8') || '\x02'
        || int8send((extract(epoch FROM r.received_at) * 1000000)::bigint)
        || sha256(convert_to(E'custody-commit/v1\n', 'UTF8') || r.salt || convert_to('first', 'UTF8'))), 'the leaf is that of the specification')
FROM ledger.record AS r, before WHERE r.log_index = before.size;

SELECT bool_and(ok) AS ok FROM (SELECT ledger.append(7, int4send(i)) >= 0 AND (i % 37 <> 0 OR pg_temp.agrees()) AS ok
    FROM generate_series(1, 600) AS i) AS each \gset
SELECT ok(:'ok', 'every so often over 600 more leaves');
SELECT ok(pg_temp.agrees(), 'and at their end');
SELECT is((SELECT count(*) FROM ledger.tile WHERE level = 0), (SELECT size / 256 FROM ledger.head), 'every 256 leaves are a tile');
SELECT is_empty($$SELECT FROM ledger.tile AS t WHERE level = 0 AND hashes <> (SELECT string_agg(leaf_hash, '' ORDER BY log_index)
    FROM ledger.record WHERE log_index / 256 = tile_index)$$, 'of their hashes');
SELECT is((SELECT edge_1 FROM ledger.head), (SELECT string_agg(pg_temp.merkle_root(ARRAY(SELECT substr(hashes, 32 * i + 1, 32)
    FROM generate_series(0, 255) AS i)), '' ORDER BY tile_index) FROM ledger.tile WHERE level = 0), 'the edge above has the tiles'' roots');

-- The step from level 1 to level 2, from a head that is one leaf short of it. Of the leaves the last 255 are made up.
UPDATE ledger.head SET size = 65535, edge_1 = decode(repeat('11', 255 * 32), 'hex'), frontier = decode(repeat('22', 16 * 32), 'hex');
INSERT INTO ledger.record (log_index, type, received_at, salt, leaf_hash, record)
SELECT at, 2, now(), sha256('salt'), sha256(int4send(at)), 'x' FROM generate_series(65280, 65534) AS at;
DO $$ BEGIN PERFORM ledger.append(2, 'x'); END $$;
SELECT is(length(hashes), 8192, 'a full edge becomes a tile of level 1') FROM ledger.tile WHERE level = 1 AND tile_index = 0;
SELECT is(edge_1, ''::bytea, 'and begins again') FROM ledger.head;
SELECT is(edge_2, root::bytea, 'its root stands in the edge above, and is the tree''s') FROM ledger.head;

SELECT throws_ok($$SELECT ledger.append(1, 'x')$$, '22023', 'leaf types {1} are not appended here', 'envelopes do not come this way');
SET LOCAL ROLE custody_police;
SELECT throws_ok($$SELECT ledger.append(2, 'x')$$, '42501', NULL, 'a viewer cannot append');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
