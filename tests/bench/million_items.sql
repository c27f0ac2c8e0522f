-- million_items.sql - a million vehicles that were scrapped: banned for good, each with a VIN and a plate; and the visibility map,
-- statistics and hint bits that a database has after such a time.
BEGIN;
CREATE TEMP TABLE scrapped ON COMMIT DROP AS SELECT n FROM generate_series(1, 1000000) AS n;
INSERT INTO custody.item (kind, physical, legal, ban, banned_at, event_count, first_event_at, last_event_at)
    SELECT 1, 0, 0, 2, now() - interval '1 day', 0, NULL, NULL FROM scrapped;
INSERT INTO custody.identifier (scheme, value, item_id, proof)
    SELECT 1, 'LSVC' || lpad((row_number() OVER ())::text, 13, '0'), item_id, true FROM custody.item;
INSERT INTO reentry.banned_vin (item_id, vin) SELECT item_id, value FROM custody.identifier;
INSERT INTO custody.identifier (scheme, value, item_id, proof)
    SELECT 4, '闽D' || lpad((row_number() OVER ())::text, 7, '0'), item_id, false FROM custody.item;
COMMIT;
VACUUM ANALYZE custody.item, custody.identifier, reentry.banned_vin;
