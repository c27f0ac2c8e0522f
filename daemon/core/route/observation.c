/* observation.c - from a report to what is known of a truck, and its order. */
#include "core/route/observation.h"

#include <stdlib.h>

#define US_PER_S INT64_C(1000000)

enum { CM_PER_M = 100, EVENT_OBSERVATIONS = 2 };

#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

static int by_content(const struct observation *a, const struct observation *b)
{
    int order = ORDER(a->at_us, b->at_us);
    order = order ? order : ORDER(a->kind, b->kind);
    order = order ? order : ORDER(a->lon_e7, b->lon_e7);
    order = order ? order : ORDER(a->lat_e7, b->lat_e7);
    return order ? order : ORDER(a->value, b->value);
}

static int by_content_and_index(const void *a, const void *b)
{
    const struct observation *x = a, *y = b;
    int order = by_content(x, y);
    return order ? order : ORDER(x->log_index, y->log_index);
}

size_t observations_sort(struct observation *list, size_t count)
{
    size_t kept = 0;
    bool sorted = true;
    for (size_t i = 1; i < count && sorted; i++)
        sorted = by_content_and_index(&list[i - 1], &list[i]) <= 0;
    if (!sorted)
        qsort(list, count, sizeof *list, by_content_and_index);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || by_content(&list[kept - 1], &list[i]) != 0)
            list[kept++] = list[i];
    return kept;
}

size_t observations_most(const struct report *report)
{
    return report->fix_count + report->reading_count + report->event_count * EVENT_OBSERVATIONS;
}

struct adding {
    struct observation *list;
    size_t count;
    uint64_t log_index;
    int64_t first_us, last_us; /* what is judged */
};

static void add(struct adding *adding, struct observation observation)
{
    if (observation.at_us < adding->first_us || observation.at_us > adding->last_us)
        return;
    observation.log_index = adding->log_index;
    adding->list[adding->count++] = observation;
}

static void add_fixes(struct adding *adding, const struct report *report, const struct route_limits *limits)
{
    for (size_t i = 0; i < report->fix_count; i++) {
        const struct fix *fix = &report->fixes[i];
        if (!fix->has_accuracy || fix->accuracy_cm <= limits->accuracy_max_m * CM_PER_M)
            add(adding, (struct observation){
                            .at_us = fix->at_us, .kind = OBSERVED_FIX, .lon_e7 = fix->lon_e7, .lat_e7 = fix->lat_e7});
    }
}

static void add_readings(struct adding *adding, const struct report *report)
{
    for (size_t i = 0; i < report->reading_count; i++) {
        const struct reading *reading = &report->readings[i];
        struct observation observation = {.at_us = reading->at_us};
        switch (reading->kind) {
        case READING_LOAD_CELL:
            observation.kind = OBSERVED_LOAD_CELL;
            observation.value = reading->mass_g;
            break;
        case READING_DOOR:
            observation.kind = OBSERVED_DOOR;
            observation.value = reading->door_open;
            break;
        case READING_TILT:
            observation.kind = OBSERVED_TILT;
            observation.value = reading->tilt_cdeg;
            break;
        case READING_WEIGHBRIDGE:
        case READING_SORTING_MASS:
            continue;
        }
        add(adding, observation);
    }
}

bool event_concerns_trucks(enum event_type type)
{
    return type == EVENT_TYPE_PICKED_UP || type == EVENT_TYPE_LOADED || type == EVENT_TYPE_UNLOADED ||
           type == EVENT_TYPE_BOOKED || type == EVENT_TYPE_DEPARTED;
}

int64_t observed_vehicle(const struct event *event, int64_t riding_vehicle_id, const struct directory *directory)
{
    const struct vehicle *vehicle;
    (void)directory_conveyance(directory, event->conveyance, &vehicle);
    return vehicle ? vehicle->vehicle_id : riding_vehicle_id;
}

static void add_event(struct adding *adding, const struct event *event, int64_t item_id,
                      const struct directory *directory)
{
    const bool pickup = event->type == EVENT_TYPE_PICKED_UP || event->type == EVENT_TYPE_LOADED;
    const bool booking = event->type == EVENT_TYPE_BOOKED || event->type == EVENT_TYPE_DEPARTED;
    const struct site *site = booking ? directory_site(directory, event->site) : NULL;
    if (pickup)
        add(adding, (struct observation){.at_us = event->at_us, .kind = OBSERVED_PICKUP, .value = item_id});
    if (event->type == EVENT_TYPE_LOADED || event->type == EVENT_TYPE_UNLOADED)
        add(adding, (struct observation){.at_us = event->at_us,
                                         .kind = event->type == EVENT_TYPE_LOADED ? OBSERVED_LOADED : OBSERVED_UNLOADED,
                                         .value = item_id});
    if (site)
        add(adding, (struct observation){.at_us = event->at_us, .kind = OBSERVED_BOOKED, .value = site->site_id});
}

size_t observations_add(const struct observing *observing, const struct route_limits *limits, struct observation *list)
{
    const struct report *report = observing->report;
    const int64_t riding = observing->rides ? observing->vehicle_id : 0;
    struct adding adding = {list, 0, observing->log_index, observing->received_us - limits->late_max_s * US_PER_S,
                            observing->received_us + limits->ahead_max_s * US_PER_S};
    if (observing->tracks) {
        add_fixes(&adding, report, limits);
        add_readings(&adding, report);
    }
    for (size_t i = 0; observing->item_ids && i < report->event_count; i++)
        if (observed_vehicle(&report->events[i], riding, observing->directory) == observing->vehicle_id)
            add_event(&adding, &report->events[i], observing->item_ids[i], observing->directory);
    return adding.count;
}
