/* ingest.c - opens the registry, the lanes and what works beside them, tells which are down, closes them in order.
 *
 * The end goes by stages (the table `stages`): each begins when all that the one before asked for has answered. Callbacks only count; the
 * step timer does what follows, outside of them. */
#include "ingest/ingest.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "ingest/clocks.h"
#include "ingest/cosign.h"
#include "ingest/counters.h"
#include "ingest/follower.h"
#include "ingest/lane.h"
#include "ingest/registry.h"
#include "ingest/sign.h"
#include "ingest/signing_keys.h"
#include "ingest/truck_clock.h"

enum { LANE_DOWN_INTERVAL_MS = 60 * 1000, NAME_BYTES = 256 };

struct served {
    struct ingest *ingest;
    struct lane *lane;
    char name[NAME_BYTES], areas[CONFIG_TEXT_BYTES];
    bool failed;
    char reason[ERROR_TEXT_BYTES];
    uint64_t told_ms; /* when the log last said that it failed */
};

struct ingest {
    uv_loop_t *loop;
    const struct config *config;
    struct ingest_handler handler;
    void *context;

    struct signing_keys keys;
    char broker_password[NAME_BYTES];

    struct counters counters, logged;
    struct registry *registry;
    struct signer *signer;     /* NULL: heads are not signed */
    struct cosigner *cosigner; /* NULL: nobody is asked to cosign them */
    struct clocks *clocks;
    struct follower *follower;
    struct truck_clock *truck_clock;
    struct served lanes[CONFIG_LANES_MAX];
    size_t lane_count, lanes_ready, lanes_stopped, lanes_failed;
    uv_timer_t step;
    bool stopping, closing, told_failed;
    size_t stage;        /* of the end: the next one */
    unsigned unanswered; /* parts that the stage before asked, and that have not answered yet */
    void (*on_closed)(void *context);
    void *closed_context;
};

/* ---- the end ---- */

static void ingest_on_step(uv_timer_t *timer);

static void step_soon(struct ingest *ingest)
{
    (void)uv_timer_start(&ingest->step, ingest_on_step, 0, 0);
}

static void ingest_on_answered(void *context)
{
    struct ingest *ingest = context;

    ingest->unanswered--;
    step_soon(ingest);
}

static void ingest_on_lane_closed(void *context)
{
    ingest_on_answered(((struct served *)context)->ingest);
}

static void ingest_on_lane_stopped(void *context)
{
    struct served *served = context;

    served->ingest->lanes_stopped++;
    step_soon(served->ingest);
}

/* After the lanes: what they stored last is followed, too. */
static void stop_follower(struct ingest *ingest)
{
    ingest->unanswered++;
    follower_stop(ingest->follower, ingest_on_answered, ingest);
}

static void tell_stopped(struct ingest *ingest)
{
    ingest->handler.on_stopped(ingest->context);
}

static void close_lanes(struct ingest *ingest)
{
    for (size_t i = 0; i < ingest->lane_count; i++, ingest->unanswered++)
        lane_close(ingest->lanes[i].lane, ingest_on_lane_closed);
    ingest->unanswered += 3;
    clocks_close(ingest->clocks, ingest_on_answered, ingest);
    truck_clock_close(ingest->truck_clock, ingest_on_answered, ingest);
    follower_close(ingest->follower, ingest_on_answered, ingest);
}

static void close_signer(struct ingest *ingest)
{
    struct cosigner *cosigner = ingest->cosigner;

    ingest->cosigner = NULL; /* the signer may finish a checkpoint yet */
    ingest->unanswered += (ingest->signer ? 1U : 0U) + (cosigner ? 1U : 0U);
    if (ingest->signer)
        signer_close(ingest->signer, ingest_on_answered);
    if (cosigner)
        cosigner_close(cosigner, ingest_on_answered, ingest);
}

static void close_registry(struct ingest *ingest)
{
    ingest->unanswered++;
    registry_close(ingest->registry, ingest_on_answered);
}

static void ingest_on_step_closed(uv_handle_t *handle)
{
    struct ingest *ingest = handle->data;

    ingest->on_closed(ingest->closed_context);
    signing_keys_forget(&ingest->keys);
    free(ingest);
}

static void close_step(struct ingest *ingest)
{
    uv_close((uv_handle_t *)&ingest->step, ingest_on_step_closed);
}

/* when_closing: not before ingest_close. */
static const struct {
    bool when_closing;
    void (*begin)(struct ingest *ingest);
} stages[] = {{false, stop_follower}, {false, tell_stopped},  {true, close_lanes},
              {true, close_signer},   {true, close_registry}, {true, close_step}};

static void ingest_on_step(uv_timer_t *timer)
{
    struct ingest *ingest = timer->data;

    if (!ingest->told_failed && ingest->lanes_failed == ingest->lane_count) {
        ingest->told_failed = true;
        ingest->handler.on_failed(ingest->context);
    }
    if (!ingest->stopping || ingest->lanes_stopped < ingest->lane_count || ingest->unanswered ||
        ingest->stage == sizeof stages / sizeof *stages || (stages[ingest->stage].when_closing && !ingest->closing))
        return;
    step_soon(ingest); /* a stage may have nobody to ask */
    stages[ingest->stage++].begin(ingest);
}

