-- clocks.sql - the deadlines: limit, unit, when to warn, how long to wait for what is on its way, and what each rests on.
--
-- law is what was read in the text of a law; everything else is policy of the district or a rule from memory, shown as policy.

INSERT INTO registry.clock_kind (kind, name, limit_count, limit_unit, warn_before_h, grace_h, severity, basis, source, meaning) VALUES
    (1, 'offer', 3, 'day', 24, 6, 3, 'policy', 'district, after the Japanese manifest (Act 87/2002 art 81)',
     'an offer is accepted or rejected 移交接收'),
    (2, 'intake', 24, 'hour', 4, 2, 2, 'policy', 'district', 'what was picked up is taken in 收取至入场'),
    (3, 'certificate', 10, 'day', 48, 6, 2, 'policy', 'district', 'a vehicle taken in gets its certificate 开具回收证明'),
    (4, 'deregistration', 7, 'day', 48, 6, 3, 'law', '机动车登记规定 (MPS Order 164) art 38',
     'the deregistration is filed after the vehicle was accepted and its certificate issued 申请注销登记'),
    (5, 'office_decision', 1, 'day', 0, 6, 1, 'law', '机动车登记规定 (MPS Order 164) art 38',
     'the vehicle office decides; shown, not the firm''s to keep 车辆管理所办结'),
    (6, 'dismantling', 90, 'day', 240, 24, 2, 'policy', 'district; GB 22128-2019 names no term for a single vehicle',
     'a vehicle taken in is dismantled 拆解'),
    (7, 'assembly', 180, 'day', 240, 24, 2, 'policy', 'district', 'an assembly that came out of a vehicle is disposed of 五大总成处置'),
    (8, 'wipe', 7, 'day', 48, 6, 2, 'policy', 'district, ahead of GB 46864-2025 (2027-01-01)', 'what stores data is wiped 信息清除'),
    (9, 'hazardous_storage', 12, 'month', 1560, 24, 4, 'law', '固体废物污染环境防治法 art 81',
     'hazardous waste is stored for a year at most 危险废物贮存'),
    (10, 'hazardous_receipt', 5, 'working_day', 24, 6, 3, 'policy', '危险废物转移管理办法 (2022), not confirmed',
     'the receiver confirms the manifest 联单确认'),
    (11, 'receipt_report', 2, 'working_day', 0, 0, 2, 'policy', 'district, after the British receipt of waste',
     'the report of an intake is received here 入场上报')
ON CONFLICT (kind) DO UPDATE SET name = excluded.name, limit_count = excluded.limit_count, limit_unit = excluded.limit_unit,
    warn_before_h = excluded.warn_before_h, grace_h = excluded.grace_h, severity = excluded.severity, basis = excluded.basis,
    source = excluded.source, meaning = excluded.meaning
WHERE clock_kind IS DISTINCT FROM excluded;
