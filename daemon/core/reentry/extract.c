/* extract.c - takes identifiers out of free text in one pass, whatever separators stand between their characters.
 *
 * Letters and digits (folded, upper-case) form chunks; chunks with only joiners between them (spaces, dashes, dots, ...) form a run.
 * An identifier is one chunk or several neighbouring ones, never a part of one: so "LSVA M418 7C21 84847" is read, and a piece of
 * an order number is not. When a chunk ends, the at most 24 characters before it are looked at from each beginning of a chunk; hence
 * the work for each byte of text is bounded, and the whole is linear.
 *
 * What has no check digit, or a weak one, needs a hint word (车架号, IMEI, ...) shortly before it. */
#include "core/reentry/extract.h"

#include <stdio.h>
#include <string.h>

#include "core/identity/battery_code.h"
#include "core/identity/glyph.h"
#include "core/identity/imei.h"
#include "core/identity/plate.h"
#include "core/identity/vin.h"
#include "core/reentry/letter.h"

enum {
    RECENT_MAX = 32,    /* letters remembered of a run; above CANDIDATE_MAX */
    CANDIDATE_MAX = 24, /* the longest identifier: a battery code */
    HINT_MAX = 4,       /* the longest hint word */
    HINT_REACH = 8, /* characters of other text between a hint and what it speaks of: "车架号（钢印）为：" */
    ENGINE_MIN = 6, /* a shorter chunk after 发动机号 is a model, the serial follows */
    FIRST_HAN = 0x3400,
    LAST_HAN = 0x9FFF,
};

/* Hint words, folded; a longer word that ends in one of them is covered. UNSPECIFIED: the number is something else. */
static const struct hint {
    size_t len;
    uint32_t word[HINT_MAX];
    enum identifier_scheme scheme;
} hints[] = {
    {2, {u'车', u'架'}, IDENTIFIER_SCHEME_VIN},
    {2, {u'大', u'架'}, IDENTIFIER_SCHEME_VIN},
    {4, {u'识', u'别', u'代', u'号'}, IDENTIFIER_SCHEME_VIN},
    {4, {u'识', u'别', u'代', u'码'}, IDENTIFIER_SCHEME_VIN},
    {3, {u'V', u'I', u'N'}, IDENTIFIER_SCHEME_VIN},
    {4, {u'发', u'动', u'机', u'号'}, IDENTIFIER_SCHEME_ENGINE_NUMBER},
    {4, {u'动', u'机', u'编', u'号'}, IDENTIFIER_SCHEME_ENGINE_NUMBER},
    {4, {u'电', u'池', u'编', u'码'}, IDENTIFIER_SCHEME_BATTERY_CODE},
    {4, {u'电', u'池', u'编', u'号'}, IDENTIFIER_SCHEME_BATTERY_CODE},
    {3, {u'电', u'池', u'码'}, IDENTIFIER_SCHEME_BATTERY_CODE},
    {4, {u'I', u'M', u'E', u'I'}, IDENTIFIER_SCHEME_IMEI},
    {2, {u'串', u'号'}, IDENTIFIER_SCHEME_IMEI},
    {2, {u'串', u'码'}, IDENTIFIER_SCHEME_IMEI},
    {2, {u'车', u'牌'}, IDENTIFIER_SCHEME_PLATE},
    {2, {u'牌', u'照'}, IDENTIFIER_SCHEME_PLATE},
    {2, {u'号', u'牌'}, IDENTIFIER_SCHEME_PLATE},
    {2, {u'订', u'单'}, IDENTIFIER_SCHEME_UNSPECIFIED},
    {2, {u'单', u'号'}, IDENTIFIER_SCHEME_UNSPECIFIED},
    {2, {u'电', u'话'}, IDENTIFIER_SCHEME_UNSPECIFIED},
    {3, {u'手', u'机', u'号'}, IDENTIFIER_SCHEME_UNSPECIFIED},
    {2, {u'微', u'信'}, IDENTIFIER_SCHEME_UNSPECIFIED},
    {2, {u'Q', u'Q'}, IDENTIFIER_SCHEME_UNSPECIFIED},
};

/* One letter or digit of the run. */
struct letter {
    char code;
    bool begins_chunk;
    const struct hint *hint; /* in reach when it was read; NULL without */
    size_t at, end;          /* bytes in the text */
};

struct scan {
    struct text text;
    struct extraction *extraction;

    struct letter recent[RECENT_MAX]; /* letter i of the text is at i % RECENT_MAX */
    size_t count;                     /* letters read so far */
    size_t run_start;                 /* the first letter of the run */
    bool in_chunk;
    struct text province; /* the province character right before the run; empty without */
    uint32_t before;      /* the character before, invisible ones left out */

