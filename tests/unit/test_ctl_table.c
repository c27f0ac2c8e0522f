/* test_ctl_table.c - tables line up whatever they hold, and cannot steer the terminal. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/table.h"

static char *printed(const struct table *table)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    table_print(table, out);
    fclose(out);
    return text;
}

static void expect_table(size_t columns, const char *const *headers, size_t rows, const char *const *cells,
                         const char *wanted)
{
    struct table *table = table_new(columns, headers);
    for (size_t i = 0; i < rows; i++)
        table_add(table, cells + i * columns);
    assert_int_equal(table_rows(table), rows);
    char *text = printed(table);
    assert_string_equal(text, wanted);
    free(text);
    table_free(table);
}

static void a_chinese_character_is_two_columns_wide(void **state)
{
    (void)state;
    assert_int_equal(text_display_width("abc"), 3);
    assert_int_equal(text_display_width("洛江"), 4);
    assert_int_equal(text_display_width("闽C12345"), 8);
    assert_int_equal(text_display_width("ＡＢ"), 4); /* full-width */
    assert_int_equal(text_display_width(""), 0);
}

static void a_combining_mark_has_no_width(void **state)
{
    (void)state;
    assert_int_equal(text_display_width("e\xcc\x81"), 1);
}

static void columns_line_up_behind_chinese_text(void **state)
{
    (void)state;
    const char *const headers[] = {"name", "x"};
    const char *const cells[] = {"绿源", "1", "abcde", "2"};
    expect_table(2, headers, 2, cells, "name   x\n绿源   1\nabcde  2\n");
}

static void a_header_with_an_arrow_is_flush_right(void **state)
{
    (void)state;
    const char *const headers[] = {">kg", "unit"};
    const char *const cells[] = {"1", "a", "1234", "b", "", "c"};
    expect_table(2, headers, 3, cells, "  kg  unit\n   1  a\n1234  b\n      c\n");
}

static void no_line_ends_with_a_blank(void **state)
{
    (void)state;
    const char *const headers[] = {"a", "bbbb", "c"};
    const char *const cells[] = {"1", "", "", "", NULL, "3"};
    expect_table(3, headers, 2, cells, "a  bbbb  c\n1\n         3\n");
}

static void a_table_without_rows_is_its_header(void **state)
{
    (void)state;
    const char *const headers[] = {"only"};
    expect_table(1, headers, 0, NULL, "only\n");
}

static void an_escape_sequence_does_not_reach_the_terminal(void **state)
{
    (void)state;
    const char *const headers[] = {"x"};
    const char *const cells[] = {"\x1b[31mred\n",
                                 "\xe2\x80\xae"
                                 "reversed",
                                 "bad \xff utf-8"};
    expect_table(1, headers, 3, cells,
                 "x\n\xef\xbf\xbd[31mred\xef\xbf\xbd\n\xef\xbf\xbdreversed\nbad \xef\xbf\xbd utf-8\n");
}

static void many_rows_are_all_kept(void **state)
{
    (void)state;
    const char *const headers[] = {"n"};
    struct table *table = table_new(1, headers);
    for (int i = 0; i < 1000; i++)
        table_add(table, (const char *const[]){"7"});
    assert_int_equal(table_rows(table), 1000);
    char *text = printed(table);
    assert_int_equal(strlen(text), 2 * 1001);
    free(text);
    table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chinese_character_is_two_columns_wide),
        cmocka_unit_test(a_combining_mark_has_no_width),
        cmocka_unit_test(columns_line_up_behind_chinese_text),
        cmocka_unit_test(a_header_with_an_arrow_is_flush_right),
        cmocka_unit_test(no_line_ends_with_a_blank),
        cmocka_unit_test(a_table_without_rows_is_its_header),
        cmocka_unit_test(an_escape_sequence_does_not_reach_the_terminal),
        cmocka_unit_test(many_rows_are_all_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
