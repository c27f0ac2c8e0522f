/* test_vin_index.c - the index finds exactly what comparing with every VIN finds, sorted in or not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "core/reentry/vin_index.h"

enum { ROOM = 30000 };
static const char characters[] = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ";
static vin_code codes[ROOM];
static uint32_t order[ROOM], scratch[ROOM];
static char vins[ROOM][VIN_LEN + 1];
static struct vin_index vin_index;

static int start(void **state)
{
    (void)state;
    vin_index = (struct vin_index){.count = 0};
    vin_index_use(&vin_index, codes, order, ROOM);
    return 0;
}

/* Few models, so that neighbours crowd. */
static void random_vin(char out[VIN_LEN + 1])
{
    static const char *const models[] = {"LSVAM4187", "LSVAM4188", "LFV2A215X", "WVWZZZ1JZ", "LZWACAGA4"};

    (void)snprintf(out, VIN_LEN + 1, "%s%c%c%06d", models[rand() % 5], characters[10 + rand() % 5],
                   characters[10 + rand() % 2], rand() % 3000);
}

static vin_code code_of(const char *vin)
{
    vin_code code = 0;

    assert_int_equal(vin_code_of(text_of(vin), &code), 0);
    return code;
}

static void fill(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        random_vin(vins[i]);
        assert_true(vin_index_add(&vin_index, code_of(vins[i])));
    }
}

static struct written altered(const char *vin)
{
    struct written written = {.len = VIN_LEN};
    char *text = written.text;
    size_t at = (size_t)rand() % VIN_LEN, run = 1 + (size_t)rand() % VIN_MASKED_MAX;

    memcpy(text, vin, VIN_LEN + 1);
    switch (rand() % 5) {
    case 0:
        text[at] = characters[(size_t)rand() % (sizeof characters - 1)];
        break;
    case 1:
        memmove(text + at, text + at + 1, VIN_LEN - at);
        written.len--;
        break;
    case 2:
        memmove(text + at + 1, text + at, VIN_LEN - at + 1);
        text[at] = characters[(size_t)rand() % (sizeof characters - 1)];
        written.len++;
        break;
    case 3:
        for (at = (size_t)rand() % (VIN_LEN - run); run > 0; run--, written.hidden++)
            text[at + run] = WRITTEN_HIDDEN;
        break;
    default:
        for (size_t i = 0; i < run; i++) {
            at = (size_t)rand() % VIN_LEN;
            written.hidden = (uint8_t)(written.hidden + (text[at] != WRITTEN_HIDDEN));
            text[at] = WRITTEN_HIDDEN;
        }
    }
    return written;
}

static bool has(const struct vin_found *found, const char *vin)
{
    for (size_t i = 0; i < found->count; i++)
        if (found->codes[i] == code_of(vin))
            return true;
    return false;
}

/* What is crowded may lack some; what is found is near in any case. */
static bool compare_with_all(size_t count, const struct written *written)
{
    struct vin_found found;

    vin_index_search(&vin_index, written, &found);
    for (size_t i = 0; i < found.count; i++) {
        char vin[VIN_LEN + 1];

        vin_code_text(found.codes[i], vin);
        assert_int_not_equal(vin_compare(vin, written).kind, NEAR_NOT);
    }
    for (size_t i = 0; i < count && !found.crowded; i++)
        if (vin_compare(vins[i], written).kind != NEAR_NOT && !has(&found, vins[i]))
            fail_msg("%s is near %s, and not found", written->text, vins[i]);
    return !found.crowded;
}

static void search_like_a_scan(size_t count, int rounds)
{
    unsigned seed = (unsigned)time(NULL);
    int whole = 0;

    print_message("seed %u\n", seed);
    srand(seed);
    for (int i = 0; i < rounds; i++) {
        struct written written = altered(vins[(size_t)rand() % count]);

        whole += compare_with_all(count, &written);
    }
    assert_true(whole > rounds / 2);
}

static void it_finds_what_a_scan_finds(void **state)
{
    (void)state;
    fill(20000);
    vin_index_settle(&vin_index, scratch);
    assert_int_equal(vin_index.settled, vin_index.count);
    search_like_a_scan(20000, 200);
}

static void it_finds_what_is_not_sorted_in_yet(void **state)
{
    (void)state;
    fill(300);
    search_like_a_scan(300, 500);
    vin_index_settle(&vin_index, scratch);
    for (size_t i = 300; i < 500; i++) {
        random_vin(vins[i]);
        assert_true(vin_index_add(&vin_index, code_of(vins[i])));
    }
    assert_true(vin_index.settled < vin_index.count);
    search_like_a_scan(500, 500);
}

static void an_empty_one_finds_nothing(void **state)
{
    struct written written = {.text = "LSVAM4187C2184847", .len = VIN_LEN};
    struct vin_found found;

    (void)state;
    vin_index_search(&vin_index, &written, &found);
    assert_int_equal(found.count, 0);
    assert_false(found.crowded);
    vin_index_settle(&vin_index, scratch);
    assert_int_equal(vin_index.settled, 0);
}

static void one_vin_is_kept_once(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        assert_true(vin_index_add(&vin_index, code_of("LSVAM4187C2184847")));
    vin_index_settle(&vin_index, scratch);
    assert_int_equal(vin_index.count, 1);
    assert_true(vin_index_add(&vin_index, code_of("LSVAM4187C2184847")));
    assert_int_equal(vin_index.count, 1);
}

static void look_alikes_are_two(void **state)
{
    struct written written = {.text = "LSVAM4187C2184B47", .len = VIN_LEN};
    struct vin_found found;

    (void)state;
    assert_true(vin_index_add(&vin_index, code_of("LSVAM4187C2184847")));
    assert_true(vin_index_add(&vin_index, code_of("LSVAM4187C2184B47")));
    vin_index_settle(&vin_index, scratch);
    vin_index_search(&vin_index, &written, &found);
    assert_int_equal(found.count, 2);
}

static void without_room_it_says_so(void **state)
{
    (void)state;
    vin_index_use(&vin_index, codes, order, 1);
    assert_true(vin_index_add(&vin_index, code_of("LSVAM4187C2184847")));
    assert_false(vin_index_add(&vin_index, code_of("LSVAM4187C2184848")));
}

static void what_says_too_little_is_crowded_and_bounded(void **state)
{
    struct written written = {.text = "LSVAM4187A???????", .len = VIN_LEN, .hidden = 7};
    struct vin_found found;

    (void)state;
    fill(20000);
    vin_index_settle(&vin_index, scratch);
    vin_index_search(&vin_index, &written, &found);
    assert_true(found.crowded);
    assert_int_equal(found.count, VIN_FOUND_MAX);
}

static void many_new_ones_ask_to_be_sorted_in(void **state)
{
    (void)state;
    fill(4000);
    assert_false(vin_index_is_unsettled(&vin_index));
    fill(400);
    assert_true(vin_index_is_unsettled(&vin_index));
    vin_index_settle(&vin_index, scratch);
    assert_false(vin_index_is_unsettled(&vin_index));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(it_finds_what_a_scan_finds, start),
        cmocka_unit_test_setup(it_finds_what_is_not_sorted_in_yet, start),
        cmocka_unit_test_setup(an_empty_one_finds_nothing, start),
        cmocka_unit_test_setup(one_vin_is_kept_once, start),
        cmocka_unit_test_setup(look_alikes_are_two, start),
        cmocka_unit_test_setup(without_room_it_says_so, start),
        cmocka_unit_test_setup(what_says_too_little_is_crowded_and_bounded, start),
        cmocka_unit_test_setup(many_new_ones_ask_to_be_sorted_in, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
