/* fuzz_ack.c - any bytes as an acknowledgement: refused with clean words, or the same after encoding it again. */
#include <assert.h>
#include <string.h>

#include "io/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(const struct ack *ack, struct arena *arena)
{
    struct buffer once, twice;
    struct ack again;
    struct error error = {0};
    buffer_init(&once, 1 << 24);
    buffer_init(&twice, 1 << 24);
    assert(wire_ack_encode(ack, &once) == 0);
    assert(wire_ack_decode(buffer_text(&once), arena, &again, &error) == 0);
    assert(again.has_seq == ack->has_seq && again.seq == ack->seq);
    assert(wire_ack_encode(&again, &twice) == 0);
    assert(text_equal(buffer_text(&once), buffer_text(&twice)));
    buffer_fini(&once);
    buffer_fini(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct ack ack;
    struct error error = {0};
    arena_init(&arena, 4 * WIRE_REPORT_MEMORY_MAX);
    int code = wire_ack_decode((struct text){(const char *)data, size}, &arena, &ack, &error);
    assert(arena.used_bytes <= WIRE_REPORT_MEMORY_MAX);
    assert((code == 0) == (error.text[0] == '\0'));
    assert(text_is_clean_utf8(text_of(error.text)));
    if (code == 0)
        check_round_trip(&ack, &arena);
    arena_fini(&arena);
    return 0;
}
