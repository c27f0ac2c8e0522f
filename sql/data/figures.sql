-- figures.sql - the figures that rules compare with: each with its value, what it rests on (law, rule or policy) and its source.
--
-- Law is what was read in the text of a law. Everything else is policy of the district, shown as such, and changed here.

INSERT INTO registry.figure (name, value, basis, source, meaning) VALUES
    ('battery_belongs_since_s', extract(epoch FROM timestamptz '2026-04-01 00:00+08')::bigint, 'rule',
     '新能源汽车废旧动力电池回收和综合利用管理暂行办法, six ministries, issued 2025-12-31, in force 2026-04-01',
     'from this moment a missing traction battery makes a vehicle incomplete 车电一体报废, whatever the owner states'),
    ('yard_radius_m', 500, 'policy', 'district',
     'how far from the registered point of a site an intake may be reported from')
ON CONFLICT (name) DO UPDATE SET value = excluded.value, basis = excluded.basis, source = excluded.source, meaning = excluded.meaning
WHERE (figure.value, figure.basis, figure.source, figure.meaning) IS DISTINCT FROM (excluded.value, excluded.basis, excluded.source, excluded.meaning);
