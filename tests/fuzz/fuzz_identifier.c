/* fuzz_identifier.c - any bytes as an identifier of every scheme: normalising twice changes nothing, and what is accepted is
 * clean text that fits. */
#include <assert.h>
#include <string.h>

#include "core/identity/citizen_id.h"
#include "core/identity/credit_code.h"
#include "core/identity/identifier.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_scheme(enum identifier_scheme scheme, struct text raw)
{
    char value[IDENTIFIER_VALUE_BYTES], again[IDENTIFIER_VALUE_BYTES];
    struct error error = {0};
    enum identifier_grade grade = identifier_normalise(scheme, raw, value, &error);
    assert((grade == IDENTIFIER_GOOD) == (error.code == 0));
    assert((grade == IDENTIFIER_GOOD) == (error.text[0] == '\0'));
    assert((grade == IDENTIFIER_INVALID) == (value[0] == '\0'));
    if (grade == IDENTIFIER_INVALID)
        return;
    assert(text_is_clean_utf8(text_of(value)));
    assert(identifier_normalise(scheme, text_of(value), again, NULL) == grade);
    assert(strcmp(again, value) == 0);
}

static void check_credit_code(struct text raw)
{
    char value[CREDIT_CODE_BYTES], again[CREDIT_CODE_BYTES];
    enum identifier_grade grade = credit_code_normalise(raw, value, NULL);
    assert(credit_code_normalise(text_of(value), again, NULL) == grade);
    assert(strcmp(again, value) == 0);
    assert(strlen(value) == (grade == IDENTIFIER_INVALID ? 0 : CREDIT_CODE_LEN));
}

static void check_citizen_id(struct text raw)
{
    char value[CITIZEN_ID_BYTES], again[CITIZEN_ID_BYTES];
    if (citizen_id_normalise(raw, value, NULL) != 0)
        return;
    assert(citizen_id_normalise(text_of(value), again, NULL) == 0);
    assert(strcmp(again, value) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text raw = {(const char *)data, size};
    for (int scheme = 0; scheme <= IDENTIFIER_SCHEME_GS1 + 1; scheme++)
        check_scheme((enum identifier_scheme)scheme, raw);
    check_credit_code(raw);
    check_citizen_id(raw);
    return 0;
}
