/* earth.h - distances on the WGS-84 ellipsoid, metres.
 *
 * PROJ's geodesic.h (C. F. F. Karney, Algorithms for geodesics, J. Geodesy 87, 2013): of the C implementations the one that Debian 12
 * has, by the author of the method; GeographicLib itself is C++ there. */
#ifndef CUSTODY_CORE_ROUTE_EARTH_H
#define CUSTODY_CORE_ROUTE_EARTH_H

#include <geodesic.h>
#include <stdint.h>

/* WGS-84, 1e-7 degrees. */
struct spot {
    int32_t lon_e7, lat_e7;
};

struct earth {
    struct geod_geodesic geodesic;
};

void earth_init(struct earth *earth);

/* Length of the geodesic. Below about a kilometre it is taken in the plane that touches the ellipsoid, with the two radii of curvature at
 * the middle latitude: within 1e-6 of the geodesic, and much cheaper. */
double earth_distance_m(const struct earth *earth, struct spot a, struct spot b);

/* The point `distance_m` from `from` in the direction `azimuth_deg`, clockwise from true north. */
struct spot earth_along(const struct earth *earth, struct spot from, double azimuth_deg, double distance_m);

#endif
