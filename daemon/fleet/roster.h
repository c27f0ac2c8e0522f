/* roster.h - who takes part in the simulation: parties, sites, trucks, the sources that speak for them and their keys.
 *
 * Everything follows from (seed, vehicles, area), so that what is registered and what speaks later agree without a
 * file. */
#ifndef CUSTODY_FLEET_ROSTER_H
#define CUSTODY_FLEET_ROSTER_H

#include <stdio.h>

#include "base/error.h"
#include "core/directory.h"
#include "fleet/invent.h"
#include "fleet/world.h"
#include "io/keyfile.h"

/* Who a step of an item's story is done by. One source speaks for each; a truck's driver has a handheld of his own.
 * constant, source name, kind of source, kind of party, name of the party, town it lies in (longitude, latitude),
 * signed */
#define ROLE_TABLE(X)                                                                                                  \
    X(ROLE_DRIVER, "", "handheld", PARTY_KIND_CARRIER, "泉州洛江双阳运输有限公司", 118.6430, 24.9720, true)            \
    X(ROLE_YARD, "yard-1", "handheld", PARTY_KIND_RECYCLER, "洛江河市报废机动车回收有限公司", 118.6220, 24.9950, true) \
    X(ROLE_YARD_2, "yard-2", "handheld", PARTY_KIND_RECYCLER, "洛江马甲报废汽车拆解有限公司", 118.6120, 25.0720, true) \
    X(ROLE_BRIDGE, "bridge-1", "weighbridge", PARTY_KIND_RECYCLER, "", 0, 0, true)                                     \
    X(ROLE_BRIDGE_2, "bridge-2", "weighbridge", PARTY_KIND_RECYCLER, "", 0, 0, false)                                  \
    X(ROLE_SORTING, "sorting-1", "sorting", PARTY_KIND_SORTING_CENTRE, "洛江双阳再生资源分拣中心", 118.6400, 24.9700,  \
      true)                                                                                                            \
    X(ROLE_REMAN, "reman-1", "handheld", PARTY_KIND_REMANUFACTURER, "泉州汽车零部件再制造有限公司", 118.6500, 24.9500, \
      true)                                                                                                            \
    X(ROLE_MILL, "mill-1", "handheld", PARTY_KIND_STEEL_MILL, "洛江罗溪钢铁有限公司", 118.6320, 25.1750, true)         \
    X(ROLE_BATTERY, "battery-1", "handheld", PARTY_KIND_BATTERY_PROCESSOR, "福建动力电池综合利用有限公司", 118.6400,   \
      25.2000, true)                                                                                                   \
    X(ROLE_HAZARD, "hazard-1", "handheld", PARTY_KIND_HAZARDOUS_WASTE_OPERATOR, "泉州危险废物处置有限公司", 118.6200,  \
      25.1200, true)                                                                                                   \
    X(ROLE_WEEE, "weee-1", "handheld", PARTY_KIND_WEEE_TREATMENT, "洛江废弃电器电子产品处理有限公司", 118.6300,        \
      25.0400, true)                                                                                                   \
    X(ROLE_MARKET, "market-1", "marketplace", PARTY_KIND_MARKETPLACE, "洛江二手交易平台", 118.6640, 24.9430, true)     \
    X(ROLE_POLICE, "police-1", "handheld", PARTY_KIND_POLICE, "洛江交警大队", 118.6600, 24.9450, true)                 \
    X(ROLE_OFFICE, "office-1", "account", PARTY_KIND_VEHICLE_OFFICE, "泉州车辆管理所洛江分所", 118.6620, 24.9440,      \
      true)                                                                                                            \
    X(ROLE_CAMERA, "camera-1", "camera", PARTY_KIND_POLICE, "", 0, 0, false)                                           \
    X(ROLE_EBIKE, "ebike-1", "handheld", PARTY_KIND_EBIKE, "洛江电动自行车商行", 118.6500, 24.9600, true)              \
    X(ROLE_TRADER, "trader-1", "handheld", PARTY_KIND_TRADER, "洛江旧货商行", 118.6450, 24.9750, true)

enum role {
#define X(role, ...) role,
    ROLE_TABLE(X)
#undef X
        ROLE_COUNT,
    ROLE_NONE = ROLE_COUNT
};

enum { ROSTER_VEHICLES_MAX = 500, ROSTER_PARTIES_MAX = ROLE_COUNT, SOURCE_NAME_BYTES = 65 };

/* A party, with its site (every party of the simulation has one). */
struct roster_party {
    char code[INVENTED_BYTES]; /* credit code */
    enum party_kind kind;
    const char *name;
    char site_code[SOURCE_NAME_BYTES];
    struct place site;
};

enum { ROSTER_NO_VEHICLE = UINT32_MAX };

struct roster_source {
    char name[SOURCE_NAME_BYTES];
    const char *kind; /* as registry.source.kind */
    size_t party;     /* index into parties */
    uint32_t vehicle; /* index into plates, or ROSTER_NO_VEHICLE */
    bool signs;
};

struct roster {
    uint64_t seed;
    char area[7];
    size_t party_count;
    struct roster_party parties[ROSTER_PARTIES_MAX];
    size_t party_of_role[ROLE_COUNT];
    size_t source_of_role[ROLE_COUNT]; /* ROLE_DRIVER: the first driver's */
    size_t vehicle_count;
    char (*plates)[INVENTED_BYTES]; /* owned; of the trucks */
    size_t truck_source;            /* the first truck's source; the others follow */
    size_t driver_source;           /* the first driver's; the others follow */
    size_t source_count;
    struct roster_source *sources; /* owned */
};

/* `load_sources` more sources, "load-000000" and on, of the first recycler, for load runs; they sign when
 * load_signs. */
struct roster_options {
    uint64_t seed;
    const char *area;
    size_t vehicles;
    size_t load_sources;
    bool load_signs;
};

/* 0, ERR_NO_MEMORY, or ERR_INVALID with words. roster_fini after any outcome. */
int roster_init(struct roster *roster, const struct roster_options *options, struct error *error) MUST_USE;
void roster_fini(struct roster *roster);

/* Index of the source of that name; source_count when there is none. */
size_t roster_find_source(const struct roster *roster, struct text name);
const struct roster_party *roster_party_of(const struct roster *roster, enum role role);
/* The key follows from the seed and the name: good for a simulation, useless for anything that matters. */
void source_key(uint64_t seed, const char *name, struct key_pair *pair);

/* The registration as JSON lines, {"party": {...}} and so on, as `custodyctl register --file` reads them. */
void roster_print(const struct roster *roster, FILE *out);

#endif
