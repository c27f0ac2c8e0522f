-- 0025_hot_path.sql - the tables of every batch hold what they held, for less: a small batch costs the server a fifth less.
--
-- PostgreSQL reads a table's CHECK from its stored text and plans it again for every statement. A domain's it keeps for the session, so
-- that conditions on one column are domains here. Each domain gets its condition after the columns have it: so nothing is
-- rewritten, the tables are read once to see that it holds. Log index and size stay plain numbers: they are what everything is compared with.
--
-- ledger.ingest_key is one table. It was partitioned by source because its key cannot be that of a table partitioned by time; it is not
-- partitioned by time either, has one row for a run of envelopes, and a batch met all four parts with its few rows.

-- What stands on these columns is made again after this file: sql/views, sql/functions. A new database has none of it.
DROP VIEW IF EXISTS report.source_progress;
DROP FUNCTION IF EXISTS ledger.tile_hashes(integer, bigint, integer);

CREATE DOMAIN ledger.seq AS bigint;
CREATE DOMAIN ledger.epoch AS integer;
CREATE DOMAIN ledger.version AS bigint;
CREATE DOMAIN ledger.leaf_type AS smallint;
CREATE DOMAIN ledger.digest AS bytea;
CREATE DOMAIN ledger.digests AS bytea;
CREATE DOMAIN telemetry.lon_e7 AS integer;
CREATE DOMAIN telemetry.lat_e7 AS integer;
CREATE DOMAIN telemetry.course_cdeg AS integer;
COMMENT ON DOMAIN ledger.seq IS 'Sequence number within an epoch of a source. From 0.';
COMMENT ON DOMAIN ledger.epoch IS 'Epoch of a source: it rises when a device lost its ring. From 0.';
COMMENT ON DOMAIN ledger.version IS 'How often a row was written, by which it is compared and swapped. From 1.';
COMMENT ON DOMAIN ledger.leaf_type IS 'What a leaf of the log is: see ledger.record.type.';
COMMENT ON DOMAIN ledger.digest IS 'A SHA-256, or as many random bytes: 32 bytes.';
COMMENT ON DOMAIN ledger.digests IS 'SHA-256 hashes one behind the other, 32 bytes each.';
COMMENT ON DOMAIN telemetry.lon_e7 IS 'Longitude, 1e-7 degrees, east positive.';
COMMENT ON DOMAIN telemetry.lat_e7 IS 'Latitude, 1e-7 degrees, north positive.';
COMMENT ON DOMAIN telemetry.course_cdeg IS 'Course, hundredths of a degree clockwise from true north.';

ALTER TABLE ledger.record
    DROP CONSTRAINT record_type_check, DROP CONSTRAINT record_salt_check, DROP CONSTRAINT record_leaf_hash_check,
    ALTER COLUMN type TYPE ledger.leaf_type, ALTER COLUMN salt TYPE ledger.digest, ALTER COLUMN leaf_hash TYPE ledger.digest;
ALTER TABLE ledger.stream
    DROP CONSTRAINT stream_epoch_check, DROP CONSTRAINT stream_version_check, DROP CONSTRAINT stream_next_seq_check,
    ALTER COLUMN epoch TYPE ledger.epoch, ALTER COLUMN version TYPE ledger.version, ALTER COLUMN next_seq TYPE ledger.seq;
ALTER TABLE ledger.head
    DROP CONSTRAINT head_frontier_check, DROP CONSTRAINT head_root_check,
    ALTER COLUMN frontier TYPE ledger.digests, ALTER COLUMN root TYPE ledger.digest;
ALTER TABLE telemetry.fix
    DROP CONSTRAINT fix_lon_e7_check, DROP CONSTRAINT fix_lat_e7_check, DROP CONSTRAINT fix_course_cdeg_check,
    ALTER COLUMN lon_e7 TYPE telemetry.lon_e7, ALTER COLUMN lat_e7 TYPE telemetry.lat_e7,
    ALTER COLUMN course_cdeg TYPE telemetry.course_cdeg;

ALTER TABLE ledger.ingest_key RENAME TO ingest_key_by_source;
ALTER INDEX ledger.ingest_key_pkey RENAME TO ingest_key_by_source_pkey;
CREATE TABLE ledger.ingest_key (
    source_id   bigint NOT NULL,
    epoch       ledger.epoch NOT NULL,
    first_seq   ledger.seq NOT NULL,
    last_seq    bigint NOT NULL,
    first_index bigint NOT NULL,
    CHECK (last_seq >= first_seq)
);
INSERT INTO ledger.ingest_key SELECT source_id, epoch, first_seq, last_seq, first_index FROM ledger.ingest_key_by_source;
ALTER TABLE ledger.ingest_key ADD PRIMARY KEY (source_id, epoch, first_seq);
DROP TABLE ledger.ingest_key_by_source;
COMMENT ON TABLE ledger.ingest_key IS
    'Where a source''s envelopes are: a row for each run of consecutive seqs stored together, so that the index costs next to nothing under load. Seq s is at first_index + (s - first_seq). Append-only.';
COMMENT ON COLUMN ledger.ingest_key.source_id IS 'Source that sent them.';
COMMENT ON COLUMN ledger.ingest_key.epoch IS 'Epoch of the source: it rises when a device lost its ring.';
COMMENT ON COLUMN ledger.ingest_key.first_seq IS 'First sequence number of the run.';
COMMENT ON COLUMN ledger.ingest_key.last_seq IS 'Last sequence number of the run.';
COMMENT ON COLUMN ledger.ingest_key.first_index IS 'Log index of the first one.';
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.ingest_key
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

ALTER DOMAIN ledger.seq ADD CHECK (VALUE >= 0);
ALTER DOMAIN ledger.epoch ADD CHECK (VALUE >= 0);
ALTER DOMAIN ledger.version ADD CHECK (VALUE >= 1);
ALTER DOMAIN ledger.leaf_type ADD CHECK (VALUE BETWEEN 1 AND 7);
ALTER DOMAIN ledger.digest ADD CHECK (length(VALUE) = 32);
ALTER DOMAIN ledger.digests ADD CHECK (length(VALUE) % 32 = 0);
ALTER DOMAIN telemetry.lon_e7 ADD CHECK (VALUE BETWEEN -1800000000 AND 1800000000);
ALTER DOMAIN telemetry.lat_e7 ADD CHECK (VALUE BETWEEN -900000000 AND 900000000);
ALTER DOMAIN telemetry.course_cdeg ADD CHECK (VALUE BETWEEN 0 AND 35999);
