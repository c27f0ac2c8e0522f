/* directory.h - who is registered, as values: parties, sites, licences, links between parties, and the figures that the
 * rules need. Filled by ingest/registry or by a test.
 *
 * Borrowed and read-only for core/. Looked up by code; small enough to stay in memory (thousands). */
#ifndef CUSTODY_CORE_DIRECTORY_H
#define CUSTODY_CORE_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "core/report.h"

#define PARTY_KIND_TABLE(X)                                                                                            \
    X(PARTY_KIND_UNSPECIFIED, 0, "unspecified")                                                                        \
    X(PARTY_KIND_RECYCLER, 1, "recycler")                                 /* 报废机动车回收企业 */            \
    X(PARTY_KIND_CARRIER, 2, "carrier")                                   /* 运输企业 */                           \
    X(PARTY_KIND_SORTING_CENTRE, 3, "sorting_centre")                     /* 分拣中心 */                           \
    X(PARTY_KIND_REMANUFACTURER, 4, "remanufacturer")                     /* 再制造企业 */                        \
    X(PARTY_KIND_STEEL_MILL, 5, "steel_mill")                             /* 钢铁企业 */                           \
    X(PARTY_KIND_BATTERY_PROCESSOR, 6, "battery_processor")               /* 动力电池综合利用企业 */         \
    X(PARTY_KIND_HAZARDOUS_WASTE_OPERATOR, 7, "hazardous_waste_operator") /* 危险废物经营单位 */               \
    X(PARTY_KIND_WEEE_TREATMENT, 8, "weee_treatment")                     /* 废弃电器电子产品处理企业 */   \
    X(PARTY_KIND_TRADER, 9, "trader")                                     /* 其他经营者 */                        \
    X(PARTY_KIND_EBIKE, 10, "ebike")                                      /* 电动自行车企业 */                  \
    X(PARTY_KIND_MARKETPLACE, 11, "marketplace")                          /* 二手交易平台 */                     \
    X(PARTY_KIND_POLICE, 12, "police")                                    /* 公安、交警 */                        \
    X(PARTY_KIND_VEHICLE_OFFICE, 13, "vehicle_office")                    /* 车辆管理所 */                        \
    X(PARTY_KIND_ECOLOGY_BUREAU, 14, "ecology_bureau")                    /* 生态环境局 */                        \
    X(PARTY_KIND_COMMERCE_BUREAU, 15, "commerce_bureau")                  /* 商务局 */                              \
    X(PARTY_KIND_AGRICULTURE_BUREAU, 16, "agriculture_bureau")            /* 农业农村局 */

enum party_kind {
#define X(name, number, word) name = (number),
    PARTY_KIND_TABLE(X)
#undef X
};
const char *party_kind_word(enum party_kind kind);
int party_kind_parse(struct text word, enum party_kind *kind) __attribute__((warn_unused_result));

/* What the party is to a seller: BUYER_CLASS_TRADER for kinds that are not processors. */
enum buyer_class party_kind_buyer_class(enum party_kind kind);

struct party {
    int64_t party_id;
    struct text code; /* credit code (GB 32100) */
    enum party_kind kind;
};

struct site {
    int64_t site_id;
    int64_t party_id;
    struct text code;
    int32_t lon_e7, lat_e7; /* WGS-84 */
};

/* Licences and qualifications 许可、资质: constant, number, word in registry.permit, Chinese. */
#define PERMIT_KIND_TABLE(X)                                                                                           \
    X(PERMIT_KIND_NONE, 0, "none", "无")                                                                               \
    X(PERMIT_KIND_VEHICLE_DISMANTLING, 1, "vehicle_dismantling", "报废机动车回收拆解资质")                             \
    X(PERMIT_KIND_HAZARDOUS_WASTE, 2, "hazardous_waste", "危险废物经营许可证")                                         \
    X(PERMIT_KIND_WEEE_TREATMENT, 3, "weee_treatment", "废弃电器电子产品处理资格")                                     \
    X(PERMIT_KIND_BATTERY_PROCESSING, 4, "battery_processing", "动力电池综合利用资质")                                 \
    X(PERMIT_KIND_REMANUFACTURING, 5, "remanufacturing", "再制造能力")                                                 \
    X(PERMIT_KIND_ROAD_ACCESS, 6, "road_access", "通行证")

