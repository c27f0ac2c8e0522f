/* test_near_score.c - what speaks for a near match and what against it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/reentry/dossier.h"

static const char vin[] = "LSVAM4187C2184847", import[] = "WVWZZZ1JZXW000001";

static int score(const char *banned, const char *text, int tenths)
{
    struct written written = {.len = (uint8_t)strlen(text)};
    const struct clue_weight weight = {.tenths = tenths};

    (void)snprintf(written.text, sizeof written.text, "%s", text);
    for (const char *c = text; *c; c++)
        written.hidden = (uint8_t)(written.hidden + (*c == WRITTEN_HIDDEN));
    struct nearness nearness = vin_compare(banned, &written);
    return near_score(banned, &written, &nearness, &weight);
}

static void the_same_and_the_far_say_nothing(void **state)
{
    (void)state;
    assert_int_equal(score(vin, vin, 500), 0);
    assert_int_equal(score(vin, "LSVAM4187C2999999", 500), 0);
}

static void a_contradiction_silences_everything(void **state)
{
    struct written written = {.text = "L5VAM4187C2184847", .len = VIN_LEN};
    struct nearness nearness = vin_compare(vin, &written);

    (void)state;
    assert_int_equal(near_score(vin, &written, &nearness, &(struct clue_weight){.tenths = 500, .contradicts = true}),
                     0);
}

static void a_wrong_check_digit_carries_an_edit_and_a_right_one_does_not(void **state)
{
    (void)state;
    assert_true(score(vin, "LSVAM4187C2184947", 0) >= NEAR_ENOUGH);
    assert_true(score("LSVAM418XCA184847", "LSVAM418XCJ184847", 0) < NEAR_ENOUGH);
    assert_true(score("LSVAM418XCA184847", "LSVAM418XCJ184847", 260) >= NEAR_ENOUGH); /* plate and telephone */
}

static void without_a_check_digit_the_rest_has_to_carry(void **state)
{
    (void)state;
    assert_true(score(import, "WVWZZZ1JZXW000002", 0) < NEAR_ENOUGH);
    assert_true(score(import, "WVWZZZ1JZXW000002", 160) >= NEAR_ENOUGH);
}

static void look_alikes_say_more_than_other_characters(void **state)
{
    (void)state;
    assert_true(score(vin, "LSVAM4I87C2184847", 0) > score(vin, "LSVAM4287C2184847", 0));
    assert_true(score(vin, "LSVAM4I87C2184B47", 0) < score(vin, "LSVAM4I87C2184847", 0));
    assert_true(score(vin, "LSVAM4I87C2IB4B47", 0) >= NEAR_ENOUGH);
}

static void the_more_is_hidden_the_less_it_says(void **state)
{
    char text[WRITTEN_BYTES];
    int last = 1000;

    (void)state;
    (void)snprintf(text, sizeof text, "%s", vin);
    for (size_t i = VIN_LEN; i-- > VIN_LEN - VIN_MASKED_MAX;) {
        text[i] = WRITTEN_HIDDEN;
        assert_true(score(vin, text, 0) < last);
        last = score(vin, text, 0);
    }
    assert_true(last < NEAR_ENOUGH); /* six digits: a million cars */
    assert_true(score(vin, "LSVAM4187C21848??", 0) >= NEAR_ENOUGH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_and_the_far_say_nothing),
        cmocka_unit_test(a_contradiction_silences_everything),
        cmocka_unit_test(a_wrong_check_digit_carries_an_edit_and_a_right_one_does_not),
        cmocka_unit_test(without_a_check_digit_the_rest_has_to_carry),
        cmocka_unit_test(look_alikes_say_more_than_other_characters),
        cmocka_unit_test(the_more_is_hidden_the_less_it_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
