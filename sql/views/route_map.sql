-- route_map.sql - what programs build the map of core/route/map.h from: every fence, and a circle for sites without one; road rights.

CREATE OR REPLACE VIEW route.map_fence WITH (security_invoker = true) AS
SELECT f.fence_id, f.kind, f.site_id, f.code, f.geometry, NULL::integer AS lon_e7, NULL::integer AS lat_e7,
       f.valid_from::timestamp AT TIME ZONE 'Asia/Shanghai' AS from_at, (f.valid_until + 1)::timestamp AT TIME ZONE 'Asia/Shanghai' AS until_at
FROM registry.fence AS f
UNION ALL
SELECT -s.site_id, 'site', s.site_id, s.code, NULL, s.lon_e7, s.lat_e7, '2000-01-01 00:00+08', '2200-01-01 00:00+08'
FROM registry.site AS s WHERE NOT EXISTS (SELECT FROM registry.fence AS f WHERE f.site_id = s.site_id);
COMMENT ON VIEW route.map_fence IS 'Fences as the map of the rules about trucks takes them.';
COMMENT ON COLUMN route.map_fence.fence_id IS 'Number of the fence; below 0: the circle around that site.';
COMMENT ON COLUMN route.map_fence.kind IS 'site, watched, district or area.';
COMMENT ON COLUMN route.map_fence.site_id IS 'Site it surrounds; NULL: another kind.';
COMMENT ON COLUMN route.map_fence.code IS 'Code of the fence, or of the site.';
COMMENT ON COLUMN route.map_fence.geometry IS 'GeoJSON, WGS-84; NULL: a circle.';
COMMENT ON COLUMN route.map_fence.lon_e7 IS 'Middle of a circle, 1e-7 degrees, east positive, WGS-84; NULL: a polygon.';
COMMENT ON COLUMN route.map_fence.lat_e7 IS 'Middle of a circle, 1e-7 degrees, north positive, WGS-84; NULL: a polygon.';
COMMENT ON COLUMN route.map_fence.from_at IS 'Time from which it is in force.';
COMMENT ON COLUMN route.map_fence.until_at IS 'Time from which it is not in force any more.';

CREATE OR REPLACE VIEW route.map_right WITH (security_invoker = true) AS
SELECT right_id, fence_id, coalesce(vehicle_id, 0) AS vehicle_id, coalesce(class, '') AS class, weekdays, from_minute, until_minute,
       valid_from::timestamp AT TIME ZONE 'Asia/Shanghai' AS from_at, (valid_until + 1)::timestamp AT TIME ZONE 'Asia/Shanghai' AS until_at
FROM registry.road_right;
COMMENT ON VIEW route.map_right IS 'Road rights as the map of the rules about trucks takes them.';
COMMENT ON COLUMN route.map_right.right_id IS 'Number of the right.';
COMMENT ON COLUMN route.map_right.fence_id IS 'Area it lets into.';
COMMENT ON COLUMN route.map_right.vehicle_id IS 'Truck it is given to; 0: a class.';
COMMENT ON COLUMN route.map_right.class IS 'Class of trucks; empty with vehicle_id 0: all.';
COMMENT ON COLUMN route.map_right.weekdays IS 'Days on which the hours begin, as in registry.road_right.';
COMMENT ON COLUMN route.map_right.from_minute IS 'Minute of the Asia/Shanghai day from which it holds.';
COMMENT ON COLUMN route.map_right.until_minute IS 'Minute of the Asia/Shanghai day at which it ends.';
COMMENT ON COLUMN route.map_right.from_at IS 'Time from which it holds.';
COMMENT ON COLUMN route.map_right.until_at IS 'Time from which it does not hold any more.';
