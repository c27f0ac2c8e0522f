/* fuzz_monitor_state.c - the state file of a monitor: what is accepted is written again as it was. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "core/ledger/monitor_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct text input = {(const char *)data, size};
    struct monitor_state state;
    struct error error = {0};
    struct buffer again;
    int code = monitor_state_parse(input, &state, &error);

    assert((code == 0) == (error.text[0] == '\0') && text_is_clean_utf8(text_of(error.text)));
    if (code)
        return 0;
    buffer_init(&again, size);
    monitor_state_put(&state, &again);
    assert(text_equal(buffer_text(&again), input));
    buffer_fini(&again);
    return 0;
}
