/* normalise.h - what the unit tests of the identifier formats share: one raw value, its grade and its normalised form. */
#ifndef CUSTODY_TESTS_UNIT_NORMALISE_H
#define CUSTODY_TESTS_UNIT_NORMALISE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/identity/identifier.h"

#define expect_good(scheme, raw, value) expect_grade_(scheme, raw, IDENTIFIER_GOOD, value, "", __FILE__, __LINE__)
/* `words` stand in the error's text. */
#define expect_doubtful(scheme, raw, value, words)                                                                     \
    expect_grade_(scheme, raw, IDENTIFIER_DOUBTFUL, value, words, __FILE__, __LINE__)
#define expect_invalid(scheme, raw, words) expect_grade_(scheme, raw, IDENTIFIER_INVALID, "", words, __FILE__, __LINE__)

static inline void expect_grade_(enum identifier_scheme scheme, const char *raw, enum identifier_grade grade,
                                 const char *value, const char *words, const char *file, int line)
{
    char out[IDENTIFIER_VALUE_BYTES], again[IDENTIFIER_VALUE_BYTES];
    struct error error = {0};
    enum identifier_grade got = identifier_normalise(scheme, text_of(raw), out, &error);
    if (got != grade || strcmp(out, value) != 0)
        print_error("\"%s\": grade %d, \"%s\": %s\n", raw, (int)got, out, error.text);
    _assert_int_equal((uintmax_t)got, (uintmax_t)grade, file, line);
    _assert_string_equal(out, value, file, line);
    _assert_int_equal((uintmax_t)error.code, (uintmax_t)(grade == IDENTIFIER_GOOD ? 0 : ERR_INVALID), file, line);
    if (!strstr(error.text, words))
        print_error("\"%s\": \"%s\" lacks \"%s\"\n", raw, error.text, words);
    _assert_true(strstr(error.text, words) != NULL, "the error has its words", file, line);
    _assert_true(grade == IDENTIFIER_GOOD || strstr(error.text, "hint:") != NULL, "the error has a hint", file, line);
    if (grade == IDENTIFIER_INVALID)
        return;
    identifier_normalise(scheme, text_of(out), again, NULL);
    _assert_string_equal(again, out, file, line);
}

#endif
