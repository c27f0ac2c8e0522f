-- figures.sql - the figures that rules compare with: each with its value, what it rests on (law, rule or policy) and its source.
--
-- Law is what was read in the text of a law. Everything else is policy of the district, shown as such, and changed here.

INSERT INTO registry.figure (name, value, basis, source, meaning) VALUES
    ('battery_belongs_since_s', extract(epoch FROM timestamptz '2026-04-01 00:00+08')::bigint, 'rule',
     '新能源汽车废旧动力电池回收和综合利用管理暂行办法, six ministries, issued 2025-12-31, in force 2026-04-01',
     'from this moment a missing traction battery makes a vehicle incomplete 车电一体报废, whatever the owner states'),
    ('yard_radius_m', 500, 'policy', 'district',
     'how far from the registered point of a site an intake may be reported from'),
    ('transport_loss_permille', 30, 'policy', 'district', 'mass that may be lost between pickup and intake (liquids, dirt), beside what the scales are off'),
    ('below_curb_permille', 80, 'policy', 'district', 'how far below curb mass 整备质量 an intake may be'),
    ('output_excess_permille', 20, 'policy', 'district', 'by how much outputs may exceed inputs, beside what the scales are off'),
    ('yield_shortfall_permille', 500, 'policy', 'district', 'how far below the usual yield hazardous parts of one vehicle may be'),
    ('estimate_error_permille', 200, 'policy', 'district', 'how far off an estimated mass may be'),
    ('scale_fine_error_permille', 1, 'policy', 'after OIML R 76 / GB/T 7723, classes I and II', 'how far off a mass of a fine scale may be'),
    ('scale_iii_error_permille', 2, 'policy', 'after OIML R 76 / GB/T 7723, class III in service', 'how far off a mass of a weighbridge may be'),
    ('scale_other_error_permille', 20, 'policy', 'district', 'how far off a mass of an ordinary or unmarked scale may be'),
    ('reverse_invoice_limit_fen', 500000000, 'rule', 'SAT Announcement 5/2024, in force 2024-04-29',
     'what may be reverse-invoiced 反向开票 in the name of one natural person, without VAT, by all firms together, 0.01 RMB'),
    ('reverse_invoice_months', 12, 'rule', 'SAT Announcement 5/2024, in force 2024-04-29', 'any so many consecutive calendar months count together'),
    ('reverse_invoice_near_percent', 80, 'policy', 'district', 'share of the limit from which a seller is near it'),
    ('reverse_invoice_close_percent', 95, 'policy', 'district', 'share of the limit from which a seller is close to it')
ON CONFLICT (name) DO UPDATE SET value = excluded.value, basis = excluded.basis, source = excluded.source, meaning = excluded.meaning
WHERE (figure.value, figure.basis, figure.source, figure.meaning) IS DISTINCT FROM (excluded.value, excluded.basis, excluded.source, excluded.meaning);
