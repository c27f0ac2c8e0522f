/* test_recall.c - labelled listings by seed: how many hidden identifiers are found, and that clean listings raise nothing. With a small
 * index; tests/bench/detect does the same with ten million. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/listings.h"

enum { BANNED = 50000, EACH = 200, CLEAN = 5000, SEED = 20260925 };
static struct vin_index vin_index;

static int load(void **state)
{
    uint32_t *scratch = malloc(BANNED * sizeof *scratch);

    (void)state;
    vin_index_use(&vin_index, malloc(BANNED * sizeof(vin_code)), malloc(BANNED * sizeof(uint32_t)), BANNED);
    for (size_t i = 0; i < BANNED; i++) {
        struct made_car car;
        vin_code code;

        made_car(SEED, i, &car);
        assert_int_equal(vin_code_of(text_of(car.vin), &code), 0);
        assert_true(vin_index_add(&vin_index, code));
    }
    vin_index_settle(&vin_index, scratch);
    free(scratch);
    return 0;
}

static int unload(void **state)
{
    (void)state;
    free(vin_index.codes);
    free(vin_index.order);
    return 0;
}

/* Percent of listings of these classes whose VIN is found. */
static double recall(enum listing_class first, enum listing_class last)
{
    size_t found = 0, total = 0;

    for (int class = (int)first; class <= (int)last; class ++) {
        size_t of_class = 0;

        for (size_t i = 0; i < EACH; i++) {
            struct made_car car;
            struct made_listing listing;
            struct detection detection;

            made_car(SEED, i * 7 + (size_t) class * 1009, &car);
            made_listing(i + (size_t) class * EACH, &car, (enum listing_class) class, &listing);
            detect(&vin_index, &listing, &detection);
            of_class += detection_has(&detection, car.vin);
        }
        print_message("%-28s %4zu of %d\n", listing_class_words[class], of_class, EACH);
        found += of_class;
        total += EACH;
    }
    return 100.0 * (double)found / (double)total;
}

static void exact_identifiers_are_found_in_any_disguise(void **state)
{
    (void)state;
    assert_true(recall(LISTING_EXACT, LISTING_DISGUISED) >= 99);
}

static void one_edit_or_confusion_is_found(void **state)
{
    (void)state;
    assert_true(recall(LISTING_CONFUSED, LISTING_LOST) >= 95);
}

static void up_to_six_hidden_are_found(void **state)
{
    (void)state;
    assert_true(recall(LISTING_MASKED_1, LISTING_MASKED_6) >= 90);
}

static void clean_listings_raise_nothing(void **state)
{
    size_t flagged = 0;

    (void)state;
    for (size_t i = 0; i < CLEAN; i++) {
        struct made_car car;
        struct made_listing listing;
        struct detection detection;

        made_car(SEED, BANNED + i, &car);
        made_listing(i, &car, made_clean_class(i * UINT64_C(2654435761)), &listing);
        detect(&vin_index, &listing, &detection);
        flagged += detection.count > 0;
    }
    assert_int_equal(flagged, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_identifiers_are_found_in_any_disguise),
        cmocka_unit_test(one_edit_or_confusion_is_found),
        cmocka_unit_test(up_to_six_hidden_are_found),
        cmocka_unit_test(clean_listings_raise_nothing),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
