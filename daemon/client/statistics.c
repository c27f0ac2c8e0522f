/* statistics.c - log-linear latency buckets, and the lines printed at the end of a run. */
#include "client/statistics.h"

enum { SUB = 1 << LATENCY_SUB_BITS };

/* Below SUB each value has a bucket of its own; above, each power of two has SUB of them. */
static size_t bucket_of(uint64_t value)
{
    if (value < SUB)
        return (size_t)value;
    const int power = 63 - __builtin_clzll(value);
    const size_t within = (size_t)(value >> (power - LATENCY_SUB_BITS)) - SUB;
    return (size_t)(power - LATENCY_SUB_BITS + 1) * SUB + within;
}

static uint64_t bucket_end(size_t bucket)
{
    if (bucket < SUB)
        return bucket;
    const size_t shift = bucket / SUB - 1;
    return (((uint64_t)(SUB + bucket % SUB + 1)) << shift) - 1;
}

void statistics_latency(struct statistics *statistics, uint64_t latency_us)
{
    statistics->latency[bucket_of(latency_us)]++;
    statistics->latency_count++;
    if (latency_us > statistics->latency_max_us)
        statistics->latency_max_us = latency_us;
}

uint64_t statistics_latency_quantile_us(const struct statistics *statistics, double share)
{
    uint64_t wanted = (uint64_t)((double)statistics->latency_count * share), seen = 0;
    if (statistics->latency_count == 0)
        return 0;
    if (wanted >= statistics->latency_count)
        wanted = statistics->latency_count - 1;
    for (size_t bucket = 0; bucket < LATENCY_BUCKETS; bucket++)
        if ((seen += statistics->latency[bucket]) > wanted)
            return bucket_end(bucket) < statistics->latency_max_us ? bucket_end(bucket) : statistics->latency_max_us;
    return statistics->latency_max_us;
}

void statistics_print(const struct statistics *statistics, double elapsed_s, FILE *out)
{
#define X(name, what) fprintf(out, "statistic " #name " %llu envelopes\n", (unsigned long long)statistics->name);
    STATISTICS_TABLE(X)
#undef X
    fprintf(out, "statistic elapsed %.3f s\n", elapsed_s);
    fprintf(out, "statistic rate %.0f envelopes/s\n", elapsed_s > 0 ? (double)statistics->sent / elapsed_s : 0.0);
    fprintf(out, "statistic latency_p50 %llu us\n",
            (unsigned long long)statistics_latency_quantile_us(statistics, 0.50));
    fprintf(out, "statistic latency_p99 %llu us\n",
            (unsigned long long)statistics_latency_quantile_us(statistics, 0.99));
    fprintf(out, "statistic latency_max %llu us\n", (unsigned long long)statistics->latency_max_us);
}
