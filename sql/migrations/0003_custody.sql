-- 0003_custody.sql - items, the identifiers that name them, and their events. State is the fold of the events
-- (core/custody); `custodyctl rebuild --check` folds again and compares.

CREATE SCHEMA custody;
COMMENT ON SCHEMA custody IS 'The chain of custody: items, the identifiers that name them, and what was done with them.';

CREATE TABLE custody.item (
    item_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        smallint NOT NULL CHECK (kind BETWEEN 0 AND 16),
    physical    smallint NOT NULL DEFAULT 0,
    legal       smallint NOT NULL DEFAULT 0,
    ban         smallint NOT NULL DEFAULT 0 CHECK (ban BETWEEN 0 AND 2),
    banned_at   timestamptz,
    terminal    boolean NOT NULL DEFAULT false,
    holder_party_id bigint,
    offered_party_id bigint,
    site_id     bigint,
    mass_g      bigint CHECK (mass_g >= 0),
    parent_item_id bigint REFERENCES custody.item,
    event_count integer NOT NULL DEFAULT 0 CHECK (event_count >= 0),
    first_event_at timestamptz,
    last_event_at timestamptz,
    facts       bytea NOT NULL DEFAULT '',
    CHECK ((ban = 0) = (banned_at IS NULL))
);
CREATE INDEX item_parent ON custody.item (parent_item_id) WHERE parent_item_id IS NOT NULL;
CREATE INDEX item_holder ON custody.item (holder_party_id, kind);
COMMENT ON TABLE custody.item IS 'Things in custody: vehicles, assemblies, batteries, appliances, devices, lots. Everything but the number is the fold of the events.';
COMMENT ON COLUMN custody.item.item_id IS 'Number of the item in this database.';
COMMENT ON COLUMN custody.item.kind IS 'ItemKind of item.proto (1 vehicle ... 16 lot); 0: not known yet.';
COMMENT ON COLUMN custody.item.physical IS 'Physical state, core/custody/lifecycle.h.';
COMMENT ON COLUMN custody.item.legal IS 'Legal state, core/custody/lifecycle.h.';
COMMENT ON COLUMN custody.item.ban IS 'Resale ban: 0 none, 1 banned, 2 banned for good (a certificate was issued).';
COMMENT ON COLUMN custody.item.banned_at IS 'Event time at which the ban in force began; NULL: no ban.';
COMMENT ON COLUMN custody.item.terminal IS 'True in an end state: after it only sightings and corrections may follow.';
COMMENT ON COLUMN custody.item.holder_party_id IS 'Party that has custody; NULL: not known.';
COMMENT ON COLUMN custody.item.offered_party_id IS 'Party to whom custody is offered and who has not accepted yet; NULL: none.';
COMMENT ON COLUMN custody.item.site_id IS 'Site where it was last; NULL: not known.';
COMMENT ON COLUMN custody.item.mass_g IS 'Last measured mass, or the estimate before any measurement, grams; NULL: not known.';
COMMENT ON COLUMN custody.item.parent_item_id IS 'Item it was taken out of; NULL: none known.';
COMMENT ON COLUMN custody.item.event_count IS 'Events folded.';
COMMENT ON COLUMN custody.item.first_event_at IS 'Event time of the first one; NULL: none.';
COMMENT ON COLUMN custody.item.last_event_at IS 'Event time of the last one; NULL: none.';
COMMENT ON COLUMN custody.item.facts IS 'The rest of the folded state, bytes of core/custody/fold.h; equal facts give equal bytes.';

CREATE TABLE custody.identifier (
    scheme      smallint NOT NULL CHECK (scheme BETWEEN 1 AND 11),
    value       text COLLATE "C" NOT NULL CHECK (length(value) BETWEEN 1 AND 128),
    item_id     bigint NOT NULL REFERENCES custody.item,
    proof       boolean NOT NULL,
    PRIMARY KEY (scheme, value, item_id)
);
CREATE UNIQUE INDEX identifier_proof ON custody.identifier (scheme, value) WHERE proof;
CREATE INDEX identifier_item ON custody.identifier (item_id);
COMMENT ON TABLE custody.identifier IS 'Identifiers of items, normalised (core/identity).';
COMMENT ON COLUMN custody.identifier.scheme IS 'IdentifierScheme of item.proto (1 VIN ... 11 GS1).';
COMMENT ON COLUMN custody.identifier.value IS 'Normalised value.';
COMMENT ON COLUMN custody.identifier.item_id IS 'Item it names.';
COMMENT ON COLUMN custody.identifier.proof IS 'True: it decides which item it is (a VIN). False: a hint (a plate).';

CREATE TABLE custody.event (
    item_id     bigint NOT NULL REFERENCES custody.item,
    event_at    timestamptz NOT NULL,
    log_index   bigint NOT NULL,
    ordinal     smallint NOT NULL CHECK (ordinal >= 0),
    event_id    uuid NOT NULL,
    type        smallint NOT NULL CHECK (type BETWEEN 1 AND 45),
    part        smallint CHECK (part >= 0),
    party_id    bigint NOT NULL,
    source_id   bigint NOT NULL,
    site_id     bigint,
    counterparty_id bigint,
    lon_e7      integer,
    lat_e7      integer,
    mass_g      bigint CHECK (mass_g >= 0),
    mass_estimated boolean,
    PRIMARY KEY (item_id, event_at, log_index, ordinal)
);
CREATE INDEX event_event_id ON custody.event (event_id);
CREATE INDEX event_log_index ON custody.event (log_index);
COMMENT ON TABLE custody.event IS 'One event of one item each, in the order in which they are folded. What is not a column is in the record. Append-only.';
COMMENT ON COLUMN custody.event.item_id IS 'Item it was done with.';
COMMENT ON COLUMN custody.event.event_at IS 'Time at which it happened, by the device.';
COMMENT ON COLUMN custody.event.log_index IS 'Record that reported it.';
COMMENT ON COLUMN custody.event.ordinal IS 'Position in that report''s events, from 0.';
COMMENT ON COLUMN custody.event.event_id IS 'UUID the reporter gave it (RFC 9562).';
COMMENT ON COLUMN custody.event.type IS 'EventType of event.proto (1 booked ... 45 graded).';
COMMENT ON COLUMN custody.event.part IS 'Which of the parts that the event names this item is, from 0; NULL: it is the event''s own item.';
COMMENT ON COLUMN custody.event.party_id IS 'Party that reported it.';
COMMENT ON COLUMN custody.event.source_id IS 'Source that sent it.';
COMMENT ON COLUMN custody.event.site_id IS 'Site where it happened; NULL: none given.';
COMMENT ON COLUMN custody.event.counterparty_id IS 'The other party of a hand-over or sale; NULL: none, or not registered.';
COMMENT ON COLUMN custody.event.lon_e7 IS 'Longitude, 1e-7 degrees, east positive, WGS-84; NULL: none given.';
COMMENT ON COLUMN custody.event.lat_e7 IS 'Latitude, 1e-7 degrees, north positive, WGS-84; NULL: none given.';
COMMENT ON COLUMN custody.event.mass_g IS 'Mass of the item at that moment, grams; NULL: not weighed.';
COMMENT ON COLUMN custody.event.mass_estimated IS 'True: somebody estimated the mass, false: a scale measured it; NULL: no mass.';
