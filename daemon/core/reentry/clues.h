/* clues.h - the rest of a listing: make, model, year, colour, place, plates, telephone; and how well it fits what is known of an item.
 *
 * A clue can only carry a near match or speak against it: it never raises a flag alone, and never clears one. */
#ifndef CUSTODY_CORE_REENTRY_CLUES_H
#define CUSTODY_CORE_REENTRY_CLUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "core/report.h"

enum { CLUE_PLATES_MAX = 4, CLUE_PHONES_MAX = 4, CLUE_PLATE_BYTES = 16, PHONE_KEY_BYTES = 32 };

struct place {
    uint32_t province; /* the character that begins its plates; 0: not known */
    char city;         /* the letter that follows; 0: not known */
};

/* A plate as somebody wrote it, perhaps with hidden characters. */
struct plate_clue {
    struct place place;
    char rest[8]; /* after the letter, WRITTEN_HIDDEN for a hidden one */
};

/* What is said of a thing: by whoever took it in, or by a listing. */
struct clues {
    size_t make;                    /* number in the table of makes; 0: not known, or several */
    size_t colour;                  /* number in the table of colours; 0: not known, or several */
    struct text model, title, text; /* borrowed; model as stated, title and text of a listing */
    int year_from, year_to;         /* of manufacture; 0: not known */
    int registered_month;           /* first registration: 12 * year + month, Asia/Shanghai; 0: not known */
    struct place place;
    size_t plate_count, phone_count;
    struct plate_clue plates[CLUE_PLATES_MAX];
    struct digest phones[CLUE_PHONES_MAX]; /* keyed hashes: the numbers do not leave clues_of_sighting */
};

/* What a sighting says. Telephone numbers in the text are hashed with the key (HMAC-SHA-256 of the 11 digits); without a key (NULL) only the
 * hash that the source made counts. Borrows the sighting's texts. */
void clues_of_sighting(const struct sighting *sighting, const uint8_t phone_key[PHONE_KEY_BYTES], struct clues *clues);

/* What is known of an item: a pickup and its identifiers, one call each. `clues` begins as zero. */
void clues_add_pickup(struct clues *clues, const struct pickup *pickup);
void clues_add_plate(struct clues *clues, struct text plate);
/* Years that the tenth character may stand for (GB 16735: a cycle of 30 years), as one range from the later cycle. */
void clues_add_vin(struct clues *clues, struct text vin);

enum { CLUE_WORDS_BYTES = 80 };
struct clue_weight {
    int tenths;                   /* tenths of a bit: how much less likely it is that this is said of another thing */
    bool contradicts;             /* another make, or a year that cannot be */
    char words[CLUE_WORDS_BYTES]; /* what agrees, "plate, colour"; empty when nothing does */
};
struct clue_weight clues_weigh(const struct clues *item, const struct clues *listing);

#endif
