-- constraints.sql - values that the domain does not know are refused by the tables themselves.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT no_plan();

INSERT INTO registry.party (party_id, code, kind, name) OVERRIDING SYSTEM VALUE VALUES (900001, 'CONSTRAINT-TEST', 1, 'firm');
INSERT INTO registry.source (source_id, name, kind, area, party_id) OVERRIDING SYSTEM VALUE VALUES (900001, 'constraint-test', 'truck', '350504', 900001);
INSERT INTO custody.item (item_id, kind) OVERRIDING SYSTEM VALUE VALUES (900001, 1), (900002, 1);
INSERT INTO custody.identifier VALUES (1, 'LSVAA49J132047371', 900001, true), (4, '闽C00001', 900001, false);
INSERT INTO flag.flag (flag_id, rule, rule_version, severity, subject, item_id, detail, event_at) OVERRIDING SYSTEM VALUE
VALUES (900001, 'E01', 1, 4, 'item:900001', 900001, 'd', now());

-- Each statement is right but for the one value that its line names. 23514: check, 23505: unique, 23503: foreign key.
CREATE TEMP TABLE wrong (number serial, sqlstate text, why text, statement text);
INSERT INTO wrong (sqlstate, why, statement) VALUES
('23514', 'an area code has six digits', $$INSERT INTO registry.area VALUES ('35050', 'x', 'x')$$),
('23514', 'a party is of a known kind', $$INSERT INTO registry.party (code, kind, name) VALUES ('X', 17, 'X')$$),
('23514', 'a party has a code', $$INSERT INTO registry.party (code, kind, name) VALUES ('', 1, 'X')$$),
('23505', 'a party''s code is its own', $$INSERT INTO registry.party (code, kind, name) VALUES ('CONSTRAINT-TEST', 1, 'X')$$),
('23514', 'a site is on earth', $$INSERT INTO registry.site (party_id, code, name, area, lon_e7, lat_e7) VALUES (900001, 'x', 'X', '350504', 1800000001, 0)$$),
('23503', 'a site lies in a known area', $$INSERT INTO registry.site (party_id, code, name, area, lon_e7, lat_e7) VALUES (900001, 'x', 'X', '000000', 0, 0)$$),
('23514', 'a permit ends after it begins', $$INSERT INTO registry.permit (party_id, kind, number, valid_from, valid_until) VALUES (900001, 'road_access', '1', '2026-02-01', '2026-01-31')$$),
('23514', 'a permit permits something known', $$INSERT INTO registry.permit (party_id, kind, number, valid_from, valid_until) VALUES (900001, 'anything', '1', '2026-01-01', '2026-01-31')$$),
('23514', 'a figure says what it rests on', $$INSERT INTO registry.figure VALUES ('x', 1, 'rumour', 's', 'm')$$),
('23514', 'no party is linked to itself', $$INSERT INTO registry.party_link (party_id, linked_party_id, kind, source, valid_from, valid_until) VALUES (900001, 900001, 'person', 's', '2026-01-01', '2026-01-31')$$),
('23514', 'a watch list is a known one', $$INSERT INTO registry.watch_entry (list, scheme, value, source) VALUES ('gossip', 1, 'X', 's')$$),
('23514', 'a vehicle yields something', $$INSERT INTO registry.yield VALUES (7, 10, 0, 'policy', 's')$$),
('23514', 'a deadline has a unit', $$INSERT INTO registry.clock_kind VALUES (99, 'x', 1, 'fortnight', 0, 0, 1, 'law', 's', 'm')$$),
('23514', 'a term of keeping is of records or videos', $$INSERT INTO registry.retention VALUES ('x', 'rumour', 1, NULL, NULL, 'law', 's', 'm')$$),
('23514', 'a term of keeping is for some kinds, or for all', $$INSERT INTO registry.retention VALUES ('x', 'record', 1, '{}', NULL, 'law', 's', 'm')$$),
('23514', 'a clock that was stopped raises no alarm', $$INSERT INTO custody.clock VALUES (900001, 1, now(), now(), now(), now())$$),
('23514', 'an item is folded again for a known reason', $$INSERT INTO custody.refold (item_id, reason) VALUES (900001, 'whim')$$),
('23514', 'a truck is of a known class', $$INSERT INTO registry.vehicle (party_id, plate, class) VALUES (900001, '闽C99999', 'balloon')$$),
('23514', 'a fence is of a known kind', $$INSERT INTO registry.fence (code, kind, name, geometry, source, valid_from, valid_until) VALUES ('x', 'moat', 'X', '{}', 's', '2026-01-01', '2026-02-01')$$),
('23514', 'a fence of a site names it', $$INSERT INTO registry.fence (code, kind, name, geometry, source, valid_from, valid_until) VALUES ('x', 'site', 'X', '{}', 's', '2026-01-01', '2026-02-01')$$),
('23514', 'a fence ends after it begins', $$INSERT INTO registry.fence (code, kind, name, geometry, source, valid_from, valid_until) VALUES ('x', 'area', 'X', '{}', 's', '2026-02-01', '2026-01-31')$$),
('23503', 'a road right is for an area', $$INSERT INTO registry.road_right (number, fence_id, weekdays, from_minute, until_minute, source, valid_from, valid_until) VALUES ('x', 999999, 1, 0, 1, 's', '2026-01-01', '2026-02-01')$$),
('23514', 'a flag of a truck names it', $$INSERT INTO flag.flag (rule, rule_version, severity, subject, key, detail, event_at) VALUES ('R01', 1, 3, 'vehicle:闽C99999', 'k', 'd', now())$$),
('23514', 'a truck carries something', $$INSERT INTO registry.vehicle (party_id, plate, max_load_g) VALUES (900001, '闽C99999', 0)$$),
('23514', 'a source''s name fits in a topic', $$INSERT INTO registry.source (name, kind, area, party_id) VALUES ('a/b', 'truck', '350504', 900001)$$),
('23514', 'a source''s name is lower case', $$INSERT INTO registry.source (name, kind, area, party_id) VALUES ('Truck', 'truck', '350504', 900001)$$),
('23514', 'a source is of a known kind', $$INSERT INTO registry.source (name, kind, area, party_id) VALUES ('x', 'drone', '350504', 900001)$$),
('23505', 'a source''s name is its own', $$INSERT INTO registry.source (name, kind, area, party_id) VALUES ('constraint-test', 'truck', '350504', 900001)$$),
('23514', 'a public key has 32 bytes', $$INSERT INTO registry.source_key VALUES (900001, '\x00000001', '\x00')$$),
('23514', 'a key id has 4 bytes', $$INSERT INTO registry.source_key VALUES (900001, '\x000001', sha256('x'))$$),
('23514', 'a key is revoked after it was registered', $$INSERT INTO registry.source_key VALUES (900001, '\x00000001', sha256('x'), now(), now() - interval '1 s')$$),
('23514', 'a log index is not negative', $$INSERT INTO ledger.record (log_index, type, received_at, leaf_hash) VALUES (-1, 1, now(), sha256('x'))$$),
('23514', 'a leaf is of a known type', $$INSERT INTO ledger.record (log_index, type, received_at, leaf_hash) VALUES (900000000001, 8, now(), sha256('x'))$$),
('23514', 'a leaf hash has 32 bytes', $$INSERT INTO ledger.record (log_index, type, received_at, leaf_hash) VALUES (900000000001, 1, now(), '\x00')$$),
('23514', 'a salt has 32 bytes', $$INSERT INTO ledger.record (log_index, type, received_at, salt, leaf_hash) VALUES (900000000001, 1, now(), '\x00', sha256('x'))$$),
('23514', 'a run of keys ends after it begins', $$INSERT INTO ledger.ingest_key VALUES (900001, 1, 5, 4, 1)$$),
('23514', 'a stream''s version starts at 1', $$INSERT INTO ledger.stream VALUES (900001, 1, 0, 0, '', now())$$),
('23505', 'there is one head', $$INSERT INTO ledger.head (size, frontier, root, updated_at) VALUES (0, '', sha256(''), now())$$),
('23514', 'there is one head, also by another key', $$INSERT INTO ledger.head (only_row, size, frontier, root, updated_at) VALUES (false, 0, '', sha256(''), now())$$),
('23514', 'a frontier is of whole hashes', $$UPDATE ledger.head SET frontier = '\x00'$$),
('23514', 'a dead letter has a known reason', $$INSERT INTO ledger.dead_letter VALUES (900000000001, now(), 't', NULL, NULL, NULL, 14, 'd')$$),
('23514', 'an item is of a known kind', $$INSERT INTO custody.item (kind) VALUES (17)$$),
('23514', 'a ban has its time', $$UPDATE custody.item SET ban = 1 WHERE item_id = 900001$$),
('23514', 'no ban has none', $$UPDATE custody.item SET banned_at = now() WHERE item_id = 900001$$),
('23514', 'a mass is not negative', $$UPDATE custody.item SET mass_g = -1 WHERE item_id = 900001$$),
('23505', 'an identifier proves one item only', $$INSERT INTO custody.identifier VALUES (1, 'LSVAA49J132047371', 900002, true)$$),
('23514', 'an identifier has a value', $$INSERT INTO custody.identifier VALUES (1, '', 900001, true)$$),
('23503', 'an identifier names an item that is there', $$INSERT INTO custody.identifier VALUES (1, 'X', 999999, true)$$),
('23514', 'an event is of a known type', $$INSERT INTO custody.event (item_id, event_at, log_index, ordinal, event_id, type, party_id, source_id) VALUES (900001, now(), 1, 0, gen_random_uuid(), 46, 1, 1)$$),
('23503', 'an event is of an item that is there', $$INSERT INTO custody.event (item_id, event_at, log_index, ordinal, event_id, type, party_id, source_id) VALUES (999999, now(), 1, 0, gen_random_uuid(), 1, 1, 1)$$),
('23514', 'a fix is on earth', $$INSERT INTO telemetry.fix VALUES (now(), 1, 1, 1, 0, 900000001, NULL, NULL, NULL, 1)$$),
('23514', 'a course is within the circle', $$INSERT INTO telemetry.fix VALUES (now(), 1, 1, 1, 0, 0, NULL, NULL, 36000, 1)$$),
('23514', 'a reading is of a known kind', $$INSERT INTO telemetry.reading (at, source_id, seq, epoch, kind) VALUES (now(), 1, 1, 1, 7)$$),
('23514', 'a sighting is of a known kind', $$INSERT INTO reentry.sighting (sighting_id, log_index, ordinal, source_id, kind, seen_at) VALUES (gen_random_uuid(), 1, 0, 1, 9, now())$$),
('23514', 'a sighted identifier is of a known scheme', $$INSERT INTO reentry.sighted_identifier VALUES (12, 'X', 1, 0, false)$$),
('23514', 'a flag is of a rule', $$INSERT INTO flag.flag (rule, rule_version, severity, subject, item_id, detail, event_at) VALUES ('X01', 1, 1, 'item:1', 1, 'd', now())$$),
('23514', 'a flag concerns an item or a source', $$INSERT INTO flag.flag (rule, rule_version, severity, subject, detail, event_at) VALUES ('E01', 1, 1, 'item:1', 'd', now())$$),
('23514', 'and not both', $$INSERT INTO flag.flag (rule, rule_version, severity, subject, item_id, source_id, detail, event_at) VALUES ('E01', 1, 1, 'item:1', 1, 1, 'd', now())$$),
('23514', 'a flag is in a known state', $$UPDATE flag.flag SET state = 'forgotten' WHERE flag_id = 900001$$),
('23505', 'one finding is one flag', $$INSERT INTO flag.flag (rule, rule_version, severity, subject, item_id, detail, event_at) VALUES ('E01', 1, 1, 'item:900001', 900001, 'd', now())$$),
('23503', 'evidence is of a flag that is there', $$INSERT INTO flag.evidence (flag_id, log_index) VALUES (999999, 1)$$),
('23514', 'a checksum has 32 bytes', $$INSERT INTO migration.applied (name, sha256) VALUES ('x', '\x00')$$);
SELECT throws_ok(statement, sqlstate, NULL, why) FROM wrong ORDER BY number;

