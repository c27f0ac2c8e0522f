/* test_truck_bytes.c - a truck's state as bytes, there and back, and bytes that are none. */
#include "route_world.h"

#include "base/buffer.h"

static struct truck_state some_state(void)
{
    struct truck_state state = {.settled_us = MONDAY, .fix_lon_e7 = -1, .fix_lat_e7 = 249000000, .silence_said = true};
    state.fix_index = UINT64_MAX;
    state.trip_cm = 123456789;
    state.trip_most_load_g = 9;
    state.cargo_count = 3;
    state.cargo[0] = 5;
    state.cargo[2] = INT64_MAX;
    return state;
}

static void states_and_what_waits_come_back(void **unused)
{
    (void)unused;
    const struct truck_state state = some_state();
    const struct observation waiting[] = {{.at_us = 1, .kind = OBSERVED_FIX, .lon_e7 = -7, .lat_e7 = 8, .log_index = 3},
                                          {.at_us = 2, .kind = OBSERVED_UNLOADED, .value = -5}};
    struct truck_state back;
    struct observation waiting_back[2];
    struct buffer bytes;
    size_t count;
    buffer_init(&bytes, 4096);
    truck_encode(&state, waiting, 2, &bytes);
    assert_int_equal(truck_waiting_count(buffer_text(&bytes), &count), 0);
    assert_int_equal(count, 2);
    assert_int_equal(truck_decode(buffer_text(&bytes), &back, waiting_back), 0);
#define X(type, name) assert_true(state.name == back.name);
    TRUCK_STATE_TABLE(X)
#undef X
    assert_memory_equal(state.cargo, back.cargo, sizeof state.cargo);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(waiting[i].at_us, waiting_back[i].at_us);
        assert_int_equal(waiting[i].kind, waiting_back[i].kind);
        assert_int_equal(waiting[i].value, waiting_back[i].value);
        assert_int_equal(waiting[i].lon_e7, waiting_back[i].lon_e7);
        assert_int_equal(waiting[i].lat_e7, waiting_back[i].lat_e7);
        assert_int_equal(waiting[i].log_index, waiting_back[i].log_index);
    }
    buffer_fini(&bytes);
}

static void bytes_that_are_none_are_refused(void **unused)
{
    (void)unused;
    const struct truck_state state = some_state();
    const struct observation waiting = {.at_us = 1, .kind = OBSERVED_TILT};
    struct truck_state back;
    struct observation room[1];
    struct buffer bytes;
    size_t count;
    buffer_init(&bytes, 4096);
    truck_encode(&state, &waiting, 1, &bytes);
    for (size_t len = 0; len < bytes.len; len++)
        assert_int_equal(truck_decode((struct text){(const char *)bytes.data, len}, &back, room), ERR_INVALID);
    bytes.data[bytes.len - 1] = OBSERVED_UNLOADED + 1;
    assert_int_equal(truck_decode(buffer_text(&bytes), &back, room), ERR_INVALID);
    bytes.data[bytes.len - 1] = 0;
    assert_int_equal(truck_decode(buffer_text(&bytes), &back, room), ERR_INVALID);
    bytes.data[bytes.len - 1] = OBSERVED_TILT;
    bytes.data[0]++;
    assert_int_equal(truck_waiting_count(buffer_text(&bytes), &count), ERR_INVALID);
    bytes.data[0]--;
    buffer_put_u8(&bytes, 0);
    assert_int_equal(truck_decode(buffer_text(&bytes), &back, room), ERR_INVALID);
    buffer_fini(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_and_what_waits_come_back),
        cmocka_unit_test(bytes_that_are_none_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
