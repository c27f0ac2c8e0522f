/* test_fleet_roster.c - who takes part, and that what is printed is what custodyctl register accepts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ctl/registration.h"
#include "fleet/roster.h"

static struct roster_options options(void)
{
    return (struct roster_options){.seed = 5, .area = "350504", .vehicles = 10, .load_sources = 3, .load_signs = false};
}

static char *print(const struct roster *roster)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    roster_print(roster, out);
    (void)fclose(out);
    return text;
}

static void every_line_is_a_document_that_register_accepts(void **state)
{
    (void)state;
    struct roster roster;
    struct error error;
    const struct roster_options wanted = options();
    assert_int_equal(0, roster_init(&roster, &wanted, &error));
    char *text = print(&roster), *rest = text;
    size_t lines = 0;
    for (char *line; (line = strsep(&rest, "\n")) != NULL && line[0] != '\0'; lines++) {
        json_t *document = json_loads(line, 0, NULL);
        assert_non_null(document);
        if (registration_check(document, &error))
            fail_msg("%s: %s", line, error.text);
        json_decref(document);
    }
    assert_true(lines > roster.source_count + 2 * roster.party_count);
    free(text);
    roster_fini(&roster);
}

static void the_same_seed_gives_the_same_registration(void **state)
{
    (void)state;
    struct roster one, same, other;
    struct error error;
    struct roster_options wanted = options();
    assert_int_equal(0, roster_init(&one, &wanted, &error));
    assert_int_equal(0, roster_init(&same, &wanted, &error));
    wanted.seed++;
    assert_int_equal(0, roster_init(&other, &wanted, &error));
    char *a = print(&one), *b = print(&same), *c = print(&other);
    assert_string_equal(a, b);
    assert_string_not_equal(a, c);
    free(a);
    free(b);
    free(c);
    roster_fini(&one);
    roster_fini(&same);
    roster_fini(&other);
}

static void the_sources_of_the_roles_belong_to_the_parties_of_the_roles(void **state)
{
    (void)state;
    struct roster roster;
    struct error error;
    const struct roster_options wanted = options();
    assert_int_equal(0, roster_init(&roster, &wanted, &error));
    for (enum role role = 0; role < ROLE_COUNT; role++)
        assert_int_equal(roster.party_of_role[role], roster.sources[roster.source_of_role[role]].party);
    assert_int_equal(PARTY_KIND_POLICE, roster_party_of(&roster, ROLE_CAMERA)->kind);
    assert_string_equal(roster_party_of(&roster, ROLE_YARD)->code, roster_party_of(&roster, ROLE_BRIDGE)->code);
    assert_string_equal(roster_party_of(&roster, ROLE_YARD_2)->code, roster_party_of(&roster, ROLE_BRIDGE_2)->code);
    roster_fini(&roster);
}

static void sites_lie_in_the_district_and_load_sources_stand_in_the_order_of_their_names(void **state)
{
    (void)state;
    struct roster roster;
    struct error error;
    const struct roster_options wanted = options();
    assert_int_equal(0, roster_init(&roster, &wanted, &error));
    for (size_t i = 0; i < roster.party_count; i++)
        assert_true(world_contains(roster.parties[i].site));
    const size_t first = roster_find_source(&roster, TEXT("load-000000"));
    assert_int_equal(roster.source_count - 3, first);
    assert_string_equal("load-000002", roster.sources[first + 2].name);
    assert_false(roster.sources[first].signs);
    assert_int_equal(roster.source_count, roster_find_source(&roster, TEXT("nobody")));
    roster_fini(&roster);
}

static void wrong_options_are_refused_with_words(void **state)
{
    (void)state;
    struct roster roster;
    struct error error;
    struct roster_options wanted = options();
    wanted.area = "Luojiang";
    assert_int_equal(ERR_INVALID, roster_init(&roster, &wanted, &error));
    assert_non_null(strstr(error.text, "Luojiang"));
    roster_fini(&roster);
    wanted = options();
    wanted.vehicles = 0;
    assert_int_equal(ERR_INVALID, roster_init(&roster, &wanted, &error));
    roster_fini(&roster);
    wanted.vehicles = ROSTER_VEHICLES_MAX + 1;
    assert_int_equal(ERR_INVALID, roster_init(&roster, &wanted, &error));
    roster_fini(&roster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_is_a_document_that_register_accepts),
        cmocka_unit_test(the_same_seed_gives_the_same_registration),
        cmocka_unit_test(the_sources_of_the_roles_belong_to_the_parties_of_the_roles),
        cmocka_unit_test(sites_lie_in_the_district_and_load_sources_stand_in_the_order_of_their_names),
        cmocka_unit_test(wrong_options_are_refused_with_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
