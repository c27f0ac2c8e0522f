/* fuzz_listing.c - any bytes as listing text: what is extracted is normalised, unique, and read from inside the text. */
#include <assert.h>
#include <string.h>

#include "core/identity/glyph.h"
#include "core/reentry/extract.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The next character of a value at or after *at, joiners skipped; 0 at the end. */
static uint32_t next_letter(struct text t, size_t *at)
{
    while (*at < t.len) {
        struct glyph glyph = glyph_at(t, *at);
        *at += glyph.len;
        uint32_t code = glyph_upper(glyph.code);
        if (glyph_is_alnum(code) || code >= 0x3400)
            return code;
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text text = {(const char *)data, size};
    struct extraction extraction;
    extract_identifiers(text, &extraction);
    assert(extraction.count <= EXTRACTED_MAX && (extraction.dropped == 0 || extraction.count == EXTRACTED_MAX));
    for (size_t i = 0; i < extraction.count; i++) {
        check_found(&extraction.found[i], text);
        for (size_t j = 0; j < i; j++)
            assert(extraction.found[i].scheme != extraction.found[j].scheme ||
                   strcmp(extraction.found[i].value, extraction.found[j].value) != 0);
    }
    return 0;
}
