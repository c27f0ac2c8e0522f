/* world.c - makes the invented roads inside the district's outline and finds the way on them. */
#include "fleet/world.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

#define LON(x) ((int32_t)((x)*1e7))
static const double metres_per_lat_e7 = 0.0111132;
static const double metres_per_lon_e7 = 0.0100889; /* cosine of 25.1 degrees north, WGS-84 */

/* Outline of 350504, WGS-84, simplified from the public boundary to 55 points. */
static const struct {
    double lon, lat;
} outline[] = {
    {118.5658, 25.2898}, {118.5738, 25.3042}, {118.5930, 25.3052}, {118.6181, 25.2951}, {118.6308, 25.3052},
    {118.6512, 25.3049}, {118.6620, 25.2918}, {118.6429, 25.2747}, {118.6466, 25.2660}, {118.6545, 25.2598},
    {118.6575, 25.2686}, {118.6759, 25.2740}, {118.6908, 25.2622}, {118.6805, 25.2493}, {118.6844, 25.2394},
    {118.6775, 25.2272}, {118.6781, 25.2146}, {118.6869, 25.2150}, {118.6680, 25.1997}, {118.6732, 25.1806},
    {118.6870, 25.1733}, {118.6871, 25.1568}, {118.7006, 25.1606}, {118.7074, 25.1397}, {118.7183, 25.1334},
    {118.6984, 25.1177}, {118.6801, 25.1211}, {118.6713, 25.0855}, {118.6790, 25.0743}, {118.6571, 25.0549},
    {118.6591, 25.0437}, {118.6388, 25.0276}, {118.6418, 25.0167}, {118.6334, 25.0082}, {118.6899, 24.9337},
    {118.6611, 24.9315}, {118.6596, 24.9456}, {118.6417, 24.9593}, {118.6188, 24.9640}, {118.5904, 24.9817},
    {118.5881, 25.0286}, {118.5791, 25.0398}, {118.5815, 25.0510}, {118.5624, 25.0626}, {118.5598, 25.0710},
    {118.5699, 25.0784}, {118.5524, 25.1147}, {118.5747, 25.1346}, {118.5834, 25.1756}, {118.5698, 25.2120},
    {118.5776, 25.2120}, {118.5842, 25.2373}, {118.5745, 25.2498}, {118.5659, 25.2480}, {118.5595, 25.2547},
};
enum { OUTLINE_COUNT = sizeof outline / sizeof outline[0] };

/* The grid that junctions are shaken off: about 1.4 km apart. */
static const double west = 118.5524, south = 24.9311, grid_step = 0.0138;
enum { GRID_COLUMNS = 13, GRID_ROWS = 28 };

bool world_contains(struct place place)
{
    const double lon = place.lon_e7 / 1e7, lat = place.lat_e7 / 1e7;
    bool inside = false;
    for (size_t i = 0, j = OUTLINE_COUNT - 1; i < OUTLINE_COUNT; j = i++) {
        const bool crosses = (outline[i].lat > lat) != (outline[j].lat > lat);
        if (crosses &&
            lon < (outline[j].lon - outline[i].lon) * (lat - outline[i].lat) / (outline[j].lat - outline[i].lat) +
                      outline[i].lon)
            inside = !inside;
    }
    return inside;
}

double place_distance_m(struct place a, struct place b)
{
    const double east = ((double)b.lon_e7 - a.lon_e7) * metres_per_lon_e7;
    const double north = ((double)b.lat_e7 - a.lat_e7) * metres_per_lat_e7;
    return hypot(east, north);
}

uint32_t place_course_cdeg(struct place from, struct place to)
{
    const double east = ((double)to.lon_e7 - from.lon_e7) * metres_per_lon_e7;
    const double north = ((double)to.lat_e7 - from.lat_e7) * metres_per_lat_e7;
    const double degrees = atan2(east, north) * (180.0 / M_PI);
    return (uint32_t)lround((degrees < 0 ? degrees + 360.0 : degrees) * 100.0) % 36000;
}

struct place place_along(struct place from, struct place to, double distance_m)
{
    const double whole = place_distance_m(from, to);
    const double share = whole <= 0 ? 1.0 : fmin(1.0, distance_m / whole);
    return (struct place){
        .lon_e7 = from.lon_e7 + (int32_t)lround(((double)to.lon_e7 - from.lon_e7) * share),
        .lat_e7 = from.lat_e7 + (int32_t)lround(((double)to.lat_e7 - from.lat_e7) * share),
    };
}

/* A road stays in the district: its quarters are looked at, which is enough at this grid step. */
static bool road_stays_inside(struct place a, struct place b)
{
    const double whole = place_distance_m(a, b);
    for (int quarter = 1; quarter < 4; quarter++)
        if (!world_contains(place_along(a, b, whole * quarter / 4)))
            return false;
    return true;
}

static bool joined(const struct world_node *node, uint16_t other)
{
    for (size_t i = 0; i < node->road_count; i++)
        if (node->roads[i] == other)
            return true;
    return false;
}

