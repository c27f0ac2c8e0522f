/* test_operator_leaf.c - what the JSON of operators' leaves is taken to say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/encoding.h"
#include "ctl/operator_leaf.h"

static char good_id[HEX_SIZE(KEY_ID_BYTES)], good_key[BASE64_SIZE(PUBLIC_KEY_BYTES)];
static const uint8_t public_key[PUBLIC_KEY_BYTES] = {7};

static int prepare(void **state)
{
    uint8_t id[KEY_ID_BYTES];
    (void)state;
    source_key_id(TEXT("truck-1"), public_key, id);
    hex_encode(id, sizeof id, good_id);
    base64_encode(public_key, sizeof public_key, good_key);
    return 0;
}

static bool read_key(const char *format, const char *action, const char *source, const char *id, const char *key,
                     struct device_key_leaf *leaf)
{
    char record[512];
    snprintf(
        record, sizeof record,
        "{\"format\" : \"%s\", \"action\" : \"%s\", \"actor\" : \"a\", \"data\" : {\"source\": \"%s\", \"key_id\": "
        "\"%s\", \"public_key\": \"%s\"}}",
        format, action, source, id, key);
    return operator_leaf_key(text_of(record), leaf);
}

static void a_registration_gives_source_id_and_key(void **state)
{
    struct device_key_leaf leaf;
    (void)state;
    assert_true(read_key("custody-operator/v1", "key registered", "truck-1", good_id, good_key, &leaf));
    assert_string_equal(leaf.source, "truck-1");
    assert_memory_equal(leaf.public_key, public_key, sizeof public_key);
}

static void a_registration_that_differs_anywhere_registers_nothing(void **state)
{
    struct device_key_leaf leaf;
    (void)state;
    assert_false(read_key("custody-operator/v2", "key registered", "truck-1", good_id, good_key, &leaf));
    assert_false(read_key("custody-operator/v1", "key revoked", "truck-1", good_id, good_key, &leaf));
    assert_false(read_key("custody-operator/v1", "key registered", "truck-2", good_id, good_key, &leaf));
    assert_false(read_key("custody-operator/v1", "key registered", "truck-1", "00000000", good_key, &leaf));
    assert_false(read_key("custody-operator/v1", "key registered", "truck-1", good_id, "AAAA", &leaf));
    assert_false(read_key("custody-operator/v1", "key registered", "truck-1", good_id, "?", &leaf));
}

static void what_is_no_such_json_registers_nothing(void **state)
{
    static const char *const bad[] = {
        "",
        "{}",
        "[]",
        "custody-key/v1\n",
        "{\"format\":\"custody-operator/v1\",\"action\":\"key registered\",\"data\":[]}",
        "{\"format\":\"custody-operator/v1\",\"action\":\"key registered\",\"data\":{}}",
        "{\"format\":\"custody-operator/v1\",\"format\":\"custody-operator/v1\",\"action\":\"key "
        "registered\",\"data\":{}}",
        "{\"format\":1,\"action\":2,\"data\":{}}",
    };
    struct device_key_leaf leaf;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(operator_leaf_key(text_of(bad[i]), &leaf));
    assert_false(operator_leaf_key((struct text){0}, &leaf));
    assert_false(operator_leaf_key((struct text){"{\0}", 3}, &leaf));
}

#define ERASURE(data)                                                                                                  \
    TEXT("{\"format\":\"custody-operator/v1\",\"action\":\"record erased\",\"actor\":\"a\",\"data\":" data "}")

static void an_erasure_names_the_record_that_it_erased(void **state)
{
    (void)state;
    assert_true(operator_leaf_erases(ERASURE("{\"log_index\":7,\"reason\":\"x\"}"), 7));
    assert_false(operator_leaf_erases(ERASURE("{\"log_index\":7}"), 8));
    assert_false(operator_leaf_erases(ERASURE("{\"log_index\":\"7\"}"), 7));
    assert_false(operator_leaf_erases(ERASURE("{\"log_index\":-1}"), UINT64_MAX));
    assert_false(operator_leaf_erases(ERASURE("{}"), 0));
    assert_false(operator_leaf_erases((struct text){0}, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_registration_gives_source_id_and_key),
        cmocka_unit_test(a_registration_that_differs_anywhere_registers_nothing),
        cmocka_unit_test(what_is_no_such_json_registers_nothing),
        cmocka_unit_test(an_erasure_names_the_record_that_it_erased),
    };
    return cmocka_run_group_tests(tests, prepare, NULL);
}
