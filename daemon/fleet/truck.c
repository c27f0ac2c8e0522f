/* truck.c - how a truck moves: legs of straight road, a speed that rises and falls, fixes with a receiver's noise. */
#include "fleet/truck.h"

#include <assert.h>
#include <math.h>

#include "base/clock.h"

static const double cruise_m_s = 14.0; /* about 50 km/h */
static const double corner_m_s = 5.0;
static const double acceleration_m_s2 = 1.2;
static const int64_t standing_fix_every_us = 60 * US_PER_S;

void truck_init(struct truck *truck, const struct world *world, uint16_t node, int64_t now_us, uint32_t fix_every_s,
                struct random random)
{
    assert(node < world->node_count && fix_every_s >= 1);
    *truck = (struct truck){
        .state = TRUCK_PARKED,
        .node = node,
        .at = world->nodes[node].at,
        .now_us = now_us,
        .next_fix_at_us = now_us,
        .fix_every_us = (int64_t)fix_every_s * US_PER_S,
        .random = random,
    };
}

void truck_send(struct truck *truck, const struct world *world, uint16_t node)
{
    assert(truck->state == TRUCK_PARKED);
    world_route(world, truck->node, node, &truck->route);
    assert(truck->route.count > 0);
    truck->state = TRUCK_DRIVING;
    truck->leg = 0;
    truck->leg_m = 0;
    truck->speed_m_s = 0;
    truck->next_fix_at_us = truck->now_us;
}

static void add_reading(struct truck *truck, struct reading reading)
{
    if (truck->reading_count < TRUCK_READINGS_MAX)
        truck->readings[truck->reading_count++] = reading;
}

void truck_work(struct truck *truck, int64_t load_g, uint32_t duration_s)
{
    assert(truck->state == TRUCK_PARKED && load_g >= 0);
    truck->state = TRUCK_WORKING;
    truck->load_after_g = load_g;
    truck->work_until_us = truck->now_us + (int64_t)duration_s * US_PER_S;
    add_reading(truck, (struct reading){
                           .at_us = truck->now_us, .kind = READING_DOOR, .door_open = true, .label = TEXT("tailgate")});
}

static int32_t noise_e7(struct truck *truck)
{
    return (int32_t)random_between(&truck->random, -150, 150); /* about 1.6 m */
}

static void add_fix(struct truck *truck)
{
    const bool driving = truck->state == TRUCK_DRIVING;
    assert(truck->fix_count < TRUCK_FIXES_MAX);
    truck->fixes[truck->fix_count++] = (struct fix){
        .at_us = truck->now_us,
        .lon_e7 = truck->at.lon_e7 + noise_e7(truck),
        .lat_e7 = truck->at.lat_e7 + noise_e7(truck),
        .datum = DATUM_WGS84,
        .has_speed = true,
        .speed_cm_s = driving ? (uint32_t)lround(truck->speed_m_s * 100.0) : 0,
        .has_course = driving,
        .course_cdeg = driving ? truck->course_cdeg : 0,
        .has_accuracy = true,
        .accuracy_cm = (uint32_t)random_between(&truck->random, 150, 450),
    };
    truck->next_fix_at_us += driving ? truck->fix_every_us : standing_fix_every_us;
    if (truck->next_fix_at_us <= truck->now_us) /* a long rest lies behind it: no fixes are made up for it */
        truck->next_fix_at_us = truck->now_us + (driving ? truck->fix_every_us : standing_fix_every_us);
}

static void arrive(struct truck *truck)
{
    truck->node = truck->route.nodes[truck->route.count - 1];
    truck->state = TRUCK_PARKED;
    truck->speed_m_s = 0;
    add_reading(truck, (struct reading){.at_us = truck->now_us, .kind = READING_LOAD_CELL, .mass_g = truck->load_g});
}

/* One second of driving. */
static void drive_second(struct truck *truck, const struct world *world)
{
    if (truck->leg + 1 >= truck->route.count) {
        truck->at = world->nodes[truck->route.nodes[truck->route.count - 1]].at;
        arrive(truck);
        return;
    }
    const struct place from = world->nodes[truck->route.nodes[truck->leg]].at;
    const struct place to = world->nodes[truck->route.nodes[truck->leg + 1]].at;
    const double length_m = place_distance_m(from, to), left_m = length_m - truck->leg_m;
    /* The fastest from which the corner's speed is reached in what is left: v^2 = c^2 + 2 a s. */
    const double safe_m_s = sqrt(corner_m_s * corner_m_s + 2 * acceleration_m_s2 * fmax(0, left_m));
    truck->speed_m_s = fmin(fmin(cruise_m_s, safe_m_s), truck->speed_m_s + acceleration_m_s2);
    truck->leg_m += truck->speed_m_s;
    truck->course_cdeg = place_course_cdeg(from, to);
    truck->at = place_along(from, to, truck->leg_m);
    if (truck->leg_m >= length_m) {
        truck->leg++;
        truck->leg_m = 0;
    }
}

static void finish_work(struct truck *truck)
{
    truck->state = TRUCK_PARKED;
    truck->load_g = truck->load_after_g;
    add_reading(truck, (struct reading){.at_us = truck->now_us, .kind = READING_DOOR, .label = TEXT("tailgate")});
    add_reading(truck, (struct reading){.at_us = truck->now_us, .kind = READING_LOAD_CELL, .mass_g = truck->load_g});
}

static void live_second(struct truck *truck, const struct world *world)
{
    truck->now_us += US_PER_S;
    if (truck->state == TRUCK_DRIVING)
        drive_second(truck, world);
    else if (truck->state == TRUCK_WORKING && truck->now_us >= truck->work_until_us)
        finish_work(truck);
}

static bool report_is_due(const struct truck *truck)
{
    return truck->fix_count >= TRUCK_FIXES_PER_REPORT || truck->reading_count > 0 ||
           (truck->state != TRUCK_DRIVING && truck->fix_count > 0);
}

bool truck_step(struct truck *truck, const struct world *world, int64_t until_us)
{
    while (truck->now_us + US_PER_S <= until_us) {
        live_second(truck, world);
        if (truck->now_us >= truck->next_fix_at_us || truck->reading_count > 0)
            add_fix(truck);
        if (report_is_due(truck))
            return true;
    }
    return false;
}

void truck_said(struct truck *truck)
{
    truck->fix_count = 0;
    truck->reading_count = 0;
}
