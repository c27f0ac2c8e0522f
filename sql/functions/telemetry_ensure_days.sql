-- telemetry_ensure_days.sql - makes the day partitions of telemetry ahead of need.

CREATE OR REPLACE FUNCTION telemetry.ensure_days(from_day date, until_day date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' AS $$
DECLARE
    made integer := 0;
    parent text;
    day date;
    child text;
    bounds text;  -- condition on "at" that a row of the day meets
    found_rows boolean;
BEGIN
    IF until_day - from_day >= 400 THEN
        RAISE EXCEPTION 'at most 400 days at once, not % (% to %)', until_day - from_day + 1, from_day, until_day
            USING ERRCODE = 'invalid_parameter_value', HINT = 'ask for fewer days, several times';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('telemetry.ensure_days', 0));
    FOREACH parent IN ARRAY ARRAY['fix', 'reading'] LOOP
        FOR day IN SELECT from_day + n FROM generate_series(0, until_day - from_day) AS n LOOP
            child := parent || '_' || to_char(day, 'YYYYMMDD');
            CONTINUE WHEN to_regclass(format('telemetry.%I', child)) IS NOT NULL;
            bounds := format('at >= %L AND at < %L', day::timestamp AT TIME ZONE 'Asia/Shanghai',
                             (day + 1)::timestamp AT TIME ZONE 'Asia/Shanghai');

            EXECUTE format('CREATE TABLE telemetry.%I (LIKE telemetry.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING COMMENTS)',
                           child, parent);
            EXECUTE format('COMMENT ON TABLE telemetry.%I IS %L', child, format('Rows of telemetry.%s of the Asia/Shanghai day %s.', parent, day));
            EXECUTE format('SELECT EXISTS (SELECT FROM telemetry.%I WHERE %s)', parent || '_default', bounds) INTO found_rows;
            IF found_rows THEN
                -- The default partition is append-only as well. The lock that this takes is one that attaching takes anyway, and
                -- nobody sees the table without its trigger, because both changes are of this transaction.
                EXECUTE format('ALTER TABLE telemetry.%I DISABLE TRIGGER append_only', parent || '_default');
                EXECUTE format('WITH moved AS (DELETE FROM telemetry.%I WHERE %s RETURNING *) INSERT INTO telemetry.%I SELECT * FROM moved',
                               parent || '_default', bounds, child);
                EXECUTE format('ALTER TABLE telemetry.%I ENABLE TRIGGER append_only', parent || '_default');
            END IF;
            EXECUTE format('ALTER TABLE telemetry.%I ATTACH PARTITION telemetry.%I FOR VALUES FROM (%L) TO (%L)', parent, child,
                           day::timestamp AT TIME ZONE 'Asia/Shanghai', (day + 1)::timestamp AT TIME ZONE 'Asia/Shanghai');
            EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON telemetry.%I '
                           'FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change()', child);
            made := made + 1;
        END LOOP;
    END LOOP;
    RETURN made;
END $$;
COMMENT ON FUNCTION telemetry.ensure_days(date, date) IS
    'Makes the partitions of the Asia/Shanghai days from_day to until_day that are missing, at most 400 days at once, and moves into them what the default partitions hold of those days. Returns how many tables it made.';
