-- 0005_reentry.sql - identifiers seen outside the chain of custody, kept so that a later ban finds an earlier sighting.

CREATE SCHEMA reentry;
COMMENT ON SCHEMA reentry IS 'Identifiers seen outside the chain of custody, kept so that a later ban finds an earlier sighting.';

CREATE TABLE reentry.sighting (
    sighting_id uuid NOT NULL,
    log_index   bigint NOT NULL,
    ordinal     smallint NOT NULL CHECK (ordinal >= 0),
    source_id   bigint NOT NULL,
    kind        smallint NOT NULL CHECK (kind BETWEEN 1 AND 8),
    seen_at     timestamptz NOT NULL,
    item_kind   smallint NOT NULL DEFAULT 0,
    use         smallint NOT NULL DEFAULT 0,
    lon_e7      integer,
    lat_e7      integer,
    platform    text,
    listing_id  text,
    PRIMARY KEY (log_index, ordinal)
);
CREATE INDEX sighting_listing ON reentry.sighting (platform, listing_id) WHERE listing_id IS NOT NULL;
COMMENT ON TABLE reentry.sighting IS 'Something seen outside: a listing, a transfer, an inspection, a camera. What is not a column is in the record. Append-only.';
COMMENT ON COLUMN reentry.sighting.sighting_id IS 'UUID the reporter gave it (RFC 9562).';
COMMENT ON COLUMN reentry.sighting.log_index IS 'Record that reported it.';
COMMENT ON COLUMN reentry.sighting.ordinal IS 'Position in that report''s sightings, from 0.';
COMMENT ON COLUMN reentry.sighting.source_id IS 'Source that sent it.';
COMMENT ON COLUMN reentry.sighting.kind IS 'SightingKind of sighting.proto (1 listing ... 8 repair).';
COMMENT ON COLUMN reentry.sighting.seen_at IS 'Time at which it was seen, by the source.';
COMMENT ON COLUMN reentry.sighting.item_kind IS 'ItemKind of item.proto that was seen; 0: not said.';
COMMENT ON COLUMN reentry.sighting.use IS 'SightedUse of sighting.proto; 0: not said.';
COMMENT ON COLUMN reentry.sighting.lon_e7 IS 'Longitude, 1e-7 degrees, east positive, WGS-84; NULL: none given.';
COMMENT ON COLUMN reentry.sighting.lat_e7 IS 'Latitude, 1e-7 degrees, north positive, WGS-84; NULL: none given.';
COMMENT ON COLUMN reentry.sighting.platform IS 'Marketplace; NULL: not a listing.';
COMMENT ON COLUMN reentry.sighting.listing_id IS 'Number of the listing there; NULL: not a listing.';

CREATE TABLE reentry.sighted_identifier (
    scheme      smallint NOT NULL CHECK (scheme BETWEEN 1 AND 11),
    value       text COLLATE "C" NOT NULL CHECK (length(value) BETWEEN 1 AND 128),
    log_index   bigint NOT NULL,
    ordinal     smallint NOT NULL,
    from_text   boolean NOT NULL,
    PRIMARY KEY (scheme, value, log_index, ordinal)
);
COMMENT ON TABLE reentry.sighted_identifier IS 'Identifiers of sightings, normalised: what a new ban looks through. Append-only.';
COMMENT ON COLUMN reentry.sighted_identifier.scheme IS 'IdentifierScheme of item.proto (1 VIN ... 11 GS1).';
COMMENT ON COLUMN reentry.sighted_identifier.value IS 'Normalised value.';
COMMENT ON COLUMN reentry.sighted_identifier.log_index IS 'Record of the sighting.';
COMMENT ON COLUMN reentry.sighted_identifier.ordinal IS 'Position of the sighting in that report, from 0.';
COMMENT ON COLUMN reentry.sighted_identifier.from_text IS 'True: taken out of free text, false: from a field of its own.';
