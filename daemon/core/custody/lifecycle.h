/* lifecycle.h - the states of an item and the tables of the moves that law and policy allow.
 *
 * Every item runs two machines side by side. The physical one follows the thing (picked up, in the yard, dismantled,
 * destroyed), the legal one its papers (compared, certified, deregistered). Beside them stands the resale ban. Each
 * type of event belongs to exactly one machine. A kind of item is nothing but rows in lifecycle.c: adding a kind is
 * adding rows.
 *
 * A vehicle that goes the straight way:
 *
 *   physical  NONE -> BOOKED -> IN_TRANSIT -> AT_YARD -> DEPOLLUTED -> DISMANTLED -> DESTROYED
 *   legal     NONE ............................ VERIFIED -> CERTIFIED -> DEREG_PENDING -> DEREGISTERED
 *     (under police supervision:               VERIFIED -> SUPERVISED -> [dismantled] -> CERTIFIED -> ...)
 *   ban       none ......... banned .................... banned for good (from the certificate on)
 *
 * When an event comes that the table does not have, or whose guard fails, rule C03 speaks and the state follows the
 * world all the same where the event says what happened to the thing or its papers (struct event_nature): a car that
 * was shredded without a certificate is shredded. It follows forward only (to a higher stage), and never to anything
 * that would read as clearer than it is: no ban is lifted, no quarantine ended, no wipe believed by a move that the
 * table does not have.
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

/* Constant, number in the database (stable: never renumber), stage (an event that the table does not have moves a
 * state only to a higher stage: nobody un-dismantles a car), end, word, Chinese. Numbers below 64: sets of states are
 * 64-bit masks. */
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

/* What an item was in an event. */
enum item_role {
    ITEM_ROLE_SUBJECT = 0, /* event.item */
    ITEM_ROLE_PART = 1,    /* one of event.composition.parts */
};

enum { OPEN_CERTIFICATES_MAX = 2 }; /* more than one is rule C02's business; the newest are remembered */

/* What guards and rules remember of one item beyond struct item_state. Plain data of fixed size; sets of kinds are
 * masks (bit = item kind). All zero: nothing known. Written by facts.c, handover.c and rule_c03.c only. */
struct item_facts {
    /* what it is (PICKED_UP, BOOKED) */
    enum scrap_reason scrap_reason;
    enum vehicle_class vehicle_class;
    bool new_energy, battery_swap_model;
    bool mortgaged;   /* 抵押/质押 (Order 164 art 42) */
    bool stores_data; /* other kinds than DATA_DEVICE may, too */
    int64_t curb_mass_g;
    bool mass_measured; /* item_state.mass_g was measured, not estimated */

    /* custody */
    bool on_the_move; /* left a place, or changed hands, since the last intake */
    uint32_t pickup_count, intake_count;
    int64_t intake_site_id, intake_at_us; /* last intake */
    int64_t offer_giver_party_id;         /* of the open offer; the taker is item_state.offered_party_id */
    int64_t offer_at_us;

    /* comparison with the papers; suspicion (Decree 715 art 10) */
    uint32_t missing_kinds;        /* found missing at the last inspection */
    bool police_notified;          /* since the quarantine began */
    bool disputed;                 /* somebody contests an event that still stands */
    enum legal_state legal_behind; /* while QUARANTINED: where the papers stand apart from that */

    /* supervision and certificate */
    bool supervision_attested; /* by police; farm machine: by the agriculture bureau */
    uint32_t certificates_issued, certificates_voided;
    uint32_t open_certificate_count;                        /* issued and not voided, at most OPEN_CERTIFICATES_MAX */
    struct digest open_certificates[OPEN_CERTIFICATES_MAX]; /* SHA-256 of their numbers, oldest first, the rest zero */

    /* dismantling */
    bool photo_before, photo_after;
    uint32_t child_kinds;            /* kinds of the children that came out of it */
    uint32_t declared_missing_kinds; /* accounted for as missing, with a written statement */
    uint32_t child_count;

    /* stored data (GB 46864-2025) */
    bool wiped, wipe_verified;

    /* hazardous-waste manifest 危险废物转移联单 */
    bool manifest_open;
    struct digest manifest; /* SHA-256 of its number */
};

/* Sets: of item kinds, of physical or legal states, of event types. */
#define KIND_BIT(kind) (UINT32_C(1) << (unsigned)(kind))
#define STATE_BIT(state) (UINT64_C(1) << (unsigned)(state))

/* Large passenger vehicles, trucks, school buses and other operating vehicles are dismantled under police supervision
 * 监销 (Decree 715 art 11; RTSL art 14). */
bool vehicle_class_supervised(enum vehicle_class vehicle_class);

/* Kinds that must come out of a dismantled vehicle or be declared missing: the five assemblies 五大总成 (Decree 715 art
 * 12), axles counted apart, an electric vehicle's own battery, and the catalyst of what burns fuel. Fewer for trailers,
 * motorcycles and electric vehicles (policy). */
uint32_t vehicle_required_kinds(const struct item_facts *facts);

enum machine { MACHINE_PHYSICAL, MACHINE_LEGAL };

/* Does the state follow an event that the table does not have, or whose guard fails? */
enum event_follows {
    FOLLOWS_NEVER,       /* a claim: it counts only when the table and its guards agree */
    FOLLOWS_WHEN_PROVEN, /* only the step before is missing; the guards must hold */
    FOLLOWS_ALWAYS,      /* it says what happened to the thing or its papers */
};

