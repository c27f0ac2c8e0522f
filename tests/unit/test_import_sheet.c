/* test_import_sheet.c - files of separated values: every encoding and separator, quotes across lines, and what is no such file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/import/sheet.h"

static struct arena arena;
static struct sheet sheet;
static struct error error;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 64 << 20);
    error = (struct error){0};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

#define READ(bytes) sheet_read(TEXT(bytes), &arena, &sheet, &error)

static void expect_cell(size_t row, size_t cell, const char *words)
{
    assert_true(row < sheet.row_count && cell < sheet.rows[row].cell_count);
    assert_string_equal(words, sheet.rows[row].cells[cell].value.data);
    assert_null(sheet.rows[row].cells[cell].trouble);
}

static void the_same_words_are_read_from_every_encoding(void **state)
{
    (void)state;
    static const struct {
        struct text bytes;
        enum sheet_encoding encoding;
    } files[] = {
        {TEXT("号牌,b\r\n闽C12345,x\r\n"), SHEET_UTF8},
        {TEXT("\xef\xbb\xbf号牌,b\r\n闽C12345,x\r\n"), SHEET_UTF8_BOM},
        {TEXT("\xba\xc5\xc5\xc6,b\r\n\xc3\xf6"
              "C12345,x\r\n"),
         SHEET_GB18030},
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        assert_int_equal(0, sheet_read(files[i].bytes, &arena, &sheet, &error));
        assert_int_equal(files[i].encoding, sheet.encoding);
        assert_int_equal(2, sheet.row_count);
        expect_cell(0, 0, "号牌");
        expect_cell(1, 0, "闽C12345");
        expect_cell(1, 1, "x");
    }
}

static void four_byte_characters_of_gb18030_are_read(void **state)
{
    (void)state;
    assert_int_equal(0, READ("\xba\xc5,\x81\x30\x81\x30\n"
                             "\x95\x32\x82\x36,x\n"));
    assert_int_equal(SHEET_GB18030, sheet.encoding);
    expect_cell(0, 1, "\xc2\x80");
    expect_cell(1, 0, "\xf0\xa0\x80\x80"); /* U+20000 */
}

static void one_broken_character_costs_its_cell_and_not_the_encoding(void **state)
{
    (void)state;
    assert_int_equal(0, READ("号牌,品牌\n闽C1\xff,大众\n闽C2,大\xe4众\n闽C3,大众\n"));
    assert_int_equal(SHEET_UTF8, sheet.encoding);
    assert_non_null(sheet.rows[1].cells[0].trouble);
    expect_cell(1, 1, "大众");
    assert_non_null(sheet.rows[2].cells[1].trouble);
    expect_cell(3, 0, "闽C3");
}

static void one_broken_character_of_gb18030_costs_its_cell(void **state)
{
    (void)state;
    assert_int_equal(0, READ("\xba\xc5\xc5\xc6,b\n\xba\xff,\xba\xc5\n"));
    assert_int_equal(SHEET_GB18030, sheet.encoding);
    assert_non_null(sheet.rows[1].cells[0].trouble);
    expect_cell(1, 1, "号");
}

static void control_characters_and_nul_are_trouble_of_their_cell(void **state)
{
    (void)state;
    assert_int_equal(0, READ("a,b\nx\0y,1\n\x1b[2J,2\n"));
    assert_non_null(sheet.rows[1].cells[0].trouble);
    expect_cell(1, 1, "1");
    assert_non_null(sheet.rows[2].cells[0].trouble);
    assert_true(text_is_clean_utf8(sheet.rows[1].cells[0].value));
}

static void quotes_hold_separators_quotes_and_line_ends(void **state)
{
    (void)state;
    assert_int_equal(0, READ("a,b\n\"x,\"\"y\"\"\",\"one\r\ntwo\"\nlast,row\n"));
    assert_int_equal(3, sheet.row_count);
    expect_cell(1, 0, "x,\"y\"");
    expect_cell(1, 1, "one\r\ntwo");
    assert_int_equal(2, sheet.rows[1].line);
    assert_int_equal(4, sheet.rows[2].line);
}

