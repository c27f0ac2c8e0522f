/* test_report.c - the words of the report's enumerations, there and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/report.h"

static void every_number_has_the_word_of_its_table(void **state)
{
    (void)state;
#define EXPECT_WORD(table_name)                                                                                        \
    {                                                                                                                  \
        const char *(*word_of)(enum table_name) = table_name##_word;
#define X(name, number, word) assert_string_equal(word_of(name), word);
    EXPECT_WORD(clock_quality) CLOCK_QUALITY_TABLE(X)
}
EXPECT_WORD(datum) DATUM_TABLE(X)
}
EXPECT_WORD(item_kind) ITEM_KIND_TABLE(X)
}
EXPECT_WORD(identifier_scheme) IDENTIFIER_SCHEME_TABLE(X)
}
EXPECT_WORD(event_type) EVENT_TYPE_TABLE(X)
}
EXPECT_WORD(evidence_kind) EVIDENCE_KIND_TABLE(X)
}
EXPECT_WORD(vehicle_class) VEHICLE_CLASS_TABLE(X)
}
EXPECT_WORD(inspection_result) INSPECTION_RESULT_TABLE(X)
}
EXPECT_WORD(buyer_class) BUYER_CLASS_TABLE(X)
}
EXPECT_WORD(sighting_kind) SIGHTING_KIND_TABLE(X)
}
EXPECT_WORD(sighted_use) SIGHTED_USE_TABLE(X)
}
#undef X
}

static void every_word_leads_back_to_its_number(void **state)
{
    (void)state;
#define EXPECT_PARSE(table_name)                                                                                       \
    {                                                                                                                  \
        enum table_name value;                                                                                         \
        int (*parse)(struct text, enum table_name *) = table_name##_parse;
#define X(name, number, word)                                                                                          \
    assert_int_equal(parse(TEXT(word), &value), 0);                                                                    \
    assert_int_equal(value, number);
    EXPECT_PARSE(item_kind) ITEM_KIND_TABLE(X)
}
EXPECT_PARSE(identifier_scheme) IDENTIFIER_SCHEME_TABLE(X)
}
EXPECT_PARSE(event_type) EVENT_TYPE_TABLE(X)
}
EXPECT_PARSE(buyer_class) BUYER_CLASS_TABLE(X)
}
EXPECT_PARSE(sighting_kind) SIGHTING_KIND_TABLE(X)
}
#undef X
}

static void numbers_outside_a_table_are_invalid(void **state)
{
    (void)state;
    assert_string_equal(item_kind_word((enum item_kind)17), "invalid");
    assert_string_equal(item_kind_word((enum item_kind) - 1), "invalid");
    assert_string_equal(event_type_word((enum event_type)1000), "invalid");
    assert_string_equal(reading_kind_word((enum reading_kind)0), "invalid");
    assert_string_equal(reading_kind_word((enum reading_kind)1), "invalid");
    assert_string_equal(reading_kind_word((enum reading_kind)7), "invalid");
    assert_string_equal(reading_kind_word(READING_WEIGHBRIDGE), "weighbridge");
}

static void unknown_words_are_refused_and_leave_the_value_alone(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "vehicl", "vehicles", "VEHICLE", " vehicle", "invalid"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        enum item_kind kind = ITEM_KIND_TYRE;
        assert_int_equal(item_kind_parse(text_of(bad[i]), &kind), ERR_INVALID);
        assert_int_equal(kind, ITEM_KIND_TYRE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_number_has_the_word_of_its_table),
        cmocka_unit_test(every_word_leads_back_to_its_number),
        cmocka_unit_test(numbers_outside_a_table_are_invalid),
        cmocka_unit_test(unknown_words_are_refused_and_leave_the_value_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
