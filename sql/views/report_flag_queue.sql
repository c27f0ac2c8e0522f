-- report_flag_queue.sql - the flags that wait for somebody, the most urgent first.

CREATE OR REPLACE VIEW report.flag_queue WITH (security_invoker = true) AS
SELECT f.flag_id, f.rule, f.severity, f.state, f.subject, s.name AS source, i.identifiers, f.detail, f.event_at, f.raised_at,
       (SELECT count(*) FROM flag.evidence AS e WHERE e.flag_id = f.flag_id) AS evidence_count
FROM flag.flag AS f
LEFT JOIN registry.source AS s ON s.source_id = f.source_id
LEFT JOIN LATERAL (SELECT array_agg(n.value ORDER BY n.proof DESC, n.scheme, n.value) AS identifiers
                   FROM custody.identifier AS n WHERE n.item_id = f.item_id) AS i ON true
WHERE f.state IN ('new', 'under_review', 'confirmed') AND f.folded_into IS NULL
ORDER BY f.severity DESC, f.raised_at, f.flag_id;

COMMENT ON VIEW report.flag_queue IS 'Flags that wait for somebody, the most urgent first, then the oldest; without those that stand behind another (folded_into).';
COMMENT ON COLUMN report.flag_queue.flag_id IS 'Number of the flag.';
COMMENT ON COLUMN report.flag_queue.rule IS 'Rule that raised it.';
COMMENT ON COLUMN report.flag_queue.severity IS '1 note, 2 look, 3 act, 4 urgent.';
COMMENT ON COLUMN report.flag_queue.state IS 'Where the work on it stands.';
COMMENT ON COLUMN report.flag_queue.subject IS 'Whom it concerns: "item:<item_id>", "source:<source_id>" or "vehicle:<plate>".';
COMMENT ON COLUMN report.flag_queue.source IS 'Name of the source it concerns; NULL: something else.';
COMMENT ON COLUMN report.flag_queue.identifiers IS 'Identifiers of the item it concerns, those that prove it first; NULL: something else.';
COMMENT ON COLUMN report.flag_queue.detail IS 'What, which value, and a hint.';
COMMENT ON COLUMN report.flag_queue.event_at IS 'Event time that the finding concerns.';
COMMENT ON COLUMN report.flag_queue.raised_at IS 'Time at which it was raised.';
COMMENT ON COLUMN report.flag_queue.evidence_count IS 'Records that support it.';