static void empty_lines_count_as_lines_and_are_no_rows(void **state)
{
    (void)state;
    assert_int_equal(0, READ("a,b\r\n\r\n   \r\n,,,\r\nx,y\r\n\r\n"));
    assert_int_equal(2, sheet.row_count);
    assert_int_equal(5, sheet.rows[1].line);
}

static void every_end_of_a_line_counts_once(void **state)
{
    (void)state;
    assert_int_equal(0, READ("a\rb\nc\r\nd"));
    assert_int_equal(4, sheet.row_count);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(i + 1, sheet.rows[i].line);
}

static void separators_are_seen_by_the_first_line(void **state)
{
    (void)state;
    assert_int_equal(0, READ("a;b;c\n1,5;2;3\n"));
    assert_int_equal(';', sheet.separator);
    expect_cell(1, 0, "1,5");
    assert_int_equal(0, READ("a\tb\n1\t2;3\n"));
    assert_int_equal('\t', sheet.separator);
    expect_cell(1, 1, "2;3");
}

static void separators_at_the_end_add_no_cells(void **state)
{
    (void)state;
    assert_int_equal(0, READ("a,b,,\n1,2,,\n"));
    assert_int_equal(2, sheet.rows[0].cell_count);
    assert_int_equal(2, sheet.rows[1].cell_count);
}

static void what_a_spreadsheet_puts_around_text_is_taken_off(void **state)
{
    (void)state;
    assert_int_equal(0, READ("a,b,c\n=\"00123\",'860000000000001,\"\xe3\x80\x80 x \"\n"));
    expect_cell(1, 0, "00123");
    expect_cell(1, 1, "860000000000001");
    expect_cell(1, 2, "x");
}

static void what_is_no_such_file_is_refused_with_a_hint(void **state)
{
    (void)state;
    static const struct text files[] = {TEXT(""), TEXT("\n\n"),
                                        TEXT("\xff\xfe"
                                             "a\0"),
                                        TEXT("PK\x03\x04"), TEXT("a,b\n\"never closed,1\n2,3\n")};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        assert_int_equal(ERR_INVALID, sheet_read(files[i], &arena, &sheet, &error));
        assert_non_null(strstr(error.text, "; hint: "));
    }
    assert_non_null(strstr(error.text, "line 2"));
}

static void more_cells_than_a_table_has_are_refused(void **state)
{
    (void)state;
    char bytes[1000];
    memset(bytes, ',', sizeof bytes);
    assert_int_equal(ERR_TOO_LARGE, sheet_read((struct text){bytes, sizeof bytes}, &arena, &sheet, &error));
}

static void memory_that_does_not_suffice_is_an_error(void **state)
{
    (void)state;
    struct arena small;
    arena_init(&small, 64);
    assert_int_equal(ERR_NO_MEMORY, sheet_read(TEXT("a,b\n1,2\n"), &small, &sheet, &error));
    arena_fini(&small);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_same_words_are_read_from_every_encoding),
        TEST(four_byte_characters_of_gb18030_are_read),
        TEST(one_broken_character_costs_its_cell_and_not_the_encoding),
        TEST(one_broken_character_of_gb18030_costs_its_cell),
        TEST(control_characters_and_nul_are_trouble_of_their_cell),
        TEST(quotes_hold_separators_quotes_and_line_ends),
        TEST(empty_lines_count_as_lines_and_are_no_rows),
        TEST(every_end_of_a_line_counts_once),
        TEST(separators_are_seen_by_the_first_line),
        TEST(separators_at_the_end_add_no_cells),
        TEST(what_a_spreadsheet_puts_around_text_is_taken_off),
        TEST(what_is_no_such_file_is_refused_with_a_hint),
        TEST(more_cells_than_a_table_has_are_refused),
        TEST(memory_that_does_not_suffice_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
