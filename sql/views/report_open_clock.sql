-- report_open_clock.sql - deadlines that run, with what they rest on.

CREATE OR REPLACE VIEW report.open_clock WITH (security_invoker = true) AS
SELECT c.item_id, k.name AS clock, k.meaning, k.basis, k.source, c.opened_at, c.due_at, c.due_at <= now() AS late, holder.code AS holder_code
FROM custody.clock AS c
JOIN registry.clock_kind AS k USING (kind)
JOIN custody.item AS i USING (item_id)
LEFT JOIN registry.party AS holder ON holder.party_id = i.holder_party_id
WHERE c.stopped_at IS NULL;

COMMENT ON VIEW report.open_clock IS 'Deadlines that run, with what they rest on.';
COMMENT ON COLUMN report.open_clock.item_id IS 'Item that has to meet it.';
COMMENT ON COLUMN report.open_clock.clock IS 'Word of CLOCK_KIND_TABLE in core/directory.h.';
COMMENT ON COLUMN report.open_clock.meaning IS 'What has to be done.';
COMMENT ON COLUMN report.open_clock.basis IS 'law, rule or policy.';
COMMENT ON COLUMN report.open_clock.source IS 'Article, rule or decision it comes from.';
COMMENT ON COLUMN report.open_clock.opened_at IS 'Event time at which it began to run.';
COMMENT ON COLUMN report.open_clock.due_at IS 'First time that is too late.';
COMMENT ON COLUMN report.open_clock.late IS 'True: that time is over.';
COMMENT ON COLUMN report.open_clock.holder_code IS 'Code of the party that has custody; NULL: not known, or not for this viewer.';