enum permit_kind {
#define X(name, number, word, zh) name = (number),
    PERMIT_KIND_TABLE(X)
#undef X
};
const char *permit_kind_word(enum permit_kind kind);
const char *permit_kind_zh(enum permit_kind kind);
int permit_kind_parse(struct text word, enum permit_kind *kind) __attribute__((warn_unused_result));

struct permit {
    int64_t party_id;
    int64_t site_id; /* 0: every site of the party */
    enum permit_kind kind;
    int64_t from_us, until_us; /* valid in [from, until) */
};

/* Two parties that are not independent of each other, each pair in both directions. */
struct party_link {
    int64_t party_id, linked_party_id;
    int64_t from_us, until_us; /* in [from, until) */
    struct text kind;          /* "ownership", "person", "address", ... */
};

/* Trucks. */
struct vehicle {
    int64_t vehicle_id;
    struct text plate;       /* normalised */
    struct text truck_class; /* word of registry.vehicle.class; "" where not known */
};

/* Deadlines 期限: constant, number in registry.clock_kind and custody.clock (stable), word there, Chinese. When each runs:
 * core/custody/clock.c. */
#define CLOCK_KIND_TABLE(X)                                                                                            \
    X(CLOCK_KIND_NONE, 0, "none", "无")                                                                                \
    X(CLOCK_KIND_OFFER, 1, "offer", "移交接收")                                                                        \
    X(CLOCK_KIND_INTAKE, 2, "intake", "收取至入场")                                                                    \
    X(CLOCK_KIND_CERTIFICATE, 3, "certificate", "开具回收证明")                                                        \
    X(CLOCK_KIND_DEREGISTRATION, 4, "deregistration", "申请注销登记")                                                  \
    X(CLOCK_KIND_OFFICE_DECISION, 5, "office_decision", "车辆管理所办结")                                              \
    X(CLOCK_KIND_DISMANTLING, 6, "dismantling", "拆解")                                                                \
    X(CLOCK_KIND_ASSEMBLY, 7, "assembly", "五大总成处置")                                                              \
    X(CLOCK_KIND_WIPE, 8, "wipe", "信息清除")                                                                          \
    X(CLOCK_KIND_HAZARDOUS_STORAGE, 9, "hazardous_storage", "危险废物贮存")                                            \
    X(CLOCK_KIND_HAZARDOUS_RECEIPT, 10, "hazardous_receipt", "联单确认")                                               \
    X(CLOCK_KIND_RECEIPT_REPORT, 11, "receipt_report", "入场上报")

enum clock_kind {
#define X(name, number, word, zh) name = (number),
    CLOCK_KIND_TABLE(X)
#undef X
        CLOCK_KIND_COUNT
};
const char *clock_kind_word(enum clock_kind kind);
const char *clock_kind_zh(enum clock_kind kind);

#define LIMIT_UNIT_TABLE(X)                                                                                            \
    X(LIMIT_UNIT_HOUR, 0, "hour")                                                                                      \
    X(LIMIT_UNIT_DAY, 1, "day")                                                                                        \
    X(LIMIT_UNIT_WORKING_DAY, 2, "working_day")                                                                        \
    X(LIMIT_UNIT_MONTH, 3, "month")

enum limit_unit {
#define X(name, number, word) name = (number),
    LIMIT_UNIT_TABLE(X)
#undef X
};
const char *limit_unit_word(enum limit_unit unit);
int limit_unit_parse(struct text word, enum limit_unit *unit) __attribute__((warn_unused_result));

struct clock_limit {
    bool known; /* registered: otherwise the clock does not run */
    bool is_law;
    int severity; /* when it has run out */
    int32_t count;
    enum limit_unit unit;
    int32_t warn_before_h, grace_h;
};

