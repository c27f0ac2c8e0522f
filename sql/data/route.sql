-- route.sql - the outline of the district, and the figures of the rules about trucks (core/route/limits.h).
--
-- The outline: 350504 洛江区 of the public administrative division data (DataV style, 483 points), converted from GCJ-02 to WGS-84 and simplified
-- to 55 points (area error 1.3 %). It says on which side of the line a truck is, not where the line lies to the metre.

INSERT INTO registry.fence (code, kind, name, source, valid_from, valid_until, geometry) VALUES
    ('district-350504', 'district', '洛江区', 'public administrative division data, converted from GCJ-02 to WGS-84, 55 points',
     '2020-01-01', '2099-12-31', '{"type":"Polygon","coordinates":[[
    [118.5658,25.2898],[118.5738,25.3042],[118.5930,25.3052],[118.6181,25.2951],[118.6308,25.3052],[118.6512,25.3049],
    [118.6620,25.2918],[118.6429,25.2747],[118.6466,25.2660],[118.6545,25.2598],[118.6575,25.2686],[118.6759,25.2740],
    [118.6908,25.2622],[118.6805,25.2493],[118.6844,25.2394],[118.6775,25.2272],[118.6781,25.2146],[118.6869,25.2150],
    [118.6680,25.1997],[118.6732,25.1806],[118.6870,25.1733],[118.6871,25.1568],[118.7006,25.1606],[118.7074,25.1397],
    [118.7183,25.1334],[118.6984,25.1177],[118.6801,25.1211],[118.6713,25.0855],[118.6790,25.0743],[118.6571,25.0549],
    [118.6591,25.0437],[118.6388,25.0276],[118.6418,25.0167],[118.6334,25.0082],[118.6899,24.9337],[118.6611,24.9315],
    [118.6596,24.9456],[118.6417,24.9593],[118.6188,24.9640],[118.5904,24.9817],[118.5881,25.0286],[118.5791,25.0398],
    [118.5815,25.0510],[118.5624,25.0626],[118.5598,25.0710],[118.5699,25.0784],[118.5524,25.1147],[118.5747,25.1346],
    [118.5834,25.1756],[118.5698,25.2120],[118.5776,25.2120],[118.5842,25.2373],[118.5745,25.2498],[118.5659,25.2480],
    [118.5595,25.2547],[118.5658,25.2898]]]}')
ON CONFLICT (code) DO UPDATE SET geometry = excluded.geometry, name = excluded.name, source = excluded.source
WHERE (fence.geometry, fence.name, fence.source) IS DISTINCT FROM (excluded.geometry, excluded.name, excluded.source);

-- None of them is law.
INSERT INTO registry.figure (name, value, basis, source, meaning) VALUES
    ('route_laden_min_g', 200000, 'policy', 'district',
     'load cell reading from which a truck counts as laden 载货'),
    ('route_stop_radius_m', 60, 'policy', 'district',
     'within this distance of where it stopped a truck stands'),
    ('route_stop_s', 1200, 'policy', 'district',
     'R01: how long a laden truck may stand off-site without a pickup'),
    ('route_watched_stop_s', 180, 'policy', 'district',
     'R02: how long a laden truck may stand at a watched site 关注场所'),
    ('route_arrive_s', 120, 'policy', 'district',
     'how long a truck stands at a site before its trip has ended'),
    ('route_excursion_s', 120, 'policy', 'district',
     'R03, R08: how long a laden truck may be outside without a break, since receivers err'),
    ('route_silence_s', 900, 'policy', 'district',
     'R04: how long a laden truck may give no position off-site 失联'),
    ('route_speed_max_m_s', 60, 'policy', 'district',
     'R05: metres a second that no truck exceeds'),
    ('route_jump_min_m', 1000, 'policy', 'district',
     'R05: shorter jumps are noise of the receiver'),
    ('route_pickup_grace_s', 600, 'policy', 'district',
     'R01, R06: a pickup said within this time explains a stop or an open door'),
    ('route_tilt_min_cdeg', 1500, 'policy', 'district',
     'R06: hundredths of a degree from which the body is tipped'),
    ('route_loss_min_g', 150000, 'policy', 'district',
     'R07: smaller losses are swings of the load cell'),
    ('route_loss_min_permille', 100, 'policy', 'district',
     'R07: thousandths of the load; less are swings of the load cell'),
    ('route_accuracy_max_m', 100, 'policy', 'district',
     'fixes that are less accurate are stored but not judged'),
    ('route_site_radius_m', 150, 'policy', 'district',
     'radius of the circle around a site that has no fence of its own'),
    ('route_reorder_window_s', 60, 'policy', 'district',
     'what comes in within this time is put in order; what comes later is folded again'),
    ('route_ahead_max_s', 300, 'policy', 'district',
     'device time further ahead of ours is stored but not judged'),
    ('route_late_max_s', 1296000, 'policy', 'district',
     'device time further behind ours is stored but not judged'),
    ('route_trip_max_s', 86400, 'policy', 'district',
     'a trip is cut after this time')
ON CONFLICT (name) DO UPDATE SET value = excluded.value, basis = excluded.basis, source = excluded.source, meaning = excluded.meaning
WHERE (figure.value, figure.basis, figure.source, figure.meaning) IS DISTINCT FROM (excluded.value, excluded.basis, excluded.source, excluded.meaning);
