/* random.c - SplitMix64, and what is drawn from it. */
#include "fleet/random.h"

#include <assert.h>

#include "base/hash.h"

struct random random_named(uint64_t seed, struct text name)
{
    return (struct random){seed * UINT64_C(0x9E3779B97F4A7C15) ^ hash64(name)};
}

uint64_t random_u64(struct random *random)
{
    uint64_t z = random->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

uint64_t random_below(struct random *random, uint64_t bound)
{
    assert(bound > 0);
    const uint64_t rejected_from = UINT64_MAX - UINT64_MAX % bound; /* the rest would favour small numbers */
    uint64_t drawn;
    do {
        drawn = random_u64(random);
    } while (drawn >= rejected_from);
    return drawn % bound;
}

int64_t random_between(struct random *random, int64_t least, int64_t most)
{
    assert(least <= most);
    return least + (int64_t)random_below(random, (uint64_t)(most - least) + 1);
}

double random_unit(struct random *random)
{
    return (double)(random_u64(random) >> 11) * 0x1p-53;
}

bool random_chance(struct random *random, double chance)
{
    return random_unit(random) < chance;
}

void random_bytes(struct random *random, void *out, size_t len)
{
    uint8_t *bytes = out;
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(random_u64(random) >> 56);
}
