/* fuzz_bundle.c - the manifest of a bundle that a stranger sent, and the operators' JSON in it: every listed path is relative and below
 * the bundle, and an accepted manifest has no second form. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buffer.h"
#include "base/encoding.h"
#include "core/ledger/bundle.h"
#include "ctl/operator_leaf.h"

enum { FILES = 512, TEXT_MAX = 1 << 20 };

static void check_path(struct text path)
{
    assert(path.len > 0 && path.len < BUNDLE_PATH_SIZE && path.data[0] != '/' && path.data[0] != '.');
    for (size_t i = 0; i < path.len; i++)
        assert((unsigned char)path.data[i] > ' ' && (unsigned char)path.data[i] < 0x7f &&
               (path.data[i] != '.' || path.data[i - 1] != '/'));
}

static void check_again(const struct bundle_entry *entries, size_t count, struct text input)
{
    struct buffer again;

    buffer_init(&again, TEXT_MAX);
    for (size_t i = 0; i < count; i++) {
        char digits[HEX_SIZE(SHA256_BYTES)];

        check_path(entries[i].path);
        hex_encode(entries[i].sha256.bytes, SHA256_BYTES, digits);
        buffer_printf(&again, "%s  %.*s\n", digits, TEXT_ARG(entries[i].path));
    }
    assert(text_equal(buffer_text(&again), input));
    buffer_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct bundle_entry entries[FILES];
    const struct text input = {(const char *)data, size};
    struct device_key_leaf leaf;
    struct error error = {0};
    size_t count;
    int code = bundle_manifest_parse(input, entries, FILES, &count, &error);

    assert((code == 0) == (error.text[0] == '\0') && text_is_clean_utf8(text_of(error.text)));
    if (code == 0)
        check_again(entries, count, input);
    if (operator_leaf_key(input, &leaf))
        assert(strlen(leaf.source) < sizeof leaf.source && !operator_leaf_erases(input, UINT64_MAX));
    return 0;
}
