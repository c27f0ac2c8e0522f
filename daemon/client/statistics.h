/* statistics.h - what a run counts: envelopes by outcome, and how long acknowledgements took. */
#ifndef CUSTODY_CLIENT_STATISTICS_H
#define CUSTODY_CLIENT_STATISTICS_H

#include <stdint.h>
#include <stdio.h>

/* name on the statistics line, what it counts */
#define STATISTICS_TABLE(X)                                                                                            \
    X(made, "envelopes made by devices")                                                                               \
    X(sent, "envelopes published for the first time")                                                                  \
    X(resent, "envelopes published again by their device")                                                             \
    X(acknowledged, "envelopes covered by an acknowledgement note")                                                    \
    X(refused, "refusals received")                                                                                    \
    X(warned, "warnings received")                                                                                     \
    X(notes, "acknowledgement notes that hold")                                                                        \
    X(bad_notes, "acknowledgements that do not hold: signature, source or chain")                                      \
    X(ring_full, "reports a device could not make because its ring was full")                                          \
    X(duplicated, "fault: copies sent on purpose")                                                                     \
    X(reordered, "fault: envelopes held back on purpose")                                                              \
    X(corrupted, "fault: copies with flipped bytes")                                                                   \
    X(forged, "fault: envelopes signed with a wrong key")                                                              \
    X(links_lost, "fault: connections dropped on purpose")                                                             \
    X(disconnects, "connections that ended otherwise")

/* Latencies in buckets of 1/32 of their size: within 3 % of the truth, at any length. */
enum { LATENCY_SUB_BITS = 5, LATENCY_BUCKETS = 64 << LATENCY_SUB_BITS };

struct statistics {
#define X(name, what) uint64_t name;
    STATISTICS_TABLE(X)
#undef X
    uint64_t latency[LATENCY_BUCKETS];
    uint64_t latency_count, latency_max_us;
};

void statistics_latency(struct statistics *statistics, uint64_t latency_us);
/* Upper edge of the bucket that holds the `share` (0 to 1) of all latencies, microseconds; 0 when there are none. */
uint64_t statistics_latency_quantile_us(const struct statistics *statistics, double share);
/* "statistic <name> <value> <unit>" lines. */
void statistics_print(const struct statistics *statistics, double elapsed_s, FILE *out);

#endif