void ingest_stop(struct ingest *ingest)
{
    ingest->stopping = true;
    for (size_t i = 0; i < ingest->lane_count; i++)
        lane_stop(ingest->lanes[i].lane);
}

void ingest_close(struct ingest *ingest, void (*on_closed)(void *context), void *context)
{
    ingest->closing = true;
    ingest->on_closed = on_closed;
    ingest->closed_context = context;
    counters_log(&ingest->counters);
    step_soon(ingest);
}

/* ---- while it runs ---- */

void ingest_reload(struct ingest *ingest)
{
    registry_reload(ingest->registry);
}

static void tell_lane_down(struct ingest *ingest, struct served *served)
{
    served->told_ms = uv_now(ingest->loop);
    log_error("lane_down",
              "lane=\"%s\" areas=%s error=\"%s\" hint=\"its areas are not served; the broker keeps what comes; "
              "mend it and restart\"",
              served->name, served->areas, log_text(text_of(served->reason)));
}

/* The others go on, so that nothing but the log shows it: said again and again. */
static void tell_lanes_down(struct ingest *ingest)
{
    for (size_t i = 0; i < ingest->lane_count; i++) {
        struct served *served = &ingest->lanes[i];

        if (served->failed && uv_now(ingest->loop) - served->told_ms >= LANE_DOWN_INTERVAL_MS)
            tell_lane_down(ingest, served);
    }
}

void ingest_tick(struct ingest *ingest)
{
    if (memcmp(&ingest->counters, &ingest->logged, sizeof ingest->counters) != 0)
        counters_log(&ingest->counters);
    ingest->logged = ingest->counters;
    tell_lanes_down(ingest);
}

void ingest_log_counters(const struct ingest *ingest)
{
    counters_log(&ingest->counters);
}

bool ingest_has_failed(const struct ingest *ingest)
{
    return ingest->lanes_failed > 0;
}

static void ingest_on_lane_ready(void *context)
{
    struct ingest *ingest = ((struct served *)context)->ingest;

    if (++ingest->lanes_ready == ingest->lane_count)
        ingest->handler.on_ready(ingest->context);
}

static void ingest_on_lane_failed(void *context, const char *reason)
{
    struct served *served = context;
    struct ingest *ingest = served->ingest;

    served->failed = true;
    (void)text_copy(served->reason, sizeof served->reason, text_of(reason));
    ingest->lanes_failed++;
    tell_lane_down(ingest, served);
    step_soon(ingest);
}

static void try_reading(struct ingest *ingest)
{
    for (size_t i = 0; i < ingest->lane_count; i++)
        lane_try_reading(ingest->lanes[i].lane);
}

static void ingest_on_registry_ready(void *context)
{
    struct ingest *ingest = context;

    if (ingest->signer && !ingest->closing)
        signer_start(ingest->signer);
    try_reading(ingest);
}

static void ingest_on_signer_ready(void *context)
{
    try_reading(context);
}

static void ingest_on_checkpoint(void *context, uint64_t size, struct text note)
{
    struct ingest *ingest = context;

    log_debug("checkpoint", "size=%llu bytes=%zu", (unsigned long long)size, note.len);
    if (ingest->cosigner)
        cosigner_checkpoint(ingest->cosigner, size, note);
}

static void ingest_on_signer_refused(void *context, const char *reason)
{
    struct ingest *ingest = context;

    for (size_t i = 0; i < ingest->lane_count; i++)
        lane_halt(ingest->lanes[i].lane, reason);
}

/* ---- the beginning ---- */

static int add_follower(struct ingest *ingest, struct error *error)
{
    struct key_pair key;
    char name[NAME_BYTES];
    bool has_key = *ingest->config->phone_key_file != '\0';
    int code = has_key ? keyfile_read(ingest->config->phone_key_file, name, sizeof name, &key, error) : 0;

    if (code)
        return code;
    ingest->follower = follower_new(ingest->loop, ingest->config, has_key ? key.secret_key : NULL,
                                    ingest->signer ? signer_guard(ingest->signer) : NULL, &ingest->counters);
    sodium_memzero(&key, sizeof key);
    return ingest->follower ? 0 : error_set(error, ERR_NO_MEMORY, "follower: out of memory");
}

