/* lifecycle.h - the states of an item and the tables of the moves that law and policy allow: physical, legal, resale ban.
 *
 * Every item runs two machines side by side. The physical one follows the thing (picked up, in the yard, dismantled, destroyed),
 * the legal one its papers (compared, certified, deregistered). Beside them stands the resale ban. Each event type belongs to
 * exactly one machine. A kind of item is nothing but rows in lifecycle.c: adding a kind is adding rows.
 *
 * A vehicle that goes the straight way:
 *
 *   physical  NONE -> BOOKED -> IN_TRANSIT -> AT_YARD -> DEPOLLUTED -> DISMANTLED -> DESTROYED
 *   legal     NONE ............................ VERIFIED -> CERTIFIED -> DEREG_PENDING -> DEREGISTERED
 *     (under police supervision 监销:           VERIFIED -> SUPERVISED -> [dismantled] -> CERTIFIED -> ...)
 *   ban       none ......... banned .................... banned for good (from the certificate on)
 */
#ifndef CUSTODY_CORE_CUSTODY_LIFECYCLE_H
#define CUSTODY_CORE_CUSTODY_LIFECYCLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "core/report.h"

/* How far a state is from the end of custody. */
enum state_end {
    STATE_GOES_ON,
    STATE_RELEASED, /* left custody by an allowed way out; the thing may live on and come back as waste one day */
    STATE_TERMINAL, /* the thing is no more: its identifier should never be seen again (CBV 2.0 "destroying") */
};

/* Constant, number in the database (stable: never renumber), stage (an event that the table does not have moves a state only to a
 * higher stage: nobody un-dismantles a car), end, word, Chinese. Numbers below 64: sets of states are 64-bit masks. */
#define PHYSICAL_STATE_TABLE(X)                                                                                        \
    X(PHYSICAL_NONE, 0, 0, STATE_GOES_ON, "none", "无实物记录")                                                        \
    X(PHYSICAL_BOOKED, 1, 1, STATE_GOES_ON, "booked", "已预约")                                                        \
    X(PHYSICAL_IN_TRANSIT, 2, 2, STATE_GOES_ON, "in_transit", "收运途中")                                              \
    X(PHYSICAL_AT_YARD, 3, 3, STATE_GOES_ON, "at_yard", "已入场")                                                      \
    X(PHYSICAL_DEPOLLUTED, 4, 4, STATE_GOES_ON, "depolluted", "已预处理")                                              \
    X(PHYSICAL_DISMANTLED, 5, 6, STATE_GOES_ON, "dismantled", "已拆解")                                                \
    X(PHYSICAL_REMOVED, 6, 4, STATE_GOES_ON, "removed", "已拆下")                                                      \
    X(PHYSICAL_GRADED, 7, 5, STATE_GOES_ON, "graded", "已检测分级")                                                    \
    X(PHYSICAL_WIPED, 8, 4, STATE_GOES_ON, "wiped", "已清除信息")                                                      \
    X(PHYSICAL_WIPE_VERIFIED, 9, 5, STATE_GOES_ON, "wipe_verified", "信息清除已验证")                                  \
    X(PHYSICAL_MANIFESTED, 10, 7, STATE_GOES_ON, "manifested", "危废转移中")                                           \
    X(PHYSICAL_OPEN, 11, 3, STATE_GOES_ON, "open", "批次在库")                                                         \
    X(PHYSICAL_IN_LOT, 12, 8, STATE_RELEASED, "in_lot", "已并入批次")                                                  \
    X(PHYSICAL_DESTROYED, 20, 9, STATE_TERMINAL, "destroyed", "已破碎销毁")                                            \
    X(PHYSICAL_SMELTED, 21, 9, STATE_TERMINAL, "smelted", "已回炉")                                                    \
    X(PHYSICAL_MATERIAL_RECOVERED, 22, 9, STATE_TERMINAL, "material_recovered", "已再生利用")                          \
    X(PHYSICAL_TREATED, 23, 9, STATE_TERMINAL, "treated", "已拆解处理")                                                \
    X(PHYSICAL_SHREDDED, 24, 9, STATE_TERMINAL, "shredded", "已物理粉碎")                                              \
    X(PHYSICAL_HAZ_OUT, 25, 9, STATE_TERMINAL, "haz_out", "危废已交接")                                                \
    X(PHYSICAL_REMAN_RELEASED, 30, 8, STATE_RELEASED, "reman_released", "已交再制造")                                  \
    X(PHYSICAL_REPROCESS_RELEASED, 31, 8, STATE_RELEASED, "reprocess_released", "已综合利用")                          \
    X(PHYSICAL_REUSE_MARKED, 32, 8, STATE_RELEASED, "reuse_marked", "回用件已放行")                                    \
    X(PHYSICAL_USED_GOODS, 33, 8, STATE_RELEASED, "used_goods", "旧货已放行")                                          \
    X(PHYSICAL_WIPED_RESOLD, 34, 8, STATE_RELEASED, "wiped_resold", "清除后再售")                                      \
    X(PHYSICAL_RETREADED, 35, 8, STATE_RELEASED, "retreaded", "已交翻新")                                              \
    X(PHYSICAL_SOLD_MATERIAL, 36, 8, STATE_RELEASED, "sold_material", "已作为材料出售")

