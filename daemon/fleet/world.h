/* world.h - an invented district: roads inside the outline of Luojiang 洛江区, and the way from one place to another.
 *
 * Terms: a node is a junction or a place beside the road; a road joins two nodes in a straight line; a place is a
 * node that the fleet calls at (a yard, a customer). Coordinates are WGS-84, 1e-7 degrees; distances are metres on a
 * plane that touches the district's middle (the error over its 40 km is below 0.2 %). The roads are invented: only
 * the outline is real. */
#ifndef CUSTODY_FLEET_WORLD_H
#define CUSTODY_FLEET_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "fleet/random.h"

enum { WORLD_NODES_MAX = 320, WORLD_ROADS_PER_NODE_MAX = 8, ROUTE_NODES_MAX = WORLD_NODES_MAX };

struct place {
    int32_t lon_e7, lat_e7;
};

struct world_node {
    struct place at;
    uint16_t road_count;
    uint16_t roads[WORLD_ROADS_PER_NODE_MAX]; /* the nodes at their other ends */
};

struct world {
    size_t node_count;
    struct world_node nodes[WORLD_NODES_MAX];
};

struct route {
    size_t count; /* nodes, the first and the last included; 0: none */
    uint16_t nodes[ROUTE_NODES_MAX];
};

/* The same seed gives the same roads. Every node lies inside the outline and every node can be reached from every
 * other. */
void world_init(struct world *world, uint64_t seed);

/* Inside the district's outline (55 points, area error 1.3 %). */
bool world_contains(struct place place);
double place_distance_m(struct place a, struct place b);
/* Clockwise from true north, hundredths of a degree, 0 to 35999. */
uint32_t place_course_cdeg(struct place from, struct place to);
/* The point `distance_m` along the straight line from `from` to `to`, not beyond `to`. */
struct place place_along(struct place from, struct place to, double distance_m);

uint16_t world_nearest(const struct world *world, struct place place);
uint16_t world_any_node(const struct world *world, struct random *random);
/* Shortest way (Dijkstra); a route from a node to itself has one node. */
void world_route(const struct world *world, uint16_t from, uint16_t to, struct route *route);

#endif
