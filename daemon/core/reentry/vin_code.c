/* vin_code.c - packing, comparing, and the keys of the stored writings. */
#include "core/reentry/vin_code.h"

#include <string.h>

/* 26 symbols: the character each stands for, and the letter of VINs that is confused with it. */
static const char symbol_of[] = "0123456789ACEFHJKMNPRTUWXY", variant_of[] = "DLZ34SG7B9ACEFHJKMNPRTVWXY";
static const uint8_t symbols_of[128] = {
    ['0'] = 1,  ['O'] = 1,  ['Q'] = 1,  ['D'] = 1,  ['1'] = 2,  ['I'] = 2,  ['L'] = 2,  ['2'] = 3,  ['Z'] = 3,
    ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['S'] = 6,  ['6'] = 7,  ['G'] = 7,  ['7'] = 8,  ['8'] = 9,  ['B'] = 9,
    ['9'] = 10, ['A'] = 11, ['C'] = 12, ['E'] = 13, ['F'] = 14, ['H'] = 15, ['J'] = 16, ['K'] = 17, ['M'] = 18,
    ['N'] = 19, ['P'] = 20, ['R'] = 21, ['T'] = 22, ['U'] = 23, ['V'] = 23, ['W'] = 24, ['X'] = 25, ['Y'] = 26,
};
#define COUNT(array) (sizeof(array) / sizeof(array)[0])
enum { VARIANT_SHIFT = 42 };

unsigned vin_symbol(char c)
{
    return (unsigned char)c < COUNT(symbols_of) ? symbols_of[(unsigned char)c] : 0;
}

static char plain(char c)
{
    unsigned symbol = vin_symbol(c);
    return symbol ? symbol_of[symbol - 1] : c;
}

void vin_code_of_symbols(const uint8_t symbols[VIN_LEN], vin_code *code, vin_code *mask)
{
    *code = *mask = 0;
    for (size_t i = 0; i < VIN_LEN; i++) {
        size_t shift = 123 - VIN_SYMBOL_BITS * i;
        *code |= (vin_code)symbols[i] << shift;
        *mask |= (vin_code)(symbols[i] ? 31 : 0) << shift;
    }
}

int vin_code_of(struct text vin, vin_code *code)
{
    uint8_t symbols[VIN_LEN];
    vin_code variants = 0, mask;
    if (vin.len != VIN_LEN)
        return ERR_INVALID;
    for (size_t i = 0; i < VIN_LEN; i++) {
        char c = vin.data[i];
        symbols[i] = (uint8_t)vin_symbol(c);
        if (symbols[i] == 0 || c == 'I' || c == 'O' || c == 'Q')
            return ERR_INVALID;
        variants |= (vin_code)(plain(c) != c) << (VARIANT_SHIFT - i);
    }
    vin_code_of_symbols(symbols, code, &mask);
    *code |= variants;
    return 0;
}

void vin_code_text(vin_code code, char vin[VIN_LEN + 1])
{
    for (size_t i = 0; i < VIN_LEN; i++) {
        unsigned symbol = vin_code_symbol(code, i);
        vin[i] = (code >> (VARIANT_SHIFT - i) & 1 ? variant_of : symbol_of)[symbol - 1];
    }
    vin[VIN_LEN] = '\0';
}

unsigned vin_code_distance(vin_code a, vin_code b, vin_code mask)
{
    /* The lowest bit of each symbol: 123 - 5 * position, down to 43. */
    static const uint64_t high = UINT64_C(0x0842108421084210), low = UINT64_C(0x8421080000000000);
    vin_code differs = (a ^ b) & mask;
    differs |= differs >> 1 | differs >> 2 | differs >> 3 | differs >> 4;
    return (unsigned)(__builtin_popcountll((uint64_t)(differs >> 64) & high) +
                      __builtin_popcountll((uint64_t)differs & low));
}

/* ---- comparing ---- */

/* Confusions so far: people and machines that take one character for another do so again. */
struct confusions {
    char pairs[VIN_LEN][2];
    size_t count;
};

static void confuse(struct confusions *confusions, char written, char meant)
{
    for (size_t i = 0; i < confusions->count; i++)
        if (confusions->pairs[i][0] == written && confusions->pairs[i][1] == meant)
            return;
    confusions->pairs[confusions->count][0] = written;
    confusions->pairs[confusions->count++][1] = meant;
}

