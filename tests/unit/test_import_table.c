/* test_import_table.c - rows of imported files: headers, what each kind wants, what is refused and what only deserves a look. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/import/table.h"

static const int64_t now_us = INT64_C(1767600000000000); /* 2026-01-05T16:00:00+08:00 */
#define VIN "LSVAM4187C2184847"
#define HEAD "交车日期,车辆识别代号\n"
#define DAY "2026-01-05 08:30"
/* By Python's hashlib and uuid. */
#define EXPECTED_ID "e85b14c6-884a-8e9b-aeed-26114a85b158"

static struct arena arena;
static struct import_table table;
static struct import_issues issues;
static struct error error;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 64 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

static int read_as(const char *kind, const char *bytes)
{
    struct sheet *sheet = arena_alloc(&arena, sizeof *sheet);
    issues = (struct import_issues){.arena = &arena};
    error = (struct error){0};
    assert_int_equal(0, sheet_read(text_of(bytes), &arena, sheet, &error));
    return import_table_read(import_kind_find(text_of(kind)), sheet, now_us, &arena, &table, &issues, &error);
}

static void expect_issue(size_t at, bool warning, size_t line, const char *column, const char *words)
{
    assert_true(at < issues.count);
    const struct import_issue *issue = &issues.list[at];
    assert_int_equal(warning, issue->warning);
    assert_int_equal(line, issue->line);
    assert_true(text_equal(text_of(column), issue->column));
    if (strstr(issue->words, words) == NULL || strstr(issue->words, "; hint: ") == NULL)
        fail_msg("%s", issue->words);
}

static void every_template_is_a_file_of_its_kind_without_an_issue(void **state)
{
    (void)state;
    for (size_t i = 0; i < import_kind_count; i++) {
        struct buffer text;
        buffer_init(&text, 64 << 10);
        import_template(&import_kinds[i], &text);
        buffer_put_u8(&text, '\0');
        assert_memory_equal("\xef\xbb\xbf", text.data, 3);
        assert_int_equal(0, read_as(import_kinds[i].name, (const char *)text.data));
        assert_int_equal(1, table.row_count);
        assert_int_equal(0, issues.count);
        assert_false(table.rows[0].refused);
        buffer_fini(&text);
    }
}

static void no_header_of_a_kind_means_two_columns(void **state)
{
    (void)state;
    for (size_t i = 0; i < import_kind_count; i++) {
        const struct import_kind *kind = &import_kinds[i];
        for (size_t a = 0; a < kind->column_count; a++)
            for (size_t b = 0; b < a; b++) {
                assert_string_not_equal(kind->columns[a].en, kind->columns[b].en);
                for (const char *names = kind->columns[a].zh; *names != '\0';) {
                    const struct text name = import_first_name(names);
                    assert_false(import_name_matches(kind->columns[b].zh, name));
                    names += name.len + (names[name.len] == '|');
                }
            }
    }
}

static void a_row_says_what_its_cells_say(void **state)
{
    (void)state;
    assert_int_equal(0, read_as("pickups", "交车日期,vin,车牌号,整备质量（KG）,new_energy,报废类型,注册登记日期\n" DAY
                                           "," VIN ",闽C12345,\"1,250\",是,voluntary,2012/6/18\n"));
    const struct import_row *row = &table.rows[0];
    assert_int_equal(EVENT_TYPE_PICKED_UP, row->event.type);
    assert_int_equal(INT64_C(1767573000000000), row->event.at_us);
    assert_int_equal(ITEM_KIND_VEHICLE, row->event.item.kind);
    assert_int_equal(2, row->event.item.identifier_count);
    assert_int_equal(IDENTIFIER_SCHEME_PLATE, row->event.item.identifiers[1].scheme);
    assert_int_equal(1250000, row->event.pickup.curb_mass_g);
    assert_int_equal(SCRAP_REASON_VOLUNTARY, row->event.pickup.reason);
    assert_true(row->event.pickup.new_energy);
    assert_int_equal(INT64_C(1339948800000000), row->event.pickup.first_registered_at_us);
    assert_int_equal(0, issues.count);
}

