-- yields.sql - least masses of the hazardous parts of a vehicle. Policy of the district until it has measured its own.

INSERT INTO registry.yield (vehicle_class, item_kind, least_g, basis, source) VALUES
    (1, 10, 8000, 'policy', 'district: starter battery of a car'), (1, 11, 800, 'policy', 'district: catalyst of a car'),
    (2, 10, 30000, 'policy', 'district: batteries of a bus'), (2, 11, 2000, 'policy', 'district: aftertreatment of a bus'),
    (3, 10, 20000, 'policy', 'district: batteries of a truck'), (3, 11, 1500, 'policy', 'district: aftertreatment of a truck'),
    (4, 10, 20000, 'policy', 'district: batteries of a school bus'), (4, 11, 1500, 'policy', 'district: aftertreatment of a school bus'),
    (5, 10, 8000, 'policy', 'district: as a car'), (5, 11, 800, 'policy', 'district: as a car'),
    (6, 10, 1500, 'policy', 'district: battery of a motorcycle')
ON CONFLICT (vehicle_class, item_kind) DO UPDATE SET least_g = excluded.least_g, basis = excluded.basis, source = excluded.source
WHERE (yield.least_g, yield.basis, yield.source) IS DISTINCT FROM (excluded.least_g, excluded.basis, excluded.source);