/* The characters one by one, hidden ones left out. */
static struct nearness compare_aligned(const char *vin, const char *text)
{
    struct nearness nearness = {.kind = NEAR_SAME};
    struct confusions confusions = {.count = 0};
    size_t differ = 0;
    for (size_t i = 0; i < VIN_LEN; i++) {
        if (text[i] == WRITTEN_HIDDEN || text[i] == vin[i])
            continue;
        if (vin_symbol(text[i]) == vin_symbol(vin[i])) {
            confuse(&confusions, text[i], vin[i]);
        } else {
            differ++;
            nearness.at = i;
        }
    }
    nearness.lookalikes = confusions.count;
    if (differ > 1 || nearness.lookalikes > (differ ? 1 : NEAR_LOOKALIKES_MAX))
        nearness.kind = NEAR_NOT;
    else if (differ)
        nearness.kind = NEAR_SUBSTITUTED;
    else if (nearness.lookalikes)
        nearness.kind = NEAR_LOOKALIKE;
    return nearness;
}

/* `longer` has one character more: without it, both look alike. Where it may be one of several, the first. */
static struct nearness compare_shifted(const char *longer, const char *shorter, size_t shorter_len, enum near_kind kind)
{
    struct nearness nearness = {.kind = kind};
    struct confusions confusions = {.count = 0};
    bool skipped = false;
    for (size_t i = 0, k = 0; i < shorter_len; i++, k++) {
        if (vin_symbol(longer[k]) != vin_symbol(shorter[i])) {
            if (skipped)
                return (struct nearness){.kind = NEAR_NOT};
            skipped = true;
            nearness.at = k++;
            if (vin_symbol(longer[k]) != vin_symbol(shorter[i]))
                return (struct nearness){.kind = NEAR_NOT};
        }
        if (longer[k] != shorter[i])
            confuse(&confusions, longer[k], shorter[i]);
    }
    nearness.lookalikes = confusions.count;
    if (!skipped)
        nearness.at = shorter_len;
    if (nearness.lookalikes > 1)
        nearness.kind = NEAR_NOT;
    return nearness;
}

struct nearness vin_compare(const char *vin, const struct written *written)
{
    if (written->len == VIN_LEN + 1)
        return compare_shifted(written->text, vin, VIN_LEN, NEAR_INSERTED);
    if (written->len == VIN_LEN - 1)
        return compare_shifted(vin, written->text, VIN_LEN - 1, NEAR_LOST);
    if (written->len != VIN_LEN)
        return (struct nearness){.kind = NEAR_NOT};
    struct nearness nearness = compare_aligned(vin, written->text);
    if (written->hidden && nearness.kind != NEAR_NOT)
        nearness.kind = nearness.kind == NEAR_SUBSTITUTED || nearness.lookalikes > 1 ? NEAR_NOT : NEAR_MASKED;
    return nearness;
}

/* ---- keys ---- */

/* Parts of a VIN, from..to. What is hidden leaves one of them whole, or the last one has to do. */
static const struct shape {
    char letter;
    uint8_t from, to;
} shapes[VIN_KEYS_MAX] = {
    {'b', 9, 17}, {'d', 0, 11}, {'c', 11, 17}, {'a', 0, 9}, {'f', 0, 8}, {'e', 12, 17}, {'g', 13, 17}, {'z', 0, 0},
};

/* The key of this shape of `text`, which is `shift` characters longer than a VIN; false when part of it is hidden. */
static bool key_of(const struct shape *shape, const char *text, size_t shift, char key[NEAR_KEY_BYTES])
{
    const char *from = text + shape->from + (shape->from >= VIN_CHECK_AT ? shift : 0);
    size_t len = (size_t)(shape->to - shape->from);
    *key++ = shape->letter;
    for (size_t i = 0; i < len; i++) {
        if (from[i] == WRITTEN_HIDDEN)
            return false;
        *key++ = plain(from[i]);
    }
    *key = '\0';
    return true;
}

size_t written_keys(const struct written *written, char keys[WRITTEN_KEYS_MAX][NEAR_KEY_BYTES])
{
    static const struct shape *const tail = &shapes[0], *const head = &shapes[3];
    if (!written->hidden) {
        (void)key_of(head, written->text, 0, keys[0]);
        (void)key_of(tail, written->text, written->len - (size_t)VIN_LEN, keys[1]);
        return 2;
    }
    for (size_t i = 0; i < COUNT(shapes); i++)
        if (key_of(&shapes[i], written->text, 0, keys[0]))
            break;
    return 1;
}

size_t vin_keys(struct text vin, char keys[VIN_KEYS_MAX][NEAR_KEY_BYTES])
{
    vin_code code;
    if (vin_code_of(vin, &code))
        return 0;
    for (size_t i = 0; i < COUNT(shapes); i++)
        (void)key_of(&shapes[i], vin.data, 0, keys[i]);
    return COUNT(shapes);
}
