/* counters.h - what the ingest path counts; one table, from which the statistics line comes.
 * received = stored + duplicate + dead_lettered + throttled + dropped, once no batch is under way. */
#ifndef CUSTODY_INGEST_COUNTERS_H
#define CUSTODY_INGEST_COUNTERS_H

#include <stdint.h>

#define COUNTER_TABLE(X)                                                                                               \
    X(received, "envelopes read from the broker")                                                                      \
    X(stored, "envelopes stored, equivocating ones included")                                                          \
    X(duplicate, "envelopes that had been stored before")                                                              \
    X(dead_lettered, "envelopes kept as dead letters")                                                                 \
    X(throttled, "envelopes of a known source above its rate: not stored, not acknowledged, the device sends again")   \
    X(dropped, "unattributable messages above the dead-letter rate, and refusals to be sent again")                    \
    X(fixes, "fixes stored")                                                                                           \
    X(events, "custody events stored")                                                                                 \
    X(sightings, "sightings stored")                                                                                   \
    X(batches, "transactions committed")                                                                               \
    X(retries, "transactions repeated")                                                                                \
    X(trucks_folded_again, "trucks folded again because something came too late")                                      \
    X(acknowledgements, "acknowledgements published")                                                                  \
    X(folded_again, "items folded again because of a deadline or of something around them")                            \
    X(followed, "records followed for near matches")

struct counters {
#define X(name, help) uint64_t name;
    COUNTER_TABLE(X)
#undef X
};

/* One line event=stats with every counter. */
void counters_log(const struct counters *counters);

#endif
