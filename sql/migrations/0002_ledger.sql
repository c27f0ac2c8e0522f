-- 0002_ledger.sql - every record by its log index, what each source has delivered, the head, and what could not be stored.
--
-- No table here that the daemon copies into has an insert trigger or a foreign key: they would cost every row.

CREATE SCHEMA ledger;
COMMENT ON SCHEMA ledger IS 'The log: every record by its index, what each source has delivered, the head, and what could not be stored.';

CREATE TABLE ledger.record (
    log_index   bigint PRIMARY KEY CHECK (log_index >= 0),
    type        smallint NOT NULL CHECK (type BETWEEN 1 AND 7),
    received_at timestamptz NOT NULL,
    source_id   bigint,
    salt        bytea CHECK (length(salt) = 32),
    leaf_hash   bytea NOT NULL CHECK (length(leaf_hash) = 32),
    record      bytea
);
COMMENT ON TABLE ledger.record IS 'One leaf of the log each. Append-only.';
COMMENT ON COLUMN ledger.record.log_index IS 'Position in the log, from 0 without gaps: given under the lock of ledger.head.';
COMMENT ON COLUMN ledger.record.type IS
    '1 envelope, 2 operator action or correction, 3 dead letter, 4 key event, 5 erasure, 6 equivocation, 7 software or schema change.';
COMMENT ON COLUMN ledger.record.received_at IS 'Time at which it was received; part of the leaf in microseconds.';
COMMENT ON COLUMN ledger.record.source_id IS 'Source that sent it; NULL: not from a source, or not attributable.';
COMMENT ON COLUMN ledger.record.salt IS 'Random bytes of the commitment, 32 bytes; NULL: erased.';
COMMENT ON COLUMN ledger.record.leaf_hash IS 'SHA-256(0x00 || leaf), 32 bytes (RFC 9162).';
COMMENT ON COLUMN ledger.record.record IS 'The bytes exactly as received; NULL together with salt: erased, as a later leaf of type 5 says.';

-- An equivocation is compared with what the source said before; there are next to none.
CREATE INDEX record_equivocation ON ledger.record (source_id) WHERE type = 6;

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
COMMENT ON TABLE ledger.ingest_key IS
    'Where a source''s envelopes are: a row for each run of consecutive seqs stored together, so that the index costs next to nothing under load. Seq s is at first_index + (s - first_seq). Append-only.';
COMMENT ON COLUMN ledger.ingest_key.source_id IS 'Source that sent them.';
COMMENT ON COLUMN ledger.ingest_key.epoch IS 'Epoch of the source: it rises when a device lost its ring.';
COMMENT ON COLUMN ledger.ingest_key.first_seq IS 'First sequence number of the run.';
COMMENT ON COLUMN ledger.ingest_key.last_seq IS 'Last sequence number of the run.';
COMMENT ON COLUMN ledger.ingest_key.first_index IS 'Log index of the first one.';

CREATE TABLE ledger.stream (
    source_id   bigint NOT NULL,
    epoch       integer NOT NULL CHECK (epoch >= 0),
    version     bigint NOT NULL CHECK (version >= 1),
    next_seq    bigint NOT NULL CHECK (next_seq >= 0),
    state       bytea NOT NULL,
    updated_at  timestamptz NOT NULL,
    PRIMARY KEY (source_id, epoch)
) WITH (fillfactor = 50);
COMMENT ON TABLE ledger.stream IS
    'How far each epoch of a source has come: the exact de-duplication, compared and swapped by version in the ingest transaction. Updated with every batch: no index but the key, so that updates stay in their page (HOT).';
COMMENT ON COLUMN ledger.stream.source_id IS 'Source.';
COMMENT ON COLUMN ledger.stream.epoch IS 'Epoch of the source.';
COMMENT ON COLUMN ledger.stream.version IS 'Rises by 1 with every change; the swap fails when it is not what was read.';
COMMENT ON COLUMN ledger.stream.next_seq IS 'Every sequence number below is dealt with: stored, or refused for good.';
COMMENT ON COLUMN ledger.stream.state IS
    'Bytes of core/source/stream.h: hash of the last contiguous envelope, ranges that came early, marks of clock and gap.';
COMMENT ON COLUMN ledger.stream.updated_at IS 'Time of the last change.';

CREATE TABLE ledger.head (
    only_row    boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    size        bigint NOT NULL CHECK (size >= 0),
    frontier    bytea NOT NULL CHECK (length(frontier) % 32 = 0),
    root        bytea NOT NULL CHECK (length(root) = 32),
    updated_at  timestamptz NOT NULL
) WITH (fillfactor = 10);
COMMENT ON TABLE ledger.head IS
    'The sequencing lock and the only updatable row of the log. Taken last in every transaction, compared and swapped on size: a fenced second writer aborts.';
COMMENT ON COLUMN ledger.head.only_row IS 'Always true: there is one row.';
COMMENT ON COLUMN ledger.head.size IS 'Leaves in the tree.';
COMMENT ON COLUMN ledger.head.frontier IS 'Roots of the perfect subtrees, largest first, 32 bytes each (RFC 9162).';
COMMENT ON COLUMN ledger.head.root IS 'Root of the tree, 32 bytes.';
COMMENT ON COLUMN ledger.head.updated_at IS 'Time of the last change.';

INSERT INTO ledger.head (size, frontier, root, updated_at)
VALUES (0, '', '\xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', now());

CREATE TABLE ledger.dead_letter (
    log_index   bigint PRIMARY KEY,
    received_at timestamptz NOT NULL,
    topic       text NOT NULL,
    source_id   bigint,
    epoch       integer,
    seq         bigint,
    reason      smallint NOT NULL CHECK (reason BETWEEN 1 AND 13),
    detail      text NOT NULL
);
COMMENT ON TABLE ledger.dead_letter IS 'Why something could not be stored as a report. Append-only.';
COMMENT ON COLUMN ledger.dead_letter.log_index IS 'The bytes are ledger.record at the same index, type 3.';
COMMENT ON COLUMN ledger.dead_letter.received_at IS 'Time at which it was received.';
COMMENT ON COLUMN ledger.dead_letter.topic IS 'Topic it came on.';
COMMENT ON COLUMN ledger.dead_letter.source_id IS 'Source that sent it; NULL: not attributable.';
COMMENT ON COLUMN ledger.dead_letter.epoch IS 'Epoch it stated; NULL: not readable.';
COMMENT ON COLUMN ledger.dead_letter.seq IS 'Sequence number it stated; NULL: not readable.';
COMMENT ON COLUMN ledger.dead_letter.reason IS 'RefusalReason of ack.proto (1 malformed ... 13 not storable).';
COMMENT ON COLUMN ledger.dead_letter.detail IS 'What, which value, and a hint.';
