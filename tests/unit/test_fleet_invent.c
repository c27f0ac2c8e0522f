/* test_fleet_invent.c - invented identifiers against the checks of core/identity, which know nothing of the
 * inventor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/identity/credit_code.h"
#include "core/identity/identifier.h"
#include "fleet/invent.h"

enum { ROUNDS = 500 };

static void expect_good(enum identifier_scheme scheme, const char *value)
{
    char normal[IDENTIFIER_VALUE_BYTES];
    struct error error = {0};
    if (identifier_normalise(scheme, text_of(value), normal, &error) != IDENTIFIER_GOOD)
        fail_msg("%s %s: %s", identifier_scheme_word(scheme), value, error.text);
}

static void every_invented_identifier_is_good(void **state)
{
    (void)state;
    static const struct {
        enum identifier_scheme scheme;
        void (*invent)(struct random *random, char out[INVENTED_BYTES]);
    } inventors[] = {
        {IDENTIFIER_SCHEME_VIN, invent_vin},
        {IDENTIFIER_SCHEME_ENGINE_NUMBER, invent_engine_number},
        {IDENTIFIER_SCHEME_PLATE, invent_plate},
        {IDENTIFIER_SCHEME_PLATE, invent_new_energy_plate},
        {IDENTIFIER_SCHEME_BATTERY_CODE, invent_battery_code},
        {IDENTIFIER_SCHEME_IMEI, invent_imei},
    };
    struct random random = random_named(1, TEXT("test"));
    char value[INVENTED_BYTES];
    for (size_t i = 0; i < sizeof inventors / sizeof inventors[0]; i++)
        for (int round = 0; round < ROUNDS; round++) {
            inventors[i].invent(&random, value);
            expect_good(inventors[i].scheme, value);
        }
}

static void every_invented_credit_code_is_good(void **state)
{
    (void)state;
    char value[INVENTED_BYTES], normal[CREDIT_CODE_BYTES];
    for (uint32_t number = 0; number < ROUNDS; number++) {
        invent_credit_code(number % 2 == 0, number * 37, value);
        assert_int_equal(IDENTIFIER_GOOD, credit_code_normalise(text_of(value), normal, NULL));
    }
}

static void a_serial_keeps_brand_and_model(void **state)
{
    (void)state;
    struct random random = random_named(1, TEXT("test"));
    char value[INVENTED_BYTES];
    for (int round = 0; round < ROUNDS; round++) {
        invent_serial(&random, TEXT("Haier/BCD-215"), value);
        assert_memory_equal("Haier/BCD-215/", value, 14);
        expect_good(IDENTIFIER_SCHEME_SERIAL_NUMBER, value);
    }
}

static void an_event_id_says_that_it_is_version_8(void **state)
{
    (void)state;
    struct random random = random_named(1, TEXT("test"));
    uint8_t uuid[UUID_BYTES];
    for (int round = 0; round < ROUNDS; round++) {
        invent_uuid(&random, uuid);
        assert_int_equal(0x80, uuid[6] & 0xf0);
        assert_int_equal(0x80, uuid[8] & 0xc0);
    }
}

static void draws_stay_within_their_bounds_and_reach_both_ends(void **state)
{
    (void)state;
    struct random random = random_named(1, TEXT("test"));
    unsigned seen = 0;
    for (int round = 0; round < ROUNDS; round++) {
        const int64_t drawn = random_between(&random, -2, 2);
        assert_true(drawn >= -2 && drawn <= 2);
        seen |= 1u << (drawn + 2);
        assert_true(random_unit(&random) < 1.0);
        assert_false(random_chance(&random, 0));
        assert_true(random_chance(&random, 1));
    }
    assert_int_equal(0x1f, seen);
}

static void generators_of_one_seed_with_two_names_differ(void **state)
{
    (void)state;
    struct random one = random_named(1, TEXT("one")), same = random_named(1, TEXT("one")),
                  two = random_named(1, TEXT("two"));
    const uint64_t drawn = random_u64(&one);
    assert_true(drawn == random_u64(&same));
    assert_true(drawn != random_u64(&two));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_invented_identifier_is_good),
        cmocka_unit_test(every_invented_credit_code_is_good),
        cmocka_unit_test(a_serial_keeps_brand_and_model),
        cmocka_unit_test(an_event_id_says_that_it_is_version_8),
        cmocka_unit_test(draws_stay_within_their_bounds_and_reach_both_ends),
        cmocka_unit_test(generators_of_one_seed_with_two_names_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
