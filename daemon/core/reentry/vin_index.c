/* vin_index.c - two sorted orders, descended as trees. */
#include "core/reentry/vin_index.h"

#include <string.h>

enum {
    TAIL_SYMBOLS = 8, /* by which the second order is sorted */
    HEAD_SYMBOLS = 9, /* an edit in the rest is looked for from the left */
    FEW = 24,         /* so many are compared one by one */
    WORK_MAX = 10000, /* comparisons of one search: bounds what a hostile writing costs */
    UNSETTLED_MIN = 4096,
    UNSETTLED_SHARE = 1024,
    RADIX_BITS = 2 * VIN_SYMBOL_BITS,
    RADIX = 1 << RADIX_BITS,
    SORT_BITS = 8,
    SORT_RADIX = 1 << SORT_BITS,
    SORT_FEW = 32,
};

void vin_index_use(struct vin_index *index, vin_code *codes, uint32_t *order, size_t room)
{
    index->codes = codes;
    index->order = order;
    index->room = room;
}

/* ---- sorting ---- */

static void insertion_sort(vin_code *codes, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        vin_code code = codes[i];
        size_t at = i;
        for (; at > 0 && codes[at - 1] > code; at--)
            codes[at] = codes[at - 1];
        codes[at] = code;
    }
}

/* In place, from the highest byte on (American flag sort): needs no second array. 14 levels deep at most. */
static void sort_codes(vin_code *codes, size_t count, unsigned shift)
{
    size_t ends[SORT_RADIX] = {0}, next[SORT_RADIX], start = 0;
    if (count <= SORT_FEW) {
        insertion_sort(codes, count);
        return;
    }
    for (size_t i = 0; i < count; i++)
        ends[(codes[i] >> shift) & (SORT_RADIX - 1)]++;
    for (size_t digit = 0; digit < SORT_RADIX; digit++) {
        next[digit] = start;
        ends[digit] = start += ends[digit];
    }
    for (size_t digit = 0; digit < SORT_RADIX; digit++) {
        while (next[digit] < ends[digit]) {
            vin_code code = codes[next[digit]];
            size_t to = (code >> shift) & (SORT_RADIX - 1);
            if (to != digit) {
                codes[next[digit]] = codes[next[to]];
                codes[next[to]] = code;
            }
            next[to]++;
        }
    }
    for (size_t digit = 0, from = 0; digit < SORT_RADIX && shift > 24; from = ends[digit++])
        sort_codes(codes + from, ends[digit] - from, shift - SORT_BITS);
}

static size_t drop_doubles(vin_code *codes, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || codes[kept - 1] != codes[i])
            codes[kept++] = codes[i];
    return kept;
}

static unsigned symbol_pair(vin_code code, size_t first)
{
    return vin_code_symbol(code, first + 1) << VIN_SYMBOL_BITS | vin_code_symbol(code, first);
}

/* One stable pass by two neighbouring symbols, the right one weighing more. */
static void pass(const struct vin_index *index, const uint32_t *from, uint32_t *to, size_t first)
{
    uint32_t starts[RADIX] = {0}, start = 0;
    for (size_t i = 0; i < index->count; i++)
        starts[symbol_pair(index->codes[i], first)]++;
    for (size_t digit = 0; digit < RADIX; digit++) {
        uint32_t count = starts[digit];
        starts[digit] = start;
        start += count;
    }
    for (size_t i = 0; i < index->count; i++) {
        if (i + 16 < index->count)
            __builtin_prefetch(&index->codes[from[i + 16]]);
        to[starts[symbol_pair(index->codes[from[i]], first)]++] = from[i];
    }
}

void vin_index_settle(struct vin_index *index, uint32_t *scratch)
{
    if (index->settled == index->count)
        return;
    sort_codes(index->codes, index->count, 120);
    index->count = drop_doubles(index->codes, index->count);
    for (size_t i = 0; i < index->count; i++)
        index->order[i] = (uint32_t)i;
    for (size_t first = VIN_LEN - TAIL_SYMBOLS; first < VIN_LEN; first += 4) {
        pass(index, index->order, scratch, first);
        pass(index, scratch, index->order, first + 2);
    }
    index->settled = index->count;
}

