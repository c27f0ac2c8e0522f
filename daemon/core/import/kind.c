/* kind.c - the tables of kinds and columns. Names are those that firms' own files have (MOFCOM's field order, 回收证明). */
#include "core/import/kind.h"

#include <string.h>

#include "core/import/cell.h"

#define AT(member) offsetof(struct import_row, member)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- words ---- */

static const struct import_word item_kinds[] = {
    {"机动车|汽车|报废机动车|车辆", "vehicle", ITEM_KIND_VEHICLE},
    {"发动机", "engine", ITEM_KIND_ENGINE},
    {"方向机", "steering", ITEM_KIND_STEERING},
    {"变速器", "gearbox", ITEM_KIND_GEARBOX},
    {"前桥", "front_axle", ITEM_KIND_FRONT_AXLE},
    {"后桥", "rear_axle", ITEM_KIND_REAR_AXLE},
    {"车架", "frame", ITEM_KIND_FRAME},
    {"零部件|回用件", "part", ITEM_KIND_PART},
    {"动力电池", "traction_battery", ITEM_KIND_TRACTION_BATTERY},
    {"铅酸电池|铅蓄电池", "lead_acid_battery", ITEM_KIND_LEAD_ACID_BATTERY},
    {"催化器|三元催化器", "catalyst", ITEM_KIND_CATALYST},
    {"家电|电器", "appliance", ITEM_KIND_APPLIANCE},
    {"电子产品|数据设备|手机|电脑", "data_device", ITEM_KIND_DATA_DEVICE},
    {"农业机械|农机", "farm_machine", ITEM_KIND_FARM_MACHINE},
    {"轮胎", "tyre", ITEM_KIND_TYRE},
    {"批次|物料批", "lot", ITEM_KIND_LOT},
    {NULL, NULL, 0},
};
static const struct import_word scrap_reasons[] = {
    {"强制报废|强制", "compulsory", SCRAP_REASON_COMPULSORY},
    {"自愿报废|自愿", "voluntary", SCRAP_REASON_VOLUNTARY},
    {NULL, NULL, 0},
};
static const struct import_word vehicle_classes[] = {
    {"小型客车|小型汽车|小型载客", "small_passenger", VEHICLE_CLASS_SMALL_PASSENGER},
    {"大型客车|大型载客", "large_passenger", VEHICLE_CLASS_LARGE_PASSENGER},
    {"货车|载货汽车", "truck", VEHICLE_CLASS_TRUCK},
    {"校车", "school_bus", VEHICLE_CLASS_SCHOOL_BUS},
    {"其他营运车辆|营运车辆", "other_operating", VEHICLE_CLASS_OTHER_OPERATING},
    {"摩托车", "motorcycle", VEHICLE_CLASS_MOTORCYCLE},
    {"挂车", "trailer", VEHICLE_CLASS_TRAILER},
    {NULL, NULL, 0},
};
static const struct import_word registrations[] = {
    {"注册登记|变更登记", "registration", SIGHTING_KIND_REGISTRATION},
    {"转移登记", "transfer", SIGHTING_KIND_TRANSFER},
    {"检验|年检", "inspection", SIGHTING_KIND_INSPECTION},
    {NULL, NULL, 0},
};
static const struct import_word watch_lists[] = {
    {"盗抢", "stolen", 0},
    {"查封|扣押|查封扣押", "seized", 0},
    {"布控", "wanted", 0},
    {NULL, NULL, 0},
};
static const struct import_word schemes[] = {
    {"车辆识别代号|车架号", "vin", IDENTIFIER_SCHEME_VIN},
    {"短车架号", "frame_number", IDENTIFIER_SCHEME_FRAME_NUMBER},
    {"发动机号", "engine_number", IDENTIFIER_SCHEME_ENGINE_NUMBER},
    {"号牌号码|号牌|车牌号", "plate", IDENTIFIER_SCHEME_PLATE},
    {"动力电池编码", "battery_code", IDENTIFIER_SCHEME_BATTERY_CODE},
    {"串号", "imei", IDENTIFIER_SCHEME_IMEI},
    {"序列号", "serial_number", IDENTIFIER_SCHEME_SERIAL_NUMBER},
    {"标签号", "tag", IDENTIFIER_SCHEME_TAG},
    {NULL, NULL, 0},
};

/* ---- columns that several kinds have ---- */