    uint32_t window[HINT_MAX]; /* the last characters but joiners, newest last */
    const struct hint *hint;   /* the last hint while in reach */
    size_t hint_count;         /* letters read when it came */
    size_t hint_age;           /* characters but joiners since, a chunk counted once */
    bool engine_open;          /* the hint was for an engine number, which begins with letter hint_count */
};

/* ---- the result */

static bool is_known(const struct extraction *extraction, enum identifier_scheme scheme, const char *value)
{
    for (size_t i = 0; i < extraction->count; i++)
        if (extraction->found[i].scheme == scheme && strcmp(extraction->found[i].value, value) == 0)
            return true;
    return false;
}

/* The weakest found identifier, when it is weaker than `scheme`; else NULL. */
static struct extracted_identifier *weaker_than(struct extraction *extraction, enum identifier_scheme scheme)
{
    struct extracted_identifier *weakest = &extraction->found[0];
    for (size_t i = 1; i < extraction->count; i++)
        if (identifier_scheme_strength(extraction->found[i].scheme) < identifier_scheme_strength(weakest->scheme))
            weakest = &extraction->found[i];
    return identifier_scheme_strength(weakest->scheme) < identifier_scheme_strength(scheme) ? weakest : NULL;
}

static void add_found(struct extraction *extraction, const struct extracted_identifier *found)
{
    if (is_known(extraction, found->scheme, found->value))
        return;
    struct extracted_identifier *place = NULL;
    if (extraction->count < EXTRACTED_MAX) {
        place = &extraction->found[extraction->count++];
    } else {
        extraction->dropped++;
        place = weaker_than(extraction, found->scheme);
    }
    if (place)
        *place = *found;
}

/* ---- candidates: neighbouring chunks of the run */

struct candidate {
    char value[CANDIDATE_MAX + 1];
    size_t len, chunks, digits;
    size_t at, end;          /* bytes in the text */
    const struct hint *hint; /* of its first letter */
};

static bool is_hinted(const struct candidate *candidate, enum identifier_scheme scheme)
{
    return candidate->hint && candidate->hint->scheme == scheme;
}

static const struct letter *letter_at(const struct scan *scan, size_t i)
{
    return &scan->recent[i % RECENT_MAX];
}

/* The letters from `first` to the last one read; at most CANDIDATE_MAX. */
static struct candidate candidate_from(const struct scan *scan, size_t first)
{
    struct candidate candidate = {.len = scan->count - first,
                                  .at = letter_at(scan, first)->at,
                                  .end = letter_at(scan, scan->count - 1)->end,
                                  .hint = letter_at(scan, first)->hint};
    for (size_t i = 0; i < candidate.len; i++) {
        const struct letter *letter = letter_at(scan, first + i);
        candidate.value[i] = letter->code;
        candidate.chunks += letter->begins_chunk;
        candidate.digits += glyph_is_digit((unsigned char)letter->code);
    }
    return candidate;
}

/* Adds `value` when it is at least of that grade. */
static bool accept(struct scan *scan, enum identifier_scheme scheme, struct text value, size_t at, size_t end,
                   enum identifier_grade at_least)
{
    struct extracted_identifier found = {.scheme = scheme, .at = at, .len = end - at};
    if (identifier_normalise(scheme, value, found.value, NULL) < at_least)
        return false;
    add_found(scan->extraction, &found);
    return true;
}

static bool accept_candidate(struct scan *scan, enum identifier_scheme scheme, const struct candidate *candidate,
                             enum identifier_grade at_least)
{
    struct text value = {candidate->value, candidate->len};
    return accept(scan, scheme, value, candidate->at, candidate->end, at_least);
}

static bool ends_in_digits(const struct candidate *candidate, size_t count)
{
    for (size_t i = candidate->len - count; i < candidate->len; i++)
        if (!glyph_is_digit((unsigned char)candidate->value[i]))
            return false;
    return true;
}

/* Without a hint the check digit alone lets one number in eleven pass: order numbers have no letters, and words that happen to be
 * 17 characters long do not end in four digits, which every VIN does (ISO 3779). */
static bool try_vin(struct scan *scan, const struct candidate *candidate)
{
    if (candidate->len != VIN_LEN || candidate->digits == candidate->len)
        return false;
    if (is_hinted(candidate, IDENTIFIER_SCHEME_VIN))
        return accept_candidate(scan, IDENTIFIER_SCHEME_VIN, candidate, IDENTIFIER_DOUBTFUL);
    return ends_in_digits(candidate, 4) && accept_candidate(scan, IDENTIFIER_SCHEME_VIN, candidate, IDENTIFIER_GOOD);
}

