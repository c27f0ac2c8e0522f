/* mass.h - how well two masses have to agree: by scale class, the estimated mark, and the district's tolerances. */
#ifndef CUSTODY_CORE_CUSTODY_MASS_H
#define CUSTODY_CORE_CUSTODY_MASS_H

#include "core/directory.h"

/* Thousandths by which a mass may be off: of its scale's accuracy class (GB/T 7723, OIML R 76), or an estimate's. */
int64_t mass_error_permille(const struct directory *directory, const struct mass *mass);

/* `mass_g` less or more `permille` thousandths of it; no overflow. */
int64_t mass_less_g(int64_t mass_g, int64_t permille);
int64_t mass_more_g(int64_t mass_g, int64_t permille);

#endif