#define IDENTIFIER(names, en_name, which, sample, text)                                                                \
    {                                                                                                                  \
        .zh = (names), .en = (en_name), .type = COLUMN_IDENTIFIER, .scheme = (which), .example = (sample),             \
        .help = (text)                                                                                                 \
    }
#define VALUE(names, en_name, kind, must, member, sample, text)                                                        \
    {                                                                                                                  \
        .zh = (names), .en = (en_name), .type = (kind), .required = (must), .offset = AT(member), .example = (sample), \
        .help = (text)                                                                                                 \
    }
#define WORD(names, en_name, list, must, member, sample, text)                                                         \
    {                                                                                                                  \
        .zh = (names), .en = (en_name), .type = COLUMN_WORD, .words = (list), .required = (must),                      \
        .offset = AT(member), .example = (sample), .help = (text)                                                      \
    }
#define REFERENCE(names, en_name, to, member, sample, text)                                                            \
    {                                                                                                                  \
        .zh = (names), .en = (en_name), .type = COLUMN_CODE, .reference = (to), .offset = AT(member),                  \
        .example = (sample), .help = (text)                                                                            \
    }
#define DROPPED(names, en_name)                                                                                        \
    {                                                                                                                  \
        .zh = (names), .en = (en_name), .type = COLUMN_DROPPED, .example = "",                                         \
        .help = "personal data: read over, never sent (PIPL art 6 个人信息保护法)"                              \
    }

#define VEHICLE_IDENTIFIERS                                                                                            \
    IDENTIFIER("车辆识别代号|VIN码|车架号", "vin", IDENTIFIER_SCHEME_VIN, "LSVAM4187C2184847",                         \
               "17 characters (GB 16735)"),                                                                            \
        IDENTIFIER("号牌号码|车牌号|号牌|车牌号码", "plate", IDENTIFIER_SCHEME_PLATE, "闽C12345", "a hint only"),      \
        IDENTIFIER("发动机号|发动机号码", "engine_number", IDENTIFIER_SCHEME_ENGINE_NUMBER, "", "a hint only")

#define OTHER_IDENTIFIERS                                                                                              \
    IDENTIFIER("短车架号", "frame_number", IDENTIFIER_SCHEME_FRAME_NUMBER, "", "of a vehicle without a VIN"),          \
        IDENTIFIER("动力电池编码|电池编码", "battery_code", IDENTIFIER_SCHEME_BATTERY_CODE, "", "GB/T 34014"),         \
        IDENTIFIER("串号|IMEI号", "imei", IDENTIFIER_SCHEME_IMEI, "", "of a telephone"),                               \
        IDENTIFIER("序列号", "serial_number", IDENTIFIER_SCHEME_SERIAL_NUMBER, "", "brand/model/serial"),              \
        IDENTIFIER("标签号|标签", "tag", IDENTIFIER_SCHEME_TAG, "", "own tag, QR or RFID")

#define PLACE                                                                                                          \
    REFERENCE("场地编码|场地", "site", IMPORT_REFERENCE_SITE, event.site, "", "code or name of a registered site"),    \
        VALUE("经办人", "actor", COLUMN_TEXT, false, event.actor, "", "who acted: account or badge, no ID number"),    \
        VALUE("备注", "note", COLUMN_TEXT, false, event.note, "", "free text, at most 2,000 bytes")

