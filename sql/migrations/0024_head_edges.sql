-- 0024_head_edges.sql - the head of the log without conditions on its edges: PostgreSQL reads and compiles each of them again for every
-- statement, together a tenth of what a small batch costs it. The frontier says better than a length does what an edge has to be: the daemon
-- hashes the edges and compares before it builds on them (core/ledger/edge), custodyctl monitor does, and a full tile has its own condition.

ALTER TABLE ledger.head
    DROP CONSTRAINT head_edge_1_check, DROP CONSTRAINT head_edge_2_check, DROP CONSTRAINT head_edge_3_check, DROP CONSTRAINT head_edge_4_check,
    DROP CONSTRAINT head_edge_5_check, DROP CONSTRAINT head_edge_6_check, DROP CONSTRAINT head_edge_7_check;
COMMENT ON COLUMN ledger.head.edge_1 IS 'Partial tile of level 1: fewer than 256 hashes of 32 bytes, from the left; empty: none. Has to hash to the frontier.';
