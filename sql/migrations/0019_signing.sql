-- 0019_signing.sql - what whoever signs looks for in the log by its kind: there are few of these, and among millions.

CREATE INDEX record_software ON ledger.record (log_index) WHERE type = 7;
