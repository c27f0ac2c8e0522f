-- 0015_route.sql - where trucks may be (fences, road rights) and where they were (trips, what is known of each): what rules R01 to R08 ask.
--
-- State and trips are the fold of what devices and events said (core/route/truck.h); `custodyctl rebuild --check` folds again and compares.

ALTER TABLE registry.vehicle ADD COLUMN class text COLLATE "C"
    CHECK (class IN ('mini_truck', 'light_truck', 'medium_truck', 'heavy_truck', 'three_wheeler', 'special'));
COMMENT ON COLUMN registry.vehicle.class IS 'Class by which road rights are given: mini_truck 微型, light_truck 轻型, medium_truck 中型, heavy_truck 重型, three_wheeler 三轮, special 专项作业; NULL: not known.';

CREATE TABLE registry.fence (
    fence_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code        text COLLATE "C" NOT NULL UNIQUE CHECK (code ~ '^[a-z0-9-]{1,64}$'),
    kind        text COLLATE "C" NOT NULL CHECK (kind IN ('site', 'watched', 'district', 'area')),
    site_id     bigint REFERENCES registry.site,
    name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    geometry    text NOT NULL CHECK (length(geometry) <= 1048576),
    source      text NOT NULL CHECK (length(source) BETWEEN 1 AND 200),
    valid_from  date NOT NULL,
    valid_until date NOT NULL,
    registered_at timestamptz NOT NULL DEFAULT now(),
    CHECK (valid_until >= valid_from),
    CHECK ((kind = 'site') = (site_id IS NOT NULL))
);
COMMENT ON TABLE registry.fence IS 'Areas that rules about trucks ask for: of sites, of watched markets and yards, of districts, and those that road rights refer to. A site without any has a circle around its point.';
COMMENT ON COLUMN registry.fence.fence_id IS 'Number of the fence in this database; of those of one kind that overlap the lowest counts.';
COMMENT ON COLUMN registry.fence.code IS 'Code by which road rights and findings name it.';
COMMENT ON COLUMN registry.fence.kind IS 'site 场所, watched 关注场所, district 辖区, area 通行区域.';
COMMENT ON COLUMN registry.fence.site_id IS 'Site it surrounds; NULL: another kind.';
COMMENT ON COLUMN registry.fence.name IS 'Name, for people.';
COMMENT ON COLUMN registry.fence.geometry IS 'GeoJSON Polygon or MultiPolygon (RFC 7946), degrees, WGS-84.';
COMMENT ON COLUMN registry.fence.source IS 'Where the line is from: survey, map, decision.';
COMMENT ON COLUMN registry.fence.valid_from IS 'First Asia/Shanghai day on which it is in force.';
COMMENT ON COLUMN registry.fence.valid_until IS 'Last Asia/Shanghai day on which it is in force.';
COMMENT ON COLUMN registry.fence.registered_at IS 'Time at which it was entered here.';

