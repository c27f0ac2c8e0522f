-- common.sql - what the other files of api/ stand on: the words behind numbers, titles of rules, times, places, parties, sites.
--
-- Words and rules are the tables of daemon/core; a unit test holds them together. Position 0 is the word for 0. This file runs
-- before the others, because its name is the first.

CREATE OR REPLACE FUNCTION api.words(list text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN CASE list
    WHEN 'item_kind' THEN '[0:16]={
        unspecified,vehicle,engine,steering,gearbox,front_axle,rear_axle,frame,part,traction_battery,
        lead_acid_battery,catalyst,appliance,data_device,farm_machine,tyre,lot}'
    WHEN 'item_kind_zh' THEN '[0:16]={未说明,报废机动车,发动机,方向机,变速器,前桥,后桥,车架,零部件,动力电池,铅酸电池,催化器,电器,存储设备,农业机械,轮胎,物料批次}'
    WHEN 'identifier_scheme' THEN '[0:11]={
        unspecified,vin,frame_number,engine_number,plate,battery_code,imei,serial_number,tag,certificate_number,lot,
        gs1}'
    WHEN 'identifier_scheme_zh' THEN '[0:11]={未说明,车架号VIN,车架短号,发动机号,号牌,电池编码,IMEI,序列号,标签,回收证明编号,批次号,GS1}'
    WHEN 'event_type' THEN '[0:45]={
        unspecified,booked,picked_up,weighed,loaded,departed,position,arrived,unloaded,transfer_offered,
        transfer_accepted,transfer_rejected,intake,inspected,quarantined,released,police_notified,depolluted,
        data_wiped,wipe_verified,supervision_attested,dismantled,destroyed,reman_released,reprocess_released,
        reuse_marked,lot_created,lot_merged,lot_split,lot_sold,haz_manifest_opened,haz_manifest_confirmed,
        cert_issued,cert_voided,dereg_filed,deregistered,invoiced,corrected,disputed,smelted,material_recovered,
        treated,used_goods_released,wiped_resold,retreaded,graded}'
    WHEN 'event_type_zh' THEN '[0:45]={
        未说明,预约,上门收取,称重,装车,出发,途中,到达,卸车,移交发出,移交接收,移交拒收,入场,查验,隔离,解除隔离,报告公安,预处理,信息清除,清除验证,公安监销,拆解,破碎销毁,交再制造,再利用放行,回用件标识,
        批次建立,批次合并,批次拆分,批次售出,危废联单开具,危废联单确认,回收证明开具,回收证明作废,申请注销,注销登记,开票,更正,异议,熔炼,材料回收,处理,旧货放行,清除后售出,翻新,检测分级}'
    WHEN 'sighting_kind' THEN '[0:8]={
        unspecified,listing,transfer,registration,inspection,roadside_camera,import,network_activity,repair}'
    WHEN 'sighting_kind_zh' THEN '[0:8]={未说明,网上出售,转移登记,登记,年检,路面发现,进出口,入网,维修}'
    WHEN 'sighted_use' THEN '[0:4]={unspecified,ebike,energy_storage,vehicle,consumer}'
    WHEN 'party_kind' THEN '[0:16]={
        unspecified,recycler,carrier,sorting_centre,remanufacturer,steel_mill,battery_processor,
        hazardous_waste_operator,weee_treatment,trader,ebike,marketplace,police,vehicle_office,ecology_bureau,
        commerce_bureau,agriculture_bureau}'
    WHEN 'physical_state' THEN '[0:36]={
        none,booked,in_transit,at_yard,depolluted,dismantled,removed,graded,wiped,wipe_verified,manifested,open,
        in_lot,NULL,NULL,NULL,NULL,NULL,NULL,NULL,destroyed,smelted,material_recovered,treated,shredded,haz_out,NULL,
        NULL,NULL,NULL,reman_released,reprocess_released,reuse_marked,used_goods,wiped_resold,retreaded,
        sold_material}'
    WHEN 'physical_state_zh' THEN '[0:36]={
        无实物记录,已预约,收运途中,已入场,已预处理,已拆解,已拆下,已检测分级,已清除信息,信息清除已验证,危废转移中,批次在库,已并入批次,NULL,NULL,NULL,NULL,NULL,NULL,NULL,
        已破碎销毁,已回炉,已再生利用,已拆解处理,已物理粉碎,危废已交接,NULL,NULL,NULL,NULL,已交再制造,已综合利用,回用件已放行,旧货已放行,清除后再售,已交翻新,已作为材料出售}'
    WHEN 'legal_state' THEN '[0:6]={none,verified,quarantined,supervised,certified,dereg_pending,deregistered}'
    WHEN 'legal_state_zh' THEN '[0:6]={未核验,已核验,暂扣待查,已监销,已开具回收证明,注销申请中,已注销登记}'
    WHEN 'resale_ban' THEN '[0:2]={none,banned,banned_for_good}'
    WHEN 'resale_ban_zh' THEN '[0:2]={无禁售,禁售,永久禁售}'
