-- 0002_ledger.sql - every record by its log index, what each source has delivered, the head, and what could not be stored.

CREATE SCHEMA ledger;

-- One leaf of the log. type: 1 envelope, 2 operator action or correction, 3 dead letter, 4 key event, 5 erasure,
-- 6 equivocation, 7 software or schema change.
CREATE TABLE ledger.record (
    log_index   bigint PRIMARY KEY CHECK (log_index >= 0),
    type        smallint NOT NULL CHECK (type BETWEEN 1 AND 7),
    received_at timestamptz NOT NULL,
    source_id   bigint,                       -- NULL: not from a source, or not attributable
    salt        bytea CHECK (length(salt) = 32),
    leaf_hash   bytea NOT NULL CHECK (length(leaf_hash) = 32),
    record      bytea                         -- the bytes as received; NULL with salt NULL: erased by a type 5 leaf
);

-- Equivocation is compared with what a source has said before; there are next to none.
CREATE INDEX record_equivocation ON ledger.record (source_id) WHERE type = 6;

-- Where a source's envelopes are: one row a run of consecutive seqs that were stored together. seq s is at
-- first_index + (s - first_seq). One row a run, not a row an envelope, so the index costs next to nothing under load.
CREATE TABLE ledger.ingest_key (
    source_id   bigint NOT NULL,
    epoch       integer NOT NULL CHECK (epoch >= 0),
    first_seq   bigint NOT NULL CHECK (first_seq >= 0),
    last_seq    bigint NOT NULL,
    first_index bigint NOT NULL,
    PRIMARY KEY (source_id, epoch, first_seq),
    CHECK (last_seq >= first_seq)
) PARTITION BY HASH (source_id);
CREATE TABLE ledger.ingest_key_0 PARTITION OF ledger.ingest_key FOR VALUES WITH (MODULUS 4, REMAINDER 0);
CREATE TABLE ledger.ingest_key_1 PARTITION OF ledger.ingest_key FOR VALUES WITH (MODULUS 4, REMAINDER 1);
CREATE TABLE ledger.ingest_key_2 PARTITION OF ledger.ingest_key FOR VALUES WITH (MODULUS 4, REMAINDER 2);
CREATE TABLE ledger.ingest_key_3 PARTITION OF ledger.ingest_key FOR VALUES WITH (MODULUS 4, REMAINDER 3);

-- How far each epoch of a source has come: the exact de-duplication. Compared and swapped by version in the ingest transaction.
-- state: core/source/stream.h, as bytes (contiguous seq, hash of its envelope, ranges that came early, clock and gap marks).
CREATE TABLE ledger.stream (
    source_id   bigint NOT NULL,
    epoch       integer NOT NULL CHECK (epoch >= 0),
    version     bigint NOT NULL CHECK (version >= 1),
    next_seq    bigint NOT NULL CHECK (next_seq >= 0),  -- everything below is dealt with
    state       bytea NOT NULL,
    updated_at  timestamptz NOT NULL,
    PRIMARY KEY (source_id, epoch)
) WITH (fillfactor = 50);

-- The sequencing lock and the only updatable row of the log. Taken last in every transaction, compared and swapped on size.
CREATE TABLE ledger.head (
    only_row    boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    size        bigint NOT NULL CHECK (size >= 0),      -- leaves in the tree
    frontier    bytea NOT NULL CHECK (length(frontier) % 32 = 0), -- roots of the perfect subtrees, largest first (RFC 9162)
    root        bytea NOT NULL CHECK (length(root) = 32),
    updated_at  timestamptz NOT NULL
) WITH (fillfactor = 10);
INSERT INTO ledger.head (size, frontier, root, updated_at)
VALUES (0, '', '\xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', now());

-- What could not be stored as a report: why. The bytes are ledger.record (type 3) at the same log index.
CREATE TABLE ledger.dead_letter (
    log_index   bigint PRIMARY KEY,
    received_at timestamptz NOT NULL,
    topic       text NOT NULL,
    source_id   bigint,
    epoch       integer,
    seq         bigint,
    reason      smallint NOT NULL CHECK (reason BETWEEN 1 AND 13),  -- RefusalReason of ack.proto
    detail      text NOT NULL
);
