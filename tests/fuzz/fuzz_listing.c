/* fuzz_listing.c - any bytes as listing text: what is extracted is normalised, unique, and read from inside the text; what was written
 * as a VIN is 16 to 18 characters, and as many hidden as it says. */
#include <assert.h>
#include <string.h>

#include "core/identity/glyph.h"
#include "core/reentry/clues.h"
#include "core/reentry/extract.h"
#include "core/reentry/letter.h"
#include "core/reentry/written.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The next character of a value at or after *at, joiners skipped; 0 at the end. */
static uint32_t next_letter(struct text t, size_t *at)
{
    while (*at < t.len) {
        struct listing_letter letter = listing_letter_at(t, *at);
        *at += letter.len;
        if (glyph_is_alnum(letter.code) || letter.code >= 0x3400)
            return letter.code;
    }
    return 0;
}

/* The value is what stands in the text, or its beginning: an IMEI is cut. */
static void check_source(struct text source, struct text value)
{
    size_t source_at = 0, value_at = 0;
    uint32_t code;
    while ((code = next_letter(value, &value_at)) != 0)
        assert(next_letter(source, &source_at) == code);
}

static void check_found(const struct extracted_identifier *found, struct text text)
{
    char again[IDENTIFIER_VALUE_BYTES];
    assert(found->at < text.len && found->len > 0 && found->len <= text.len - found->at);
    assert(identifier_normalise(found->scheme, text_of(found->value), again, NULL) >= IDENTIFIER_DOUBTFUL);
    assert(strcmp(again, found->value) == 0);
    check_source((struct text){text.data + found->at, found->len}, text_of(found->value));
}

static void check_writings(struct text text)
{
    struct writings writings = {.count = 0};
    writings_add_text(&writings, text);
    for (size_t i = 0; i < writings.count; i++) {
        const struct written *written = &writings.list[i];
        size_t hidden = 0;
        for (size_t k = 0; k < written->len; k++)
            hidden += written->text[k] == WRITTEN_HIDDEN;
        assert(strlen(written->text) == written->len && hidden == written->hidden && hidden <= VIN_MASKED_MAX);
        assert(written->len == VIN_LEN || (hidden == 0 && written->len >= VIN_LEN - 1 && written->len <= WRITTEN_MAX));
    }
}

static void check_clues(struct text text)
{
    static const uint8_t key[PHONE_KEY_BYTES] = {1};
    const struct sighting sighting = {.listing = {.present = true, .title = text, .text = text}};
    struct clues clues;
    clues_of_sighting(&sighting, key, &clues);
    assert(clues.plate_count <= CLUE_PLATES_MAX && clues.phone_count <= CLUE_PHONES_MAX);
    (void)clues_weigh(&clues, &clues);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text text = {(const char *)data, size};
    struct extraction extraction;
    extract_identifiers(text, &extraction);
    check_writings(text);
    check_clues(text);
    assert(extraction.count <= EXTRACTED_MAX && (extraction.dropped == 0 || extraction.count == EXTRACTED_MAX));
    for (size_t i = 0; i < extraction.count; i++) {
        check_found(&extraction.found[i], text);
        for (size_t j = 0; j < i; j++)
            assert(extraction.found[i].scheme != extraction.found[j].scheme ||
                   strcmp(extraction.found[i].value, extraction.found[j].value) != 0);
    }
    return 0;
}
