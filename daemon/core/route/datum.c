/* datum.c - the published forward formulas of GCJ-02 and BD-09 and a fixed-point iteration that inverts them. */
#include "core/route/datum.h"

#include <math.h>

/* Degrees. */
struct point {
    double lon, lat;
};

#define E7 1e7
#define LON_MAX_DEG 180.0
#define LAT_MAX_DEG 90.0
#define PI 3.14159265358979323846

/* Krasovsky 1940, which GCJ-02 uses whatever the ellipsoid of its input. */
#define KRASOVSKY_A_M 6378245.0
#define KRASOVSKY_E2 0.00669342162296594323

/* BD-09's constants. */
#define BD09_LON_OFFSET_DEG 0.0065
#define BD09_LAT_OFFSET_DEG 0.006
#define BD09_RADIUS_DEG 0.00002
#define BD09_ANGLE_RAD 0.000003
#define BD09_FREQUENCY (PI * 3000.0 / 180.0)

enum { ITERATIONS_MAX = 16 };
#define CONVERGED_DEG 1e-9

/* The box outside which map services leave coordinates alone. */
static bool is_in_china(struct point p)
{
    return p.lon >= 72.004 && p.lon <= 137.8347 && p.lat >= 0.8293 && p.lat <= 55.8271;
}

static double wave(double x, double weight)
{
    return (20.0 * sin(x * PI) + 40.0 * sin(x / 3.0 * PI) + weight * sin(x / 12.0 * PI) +
            2.0 * weight * sin(x / 30.0 * PI)) *
           2.0 / 3.0;
}

static double ripple(double x)
{
    return (20.0 * sin(6.0 * x * PI) + 20.0 * sin(2.0 * x * PI)) * 2.0 / 3.0;
}

static struct point gcj02_from_wgs84(struct point p)
{
    if (!is_in_china(p))
        return p;
    double x = p.lon - 105.0, y = p.lat - 35.0;
    double root = sqrt(fabs(x));
    double north_m = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + ripple(x) + wave(y, 160.0);
    double east_m = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + ripple(x) + wave(x, 150.0);
    double latitude = p.lat / 180.0 * PI;
    double magic = 1.0 - KRASOVSKY_E2 * sin(latitude) * sin(latitude);
    double meridian_m = KRASOVSKY_A_M * (1.0 - KRASOVSKY_E2) / (magic * sqrt(magic));
    double parallel_m = KRASOVSKY_A_M / sqrt(magic) * cos(latitude);
    return (struct point){p.lon + east_m * 180.0 / (parallel_m * PI), p.lat + north_m * 180.0 / (meridian_m * PI)};
}

static struct point bd09_from_wgs84(struct point p)
{
    struct point gcj = gcj02_from_wgs84(p);
    double radius = hypot(gcj.lon, gcj.lat) + BD09_RADIUS_DEG * sin(gcj.lat * BD09_FREQUENCY);
    double angle = atan2(gcj.lat, gcj.lon) + BD09_ANGLE_RAD * cos(gcj.lon * BD09_FREQUENCY);
    return (struct point){radius * cos(angle) + BD09_LON_OFFSET_DEG, radius * sin(angle) + BD09_LAT_OFFSET_DEG};
}

/* The shift changes so slowly that taking it at the last guess converges by a factor of hundreds a step. */
static struct point invert(struct point (*forward)(struct point), struct point shifted)
{
    struct point guess = shifted;
    for (int i = 0; i < ITERATIONS_MAX; i++) {
        struct point there = forward(guess);
        double lon_error = shifted.lon - there.lon, lat_error = shifted.lat - there.lat;
        guess.lon += lon_error;
        guess.lat += lat_error;
        if (fabs(lon_error) < CONVERGED_DEG && fabs(lat_error) < CONVERGED_DEG)
            break;
    }
    return guess;
}

static bool is_on_earth(struct point p)
{
    return fabs(p.lon) <= LON_MAX_DEG && fabs(p.lat) <= LAT_MAX_DEG;
}

static bool store(struct point p, int32_t *lon_e7, int32_t *lat_e7)
{
    if (!is_on_earth(p))
        return false;
    *lon_e7 = (int32_t)lround(p.lon * E7);
    *lat_e7 = (int32_t)lround(p.lat * E7);
    return true;
}

static struct point load(const int32_t *lon_e7, const int32_t *lat_e7)
{
    return (struct point){*lon_e7 / E7, *lat_e7 / E7};
}

bool datum_to_wgs84(enum datum datum, int32_t *lon_e7, int32_t *lat_e7)
{
    struct point p = load(lon_e7, lat_e7);
    switch (datum) {
    case DATUM_WGS84:
    case DATUM_CGCS2000:
        return is_on_earth(p);
    case DATUM_GCJ02:
        return is_on_earth(p) && store(invert(gcj02_from_wgs84, p), lon_e7, lat_e7);
    case DATUM_BD09:
        return is_on_earth(p) && store(invert(bd09_from_wgs84, p), lon_e7, lat_e7);
    case DATUM_UNSPECIFIED:
        break;
    }
    return false;
}

bool datum_from_wgs84(enum datum datum, int32_t *lon_e7, int32_t *lat_e7)
{
    struct point p = load(lon_e7, lat_e7);
    switch (datum) {
    case DATUM_WGS84:
    case DATUM_CGCS2000:
        return is_on_earth(p);
    case DATUM_GCJ02:
        return is_on_earth(p) && store(gcj02_from_wgs84(p), lon_e7, lat_e7);
    case DATUM_BD09:
        return is_on_earth(p) && store(bd09_from_wgs84(p), lon_e7, lat_e7);
    case DATUM_UNSPECIFIED:
        break;
    }
    return false;
}