bool vin_index_is_unsettled(const struct vin_index *index)
{
    return index->count - index->settled > UNSETTLED_MIN + index->settled / UNSETTLED_SHARE;
}

/* ---- searching ---- */

struct search {
    const struct vin_index *index;
    vin_code code, mask; /* what is looked for */
    unsigned edits;      /* symbols that may differ */
    bool from_right;
    size_t work;
    struct vin_found *found;
};

static vin_code code_at(const struct search *search, size_t i)
{
    return search->index->codes[search->from_right ? search->index->order[i] : i];
}

static unsigned symbol_at(const struct search *search, size_t i, size_t depth)
{
    return vin_code_symbol(code_at(search, i), search->from_right ? VIN_LEN - 1 - depth : depth);
}

static void take(struct search *search, vin_code code)
{
    struct vin_found *found = search->found;
    if (vin_code_distance(code, search->code, search->mask) > search->edits)
        return;
    for (size_t i = 0; i < found->count; i++)
        if (found->codes[i] == code)
            return;
    if (found->count == VIN_FOUND_MAX)
        found->crowded = true;
    else
        found->codes[found->count++] = code;
}

static bool is_worn_out(struct search *search)
{
    if (search->work < WORK_MAX && !search->found->crowded)
        return false;
    search->found->crowded = true;
    return true;
}

/* The first of lo..hi whose symbol at this depth is above `symbol`. */
static size_t end_of(struct search *search, size_t lo, size_t hi, size_t depth, unsigned symbol)
{
    while (lo < hi) {
        size_t middle = lo + (hi - lo) / 2;
        search->work++;
        if (symbol_at(search, middle, depth) <= symbol)
            lo = middle + 1;
        else
            hi = middle;
    }
    return lo;
}

static void descend(struct search *search, size_t lo, size_t hi, size_t depth, unsigned edits);

/* Every child of lo..hi; those that are not `symbol` cost an edit, unless it is hidden (0). */
static void descend_all(struct search *search, size_t lo, size_t hi, size_t depth, unsigned symbol, unsigned edits)
{
    while (lo < hi && !is_worn_out(search)) {
        unsigned child = symbol_at(search, lo, depth);
        size_t end = end_of(search, lo, hi, depth, child);
        descend(search, lo, end, depth + 1, edits - (symbol && child != symbol));
        lo = end;
    }
}

/* lo..hi agree in the first `depth` symbols with what is looked for, edits apart; `edits` more may come. */
static void descend(struct search *search, size_t lo, size_t hi, size_t depth, unsigned edits)
{
    size_t depth_max = search->from_right ? TAIL_SYMBOLS : VIN_LEN;
    if (hi - lo <= FEW || depth == depth_max) {
        for (; lo < hi && !is_worn_out(search); lo++, search->work++)
            take(search, code_at(search, lo));
        return;
    }
    unsigned symbol = vin_code_symbol(search->code, search->from_right ? VIN_LEN - 1 - depth : depth);
    if (symbol == 0 || (edits && !search->from_right && depth >= HEAD_SYMBOLS)) {
        descend_all(search, lo, hi, depth, symbol, edits);
        return;
    }
    lo = end_of(search, lo, hi, depth, symbol - 1);
    descend(search, lo, end_of(search, lo, hi, depth, symbol), depth + 1, edits);
}

/* ---- what to look for ---- */

static size_t known_run(const uint8_t symbols[VIN_LEN], bool from_right)
{
    size_t run = 0;
    while (run < VIN_LEN && symbols[from_right ? VIN_LEN - 1 - run : run])
        run++;
    return run;
}

