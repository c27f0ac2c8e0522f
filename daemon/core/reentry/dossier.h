/* dossier.h - everything known of one item beside everything sighted of it, and the rules that need both: E02, E03, E06, E07, E08.
 *
 * E01 and E05 judge one sighting by one identifier, inside the ingest transaction (match.h). These rules weigh a listing as a whole,
 * or several of them; the same dossier gives the same findings, in whatever order its parts arrived. A sighting can raise a flag,
 * never clear one. */
#ifndef CUSTODY_CORE_REENTRY_DOSSIER_H
#define CUSTODY_CORE_REENTRY_DOSSIER_H

#include "core/finding.h"
#include "core/reentry/clues.h"
#include "core/reentry/match.h"
#include "core/reentry/vin_code.h"

/* One sighting as it concerns the item: by an identifier that is the item's, or by a writing that is near to its VIN. */
struct dossier_sighting {
    uint64_t log_index;
    uint16_t ordinal;
    const struct sighting *sighting; /* borrowed */
    enum identifier_scheme scheme;   /* by an identifier: its scheme, value, and whether it proves which item it is */
    struct text value;
    bool proof;
    struct written written; /* by a writing: len > 0 */
    struct clues clues;     /* of the sighting; needed for writings and for listings */
};

struct dossier {
    enum item_kind kind;
    struct item_ban ban;
    char vin[VIN_LEN + 1]; /* proof-grade; "" where there is none */
    bool wiped;            /* a verified wipe was reported, */
    int64_t wiped_at_us;   /* first at this time */
    struct clues clues;
    struct dossier_sighting *sightings; /* borrowed */
    size_t sighting_count;
};

/* Which sighting supports which finding; both are places in their arrays. */
struct dossier_evidence {
    uint32_t finding, sighting;
};

struct judgement {
    struct findings *findings;
    struct dossier_evidence *evidence; /* borrowed room */
    size_t evidence_room, evidence_count, dropped;
};

/* Sorts the sightings by log index and ordinal, and judges. A finding's event is its first sighting; its key names the rule's
 * identifier, so that repeated evidence joins. */
void dossier_judge(struct dossier *dossier, struct judgement *judgement);

/* Rules that dossier_judge evaluates, for whoever has to know which flags are its own. */
bool rule_needs_dossier(enum rule rule);

/* ---- for the rules ---- */

void rule_e02(const struct dossier *dossier, struct judgement *judgement);
void rule_e03(const struct dossier *dossier, struct judgement *judgement);
void rule_e06(const struct dossier *dossier, struct judgement *judgement);
void rule_e07(const struct dossier *dossier, struct judgement *judgement);
void rule_e08(const struct dossier *dossier, struct judgement *judgement);

/* Sighting `at` supports the finding of this rule and key; the words count when it is the first. The finding gets the higher of the
 * severities. */
void judgement_add(struct judgement *judgement, const struct dossier *dossier, enum rule rule, int severity, size_t at,
                   const char *key, const char *format, ...) PRINTF_LIKE(7, 8);

/* How much a near match says, in tenths of bits: from NEAR_ENOUGH on, chance makes fewer than one in 290 of such listings look
 * like one of 10,000,000 banned VINs. `weight` is of the rest of the listing. */
enum { NEAR_ENOUGH = 82 };
int near_score(const char *vin, const struct written *written, const struct nearness *nearness,
               const struct clue_weight *weight);

#endif
