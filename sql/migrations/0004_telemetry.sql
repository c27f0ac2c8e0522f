-- 0004_telemetry.sql - positions and measurements, one partition a day, created ahead of need (telemetry.ensure_days).
--
-- De-duplication is per envelope, so these tables need no unique index; BRIN finds a time range in them.

CREATE SCHEMA telemetry;
COMMENT ON SCHEMA telemetry IS 'What devices sense: positions and measurements, one partition an Asia/Shanghai day.';

CREATE TABLE telemetry.fix (
    at          timestamptz NOT NULL,
    source_id   bigint NOT NULL,
    seq         bigint NOT NULL,
    epoch       integer NOT NULL,
    lon_e7      integer NOT NULL CHECK (lon_e7 BETWEEN -1800000000 AND 1800000000),
    lat_e7      integer NOT NULL CHECK (lat_e7 BETWEEN -900000000 AND 900000000),
    speed_cm_s  integer,
    accuracy_cm integer,
    course_cdeg integer CHECK (course_cdeg BETWEEN 0 AND 35999),
    datum       smallint NOT NULL
) PARTITION BY RANGE (at);
CREATE INDEX fix_at ON telemetry.fix USING brin (at) WITH (pages_per_range = 32);
COMMENT ON TABLE telemetry.fix IS 'Positions of moving sources. Append-only.';
COMMENT ON COLUMN telemetry.fix.at IS 'Time of the fix, by the device.';
COMMENT ON COLUMN telemetry.fix.source_id IS 'Source that sent it.';
COMMENT ON COLUMN telemetry.fix.seq IS 'Sequence number of its envelope.';
COMMENT ON COLUMN telemetry.fix.epoch IS 'Epoch of its envelope.';
COMMENT ON COLUMN telemetry.fix.lon_e7 IS 'Longitude, 1e-7 degrees, east positive, WGS-84.';
COMMENT ON COLUMN telemetry.fix.lat_e7 IS 'Latitude, 1e-7 degrees, north positive, WGS-84.';
COMMENT ON COLUMN telemetry.fix.speed_cm_s IS 'Speed over ground, centimetres a second; NULL: not measured.';
COMMENT ON COLUMN telemetry.fix.accuracy_cm IS 'Radius with 68 % probability, centimetres; NULL: not known.';
COMMENT ON COLUMN telemetry.fix.course_cdeg IS 'Course over ground, hundredths of a degree clockwise from true north; NULL: not measured.';
COMMENT ON COLUMN telemetry.fix.datum IS 'Datum of telemetry.proto in which it was sent (1 WGS-84, 2 GCJ-02, 3 BD-09, 4 CGCS2000); the coordinates here are WGS-84.';

CREATE TABLE telemetry.reading (
    at          timestamptz NOT NULL,
    source_id   bigint NOT NULL,
    seq         bigint NOT NULL,
    epoch       integer NOT NULL,
    kind        smallint NOT NULL CHECK (kind BETWEEN 2 AND 6),
    mass_g      bigint,
    gross_g     bigint,
    tare_g      bigint,
    tilt_cdeg   integer,
    door_open   boolean,
    estimated   boolean,
    scale_class text,
    label       text,
    plate       text,
    lot         text
) PARTITION BY RANGE (at);
CREATE INDEX reading_at ON telemetry.reading USING brin (at) WITH (pages_per_range = 32);
COMMENT ON TABLE telemetry.reading IS 'Measurements: load cells, doors, tipping bodies, weighbridges, sorting lines. Append-only.';
COMMENT ON COLUMN telemetry.reading.at IS 'Time of the measurement, by the device.';
COMMENT ON COLUMN telemetry.reading.source_id IS 'Source that sent it.';
COMMENT ON COLUMN telemetry.reading.seq IS 'Sequence number of its envelope.';
COMMENT ON COLUMN telemetry.reading.epoch IS 'Epoch of its envelope.';
COMMENT ON COLUMN telemetry.reading.kind IS 'Number of Reading''s member in telemetry.proto: 2 load cell, 3 door, 4 tilt, 5 weighbridge, 6 sorting mass.';
COMMENT ON COLUMN telemetry.reading.mass_g IS 'Load, net or sorted mass, grams; NULL: another kind.';
COMMENT ON COLUMN telemetry.reading.gross_g IS 'Weighbridge, with load, grams; NULL: another kind, or not weighed.';
COMMENT ON COLUMN telemetry.reading.tare_g IS 'Weighbridge, empty, grams; NULL: another kind, or not weighed.';
COMMENT ON COLUMN telemetry.reading.tilt_cdeg IS 'Angle of the body from the horizontal, hundredths of a degree; NULL: another kind.';
COMMENT ON COLUMN telemetry.reading.door_open IS 'True: open; NULL: another kind.';
COMMENT ON COLUMN telemetry.reading.estimated IS 'True: a mass was typed in, not weighed; NULL: no mass.';
COMMENT ON COLUMN telemetry.reading.scale_class IS 'Accuracy class marked on the scale (I to IIII); NULL or empty: not known.';
COMMENT ON COLUMN telemetry.reading.label IS 'Name of the door, number of the ticket, or code of the material, by kind.';
COMMENT ON COLUMN telemetry.reading.plate IS 'Number plate on the ticket of a weighbridge.';
COMMENT ON COLUMN telemetry.reading.lot IS 'Lot that sorted material went to.';

CREATE TABLE telemetry.fix_default PARTITION OF telemetry.fix DEFAULT;
CREATE TABLE telemetry.reading_default PARTITION OF telemetry.reading DEFAULT;
COMMENT ON TABLE telemetry.fix_default IS
    'Fixes of days without a partition (device clocks years off): nothing valid is lost because a partition is missing.';
COMMENT ON TABLE telemetry.reading_default IS
    'Readings of days without a partition (device clocks years off): nothing valid is lost because a partition is missing.';