static const struct import_column pickup_columns[] = {
    VALUE("交车日期|交车时间|回收时间", "picked_up_at", COLUMN_TIME, true, event.at_us, "2026-01-05 08:30",
          "when it was taken from its owner, Asia/Shanghai"),
    WORD("物品种类|种类", "kind", item_kinds, false, event.item.kind, "机动车", "what it is (default vehicle)"),
    VEHICLE_IDENTIFIERS,
    OTHER_IDENTIFIERS,
    WORD("报废类型|报废原因", "scrap_reason", scrap_reasons, false, event.pickup.reason, "自愿报废",
         "compulsory or voluntary"),
    WORD("车辆类型", "vehicle_class", vehicle_classes, false, event.pickup.vehicle_class, "小型客车",
         "decides whether dismantling is supervised 监销"),
    VALUE("新能源|是否新能源", "new_energy", COLUMN_FLAG, false, event.pickup.new_energy, "否",
          "its traction battery belongs to it"),
    VALUE("换电车型", "battery_swap_model", COLUMN_FLAG, false, event.pickup.battery_swap_model, "",
          "the battery is swapped and not the owner's"),
    VALUE("整备质量(kg)|整备质量", "curb_mass_kg", COLUMN_GRAMS, false, event.pickup.curb_mass_g, "1250",
          "curb mass by its papers, kg"),
    VALUE("称重质量(kg)|实际质量(kg)", "mass_kg", COLUMN_MASS, false, event.mass, "", "as weighed at pickup, kg"),
    VALUE("质量为估计", "mass_estimated", COLUMN_FLAG, false, event.mass.estimated, "", "somebody estimated it"),
    VALUE("品牌", "make", COLUMN_TEXT, false, event.pickup.make, "大众", "as registered"),
    VALUE("型号|品牌型号|车辆型号", "model", COLUMN_TEXT, false, event.pickup.model, "SVW7166", "as registered"),
    VALUE("颜色|车身颜色", "colour", COLUMN_TEXT, false, event.pickup.colour, "灰", "as registered"),
    VALUE("注册登记日期|初次登记日期", "first_registered_on", COLUMN_DAY, false, event.pickup.first_registered_at_us,
          "2012-06-18", "first registration by its papers"),
    VALUE("抵押", "mortgaged", COLUMN_FLAG, false, event.pickup.mortgaged, "", "mortgaged or pledged"),
    VALUE("含存储数据", "stores_data", COLUMN_FLAG, false, event.pickup.stores_data, "", "the device stores data"),
    VALUE("证件号后四位", "seller_last4", COLUMN_CODE, false, event.pickup.seller_last4, "",
          "last four characters of the owner's ID"),
    VALUE("运输车辆|拖车号牌", "conveyance", COLUMN_CODE, false, event.conveyance, "", "plate of the truck"),
    PLACE,
    DROPPED("车主名称|车主|车主姓名", "owner_name"),
    DROPPED("身份证号/代码|身份证号|证件号码", "owner_id"),
    DROPPED("电话|联系电话|手机号码", "owner_phone"),
    DROPPED("地址|车主地址", "owner_address"),
};

static const struct import_column weighing_columns[] = {
    VALUE("过磅时间|称重时间", "weighed_at", COLUMN_TIME, true, event.at_us, "2026-01-05 10:05", "Asia/Shanghai"),
    WORD("物品种类|种类", "kind", item_kinds, false, event.item.kind, "", "what it is, where it is not known yet"),
    VEHICLE_IDENTIFIERS,
    OTHER_IDENTIFIERS,
    IDENTIFIER("批次号", "lot", IDENTIFIER_SCHEME_LOT, "", "lot of material: credit code/lot"),
    VALUE("毛重(kg)|毛重", "gross_kg", COLUMN_GRAMS, false, reading.gross_g, "9650", "truck with its load, kg"),
    VALUE("皮重(kg)|皮重", "tare_kg", COLUMN_GRAMS, false, reading.tare_g, "8420", "truck alone, kg"),
    VALUE("净重(kg)|净重", "net_kg", COLUMN_MASS, false, event.mass, "1230", "the item, kg (default gross less tare)"),
    VALUE("质量为估计", "mass_estimated", COLUMN_FLAG, false, event.mass.estimated, "", "somebody estimated it"),
    VALUE("准确度等级", "scale_class", COLUMN_CODE, false, event.mass.scale_class, "III", "of the scale, I to IIII"),
    VALUE("过磅单号|磅单号", "ticket", COLUMN_CODE, false, reading.label, "GB20260105001", "number of the ticket"),
    VALUE("运输车辆|拖车号牌", "conveyance", COLUMN_CODE, false, event.conveyance, "", "plate of the truck"),
    PLACE,
};

static const struct import_column certificate_columns[] = {
    VALUE("开具日期|开具时间|发证日期", "issued_at", COLUMN_TIME, true, event.at_us, "2026-01-08 14:00",
          "when it was issued, Asia/Shanghai"),
    VALUE("回收证明编号|证明编号", "certificate_number", COLUMN_CODE, true, event.certificate.number,
          "350504202600000123", "报废机动车回收证明"),
    VEHICLE_IDENTIFIERS,
    OTHER_IDENTIFIERS,
    PLACE,
    DROPPED("车主名称|车主|车主姓名", "owner_name"),
    DROPPED("身份证号/代码|身份证号|证件号码", "owner_id"),
    DROPPED("电话|联系电话|手机号码", "owner_phone"),
    DROPPED("地址|车主地址", "owner_address"),
};

