/* test_lifecycle.c - the tables of states and moves are whole: stable numbers, words, ends, no row in vain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/custody/lifecycle.h"

#define PHYSICAL(name, number, stage, end, word, zh) name,
static const enum physical_state physicals[] = {PHYSICAL_STATE_TABLE(PHYSICAL)};
#define LEGAL(name, number, stage, word, zh) name,
static const enum legal_state legals[] = {LEGAL_STATE_TABLE(LEGAL)};
#define BAN(name, number, word, zh) name,
static const enum resale_ban bans[] = {RESALE_BAN_TABLE(BAN)};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void every_state_has_a_word_of_its_own(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < COUNT(physicals); i++) {
        assert_string_not_equal(physical_state_word(physicals[i]), "invalid");
        assert_true(strlen(physical_state_zh(physicals[i])) > 0);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(physical_state_word(physicals[i]), physical_state_word(physicals[j]));
    }
    for (size_t i = 0; i < COUNT(legals); i++)
        assert_string_not_equal(legal_state_word(legals[i]), legal_state_zh(legals[i]));
    for (size_t i = 0; i < COUNT(bans); i++)
        assert_string_not_equal(resale_ban_word(bans[i]), resale_ban_zh(bans[i]));
}

static void numbers_outside_the_tables_are_invalid(void **unused)
{
    (void)unused;
    assert_string_equal(physical_state_word((enum physical_state)19), "invalid");
    assert_string_equal(physical_state_zh((enum physical_state) - 1), "invalid");
    assert_string_equal(legal_state_word((enum legal_state)7), "invalid");
    assert_string_equal(legal_state_zh((enum legal_state)7), "invalid");
    assert_string_equal(resale_ban_word((enum resale_ban)3), "invalid");
    assert_string_equal(resale_ban_zh((enum resale_ban)3), "invalid");
}

static void numbers_in_the_database_do_not_change(void **unused)
{
    (void)unused;
    assert_int_equal(PHYSICAL_NONE, 0);
    assert_int_equal(PHYSICAL_AT_YARD, 3);
    assert_int_equal(PHYSICAL_IN_LOT, 12);
    assert_int_equal(PHYSICAL_DESTROYED, 20);
    assert_int_equal(PHYSICAL_HAZ_OUT, 25);
    assert_int_equal(PHYSICAL_REMAN_RELEASED, 30);
    assert_int_equal(PHYSICAL_SOLD_MATERIAL, 36);
    assert_int_equal(LEGAL_QUARANTINED, 2);
    assert_int_equal(LEGAL_DEREGISTERED, 6);
    assert_int_equal(RESALE_BANNED_FOR_GOOD, 2);
}

/* Domain: DESTROYED, SMELTED, MATERIAL_RECOVERED, TREATED, SHREDDED, HAZ_OUT; nothing else. */
static void exactly_six_states_are_ends(void **unused)
{
    (void)unused;
    uint64_t ends = 0;
    for (size_t i = 0; i < COUNT(physicals); i++)
        if (physical_state_end(physicals[i]) == STATE_TERMINAL)
            ends |= STATE_BIT(physicals[i]);
    assert_int_equal(ends, UINT64_C(0x3F) << PHYSICAL_DESTROYED);
}

static void nothing_leads_out_of_an_end(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < physical_move_count; i++)
        for (size_t j = 0; j < COUNT(physicals); j++)
            if (physical_state_end(physicals[j]) == STATE_TERMINAL &&
                (physical_moves[i].from & STATE_BIT(physicals[j])) != 0)
                assert_int_equal(physical_moves[i].to, MOVE_SAME);
}

static void check_rows(const struct move *moves, size_t count, enum machine machine)
{
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(event_nature(moves[i].event)->machine, machine);
        assert_true(moves[i].kinds != 0 && moves[i].from != 0);
        assert_true(moves[i].law && strlen(moves[i].law) > 0);
        assert_true(moves[i].guards < GUARD_BIT(GUARD_COUNT - 1) * 2);
    }
}

static void every_row_belongs_to_the_machine_of_its_event_and_names_its_law(void **unused)
{
    (void)unused;
    check_rows(physical_moves, physical_move_count, MACHINE_PHYSICAL);
    check_rows(legal_moves, legal_move_count, MACHINE_LEGAL);
}

/* A row is in vain when earlier rows for its event take all its kinds and states. */
static void check_no_row_in_vain(const struct move *moves, size_t count, uint64_t states)
{
    for (size_t i = 0; i < count; i++) {
        bool used = false;
        for (unsigned kind = 0; kind <= ITEM_KIND_LOT && !used; kind++) {
            uint64_t left = (moves[i].kinds & KIND_BIT(kind)) != 0 ? moves[i].from & states : 0;
            for (size_t j = 0; j < i; j++)
                if (moves[j].event == moves[i].event && moves[j].role == moves[i].role &&
                    (moves[j].when == WHEN_ALWAYS || moves[j].when == moves[i].when) &&
                    (moves[j].kinds & KIND_BIT(kind)) != 0)
                    left &= ~moves[j].from;
            used = left != 0;
        }
        if (!used)
            fail_msg("row %zu is never reached", i);
    }
}

static void no_row_is_in_vain(void **unused)
{
    (void)unused;
    uint64_t physical = 0, legal = 0;
    for (size_t i = 0; i < COUNT(physicals); i++)
        physical |= STATE_BIT(physicals[i]);
    for (size_t i = 0; i < COUNT(legals); i++)
        legal |= STATE_BIT(legals[i]);
    check_no_row_in_vain(physical_moves, physical_move_count, physical);
    check_no_row_in_vain(legal_moves, legal_move_count, legal);
}

