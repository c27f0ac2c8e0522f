-- scrap_limits.sql - years after which a vehicle has to be scrapped, by use and size.
--
-- After 机动车强制报废标准规定 (Order 12 of 2012, in force 2013-05-01), from memory and not compared with its text: policy, until the traffic
-- police have signed it off against the order. Provinces may set some of them lower.

INSERT INTO registry.scrap_limit (category, name_zh, trade, years, guided_km, basis, source)
SELECT category, name_zh, trade, years, guided_km, 'policy', '机动车强制报废标准规定, Order 12 of 2012, in force 2013-05-01; to be confirmed by the traffic police'
FROM (VALUES
    ('taxi_small', '小、微型出租客运', 'operating', 8, 600000),
    ('taxi_medium', '中型出租客运', 'operating', 10, 500000),
    ('taxi_large', '大型出租客运', 'operating', 12, 600000),
    ('rental', '租赁载客', 'operating', 15, 600000),
    ('training_small', '小型教练', 'operating', 10, 500000),
    ('training_medium', '中型教练', 'operating', 12, 500000),
    ('training_large', '大型教练', 'operating', 15, 600000),
    ('city_bus', '公交客运', 'operating', 13, 400000),
    ('operating_small', '其他小、微型营运载客', 'operating', 10, 600000),
    ('operating_medium', '其他中型营运载客', 'operating', 15, 500000),
    ('operating_large', '其他大型营运载客', 'operating', 15, 800000),
    ('school_bus', '专用校车', 'operating', 15, 400000),
    ('private_small', '小、微型非营运载客，大型轿车', 'private', NULL, 600000),
    ('private_medium', '中型非营运载客', 'private', 20, 500000),
    ('private_large', '大型非营运载客', 'private', 20, 600000),
    ('truck_mini', '微型载货', 'operating', 12, 500000),
    ('truck_light', '轻型载货', 'operating', 15, 600000),
    ('truck_medium', '中型载货', 'operating', 15, 600000),
    ('truck_heavy', '重型载货，含牵引车', 'operating', 15, 700000),
    ('truck_hazardous', '危险品运输载货', 'hazardous', 10, 400000),
    ('truck_three_wheel', '三轮汽车，单缸低速货车', 'operating', 9, NULL),
    ('truck_low_speed', '多缸低速货车', 'operating', 12, 300000),
    ('special_loading', '有载货功能的专项作业车', 'operating', 15, 500000),
    ('special', '无载货功能的专项作业车', 'operating', 30, 500000),
    ('wheeled_machinery', '轮式专用机械车', 'private', NULL, 500000),
    ('trailer_full', '全挂车', 'operating', 10, NULL),
    ('trailer_hazardous', '危险品运输半挂车', 'hazardous', 10, NULL),
    ('trailer_container', '集装箱半挂车', 'operating', 20, NULL),
    ('trailer', '其他半挂车', 'operating', 15, NULL),
    ('motorcycle_three_wheel', '正三轮摩托车', 'private', 12, 100000),
    ('motorcycle', '其他摩托车', 'private', 13, 120000)
) AS limits (category, name_zh, trade, years, guided_km)
ON CONFLICT (category) DO UPDATE SET name_zh = excluded.name_zh, trade = excluded.trade, years = excluded.years, guided_km = excluded.guided_km,
    basis = excluded.basis, source = excluded.source
WHERE (scrap_limit.name_zh, scrap_limit.trade, scrap_limit.years, scrap_limit.guided_km, scrap_limit.basis, scrap_limit.source)
    IS DISTINCT FROM (excluded.name_zh, excluded.trade, excluded.years, excluded.guided_km, excluded.basis, excluded.source);
