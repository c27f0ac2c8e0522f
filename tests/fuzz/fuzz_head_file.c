/* fuzz_head_file.c - any bytes as the last signed head and as the announcement of a key: refused with clean words, or the same bytes
 * when written again. */
#include <assert.h>
#include <string.h>

#include "core/ledger/head_file.h"
#include "core/ledger/key_event.h"

#define ORIGIN "test.example/custody"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_head_file(struct text input)
{
    struct checkpoint head;
    struct text note;
    struct error error = {0};
    int code = head_file_parse(input, TEXT(ORIGIN), &head, &note, &error);

    assert((code == 0) == (error.text[0] == '\0') && text_is_clean_utf8(text_of(error.text)));
    if (code == 0)
        assert(text_equal(head.origin, TEXT(ORIGIN)) && note.data + note.len == input.data + input.len);
}

static void check_key_event(struct text input)
{
    struct key_event event;
    struct error error = {0};
    struct buffer again;
    int code = key_event_parse(input, &event, &error);

    assert((code == 0) == (error.text[0] == '\0') && text_is_clean_utf8(text_of(error.text)));
    if (code)
        return;
    buffer_init(&again, 1 << 20);
    buffer_printf(&again, "custody-key/v1\n%.*s\n", TEXT_ARG(event.origin));
    verifier_key_put(&event.key, &again);
    buffer_put_text(&again, TEXT("\n"));
    assert(text_equal(buffer_text(&again), input));
    buffer_fini(&again);
}

static void check_chain(struct text input)
{
    static const uint8_t asked[NOTE_PUBLIC_KEY_BYTES];
    struct key_chain chain;

    key_chain_init(&chain, TEXT(ORIGIN), asked, asked);
    assert(key_chain_add(&chain, input) == (chain.standing != KEY_NONE_YET));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct text input = {(const char *)data, size};

    check_head_file(input);
    check_key_event(input);
    check_chain(input);
    return 0;
}
