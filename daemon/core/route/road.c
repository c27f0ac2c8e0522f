/* road.c - road rights, those of a class first, then those of single trucks; hours in Asia/Shanghai. */
#include "core/route/road.h"

#include <stdbool.h>
#include <stdlib.h>

#define US_PER_MINUTE INT64_C(60000000)

enum { SHANGHAI_MINUTES = 480, THURSDAY = 3 /* 1970-01-01 */ };

int road_rights_add(struct road_rights *rights, const struct road_right *right)
{
    if (rights->count == rights->room) {
        size_t room = rights->room ? rights->room * 2 : 16;
        struct road_right *list = realloc(rights->list, room * sizeof *list);
        if (!list)
            return ERR_NO_MEMORY;
        rights->list = list;
        rights->room = room;
    }
    rights->list[rights->count++] = *right;
    return 0;
}

static int by_vehicle(const void *a, const void *b)
{
    const struct road_right *x = a, *y = b;
    if (x->vehicle_id != y->vehicle_id)
        return x->vehicle_id < y->vehicle_id ? -1 : 1;
    return (x->right_id > y->right_id) - (x->right_id < y->right_id);
}

void road_rights_sort(struct road_rights *rights)
{
    if (rights->count)
        qsort(rights->list, rights->count, sizeof *rights->list, by_vehicle);
}

void road_rights_fini(struct road_rights *rights)
{
    free(rights->list);
    *rights = (struct road_rights){.list = NULL};
}

static size_t first_of(const struct road_rights *rights, int64_t vehicle_id)
{
    size_t low = 0, high = rights->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rights->list[middle].vehicle_id < vehicle_id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_open(const struct road_right *right, int64_t at_us)
{
    int64_t minutes = at_us / US_PER_MINUTE + SHANGHAI_MINUTES;
    int minute = (int)(minutes % MINUTES_PER_DAY);
    unsigned today = (unsigned)((minutes / MINUTES_PER_DAY + THURSDAY) % 7), yesterday = (today + 6) % 7;
    if (at_us < 0)
        return false;
    if (right->from_minute < right->until_minute)
        return (right->weekdays >> today & 1) && minute >= right->from_minute && minute < right->until_minute;
    return ((right->weekdays >> today & 1) && minute >= right->from_minute) ||
           ((right->weekdays >> yesterday & 1) && minute < right->until_minute);
}

static bool concerns(const struct road_right *right, const struct truck *truck, int64_t at_us)
{
    return at_us >= right->valid_from_us && at_us < right->valid_until_us &&
           (right->vehicle_id == truck->vehicle_id ||
            (right->vehicle_id == 0 &&
             (!right->truck_class[0] || text_equal(text_of(right->truck_class), truck->truck_class))));
}

static bool is_within(const struct road_right *right, const int64_t *areas, size_t area_count)
{
    for (size_t i = 0; i < area_count; i++)
        if (areas[i] == right->fence_id)
            return true;
    return false;
}

enum road_answer road_rights_ask(const struct road_rights *rights, const struct truck *truck, const int64_t *areas,
                                 size_t area_count, int64_t at_us)
{
    const int64_t owners[] = {0, truck->vehicle_id};
    enum road_answer answer = ROAD_UNREGULATED;
    for (size_t k = 0; k < 2 && (k == 0 || owners[k] != 0); k++)
        for (size_t i = first_of(rights, owners[k]); i < rights->count && rights->list[i].vehicle_id == owners[k];
             i++) {
            const struct road_right *right = &rights->list[i];
            if (!concerns(right, truck, at_us))
                continue;
            if (!is_within(right, areas, area_count))
                answer = answer == ROAD_UNREGULATED ? ROAD_OUTSIDE_AREA : answer;
            else if (is_open(right, at_us))
                return ROAD_PERMITTED;
            else
                answer = ROAD_OUTSIDE_HOURS;
        }
    return answer;
}
