-- report_custody_timeline.sql - what was done with an item, in the order in which it is folded.

CREATE OR REPLACE VIEW report.custody_timeline WITH (security_invoker = true) AS
SELECT e.item_id, e.event_at, e.log_index, e.ordinal, e.event_id, e.type, e.part, p.code AS party_code, p.name AS party_name,
       s.name AS source, s.signed, t.code AS site_code, c.code AS counterparty_code, e.lon_e7, e.lat_e7, e.mass_g, e.mass_estimated
FROM custody.event AS e
LEFT JOIN registry.party AS p ON p.party_id = e.party_id
LEFT JOIN registry.source AS s ON s.source_id = e.source_id
LEFT JOIN registry.site AS t ON t.site_id = e.site_id
LEFT JOIN registry.party AS c ON c.party_id = e.counterparty_id
ORDER BY e.item_id, e.event_at, e.log_index, e.ordinal;

COMMENT ON VIEW report.custody_timeline IS 'What was done with each item, in the order in which it is folded, with names instead of numbers.';
COMMENT ON COLUMN report.custody_timeline.item_id IS 'Number of the item.';
COMMENT ON COLUMN report.custody_timeline.event_at IS 'Time at which it happened, by the device.';
COMMENT ON COLUMN report.custody_timeline.log_index IS 'Record that reported it.';
COMMENT ON COLUMN report.custody_timeline.ordinal IS 'Position in that report''s events, from 0.';
COMMENT ON COLUMN report.custody_timeline.event_id IS 'UUID the reporter gave it.';
COMMENT ON COLUMN report.custody_timeline.type IS 'EventType of event.proto.';
COMMENT ON COLUMN report.custody_timeline.part IS 'Which of the parts that the event names this item is, from 0; NULL: it is the event''s own item.';
COMMENT ON COLUMN report.custody_timeline.party_code IS 'Code of the party that reported it; NULL: not for this viewer.';
COMMENT ON COLUMN report.custody_timeline.party_name IS 'Its name.';
COMMENT ON COLUMN report.custody_timeline.source IS 'Name of the source that sent it; NULL: not for this viewer.';
COMMENT ON COLUMN report.custody_timeline.signed IS 'False: weaker evidence; NULL: not for this viewer.';
COMMENT ON COLUMN report.custody_timeline.site_code IS 'Code of the site where it happened; NULL: none given, or not for this viewer.';
COMMENT ON COLUMN report.custody_timeline.counterparty_code IS 'Code of the other party; NULL: none, or not for this viewer.';
COMMENT ON COLUMN report.custody_timeline.lon_e7 IS 'Longitude, 1e-7 degrees, east positive, WGS-84; NULL: none given.';
COMMENT ON COLUMN report.custody_timeline.lat_e7 IS 'Latitude, 1e-7 degrees, north positive, WGS-84; NULL: none given.';
COMMENT ON COLUMN report.custody_timeline.mass_g IS 'Mass of the item at that moment, grams; NULL: not weighed.';
COMMENT ON COLUMN report.custody_timeline.mass_estimated IS 'True: somebody estimated the mass; NULL: no mass.';
