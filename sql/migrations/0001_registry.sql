-- 0001_registry.sql - who may speak and about what: areas, parties, sites, sources, keys, vehicles, permits.

CREATE SCHEMA registry;

CREATE TABLE registry.area (
    code        text PRIMARY KEY CHECK (code ~ '^[0-9]{6}$'),
    name_zh     text NOT NULL,
    name_en     text NOT NULL
);

CREATE TABLE registry.party (
    party_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code        text COLLATE "C" NOT NULL UNIQUE CHECK (length(code) BETWEEN 1 AND 64),
    kind        smallint NOT NULL CHECK (kind BETWEEN 1 AND 16),
    name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    registered_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE registry.site (
    site_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    party_id    bigint NOT NULL REFERENCES registry.party,
    code        text COLLATE "C" NOT NULL UNIQUE CHECK (code ~ '^[a-z0-9-]{1,64}$'),
    name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    area        text NOT NULL REFERENCES registry.area,
    lon_e7      integer NOT NULL CHECK (lon_e7 BETWEEN -1800000000 AND 1800000000),
    lat_e7      integer NOT NULL CHECK (lat_e7 BETWEEN -900000000 AND 900000000),
    registered_at timestamptz NOT NULL DEFAULT now()
);

-- A licence or qualification (许可、资质) of a party, or of one of its sites, for a time.
CREATE TABLE registry.permit (
    permit_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    party_id    bigint NOT NULL REFERENCES registry.party,
    site_id     bigint REFERENCES registry.site,
    kind        text COLLATE "C" NOT NULL CHECK (kind IN
                ('vehicle_dismantling', 'hazardous_waste', 'weee_treatment', 'battery_processing', 'remanufacturing', 'road_access')),
    number      text NOT NULL CHECK (length(number) BETWEEN 1 AND 100),
    valid_from  date NOT NULL,
    valid_until date NOT NULL,
    registered_at timestamptz NOT NULL DEFAULT now(),
    CHECK (valid_until >= valid_from),
    UNIQUE (party_id, kind, number)
);

CREATE TABLE registry.vehicle (
    vehicle_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    party_id    bigint NOT NULL REFERENCES registry.party,
    plate       text COLLATE "C" NOT NULL UNIQUE CHECK (length(plate) BETWEEN 5 AND 32),
    max_load_g  bigint CHECK (max_load_g > 0),
    registered_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE registry.source (
    source_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text COLLATE "C" NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9-]{1,64}$'),
    kind        text COLLATE "C" NOT NULL CHECK (kind IN
                ('truck', 'handheld', 'weighbridge', 'sorting', 'marketplace', 'camera', 'gateway', 'account')),
    area        text NOT NULL REFERENCES registry.area,
    party_id    bigint NOT NULL REFERENCES registry.party,
    site_id     bigint REFERENCES registry.site,
    vehicle_id  bigint REFERENCES registry.vehicle,
    signed      boolean NOT NULL DEFAULT true,
    enabled     boolean NOT NULL DEFAULT true,
    registered_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE registry.source_key (
    source_id   bigint NOT NULL REFERENCES registry.source,
    key_id      bytea NOT NULL CHECK (length(key_id) = 4),
    public_key  bytea NOT NULL CHECK (length(public_key) = 32),
    registered_at timestamptz NOT NULL DEFAULT now(),
    revoked_at  timestamptz CHECK (revoked_at >= registered_at),
    PRIMARY KEY (source_id, key_id)
);

-- Every change of what the gate reads is announced, so that the daemon reloads it (payload: table name).
CREATE FUNCTION registry.announce_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('custody_registry', TG_TABLE_NAME);
    RETURN NULL;
END $$;
CREATE TRIGGER announce AFTER INSERT OR UPDATE OR DELETE ON registry.party FOR EACH STATEMENT EXECUTE FUNCTION registry.announce_change();
CREATE TRIGGER announce AFTER INSERT OR UPDATE OR DELETE ON registry.site FOR EACH STATEMENT EXECUTE FUNCTION registry.announce_change();
CREATE TRIGGER announce AFTER INSERT OR UPDATE OR DELETE ON registry.source FOR EACH STATEMENT EXECUTE FUNCTION registry.announce_change();
CREATE TRIGGER announce AFTER INSERT OR UPDATE OR DELETE ON registry.source_key FOR EACH STATEMENT EXECUTE FUNCTION registry.announce_change();

INSERT INTO registry.area VALUES ('350504', '洛江区', 'Luojiang District');
