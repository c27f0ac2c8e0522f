/* earth.c - PROJ's geodesics for far points, the touching plane for near ones. */
#include "core/route/earth.h"

#include <math.h>
#include <stdlib.h>

#define WGS84_A_M 6378137.0
#define WGS84_F (1.0 / 298.257223563)
#define E2 (WGS84_F * (2.0 - WGS84_F))
#define RAD_PER_E7 (3.14159265358979323846 / 180.0 / 1e7)

enum { NEAR_E7 = 100000, POLAR_E7 = 800000000 };

void earth_init(struct earth *earth)
{
    geod_init(&earth->geodesic, WGS84_A_M, WGS84_F);
}

static double plane_distance_m(struct spot a, struct spot b)
{
    const double lat = ((double)a.lat_e7 + (double)b.lat_e7) / 2.0 * RAD_PER_E7, sine = sin(lat);
    const double w2 = 1.0 - E2 * sine * sine, w = sqrt(w2);
    const double meridian_m = WGS84_A_M * (1.0 - E2) / (w2 * w), parallel_m = WGS84_A_M / w * sqrt(1.0 - sine * sine);
    const double north_m = meridian_m * RAD_PER_E7 * ((double)a.lat_e7 - (double)b.lat_e7);
    const double east_m = parallel_m * RAD_PER_E7 * ((double)a.lon_e7 - (double)b.lon_e7);
    return sqrt(north_m * north_m + east_m * east_m);
}

double earth_distance_m(const struct earth *earth, struct spot a, struct spot b)
{
    double distance_m;
    if (llabs((int64_t)a.lon_e7 - b.lon_e7) < NEAR_E7 && llabs((int64_t)a.lat_e7 - b.lat_e7) < NEAR_E7 &&
        labs((long)a.lat_e7) < POLAR_E7)
        return plane_distance_m(a, b);
    geod_inverse(&earth->geodesic, a.lat_e7 / 1e7, a.lon_e7 / 1e7, b.lat_e7 / 1e7, b.lon_e7 / 1e7, &distance_m, NULL,
                 NULL);
    return distance_m;
}

struct spot earth_along(const struct earth *earth, struct spot from, double azimuth_deg, double distance_m)
{
    double lat, lon;
    geod_direct(&earth->geodesic, from.lat_e7 / 1e7, from.lon_e7 / 1e7, azimuth_deg, distance_m, &lat, &lon, NULL);
    return (struct spot){(int32_t)lround(lon * 1e7), (int32_t)lround(lat * 1e7)};
}
