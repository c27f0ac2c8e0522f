-- calendar.sql - holidays and the working days that make up for them 调休, as the State Council announces them each November.
--
-- 2026 as announced in November 2025 (entered from memory: to be compared with the notice). A year that is not here has its
-- weekdays only.

INSERT INTO registry.calendar_day (day, working, name)
SELECT day::date, working, name FROM (VALUES
    ('2026-01-01', '2026-01-03', false, '元旦'), ('2026-01-04', '2026-01-04', true, '元旦'),
    ('2026-02-15', '2026-02-23', false, '春节'), ('2026-02-14', '2026-02-14', true, '春节'), ('2026-02-28', '2026-02-28', true, '春节'),
    ('2026-04-04', '2026-04-06', false, '清明节'),
    ('2026-05-01', '2026-05-05', false, '劳动节'), ('2026-05-09', '2026-05-09', true, '劳动节'),
    ('2026-06-19', '2026-06-21', false, '端午节'),
    ('2026-09-25', '2026-09-27', false, '中秋节'), ('2026-09-20', '2026-09-20', true, '国庆节'),
    ('2026-10-01', '2026-10-07', false, '国庆节'), ('2026-10-10', '2026-10-10', true, '国庆节')
) AS run (first_day, last_day, working, name), generate_series(first_day::date, last_day::date, interval '1 day') AS day
ON CONFLICT (day) DO UPDATE SET working = excluded.working, name = excluded.name
WHERE (calendar_day.working, calendar_day.name) IS DISTINCT FROM (excluded.working, excluded.name);