/* What a dismantled vehicle yields of a hazardous part at least. */
struct yield {
    enum vehicle_class vehicle_class;
    enum item_kind kind;
    int64_t least_g;
};

/* A day that is not as its weekday has it. */
struct calendar_day {
    int64_t day; /* since 1970-01-01, Asia/Shanghai */
    bool working;
};

/* Figures that law or policy sets, loaded from registry.figure with their source: constant, name there. */
#define FIGURE_TABLE(X)                                                                                                \
    X(FIGURE_BATTERY_BELONGS_SINCE_S, "battery_belongs_since_s")                                                       \
    X(FIGURE_YARD_RADIUS_M, "yard_radius_m")                                                                           \
    X(FIGURE_TRANSPORT_LOSS_PERMILLE, "transport_loss_permille")                                                       \
    X(FIGURE_BELOW_CURB_PERMILLE, "below_curb_permille")                                                               \
    X(FIGURE_OUTPUT_EXCESS_PERMILLE, "output_excess_permille")                                                         \
    X(FIGURE_YIELD_SHORTFALL_PERMILLE, "yield_shortfall_permille")                                                     \
    X(FIGURE_ESTIMATE_ERROR_PERMILLE, "estimate_error_permille")                                                       \
    X(FIGURE_SCALE_FINE_ERROR_PERMILLE, "scale_fine_error_permille")                                                   \
    X(FIGURE_SCALE_III_ERROR_PERMILLE, "scale_iii_error_permille")                                                     \
    X(FIGURE_SCALE_OTHER_ERROR_PERMILLE, "scale_other_error_permille")                                                 \
    X(FIGURE_REVERSE_INVOICE_LIMIT_FEN, "reverse_invoice_limit_fen")                                                   \
    X(FIGURE_REVERSE_INVOICE_MONTHS, "reverse_invoice_months")                                                         \
    X(FIGURE_REVERSE_INVOICE_NEAR_PERCENT, "reverse_invoice_near_percent")                                             \
    X(FIGURE_REVERSE_INVOICE_CLOSE_PERCENT, "reverse_invoice_close_percent")

enum figure {
#define X(name, word) name,
    FIGURE_TABLE(X)
#undef X
        FIGURE_COUNT
};
const char *figure_word(enum figure figure);
int figure_parse(struct text word, enum figure *figure) __attribute__((warn_unused_result));

struct directory {
    const struct party *parties; /* sorted by code */
    size_t party_count;
    const struct site *sites; /* sorted by code */
    size_t site_count;
    const struct permit *permits; /* sorted by party_id */
    size_t permit_count;
    const struct party_link *links; /* sorted by party_id */
    size_t link_count;
    const struct vehicle *vehicles; /* sorted by plate */
    size_t vehicle_count;
    int64_t figures[FIGURE_COUNT];
    struct clock_limit clocks[CLOCK_KIND_COUNT];
    const struct calendar_day *calendar; /* sorted by day */
    size_t calendar_count;
    const struct yield *yields;
    size_t yield_count;
};

/* NULL when there is none. */
const struct party *directory_party(const struct directory *directory, struct text code);
const struct party *directory_party_by_id(const struct directory *directory, int64_t party_id);
const struct site *directory_site(const struct directory *directory, struct text code);
const struct vehicle *directory_vehicle(const struct directory *directory, struct text plate);
/* Is what an event names as its conveyance a plate? Then *vehicle is its truck, or NULL where it is not registered. False, and
 * NULL, for a container, and for "". */
bool directory_conveyance(const struct directory *directory, struct text conveyance, const struct vehicle **vehicle);

/* Does the party hold such a permit at that moment, for that site (0: for any)? */
bool directory_permitted(const struct directory *directory, int64_t party_id, enum permit_kind kind, int64_t site_id,
                         int64_t at_us);
/* The link between two parties in force at that moment, or NULL. */
const struct party_link *directory_link(const struct directory *directory, int64_t party_id, int64_t other_party_id,
                                        int64_t at_us);

/* Metres between a site and a position, both WGS-84; good to one in a thousand within 50 km. */
double site_distance_m(const struct site *site, const struct position *position);

#endif
