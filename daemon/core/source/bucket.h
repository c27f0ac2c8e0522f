/* bucket.h - a token bucket: how much one source may send before it is throttled. Pure; time is an argument. */
#ifndef CUSTODY_CORE_SOURCE_BUCKET_H
#define CUSTODY_CORE_SOURCE_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

struct bucket {
    int64_t tokens_micro; /* 1e-6 tokens */
    int64_t filled_us;    /* when it was last filled; 0: never, starts full */
};

/* Takes one token; false when there is none. rate 1..1e6 a second, burst 1..1e7 tokens. A clock that goes back fills nothing. */
bool bucket_take(struct bucket *bucket, int64_t now_us, int64_t rate_per_s, int64_t burst);

#endif
