/* test_copy.c - PostgreSQL's binary format, to the byte as its manual has it (COPY, "Binary Format"; array_recv). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "io/copy.h"

static struct buffer out;

static int start(void **state)
{
    (void)state;
    buffer_init(&out, 4096);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    buffer_fini(&out);
    return 0;
}

#define expect_bytes(literal) assert_true(text_equal(buffer_text(&out), (struct text){literal, sizeof(literal) - 1}))

#define HEADER                                                                                                         \
    "PGCOPY\n\xff\r\n\0"                                                                                               \
    "\0\0\0\0"                                                                                                         \
    "\0\0\0\0"

static void a_stream_without_rows_is_its_header_and_its_trailer(void **state)
{
    (void)state;
    copy_begin(&out);
    assert_int_equal(out.len, 19); /* signature 11, flags 4, extension length 4 */
    copy_end(&out);
    expect_bytes(HEADER "\xff\xff");
}

static void a_row_counts_its_columns_and_each_field_its_bytes(void **state)
{
    (void)state;
    copy_begin(&out);
    copy_row(&out, 3);
    copy_put_i32(&out, 1);
    copy_put_null(&out);
    copy_put_text(&out, TEXT("闽C"));
    copy_row(&out, 1);
    copy_put_bool(&out, true);
    copy_end(&out);
    expect_bytes(HEADER "\0\3"
                        "\0\0\0\4"
                        "\0\0\0\1"
                        "\xff\xff\xff\xff"
                        "\0\0\0\4"
                        "\xe9\x97\xbd"
                        "C"
                        "\0\1"
                        "\0\0\0\1"
                        "\1"
                        "\xff\xff");
}

static void a_null_is_a_length_of_minus_one_and_no_bytes(void **state)
{
    (void)state;
    copy_put_null(&out);
    expect_bytes("\xff\xff\xff\xff");
}

static void nothing_is_not_null(void **state)
{
    (void)state;
    copy_put_text(&out, text_of(NULL));
    copy_put_bytes(&out, NULL, 0);
    copy_put_bytes(&out, "", 0);
    expect_bytes("\0\0\0\0"
                 "\0\0\0\0"
                 "\0\0\0\0");
}

static void booleans_are_one_byte(void **state)
{
    (void)state;
    copy_put_bool(&out, false);
    copy_put_bool(&out, true);
    expect_bytes("\0\0\0\1\0"
                 "\0\0\0\1\1");
}

static void integers_are_two_four_and_eight_bytes_with_their_sign(void **state)
{
    (void)state;
    copy_put_i16(&out, 0x0102);
    copy_put_i16(&out, -2);
    copy_put_i16(&out, INT16_MIN);
    expect_bytes("\0\0\0\2\1\2"
                 "\0\0\0\2\xff\xfe"
                 "\0\0\0\2\x80\0");
    buffer_clear(&out);
    copy_put_i32(&out, 0x01020304);
    copy_put_i32(&out, -2);
    copy_put_i32(&out, INT32_MIN);
    expect_bytes("\0\0\0\4\1\2\3\4"
                 "\0\0\0\4\xff\xff\xff\xfe"
                 "\0\0\0\4\x80\0\0\0");
    buffer_clear(&out);
    copy_put_i64(&out, INT64_C(0x0102030405060708));
    copy_put_i64(&out, -2);
    copy_put_i64(&out, INT64_MIN);
    expect_bytes("\0\0\0\x8\1\2\3\4\5\6\7\x8"
                 "\0\0\0\x8\xff\xff\xff\xff\xff\xff\xff\xfe"
                 "\0\0\0\x8\x80\0\0\0\0\0\0\0");
}

static void bytes_go_as_they_are(void **state)
{
    (void)state;
    copy_put_bytes(&out, "\0\\\n\t\xff", 5); /* what the text format would have to escape */
    expect_bytes("\0\0\0\5"
                 "\0\\\n\t\xff");
}

