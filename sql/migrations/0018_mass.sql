-- 0018_mass.sql - what hazardous parts a vehicle of each class yields when it is dismantled.

CREATE TABLE registry.yield (
    vehicle_class smallint NOT NULL CHECK (vehicle_class BETWEEN 1 AND 7),
    item_kind   smallint NOT NULL CHECK (item_kind BETWEEN 1 AND 16),
    least_g     bigint NOT NULL CHECK (least_g > 0),
    basis       text COLLATE "C" NOT NULL CHECK (basis IN ('law', 'rule', 'policy')),
    source      text NOT NULL CHECK (source <> ''),
    PRIMARY KEY (vehicle_class, item_kind)
);
COMMENT ON TABLE registry.yield IS 'Hazardous parts that come out of a dismantled vehicle; filled by data/yields.sql. Rule C15 asks it.';
COMMENT ON COLUMN registry.yield.vehicle_class IS 'VehicleClass of event.proto (1 small passenger ... 7 trailer).';
COMMENT ON COLUMN registry.yield.item_kind IS 'ItemKind of item.proto (10 lead-acid battery, 11 catalyst).';
COMMENT ON COLUMN registry.yield.least_g IS 'Least mass of all such parts together, grams.';
COMMENT ON COLUMN registry.yield.basis IS 'law: read in the text of a law; rule: in a rule or standard; policy: set by the district, or not confirmed.';
COMMENT ON COLUMN registry.yield.source IS 'Where the figure comes from.';

CREATE TRIGGER announce AFTER INSERT OR UPDATE OR DELETE ON registry.yield FOR EACH STATEMENT EXECUTE FUNCTION registry.announce_change();
