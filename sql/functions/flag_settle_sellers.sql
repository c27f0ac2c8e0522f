-- flag_settle_sellers.sql - brings the flags of sellers (C16) in line with the sums of their reverse invoices.
--
-- sellers: keyed hashes of all whose sums were looked at, each once. key NULL: nothing is found of that one. Otherwise the flag rests on the largest
-- invoices of the months between first_month and last_month. A flag of another key is withdrawn, unless a person has decided on it.
CREATE OR REPLACE FUNCTION flag.settle_sellers(
    sellers bytea[], keys text[], rule_version integer, severities smallint[], details text[], first_months integer[], last_months integer[])
RETURNS void LANGUAGE sql SET search_path = flag, pg_catalog, pg_temp AS $$
    SELECT flag.withdraw(coalesce(array_agg(f.subject), '{}'), coalesce(array_agg(f.rule), '{}'), coalesce(array_agg(f.key), '{}'),
                         'the sum of the invoices is another now')
    FROM unnest(sellers, keys) AS g (seller, key) JOIN flag.flag AS f ON f.subject = 'seller:' || encode(g.seller, 'hex')
    WHERE f.rule = 'C16' AND f.key IS DISTINCT FROM g.key AND f.state IN ('new', 'under_review');

    SELECT flag.settle('{}', array_agg(NULL::bigint), array_agg(NULL::bigint), array_agg('C16'::text), array_agg(rule_version), array_agg(g.severity),
                       array_agg(g.key), array_agg(g.detail), array_agg(i.newest), array_agg(i.log_index), array_agg(i.ordinal),
                       array_agg('seller:' || encode(g.seller, 'hex')))
    FROM unnest(sellers, keys, severities, details, first_months, last_months) AS g (seller, key, severity, detail, first_month, last_month)
    CROSS JOIN LATERAL (
        SELECT v.log_index, v.ordinal, max(v.event_at) OVER () AS newest FROM custody.valid_reverse_invoice AS v
        WHERE v.seller_hash = g.seller AND v.month BETWEEN g.first_month AND g.last_month
        ORDER BY v.amount_fen DESC, v.log_index, v.ordinal LIMIT 200) AS i
    WHERE g.key IS NOT NULL
    HAVING count(*) > 0;
$$;
COMMENT ON FUNCTION flag.settle_sellers(bytea[], text[], integer, smallint[], text[], integer[], integer[])
    IS 'Raises, supports and withdraws flags of sellers (C16) so that they say what the sums of their reverse invoices are.';
REVOKE ALL ON FUNCTION flag.settle_sellers(bytea[], text[], integer, smallint[], text[], integer[], integer[]) FROM PUBLIC;