static void a_long_field_has_its_length(void **state)
{
    static const uint8_t bytes[1000] = {7};

    (void)state;
    copy_put_bytes(&out, bytes, sizeof bytes);
    assert_int_equal(out.len, 1004);
    assert_memory_equal(out.data, "\0\0\x03\xe8\7", 5);
}

static void times_count_from_the_year_2000(void **state)
{
    (void)state;
    copy_put_time(&out, INT64_C(946684800000000)); /* 2000-01-01T00:00:00Z */
    copy_put_time(&out, INT64_C(946684800000001));
    copy_put_time(&out, INT64_C(946684799999999));
    expect_bytes("\0\0\0\x8\0\0\0\0\0\0\0\0"
                 "\0\0\0\x8\0\0\0\0\0\0\0\1"
                 "\0\0\0\x8\xff\xff\xff\xff\xff\xff\xff\xff");
    buffer_clear(&out);
    copy_put_time(&out, 0); /* 1970: minus 946,684,800 s */
    expect_bytes("\0\0\0\x8\xff\xfc\xa2\xfe\xc4\xc8\x20\0");
}

static void an_array_has_its_type_its_length_and_begins_at_one(void **state)
{
    (void)state;
    array_begin(&out, OID_INT8, 2);
    copy_put_i64(&out, 5);
    copy_put_null(&out);
    expect_bytes("\0\0\0\1"
                 "\0\0\0\0"
                 "\0\0\0\x14"
                 "\0\0\0\2"
                 "\0\0\0\1"
                 "\0\0\0\x8\0\0\0\0\0\0\0\5"
                 "\xff\xff\xff\xff");
}

static void an_array_of_nothing_has_no_dimension(void **state)
{
    (void)state;
    array_begin(&out, OID_TEXT, 0);
    expect_bytes("\0\0\0\0"
                 "\0\0\0\0"
                 "\0\0\0\x19");
}

/* pg_type.dat of PostgreSQL; these numbers never change. */
static void the_types_have_the_numbers_of_the_catalogue(void **state)
{
    (void)state;
    assert_int_equal(OID_BOOL, 16);
    assert_int_equal(OID_BYTEA, 17);
    assert_int_equal(OID_INT8, 20);
    assert_int_equal(OID_INT2, 21);
    assert_int_equal(OID_INT4, 23);
    assert_int_equal(OID_TEXT, 25);
    assert_int_equal(OID_TIMESTAMPTZ, 1184);
    assert_int_equal(OID_UUID, 2950);
}

static void a_field_that_does_not_fit_leaves_no_half_of_itself_unnoticed(void **state)
{
    (void)state;
    for (size_t room = 0; room < 12; room++) {
        buffer_fini(&out);
        buffer_init(&out, room);
        copy_put_i64(&out, 1);
        assert_true(out.failed);
        assert_int_equal(out.len, 0);
        buffer_clear(&out);
        copy_put_bytes(&out, "01234567", 8);
        assert_true(out.failed);
    }
    buffer_fini(&out);
    buffer_init(&out, 12);
    copy_put_i64(&out, 1);
    assert_false(out.failed);
}

int main(void)
{
#define TEST_(name) cmocka_unit_test_setup_teardown(name, start, finish)
    const struct CMUnitTest tests[] = {
        TEST_(a_stream_without_rows_is_its_header_and_its_trailer),
        TEST_(a_row_counts_its_columns_and_each_field_its_bytes),
        TEST_(a_null_is_a_length_of_minus_one_and_no_bytes),
        TEST_(nothing_is_not_null),
        TEST_(booleans_are_one_byte),
        TEST_(integers_are_two_four_and_eight_bytes_with_their_sign),
        TEST_(bytes_go_as_they_are),
        TEST_(a_long_field_has_its_length),
        TEST_(times_count_from_the_year_2000),
        TEST_(an_array_has_its_type_its_length_and_begins_at_one),
        TEST_(an_array_of_nothing_has_no_dimension),
        TEST_(the_types_have_the_numbers_of_the_catalogue),
        TEST_(a_field_that_does_not_fit_leaves_no_half_of_itself_unnoticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