static uint64_t reachable(unsigned kind)
{
    uint64_t seen = STATE_BIT(PHYSICAL_NONE), before = 0;
    while (seen != before) {
        before = seen;
        for (size_t i = 0; i < physical_move_count; i++)
            if ((physical_moves[i].kinds & KIND_BIT(kind)) != 0 && (physical_moves[i].from & seen) != 0 &&
                physical_moves[i].to >= 0)
                seen |= STATE_BIT(physical_moves[i].to);
    }
    return seen;
}

/* Domain section 4.1, "allowed ends": each kind reaches its own, and no other. */
static void every_kind_reaches_its_ends_and_no_other(void **unused)
{
    (void)unused;
#define E(name) STATE_BIT(PHYSICAL_##name)
    const uint64_t assembly = E(REMAN_RELEASED) | E(SMELTED);
    const uint64_t electrical = E(TREATED) | E(USED_GOODS) | E(WIPED_RESOLD) | E(HAZ_OUT);
    const uint64_t ends[] = {
        [ITEM_KIND_VEHICLE] = E(DESTROYED),
        [ITEM_KIND_ENGINE] = assembly,
        [ITEM_KIND_STEERING] = assembly,
        [ITEM_KIND_GEARBOX] = assembly,
        [ITEM_KIND_FRONT_AXLE] = assembly,
        [ITEM_KIND_REAR_AXLE] = assembly,
        [ITEM_KIND_FRAME] = assembly,
        [ITEM_KIND_PART] = E(REUSE_MARKED) | E(MATERIAL_RECOVERED) | E(SMELTED) | E(IN_LOT) | E(HAZ_OUT),
        [ITEM_KIND_TRACTION_BATTERY] = E(REPROCESS_RELEASED) | E(MATERIAL_RECOVERED),
        [ITEM_KIND_LEAD_ACID_BATTERY] = E(HAZ_OUT) | E(IN_LOT),
        [ITEM_KIND_CATALYST] = E(HAZ_OUT) | E(IN_LOT),
        [ITEM_KIND_APPLIANCE] = electrical,
        [ITEM_KIND_DATA_DEVICE] = electrical | E(SHREDDED),
        [ITEM_KIND_FARM_MACHINE] = E(DESTROYED),
        [ITEM_KIND_TYRE] = E(RETREADED) | E(MATERIAL_RECOVERED) | E(IN_LOT),
        [ITEM_KIND_LOT] = E(SOLD_MATERIAL) | E(HAZ_OUT) | E(IN_LOT) | E(SMELTED) | E(MATERIAL_RECOVERED),
    };
#undef E
    uint64_t all_ends = 0;
    for (size_t i = 0; i < COUNT(physicals); i++)
        if (physical_state_end(physicals[i]) != STATE_GOES_ON)
            all_ends |= STATE_BIT(physicals[i]);
    for (unsigned kind = ITEM_KIND_VEHICLE; kind <= ITEM_KIND_LOT; kind++)
        if ((reachable(kind) & all_ends) != ends[kind])
            fail_msg("%s: %llx", item_kind_word((enum item_kind)kind),
                     (unsigned long long)((reachable(kind) & all_ends) ^ ends[kind]));
}

static void supervised_classes_are_the_four_of_the_law(void **unused)
{
    (void)unused;
    for (int class = -1; class <= 64; class ++) {
        bool law = class == VEHICLE_CLASS_LARGE_PASSENGER || class == VEHICLE_CLASS_TRUCK ||
                   class == VEHICLE_CLASS_SCHOOL_BUS || class == VEHICLE_CLASS_OTHER_OPERATING;
        assert_int_equal(vehicle_class_supervised((enum vehicle_class) class), law);
    }
}

static void only_four_rows_lift_a_ban_and_none_for_vehicles_or_assemblies(void **unused)
{
    (void)unused;
    uint32_t never = KIND_BIT(ITEM_KIND_VEHICLE) | KIND_BIT(ITEM_KIND_FARM_MACHINE) |
                     KIND_BIT(ITEM_KIND_LEAD_ACID_BATTERY) | KIND_BIT(ITEM_KIND_CATALYST);
    for (enum item_kind kind = ITEM_KIND_ENGINE; kind <= ITEM_KIND_FRAME; kind++)
        never |= KIND_BIT(kind);
    size_t lifting = 0;
    for (size_t i = 0; i < ban_move_count; i++) {
        if (ban_moves[i].effect != BAN_LIFTS)
            continue;
        lifting++;
        assert_int_equal(ban_moves[i].kinds & never, 0);
    }
    assert_int_equal(lifting, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_has_a_word_of_its_own),
        cmocka_unit_test(numbers_outside_the_tables_are_invalid),
        cmocka_unit_test(numbers_in_the_database_do_not_change),
        cmocka_unit_test(exactly_six_states_are_ends),
        cmocka_unit_test(nothing_leads_out_of_an_end),
        cmocka_unit_test(every_row_belongs_to_the_machine_of_its_event_and_names_its_law),
        cmocka_unit_test(no_row_is_in_vain),
        cmocka_unit_test(every_kind_reaches_its_ends_and_no_other),
        cmocka_unit_test(supervised_classes_are_the_four_of_the_law),
        cmocka_unit_test(only_four_rows_lift_a_ban_and_none_for_vehicles_or_assemblies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