#define DESCRIPTION                                                                                                    \
    VALUE("品牌", "make", COLUMN_TEXT, false, sighting.make, "", "as stated"),                                         \
        VALUE("型号|品牌型号|车辆型号", "model", COLUMN_TEXT, false, sighting.model, "", "as stated"),                 \
        VALUE("年份|出厂年份", "year", COLUMN_YEAR, false, sighting.year, "", "of manufacture, as stated"),            \
        VALUE("颜色|车身颜色", "colour", COLUMN_TEXT, false, sighting.colour, "", "as stated"),                        \
        VALUE("注册登记日期|初次登记日期", "first_registered_on", COLUMN_DAY, false, sighting.first_registered_at_us,  \
              "", "as stated"),                                                                                        \
        VALUE("里程(km)|里程", "odometer_km", COLUMN_METRES, false, sighting.odometer_m, "", "as stated, km"),         \
        VALUE("地点|所在地", "place", COLUMN_TEXT, false, sighting.place, "", "as stated")

static const struct import_column listing_columns[] = {
    VALUE("发现时间|发布时间", "seen_at", COLUMN_TIME, true, sighting.at_us, "2026-02-01 09:00",
          "when it was seen, Asia/Shanghai"),
    VALUE("平台", "platform", COLUMN_TEXT, true, sighting.listing.platform, "某二手平台", "name or code"),
    VALUE("商品编号|链接编号", "listing_id", COLUMN_CODE, true, sighting.listing.listing_id, "10086", "there"),
    WORD("物品种类|种类", "kind", item_kinds, false, sighting.item_kind, "机动车", "what it is"),
    VALUE("标题", "title", COLUMN_TEXT, false, sighting.listing.title, "大众 2012款 手动", "as the seller wrote it"),
    VALUE("描述|正文", "text", COLUMN_TEXT, false, sighting.listing.text, "车架号LSVAM4187C2184847",
          "as the seller wrote it; identifiers are looked for in it"),
    VALUE("价格(元)|价格", "price_yuan", COLUMN_FEN, false, sighting.listing.price_fen, "12800", "yuan"),
    VEHICLE_IDENTIFIERS,
    OTHER_IDENTIFIERS,
    DESCRIPTION,
};

static const struct import_column registration_columns[] = {
    VALUE("登记日期|业务日期", "registered_at", COLUMN_TIME, true, sighting.at_us, "2026-02-01", "of this business"),
    WORD("业务类型", "business", registrations, true, sighting.kind, "转移登记",
         "registration, transfer (rule E04: too old to be sold) or inspection"),
    VEHICLE_IDENTIFIERS,
    OTHER_IDENTIFIERS,
    DESCRIPTION,
    REFERENCE("使用性质类别", "scrap_category", IMPORT_REFERENCE_SCRAP_LIMIT, sighting.scrap_category, "taxi_small",
              "use and size: a category of the compulsory-scrapping table 强制报废标准 (registry.scrap_limit), or its "
              "Chinese name"),
    REFERENCE("原使用性质类别", "former_category", IMPORT_REFERENCE_SCRAP_LIMIT, sighting.former_category, "",
              "what it was before its use was changed"),
    VALUE("使用性质变更日期", "use_changed_on", COLUMN_DAY, false, sighting.use_changed_at_us, "", "when that was"),
};

/* ---- documents for the registry: their fields are checked by ctl/registration ---- */

#define FIELD(names, en_name, kind, must, sample, text)                                                                \
    {                                                                                                                  \
        .zh = (names), .en = (en_name), .type = (kind), .required = (must), .example = (sample), .help = (text)        \
    }
#define FIELD_WORD(names, en_name, list, sample, text)                                                                 \
    {                                                                                                                  \
        .zh = (names), .en = (en_name), .type = COLUMN_WORD, .words = (list), .required = true, .example = (sample),   \
        .help = (text)                                                                                                 \
    }

