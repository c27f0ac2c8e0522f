-- flag_remedy.sql - for every rule of the catalogue: what would make its flag go away. The one place; in Chinese and English.
--
-- Away means withdrawn by the system, because the rule finds it no longer: a report that was missing, a correction, a number put right.
-- What no report can undo says so; people then decide (false alarm, confirmed).

CREATE OR REPLACE FUNCTION api.remedy(rule text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN CASE rule
    WHEN 'C01' THEN ARRAY['更正误报的终态或其后的事件', 'a correction of the end state, or of what was reported after it, by whoever reported it']
    WHEN 'C02' THEN ARRAY['更正误用的标识；两次入场或两张证明只能有一次成立', 'a correction of the wrong identifier; of two intakes or certificates one can stand']
    WHEN 'C03' THEN ARRAY['补报缺失的前序步骤或条件，或更正该事件', 'the report of the step or condition that is missing before it, or a correction of the event']
    WHEN 'C04' THEN ARRAY['接收方补报接收，或移交方更正移交', 'the taker''s acceptance, or the giver''s correction of the offer']
    WHEN 'C05' THEN ARRAY['补报期限内已完成的步骤；确已逾期的不能消除', 'the report that the step was done in time; what was done late stays late']
    WHEN 'C06' THEN ARRAY['更正称重，或补报途中拆下的部件', 'a correction of the weighing, or the report of the parts that were taken out on the way']
    WHEN 'C07' THEN ARRAY['补报缺失总成、电池或催化器的去向', 'the report of where the missing assembly, battery or catalyst went']
    WHEN 'C08' THEN ARRAY['更正买方；已售予不合格买方的不能消除', 'a correction of the buyer; a sale to a wrong buyer stays']
    WHEN 'C09' THEN ARRAY['公安补报监销记录', 'the police''s attestation of their supervision']
    WHEN 'C10' THEN ARRAY['补报放行前的信息清除及验证', 'the report of the wipe and its verification before the release']
    WHEN 'C11' THEN ARRAY['登记当日有效的许可或资质', 'the registration of a licence that was valid on that day']
    WHEN 'C12' THEN ARRAY['更正录入的标识；涂改须由公安结论解除', 'a correction of the identifier as entered; an altered one takes the finding of the police']
    WHEN 'C13' THEN ARRAY['补报投入或更正产出重量', 'the report of the missing input, or a correction of the output''s mass']
    WHEN 'C14' THEN ARRAY['补报作废批准，或更正证明编号', 'the report of the approved voiding, or a correction of the certificate number']
    WHEN 'C15' THEN ARRAY['补报危废联单的确认或缺失的产生量', 'the confirmation of the manifest, or the report of the waste that is missing']
    WHEN 'C16' THEN ARRAY['更正发票或售卖人；已达限额的不能消除', 'a correction of the invoice or the seller; a limit that was reached stays reached']
    WHEN 'C17' THEN ARRAY['登记更正关联关系，或更正交接方', 'a correction of the registered link, or of the parties of the hand-over']
    WHEN 'R01' THEN ARRAY['补报该处为登记场所，或停留时无货', 'the registration of that place as a site, or the report that the truck was empty']
    WHEN 'R02' THEN ARRAY['补报停留时无货；其余由调查认定', 'the report that the truck was empty; the rest is for people to find out']
    WHEN 'R03' THEN ARRAY['登记当时有效的通行许可', 'the registration of the road permit that was valid then']
    WHEN 'R04' THEN ARRAY['设备补传该时段的位置', 'the positions of that time, sent late by the device']
    WHEN 'R05' THEN ARRAY['不能由上报消除；检查终端及其时钟', 'no report undoes it: have the terminal and its clock looked at']
    WHEN 'R06' THEN ARRAY['补报该处为登记场所，或当时无货', 'the registration of that place as a site, or the report that the truck was empty']
    WHEN 'R07' THEN ARRAY['补报途中卸货，或更正载重读数', 'the report of the unloading on the way, or a correction of the load reading']
    WHEN 'R08' THEN ARRAY['补报跨区运输的预约', 'the booking of the transport out of the district']
    WHEN 'S01' THEN ARRAY['设备补传缺失的序号', 'the missing sequence numbers, sent by the device']
    WHEN 'S02' THEN ARRAY['不能由上报消除；更换密钥并检查设备', 'no report undoes it: replace the key and have the device looked at']
    WHEN 'S03' THEN ARRAY['不能由上报消除；校准设备时钟', 'no report undoes it: set the device''s clock']
    WHEN 'S04' THEN ARRAY['不能由上报消除；核对密钥登记', 'no report undoes it: compare the registered key with the device''s']
    WHEN 'S05' THEN ARRAY['不能由上报消除；停用来源并更换密钥', 'no report undoes it: switch the source off and replace its key']
    WHEN 'S06' THEN ARRAY['不能由上报消除；核查来源后限速或停用', 'no report undoes it: look at the source, then limit it or switch it off']
    WHEN 'E01' THEN ARRAY['更正误报的禁售事件；线索不能撤回', 'a correction of the event that began the ban; a sighting is not taken back']
    WHEN 'E02' THEN ARRAY['更正误报的禁售事件；近似号码由人核实', 'a correction of the event that began the ban; whether the near number is the same is for people to see']
    WHEN 'E03' THEN ARRAY['更正误报的禁售事件；遮挡号码由人核实', 'a correction of the event that began the ban; whether the masked number is the same is for people to see']
    WHEN 'E04' THEN ARRAY['更正初次登记日期或使用性质', 'a correction of the date of first registration or of the use']
    WHEN 'E05' THEN ARRAY['更正误报的禁售事件；线索不能撤回', 'a correction of the event that began the ban; a sighting is not taken back']
    WHEN 'E06' THEN ARRAY['补报出售前的信息清除及验证', 'the report of the wipe and its verification before the sale']
    WHEN 'E07' THEN ARRAY['补报电池新编码及其合规用途', 'the report of the battery''s new code and its permitted use']
    WHEN 'E08' THEN ARRAY['不能由上报消除；由人认定真伪', 'no report undoes it: people find out which of them is genuine']
END;
COMMENT ON FUNCTION api.remedy(text) IS 'What would make a flag of this rule go away, in Chinese and in English; NULL for a rule outside the catalogue.';