static void headers_that_do_not_fit_refuse_the_file(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *words;
    } bad[] = {{"交车日期,车架号,颜值\n", "颜值"},
               {"交车日期,vin,车架号\n", "says the same"},
               {"车架号\n", "no column 交车日期"},
               {"交车日期,,vin\n", "is no column"},
               {"交车日期,整备质量(t)\n", "整备质量(t)"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(ERR_INVALID, read_as("pickups", bad[i].bytes));
        assert_non_null(strstr(error.text, bad[i].words));
        assert_non_null(strstr(error.text, "; hint: "));
    }
}

static void a_column_is_left_out_by_its_header_and_personal_data_by_its_name(void **state)
{
    (void)state;
    assert_int_equal(0, read_as("pickups", "#内部编号,交车日期,vin,身份证号\n7," DAY "," VIN ",110105194912310021\n"));
    assert_false(table.rows[0].refused);
    assert_int_equal(1, issues.count);
    expect_issue(0, true, 1, "身份证号", "personal data");
}

static void errors_name_line_and_column_and_cost_one_row(void **state)
{
    (void)state;
    assert_int_equal(0, read_as("pickups", HEAD "昨天," VIN "\n" DAY ",LSV\n" DAY "," VIN "\n," VIN "\n" DAY "\n"));
    assert_int_equal(5, table.row_count);
    expect_issue(0, false, 2, "交车日期", "not a time");
    expect_issue(1, false, 3, "车辆识别代号", "");
    expect_issue(2, false, 5, "交车日期", "empty");
    expect_issue(3, false, 6, "", "no identifier");
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(i != 2, table.rows[i].refused);
}

static void more_cells_than_headers_are_an_error_and_fewer_are_empty(void **state)
{
    (void)state;
    assert_int_equal(
        0, read_as("pickups", "交车日期,vin,品牌\n" DAY "," VIN ",大,众\n" DAY "," VIN "\n" DAY "," VIN ",,,\n"));
    expect_issue(0, false, 2, "", "3 headers");
    assert_false(table.rows[1].refused);
}

static void a_word_that_is_none_is_answered_by_those_there_are(void **state)
{
    (void)state;
    assert_int_equal(0, read_as("pickups", "交车日期,vin,车辆类型\n" DAY "," VIN ",飞机\n"));
    expect_issue(0, false, 2, "车辆类型", "小型客车 (small_passenger)");
}

static void a_row_that_says_the_same_again_is_said(void **state)
{
    (void)state;
    assert_int_equal(0, read_as("pickups", HEAD DAY "," VIN "\n" DAY ",LSVCC2NP8HN500001\n" DAY " , " VIN ",\n"));
    assert_false(table.rows[0].refused);
    assert_true(table.rows[2].refused);
    const struct import_issue *last = &issues.list[issues.count - 1];
    assert_int_equal(4, last->line);
    assert_non_null(strstr(last->words, "line 2"));
}

static void numbers_that_a_spreadsheet_destroyed_are_errors(void **state)
{
    (void)state;
    assert_int_equal(0, read_as("pickups", "交车日期,串号\n" DAY ",8.6E+14\n"));
    expect_issue(0, false, 2, "串号", "destroyed");
    assert_int_equal(0, read_as("certificates", "开具日期,回收证明编号,vin\n" DAY ",3.5E+17," VIN "\n"));
    expect_issue(0, false, 2, "回收证明编号", "destroyed");
}

static void what_deserves_a_look_is_taken(void **state)
{
    (void)state;
    assert_int_equal(0, read_as("pickups", "交车日期,vin,称重质量(kg),质量为估计\n2020-01-05," VIN ",1200,是\n" DAY
                                           ",1M8GDM9A0KP042788,,\n"));
    assert_int_equal(3, issues.warnings);
    assert_int_equal(0, issues.errors);
    expect_issue(0, true, 2, "交车日期", "year");
    expect_issue(1, true, 2, "", "estimated");
    expect_issue(2, true, 3, "vin", "");
    assert_false(table.rows[0].refused || table.rows[1].refused);
}

static void a_weighing_is_net_or_gross_less_tare(void **state)
{
    (void)state;
    assert_int_equal(0, read_as("weighings", "过磅时间,vin,毛重,皮重,净重\n" DAY "," VIN ",9650,8420,\n" DAY "," VIN
                                             ",,,1230\n" DAY "," VIN ",9650,,\n" DAY "," VIN ",8420,8420,\n"));
    assert_int_equal(1230000, table.rows[0].event.mass.mass_g);
    assert_int_equal(READING_WEIGHBRIDGE, table.rows[0].reading.kind);
    assert_int_equal(0, table.rows[1].reading.kind);
    expect_issue(0, false, 4, "", "no mass");
    expect_issue(1, false, 5, "", "net mass of 0");
}

