/* test_letter.c - disguises of letters and digits, and what is left alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/identity/glyph.h"
#include "core/reentry/letter.h"

static void expect(const char *written, uint32_t code)
{
    struct listing_letter letter = listing_letter_at(text_of(written), 0);

    assert_int_equal(letter.code, code);
    assert_int_equal(letter.len, strlen(written));
}

static void letters_in_disguise_become_plain(void **state)
{
    (void)state;
    expect("a", 'A');
    expect("Ａ", 'A');
    expect("А", 'A'); /* Cyrillic */
    expect("Β", 'B'); /* Greek */
    expect("с", 'C');
    expect("①", '1');
    expect("⑨", '9');
    expect("⓪", '0');
    expect("Ⓛ", 'L');
    expect("ⓥ", 'V');
    expect("🅰", 'A');
    expect("🄻", 'L');
    expect("𝟕", '7');
    expect("〇", '0');
}

static void pictures_do_not_count(void **state)
{
    (void)state;
    expect("🚗", GLYPH_INVISIBLE);
    expect("⭐", GLYPH_INVISIBLE);
    expect("\u20E3", GLYPH_INVISIBLE);
    expect("\uFE0F", GLYPH_INVISIBLE);
}

static void han_and_other_letters_stay(void **state)
{
    (void)state;
    expect("车", u'车');
    expect("Ж", u'Ж');
    expect("é", u'é');
    expect("一", u'一');
    expect("⑩", u'⑩'); /* two digits */
}

static void a_malformed_byte_is_one_letter_that_is_none(void **state)
{
    struct listing_letter letter = listing_letter_at((struct text){"\xE2\x91", 2}, 0);

    (void)state;
    assert_int_equal(letter.code, 0xFFFD);
    assert_int_equal(letter.len, 1);
}

static void masks_are_never_letters(void **state)
{
    (void)state;
    for (uint32_t code = 0; code < 0x3000; code++)
        if (letter_is_mask(code))
            assert_false(glyph_is_alnum(code));
    assert_true(letter_is_mask('*') && letter_is_mask('?') && letter_is_mask(u'●') && letter_is_mask(u'×'));
    assert_false(letter_is_mask('-') || letter_is_mask(' ') || letter_is_mask('X') || letter_is_mask('.'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_in_disguise_become_plain),
        cmocka_unit_test(pictures_do_not_count),
        cmocka_unit_test(han_and_other_letters_stay),
        cmocka_unit_test(a_malformed_byte_is_one_letter_that_is_none),
        cmocka_unit_test(masks_are_never_letters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