static bool try_battery_code(struct scan *scan, const struct candidate *candidate)
{
    if (candidate->len != CANDIDATE_MAX && !is_hinted(candidate, IDENTIFIER_SCHEME_BATTERY_CODE))
        return false;
    return accept_candidate(scan, IDENTIFIER_SCHEME_BATTERY_CODE, candidate, IDENTIFIER_GOOD);
}

/* First two digits: the reporting bodies that have allotted IMEIs to devices sold (GSMA TS.06). */
static bool begins_like_imei(const struct candidate *candidate)
{
    static const char bodies[][3] = {"01", "35", "44", "45", "49", "50", "51",
                                     "52", "53", "54", "86", "91", "98", "99"};
    /* +86 and a mobile number, written apart, with something after it */
    if (candidate->chunks > 1 && memcmp(candidate->value, "861", 3) == 0)
        return false;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        if (memcmp(candidate->value, bodies[i], 2) == 0)
            return true;
    return false;
}

static bool try_imei(struct scan *scan, const struct candidate *candidate)
{
    if (candidate->len < IMEI_LEN || candidate->digits != candidate->len)
        return false;
    bool plausible = candidate->len == IMEI_LEN + 1 && begins_like_imei(candidate) &&
                     !is_hinted(candidate, IDENTIFIER_SCHEME_UNSPECIFIED);
    if (!plausible && !is_hinted(candidate, IDENTIFIER_SCHEME_IMEI))
        return false;
    return accept_candidate(scan, IDENTIFIER_SCHEME_IMEI, candidate, IDENTIFIER_GOOD);
}

/* A plate: the province character before the run, the whole run, and perhaps a tail character (else empty). Apart from the dot
 * after the letter it is written in one piece; "全新 X1 2018" is not a plate unless a hint says so. */
static bool try_plate(struct scan *scan, struct text tail)
{
    size_t len = scan->count - scan->run_start, fitting_min = tail.len ? 5 : 6, fitting_max = tail.len ? 5 : 7;
    if (!scan->province.len || len < fitting_min || len > fitting_max)
        return false;
    struct candidate candidate = candidate_from(scan, scan->run_start);
    bool one_piece =
        candidate.chunks == 1 || (candidate.chunks == 2 && letter_at(scan, scan->run_start + 1)->begins_chunk);
    if (!is_hinted(&candidate, IDENTIFIER_SCHEME_PLATE) && (!one_piece || candidate.digits < 3))
        return false;
    char plate[IDENTIFIER_VALUE_BYTES];
    snprintf(plate, sizeof plate, "%.*s%s%.*s", TEXT_ARG(scan->province), candidate.value, TEXT_ARG(tail));
    size_t at = (size_t)(scan->province.data - scan->text.data);
    size_t end = tail.len ? (size_t)(tail.data + tail.len - scan->text.data) : candidate.end;
    return accept(scan, IDENTIFIER_SCHEME_PLATE, text_of(plate), at, end, IDENTIFIER_GOOD);
}

/* What was read belongs to nothing else, and the hint has been used. */
static void consume_run(struct scan *scan)
{
    scan->run_start = scan->count;
    scan->province = (struct text){0};
    scan->hint = NULL;
}

/* After a chunk: what ends with it? The nearest beginning first, so that "IMEI1 4901..." is not read with the 1. */
static void chunk_ended(struct scan *scan)
{
    if (try_plate(scan, (struct text){0})) {
        consume_run(scan);
        return;
    }
    size_t first = scan->count;
    while (first > scan->run_start && scan->count - first < CANDIDATE_MAX) {
        if (!letter_at(scan, --first)->begins_chunk || scan->count - first < IMEI_LEN)
            continue;
        struct candidate candidate = candidate_from(scan, first);
        if (try_vin(scan, &candidate) || try_battery_code(scan, &candidate) || try_imei(scan, &candidate)) {
            consume_run(scan);
            return;
        }
    }
}

/* An engine number goes on over dashes, and over spaces while it is short: "发动机号 EA211 123456". */
static void engine_number_ended(struct scan *scan, bool by_space)
{
    size_t len = scan->count - scan->hint_count;
    if (!scan->engine_open || len == 0 || (by_space && len < ENGINE_MIN))
        return;
    scan->engine_open = false;
    if (len > CANDIDATE_MAX || len < ENGINE_MIN)
        return;
    struct candidate candidate = candidate_from(scan, scan->hint_count);
    accept_candidate(scan, IDENTIFIER_SCHEME_ENGINE_NUMBER, &candidate, IDENTIFIER_GOOD);
}

