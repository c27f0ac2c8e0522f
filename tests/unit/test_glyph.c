/* test_glyph.c - folding of characters: width, white space, dashes, dots, and bytes that are no characters. */
#include "normalise.h"

#include "core/identity/glyph.h"

static uint32_t folded(const char *character)
{
    struct glyph glyph = glyph_at(text_of(character), 0);
    assert_int_equal(glyph.len, strlen(character));
    return glyph.code;
}

static void full_width_forms_become_ascii(void **state)
{
    (void)state;
    assert_int_equal(folded("！"), '!');
    assert_int_equal(folded("Ａ"), 'A');
    assert_int_equal(folded("ｚ"), 'z');
    assert_int_equal(folded("～"), '~');
    assert_int_equal(folded("０"), '0');
}

static void spaces_dashes_and_dots_become_one_of_each(void **state)
{
    (void)state;
    static const char *const spaces[] = {" ", "\t", "\n", "\r", "\u00A0", "\u2003", "\u2009", "\u3000", "\u2028"};
    static const char *const dashes[] = {"-", "\u2010", "\u2013", "—", "\u2212", "－", "\uFE63"};
    static const char *const dots[] = {"\u00B7", "\u2022", "\u30FB", "\uFF65", "\u22C5"};
    for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++)
        assert_int_equal(folded(spaces[i]), ' ');
    for (size_t i = 0; i < sizeof dashes / sizeof *dashes; i++)
        assert_int_equal(folded(dashes[i]), '-');
    for (size_t i = 0; i < sizeof dots / sizeof *dots; i++)
        assert_int_equal(folded(dots[i]), GLYPH_MIDDLE_DOT);
}

static void invisible_characters_are_told_apart_and_others_kept(void **state)
{
    (void)state;
    assert_int_equal(folded("\u200B"), GLYPH_INVISIBLE);
    assert_int_equal(folded("\uFEFF"), GLYPH_INVISIBLE);
    assert_int_equal(folded("\u202E"), GLYPH_INVISIBLE);
    assert_int_equal(folded("闽"), 0x95FD);
    assert_int_equal(folded("😀"), 0x1F600);
    assert_int_equal(folded("\u2011"), '-');
    assert_int_equal(folded("\u2016"), 0x2016);
}

static void malformed_bytes_are_one_replacement_each_and_never_read_past_the_end(void **state)
{
    (void)state;
    static const struct text malformed[] = {
        {"\xE9\x97\xBD", 2}, /* the rest of the character stands behind the end */
        {"\xF0\x9F\x98\x80", 3},
        {"\xC3\xA9", 1},
        {"\xE9"
         "AB",
         3},
        {"\xFF", 1},
        {"\x80", 1},
    };
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        struct glyph glyph = glyph_at(malformed[i], 0);
        assert_int_equal(glyph.code, 0xFFFD);
        assert_int_equal(glyph.len, 1);
    }
}

static void folding_drops_what_its_kind_says(void **state)
{
    (void)state;
    char out[32];
    struct text raw = TEXT("ａ-b c·d\u200B.e*f_g　闽");
    assert_true(glyph_fold(raw, GLYPH_COMPACT, out, sizeof out));
    assert_string_equal(out, "ABCDEFG闽");
    assert_true(glyph_fold(raw, GLYPH_SPACED, out, sizeof out));
    assert_string_equal(out, "A-BC·D.E*F_G闽");
    assert_true(glyph_fold(raw, GLYPH_CASED, out, sizeof out));
    assert_string_equal(out, "a-bc·d.e*f_g闽");
}

static void what_does_not_fit_is_said_and_cut_between_characters(void **state)
{
    (void)state;
    char out[5];
    assert_true(glyph_fold(TEXT("a闽"), GLYPH_COMPACT, out, sizeof out));
    assert_string_equal(out, "A闽");
    assert_false(glyph_fold(TEXT("ab闽"), GLYPH_COMPACT, out, sizeof out));
    assert_string_equal(out, "AB");
    assert_false(glyph_fold(TEXT("abcde"), GLYPH_COMPACT, out, sizeof out));
    assert_string_equal(out, "ABCD");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_width_forms_become_ascii),
        cmocka_unit_test(spaces_dashes_and_dots_become_one_of_each),
        cmocka_unit_test(invisible_characters_are_told_apart_and_others_kept),
        cmocka_unit_test(malformed_bytes_are_one_replacement_each_and_never_read_past_the_end),
        cmocka_unit_test(folding_drops_what_its_kind_says),
        cmocka_unit_test(what_does_not_fit_is_said_and_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
