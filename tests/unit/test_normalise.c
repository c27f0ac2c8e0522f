/* test_normalise.c - identifiers of a report: events must name their item, sightings say what they can. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/identity/normalise.h"

#define VIN_(words)                                                                                                    \
    {                                                                                                                  \
        IDENTIFIER_SCHEME_VIN,                                                                                         \
        {                                                                                                              \
            words, sizeof(words) - 1                                                                                   \
        }                                                                                                              \
    }
#define PLATE_(words)                                                                                                  \
    {                                                                                                                  \
        IDENTIFIER_SCHEME_PLATE,                                                                                       \
        {                                                                                                              \
            words, sizeof(words) - 1                                                                                   \
        }                                                                                                              \
    }
#define TAG_(words)                                                                                                    \
    {                                                                                                                  \
        IDENTIFIER_SCHEME_TAG,                                                                                         \
        {                                                                                                              \
            words, sizeof(words) - 1                                                                                   \
        }                                                                                                              \
    }
#define NAMED(list)                                                                                                    \
    {                                                                                                                  \
        .identifier_count = sizeof(list) / sizeof *(list), .identifiers = (list)                                       \
    }

static struct arena arena;
static struct error error;
static char doubts[1024];
static size_t doubt_count;

static int start(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 16);
    error = (struct error){.code = 0};
    doubts[0] = '\0';
    doubt_count = 0;
    return 0;
}

static int finish(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

static void on_doubt(void *context, const char *words)
{
    size_t used = strlen(doubts);

    assert_ptr_equal(context, &doubt_count);
    doubt_count++;
    (void)snprintf(doubts + used, sizeof doubts - used, "%s\n", words);
}

static int normalise(struct report *report)
{
    return report_normalise(report, &arena, on_doubt, &doubt_count, &error);
}

static void expect_spelling(const struct identifier *identifier, const char *value)
{
    assert_true(text_equal(identifier->value, text_of(value)));
}

static void each_identifier_of_an_event_gets_its_one_spelling(void **state)
{
    struct identifier identifiers[] = {VIN_("lsvam4187 c218-4847"), PLATE_("闽c·12345"), TAG_("qz-0001")};
    struct event event = {.item = NAMED(identifiers)};
    struct report report = {.event_count = 1, .events = &event};

    (void)state;
    assert_int_equal(normalise(&report), 0);
    expect_spelling(&identifiers[0], "LSVAM4187C2184847");
    expect_spelling(&identifiers[1], "闽C12345");
    expect_spelling(&identifiers[2], "QZ-0001");
    assert_int_equal(doubt_count, 0);
    assert_int_equal(normalise(&report), 0); /* and keeps it */
    expect_spelling(&identifiers[0], "LSVAM4187C2184847");
}

static void what_came_over_the_wire_is_not_written_to(void **state)
{
    static const char sent[] = "lsvam4187c2184847";
    struct identifier identifiers[] = {{IDENTIFIER_SCHEME_VIN, {sent, sizeof sent - 1}}};
    struct event event = {.item = NAMED(identifiers)};
    struct report report = {.event_count = 1, .events = &event};

    (void)state;
    assert_int_equal(normalise(&report), 0);
    assert_string_equal(sent, "lsvam4187c2184847");
    assert_ptr_not_equal(identifiers[0].value.data, sent);
}

static void an_event_that_names_no_item_is_refused_with_its_place_and_a_hint(void **state)
{
    struct identifier identifiers[] = {TAG_("QZ-0001")};
    struct event events[] = {{.item = NAMED(identifiers)}, {.item = {.identifier_count = 0}}};
    struct report report = {.event_count = 2, .events = events};

    (void)state;
    assert_int_equal(normalise(&report), ERR_INVALID);
    assert_int_equal(error.code, ERR_INVALID);
    assert_memory_equal(error.text, "events[1]: item: no identifier", 30);
    assert_non_null(strstr(error.text, "hint:"));
}

static void one_identifier_that_can_name_nothing_refuses_the_event(void **state)
{
    struct identifier wrong[][2] = {
        {TAG_("QZ-0001"), VIN_("")},
        {TAG_("QZ-0001"), VIN_("LSVAM4187C21848")}, /* two short */
        {TAG_("QZ-0001"), {IDENTIFIER_SCHEME_UNSPECIFIED, TEXT("LSVAM4187C2184847")}},
        {TAG_("QZ-0001"), {(enum identifier_scheme)99, TEXT("LSVAM4187C2184847")}},
        {TAG_("QZ-0001"), TAG_("\xff\xfe")},
        {{IDENTIFIER_SCHEME_IMEI, TEXT("12")}, TAG_("QZ-0001")},
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct event event = {.item = NAMED(wrong[i])};
        struct report report = {.event_count = 1, .events = &event};

        if (normalise(&report) != ERR_INVALID)
            fail_msg("accepted: case %zu", i);
        assert_memory_equal(error.text, "events[0]: ", 11);
        assert_non_null(strstr(error.text, "hint:"));
        assert_true(text_is_clean_utf8(text_of(error.text)));
    }
}

static void a_doubtful_identifier_is_kept_and_told(void **state)
{
    struct identifier identifiers[] = {VIN_("LSVHCAMB1CE054249")}; /* its check digit fails */
    struct event event = {.item = NAMED(identifiers)};
    struct report report = {.event_count = 1, .events = &event};

    (void)state;
    assert_int_equal(normalise(&report), 0);
    expect_spelling(&identifiers[0], "LSVHCAMB1CE054249");
    assert_int_equal(doubt_count, 1);
    assert_non_null(strstr(doubts, "check digit"));
    assert_int_equal(report_normalise(&report, &arena, NULL, NULL, &error), 0); /* nobody listens */
}

