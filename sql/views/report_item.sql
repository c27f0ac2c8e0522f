-- report_item.sql - items with their identifiers and with names instead of numbers.

CREATE OR REPLACE VIEW report.item WITH (security_invoker = true) AS
SELECT i.item_id, i.kind, n.identifiers, i.physical, i.legal, i.ban, i.banned_at, i.terminal, holder.code AS holder_code,
       holder.name AS holder_name, offered.code AS offered_code, t.code AS site_code, i.mass_g, i.parent_item_id, i.event_count,
       i.first_event_at, i.last_event_at
FROM custody.item AS i
LEFT JOIN registry.party AS holder ON holder.party_id = i.holder_party_id
LEFT JOIN registry.party AS offered ON offered.party_id = i.offered_party_id
LEFT JOIN registry.site AS t ON t.site_id = i.site_id
LEFT JOIN LATERAL (SELECT array_agg(d.value ORDER BY d.proof DESC, d.scheme, d.value) AS identifiers
                   FROM custody.identifier AS d WHERE d.item_id = i.item_id) AS n ON true;

COMMENT ON VIEW report.item IS 'Items with their identifiers and with names instead of numbers.';
COMMENT ON COLUMN report.item.item_id IS 'Number of the item.';
COMMENT ON COLUMN report.item.kind IS 'ItemKind of item.proto; 0: not known yet.';
COMMENT ON COLUMN report.item.identifiers IS 'Its identifiers, those that prove it first; NULL: none.';
COMMENT ON COLUMN report.item.physical IS 'Physical state, core/custody/lifecycle.h.';
COMMENT ON COLUMN report.item.legal IS 'Legal state, core/custody/lifecycle.h.';
COMMENT ON COLUMN report.item.ban IS 'Resale ban: 0 none, 1 banned, 2 banned for good.';
COMMENT ON COLUMN report.item.banned_at IS 'Event time at which the ban in force began; NULL: no ban.';
COMMENT ON COLUMN report.item.terminal IS 'True in an end state.';
COMMENT ON COLUMN report.item.holder_code IS 'Code of the party that has custody; NULL: not known, or not for this viewer.';
COMMENT ON COLUMN report.item.holder_name IS 'Its name.';
COMMENT ON COLUMN report.item.offered_code IS 'Code of the party to whom custody is offered; NULL: none, or not for this viewer.';
COMMENT ON COLUMN report.item.site_code IS 'Code of the site where it was last; NULL: not known, or not for this viewer.';
COMMENT ON COLUMN report.item.mass_g IS 'Last mass, grams; NULL: not known.';
COMMENT ON COLUMN report.item.parent_item_id IS 'Item it was taken out of; NULL: none known.';
COMMENT ON COLUMN report.item.event_count IS 'Events folded.';
COMMENT ON COLUMN report.item.first_event_at IS 'Event time of the first one; NULL: none.';
COMMENT ON COLUMN report.item.last_event_at IS 'Event time of the last one; NULL: none.';
