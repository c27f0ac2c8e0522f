/* fuzz_truck.c - any bytes as the stored state of a truck: refused, or the same when encoded again; any text as a fence: refused with words, or
 * an area that can be asked. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/route/truck.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_state(struct text bytes)
{
    struct truck_state state;
    struct buffer again;
    size_t count;
    if (truck_waiting_count(bytes, &count))
        return;
    struct observation *waiting = calloc(count ? count : 1, sizeof *waiting);
    assert(waiting);
    if (truck_decode(bytes, &state, waiting) == 0) {
        buffer_init(&again, 1 << 20);
        truck_encode(&state, waiting, count, &again);
        /* A boolean may have been any byte but 0. */
        assert(!again.failed && again.len == bytes.len);
        buffer_fini(&again);
    }
    free(waiting);
}

static void check_fence(struct text geometry)
{
    const struct fence fence = {.fence_id = 1, .kind = FENCE_AREA, .code = "f", .valid_until_us = INT64_MAX};
    struct route_limits limits;
    struct error error = {.code = 0};
    struct route_map *map = route_map_new();
    struct whereabouts place = PLACE_UNKNOWN;
    assert(map);
#define X(name) limits.name = 1;
    ROUTE_LIMIT_TABLE(X)
#undef X
    int code = route_map_add(map, &fence, geometry, &error);
    assert(code == 0 || (error.text[0] != '\0' && route_map_fence_count(map) == 0));
    if (route_map_close(map, &limits, &error))
        abort();
    route_map_look(map, (struct spot){1186340000, 251180000}, 0, &place);
    assert(place.area_count <= 1);
    route_map_free(map);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_state((struct text){(const char *)data, size});
    check_fence((struct text){(const char *)data, size});
    return 0;
}
