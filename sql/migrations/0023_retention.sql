-- 0023_retention.sql - how long what was said has to be kept 保存期限: nothing is erased before that without saying so.

CREATE TABLE registry.retention (
    subject     text COLLATE "C" PRIMARY KEY CHECK (subject ~ '^[a-z_]{1,32}$'),
    applies_to  text COLLATE "C" NOT NULL CHECK (applies_to IN ('record', 'video')),
    keep_years  smallint NOT NULL CHECK (keep_years BETWEEN 1 AND 1000),
    item_kinds  smallint[] CHECK (cardinality(item_kinds) >= 1),
    event_types smallint[] CHECK (cardinality(event_types) >= 1),
    basis       text COLLATE "C" NOT NULL CHECK (basis IN ('law', 'rule', 'policy')),
    source      text NOT NULL CHECK (source <> ''),
    meaning     text NOT NULL CHECK (meaning <> '')
);
COMMENT ON TABLE registry.retention IS 'How long records, and the videos that they name, are kept at least 保存期限; of several terms the longest holds. Filled by data/retention.sql.';
COMMENT ON COLUMN registry.retention.subject IS 'What it is called.';
COMMENT ON COLUMN registry.retention.applies_to IS 'record: what was reported; video: a recording that a report names by its SHA-256, which the reporter keeps.';
COMMENT ON COLUMN registry.retention.keep_years IS 'Years from the day of the event, Asia/Shanghai.';
COMMENT ON COLUMN registry.retention.item_kinds IS 'ItemKind numbers that it is about; NULL: all.';
COMMENT ON COLUMN registry.retention.event_types IS 'EventType numbers that it is about; NULL: all.';
COMMENT ON COLUMN registry.retention.basis IS 'law: read in the text of a law; rule: in a rule or standard; policy: set by the district, or not confirmed.';
COMMENT ON COLUMN registry.retention.source IS 'Article, rule or decision it comes from.';
COMMENT ON COLUMN registry.retention.meaning IS 'What it says, for people.';

-- Made anew by its own file, with a term that may be overridden.
DROP FUNCTION IF EXISTS ledger.request_erasure(bigint, text);
