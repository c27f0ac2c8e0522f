-- 0003_custody.sql - items, the identifiers that name them, and their events. State is the fold of the events
-- (core/custody); `custodyctl rebuild --check` folds again and compares.

CREATE SCHEMA custody;

CREATE TABLE custody.item (
    item_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        smallint NOT NULL CHECK (kind BETWEEN 0 AND 16),      -- ItemKind
    physical    smallint NOT NULL DEFAULT 0,  -- physical state, core/custody/lifecycle.h
    legal       smallint NOT NULL DEFAULT 0,  -- legal state, core/custody/lifecycle.h
    ban         smallint NOT NULL DEFAULT 0 CHECK (ban BETWEEN 0 AND 2),  -- resale ban: 0 none, 1 banned, 2 banned for good
    banned_at   timestamptz,                  -- event time at which the ban in force began
    terminal    boolean NOT NULL DEFAULT false,
    holder_party_id bigint,                   -- who has custody
    offered_party_id bigint,                  -- to whom custody is offered, not yet accepted
    site_id     bigint,
    mass_g      bigint CHECK (mass_g >= 0),   -- last measured mass
    parent_item_id bigint REFERENCES custody.item,
    event_count integer NOT NULL DEFAULT 0 CHECK (event_count >= 0),
    first_event_at timestamptz,
    last_event_at timestamptz,
    facts       bytea NOT NULL DEFAULT '',    -- the rest of the folded state, core/custody/fold.h
    CHECK ((ban = 0) = (banned_at IS NULL))
);
CREATE INDEX item_parent ON custody.item (parent_item_id) WHERE parent_item_id IS NOT NULL;
CREATE INDEX item_holder ON custody.item (holder_party_id, kind);

-- Normalised identifiers of items. proof: this scheme decides which item it is (a VIN); otherwise a hint (a plate).
CREATE TABLE custody.identifier (
    scheme      smallint NOT NULL CHECK (scheme BETWEEN 1 AND 11),    -- IdentifierScheme
    value       text COLLATE "C" NOT NULL CHECK (length(value) BETWEEN 1 AND 128),
    item_id     bigint NOT NULL REFERENCES custody.item,
    proof       boolean NOT NULL,
    PRIMARY KEY (scheme, value, item_id)
);
CREATE UNIQUE INDEX identifier_proof ON custody.identifier (scheme, value) WHERE proof;
CREATE INDEX identifier_item ON custody.identifier (item_id);

-- One event of one item. What is not a column is in the record at log_index (ordinal: position in its Report.events).
CREATE TABLE custody.event (
    item_id     bigint NOT NULL REFERENCES custody.item,
    event_at    timestamptz NOT NULL,
    log_index   bigint NOT NULL,
    ordinal     smallint NOT NULL CHECK (ordinal >= 0),
    event_id    uuid NOT NULL,
    type        smallint NOT NULL CHECK (type BETWEEN 1 AND 45),      -- EventType
    part        smallint CHECK (part >= 0),   -- which part named in the event this item is; NULL: the event's own item
    party_id    bigint NOT NULL,              -- who reported it
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