static int add_lane(struct ingest *ingest, const char *areas, struct error *error)
{
    static const struct lane_handler handler = {ingest_on_lane_ready, ingest_on_lane_stopped, ingest_on_lane_failed};
    struct served *served = &ingest->lanes[ingest->lane_count];
    char client_id[CONFIG_TEXT_BYTES + 16];
    struct lane_settings settings = {served->name, client_id, areas,
                                     *ingest->broker_password ? ingest->broker_password : NULL,
                                     ingest->signer ? signer_guard(ingest->signer) : NULL};

    if (ingest->lane_count == CONFIG_LANES_MAX)
        return error_set(error, ERR_CONFIG, "lanes: more than %d; hint: several areas can share a lane",
                         CONFIG_LANES_MAX);
    served->ingest = ingest;
    (void)text_copy(served->areas, sizeof served->areas, text_of(areas));
    (void)snprintf(served->name, sizeof served->name, "custodyd lane %zu", ingest->lane_count + 1);
    (void)snprintf(client_id, sizeof client_id, "%s-%zu", ingest->config->client_id, ingest->lane_count + 1);
    served->lane = lane_new(ingest->loop, &settings, ingest->config, ingest->registry, signing_keys_ack(&ingest->keys),
                            &ingest->counters, &handler, served, error);
    if (!served->lane)
        return error->code ? error->code : ERR_NO_MEMORY;
    ingest->lane_count++;
    return 0;
}

static int add_lanes(struct ingest *ingest, struct error *error)
{
    char lanes[CONFIG_TEXT_BYTES], *rest = lanes, *areas;

    (void)snprintf(lanes, sizeof lanes, "%s", ingest->config->lanes);
    while ((areas = strsep(&rest, ";")) != NULL) {
        int code = add_lane(ingest, areas, error);

        if (code)
            return code;
    }
    return 0;
}

static int add_signer(struct ingest *ingest, const char *version, struct error *error)
{
    static const struct signer_handler handler = {ingest_on_checkpoint, ingest_on_signer_refused,
                                                  ingest_on_signer_ready};
    struct signer_settings settings = {ingest->config, signing_keys_checkpoint(&ingest->keys),
                                       signing_keys_ack(&ingest->keys), version};

    if (!settings.key)
        return 0;
    ingest->signer = signer_new(ingest->loop, &settings, &handler, ingest, error);
    if (!ingest->signer)
        return error->code;
    if (!*ingest->config->policy_file)
        return 0;
    ingest->cosigner = cosigner_new(ingest->loop, ingest->config, error);
    return ingest->cosigner ? 0 : error->code;
}

static int add_truck_clock(struct ingest *ingest, struct error *error)
{
    ingest->truck_clock = truck_clock_new(ingest->loop, ingest->config, ingest->registry,
                                          ingest->signer ? signer_guard(ingest->signer) : NULL, &ingest->counters);
    return ingest->truck_clock ? 0 : error_set(error, ERR_NO_MEMORY, "clock of trucks: out of memory");
}

static int build(struct ingest *ingest, const struct ingest_program *program, struct error *error)
{
    static const struct registry_handler handler = {ingest_on_registry_ready};
    int code = signing_keys_load(&ingest->keys, ingest->config, error);

    if (!code && password_read(ingest->config->broker_password_file, ingest->broker_password,
                               sizeof ingest->broker_password, error)) {
        (void)error_prefix(error, "broker_password_file");
        code = error->code = ERR_CONFIG;
    }
    if (code)
        return code;
    ingest->registry = registry_new(ingest->loop,
                                    &(struct registry_settings){
                                        .conninfo = ingest->config->database,
                                        .statement_timeout_ms = ingest->config->statement_timeout_ms,
                                        .partition_days_ahead = ingest->config->partition_days_ahead,
                                        .schema = program->schema,
                                    },
                                    &handler, ingest);
    if (!ingest->registry)
        return error_set(error, ERR_NO_MEMORY, "registry: out of memory");
    code = add_signer(ingest, program->version, error);
    if (code)
        return code;
    ingest->clocks = clocks_new(ingest->loop, ingest->config, ingest->registry,
                                ingest->signer ? signer_guard(ingest->signer) : NULL, &ingest->counters);
    if (!ingest->clocks)
        return error_set(error, ERR_NO_MEMORY, "clocks: out of memory");
    code = add_follower(ingest, error);
    if (!code)
        code = add_truck_clock(ingest, error);
    return code ? code : add_lanes(ingest, error);
}

struct ingest *ingest_new(uv_loop_t *loop, const struct config *config, const struct ingest_program *program,
                          const struct ingest_handler *handler, void *context, struct error *error)
{
    struct ingest *ingest = calloc(1, sizeof *ingest);

    if (!ingest) {
        (void)error_set(error, ERR_NO_MEMORY, "ingest: out of memory");
        return NULL;
    }
    ingest->loop = loop;
    ingest->config = config;
    ingest->handler = *handler;
    ingest->context = context;
    error->code = build(ingest, program, error);
    return ingest;
}

void ingest_open(struct ingest *ingest)
{
    (void)uv_timer_init(ingest->loop, &ingest->step);
    ingest->step.data = ingest;
    registry_open(ingest->registry);
    clocks_open(ingest->clocks);
    truck_clock_open(ingest->truck_clock);
    if (ingest->signer)
        signer_open(ingest->signer);
    if (ingest->cosigner)
        cosigner_open(ingest->cosigner);
    for (size_t i = 0; i < ingest->lane_count; i++)
        lane_open(ingest->lanes[i].lane);
    follower_open(ingest->follower);
}
