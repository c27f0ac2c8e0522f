-- 0020_key_events.sql - what evidence looks for in the log by its kind: the leaf that registered a device's key, among millions of others.

CREATE INDEX record_key_event ON ledger.record (log_index) WHERE type = 4;
COMMENT ON INDEX ledger.record_key_event IS 'Key events: custodyctl prove finds the registrations of the keys that signed a record.';
