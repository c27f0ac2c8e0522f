-- 0001_registry.sql - who may speak and about what: areas, parties, sites, sources, keys, vehicles, permits.

CREATE SCHEMA registry;
COMMENT ON SCHEMA registry IS 'Who may speak and about what: areas, parties, their sites, vehicles and permits, sources and their keys.';

CREATE TABLE registry.area (
    code        text PRIMARY KEY CHECK (code ~ '^[0-9]{6}$'),
    name_zh     text NOT NULL,
    name_en     text NOT NULL
);
COMMENT ON TABLE registry.area IS 'Administrative divisions that take part: the natural shard, and a level of every topic.';
COMMENT ON COLUMN registry.area.code IS 'Administrative division code (GB/T 2260), six digits.';
COMMENT ON COLUMN registry.area.name_zh IS 'Name in Chinese.';
COMMENT ON COLUMN registry.area.name_en IS 'Name in English.';

CREATE TABLE registry.party (
    party_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code        text COLLATE "C" NOT NULL UNIQUE CHECK (length(code) BETWEEN 1 AND 64),
    kind        smallint NOT NULL CHECK (kind BETWEEN 1 AND 16),
    name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    registered_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE registry.party IS 'Firms and authorities.';
COMMENT ON COLUMN registry.party.party_id IS 'Number of the party in this database.';
COMMENT ON COLUMN registry.party.code IS 'Unified social credit code (GB 32100), or another code where there is none.';
COMMENT ON COLUMN registry.party.kind IS 'What it is: number of PARTY_KIND_TABLE in core/directory.h (1 recycler ... 12 police ...).';
COMMENT ON COLUMN registry.party.name IS 'Name as registered, for people.';
COMMENT ON COLUMN registry.party.registered_at IS 'Time at which it was entered here.';

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
COMMENT ON TABLE registry.site IS 'Yards, sorting centres, collection points: the places that events name.';
COMMENT ON COLUMN registry.site.site_id IS 'Number of the site in this database.';
COMMENT ON COLUMN registry.site.party_id IS 'Party that runs it.';
COMMENT ON COLUMN registry.site.code IS 'Code by which events name it.';
COMMENT ON COLUMN registry.site.name IS 'Name, for people.';
COMMENT ON COLUMN registry.site.area IS 'Administrative division it lies in.';
COMMENT ON COLUMN registry.site.lon_e7 IS 'Longitude, 1e-7 degrees, east positive, WGS-84.';
COMMENT ON COLUMN registry.site.lat_e7 IS 'Latitude, 1e-7 degrees, north positive, WGS-84.';
COMMENT ON COLUMN registry.site.registered_at IS 'Time at which it was entered here.';

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
COMMENT ON TABLE registry.permit IS 'Licences and qualifications (许可、资质) of a party, or of one of its sites, for a time.';
COMMENT ON COLUMN registry.permit.permit_id IS 'Number of the permit in this database.';
COMMENT ON COLUMN registry.permit.party_id IS 'Party that holds it.';
COMMENT ON COLUMN registry.permit.site_id IS 'Site it is limited to; NULL: all of the party''s.';
COMMENT ON COLUMN registry.permit.kind IS 'What it permits.';
COMMENT ON COLUMN registry.permit.number IS 'Number printed on it.';
COMMENT ON COLUMN registry.permit.valid_from IS 'First Asia/Shanghai day on which it is valid.';
COMMENT ON COLUMN registry.permit.valid_until IS 'Last Asia/Shanghai day on which it is valid.';
COMMENT ON COLUMN registry.permit.registered_at IS 'Time at which it was entered here.';

CREATE TABLE registry.vehicle (
    vehicle_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    party_id    bigint NOT NULL REFERENCES registry.party,
    plate       text COLLATE "C" NOT NULL UNIQUE CHECK (length(plate) BETWEEN 5 AND 32),
    max_load_g  bigint CHECK (max_load_g > 0),
    registered_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE registry.vehicle IS 'Collection trucks.';
COMMENT ON COLUMN registry.vehicle.vehicle_id IS 'Number of the vehicle in this database.';
COMMENT ON COLUMN registry.vehicle.party_id IS 'Party that runs it.';
COMMENT ON COLUMN registry.vehicle.plate IS 'Number plate, normalised (core/identity).';
COMMENT ON COLUMN registry.vehicle.max_load_g IS 'Rated load, grams; NULL: not known.';
COMMENT ON COLUMN registry.vehicle.registered_at IS 'Time at which it was entered here.';

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
COMMENT ON TABLE registry.source IS 'Whoever sends envelopes: devices, feeds and accounts.';
COMMENT ON COLUMN registry.source.source_id IS 'Number of the source in this database.';
COMMENT ON COLUMN registry.source.name IS 'Name in topics, reports and signatures; user name at the broker.';
COMMENT ON COLUMN registry.source.kind IS 'What it is.';
COMMENT ON COLUMN registry.source.area IS 'Administrative division whose topics it uses.';
COMMENT ON COLUMN registry.source.party_id IS 'Party in whose name it speaks.';
COMMENT ON COLUMN registry.source.site_id IS 'Site where it stands; NULL: it moves or has none.';
COMMENT ON COLUMN registry.source.vehicle_id IS 'Truck it rides on; NULL: none.';
COMMENT ON COLUMN registry.source.signed IS 'False: accepted without signature, and shown everywhere as weaker evidence.';
COMMENT ON COLUMN registry.source.enabled IS 'False: nothing it sends is accepted.';
COMMENT ON COLUMN registry.source.registered_at IS 'Time at which it was entered here.';

CREATE TABLE registry.source_key (
    source_id   bigint NOT NULL REFERENCES registry.source,
    key_id      bytea NOT NULL CHECK (length(key_id) = 4),
    public_key  bytea NOT NULL CHECK (length(public_key) = 32),
    registered_at timestamptz NOT NULL DEFAULT now(),
    revoked_at  timestamptz CHECK (revoked_at >= registered_at),
    PRIMARY KEY (source_id, key_id)
);
COMMENT ON TABLE registry.source_key IS 'Keys with which a source signs. A key is revoked, never removed.';
COMMENT ON COLUMN registry.source_key.source_id IS 'Source it belongs to.';
COMMENT ON COLUMN registry.source_key.key_id IS
    'First 4 bytes of SHA-256("custody-source/v1\n" || source || "\n" || 0x01 || public key).';
COMMENT ON COLUMN registry.source_key.public_key IS 'Ed25519 public key, 32 bytes.';
COMMENT ON COLUMN registry.source_key.registered_at IS 'Time at which it was entered here.';
COMMENT ON COLUMN registry.source_key.revoked_at IS 'Time from which it is not accepted any more; NULL: in force.';

CREATE TABLE registry.firm_role (
    role_name   name PRIMARY KEY,
    party_id    bigint NOT NULL REFERENCES registry.party
);
COMMENT ON TABLE registry.firm_role IS
    'Which database role sees with which party''s eyes. Policies ask it by current_user, which a session cannot choose as it can a setting.';
COMMENT ON COLUMN registry.firm_role.role_name IS 'Database role, made by registry.create_firm_role.';
COMMENT ON COLUMN registry.firm_role.party_id IS 'Party whose rows it sees.';

CREATE FUNCTION registry.announce_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_notify('custody_registry', TG_TABLE_NAME);
    RETURN NULL;
END $$;
COMMENT ON FUNCTION registry.announce_change() IS
    'Trigger: tells listeners of custody_registry that a table changed that the gate reads (payload: its name), so that the daemon reloads it.';

CREATE TRIGGER announce AFTER INSERT OR UPDATE OR DELETE ON registry.party FOR EACH STATEMENT EXECUTE FUNCTION registry.announce_change();
CREATE TRIGGER announce AFTER INSERT OR UPDATE OR DELETE ON registry.site FOR EACH STATEMENT EXECUTE FUNCTION registry.announce_change();
CREATE TRIGGER announce AFTER INSERT OR UPDATE OR DELETE ON registry.source FOR EACH STATEMENT EXECUTE FUNCTION registry.announce_change();
CREATE TRIGGER announce AFTER INSERT OR UPDATE OR DELETE ON registry.source_key FOR EACH STATEMENT EXECUTE FUNCTION registry.announce_change();

INSERT INTO registry.area VALUES ('350504', '洛江区', 'Luojiang District');