CREATE TABLE registry.road_right (
    right_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number      text NOT NULL UNIQUE CHECK (length(number) BETWEEN 1 AND 100),
    fence_id    bigint NOT NULL REFERENCES registry.fence,
    vehicle_id  bigint REFERENCES registry.vehicle,
    class       text COLLATE "C"
                CHECK (class IN ('mini_truck', 'light_truck', 'medium_truck', 'heavy_truck', 'three_wheeler', 'special')),
    weekdays    smallint NOT NULL CHECK (weekdays BETWEEN 1 AND 127),
    from_minute smallint NOT NULL CHECK (from_minute BETWEEN 0 AND 1439),
    until_minute smallint NOT NULL CHECK (until_minute BETWEEN 0 AND 1440),
    source      text NOT NULL CHECK (length(source) BETWEEN 1 AND 200),
    valid_from  date NOT NULL,
    valid_until date NOT NULL,
    registered_at timestamptz NOT NULL DEFAULT now(),
    CHECK (valid_until >= valid_from),
    CHECK (vehicle_id IS NULL OR class IS NULL)
);
COMMENT ON TABLE registry.road_right IS 'Road rights 路权 of recycling trucks (the plan, task 四(四): vehicles, areas, hours). A truck that any of them concerns may be on the road only where and when one lets it.';
COMMENT ON COLUMN registry.road_right.right_id IS 'Number of the right in this database.';
COMMENT ON COLUMN registry.road_right.number IS 'Number of the decision or pass.';
COMMENT ON COLUMN registry.road_right.fence_id IS 'Area it lets into.';
COMMENT ON COLUMN registry.road_right.vehicle_id IS 'Truck it is given to; NULL: a class.';
COMMENT ON COLUMN registry.road_right.class IS 'Class of trucks it is given to; NULL with vehicle_id NULL: all trucks.';
COMMENT ON COLUMN registry.road_right.weekdays IS 'Days on which the hours begin: 1 Monday, 2 Tuesday, 4 Wednesday ... 64 Sunday, added up.';
COMMENT ON COLUMN registry.road_right.from_minute IS 'Minute of the Asia/Shanghai day from which it holds.';
COMMENT ON COLUMN registry.road_right.until_minute IS 'Minute of the Asia/Shanghai day at which it ends; not above from_minute: on the day after.';
COMMENT ON COLUMN registry.road_right.source IS 'Decision it comes from.';
COMMENT ON COLUMN registry.road_right.valid_from IS 'First Asia/Shanghai day on which it holds.';
COMMENT ON COLUMN registry.road_right.valid_until IS 'Last Asia/Shanghai day on which it holds.';
COMMENT ON COLUMN registry.road_right.registered_at IS 'Time at which it was entered here.';

CREATE TRIGGER announce AFTER INSERT OR UPDATE OR DELETE ON registry.fence FOR EACH STATEMENT EXECUTE FUNCTION registry.announce_change();
CREATE TRIGGER announce AFTER INSERT OR UPDATE OR DELETE ON registry.road_right FOR EACH STATEMENT EXECUTE FUNCTION registry.announce_change();
CREATE TRIGGER announce AFTER INSERT OR UPDATE OR DELETE ON registry.vehicle FOR EACH STATEMENT EXECUTE FUNCTION registry.announce_change();

CREATE SCHEMA route;
COMMENT ON SCHEMA route IS 'Where trucks were: what was reported of each, its state, its trips.';

CREATE TABLE route.truck_state (
    vehicle_id  bigint PRIMARY KEY,
    state       bytea NOT NULL DEFAULT '',
    stale_from  timestamptz,
    due_at      timestamptz,
    behind_us   bigint NOT NULL DEFAULT 0 CHECK (behind_us >= 0)
) WITH (fillfactor = 70);
CREATE INDEX truck_state_due ON route.truck_state (due_at) WHERE due_at IS NOT NULL;
COMMENT ON TABLE route.truck_state IS 'What is known of each truck, folded until its reorder window. Locked by whoever folds.';
COMMENT ON COLUMN route.truck_state.vehicle_id IS 'Truck, registry.vehicle.';
COMMENT ON COLUMN route.truck_state.state IS 'Bytes of core/route/truck.h: state and what waits; empty: nothing is known yet.';
COMMENT ON COLUMN route.truck_state.stale_from IS 'Device time of the earliest that came too late: the truck is folded again from before it, and until then not further; NULL: nothing did.';
COMMENT ON COLUMN route.truck_state.due_at IS 'Time at which it is looked at though nothing more came (silence, an open door, something late); NULL: never.';

COMMENT ON COLUMN route.truck_state.behind_us IS 'How far the newest that it said was behind our clock when it came, microseconds: what it keeps back is awaited by its own clock.';

