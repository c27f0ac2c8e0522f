/* mass.c - tolerances of masses. */
#include "core/custody/mass.h"

static enum figure figure_of(const struct mass *mass)
{
    if (mass->estimated)
        return FIGURE_ESTIMATE_ERROR_PERMILLE;
    if (text_equal(mass->scale_class, text_of("I")) || text_equal(mass->scale_class, text_of("II")))
        return FIGURE_SCALE_FINE_ERROR_PERMILLE;
    if (text_equal(mass->scale_class, text_of("III")))
        return FIGURE_SCALE_III_ERROR_PERMILLE;
    return FIGURE_SCALE_OTHER_ERROR_PERMILLE;
}

int64_t mass_error_permille(const struct directory *directory, const struct mass *mass)
{
    return directory->figures[figure_of(mass)];
}

static int64_t share_g(int64_t mass_g, int64_t permille)
{
    return mass_g / 1000 * permille + mass_g % 1000 * permille / 1000;
}

int64_t mass_less_g(int64_t mass_g, int64_t permille)
{
    return permille >= 1000 ? 0 : mass_g - share_g(mass_g, permille);
}

int64_t mass_more_g(int64_t mass_g, int64_t permille)
{
    int64_t more = share_g(mass_g, permille);
    return mass_g > INT64_MAX - more ? INT64_MAX : mass_g + more;
}
