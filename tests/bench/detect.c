/* detect.c - the detector alone: ten million banned VINs loaded, labelled listings run through it, recall and false flags told by class.
 *
 * Usage: detect [banned] [listings of each class] [clean listings] [seed] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support/listings.h"

enum { BATCH = 20000 };

/* Of our own: the machine may be busy with others. */
static double seconds(clockid_t clock)
{
    struct timespec now;

    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void tell(const char *name, double value, const char *unit)
{
    printf("bench %-44s %14.3f %s\n", name, value, unit);
}

static void *allocate(size_t bytes)
{
    void *memory = malloc(bytes);

    if (!memory) {
        fputs("out of memory\n", stderr);
        exit(1);
    }
    return memory;
}

/* The VINs are made beforehand; loading is from text to searchable, as from a page of the database. */
static void load(struct vin_index *index, size_t count, uint64_t seed)
{
    char *text = allocate(count * VIN_LEN);
    double began, own;

    for (size_t i = 0; i < count; i++) {
        struct made_car car;

        made_car(seed, i, &car);
        memcpy(text + i * VIN_LEN, car.vin, VIN_LEN);
    }
    began = seconds(CLOCK_MONOTONIC);
    own = seconds(CLOCK_PROCESS_CPUTIME_ID);
    vin_index_use(index, allocate(count * sizeof(vin_code)), allocate(count * sizeof(uint32_t)), count);
    for (size_t i = 0; i < count; i++) {
        vin_code code;

        if (vin_code_of((struct text){text + i * VIN_LEN, VIN_LEN}, &code) || !vin_index_add(index, code))
            exit(1);
    }
    uint32_t *scratch = allocate(count * sizeof *scratch);
    vin_index_settle(index, scratch);
    tell("detect_load", seconds(CLOCK_MONOTONIC) - began, "s");
    tell("detect_load_cpu", seconds(CLOCK_PROCESS_CPUTIME_ID) - own, "s");
    tell("detect_banned", (double)index->count, "VINs");
    tell("detect_bytes_kept", (double)(sizeof(vin_code) + sizeof(uint32_t)) * (double)count / (double)index->count,
         "bytes/VIN");
    tell("detect_bytes_while_sorting",
         (double)(sizeof(vin_code) + 2 * sizeof(uint32_t)) * (double)count / (double)index->count, "bytes/VIN");
    free(scratch);
    free(text);
}

static int compare_doubles(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;

    return (a > b) - (a < b);
}

static void recall(const struct vin_index *index, size_t banned, size_t each, uint64_t seed)
{
    size_t total[3] = {0}, hit[3] = {0};

    for (int class = 0; class < LISTING_NO_VIN; class ++) {
        size_t found = 0, group = class <= LISTING_DISGUISED ? 0 : class <= LISTING_LOST ? 1 : 2;

        for (size_t i = 0; i < each; i++) {
            struct made_car car;
            struct made_listing listing;
            struct detection detection;

            made_car(seed, (i * 7919 + (size_t) class * 104729) % banned, &car);
            made_listing(seed + i * 31 + (size_t) class, &car, (enum listing_class) class, &listing);
            detect(index, &listing, &detection);
            found += detection_has(&detection, car.vin);
        }
        total[group] += each;
        hit[group] += found;
        printf("  %-28s %6zu of %6zu  %6.2f %%\n", listing_class_words[class], found, each,
               100.0 * (double)found / (double)each);
    }
    tell("detect_recall_exact", 100.0 * (double)hit[0] / (double)total[0], "%");
    tell("detect_recall_one_edit", 100.0 * (double)hit[1] / (double)total[1], "%");
    tell("detect_recall_masked", 100.0 * (double)hit[2] / (double)total[2], "%");
}

static bool is_banned(const struct vin_index *index, const char *vin)
{
    struct written written = {.len = VIN_LEN};
    struct vin_found found;

    (void)text_copy(written.text, sizeof written.text, text_of(vin));
    vin_index_search(index, &written, &found);
    for (size_t i = 0; i < found.count; i++) {
        char text[VIN_LEN + 1];

        vin_code_text(found.codes[i], text);
        if (strcmp(text, vin) == 0)
            return true;
    }
    return false;
}

/* Clean listings: other cars of the same makers. Timed one by one; made beforehand. */
static void clean(const struct vin_index *index, size_t banned, size_t count, uint64_t seed)
{
    struct made_listing *listings = allocate(BATCH * sizeof *listings);
    enum listing_class *classes = allocate(BATCH * sizeof *classes);
    double *took = allocate(count * sizeof *took), spent = 0;
    size_t number = banned, flagged = 0, by_class[LISTING_CLASSES] = {0}, of_class[LISTING_CLASSES] = {0};

    for (size_t from = 0; from < count; from += BATCH) {
        size_t now = count - from < BATCH ? count - from : BATCH;

        for (size_t i = 0; i < now; i++) {
            struct made_car car;

            do /* two numbers may make one VIN: then it is banned */
                made_car(seed, number++, &car);
            while (is_banned(index, car.vin));
            classes[i] = made_clean_class((seed + from + i) * UINT64_C(0x9E3779B97F4A7C15) >> 16);
            made_listing(seed + from + i, &car, classes[i], &listings[i]);
        }
        for (size_t i = 0; i < now; i++) {
            struct detection detection;
            double began = seconds(CLOCK_PROCESS_CPUTIME_ID);

            detect(index, &listings[i], &detection);
            took[from + i] = seconds(CLOCK_PROCESS_CPUTIME_ID) - began;
            spent += took[from + i];
            flagged += detection.count > 0;
            by_class[classes[i]] += detection.count > 0;
            of_class[classes[i]]++;
        }
    }
    for (int class = 0; class < LISTING_CLASSES; class ++)
        if (of_class[class])
            printf("  clean, %-21s %6zu of %7zu flagged\n", listing_class_words[class], by_class[class],
                   of_class[class]);
    qsort(took, count, sizeof *took, compare_doubles);
    tell("detect_false_flags_per_10000", 1e4 * (double)flagged / (double)count, "flags");
    tell("detect_listings", (double)count / spent, "listings/s");
    tell("detect_p50", took[count / 2] * 1e6, "us");
    tell("detect_p99", took[count * 99 / 100] * 1e6, "us");
    tell("detect_slowest", took[count - 1] * 1e6, "us");
    free(took);
    free(classes);
    free(listings);
}

int main(int argc, char **argv)
{
    size_t banned = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000000,
           each = argc > 2 ? strtoul(argv[2], NULL, 10) : 2000;
    size_t others = argc > 3 ? strtoul(argv[3], NULL, 10) : 200000;
    uint64_t seed = argc > 4 ? strtoull(argv[4], NULL, 10) : 1;
    struct vin_index index = {.count = 0};

    printf("seed %llu\n", (unsigned long long)seed);
    load(&index, banned, seed);
    recall(&index, banned, each, seed);
    clean(&index, banned, others, seed);
    free(index.codes);
    free(index.order);
    return 0;
}