static const struct import_column watch_columns[] = {
    FIELD_WORD("名单", "list", watch_lists, "盗抢", "stolen, seized or wanted"),
    FIELD_WORD("标识种类", "scheme", schemes, "车辆识别代号", "what the identifier is"),
    FIELD("标识", "value", COLUMN_CODE, true, "LSVAM4187C2184847", "the identifier"),
    FIELD("案件编号|来源", "source", COLUMN_TEXT, true, "闽公(洛)刑立字[2026]001号", "case or file number"),
    FIELD("解除", "lifted", COLUMN_FLAG, false, "", "it is off the list from now on"),
};
static const struct import_column party_columns[] = {
    FIELD("统一社会信用代码|信用代码", "code", COLUMN_CODE, true, "91350504MA0000T1XH", "GB 32100"),
    FIELD("企业类型|类型", "kind", COLUMN_CODE, true, "recycler", "recycler, carrier, steel_mill, ..."),
    FIELD("非信用代码", "code_unchecked", COLUMN_FLAG, false, "", "the code is a bureau's own, such as police-350504"),
    FIELD("企业名称|名称", "name", COLUMN_TEXT, true, "示例回收有限公司", "for people"),
};
static const struct import_column site_columns[] = {
    FIELD("场地编码", "code", COLUMN_CODE, true, "yard-1", "a-z, 0-9 and -"),
    FIELD("统一社会信用代码|信用代码", "party", COLUMN_CODE, true, "91350504MA0000T1XH", "who runs it"),
    FIELD("场地名称|名称", "name", COLUMN_TEXT, true, "拆解场", "for people"),
    FIELD("行政区划代码", "area", COLUMN_CODE, true, "350504", "6 digits"),
    FIELD("经度", "lon", COLUMN_DEGREES, true, "118.66", "degrees, WGS-84"),
    FIELD("纬度", "lat", COLUMN_DEGREES, true, "24.94", "degrees, WGS-84"),
};
static const struct import_column vehicle_columns[] = {
    FIELD("号牌号码|车牌号", "plate", COLUMN_CODE, true, "闽C12345", "of the collection truck"),
    FIELD("统一社会信用代码|信用代码", "party", COLUMN_CODE, true, "91350504MA0000T1XH", "who owns it"),
    {.zh = "核定载质量(kg)|核定载质量",
     .en = "max_load_kg",
     .field = "max_load_g",
     .type = COLUMN_GRAMS,
     .example = "12000",
     .help = "greatest load, kg"},
    FIELD("车型|货车类型", "class", COLUMN_CODE, false, "light_truck", "mini_truck, light_truck, ..."),
};
static const struct import_column permit_columns[] = {
    FIELD("许可证编号|编号", "number", COLUMN_CODE, true, "3505040001", "of the licence or qualification"),
    FIELD("统一社会信用代码|信用代码", "party", COLUMN_CODE, true, "91350504MA0000T1XH", "who holds it"),
    FIELD("场地编码", "site", COLUMN_CODE, false, "", "site it is for (default all of the party's)"),
    FIELD("许可类型|类型", "kind", COLUMN_CODE, true, "vehicle_dismantling", "hazardous_waste, weee_treatment, ..."),
    FIELD("有效期起", "valid_from", COLUMN_DAY, true, "2026-01-01", "first day"),
    FIELD("有效期至", "valid_until", COLUMN_DAY, true, "2030-12-31", "last day"),
};

/* ---- kinds ---- */

static void begin_pickup(struct import_row *row)
{
    row->event.type = EVENT_TYPE_PICKED_UP;
    row->event.item.kind = ITEM_KIND_VEHICLE;
    row->event.detail = EVENT_DETAIL_PICKUP;
}

static void begin_weighing(struct import_row *row)
{
    row->event.type = EVENT_TYPE_WEIGHED;
}

static void begin_certificate(struct import_row *row)
{
    row->event.type = EVENT_TYPE_CERT_ISSUED;
    row->event.item.kind = ITEM_KIND_VEHICLE;
    row->event.detail = EVENT_DETAIL_CERTIFICATE;
}

static void begin_listing(struct import_row *row)
{
    row->sighting.kind = SIGHTING_KIND_LISTING;
    row->sighting.listing.present = true;
}

static void begin_registration(struct import_row *row)
{
    row->sighting.item_kind = ITEM_KIND_VEHICLE;
}

static const char *finish_event(struct import_row *row)
{
    row->event.item.identifiers = row->identifiers;
    row->event.item.identifier_count = row->identifier_count;
    return row->identifier_count > 0 ? NULL
                                     : "no identifier; hint: at least one of 车辆识别代号, 动力电池编码, 标签号, ...";
}

