/* fuzz_checkpoint.c - any bytes as a note, a checkpoint and a verifier key: refused with clean words, or the same bytes when
 * written again. */
#include <assert.h>
#include <string.h>

#include "core/ledger/checkpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_checkpoint(struct text text)
{
    struct checkpoint checkpoint;
    struct error error = {0};
    struct buffer again;
    int code = checkpoint_parse(text, &checkpoint, &error);

    assert((code == 0) == (error.text[0] == '\0') && text_is_clean_utf8(text_of(error.text)));
    if (code)
        return;
    buffer_init(&again, 1 << 20);
    checkpoint_put(&checkpoint, &again);
    assert(text_equal(buffer_text(&again), text));
    buffer_fini(&again);
}

/* What a note is taken apart into is the whole of it. */
static void check_note(struct text note)
{
    struct text text, rest;
    struct note_signature signature;
    size_t count = 0;

    if (note_split(note, &text, &rest))
        return;
    assert(text.data == note.data && text.len + 1 + rest.len == note.len);
    assert(text.len && text.data[text.len - 1] == '\n' && note.data[text.len] == '\n');
    while (note_signature_take(&rest, &signature)) {
        assert(note_name_is_valid(signature.name) && signature.base64.len >= 8);
        count++;
    }
    assert(rest.len == 0 && count > 0 && count <= NOTE_SIGNATURES_MAX);
    check_checkpoint(text);
}

static void check_key(struct text text)
{
    struct verifier_key key;
    struct error error = {0};
    struct buffer again;
    int code = verifier_key_parse(text, &key, &error);

    assert((code == 0) == (error.text[0] == '\0') && text_is_clean_utf8(text_of(error.text)));
    if (code)
        return;
    buffer_init(&again, 1 << 20);
    verifier_key_put(&key, &again);
    assert(text_equal(buffer_text(&again), text));
    buffer_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct text input = {(const char *)data, size};

    check_checkpoint(input);
    check_note(input);
    check_key(input);
    return 0;
}
