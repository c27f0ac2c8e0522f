/* counters.c - the statistics line. */
#include "ingest/counters.h"

#include <inttypes.h>

#include "base/buffer.h"
#include "base/log.h"

void counters_log(const struct counters *counters)
{
    struct buffer line;

    buffer_init(&line, 1024);
#define X(name, help) buffer_printf(&line, "%s" #name "=%" PRIu64, line.len ? " " : "", counters->name);
    COUNTER_TABLE(X)
#undef X
    if (!line.failed)
        log_info("stats", "%.*s", TEXT_ARG(buffer_text(&line)));
    buffer_fini(&line);
}
