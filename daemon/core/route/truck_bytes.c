/* truck_bytes.c - the state of a truck and what waits as bytes: one version byte, the members in the order of their table, cargo, then
 * what waits; integers big-endian. */
#include "core/route/truck.h"

#include <string.h>

#include "base/encoding.h"

enum { TRUCK_VERSION = 1, OBSERVATION_BYTES = 8 + 8 + 8 + 4 + 4 + 1, I32_BYTES = 4 };

static void put_int64_t(struct buffer *out, int64_t value)
{
    buffer_put_u64_be(out, (uint64_t)value);
}

static void put_uint64_t(struct buffer *out, uint64_t value)
{
    buffer_put_u64_be(out, value);
}

static void put_int32_t(struct buffer *out, int32_t value)
{
    buffer_put_u32_be(out, (uint32_t)value);
}

static void put_uint32_t(struct buffer *out, uint32_t value)
{
    buffer_put_u32_be(out, value);
}

static void put_bool(struct buffer *out, bool value)
{
    buffer_put_u8(out, value ? 1 : 0);
}

static void put_observation(struct buffer *out, const struct observation *seen)
{
    put_int64_t(out, seen->at_us);
    put_uint64_t(out, seen->log_index);
    put_int64_t(out, seen->value);
    put_int32_t(out, seen->lon_e7);
    put_int32_t(out, seen->lat_e7);
    buffer_put_u8(out, (uint8_t)seen->kind);
}

void truck_encode(const struct truck_state *state, const struct observation *waiting, size_t count, struct buffer *out)
{
    buffer_put_u8(out, TRUCK_VERSION);
#define X(type, name) put_##type(out, state->name);
    TRUCK_STATE_TABLE(X)
#undef X
    for (uint32_t i = 0; i < state->cargo_count; i++)
        put_int64_t(out, state->cargo[i]);
    put_uint32_t(out, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        put_observation(out, &waiting[i]);
}

/* Bytes being read; `bad` once they end too early. */
struct reading_bytes {
    struct text rest;
    bool bad;
};

static uint64_t get(struct reading_bytes *in, size_t size)
{
    uint64_t value = 0;
    if (in->rest.len < size) {
        in->bad = true;
        return 0;
    }
    for (size_t i = 0; i < size; i++)
        value = value << 8 | (uint8_t)in->rest.data[i];
    in->rest.data += size;
    in->rest.len -= size;
    return value;
}

#define GET(in, type) ((type)get((in), sizeof(type)))

static void get_state(struct reading_bytes *in, struct truck_state *state)
{
    *state = (struct truck_state){.settled_us = 0};
    in->bad |= get(in, 1) != TRUCK_VERSION;
#define X(type, name) state->name = GET(in, type);
    TRUCK_STATE_TABLE(X)
#undef X
    in->bad |= state->cargo_count > TRUCK_CARGO_MAX;
    for (uint32_t i = 0; !in->bad && i < state->cargo_count; i++)
        state->cargo[i] = GET(in, int64_t);
}

static bool kind_is_known(uint64_t kind)
{
    return kind >= OBSERVED_FIX && kind <= OBSERVED_UNLOADED;
}

int truck_waiting_count(struct text bytes, size_t *count)
{
    struct reading_bytes in = {bytes, false};
    struct truck_state state;
    get_state(&in, &state);
    *count = GET(&in, uint32_t);
    return in.bad || in.rest.len != *count * OBSERVATION_BYTES ? ERR_INVALID : 0;
}

int truck_decode(struct text bytes, struct truck_state *state, struct observation *waiting)
{
    struct reading_bytes in = {bytes, false};
    size_t count;
    if (truck_waiting_count(bytes, &count))
        return ERR_INVALID;
    get_state(&in, state);
    (void)get(&in, I32_BYTES);
    for (size_t i = 0; i < count; i++) {
        waiting[i] = (struct observation){.at_us = GET(&in, int64_t)};
        waiting[i].log_index = GET(&in, uint64_t);
        waiting[i].value = GET(&in, int64_t);
        waiting[i].lon_e7 = GET(&in, int32_t);
        waiting[i].lat_e7 = GET(&in, int32_t);
        const uint64_t kind = get(&in, 1);
        if (!kind_is_known(kind))
            return ERR_INVALID;
        waiting[i].kind = (enum observation_kind)kind;
    }
    return in.bad ? ERR_INVALID : 0;
}