static void search_from(const struct vin_index *index, const uint8_t symbols[VIN_LEN], unsigned edits, bool from_right,
                        struct vin_found *found)
{
    struct search search = {.index = index, .edits = edits, .from_right = from_right, .found = found};
    vin_code_of_symbols(symbols, &search.code, &search.mask);
    descend(&search, 0, index->settled, 0, edits);
}

/* Those that nobody has sorted yet. */
static void search_unsettled(const struct vin_index *index, const uint8_t symbols[VIN_LEN], unsigned edits,
                             struct vin_found *found)
{
    struct search search = {.index = index, .edits = edits, .found = found};
    vin_code_of_symbols(symbols, &search.code, &search.mask);
    for (size_t i = index->settled; i < index->count; i++)
        take(&search, index->codes[i]);
}

/* From the end that is known best: the right end tells more, since serial numbers stand there. */
static void search_exactly(const struct vin_index *index, const uint8_t symbols[VIN_LEN], struct vin_found *found)
{
    bool from_right = 2 * known_run(symbols, true) > known_run(symbols, false);
    search_from(index, symbols, 0, from_right, found);
    search_unsettled(index, symbols, 0, found);
}

static void search_edited(const struct vin_index *index, const uint8_t symbols[VIN_LEN], struct vin_found *found)
{
    search_from(index, symbols, 1, false, found);
    search_from(index, symbols, 1, true, found);
    search_unsettled(index, symbols, 1, found);
}

/* Each way to take one character out of 18. */
static void search_inserted(const struct vin_index *index, const uint8_t symbols[WRITTEN_MAX], struct vin_found *found)
{
    uint8_t without[VIN_LEN];
    memcpy(without, symbols + 1, VIN_LEN);
    for (size_t i = 0; i < WRITTEN_MAX; i++) {
        if (i)
            without[i - 1] = symbols[i - 1];
        if (i == 0 || symbols[i] != symbols[i - 1]) /* of two equal ones it does not matter which */
            search_exactly(index, without, found);
    }
}

/* Each place where the 17th may have stood. */
static void search_lost(const struct vin_index *index, const uint8_t symbols[VIN_LEN - 1], struct vin_found *found)
{
    uint8_t with[VIN_LEN] = {0};
    memcpy(with + 1, symbols, VIN_LEN - 1);
    for (size_t i = 0; i < VIN_LEN; i++) {
        with[i] = 0;
        search_exactly(index, with, found);
        if (i + 1 < VIN_LEN)
            with[i] = symbols[i];
    }
}

/* Symbols agree; the look-alikes among the characters are counted. */
static void keep_near(const struct written *written, struct vin_found *found)
{
    size_t kept = 0;
    for (size_t i = 0; i < found->count; i++) {
        char vin[VIN_LEN + 1];
        vin_code_text(found->codes[i], vin);
        if (vin_compare(vin, written).kind != NEAR_NOT)
            found->codes[kept++] = found->codes[i];
    }
    found->count = kept;
}

void vin_index_search(const struct vin_index *index, const struct written *written, struct vin_found *found)
{
    uint8_t symbols[WRITTEN_MAX] = {0};
    found->count = 0;
    found->crowded = false;
    for (size_t i = 0; i < written->len; i++)
        symbols[i] = (uint8_t)vin_symbol(written->text[i]);
    if (written->len == VIN_LEN + 1)
        search_inserted(index, symbols, found);
    else if (written->len == VIN_LEN - 1)
        search_lost(index, symbols, found);
    else if (written->hidden)
        search_exactly(index, symbols, found);
    else
        search_edited(index, symbols, found);
    keep_near(written, found);
}

bool vin_index_add(struct vin_index *index, vin_code code)
{
    size_t lo = 0, hi = index->settled;
    while (lo < hi) {
        size_t middle = lo + (hi - lo) / 2;
        if (index->codes[middle] < code)
            lo = middle + 1;
        else
            hi = middle;
    }
    if (lo < index->settled && index->codes[lo] == code)
        return true;
    if (index->count == index->room)
        return false;
    index->codes[index->count++] = code;
    return true;
}
