/* random.h - a seeded random generator as a value: the same seed gives the same fleet on every machine.
 *
 * SplitMix64 (Steele, Lea, Flood 2014). Never for keys or salts of the daemon. */
#ifndef CUSTODY_FLEET_RANDOM_H
#define CUSTODY_FLEET_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

struct random {
    uint64_t state;
};

/* Generators made from one seed with different names are independent of each other. */
struct random random_named(uint64_t seed, struct text name);

uint64_t random_u64(struct random *random);
/* Uniform in [0, bound); bound > 0. */
uint64_t random_below(struct random *random, uint64_t bound);
/* Uniform in [least, most]. */
int64_t random_between(struct random *random, int64_t least, int64_t most);
/* Uniform in [0, 1). */
double random_unit(struct random *random);
/* True with the probability `chance` (0 to 1). */
bool random_chance(struct random *random, double chance);
void random_bytes(struct random *random, void *out, size_t len);

#endif
