/* directory.h - who is registered, as values: parties, sites and their licences. Filled by ingest/registry or by a test.
 *
 * Borrowed and read-only for core/. Looked up by code; small enough to stay in memory (thousands). */
#ifndef CUSTODY_CORE_DIRECTORY_H
#define CUSTODY_CORE_DIRECTORY_H

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
};

struct directory {
    const struct party *parties; /* sorted by code */
    size_t party_count;
    const struct site *sites; /* sorted by code */
    size_t site_count;
};

/* NULL when there is none. */
const struct party *directory_party(const struct directory *directory, struct text code);
const struct party *directory_party_by_id(const struct directory *directory, int64_t party_id);
const struct site *directory_site(const struct directory *directory, struct text code);

#endif
