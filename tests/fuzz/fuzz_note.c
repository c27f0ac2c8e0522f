/* fuzz_note.c - any bytes as a signed note and as an acknowledgement's text: refused, or the same bytes when written again. */
#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "core/ledger/ack_note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char name[] = "test.example/custody/ack";

static struct note_signer signer_of(uint8_t public_key[NOTE_PUBLIC_KEY_BYTES])
{
    static uint8_t secret_key[NOTE_SECRET_KEY_BYTES], key[NOTE_PUBLIC_KEY_BYTES];
    struct note_signer signer;
    if (!secret_key[0] && !secret_key[NOTE_SECRET_KEY_BYTES - 1]) {
        static const uint8_t seed[crypto_sign_SEEDBYTES] = {1};
        if (sodium_init() < 0)
            abort();
        crypto_sign_seed_keypair(key, secret_key, seed);
    }
    memcpy(public_key, key, sizeof key);
    note_signer_init(&signer, name, secret_key);
    return signer;
}

static void check_statement(struct text text)
{
    struct ack_statement statement;
    struct buffer again;
    if (ack_statement_parse(text, &statement) || !text_is_clean_utf8(text))
        return;
    buffer_init(&again, 1 << 20);
    ack_statement_put(&statement, &again);
    assert(text_equal(buffer_text(&again), text));
    buffer_fini(&again);
}

/* What is signed verifies and comes back, whatever blank lines it holds. */
static void check_signed(struct text text, const struct note_signer *signer, const uint8_t *public_key)
{
    struct text back;
    struct buffer note;
    if (!note_bytes_are_valid(text) || !text.len || text.data[text.len - 1] != '\n')
        return;
    buffer_init(&note, 1 << 20);
    buffer_put_text(&note, text);
    note_sign(&note, 0, signer);
    int code = note_verify(buffer_text(&note), text_of(name), public_key, &back);
    assert(code == 0 && text_equal(back, text));
    buffer_fini(&note);
}

/* A statement comes back out of a batch as it went in. */
static void check_batch(struct text text, const struct note_signer *signer, const uint8_t *public_key)
{
    struct ack_statement statement;
    const struct ack_statement *const list[] = {&statement, &statement, &statement};
    size_t ends[3];
    struct text back;
    struct buffer notes;
    if (!note_bytes_are_valid(text) || ack_statement_parse(text, &statement))
        return;
    buffer_init(&notes, 1 << 20);
    ack_notes_put(list, 3, signer, &notes, ends);
    const struct text last = {(const char *)notes.data + ends[1], ends[2] - ends[1]};
    int code = ack_note_verify(last, text_of(name), public_key, &back);
    assert(code == 0 && text_equal(back, text));
    buffer_fini(&notes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct text input = {(const char *)data, size};
    uint8_t public_key[NOTE_PUBLIC_KEY_BYTES];
    struct note_signer signer = signer_of(public_key);
    struct text text = {NULL, 0};
    if (ack_note_verify(input, text_of(name), public_key, &text) == 0) {
        assert(text.data == input.data && text.len < input.len && text.data[text.len - 1] == '\n');
        check_statement(text);
    }
    check_statement(input);
    check_signed(input, &signer, public_key);
    check_batch(input, &signer, public_key);
    return 0;
}
