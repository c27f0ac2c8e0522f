/* prove.c - how long an inclusion proof takes, and how many rows it reads, in a log of made-up hashes (ten_million_leaves.sql).
 *
 * prove DATABASE COUNT: COUNT proofs of leaves all over the log, each from a reader that has nothing in its cache. Prints "name value" lines. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/tree_reader.h"

static double now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int by_value(const void *a, const void *b)
{
    const double *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

static void need(int code, const struct error *error)
{
    if (!code)
        return;
    (void)fprintf(stderr, "prove: %s\n", error->text);
    exit(1);
}

static uint64_t size_of_log(struct database *database)
{
    struct error error;
    struct rows *rows;
    uint64_t size;

    need(database_query(database, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", 0, NULL, NULL, &error), &error);
    need(database_query(database, "SELECT size FROM ledger.head", 0, NULL, &rows, &error), &error);
    size = (uint64_t)rows_i64(rows, 0, 0);
    rows_free(rows);
    return size;
}

/* Milliseconds; adds to the most rows that a proof read. */
static double prove(struct database *database, uint64_t index, uint64_t size, uint64_t *most_rows)
{
    struct tree_reader *reader = tree_reader_new(database, size);
    double begun = now_ms(), took;
    struct proof proof;
    struct error error;

    need(reader ? tree_read_inclusion(reader, index, &proof, &error) : error_set(&error, ERR_NO_MEMORY, "no memory"),
         &error);
    took = now_ms() - begun;
    if (tree_reader_rows(reader) > *most_rows)
        *most_rows = tree_reader_rows(reader);
    tree_reader_free(reader);
    return took;
}

int main(int argc, char **argv)
{
    size_t count = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    double *took_ms = calloc(count, sizeof *took_ms);
    struct database *database;
    struct error error;
    uint64_t size, most_rows = 0, index = 0;

    if (!count || !took_ms) {
        (void)fputs("usage: prove DATABASE COUNT\n", stderr);
        return 2;
    }
    database = database_open(argv[1], &error);
    need(database ? 0 : ERR_UNREACHABLE, &error);
    size = size_of_log(database);
    for (size_t i = 0; i < count; i++) {
        index = (index + 6364136223846793005U % size) % size; /* all over it, the same in every run */
        took_ms[i] = prove(database, index, size, &most_rows);
    }
    database_close(database);
    qsort(took_ms, count, sizeof *took_ms, by_value);
    (void)printf("prove_p50_ms %.4f\nprove_p99_ms %.4f\nprove_rows_max %" PRIu64 "\n", took_ms[count / 2],
                 took_ms[count * 99 / 100], most_rows);
    free(took_ms);
    return 0;
}
