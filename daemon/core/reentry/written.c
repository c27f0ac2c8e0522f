/* written.c - one pass over the text cuts runs of letters, digits and masks; each finished run is looked through for VINs.
 *
 * Cells of a run stand together or apart by joiners; what begins after a joiner begins a chunk, and a VIN is one chunk or several
 * neighbouring ones, as in extract.c. */
#include "core/reentry/written.h"

#include <string.h>

#include "core/identity/glyph.h"
#include "core/reentry/letter.h"

enum {
    RUN_MAX = 96,  /* cells; a longer run is looked through in pieces */
    RUN_KEPT = 24, /* of a piece, so that nothing is cut in two */
    HINT_MAX = 3,
    HINT_REACH = 10, /* characters between a hint and the VIN */
    ELLIPSIS = 0x2026,
    DOTS_MIN = 3,
    KNOWN_MIN = VIN_LEN - VIN_MASKED_MAX,
    SAME_MASKS_MIN = 3, /* so many X in a row hide something */
    SPREAD_MIN = 4,     /* so many single masks between letters are separators */
};

struct cell {
    char c; /* WRITTEN_HIDDEN: a mask */
    bool begins_chunk, hinted, taken;
};

struct run {
    struct writings *writings;
    struct cell cells[RUN_MAX];
    size_t count;
    bool apart;                /* a joiner came */
    uint32_t recent[HINT_MAX]; /* characters but joiners, newest last */
    size_t hint_age;           /* since a hint; HINT_REACH and more: none */
    size_t dots;
};

/* ---- what was found ---- */

static void add(struct writings *writings, const struct written *written)
{
    for (size_t i = 0; i < writings->count; i++)
        if (strcmp(writings->list[i].text, written->text) == 0)
            return;
    if (writings->count == WRITINGS_MAX)
        writings->dropped++;
    else
        writings->list[writings->count++] = *written;
}

static bool is_digit_like(char c)
{
    return vin_symbol(c) >= 1 && vin_symbol(c) <= 10;
}

/* A VIN has letters and digits, and ends in digits (ISO 3779), as far as it can be seen; one of them may be wrong. */
static bool is_plausible(const struct written *written)
{
    size_t digits = 0, letters = 0, wrong = 0;
    for (size_t i = 0; i < written->len; i++) {
        digits += glyph_is_digit((unsigned char)written->text[i]);
        letters += glyph_is_letter((unsigned char)written->text[i]);
    }
    for (size_t i = (size_t)written->len - 4; i < written->len; i++)
        wrong += written->text[i] != WRITTEN_HIDDEN && !is_digit_like(written->text[i]);
    return wrong <= 1 && letters + written->hidden >= 2 && digits >= 3;
}

/* ---- windows of whole chunks ---- */

static bool is_window(const struct run *run, size_t from, size_t to)
{
    if (!run->cells[from].begins_chunk || (to < run->count && !run->cells[to].begins_chunk))
        return false;
    for (size_t i = from; i < to; i++)
        if (run->cells[i].taken)
            return false;
    return true;
}

static void take_window(struct run *run, size_t from, size_t to, const struct written *written)
{
    for (size_t i = from; i < to; i++)
        run->cells[i].taken = true;
    add(run->writings, written);
}

/* False when anything is hidden. */
static bool read_plain(const struct run *run, size_t from, size_t to, struct written *written)
{
    *written = (struct written){.len = (uint8_t)(to - from)};
    for (size_t i = from; i < to; i++) {
        if (run->cells[i].c == WRITTEN_HIDDEN)
            return false;
        written->text[i - from] = run->cells[i].c;
    }
    return true;
}

static bool has_right_check_digit(const struct written *written)
{
    char value[IDENTIFIER_VALUE_BYTES];
    (void)text_copy(value, sizeof value, text_of(written->text));
    return vin_check(value, NULL) == IDENTIFIER_GOOD;
}

static void take_plain(struct run *run, size_t len, bool checked)
{
    for (size_t from = 0; from + len <= run->count; from++) {
        struct written written;
        if (!is_window(run, from, from + len) || !read_plain(run, from, from + len, &written) ||
            !is_plausible(&written) || (checked && !has_right_check_digit(&written)))
            continue;
        if (len == VIN_LEN || run->cells[from].hinted || written.text[0] == 'L')
            take_window(run, from, from + len, &written);
    }
}

/* What is hidden, aligned to 17: as many masks as characters, or one mask for whatever is missing. */
static bool read_masked(const struct run *run, size_t from, size_t to, struct written *written)
{
    size_t known = 0, masks = 0, groups = 0, len = 0;
    for (size_t i = from; i < to; i++) {
        bool hidden = run->cells[i].c == WRITTEN_HIDDEN;
        known += !hidden;
        masks += hidden;
        groups += hidden && (i == from || run->cells[i - 1].c != WRITTEN_HIDDEN);
    }
    if (known < KNOWN_MIN || known >= VIN_LEN || (known + masks != VIN_LEN && groups > 1))
        return false;
    *written = (struct written){.len = VIN_LEN, .hidden = (uint8_t)(VIN_LEN - known)};
    for (size_t i = from; i < to; i++) {
        bool first = i == from || run->cells[i - 1].c != WRITTEN_HIDDEN;
        if (run->cells[i].c != WRITTEN_HIDDEN)
            written->text[len++] = run->cells[i].c;
        else if (known + masks == VIN_LEN)
            written->text[len++] = WRITTEN_HIDDEN;
        else
            for (size_t k = 0; first && k < written->hidden; k++)
                written->text[len++] = WRITTEN_HIDDEN;
    }
    for (; len < VIN_LEN; len++) /* cut: groups is 0 */
        written->text[len] = WRITTEN_HIDDEN;
    return (groups > 0 || run->cells[from].hinted) && is_plausible(written);
}