/* Constant, number in the database (stable), stage, word, Chinese. */
#define LEGAL_STATE_TABLE(X)                                                                                           \
    X(LEGAL_NONE, 0, 0, "none", "未核验")                                                                              \
    X(LEGAL_VERIFIED, 1, 1, "verified", "已核验")                                                                      \
    X(LEGAL_QUARANTINED, 2, 9, "quarantined", "暂扣待查")                                                              \
    X(LEGAL_SUPERVISED, 3, 2, "supervised", "已监销")                                                                  \
    X(LEGAL_CERTIFIED, 4, 3, "certified", "已开具回收证明")                                                            \
    X(LEGAL_DEREG_PENDING, 5, 4, "dereg_pending", "注销申请中")                                                        \
    X(LEGAL_DEREGISTERED, 6, 5, "deregistered", "已注销登记")

/* Constant, number in the database (stable), word, Chinese. */
#define RESALE_BAN_TABLE(X)                                                                                            \
    X(RESALE_BAN_NONE, 0, "none", "无禁售")                                                                            \
    X(RESALE_BANNED, 1, "banned", "禁售")                                                                              \
    X(RESALE_BANNED_FOR_GOOD, 2, "banned_for_good", "永久禁售")

enum physical_state {
#define X(name, number, stage, end, word, zh) name = (number),
    PHYSICAL_STATE_TABLE(X)
#undef X
};

enum legal_state {
#define X(name, number, stage, word, zh) name = (number),
    LEGAL_STATE_TABLE(X)
#undef X
};

enum resale_ban {
#define X(name, number, word, zh) name = (number),
    RESALE_BAN_TABLE(X)
#undef X
};

/* Words of the tables; "invalid" for a number outside. Never NULL. */
const char *physical_state_word(enum physical_state state);
const char *physical_state_zh(enum physical_state state);
const char *legal_state_word(enum legal_state state);
const char *legal_state_zh(enum legal_state state);
const char *resale_ban_word(enum resale_ban ban);
const char *resale_ban_zh(enum resale_ban ban);

enum state_end physical_state_end(enum physical_state state);
int physical_state_stage(enum physical_state state);
int legal_state_stage(enum legal_state state);

/* What guards and rules remember of one item beyond struct item_state. Plain data of fixed size; sets of kinds are masks
 * (bit = item kind). All zero: nothing known. Written by fold.c and handover.c only. */
struct item_facts {
    /* what it is (PICKED_UP, BOOKED) */
    enum scrap_reason scrap_reason;
    enum vehicle_class vehicle_class;
    bool new_energy, battery_swap_model;
    bool mortgaged;   /* 抵押/质押 (Order 164 art 42) */
    bool stores_data; /* other kinds than DATA_DEVICE may, too */
    int64_t curb_mass_g;

    /* custody */
    bool on_the_move; /* left a place, or changed hands, since the last intake */
    uint32_t pickup_count, intake_count;
    int64_t intake_site_id, intake_at_us; /* last intake */
    int64_t offer_giver_party_id;         /* of the open offer; the taker is item_state.offered_party_id */
    int64_t offer_at_us;

    /* comparison with the papers; suspicion (Decree 715 art 10) */
    uint32_t missing_kinds;        /* found missing at the last inspection */
    bool inspected_clean;          /* last inspection: VIN, engine number and plate agree with the papers */
    bool police_notified;          /* since the quarantine began */
    bool disputed;                 /* somebody contests an event that still stands */
    enum legal_state legal_behind; /* while QUARANTINED: where the papers stand apart from that */

    /* supervision and certificate */
    bool supervision_attested; /* by police; farm machine: by the agriculture bureau */
    bool certificate_open;     /* issued and not voided */
    uint32_t certificates_issued, certificates_voided;
    struct digest certificate; /* SHA-256 of the number of the open certificate */

    /* dismantling */
    bool photo_before, photo_after;
    bool dismantled;
    uint32_t child_kinds;            /* kinds of the children that came out of it */
    uint32_t declared_missing_kinds; /* accounted for as missing, with a written statement */
    uint32_t child_count;

    /* stored data (GB 46864-2025) */
    bool wiped, wipe_verified;

    /* hazardous-waste manifest 危险废物转移联单 */
    bool manifest_open;
    struct digest manifest; /* SHA-256 of its number */
};

/* Set of item kinds, bit = item kind. */
#define KIND_BIT(kind) (UINT32_C(1) << (unsigned)(kind))
/* Set of physical or legal states, bit = state. */
#define STATE_BIT(state) (UINT64_C(1) << (unsigned)(state))

#endif