END::text[];

CREATE OR REPLACE FUNCTION api.word(list text, number integer) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN (api.words(list))[number];

-- NULL where the list has no such word.
CREATE OR REPLACE FUNCTION api.number(list text, word text) RETURNS smallint
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN array_position(api.words(list), word)::smallint;

-- {article, Chinese title, English title}; NULL for a rule that this version does not have.
CREATE OR REPLACE FUNCTION api.rule(rule text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN CASE rule
    WHEN 'C01' THEN ARRAY['EPCIS CBV 2.0 destroying', '终态后仍有事件', 'an event after an end state']
    WHEN 'C02' THEN ARRAY['Decree 715 art 9, 15', '同一标识重复出现', 'one strong identifier alive twice']
    WHEN 'C03' THEN ARRAY['Decree 715 art 9-13', '流转步骤不符', 'a step that the item''s lifecycle does not allow']
    WHEN 'C04' THEN ARRAY['policy, after Act 87/2002 art 81 (Japan)', '移交未接收', 'offered and never accepted: a custody gap']
    WHEN 'C05' THEN ARRAY['Order 164 art 38; policy', '期限届满', 'a clock ran out']
    WHEN 'C06' THEN ARRAY['Decree 715 art 13; GB 22128-2019', '质量缺失', 'mass lost between pickup and intake, or intake far below curb mass']
    WHEN 'C07' THEN ARRAY['Decree 715 art 12, 13; Order 2/2020', '五大总成去向不全', 'an assembly, traction battery or catalyst not accounted for']
    WHEN 'C08' THEN ARRAY['Decree 715 art 12, 21', '流向不合格买方', 'sold to a buyer of the wrong class']
    WHEN 'C09' THEN ARRAY['Decree 715 art 11', '未经公安监销', 'dismantled or certified without police supervision']
    WHEN 'C10' THEN ARRAY['GB 46864-2025', '未清除信息即放行', 'a device with storage released without a verified wipe']
    WHEN 'C11' THEN ARRAY['Decree 715 art 5, 19; Solid-waste law art 67', '无有效许可或资质', 'handled without a licence valid for it']
    WHEN 'C12' THEN ARRAY['Decree 715 art 10', '标识不符或涂改', 'identity altered, mismatching or wanted']
    WHEN 'C13' THEN ARRAY['MOFCOM 8/2007; Solid-waste law art 36', '产出大于投入', 'outputs exceed inputs']
    WHEN 'C14' THEN ARRAY['Decree 715 art 9, 20', '回收证明异常', 'certificate games']
    WHEN 'C15' THEN ARRAY['Solid-waste law art 81, 82', '危险废物逾期或未确认', 'hazardous waste overdue, unconfirmed, or less than the vehicles must have yielded']
    WHEN 'C16' THEN ARRAY['SAT Announcement 5/2024', '反向开票接近或达到限额', 'a seller near or at the limit of reverse invoices']
    WHEN 'C17' THEN ARRAY['Decree 715 art 13', '交接双方关联', 'giver and taker are one, or linked']
    WHEN 'R01' THEN ARRAY['Solid-waste law art 67; policy', '载货车辆场外停留', 'a laden truck stops off-site']
    WHEN 'R02' THEN ARRAY['Decree 715 art 15; policy', '载货车辆到访关注场所', 'a laden truck calls at a watched site']
    WHEN 'R03' THEN ARRAY['Luojiang plan 2024, 四(四); policy', '超出通行区域或时段', 'a laden truck leaves its permitted area or hours']
    WHEN 'R04' THEN ARRAY['Decree 715 art 13; policy', '载货车辆失联', 'a laden truck falls silent']
    WHEN 'R05' THEN ARRAY['Decree 715 art 13; policy', '载货车辆位置跳变', 'a laden truck moves impossibly']
    WHEN 'R06' THEN ARRAY['Solid-waste law art 67; policy', '载货车辆场外开启', 'a laden truck opens off-site']
    WHEN 'R07' THEN ARRAY['Decree 715 art 15; policy', '载货车辆场外失货', 'a laden truck loses load off-site']
    WHEN 'R08' THEN ARRAY['Decree 715 art 15; policy', '载货车辆未预约驶出辖区', 'a laden truck leaves the district unbooked']
    WHEN 'S01' THEN ARRAY['Decree 715 art 13', '上报序号缺失', 'gap in a source''s sequence']
    WHEN 'S02' THEN ARRAY['Decree 715 art 13', '同一序号内容不一', 'a source said two things under one sequence number or chain']
    WHEN 'S03' THEN ARRAY['Decree 715 art 13', '设备时钟跳变', 'a source''s clock jumped']
    WHEN 'S04' THEN ARRAY['Decree 715 art 13', '密钥不符', 'a source spoke with a wrong key or signature']
    WHEN 'S05' THEN ARRAY['Decree 715 art 13', '疑似克隆设备', 'two epochs of a source interleave (a clone)']
    WHEN 'S06' THEN ARRAY['policy', '线索过量', 'more re-entry flags in a day than the budget of a source']
    WHEN 'E01' THEN ARRAY['Decree 715 art 15; RTSL art 100', '禁售物品再现', 'a banned identifier was sighted']
    WHEN 'E02' THEN ARRAY['Decree 715 art 15; RTSL art 100', '疑似禁售车辆再现', 'a near match of a banned identifier was sighted']
    WHEN 'E03' THEN ARRAY['Decree 715 art 15; RTSL art 100', '遮挡车架号疑似禁售', 'a partly hidden banned identifier was sighted']
    WHEN 'E04' THEN ARRAY['RTSL art 100; Order 164 art 29', '超龄或临近报废交易', 'a vehicle past its scrapping age, or within its last year, was traded']
    WHEN 'E05' THEN ARRAY['Decree 715 art 15; RTSL art 100', '禁售前已有线索', 'a sighting stored before the ban, found when the ban came']
    WHEN 'E06' THEN ARRAY['GB 46864-2025', '未清除信息的设备再现', 'a device was sighted unwiped']
    WHEN 'E07' THEN ARRAY['NEV battery rule (six ministries) 2026-04-01', '动力电池违规使用', 'a traction battery was sighted in a forbidden use']
    WHEN 'E08' THEN ARRAY['Decree 715 art 15; RTSL art 100', '一号多现', 'one identifier in several listings or places at once']
END;

-- "2026-11-23T16:00:00.000000+08:00"
CREATE OR REPLACE FUNCTION api.time(at timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE STRICT
RETURN to_char(at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD"T"HH24:MI:SS.US"+08:00"');

-- {"lon": 118.66, "lat": 24.94} in degrees, or NULL.
CREATE OR REPLACE FUNCTION api.place(lon_e7 integer, lat_e7 integer) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN jsonb_build_object('lon', lon_e7 / 1e7, 'lat', lat_e7 / 1e7);

-- {"code": ..., "name": ..., "kind": ...} of a party; NULL for an id that is not there.
CREATE OR REPLACE FUNCTION api.party(wanted bigint) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE STRICT
RETURN (SELECT jsonb_build_object('code', code, 'name', name, 'kind', api.word('party_kind', kind))
        FROM registry.party WHERE party_id = wanted);

CREATE OR REPLACE FUNCTION api.site(wanted bigint) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE STRICT
RETURN (SELECT jsonb_build_object('code', code, 'name', name, 'area', area) FROM registry.site WHERE site_id = wanted);

COMMENT ON FUNCTION api.words(text) IS 'Words of one list of numbers of the wire contract, from position 0; NULL for a list that is not there.';
COMMENT ON FUNCTION api.word(text, integer) IS 'Word behind a number; NULL where the list has none.';
COMMENT ON FUNCTION api.number(text, text) IS 'Number of a word; NULL where the list has no such word.';
COMMENT ON FUNCTION api.rule(text) IS 'Article that a rule rests on, its Chinese and its English title; NULL for a rule that this version does not have.';
COMMENT ON FUNCTION api.time(timestamptz) IS 'Asia/Shanghai wall time with its offset.';
COMMENT ON FUNCTION api.place(integer, integer) IS 'Position as a JSON document, from 1e-7 degrees WGS-84 to degrees; NULL where there is none.';
COMMENT ON FUNCTION api.party(bigint) IS 'Party as a JSON document; NULL where there is none, or not for this viewer.';
COMMENT ON FUNCTION api.site(bigint) IS 'Site as a JSON document; NULL where there is none, or not for this viewer.';