static void take_masked(struct run *run)
{
    for (size_t from = 0; from + KNOWN_MIN <= run->count; from++)
        for (size_t to = run->count; to >= from + KNOWN_MIN; to--) {
            struct written written;
            if (to - from <= 2 * (size_t)VIN_LEN && is_window(run, from, to) && read_masked(run, from, to, &written)) {
                take_window(run, from, to, &written);
                break;
            }
        }
}

/* XXXX hides something; a single * between letters, again and again, does not. */
static void read_masks(struct run *run)
{
    size_t single = 0, together = 0, kept = 0;
    for (size_t i = 0, end; i < run->count; i = end) {
        for (end = i + 1; end < run->count && run->cells[end].c == run->cells[i].c; end++)
            ;
        if (run->cells[i].c == 'X' && end - i >= SAME_MASKS_MIN)
            for (size_t k = i; k < end; k++)
                run->cells[k].c = WRITTEN_HIDDEN;
        if (run->cells[i].c == WRITTEN_HIDDEN)
            end - i == 1 ? single++ : together++;
    }
    if (together || single < SPREAD_MIN)
        return;
    for (size_t i = 0; i < run->count; i++) {
        if (run->cells[i].c == WRITTEN_HIDDEN && i + 1 < run->count)
            run->cells[i + 1].begins_chunk = true;
        else if (run->cells[i].c != WRITTEN_HIDDEN)
            run->cells[kept++] = run->cells[i];
    }
    run->count = kept;
}

static void end_run(struct run *run)
{
    if (run->count >= KNOWN_MIN) {
        read_masks(run);
        take_plain(run, VIN_LEN, true);
        take_plain(run, VIN_LEN, false);
        take_plain(run, VIN_LEN + 1, false);
        take_plain(run, VIN_LEN - 1, false);
        take_masked(run);
    }
    run->count = 0;
    run->apart = false;
}

/* ---- the text ---- */

static void add_cell(struct run *run, char c)
{
    if (run->count == RUN_MAX) {
        struct cell kept[RUN_KEPT];
        memcpy(kept, run->cells + RUN_MAX - RUN_KEPT, sizeof kept);
        end_run(run);
        memcpy(run->cells, kept, sizeof kept);
        run->count = RUN_KEPT;
        run->apart = false;
    }
    /* "VINLSVAM...": the hint is no part of it. */
    bool after_vin = run->count >= 3 && run->cells[run->count - 3].begins_chunk &&
                     run->cells[run->count - 3].c == 'V' && run->cells[run->count - 2].c == 'I' &&
                     run->cells[run->count - 1].c == 'N';
    run->cells[run->count] = (struct cell){.c = c,
                                           .begins_chunk = run->count == 0 || run->apart || after_vin,
                                           .hinted = run->hint_age < HINT_REACH || after_vin};
    run->count++;
    run->apart = false;
}

static bool is_hint(const struct run *run)
{
    static const uint32_t words[][HINT_MAX] = {
        {u'车', u'架', 0}, {u'大', u'架', 0}, {u'识', u'别', u'代'}, {u'V', u'I', u'N'}, {u'车', u'辆', u'号'}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t len = words[i][2] ? 3 : 2;
        if (memcmp(run->recent + HINT_MAX - len, words[i], len * sizeof(uint32_t)) == 0)
            return true;
    }
    return false;
}

/* A run of letters counts once: "车架号（钢印）: LSVAM..." reaches as far. */
static void age_hint(struct run *run, uint32_t code)
{
    memmove(run->recent, run->recent + 1, sizeof run->recent - sizeof *run->recent);
    run->recent[HINT_MAX - 1] = code;
    if (is_hint(run))
        run->hint_age = 0;
    else if (run->hint_age < HINT_REACH && !(glyph_is_alnum(code) || letter_is_mask(code)))
        run->hint_age++;
}

static void end_dots(struct run *run)
{
    if (run->dots >= DOTS_MIN && run->count)
        for (size_t i = 0; i < 2; i++)
            add_cell(run, WRITTEN_HIDDEN);
    else if (run->dots)
        run->apart = true;
    run->dots = 0;
}

static bool is_joiner(uint32_t code)
{
    return code == ' ' || code == '-' || code == GLYPH_MIDDLE_DOT || code == GLYPH_INVISIBLE ||
           (code < 0x80 && strchr("~|/\\+,'`", (int)code));
}

static void take(struct run *run, uint32_t code)
{
    if (code == '.' || code == ELLIPSIS) {
        run->dots += code == '.' ? 1 : DOTS_MIN;
        return;
    }
    end_dots(run);
    if (is_joiner(code)) {
        run->apart = true;
        return;
    }
    age_hint(run, code);
    if (glyph_is_alnum(code))
        add_cell(run, (char)code);
    else if (letter_is_mask(code))
        add_cell(run, WRITTEN_HIDDEN);
    else
        end_run(run);
}

static void read_text(struct writings *writings, struct text text, size_t hint_age)
{
    struct run run = {.writings = writings, .hint_age = hint_age};
    struct listing_letter letter;
    for (size_t at = 0; at < text.len; at += letter.len) {
        letter = listing_letter_at(text, at);
        take(&run, letter.code);
    }
    end_dots(&run);
    end_run(&run);
}

void writings_add_text(struct writings *writings, struct text text)
{
    read_text(writings, text, HINT_REACH);
}

void writings_add_field(struct writings *writings, struct text value)
{
    read_text(writings, value, 0);
}
