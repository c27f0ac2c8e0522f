-- 0005_reentry.sql - identifiers seen outside the chain of custody, kept so that a later ban finds an earlier sighting.

CREATE SCHEMA reentry;

CREATE TABLE reentry.sighting (
    sighting_id uuid NOT NULL,
    log_index   bigint NOT NULL,
    ordinal     smallint NOT NULL CHECK (ordinal >= 0),
    source_id   bigint NOT NULL,
    kind        smallint NOT NULL CHECK (kind BETWEEN 1 AND 8),       -- SightingKind
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

-- Identifiers of a sighting: from its structured fields, or taken out of its text.
CREATE TABLE reentry.sighted_identifier (
    scheme      smallint NOT NULL CHECK (scheme BETWEEN 1 AND 11),
    value       text COLLATE "C" NOT NULL CHECK (length(value) BETWEEN 1 AND 128),
    log_index   bigint NOT NULL,
    ordinal     smallint NOT NULL,
    from_text   boolean NOT NULL,
    PRIMARY KEY (scheme, value, log_index, ordinal)
);
