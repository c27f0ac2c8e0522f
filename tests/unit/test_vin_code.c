/* test_vin_code.c - packing, nearness, and keys under which whatever is near is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "core/reentry/vin_code.h"

static const char characters[] = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ";
static const char vin[] = "LSVAM4187C2184847";

static struct written written_of(const char *text)
{
    struct written written = {.len = (uint8_t)strlen(text)};

    (void)snprintf(written.text, sizeof written.text, "%s", text);
    for (const char *c = text; *c; c++)
        written.hidden = (uint8_t)(written.hidden + (*c == WRITTEN_HIDDEN));
    return written;
}

static void expect(const char *text, enum near_kind kind)
{
    struct written written = written_of(text);
    enum near_kind found = vin_compare(vin, &written).kind;

    if (found != kind)
        print_error("%s is %d\n", text, (int)found);
    assert_int_equal(found, kind);
}

static void random_vin(char out[VIN_LEN + 1])
{
    for (size_t i = 0; i < VIN_LEN; i++)
        out[i] = characters[(size_t)rand() % (sizeof characters - 1)];
    out[VIN_LEN] = '\0';
}

static void packing_is_undone_by_unpacking(void **state)
{
    (void)state;
    for (int i = 0; i < 20000; i++) {
        char in[VIN_LEN + 1], out[VIN_LEN + 1];
        vin_code code;

        random_vin(in);
        assert_int_equal(vin_code_of(text_of(in), &code), 0);
        vin_code_text(code, out);
        assert_string_equal(in, out);
    }
}

static void what_is_no_vin_is_not_packed(void **state)
{
    static const char *const wrong[] = {"",
                                        "LSVAM4187C218484",
                                        "LSVAM4187C21848477",
                                        "ISVAM4187C2184847",
                                        "OSVAM4187C2184847",
                                        "QSVAM4187C2184847",
                                        "lSVAM4187C2184847",
                                        "LSVAM4187C218484?",
                                        "LSVAM4187C218484 "};
    vin_code code;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(vin_code_of(text_of(wrong[i]), &code), ERR_INVALID);
}

static void characters_that_are_confused_have_one_symbol_and_others_none(void **state)
{
    (void)state;
    assert_true(vin_symbol('0') == vin_symbol('O') && vin_symbol('0') == vin_symbol('D') &&
                vin_symbol('0') == vin_symbol('Q'));
    assert_true(vin_symbol('1') == vin_symbol('I') && vin_symbol('8') == vin_symbol('B'));
    assert_int_not_equal(vin_symbol('0'), vin_symbol('1'));
    assert_int_equal(vin_symbol('?'), 0);
    assert_int_equal(vin_symbol('a'), 0);
    assert_int_equal(vin_symbol('\0'), 0);
}

static void what_is_near_is_told_by_kind(void **state)
{
    (void)state;
    expect("LSVAM4187C2184847", NEAR_SAME);
    expect("L5VAM4187C2184847", NEAR_LOOKALIKE);
    expect("LSVAM4I87C2I84847", NEAR_LOOKALIKE);
    expect("LSVAM4I87C2IB4B47", NEAR_LOOKALIKE); /* two confusions, made twice each */
    expect("LSVAM4187C2184849", NEAR_SUBSTITUTED);
    expect("XSVAM4187C2184847", NEAR_SUBSTITUTED);
    expect("LSVAM4187XC2184847", NEAR_INSERTED);
    expect("LSVAM4187C21848477", NEAR_INSERTED);
    expect("XLSVAM4187C2184847", NEAR_INSERTED);
    expect("LSVAM4187C218487", NEAR_LOST);
    expect("SVAM4187C2184847", NEAR_LOST);
    expect("LSVAM4187C218484", NEAR_LOST);
    expect("LSVAM4187C2??????", NEAR_MASKED);
    expect("LSV??????C2184847", NEAR_MASKED);
    expect("?SVAM4187C2184847", NEAR_MASKED);
}

static void what_is_further_away_is_not_near(void **state)
{
    (void)state;
    expect("LSVAM4187C2184899", NEAR_NOT);
    expect("LSVAM4187C2184474", NEAR_NOT); /* two places changed */
    expect("LSVAM4188C2184848", NEAR_NOT);
    expect("LSVAM4187C2??????"
           "",
           NEAR_MASKED);
    expect("LSVAM4187C3??????", NEAR_NOT); /* what is not hidden has to agree */
    expect("LSVAM4187C2184X8X7", NEAR_NOT);
    expect("LSVAM4187C21848", NEAR_NOT);
    expect("I5UAM4I87CZIB4B47", NEAR_NOT); /* more confusions than a reader makes */
}

static bool share_a_key(const char *of, const struct written *written)
{
    char stored[WRITTEN_KEYS_MAX][NEAR_KEY_BYTES], asked[VIN_KEYS_MAX][NEAR_KEY_BYTES];
    size_t stored_count = written_keys(written, stored), asked_count = vin_keys(text_of(of), asked);

    for (size_t i = 0; i < stored_count; i++)
        for (size_t k = 0; k < asked_count; k++)
            if (strcmp(stored[i], asked[k]) == 0)
                return true;
    return false;
}

static void change(char *text, size_t len)
{
    static const char pairs[][3] = {"0O", "1I", "8B", "5S", "2Z", "6G", "UV", "0D", "1L"};
    size_t at = (size_t)rand() % len;

    switch (rand() % 5) {
    case 0:
        text[at] = characters[(size_t)rand() % (sizeof characters - 1)];
        break;
    case 1:
        memmove(text + at, text + at + 1, len - at);
        break;
    case 2:
        memmove(text + at + 1, text + at, len - at + 1);
        text[at] = characters[(size_t)rand() % (sizeof characters - 1)];
        break;
    case 3:
        for (int n = 1 + rand() % VIN_MASKED_MAX; n > 0; n--)
            text[(size_t)rand() % len] = WRITTEN_HIDDEN;
        break;
    default:
        for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
            if (text[at] == pairs[i][0])
                text[at] = pairs[i][1];
    }
}

static void whatever_is_near_shares_a_key(void **state)
{
    unsigned seed = (unsigned)time(NULL), near = 0;

    (void)state;
    print_message("seed %u\n", seed);
    srand(seed);
    for (int i = 0; i < 50000; i++) {
        char of[VIN_LEN + 1], text[WRITTEN_BYTES + 1];
        struct written written;

        random_vin(of);
        (void)snprintf(text, sizeof text, "%s", of);
        change(text, VIN_LEN);
        written = written_of(text);
        if (vin_compare(of, &written).kind == NEAR_NOT)
            continue;
        near++;
        if (!share_a_key(of, &written))
            fail_msg("%s and %s share no key", of, text);
    }
    assert_true(near > 40000);
}

static void what_is_no_vin_has_no_keys(void **state)
{
    char keys[VIN_KEYS_MAX][NEAR_KEY_BYTES];

    (void)state;
    assert_int_equal(vin_keys(TEXT("LSVAM4187C218484"), keys), 0);
    assert_int_equal(vin_keys(TEXT("LSVAM4187C218484O"), keys), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packing_is_undone_by_unpacking),
        cmocka_unit_test(what_is_no_vin_is_not_packed),
        cmocka_unit_test(characters_that_are_confused_have_one_symbol_and_others_none),
        cmocka_unit_test(what_is_near_is_told_by_kind),
        cmocka_unit_test(what_is_further_away_is_not_near),
        cmocka_unit_test(whatever_is_near_shares_a_key),
        cmocka_unit_test(what_is_no_vin_has_no_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
