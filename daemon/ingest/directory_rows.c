/* directory_rows.c - licences, links and figures of the registry, as core/directory wants them. */
#include "ingest/directory_rows.h"

bool directory_take_permits(struct directory *directory, struct arena *arena, const struct pg_result *result)
{
    struct permit *permits = arena_array(arena, pg_rows(result), sizeof *permits);
    size_t count = 0;

    if (!permits)
        return false;
    for (size_t row = 0; row < pg_rows(result); row++) {
        struct permit permit = {.party_id = pg_i64(result, row, 0),
                                .site_id = pg_i64(result, row, 1),
                                .from_us = pg_time_us(result, row, 3),
                                .until_us = pg_time_us(result, row, 4)};

        if (permit_kind_parse(pg_bytes(result, row, 2), &permit.kind) == 0)
            permits[count++] = permit;
    }
    directory->permits = permits;
    directory->permit_count = count;
    return true;
}

bool directory_take_links(struct directory *directory, struct arena *arena, const struct pg_result *result)
{
    struct party_link *links = arena_array(arena, pg_rows(result), sizeof *links);

    for (size_t row = 0; links && row < pg_rows(result); row++) {
        links[row] = (struct party_link){pg_i64(result, row, 0), pg_i64(result, row, 1), pg_time_us(result, row, 2),
                                         pg_time_us(result, row, 3), arena_text(arena, pg_bytes(result, row, 4))};
        if (!links[row].kind.data)
            return false;
    }
    directory->links = links;
    directory->link_count = pg_rows(result);
    return links != NULL;
}

const char *directory_take_figures(struct directory *directory, const struct pg_result *result)
{
    bool seen[FIGURE_COUNT] = {false};

    for (size_t row = 0; row < pg_rows(result); row++) {
        enum figure figure;

        if (figure_parse(pg_bytes(result, row, 0), &figure))
            continue;
        directory->figures[figure] = pg_i64(result, row, 1);
        seen[figure] = true;
    }
    for (unsigned figure = 0; figure < FIGURE_COUNT; figure++)
        if (!seen[figure])
            return figure_word((enum figure)figure);
    return NULL;
}

bool directory_take_calendar(struct directory *directory, struct arena *arena, const struct pg_result *result)
{
    struct calendar_day *days = arena_array(arena, pg_rows(result), sizeof *days);

    for (size_t row = 0; days && row < pg_rows(result); row++)
        days[row] = (struct calendar_day){pg_i64(result, row, 0), pg_bool(result, row, 1)};
    directory->calendar = days;
    directory->calendar_count = pg_rows(result);
    return days != NULL;
}

void directory_take_clocks(struct directory *directory, const struct pg_result *result)
{
    for (size_t row = 0; row < pg_rows(result); row++) {
        int64_t kind = pg_i64(result, row, 0);
        struct clock_limit limit = {.known = true,
                                    .is_law = pg_bool(result, row, 6),
                                    .severity = (int)pg_i64(result, row, 5),
                                    .count = (int32_t)pg_i64(result, row, 1),
                                    .warn_before_h = (int32_t)pg_i64(result, row, 3),
                                    .grace_h = (int32_t)pg_i64(result, row, 4)};

        if (kind > 0 && kind < CLOCK_KIND_COUNT && limit_unit_parse(pg_bytes(result, row, 2), &limit.unit) == 0)
            directory->clocks[kind] = limit;
    }
}

bool directory_take_yields(struct directory *directory, struct arena *arena, const struct pg_result *result)
{
    struct yield *yields = arena_array(arena, pg_rows(result), sizeof *yields);

    for (size_t row = 0; yields && row < pg_rows(result); row++)
        yields[row] = (struct yield){(enum vehicle_class)pg_i64(result, row, 0), (enum item_kind)pg_i64(result, row, 1),
                                     pg_i64(result, row, 2)};
    directory->yields = yields;
    directory->yield_count = pg_rows(result);
    return yields != NULL;
}
