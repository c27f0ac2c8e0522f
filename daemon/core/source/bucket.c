/* bucket.c - filling by elapsed time, in millionths of a token so that slow rates are exact. */
#include "core/source/bucket.h"

enum { TOKEN_MICRO = 1000000 };

bool bucket_take(struct bucket *bucket, int64_t now_us, int64_t rate_per_s, int64_t burst)
{
    int64_t full = burst * TOKEN_MICRO, elapsed_us = now_us - bucket->filled_us;

    if (bucket->filled_us == 0) {
        bucket->tokens_micro = full;
        bucket->filled_us = now_us;
    } else if (elapsed_us > 0) {
        /* rate tokens a second are rate millionths of a token a microsecond; a long pause fills it whatever the product. */
        if (elapsed_us >= (full - bucket->tokens_micro) / rate_per_s + 1)
            bucket->tokens_micro = full;
        else
            bucket->tokens_micro += elapsed_us * rate_per_s;
        bucket->filled_us = now_us;
    }
    if (bucket->tokens_micro < TOKEN_MICRO)
        return false;
    bucket->tokens_micro -= TOKEN_MICRO;
    return true;
}
