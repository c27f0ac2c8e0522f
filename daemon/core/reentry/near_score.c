/* near_score.c - what a near match is worth, in tenths of bits; policy, from how VINs are made (ISO 3779, GB 16735).
 *
 * The characters that agree say how rarely another car would have them; ten million banned VINs take 23 bits of that back. An edit takes
 * what its character said, and the choice of its place. The check digit speaks: of two VINs with right check digits one substitution
 * apart only characters of one value differ (A, J, 1), so a writing with a right one is most likely a car of its own, and one with
 * a wrong one was misread. Where the banned VIN itself has none (not every foreign maker uses it), neighbours in a series are one
 * character apart: then the rest of the listing has to carry the match. */
#include "core/reentry/dossier.h"

enum {
    BANNED_TENTHS = 233,    /* log2 of 10,000,000 */
    PLACE_OF_EDIT = 41,     /* log2 of 17 */
    LOOKALIKE = 20,         /* one of some four look-alikes */
    WRONG_CHECK_DIGIT = 50, /* one listing in 30 has one, or a VIN of another length */
    NO_CHECK_DIGIT = -80,   /* of such a maker: series close together, filler characters */
    RIGHT_CHECK_DIGIT = -150,
};

/* Maker 5 bits, model 6, check digit log2 of 11, year 4, plant 1, serial number 18: fewer than 300,000 a year of most. */
static const int position_tenths[VIN_LEN] = {18, 18, 18, 12, 12, 12, 12, 12, 35, 40, 10, 18, 33, 33, 33, 33, 33};

static bool is_checked(const char *vin)
{
    char value[IDENTIFIER_VALUE_BYTES];
    (void)text_copy(value, sizeof value, text_of(vin));
    return vin_check(value, NULL) == IDENTIFIER_GOOD;
}

static int agreeing_tenths(const struct written *written, const struct nearness *nearness, bool checked)
{
    int tenths = 0;
    for (size_t i = 0; i < VIN_LEN; i++) {
        bool lost = (nearness->kind == NEAR_SUBSTITUTED || nearness->kind == NEAR_LOST) && i == nearness->at;
        bool hidden = nearness->kind == NEAR_MASKED && written->text[i] == WRITTEN_HIDDEN;
        if (!lost && !hidden && (i != VIN_CHECK_AT || checked))
            tenths += position_tenths[i];
    }
    return tenths;
}

static int check_digit_tenths(const struct written *written, bool checked)
{
    if (!checked)
        return NO_CHECK_DIGIT;
    if (written->hidden)
        return 0;
    if (written->len != VIN_LEN)
        return WRONG_CHECK_DIGIT;
    return is_checked(written->text) ? RIGHT_CHECK_DIGIT : WRONG_CHECK_DIGIT;
}

int near_score(const char *vin, const struct written *written, const struct nearness *nearness,
               const struct clue_weight *weight)
{
    bool checked = is_checked(vin), edited = nearness->kind != NEAR_MASKED && nearness->kind != NEAR_LOOKALIKE;
    if (nearness->kind == NEAR_NOT || nearness->kind == NEAR_SAME || weight->contradicts)
        return 0;
    return agreeing_tenths(written, nearness, checked) + check_digit_tenths(written, checked) -
           LOOKALIKE * (int)nearness->lookalikes - (edited ? PLACE_OF_EDIT : 0) - BANNED_TENTHS + weight->tenths;
}