static void parts_are_normalised_and_may_be_nameless(void **state)
{
    struct identifier vehicle[] = {TAG_("QZ-0001")}, engine[] = {TAG_("qz-0002"), VIN_("lsvam4187c2184847")};
    struct part parts[] = {{.item = {.kind = ITEM_KIND_FRAME}}, {.item = NAMED(engine)}};
    struct event event = {
        .item = NAMED(vehicle), .detail = EVENT_DETAIL_COMPOSITION, .composition = {.part_count = 2, .parts = parts}};
    struct report report = {.event_count = 1, .events = &event};

    (void)state;
    assert_int_equal(normalise(&report), 0);
    expect_spelling(&engine[0], "QZ-0002");
    expect_spelling(&engine[1], "LSVAM4187C2184847");
}

static void a_part_that_cannot_be_named_so_refuses_the_event(void **state)
{
    struct identifier vehicle[] = {TAG_("QZ-0001")}, engine[] = {VIN_("?")};
    struct part parts[] = {{.item = NAMED(engine)}};
    struct event event = {
        .item = NAMED(vehicle), .detail = EVENT_DETAIL_COMPOSITION, .composition = {.part_count = 1, .parts = parts}};
    struct report report = {.event_count = 1, .events = &event};

    (void)state;
    assert_int_equal(normalise(&report), ERR_INVALID);
    assert_memory_equal(error.text, "events[0]: ", 11);
}

static void another_detail_is_not_taken_for_parts(void **state)
{
    struct identifier vehicle[] = {TAG_("QZ-0001")};
    struct event event = {.item = NAMED(vehicle), .detail = EVENT_DETAIL_INVOICE};
    struct report report = {.event_count = 1, .events = &event};

    (void)state;
    event.invoice.number = text_of("would be a count of parts");
    assert_int_equal(normalise(&report), 0);
}

static void a_sighting_keeps_what_can_be_read_and_tells_of_the_rest(void **state)
{
    struct identifier seen[] = {
        VIN_("no VIN at all"), PLATE_("闽c12345"), {IDENTIFIER_SCHEME_IMEI, TEXT("1")}, TAG_("qz-0001")};
    struct sighting sighting = {.identifier_count = 4, .identifiers = seen};
    struct report report = {.sighting_count = 1, .sightings = &sighting};

    (void)state;
    assert_int_equal(normalise(&report), 0);
    assert_int_equal(sighting.identifier_count, 2);
    expect_spelling(&sighting.identifiers[0], "闽C12345");
    expect_spelling(&sighting.identifiers[1], "QZ-0001");
    assert_int_equal(sighting.identifiers[1].scheme, IDENTIFIER_SCHEME_TAG);
    assert_int_equal(doubt_count, 2);
}

static void a_sighting_without_any_readable_identifier_stays(void **state)
{
    struct identifier seen[] = {VIN_("?"), VIN_("")};
    struct sighting sightings[] = {{.identifier_count = 2, .identifiers = seen}, {.identifier_count = 0}};
    struct report report = {.sighting_count = 2, .sightings = sightings};

    (void)state;
    assert_int_equal(normalise(&report), 0);
    assert_int_equal(sightings[0].identifier_count, 0);
    assert_int_equal(doubt_count, 2);
}

static void a_full_arena_is_our_fault_not_the_reports(void **state)
{
    struct identifier named[] = {TAG_("QZ-0001")}, seen[] = {TAG_("QZ-0001")};
    struct event event = {.item = NAMED(named)};
    struct sighting sighting = NAMED(seen);
    struct report events = {.event_count = 1, .events = &event},
                  sightings = {.sighting_count = 1, .sightings = &sighting};

    (void)state;
    arena_fini(&arena);
    arena_init(&arena, 0);
    assert_int_equal(normalise(&events), ERR_NO_MEMORY);
    assert_int_equal(error.code, ERR_NO_MEMORY);
    assert_int_equal(normalise(&sightings), ERR_NO_MEMORY);
}

static void a_report_of_nothing_has_nothing_to_normalise(void **state)
{
    struct report report = {.event_count = 0};

    (void)state;
    assert_int_equal(normalise(&report), 0);
    assert_int_equal(arena.used_bytes, 0);
}

int main(void)
{
#define TEST_(name) cmocka_unit_test_setup_teardown(name, start, finish)
    const struct CMUnitTest tests[] = {
        TEST_(each_identifier_of_an_event_gets_its_one_spelling),
        TEST_(what_came_over_the_wire_is_not_written_to),
        TEST_(an_event_that_names_no_item_is_refused_with_its_place_and_a_hint),
        TEST_(one_identifier_that_can_name_nothing_refuses_the_event),
        TEST_(a_doubtful_identifier_is_kept_and_told),
        TEST_(parts_are_normalised_and_may_be_nameless),
        TEST_(a_part_that_cannot_be_named_so_refuses_the_event),
        TEST_(another_detail_is_not_taken_for_parts),
        TEST_(a_sighting_keeps_what_can_be_read_and_tells_of_the_rest),
        TEST_(a_sighting_without_any_readable_identifier_stays),
        TEST_(a_full_arena_is_our_fault_not_the_reports),
        TEST_(a_report_of_nothing_has_nothing_to_normalise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
