-- refold.sql - what the registry learns later reaches the items that it concerns, and no other.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT plan(8);

INSERT INTO registry.party (party_id, code, kind, name) OVERRIDING SYSTEM VALUE VALUES (900001, 'REFOLD-1', 1, 'a'), (900002, 'REFOLD-2', 4, 'b');
INSERT INTO custody.item (item_id, kind) OVERRIDING SYSTEM VALUE VALUES (900001, 1), (900002, 1), (900003, 2);
INSERT INTO custody.identifier VALUES (1, 'LSVAU2A34N2183294', 900001, true), (4, '闽C00001', 900002, false);
INSERT INTO custody.event (item_id, event_at, log_index, ordinal, event_id, type, party_id, source_id, counterparty_id) VALUES
    (900003, '2032-01-01', 900001, 0, '00000000-0000-7000-8000-000000000001', 23, 900001, 1, 900002),
    (900002, '2032-01-01', 900001, 1, '00000000-0000-7000-8000-000000000002', 2, 900001, 1, NULL);
INSERT INTO flag.flag (rule, rule_version, severity, subject, item_id, key, detail, event_at, state) VALUES
    ('C11', 1, 4, 'item:900001', 900001, 'a', 'd', now(), 'new'), ('C11', 1, 4, 'item:900002', 900002, 'a', 'd', now(), 'withdrawn'),
    ('C03', 1, 3, 'item:900003', 900003, 'a', 'd', now(), 'new');
PREPARE wanted AS SELECT item_id, reason FROM custody.refold ORDER BY refold_id;

SET LOCAL ROLE custody_registrar;
INSERT INTO registry.watch_entry (list, scheme, value, source) VALUES ('stolen', 1, 'LSVAU2A34N2183294', 'case 1'), ('stolen', 1, 'nobody has it', 'case 2');
RESET ROLE;
SELECT results_eq('wanted', $$VALUES (900001::bigint, 'watch' COLLATE "C")$$, 'an entry of a watch list concerns the item it names');
DELETE FROM custody.refold;
UPDATE registry.watch_entry SET lifted_at = now();
SELECT results_eq('wanted', $$VALUES (900001::bigint, 'watch' COLLATE "C")$$, 'and so does lifting it');
DELETE FROM custody.refold;
SELECT throws_ok($$INSERT INTO registry.watch_entry (list, scheme, value, source) VALUES ('seized', 1, 'Y', 's'), ('seized', 1, 'Y', 's')$$, '23505', NULL,
    'a thing is on a list once');
SELECT lives_ok($$INSERT INTO registry.watch_entry (list, scheme, value, source) VALUES ('stolen', 1, 'LSVAU2A34N2183294', 'case 3')$$,
    'and may come back to it after it was lifted');
DELETE FROM custody.refold;

INSERT INTO registry.permit (party_id, kind, number, valid_from, valid_until) VALUES (900001, 'vehicle_dismantling', '1', '2020-01-01', '2030-01-01');
SELECT results_eq('wanted', $$VALUES (900001::bigint, 'permit' COLLATE "C")$$, 'a permit concerns items with an open flag of C11');
DELETE FROM custody.refold;
UPDATE registry.permit SET valid_until = '2031-01-01' WHERE number = '1';
SELECT results_eq('wanted', $$VALUES (900001::bigint, 'permit' COLLATE "C")$$, 'and so does its prolongation');
DELETE FROM custody.refold;

INSERT INTO registry.party_link (party_id, linked_party_id, kind, source, valid_from, valid_until) VALUES (900001, 900002, 'person', 's', '2020-01-01', '2030-01-01');
SELECT results_eq('wanted', $$VALUES (900003::bigint, 'link' COLLATE "C")$$, 'a link concerns what the two have dealt with');
SELECT throws_ok($$INSERT INTO registry.party_link (party_id, linked_party_id, kind, source, valid_from, valid_until) VALUES (900002, 900001, 'person', 's', '2020-01-01', '2030-01-01')$$,
    '23514', NULL, 'a link has one direction');

SELECT * FROM finish();
ROLLBACK;