/* ---- the text, character by character */

/* What may stand between the characters of one identifier: what normalising drops, and what sellers use against searching. */
static bool is_joiner(uint32_t code)
{
    return glyph_is_separator(code) || (code < 0x80 && code != 0 && strchr("~|/\\+,'`", (int)code));
}

static bool hint_ends_here(const struct scan *scan, const struct hint *hint)
{
    const uint32_t *tail = scan->window + HINT_MAX - hint->len;
    if (scan->window[HINT_MAX - 1] != hint->word[hint->len - 1] ||
        memcmp(tail, hint->word, hint->len * sizeof *tail) != 0)
        return false;
    /* "VIN" is no hint in "CALVIN" */
    return !glyph_is_letter(tail[0]) || letter_at(scan, scan->count - hint->len)->begins_chunk;
}

static const struct hint *find_hint(struct scan *scan, uint32_t code)
{
    memmove(scan->window, scan->window + 1, (HINT_MAX - 1) * sizeof *scan->window);
    scan->window[HINT_MAX - 1] = code;
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
        if (hint_ends_here(scan, &hints[i]))
            return &hints[i];
    return NULL;
}

static void end_chunk(struct scan *scan)
{
    if (!scan->in_chunk)
        return;
    scan->in_chunk = false;
    chunk_ended(scan);
}

static void end_run(struct scan *scan)
{
    end_chunk(scan);
    engine_number_ended(scan, false);
    scan->run_start = scan->count;
    scan->province = (struct text){0};
}

static void begin_hint(struct scan *scan, const struct hint *hint)
{
    end_run(scan);
    scan->hint = hint;
    scan->hint_count = scan->count;
    scan->hint_age = 0;
    scan->engine_open = hint->scheme == IDENTIFIER_SCHEME_ENGINE_NUMBER;
}

static void take_letter(struct scan *scan, uint32_t code, size_t at, size_t end)
{
    scan->recent[scan->count % RECENT_MAX] =
        (struct letter){.code = (char)code, .begins_chunk = !scan->in_chunk, .hint = scan->hint, .at = at, .end = end};
    scan->count++;
    scan->in_chunk = true;
}

static void take_joiner(struct scan *scan, uint32_t code)
{
    end_chunk(scan);
    if (code == ' ')
        engine_number_ended(scan, true);
    if (code == '*' && scan->before == '*')
        end_run(scan); /* masked: the characters around do not belong together */
}

/* What may follow a hint word within the same phrase: "发动机号码为". */
static bool continues_hint(uint32_t code)
{
    return code < FIRST_HAN || code > LAST_HAN || code == u'号' || code == u'码' || code == u'为' || code == u'是';
}

/* A hint speaks of the number that follows, not of those after the next words; of an engine number only directly. */
static void age_hint(struct scan *scan, uint32_t code)
{
    if (glyph_is_alnum(code) && scan->in_chunk)
        return;
    bool used = scan->count > scan->hint_count, over = ++scan->hint_age > HINT_REACH, elsewhere = !continues_hint(code);
    if (over || (used && elsewhere))
        scan->hint = NULL;
    if (!used && (over || elsewhere))
        scan->engine_open = false;
}

static void take_other(struct scan *scan, uint32_t code, struct text character)
{
    if (plate_is_tail(code) && try_plate(scan, character))
        consume_run(scan);
    end_run(scan);
    if (plate_is_province(code))
        scan->province = character;
}

static void take_glyph(struct scan *scan, uint32_t code, size_t at, size_t end)
{
    if (is_joiner(code)) {
        take_joiner(scan, code);
        return;
    }
    age_hint(scan, code);
    if (glyph_is_alnum(code))
        take_letter(scan, code, at, end);
    else
        take_other(scan, code, (struct text){scan->text.data + at, end - at});
    const struct hint *hint = find_hint(scan, code);
    if (hint)
        begin_hint(scan, hint);
}

void extract_identifiers(struct text text, struct extraction *extraction)
{
    struct scan scan = {.text = text, .extraction = extraction};
    extraction->count = extraction->dropped = 0;
    struct listing_letter letter;
    for (size_t at = 0; at < text.len; at += letter.len) {
        letter = listing_letter_at(text, at);
        if (letter.code == GLYPH_INVISIBLE)
            continue;
        take_glyph(&scan, letter.code, at, at + letter.len);
        scan.before = letter.code;
    }
    end_run(&scan);
}
