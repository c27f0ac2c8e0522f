-- demo.sql - the steps of the demo's story as one query: a row a step, in order, with its sentence once the database shows it.
--
-- Columns: name of the step, sentence (NULL: not found yet), command to look closer. Read by deploy/demo.

WITH named AS (
    SELECT i.item_id, i.kind, i.physical, i.legal, i.ban, i.banned_at, i.parent_item_id,
           coalesce((SELECT d.value FROM custody.identifier AS d WHERE d.item_id = i.item_id
                     ORDER BY d.proof DESC, d.scheme, d.value LIMIT 1), '?') AS identifier,
           (SELECT d.value FROM custody.identifier AS d WHERE d.item_id = i.item_id AND d.scheme = 4 LIMIT 1) AS plate
    FROM custody.item AS i
), said AS (
    SELECT e.item_id, e.type, e.log_index, p.name AS party, c.name AS counterparty, e.mass_g
    FROM custody.event AS e
    LEFT JOIN registry.party AS p ON p.party_id = e.party_id
    LEFT JOIN registry.party AS c ON c.party_id = e.counterparty_id
), caught AS (
    SELECT f.flag_id, f.rule, f.item_id, f.detail,
           (SELECT bool_or(s.from_text) FROM flag.evidence AS v
            JOIN reentry.sighted_identifier AS s ON s.log_index = v.log_index WHERE v.flag_id = f.flag_id) AS from_text,
           (SELECT max(s.platform) FROM flag.evidence AS v
            JOIN reentry.sighting AS s ON s.log_index = v.log_index WHERE v.flag_id = f.flag_id) AS platform
    FROM flag.flag AS f WHERE f.state <> 'withdrawn'
), step (number, name, sentence, look) AS (
    SELECT 1, 'positions', (
        SELECT format('%s trucks report where they are, %s positions so far', count(DISTINCT source_id), count(*))
        FROM telemetry.fix HAVING count(DISTINCT source_id) > 1),
        'psql -c "SELECT * FROM report.source_progress"'
    UNION ALL SELECT 2, 'picked-up', (
        SELECT format('vehicle %s (%s) is picked up by %s: from now on it is banned from resale 禁售', n.identifier, n.plate, s.party)
        FROM named AS n JOIN said AS s USING (item_id) WHERE s.type = 2 AND n.kind = 1 AND n.ban > 0 ORDER BY s.log_index LIMIT 1),
        'custodyctl verdict ' || (SELECT n.identifier FROM named AS n JOIN said AS s USING (item_id)
                                  WHERE s.type = 2 AND n.kind = 1 AND n.ban > 0 ORDER BY s.log_index LIMIT 1)
    UNION ALL SELECT 3, 'handed-over', (
        SELECT format('%s takes %s over from %s: offered by the one, accepted by the other 交接', s.party, n.identifier, s.counterparty)
        FROM named AS n JOIN said AS s USING (item_id) JOIN said AS o USING (item_id)
        WHERE s.type = 10 AND o.type = 9 AND n.kind = 1 ORDER BY s.log_index LIMIT 1), NULL
    UNION ALL SELECT 4, 'intake', (
        SELECT format('%s is taken in%s at %s', n.identifier, ', ' || s.mass_g / 1000 || ' kg,', s.party)
        FROM named AS n JOIN said AS s USING (item_id) WHERE s.type = 12 AND n.kind = 1 ORDER BY s.log_index LIMIT 1), NULL
    UNION ALL SELECT 5, 'certified', (
        SELECT format('%s has its recovery certificate 报废机动车回收证明: the ban is for good', n.identifier)
        FROM named AS n JOIN said AS s USING (item_id) WHERE s.type = 32 AND n.ban = 2 ORDER BY s.log_index LIMIT 1), NULL
    UNION ALL SELECT 6, 'dismantled', (
        SELECT format('%s is dismantled 拆解: %s parts go on with it as their parent', n.identifier, count(DISTINCT p.item_id))
        FROM named AS n JOIN said AS s USING (item_id) JOIN named AS p ON p.parent_item_id = n.item_id
        WHERE s.type = 21 GROUP BY n.item_id, n.identifier ORDER BY min(s.log_index) LIMIT 1),
        'custodyctl trace ' || (SELECT n.identifier FROM named AS n JOIN said AS s USING (item_id)
                                JOIN named AS p ON p.parent_item_id = n.item_id WHERE s.type = 21 ORDER BY s.log_index LIMIT 1)
    UNION ALL SELECT 7, 'destroyed', (
        SELECT format('what is left of %s is destroyed 破碎: an end state, nothing may follow', n.identifier)
        FROM named AS n JOIN said AS s USING (item_id) WHERE s.type = 22 AND n.physical = 20 ORDER BY s.log_index LIMIT 1), NULL
    UNION ALL SELECT 8, 'sighted', (
        SELECT format('E01 禁售物品再现: %s is for sale on %s', n.identifier, coalesce(c.platform, '?'))
        FROM caught AS c JOIN named AS n USING (item_id) WHERE c.rule = 'E01' ORDER BY c.flag_id LIMIT 1),
        'custodyctl flags show ' || (SELECT min(c.flag_id) FROM caught AS c WHERE c.rule = 'E01')
    UNION ALL SELECT 9, 'disguised', (
        SELECT format('E01 again, found in the free text of a listing: %s', n.identifier)
        FROM caught AS c JOIN named AS n USING (item_id) WHERE c.rule = 'E01' AND c.from_text ORDER BY c.flag_id LIMIT 1), NULL
    UNION ALL SELECT 10, 'seen-before', (
        SELECT format('E05: %s had been listed before it was banned; the ban found the old listing', n.identifier)
        FROM caught AS c JOIN named AS n USING (item_id) WHERE c.rule = 'E05' ORDER BY c.flag_id LIMIT 1), NULL
    UNION ALL SELECT 11, 'refused', (
        SELECT format('a bad envelope from %s is kept as a dead letter, nothing valid is lost: %s', s.name, d.detail)
        FROM ledger.dead_letter AS d JOIN registry.source AS s USING (source_id) ORDER BY d.log_index LIMIT 1),
        'psql -c "SELECT received_at, topic, reason, detail FROM ledger.dead_letter"'
    UNION ALL SELECT 12, 'one-log', (
        SELECT format('%s records, each with its index in one log without a gap; root %s...', h.size, left(encode(h.root, 'hex'), 16))
        FROM ledger.head AS h WHERE h.size > 0 AND h.size = (SELECT count(*) FROM ledger.record)), NULL
)
SELECT name, sentence, look FROM step ORDER BY number;