CREATE TABLE route.report (
    vehicle_id  bigint NOT NULL,
    last_at     timestamptz NOT NULL,
    log_index   bigint NOT NULL,
    rides       boolean NOT NULL,
    tracks      boolean NOT NULL,
    PRIMARY KEY (vehicle_id, last_at, log_index)
);
COMMENT ON TABLE route.report IS 'Which records say something of a truck: what its state is the fold of. Append-only.';
COMMENT ON COLUMN route.report.vehicle_id IS 'Truck, registry.vehicle.';
COMMENT ON COLUMN route.report.last_at IS 'Time of the latest thing it says of the truck, by the device.';
COMMENT ON COLUMN route.report.log_index IS 'Record that says it.';
COMMENT ON COLUMN route.report.rides IS 'True: its source was on the truck, so that its events without another conveyance are the truck''s.';
COMMENT ON COLUMN route.report.tracks IS 'True: its source was fixed to the truck, so that its fixes and readings are the truck''s.';

CREATE TABLE route.trip (
    vehicle_id  bigint NOT NULL,
    number      integer NOT NULL CHECK (number >= 1),
    started_at  timestamptz NOT NULL,
    ended_at    timestamptz,
    from_site_id bigint,
    to_site_id  bigint,
    distance_m  bigint NOT NULL CHECK (distance_m >= 0),
    fix_count   integer NOT NULL CHECK (fix_count >= 0),
    most_load_g bigint NOT NULL,
    void        boolean NOT NULL DEFAULT false,
    entry_at    timestamptz NOT NULL,
    entry       bytea NOT NULL,
    PRIMARY KEY (vehicle_id, number)
);
CREATE INDEX trip_started ON route.trip (vehicle_id, started_at);
COMMENT ON TABLE route.trip IS 'Trips of trucks: from leaving a site to standing at one, cut after a day. Until it ends, distance, fixes and load are zero.';
COMMENT ON COLUMN route.trip.vehicle_id IS 'Truck, registry.vehicle.';
COMMENT ON COLUMN route.trip.number IS 'Number of the trip among those of the truck, from 1.';
COMMENT ON COLUMN route.trip.started_at IS 'Time of the first fix off-site, by the device.';
COMMENT ON COLUMN route.trip.ended_at IS 'Time at which it had stood at a site long enough, or was cut; NULL: it goes on.';
COMMENT ON COLUMN route.trip.from_site_id IS 'Site it left; NULL: not known.';
COMMENT ON COLUMN route.trip.to_site_id IS 'Site it came to; NULL: none, or it goes on.';
COMMENT ON COLUMN route.trip.distance_m IS 'Way, metres on the ellipsoid.';
COMMENT ON COLUMN route.trip.fix_count IS 'Fixes on it.';
COMMENT ON COLUMN route.trip.most_load_g IS 'Most that the load cell said, grams.';
COMMENT ON COLUMN route.trip.void IS 'True: folded again, what came late has shown that it was none; a later folding may use the number again.';
COMMENT ON COLUMN route.trip.entry_at IS 'Time until which everything is in the entry, by the device.';
COMMENT ON COLUMN route.trip.entry IS 'State of the truck before it, bytes of core/route/truck.h: from here it is folded again when something comes late.';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON route.report FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER rows_stay BEFORE DELETE OR TRUNCATE ON route.truck_state FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER rows_stay BEFORE DELETE OR TRUNCATE ON route.trip FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

ALTER TABLE flag.flag ADD COLUMN vehicle_id bigint;
ALTER TABLE flag.flag DROP CONSTRAINT IF EXISTS flag_check;
ALTER TABLE flag.flag ADD CONSTRAINT flag_subject
    CHECK (num_nonnulls(item_id, source_id, vehicle_id) = CASE WHEN subject ~ '^(item|source|vehicle):' THEN 1 ELSE 0 END);
COMMENT ON COLUMN flag.flag.vehicle_id IS 'Truck it concerns, registry.vehicle; NULL: something else.';
COMMENT ON COLUMN flag.flag.subject IS 'Whom it concerns: "item:<item_id>", "source:<source_id>" or "vehicle:<plate>".';
COMMENT ON COLUMN flag.flag.item_id IS 'Item it concerns; NULL: something else.';
COMMENT ON COLUMN flag.flag.source_id IS 'Source it concerns; NULL: something else.';
