/* test_gateway_trackers.c - the table of trackers: who is found in it, and what is no table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "gateway/trackers.h"

static void every_tracker_is_found_by_its_id(void **state)
{
    (void)state;
    struct trackers trackers;
    struct error error;
    assert_int_equal(trackers_parse(&trackers, "f",
                                    TEXT("# all of them\n\n13900000002 truck-2\r\n  13900000001\ttruck-1 # 车载终端\n"
                                         "车-3 truck-3"),
                                    &error),
                     0);
    assert_int_equal(trackers.count, 3);
    assert_string_equal(trackers.list[trackers_find(&trackers, "13900000001")].source, "truck-1");
    assert_string_equal(trackers.list[trackers_find(&trackers, "13900000002")].source, "truck-2");
    assert_string_equal(trackers.list[trackers_find(&trackers, "车-3")].source, "truck-3");
    assert_int_equal(trackers_find(&trackers, "1390000000"), -1);
    assert_int_equal(trackers_find(&trackers, ""), -1);
    trackers_fini(&trackers);
}

static void an_empty_table_is_one(void **state)
{
    (void)state;
    struct trackers trackers;
    struct error error;
    assert_int_equal(trackers_parse(&trackers, "f", TEXT("# nobody yet"), &error), 0);
    assert_int_equal(trackers_find(&trackers, "1"), -1);
    trackers_fini(&trackers);
}

static void a_wrong_line_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *content, *words;
    } bad[] = {
        {"1 truck-1\n2\n", "f:2: "},
        {"1 truck-1 more\n", "f:1: "},
        {"1 Truck-1\n", "f:1: "},
        {"1 truck/1\n", "f:1: "},
        {"1 truck+1\n", "f:1: "},
        {"\xff truck-1\n", "f:1: "},
        {"1 0123456789012345678901234567890123456789012345678901234567890123x\n", "f:1: "},
        {"01234567890123456789012345678901234567890123456789012345678901234 truck-1\n", "f:1: "},
        {"1 truck-1\n2 truck-1\n", "f: source truck-1"},
        {"1 truck-1\n1 truck-2\n", "f: uniqueId 1"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct trackers trackers;
        struct error error = {.code = 0};
        assert_int_equal(trackers_parse(&trackers, "f", text_of(bad[i].content), &error), ERR_CONFIG);
        if (strncmp(error.text, bad[i].words, strlen(bad[i].words)) != 0 || strstr(error.text, "; hint: ") == NULL)
            fail_msg("%s: %s", bad[i].content, error.text);
        trackers_fini(&trackers);
    }
}

static void a_nul_is_part_of_no_name(void **state)
{
    (void)state;
    struct trackers trackers;
    struct error error;
    assert_int_equal(trackers_parse(&trackers, "f", TEXT("1 truck-1\0x\n"), &error), ERR_CONFIG);
    trackers_fini(&trackers);
    assert_int_equal(trackers_parse(&trackers, "f", TEXT("1\0x truck-1\n"), &error), ERR_CONFIG);
    trackers_fini(&trackers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_tracker_is_found_by_its_id),
        cmocka_unit_test(an_empty_table_is_one),
        cmocka_unit_test(a_wrong_line_is_named),
        cmocka_unit_test(a_nul_is_part_of_no_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