static bool join(struct world *world, uint16_t a, uint16_t b)
{
    struct world_node *from = &world->nodes[a], *to = &world->nodes[b];
    if (a == b || joined(from, b) || from->road_count == WORLD_ROADS_PER_NODE_MAX ||
        to->road_count == WORLD_ROADS_PER_NODE_MAX)
        return false;
    from->roads[from->road_count++] = b;
    to->roads[to->road_count++] = a;
    return true;
}

static void scatter_nodes(struct world *world, struct random *random)
{
    for (int row = 0; row < GRID_ROWS; row++)
        for (int column = 0; column < GRID_COLUMNS; column++) {
            const double lon = west + (column + 0.25 + 0.5 * random_unit(random)) * grid_step;
            const double lat = south + (row + 0.25 + 0.5 * random_unit(random)) * grid_step;
            const struct place at = {LON(lon), LON(lat)};
            if (world->node_count < WORLD_NODES_MAX && world_contains(at))
                world->nodes[world->node_count++] = (struct world_node){.at = at};
        }
}

/* Neighbours within two kilometres are joined, most of them: a net with some missing streets, as nets are. */
static void join_neighbours(struct world *world, struct random *random)
{
    for (size_t a = 0; a < world->node_count; a++)
        for (size_t b = a + 1; b < world->node_count; b++) {
            const struct place from = world->nodes[a].at, to = world->nodes[b].at;
            if (place_distance_m(from, to) < 2000.0 && road_stays_inside(from, to) && random_chance(random, 0.75))
                (void)join(world, (uint16_t)a, (uint16_t)b);
        }
}

static void mark_reachable(const struct world *world, uint16_t from, bool reached[WORLD_NODES_MAX])
{
    uint16_t waiting[WORLD_NODES_MAX];
    size_t count = 0;
    memset(reached, 0, sizeof(bool) * WORLD_NODES_MAX);
    reached[from] = true;
    waiting[count++] = from;
    while (count > 0) {
        const struct world_node *node = &world->nodes[waiting[--count]];
        for (size_t i = 0; i < node->road_count; i++)
            if (!reached[node->roads[i]]) {
                reached[node->roads[i]] = true;
                waiting[count++] = node->roads[i];
            }
    }
}

/* Builds the shortest missing road from what is reached to what is not; false when everything is reached. */
static bool join_one_island(struct world *world, const bool reached[WORLD_NODES_MAX])
{
    double best_m = DBL_MAX;
    uint16_t best_a = 0, best_b = 0;
    for (size_t a = 0; a < world->node_count; a++)
        for (size_t b = 0; b < world->node_count; b++) {
            if (!reached[a] || reached[b] || world->nodes[a].road_count == WORLD_ROADS_PER_NODE_MAX ||
                world->nodes[b].road_count == WORLD_ROADS_PER_NODE_MAX)
                continue;
            const double m = place_distance_m(world->nodes[a].at, world->nodes[b].at);
            if (m < best_m)
                best_m = m, best_a = (uint16_t)a, best_b = (uint16_t)b;
        }
    return best_m < DBL_MAX && join(world, best_a, best_b);
}

void world_init(struct world *world, uint64_t seed)
{
    struct random random = random_named(seed, TEXT("world"));
    bool reached[WORLD_NODES_MAX];
    memset(world, 0, sizeof *world);
    scatter_nodes(world, &random);
    assert(world->node_count > 1);
    join_neighbours(world, &random);
    do {
        mark_reachable(world, 0, reached);
    } while (join_one_island(world, reached));
}

uint16_t world_nearest(const struct world *world, struct place place)
{
    uint16_t best = 0;
    for (size_t i = 1; i < world->node_count; i++)
        if (place_distance_m(world->nodes[i].at, place) < place_distance_m(world->nodes[best].at, place))
            best = (uint16_t)i;
    return best;
}

uint16_t world_any_node(const struct world *world, struct random *random)
{
    return (uint16_t)random_below(random, world->node_count);
}

static size_t nearest_open(const double *distance, const bool *closed, size_t count)
{
    size_t best = count;
    for (size_t i = 0; i < count; i++)
        if (!closed[i] && distance[i] < DBL_MAX && (best == count || distance[i] < distance[best]))
            best = i;
    return best;
}

void world_route(const struct world *world, uint16_t from, uint16_t to, struct route *route)
{
    double distance[WORLD_NODES_MAX];
    bool closed[WORLD_NODES_MAX] = {false};
    uint16_t next[WORLD_NODES_MAX]; /* searched from the end, so that following `next` runs forward */
    assert(from < world->node_count && to < world->node_count);
    for (size_t i = 0; i < world->node_count; i++)
        distance[i] = DBL_MAX;
    distance[to] = 0;
    next[to] = to;
    for (size_t at; !closed[from] && (at = nearest_open(distance, closed, world->node_count)) < world->node_count;) {
        const struct world_node *node = &world->nodes[at];
        closed[at] = true;
        for (size_t i = 0; i < node->road_count; i++) {
            const uint16_t other = node->roads[i];
            const double m = distance[at] + place_distance_m(node->at, world->nodes[other].at);
            if (m < distance[other])
                distance[other] = m, next[other] = (uint16_t)at;
        }
    }
    route->count = 0;
    if (!closed[from])
        return;
    for (uint16_t at = from;; at = next[at]) {
        route->nodes[route->count++] = at;
        if (at == to)
            break;
    }
}
