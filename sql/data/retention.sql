-- retention.sql - how long what was said is kept at least 保存期限, and what each term rests on; the longest holds.
--
-- Kinds of item: 10 lead-acid battery, 11 catalyst, 12 appliance, 13 data device. Types of event: of event.proto.

INSERT INTO registry.retention (subject, applies_to, keep_years, item_kinds, event_types, basis, source, meaning) VALUES
    ('custody', 'record', 10, NULL, NULL, 'policy', 'district: tax evidence of invoices and e-manifests, 10 years, not confirmed',
     'the chain of custody 流转记录'),
    ('hazardous_waste', 'record', 10, '{10,11}', NULL, 'law', '危险废物经营许可证管理办法 (Decree 408) art 18',
     'the ledger of who handles hazardous waste 危险废物经营情况记录簿'),
    ('appliance', 'record', 3, '{12,13}', NULL, 'law', '废弃电器电子产品回收处理管理条例 (Decree 551) art 17',
     'data of the treatment of appliances and electronics 处理数据'),
    ('seller', 'record', 2, NULL, '{2}', 'policy', '再生资源回收管理办法, not confirmed',
     'who sold what is recycled 出售人登记'),
    ('video', 'video', 1, NULL, NULL, 'policy', '报废机动车回收管理办法实施细则 (MOFCOM Order 2/2020), not confirmed',
     'recordings of the dismantling 拆解视频; their SHA-256 stays with the event')
ON CONFLICT (subject) DO UPDATE SET applies_to = excluded.applies_to, keep_years = excluded.keep_years, item_kinds = excluded.item_kinds,
    event_types = excluded.event_types, basis = excluded.basis, source = excluded.source, meaning = excluded.meaning
WHERE retention IS DISTINCT FROM excluded;
