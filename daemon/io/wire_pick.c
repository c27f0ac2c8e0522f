/* wire_pick.c - a body made shorter before it is decoded: its header and some of its events. */
#include "io/wire_front.h"
#include "io/wire_reader.h"

int wire_report_pick(struct text body, const uint16_t *ordinals, size_t count, struct buffer *out)
{
    struct wire_reader reader = wire_reader_of(body);
    struct wire_field field;
    size_t event = 0, picked = 0;
    while (!wire_reader_done(&reader)) {
        const uint8_t *start = reader.at;
        bool wanted = true;
        if (!wire_read_field(&reader, &field))
            return ERR_INVALID;
        if (field.number == REPORT_EVENTS) {
            wanted = picked < count && ordinals[picked] == event++;
            picked += wanted;
        } else if (field.number >= REPORT_FIXES && field.number <= REPORT_BIRTH) {
            wanted = false;
        }
        if (wanted)
            buffer_put(out, start, (size_t)(reader.at - start));
    }
    if (out->failed)
        return ERR_NO_MEMORY;
    return picked == count ? 0 : ERR_INVALID;
}