SELECT lives_ok($$INSERT INTO custody.identifier VALUES (4, '闽C00001', 900002, false)$$, 'a hint may name two items: plates are used again');
SELECT lives_ok($$INSERT INTO flag.flag (rule, rule_version, severity, subject, item_id, key, detail, event_at)
                  VALUES ('E01', 1, 1, 'item:900001', 900001, 'other', 'd', now())$$, 'another key is another flag');
SELECT results_eq('SELECT size FROM ledger.head', 'SELECT count(*) FROM ledger.record WHERE log_index < 900000', 'the log has one head, of as many leaves as there are');
SELECT results_eq($$SELECT name_zh, name_en FROM registry.area WHERE code = '350504'$$, $$VALUES ('洛江区', 'Luojiang District')$$, 'the district is there');

-- What the gate keeps in memory announces its changes; whether the message arrives is seen from outside (tests/integration).
SELECT set_eq($$SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgfoid = 'registry.announce_change()'::regprocedure AND tgenabled <> 'D'
                AND tgtype & 28 = 28$$, ARRAY['registry.party', 'registry.site', 'registry.source', 'registry.source_key', 'registry.permit',
                                               'registry.party_link', 'registry.figure', 'registry.fence', 'registry.road_right', 'registry.vehicle',
                                               'registry.clock_kind', 'registry.calendar_day', 'registry.yield'],
    'inserts, updates and deletes of what the gate reads are announced');

SELECT * FROM finish();
ROLLBACK;