static void what_others_wrote_costs_a_listing_nothing(void **state)
{
    (void)state;
    assert_int_equal(
        0, read_as("listings", "发现时间,平台,商品编号,标题,vin\n" DAY ",甲,1,大众,LSV***\n" DAY ",甲,2,,\n"));
    expect_issue(0, true, 2, "vin", "");
    assert_false(table.rows[0].refused);
    expect_issue(1, false, 3, "", "nothing to look for");
}

static void the_id_of_a_row_follows_from_party_kind_document_and_line(void **state)
{
    (void)state;
    uint8_t id[UUID_BYTES], other[UUID_BYTES];
    char text[UUID_TEXT_SIZE];
    const struct import_kind *pickups = import_kind_find(TEXT("pickups"));
    import_row_id(TEXT("91350504MA0000T1XH"), pickups, TEXT("一月.csv"), 2, id);
    uuid_format(id, text);
    assert_string_equal(text, EXPECTED_ID);
    import_row_id(TEXT("91350504MA0000T1XH"), pickups, TEXT("一月.csv"), 3, other);
    assert_memory_not_equal(id, other, UUID_BYTES);
    import_row_id(TEXT("91350504MA0000T28H"), pickups, TEXT("一月.csv"), 2, other);
    assert_memory_not_equal(id, other, UUID_BYTES);
    import_row_id(TEXT("91350504MA0000T1XH"), pickups, TEXT("二月.csv"), 2, other);
    assert_memory_not_equal(id, other, UUID_BYTES);
    import_row_id(TEXT("91350504MA0000T1XH"), import_kind_find(TEXT("weighings")), TEXT("一月.csv"), 2, other);
    assert_memory_not_equal(id, other, UUID_BYTES);
}

static void registry_rows_are_fields_of_a_document(void **state)
{
    (void)state;
    assert_int_equal(0, read_as("watch-lists", "名单,标识种类,标识,案件编号,解除\n盗抢,车架号," VIN ",案1,是\n"));
    const struct import_row *row = &table.rows[0];
    assert_int_equal(5, row->field_count);
    assert_string_equal("list", row->fields[0].name);
    assert_true(text_equal(TEXT("stolen"), row->fields[0].text));
    assert_true(text_equal(TEXT("vin"), row->fields[1].text));
    assert_true(row->fields[4].flag);
}

/* A header in English names the unit of its cells, whatever the registry's field has. */
static void a_load_is_given_in_kilograms_under_either_header(void **state)
{
    static const char *const headers[] = {"核定载质量(kg)", "max_load_kg"};
    char file[200];
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(file, sizeof file, "号牌号码,统一社会信用代码,%s\n闽C12345,91350504MA0000T1XH,12000\n",
                       headers[i]);
        assert_int_equal(0, read_as("vehicles", file));
        assert_string_equal("max_load_g", table.rows[0].fields[2].name);
        assert_int_equal(12000 * 1000, table.rows[0].fields[2].number);
    }
    assert_int_equal(ERR_INVALID, read_as("vehicles", "号牌号码,统一社会信用代码,max_load_g\n闽C12345,9,12000000\n"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_template_is_a_file_of_its_kind_without_an_issue),
        TEST(no_header_of_a_kind_means_two_columns),
        TEST(a_row_says_what_its_cells_say),
        TEST(headers_that_do_not_fit_refuse_the_file),
        TEST(a_column_is_left_out_by_its_header_and_personal_data_by_its_name),
        TEST(errors_name_line_and_column_and_cost_one_row),
        TEST(more_cells_than_headers_are_an_error_and_fewer_are_empty),
        TEST(a_word_that_is_none_is_answered_by_those_there_are),
        TEST(a_row_that_says_the_same_again_is_said),
        TEST(numbers_that_a_spreadsheet_destroyed_are_errors),
        TEST(what_deserves_a_look_is_taken),
        TEST(a_weighing_is_net_or_gross_less_tare),
        TEST(what_others_wrote_costs_a_listing_nothing),
        TEST(the_id_of_a_row_follows_from_party_kind_document_and_line),
        TEST(registry_rows_are_fields_of_a_document),
        TEST(a_load_is_given_in_kilograms_under_either_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
