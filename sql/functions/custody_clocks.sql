-- custody_clocks.sql - keeps the clocks of items that were folded.
--
-- items: every item that was folded anew. The other arrays are all clocks that they have now, one element each; what is not
-- among them is gone.
CREATE OR REPLACE FUNCTION custody.keep_clocks(
    items bigint[], item_ids bigint[], kinds smallint[], opened_ats timestamptz[], due_ats timestamptz[], stopped_ats timestamptz[],
    alarm_ats timestamptz[])
RETURNS void LANGUAGE sql SET search_path = custody, pg_catalog, pg_temp AS $$
    DELETE FROM custody.clock AS c
    WHERE c.item_id = ANY (items)
      AND NOT EXISTS (SELECT FROM unnest(item_ids, kinds) AS g (item_id, kind) WHERE g.item_id = c.item_id AND g.kind = c.kind);

    INSERT INTO custody.clock AS c (item_id, kind, opened_at, due_at, stopped_at, alarm_at)
    SELECT * FROM unnest(item_ids, kinds, opened_ats, due_ats, stopped_ats, alarm_ats)
    ON CONFLICT (item_id, kind) DO UPDATE
        SET opened_at = excluded.opened_at, due_at = excluded.due_at, stopped_at = excluded.stopped_at, alarm_at = excluded.alarm_at
        WHERE (c.opened_at, c.due_at, c.stopped_at, c.alarm_at)
              IS DISTINCT FROM (excluded.opened_at, excluded.due_at, excluded.stopped_at, excluded.alarm_at);
$$;
COMMENT ON FUNCTION custody.keep_clocks(bigint[], bigint[], smallint[], timestamptz[], timestamptz[], timestamptz[], timestamptz[])
    IS 'Makes the clocks of the items those given.';
REVOKE ALL ON FUNCTION custody.keep_clocks(bigint[], bigint[], smallint[], timestamptz[], timestamptz[], timestamptz[], timestamptz[]) FROM PUBLIC;
