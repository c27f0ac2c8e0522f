-- 0014_reentry_age_and_bans.sql - the compulsory-scrapping table, which rule E04 compares the age of what is traded with; and bans that change
-- without an event, for the follower.

CREATE TABLE registry.scrap_limit (
    category    text COLLATE "C" PRIMARY KEY CHECK (category ~ '^[a-z0-9_]{1,40}$'),
    name_zh     text NOT NULL,
    trade       text COLLATE "C" NOT NULL CHECK (trade IN ('private', 'operating', 'hazardous')),
    years       smallint CHECK (years BETWEEN 1 AND 50),
    guided_km   integer CHECK (guided_km > 0),
    basis       text COLLATE "C" NOT NULL CHECK (basis IN ('law', 'rule', 'policy')),
    source      text NOT NULL
);
COMMENT ON TABLE registry.scrap_limit IS 'After how many years a vehicle of a category has to be scrapped 强制报废使用年限; filled by data/scrap_limits.sql.';
COMMENT ON COLUMN registry.scrap_limit.category IS 'Use and size, as sightings name it (scrap_category of sighting.proto).';
COMMENT ON COLUMN registry.scrap_limit.name_zh IS 'Name in Chinese.';
COMMENT ON COLUMN registry.scrap_limit.trade IS 'What a change of use asks: private 非营运, operating 营运, hazardous 危险货物.';
COMMENT ON COLUMN registry.scrap_limit.years IS 'Years from first registration; NULL: none.';
COMMENT ON COLUMN registry.scrap_limit.guided_km IS 'Distance at which scrapping is advised (引导报废), kilometres, no compulsion; NULL: none.';
COMMENT ON COLUMN registry.scrap_limit.basis IS 'law: read in the text of a law; rule: in a rule or standard; policy: set by the district, or not confirmed.';
COMMENT ON COLUMN registry.scrap_limit.source IS 'Order or decision it comes from.';

-- A ban may change without an event: an item is folded again because a licence or a child changed, or by custodyctl rebuild.
CREATE TABLE reentry.ban_change (
    change_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    item_id     bigint NOT NULL
);
COMMENT ON TABLE reentry.ban_change IS 'Items whose ban changed; the follower takes them and removes the rows. A work list, not evidence.';
COMMENT ON COLUMN reentry.ban_change.change_id IS 'Number of the change in this database.';
COMMENT ON COLUMN reentry.ban_change.item_id IS 'Item whose ban began, ended, or has another beginning.';

CREATE FUNCTION reentry.note_ban_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO reentry.ban_change (item_id) VALUES (NEW.item_id);
    RETURN NULL;
END $$;
COMMENT ON FUNCTION reentry.note_ban_change() IS 'Trigger: tells the follower of an item whose ban changed.';
REVOKE ALL ON FUNCTION reentry.note_ban_change() FROM PUBLIC;
CREATE TRIGGER note_ban_change AFTER UPDATE OF ban, banned_at ON custody.item FOR EACH ROW
    WHEN (OLD.ban <> NEW.ban OR OLD.banned_at IS DISTINCT FROM NEW.banned_at) EXECUTE FUNCTION reentry.note_ban_change();
