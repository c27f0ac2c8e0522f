-- 0004_telemetry.sql - positions and measurements, one partition a day, created ahead of need.
-- De-duplication is per envelope, so these tables need no unique index; BRIN finds a time range in them.

CREATE SCHEMA telemetry;

CREATE TABLE telemetry.fix (
    at          timestamptz NOT NULL,         -- device time
    source_id   bigint NOT NULL,
    seq         bigint NOT NULL,
    epoch       integer NOT NULL,
    lon_e7      integer NOT NULL CHECK (lon_e7 BETWEEN -1800000000 AND 1800000000),
    lat_e7      integer NOT NULL CHECK (lat_e7 BETWEEN -900000000 AND 900000000),
    speed_cm_s  integer,
    accuracy_cm integer,
    course_cdeg integer CHECK (course_cdeg BETWEEN 0 AND 35999),
    datum       smallint NOT NULL             -- as sent; the coordinates are WGS-84
) PARTITION BY RANGE (at);
CREATE INDEX fix_at ON telemetry.fix USING brin (at) WITH (pages_per_range = 32);

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
    label       text,                         -- door name, ticket, material
    plate       text,
    lot         text
) PARTITION BY RANGE (at);
CREATE INDEX reading_at ON telemetry.reading USING brin (at) WITH (pages_per_range = 32);

-- Takes what no day partition covers (device clocks years off): nothing valid is lost because a partition is missing.
CREATE TABLE telemetry.fix_default PARTITION OF telemetry.fix DEFAULT;
CREATE TABLE telemetry.reading_default PARTITION OF telemetry.reading DEFAULT;

-- Makes the partitions of Asia/Shanghai days [from_day, until_day], those that are missing; returns how many it made.
-- A day that already has rows in the default partition keeps them there: they are moved into the new partition.
CREATE FUNCTION telemetry.ensure_days(from_day date, until_day date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = telemetry, pg_catalog, pg_temp AS $$
DECLARE
    made integer := 0;
    parent text;
    day date;
    child text;
    first_at timestamptz;
    next_at timestamptz;
BEGIN
    IF until_day - from_day > 400 THEN
        RAISE EXCEPTION 'at most 400 days at once, not %', until_day - from_day;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('telemetry.ensure_days', 0));
    FOREACH parent IN ARRAY ARRAY['fix', 'reading'] LOOP
        FOR day IN SELECT from_day + n FROM generate_series(0, until_day - from_day) AS n LOOP
            child := parent || '_' || to_char(day, 'YYYYMMDD');
            CONTINUE WHEN to_regclass('telemetry.' || child) IS NOT NULL;
            first_at := (day::timestamp AT TIME ZONE 'Asia/Shanghai');
            next_at := ((day + 1)::timestamp AT TIME ZONE 'Asia/Shanghai');
            EXECUTE format('CREATE TABLE telemetry.%I (LIKE telemetry.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', child, parent);
            EXECUTE format('WITH moved AS (DELETE FROM telemetry.%I WHERE at >= %L AND at < %L RETURNING *) '
                           'INSERT INTO telemetry.%I SELECT * FROM moved', parent || '_default', first_at, next_at, child);
            EXECUTE format('ALTER TABLE telemetry.%I ATTACH PARTITION telemetry.%I FOR VALUES FROM (%L) TO (%L)',
                           parent, child, first_at, next_at);
            made := made + 1;
        END LOOP;
    END LOOP;
    RETURN made;
END $$;
REVOKE ALL ON FUNCTION telemetry.ensure_days(date, date) FROM PUBLIC;
