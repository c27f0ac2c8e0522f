/* test_statefile.c - a small file replaced atomically, and its lock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/statefile.h"

static char folder[] = "/tmp/custody-statefile-XXXXXX";
static char path[64], temporary[64], lock_path[64];
static struct error error;

static int enter(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    (void)snprintf(path, sizeof path, "%s/head", folder);
    (void)snprintf(temporary, sizeof temporary, "%s/head.new", folder);
    (void)snprintf(lock_path, sizeof lock_path, "%s/head.lock", folder);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    (void)unlink(path);
    (void)unlink(temporary);
    (void)unlink(lock_path);
    return rmdir(folder);
}

static int forget(void **state)
{
    (void)state;
    (void)unlink(path);
    (void)rmdir(path);
    error = (struct error){0};
    return 0;
}

static void expect_content(const char *wanted)
{
    struct buffer content;

    buffer_init(&content, strlen(wanted)); /* a bound that it just meets */
    assert_int_equal(statefile_read(path, &content, &error), 0);
    assert_true(text_equal(buffer_text(&content), text_of(wanted)));
    buffer_fini(&content);
}

static void what_was_written_is_read(void **state)
{
    struct stat about;

    (void)state;
    assert_int_equal(statefile_write(path, TEXT("one\n"), &error), 0);
    expect_content("one\n");
    assert_int_equal(statefile_write(path, TEXT("another, longer\n"), &error), 0);
    expect_content("another, longer\n");
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0600);
    assert_int_not_equal(access(temporary, F_OK), 0);
}

static void what_a_killed_writer_left_behind_is_written_over(void **state)
{
    FILE *left = fopen(temporary, "w");

    (void)state;
    assert_non_null(left);
    assert_true(fputs("half of something much longer than what comes", left) >= 0 && fclose(left) == 0);
    assert_int_equal(statefile_write(path, TEXT("whole\n"), &error), 0);
    expect_content("whole\n");
}

static void a_missing_file_is_told_from_one_that_cannot_be_read(void **state)
{
    struct buffer content;

    (void)state;
    buffer_init(&content, 100);
    assert_int_equal(statefile_read(path, &content, &error), ERR_NOT_FOUND);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(statefile_read(path, &content, &error), ERR_IO);
    assert_non_null(strstr(error.text, path));
    buffer_fini(&content);
}

static void a_file_beyond_the_bound_is_refused(void **state)
{
    char many[5000];
    struct buffer content;

    (void)state;
    memset(many, 'x', sizeof many);
    assert_int_equal(statefile_write(path, (struct text){many, sizeof many}, &error), 0);
    buffer_init(&content, 4096);
    assert_int_equal(statefile_read(path, &content, &error), ERR_TOO_LARGE);
    buffer_fini(&content);
}

static void a_write_that_fails_leaves_the_old_file(void **state)
{
    (void)state;
    assert_int_equal(statefile_write(path, TEXT("old\n"), &error), 0);
    assert_int_equal(mkdir(temporary, 0700), 0);
    assert_int_equal(statefile_write(path, TEXT("new\n"), &error), ERR_IO);
    assert_non_null(strstr(error.text, "hint"));
    assert_int_equal(rmdir(temporary), 0);
    expect_content("old\n");
}

static void a_folder_that_is_not_there_is_an_error_for_write_and_lock(void **state)
{
    int lock;

    (void)state;
    assert_int_equal(statefile_write("/nonexistent/head", TEXT("x"), &error), ERR_IO);
    assert_int_equal(statefile_lock("/nonexistent/head", &lock, &error), ERR_IO);
}

static void a_name_without_a_folder_is_beside_us(void **state)
{
    (void)state;
    assert_int_equal(chdir(folder), 0);
    assert_int_equal(statefile_write("head", TEXT("here\n"), &error), 0);
    expect_content("here\n");
    assert_int_equal(chdir("/"), 0);
}

static void a_path_too_long_for_the_system_is_refused(void **state)
{
    char long_path[5000] = "/";
    int lock;

    (void)state;
    memset(long_path + 1, 'a', sizeof long_path - 2);
    assert_int_equal(statefile_write(long_path, TEXT("x"), &error), ERR_IO);
    assert_int_equal(statefile_lock(long_path, &lock, &error), ERR_IO);
}

static void one_process_has_the_lock_until_it_ends(void **state)
{
    int lock, second, status, ready[2];
    pid_t child;
    char byte;

    (void)state;
    assert_int_equal(pipe(ready), 0);
    child = fork();
    if (child == 0) {
        byte = statefile_lock(path, &lock, NULL) == 0;
        (void)!write(ready[1], &byte, 1);
        (void)pause();
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 1);
    assert_int_equal(statefile_lock(path, &second, &error), ERR_CONFLICT);
    assert_non_null(strstr(error.text, "another process"));
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(statefile_lock(path, &second, &error), 0);
    assert_int_equal(close(second), 0);
    (void)close(ready[0]);
    (void)close(ready[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(what_was_written_is_read, forget),
        cmocka_unit_test_teardown(what_a_killed_writer_left_behind_is_written_over, forget),
        cmocka_unit_test_teardown(a_missing_file_is_told_from_one_that_cannot_be_read, forget),
        cmocka_unit_test_teardown(a_file_beyond_the_bound_is_refused, forget),
        cmocka_unit_test_teardown(a_write_that_fails_leaves_the_old_file, forget),
        cmocka_unit_test_teardown(a_folder_that_is_not_there_is_an_error_for_write_and_lock, forget),
        cmocka_unit_test_teardown(a_name_without_a_folder_is_beside_us, forget),
        cmocka_unit_test_teardown(a_path_too_long_for_the_system_is_refused, forget),
        cmocka_unit_test_teardown(one_process_has_the_lock_until_it_ends, forget),
    };

    return cmocka_run_group_tests(tests, enter, leave);
}
