-- flag_work.sql - what people do with flags: move, assign, comment. Each is an action, and a leaf in the same transaction.
--
--   new ---> under_review ---> confirmed | false_alarm | duplicate ---> closed
--                 ^-------------------'----------------------------------'   opened again at will; a withdrawn one too
--
-- Every function locks the head before the flag, as an envelope's transaction does. So two people who act on one flag do so one after
-- the other, and the second sees what the first did: a move that is not possible any more says who made it so.

CREATE OR REPLACE FUNCTION flag.next_states(state text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN CASE state
    WHEN 'new' THEN ARRAY['under_review']
    WHEN 'under_review' THEN ARRAY['confirmed', 'false_alarm', 'duplicate']
    WHEN 'closed' THEN ARRAY['under_review']
    WHEN 'withdrawn' THEN ARRAY['under_review']
    ELSE ARRAY['closed', 'under_review']
END;
COMMENT ON FUNCTION flag.next_states(text) IS 'States into which a person may move a flag that is in this one.';

-- Whom a flag would count against: a source's or truck's firm; for the chain of custody whoever reported the newest evidence, unless it is an
-- authority; else who holds the item. NULL: nobody who is known, or not for this viewer.
CREATE OR REPLACE FUNCTION flag.firm(f flag.flag) RETURNS bigint
LANGUAGE sql STABLE
RETURN coalesce(
    (SELECT s.party_id FROM registry.source AS s WHERE s.source_id = f.source_id),
    (SELECT v.party_id FROM registry.vehicle AS v WHERE v.vehicle_id = f.vehicle_id),
    (SELECT e.party_id FROM flag.evidence AS v JOIN custody.event AS e USING (log_index, ordinal) JOIN registry.party AS p USING (party_id)
     WHERE v.flag_id = f.flag_id AND e.item_id = f.item_id AND f.rule LIKE 'C%' AND p.kind < 12
     ORDER BY v.log_index DESC, v.ordinal DESC LIMIT 1),
    (SELECT i.holder_party_id FROM custody.item AS i WHERE i.item_id = f.item_id));
COMMENT ON FUNCTION flag.firm(flag.flag) IS 'Party that a flag would count against; NULL: nobody who is known.';

-- The flag, locked behind the head.
CREATE OR REPLACE FUNCTION flag.take(wanted bigint, why text, what text) RETURNS flag.flag
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    f flag.flag;
BEGIN
    IF coalesce(btrim(why), '') = '' THEN
        RAISE EXCEPTION 'flag %: no %', wanted, what USING ERRCODE = 'check_violation', HINT = 'say it in words that others understand later';
    ELSIF length(why) > 4000 THEN
        RAISE EXCEPTION 'flag %: % of % characters', wanted, what, length(why) USING ERRCODE = 'check_violation', HINT = 'at most 4000';
    END IF;
    PERFORM FROM ledger.head FOR UPDATE;
    SELECT * INTO f FROM flag.flag WHERE flag_id = wanted FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'flag %: there is none', wanted USING ERRCODE = 'no_data_found', HINT = 'custodyctl flags list --all';
    END IF;
    RETURN f;
END $$;
COMMENT ON FUNCTION flag.take(bigint, text, text) IS 'Locks a flag to be worked on, behind the head; an error without reason or flag.';

CREATE OR REPLACE FUNCTION flag.leaf(f flag.flag, action text, more jsonb) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN ledger.append(2, ledger.operator_record(action, jsonb_strip_nulls(jsonb_build_object('flag_id', f.flag_id, 'rule', f.rule,
        'subject', f.subject, 'key', f.key, 'state', f.state) || more)));
END $$;
COMMENT ON FUNCTION flag.leaf(flag.flag, text, jsonb) IS 'Appends the leaf of what was done with a flag; its log index.';

-- What a move does to the credit record: nothing (NULL), or an entry. Confirmed counts once; as a false alarm or a duplicate it is reversed.
CREATE OR REPLACE FUNCTION flag.credit_due(f flag.flag, target text) RETURNS flag.credit
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    due flag.credit;
BEGIN
    SELECT c.party_id, sum(c.points), max(c.points_id) INTO due.party_id, due.points, due.points_id FROM flag.credit AS c
    WHERE c.flag_id = f.flag_id GROUP BY c.party_id HAVING sum(c.points) > 0;
    IF target IN ('false_alarm', 'duplicate') AND due.points > 0 THEN
        due.points := -due.points;
    ELSIF target = 'confirmed' AND due.points IS NULL THEN
        SELECT p.points, p.points_id INTO due.points, due.points_id FROM flag.credit_points AS p
        WHERE coalesce(p.rule = f.rule, true) AND p.severity = f.severity AND p.valid_from <= (now() AT TIME ZONE 'Asia/Shanghai')::date
        ORDER BY p.rule NULLS LAST, p.valid_from DESC LIMIT 1;
        due.party_id := flag.firm(f);
    ELSE
        RETURN NULL;
    END IF;
    RETURN CASE WHEN due.party_id IS NOT NULL AND due.points <> 0 THEN due END;
END $$;
COMMENT ON FUNCTION flag.credit_due(flag.flag, text) IS 'Entry of the credit record that a move makes due; NULL: none.';

CREATE OR REPLACE FUNCTION flag.move(wanted bigint, target text, why text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    f flag.flag := flag.take(wanted, why, 'reason');
    due flag.credit := flag.credit_due(f, target);
    last flag.action;
    leaf bigint;
BEGIN
    IF NOT coalesce(target = ANY (flag.next_states(f.state)), false) THEN
        SELECT * INTO last FROM flag.action WHERE flag_id = wanted AND kind = 'move' ORDER BY action_id DESC LIMIT 1;
        RAISE EXCEPTION 'flag %: from % it does not go to %; % moved it there at %', wanted, f.state, coalesce(target, '(nothing)'),
            coalesce(last.actor, 'nobody'), to_char(coalesce(last.acted_at, f.raised_at) AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI:SS')
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'it goes to ' || array_to_string(flag.next_states(f.state), ' or ');
    END IF;
    leaf := flag.leaf(f, 'flag moved', jsonb_build_object('to', target, 'reason', why, 'points', due.points,
        'firm', (SELECT p.code FROM registry.party AS p WHERE p.party_id = due.party_id)));
    UPDATE flag.flag SET state = target, changed_at = now() WHERE flag_id = wanted;
    INSERT INTO flag.action (flag_id, from_state, to_state, actor, reason, log_index) VALUES (wanted, f.state, target, ledger.actor(), why, leaf);
    INSERT INTO flag.credit (flag_id, party_id, points, points_id, log_index)
    SELECT wanted, due.party_id, due.points, due.points_id, leaf WHERE due.points IS NOT NULL;
    RETURN leaf;
END $$;
COMMENT ON FUNCTION flag.move(bigint, text, text) IS 'Moves a flag, with a reason; the log index of the leaf that says so.';

CREATE OR REPLACE FUNCTION flag.assign(wanted bigint, assignee text, why text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    f flag.flag := flag.take(wanted, why, 'reason');
    leaf bigint;
BEGIN
    IF assignee IS NOT NULL AND NOT EXISTS (SELECT FROM pg_roles WHERE rolname = assignee AND (pg_has_role(oid, 'custody_police', 'USAGE')
                                            OR pg_has_role(oid, 'custody_commerce', 'USAGE'))) THEN
        RAISE EXCEPTION 'flag %: % cannot work on it', wanted, assignee
            USING ERRCODE = 'check_violation', HINT = 'a role of the police or of the commerce bureau, or a person of theirs';
    END IF;
    leaf := flag.leaf(f, 'flag assigned', jsonb_build_object('assignee', assignee, 'reason', why));
    INSERT INTO flag.action (flag_id, from_state, to_state, actor, reason, kind, assignee, log_index)
    VALUES (wanted, f.state, f.state, ledger.actor(), why, 'assignment', assignee, leaf);
    RETURN leaf;
END $$;
COMMENT ON FUNCTION flag.assign(bigint, text, text) IS
    'Says whose turn it is: a role of people or one person''s; NULL: nobody''s. The log index of the leaf that says so.';

CREATE OR REPLACE FUNCTION flag.comment(wanted bigint, words text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    f flag.flag := flag.take(wanted, words, 'comment');
    leaf bigint;
BEGIN
    leaf := flag.leaf(f, 'flag commented', jsonb_build_object('comment', words));
    INSERT INTO flag.action (flag_id, from_state, to_state, actor, reason, kind, log_index)
    VALUES (wanted, f.state, f.state, ledger.actor(), words, 'comment', leaf);
    RETURN leaf;
END $$;
COMMENT ON FUNCTION flag.comment(bigint, text) IS 'Adds a comment to a flag; the log index of the leaf that says so.';
