/* test_program.c - the hash of the running program's file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "io/program.h"

static void the_hash_is_that_of_the_file(void **state)
{
    struct digest digest, wanted;
    FILE *file = fopen("/proc/self/exe", "r");
    char *content;
    long size;

    (void)state;
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    size = ftell(file);
    rewind(file);
    content = malloc((size_t)size);
    assert_int_equal(fread(content, 1, (size_t)size, file), size);
    wanted = sha256(content, (size_t)size);
    assert_int_equal(program_sha256(&digest, NULL), 0);
    assert_true(digest_equal(&digest, &wanted));
    free(content);
    (void)fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_hash_is_that_of_the_file)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
