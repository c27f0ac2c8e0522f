-- report_source_progress.sql - how far each source has come, and what of it was refused.

CREATE OR REPLACE VIEW report.source_progress WITH (security_invoker = true) AS
SELECT s.source_id, s.name AS source, s.kind, p.code AS party_code, s.area, s.signed, s.enabled, t.epoch, t.next_seq, t.updated_at,
       (SELECT count(*) FROM ledger.dead_letter AS d WHERE d.source_id = s.source_id) AS refused_count
FROM registry.source AS s
JOIN registry.party AS p ON p.party_id = s.party_id
LEFT JOIN LATERAL (SELECT x.epoch, x.next_seq, x.updated_at FROM ledger.stream AS x WHERE x.source_id = s.source_id
                   ORDER BY x.epoch DESC LIMIT 1) AS t ON true;

COMMENT ON VIEW report.source_progress IS 'How far the newest epoch of each source has come, and how much of it was refused.';
COMMENT ON COLUMN report.source_progress.source_id IS 'Number of the source.';
COMMENT ON COLUMN report.source_progress.source IS 'Its name.';
COMMENT ON COLUMN report.source_progress.kind IS 'What it is.';
COMMENT ON COLUMN report.source_progress.party_code IS 'Code of the party in whose name it speaks.';
COMMENT ON COLUMN report.source_progress.area IS 'Administrative division whose topics it uses.';
COMMENT ON COLUMN report.source_progress.signed IS 'False: weaker evidence.';
COMMENT ON COLUMN report.source_progress.enabled IS 'False: nothing it sends is accepted.';
COMMENT ON COLUMN report.source_progress.epoch IS 'Its newest epoch; NULL: it never spoke.';
COMMENT ON COLUMN report.source_progress.next_seq IS 'Everything below is dealt with; NULL: it never spoke.';
COMMENT ON COLUMN report.source_progress.updated_at IS 'Time of the last change; NULL: it never spoke.';
COMMENT ON COLUMN report.source_progress.refused_count IS 'Dead letters of all its epochs.';