/* With gross or tare the ticket is told, too, as the weighbridge would. */
static const char *finish_weighing(struct import_row *row)
{
    struct reading *reading = &row->reading;
    struct mass *mass = &row->event.mass;
    if (!mass->present && reading->gross_g > 0 && reading->tare_g > 0 && reading->gross_g >= reading->tare_g) {
        mass->present = true;
        mass->mass_g = reading->gross_g - reading->tare_g;
    }
    if (!mass->present)
        return "no mass; hint: 净重(kg), or 毛重(kg) and 皮重(kg)";
    if (mass->mass_g == 0)
        return "a net mass of 0; hint: leave the row out until it is weighed";
    if (reading->gross_g > 0 || reading->tare_g > 0 || reading->label.len > 0) {
        reading->kind = READING_WEIGHBRIDGE;
        reading->at_us = row->event.at_us;
        reading->mass_g = mass->mass_g;
        reading->estimated = mass->estimated;
        reading->scale_class = mass->scale_class;
        reading->plate = row->event.conveyance;
    }
    return finish_event(row);
}

static void finish_sighting_parts(struct import_row *row)
{
    row->sighting.identifiers = row->identifiers;
    row->sighting.identifier_count = row->identifier_count;
    row->sighting.has_first_registered = row->sighting.first_registered_at_us != 0;
}

static const char *finish_listing(struct import_row *row)
{
    finish_sighting_parts(row);
    return row->identifier_count > 0 || row->sighting.listing.title.len > 0 || row->sighting.listing.text.len > 0
               ? NULL
               : "nothing to look for; hint: 标题, 描述 or an identifier";
}

static const char *finish_registration(struct import_row *row)
{
    finish_sighting_parts(row);
    return row->identifier_count > 0 ? NULL : "no identifier; hint: 车辆识别代号 or 号牌号码";
}

#define ENVELOPES(kind_name, zh_name, table, lenient_too, before, after, text)                                         \
    {                                                                                                                  \
        .name = (kind_name), .zh = (zh_name), .columns = (table), .column_count = COUNT(table),                        \
        .lenient = (lenient_too), .begin = (before), .finish = (after), .help = (text)                                 \
    }
#define DOCUMENTS(kind_name, zh_name, table, of, text)                                                                 \
    {                                                                                                                  \
        .name = (kind_name), .zh = (zh_name), .columns = (table), .column_count = COUNT(table), .noun = (of),          \
        .help = (text)                                                                                                 \
    }

const struct import_kind import_kinds[] = {
    ENVELOPES("pickups", "回收", pickup_columns, false, begin_pickup, finish_event, "items taken from their owners"),
    ENVELOPES("weighings", "过磅", weighing_columns, false, begin_weighing, finish_weighing, "items weighed"),
    ENVELOPES("certificates", "回收证明", certificate_columns, false, begin_certificate, finish_event,
              "scrap certificates issued"),
    ENVELOPES("listings", "在售信息", listing_columns, true, begin_listing, finish_listing,
              "what was seen for sale on a marketplace"),
    ENVELOPES("registrations", "机动车登记", registration_columns, false, begin_registration, finish_registration,
              "registrations, transfers and inspections of the vehicle office"),
    DOCUMENTS("watch-lists", "布控名单", watch_columns, "watch", "stolen and seized things; the police's role"),
    DOCUMENTS("parties", "企业", party_columns, "party", "firms and authorities; a registrar's role"),
    DOCUMENTS("sites", "场地", site_columns, "site", "yards and other places; a registrar's role"),
    DOCUMENTS("vehicles", "收运车辆", vehicle_columns, "vehicle", "collection trucks; a registrar's role"),
    DOCUMENTS("permits", "许可", permit_columns, "permit", "licences and qualifications; a registrar's role"),
};
const size_t import_kind_count = COUNT(import_kinds);

const struct import_kind *import_kind_find(struct text name)
{
    for (size_t i = 0; i < import_kind_count; i++)
        if (text_equal(name, text_of(import_kinds[i].name)))
            return &import_kinds[i];
    return NULL;
}

/* ---- lists of names ---- */

struct text import_first_name(const char *names)
{
    return (struct text){names, strcspn(names, "|")};
}

bool import_name_matches(const char *names, struct text word)
{
    for (;;) {
        const struct text name = import_first_name(names);
        if (cell_is(word, name))
            return true;
        if (names[name.len] == '\0')
            return false;
        names += name.len + 1;
    }
}
