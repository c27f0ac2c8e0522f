-- 0013_reentry.sql - what near matching needs: banned VINs to load, writings to look through, and how far the log was followed.
--
-- Near matches are not looked for in the ingest transaction but behind the log, by one follower a database (ingest/follower.h). It begins at
-- record 0, so what was stored before this file is matched, too.

CREATE TABLE reentry.banned_vin (
    item_id     bigint PRIMARY KEY,
    vin         text COLLATE "C" NOT NULL CHECK (length(vin) = 17)
);
COMMENT ON TABLE reentry.banned_vin IS 'VINs of items that are or were banned: loaded by the follower at its start. Append-only; whether a ban stands says custody.item.';
COMMENT ON COLUMN reentry.banned_vin.item_id IS 'Item that it proves.';
COMMENT ON COLUMN reentry.banned_vin.vin IS 'VIN, normalised.';

CREATE TABLE reentry.written (
    log_index   bigint NOT NULL,
    ordinal     smallint NOT NULL CHECK (ordinal >= 0),
    number      smallint NOT NULL CHECK (number >= 0),
    text        text COLLATE "C" NOT NULL CHECK (length(text) BETWEEN 16 AND 18),
    phone_hashes bytea NOT NULL DEFAULT '' CHECK (length(phone_hashes) % 32 = 0),
    PRIMARY KEY (log_index, ordinal, number)
);
COMMENT ON TABLE reentry.written IS 'What sightings have as a VIN, rightly or not (core/reentry/written.h). Append-only.';
COMMENT ON COLUMN reentry.written.log_index IS 'Record of the sighting.';
COMMENT ON COLUMN reentry.written.ordinal IS 'Position of the sighting in that report, from 0.';
COMMENT ON COLUMN reentry.written.number IS 'Position among the writings of that sighting, from 0.';
COMMENT ON COLUMN reentry.written.text IS '16 to 18 characters, or 17 of which up to six are "?": hidden.';
COMMENT ON COLUMN reentry.written.phone_hashes IS 'Keyed hashes of telephone numbers in the listing, 32 bytes each; the numbers are not kept beside the record.';

CREATE TABLE reentry.near_key (
    key         text COLLATE "C" NOT NULL CHECK (length(key) BETWEEN 1 AND 20),
    log_index   bigint NOT NULL,
    ordinal     smallint NOT NULL,
    number      smallint NOT NULL,
    PRIMARY KEY (key, log_index, ordinal, number)
);
COMMENT ON TABLE reentry.near_key IS 'Parts of writings: whatever is near to a VIN shares one with it, so a new ban finds earlier writings. Append-only.';
COMMENT ON COLUMN reentry.near_key.key IS 'A letter for which part it is, then its symbols (core/reentry/vin_code.h).';
COMMENT ON COLUMN reentry.near_key.log_index IS 'Record of the sighting.';
COMMENT ON COLUMN reentry.near_key.ordinal IS 'Position of the sighting in that report, from 0.';
COMMENT ON COLUMN reentry.near_key.number IS 'Position among the writings of that sighting, from 0.';

CREATE TABLE reentry.progress (
    only_row    boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    followed    bigint NOT NULL CHECK (followed >= 0)
) WITH (fillfactor = 10);
COMMENT ON TABLE reentry.progress IS 'How far the log was followed: what is below was matched by rules E02, E03, E06, E07, E08 in both directions.';
COMMENT ON COLUMN reentry.progress.only_row IS 'Always true: there is one row.';
COMMENT ON COLUMN reentry.progress.followed IS 'Every record below this log index was followed. Compared and swapped.';
INSERT INTO reentry.progress (followed) VALUES (0);

-- A source that floods the queue: its flags stay what they are, and stand behind one flag about the source.
ALTER TABLE flag.flag ADD COLUMN folded_into bigint REFERENCES flag.flag;
COMMENT ON COLUMN flag.flag.folded_into IS 'Flag about a source behind which this one stands, since that source raised more in a day than its budget; NULL: it stands in the queue by itself.';
CREATE INDEX flag_folded_into ON flag.flag (folded_into) WHERE folded_into IS NOT NULL;

CREATE INDEX flag_reentry ON flag.flag (raised_at) WHERE folded_into IS NULL AND rule COLLATE "C" LIKE 'E%';

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['reentry.banned_vin', 'reentry.written', 'reentry.near_key'] LOOP
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %s '
                       'FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change()', name::regclass);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['reentry.progress'] LOOP
        EXECUTE format('CREATE TRIGGER rows_stay BEFORE DELETE OR TRUNCATE ON %s '
                       'FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change()', name::regclass);
    END LOOP;
END $$;