/* What a type of event is, whatever the kind of item. */
struct event_nature {
    enum machine machine;
    bool custody;   /* somebody has the thing in hand: the resale ban begins here at the latest */
    bool again;     /* a released thing that meets this is waste again: a new round of custody */
    bool after_end; /* paperwork that may follow an end state (rule C01) */
    enum event_follows follows;
    int to; /* state to follow to where the kind has no row for the event; MOVE_SAME: stays */
};
const struct event_nature *event_nature(enum event_type type);

/* Pseudo-targets of a move. */
enum {
    MOVE_SAME = -1,   /* allowed, and changes nothing */
    MOVE_BEHIND = -2, /* legal: back to where the papers stood before the quarantine, at least VERIFIED */
};

/* Which of several rows for one event applies. */
enum move_when {
    WHEN_ALWAYS,
    WHEN_SUSPECT,      /* inspection: mismatch, alteration, or a hit on the stolen list */
    WHEN_CLEAN,        /* inspection: none of these */
    WHEN_SUPERVISED,   /* vehicle of a supervised class */
    WHEN_UNSUPERVISED, /* ... of any other class, or of none that we know */
    WHEN_ATTESTED,     /* supervision was attested */
    WHEN_PASSED,       /* wipe: outcome passed */
    WHEN_FAILED,       /* wipe: outcome failed, or none given */
    WHEN_FREE,         /* no resale ban stands: a product that was released */
};

/* What must hold for a move: constant, word (part of finding keys: stable). Predicates and words for people in
 * guard.c. */
#define GUARD_TABLE(X)                                                                                                 \
    X(GUARD_VIN_OR_PLATE, "vin_or_plate")                                                                              \
    X(GUARD_TRUCK, "truck")                                                                                            \
    X(GUARD_SITE, "site")                                                                                              \
    X(GUARD_NEAR_SITE, "near_site")                                                                                    \
    X(GUARD_WEIGHED, "weighed")                                                                                        \
    X(GUARD_HOLDER, "holder")                                                                                          \
    X(GUARD_IN_CUSTODY, "in_custody")                                                                                  \
    X(GUARD_IN_YARD, "in_yard")                                                                                        \
    X(GUARD_IDENTITY, "identity")                                                                                      \
    X(GUARD_WHOLE, "whole")                                                                                            \
    X(GUARD_NOT_QUARANTINED, "not_quarantined")                                                                        \
    X(GUARD_BY_POLICE, "by_police")                                                                                    \
    X(GUARD_BY_AGRICULTURE, "by_agriculture")                                                                          \
    X(GUARD_BY_COMMERCE, "by_commerce")                                                                                \
    X(GUARD_BY_RECYCLER, "by_recycler")                                                                                \
    X(GUARD_CLASS_KNOWN, "class_known")                                                                                \
    X(GUARD_SUPERVISION, "supervision")                                                                                \
    X(GUARD_AGRI_SUPERVISION, "agri_supervision")                                                                      \
    X(GUARD_NOT_MORTGAGED, "not_mortgaged")                                                                            \
    X(GUARD_CERT_NUMBER, "cert_number")                                                                                \
    X(GUARD_CERT_OPEN, "cert_open")                                                                                    \
    X(GUARD_CERTIFIED, "certified")                                                                                    \
    X(GUARD_DISMANTLED_FIRST, "dismantled_first")                                                                      \
    X(GUARD_PHOTOS, "photos")                                                                                          \
    X(GUARD_ASSEMBLIES, "assemblies")                                                                                  \
    X(GUARD_CHILDREN_ENDED, "children_ended")                                                                          \
    X(GUARD_DEREGISTERED, "deregistered")                                                                              \
    X(GUARD_MARKED, "marked")                                                                                          \
    X(GUARD_SAFE, "safe")                                                                                              \
    X(GUARD_WIPED, "wiped")                                                                                            \
    X(GUARD_WIPE_VERIFIED, "wipe_verified")                                                                            \
    X(GUARD_NEW_CODE, "new_code")                                                                                      \
    X(GUARD_MANIFEST_NUMBER, "manifest_number")                                                                        \
    X(GUARD_MANIFEST_OPEN, "manifest_open")

enum guard {
#define X(name, word) name,
    GUARD_TABLE(X)
#undef X
        GUARD_COUNT
};
#define GUARD_BIT(guard) (UINT64_C(1) << (unsigned)(guard))

/* One allowed move. */
struct move {
    uint32_t kinds; /* set of item kinds */
    uint64_t from;  /* set of states */
    enum event_type event;
    enum item_role role;
    enum move_when when;
    int to; /* state, or MOVE_SAME, MOVE_BEHIND */
    uint64_t guards;
    const char *law; /* article that the row rests on; "policy" where none does */
};

extern const struct move physical_moves[];
extern const size_t physical_move_count;
extern const struct move legal_moves[];
extern const size_t legal_move_count;

/* What an event does to the resale ban. Applied in order, the first row that fits. */
enum ban_effect {
    BAN_BEGINS,   /* none -> banned */
    BAN_FOR_GOOD, /* nothing lifts it again */
    BAN_LIFTS,    /* only by a move that the table has and whose guards all hold, and never when it is for good */
};
struct ban_move {
    uint32_t kinds;
    enum event_type event;
    enum item_role role;
    enum ban_effect effect;
    const char *law;
};
extern const struct ban_move ban_moves[];
extern const size_t ban_move_count;

#endif
