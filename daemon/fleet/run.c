/* run.c - the loop of a run: ticks, signals, draining and closing. */
#include "fleet/run.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

enum { FLUSH_EVERY_MS = 100, ACK_TIMEOUT_GROWTH = 16 };

/* ---- making ---- */

static void make_device(struct run *run, size_t i)
{
    const struct roster_source *source = &run->roster->sources[run->first_source + i];
    struct key_pair key;
    if (source->signs)
        source_key(run->roster->seed, source->name, &key);
    device_init(&run->devices[i], &run->world, source->name, source->signs ? &key : NULL, run->options->epoch);
    if (i % 3 == 2)
        run->devices[i].clock_skew_us = run->options->skew_us;
}

/* A clone has the device's name and key and does not know how far the device has come. */
static int make_clones(struct run *run, struct error *error)
{
    const struct run_options *options = run->options;
    if (options->clones == 0)
        return 0;
    if (options->first_clone + options->clones > run->device_count || run->links_per != 1)
        return error_set(error, ERR_INVALID, "clones: %zu; hint: at most one a truck, one session a device",
                         options->clones);
    run->clones = calloc(options->clones, sizeof *run->clones);
    if (run->clones == NULL)
        return error_set(error, ERR_NO_MEMORY, "clones: %zu", options->clones);
    for (; run->clone_count < options->clones; run->clone_count++) {
        const struct device *device = &run->devices[options->first_clone + run->clone_count];
        struct device *clone = &run->clones[run->clone_count];
        device_init(clone, &run->world, device->name, device->signs ? &device->key : NULL, options->epoch + 1);
        link_add_clone(run->links[options->first_clone + run->clone_count], clone);
    }
    return 0;
}

static int make_links(struct run *run, struct error *error)
{
    const size_t sessions = run->options->sessions == 0 || run->options->sessions > run->device_count
                                ? run->device_count
                                : run->options->sessions;
    run->links_per = (run->device_count + sessions - 1) / sessions;
    run->links = calloc(sessions, sizeof(struct link *));
    if (run->links == NULL)
        return error_set(error, ERR_NO_MEMORY, "sessions: %zu", sessions);
    for (size_t at = 0; at < run->device_count; at += run->links_per) {
        const size_t count = at + run->links_per > run->device_count ? run->device_count - at : run->links_per;
        struct device *first = &run->devices[at];
        char id[DEVICE_NAME_BYTES + 8];
        (void)snprintf(id, sizeof id, "sim-%s", first->name);
        struct link *link = link_new(&run->loop, &run->link_settings, id, first, count,
                                     random_named(run->roster->seed, text_of(id)), &run->statistics, error);
        if (link == NULL)
            return error_prefix(error, "broker");
        run->links[run->link_count++] = link;
    }
    return 0;
}

static int open_journal(struct run *run, struct error *error)
{
    if (run->options->journal == NULL)
        return 0;
    run->world.journal = fopen(run->options->journal, "w");
    if (run->world.journal == NULL)
        return error_set(error, ERR_IO, "journal: %s: %s; hint: a path that can be written", run->options->journal,
                         strerror(errno));
    return 0;
}

static int make_parts(struct run *run, struct error *error)
{
    int code = open_journal(run, error);
    if (code == 0 && run->options->ack_key != NULL)
        code = note_verifier_parse(text_of(run->options->ack_key), &run->world.verifier, error);
    if (code)
        return code;
    run->devices = calloc(run->device_count, sizeof *run->devices);
    if (run->devices == NULL)
        return error_set(error, ERR_NO_MEMORY, "devices: %zu", run->device_count);
    for (size_t i = 0; i < run->device_count; i++)
        make_device(run, i);
    code = make_links(run, error);
    return code ? code : make_clones(run, error);
}

int run_init(struct run *run, const struct run_options *options, const struct roster *roster, size_t first_source,
             size_t count, struct error *error)
{
    assert(count > 0 && first_source + count <= roster->source_count);
    *run = (struct run){.options = options, .roster = roster, .first_source = first_source, .device_count = count};
    if (sodium_init() < 0)
        return error_set(error, ERR_INTERNAL, "libsodium cannot be initialised");
    if (uv_loop_init(&run->loop))
        return error_set(error, ERR_NO_MEMORY, "event loop");
    run->world = (struct device_world){
        .model = "custody simulator",
        .firmware = "1.0",
        .statistics = &run->statistics,
        .ack_timeout_ms = options->ack_timeout_ms,
        .ack_timeout_max_ms = options->ack_timeout_ms * ACK_TIMEOUT_GROWTH,
        .ring_max = options->ring_max,
    };
    run->link_settings = (struct link_settings){
        .broker = options->broker,
        .area = roster->area,
        .username = options->username,
        .password = options->password,
        .window = options->window,
        .faults = options->faults,
    };
    return make_parts(run, error);
}

void run_fini(struct run *run)
{
    for (size_t i = 0; run->devices != NULL && i < run->device_count; i++)
        device_fini(&run->devices[i]);
    for (size_t i = 0; i < run->clone_count; i++)
        device_fini(&run->clones[i]);
    free(run->devices);
    run->devices = NULL;
    free(run->clones);
    run->clones = NULL;
    for (size_t i = 0; i < run->link_count; i++) /* never opened, because something failed before */
        link_close(run->links[i], NULL, NULL);
    free(run->links);
    run->links = NULL;
    if (run->world.journal != NULL)
        (void)fclose(run->world.journal);
    run->world.journal = NULL;
    (void)uv_run(&run->loop, UV_RUN_DEFAULT);
    const int left = uv_loop_close(&run->loop);
    assert(left == 0);
}

/* ---- running ---- */

double run_elapsed_s(const struct run *run)
{
    return (double)(uv_now(&run->loop) - run->started_ms) / 1000.0;
}

uint64_t run_pending(const struct run *run)
{
    uint64_t pending = 0;
    for (size_t i = 0; i < run->device_count; i++)
        pending += device_pending(&run->devices[i]);
    for (size_t i = 0; i < run->clone_count; i++)
        pending += device_pending(&run->clones[i]);
    return pending;
}

uint64_t run_outstanding(const struct run *run)
{
    uint64_t outstanding = 0;
    for (size_t i = 0; i < run->link_count; i++)
        outstanding += link_outstanding(run->links[i]);
    return outstanding;
}

struct device *run_device(struct run *run, size_t source)
{
    assert(source >= run->first_source && source - run->first_source < run->device_count);
    return &run->devices[source - run->first_source];
}

struct link *run_link(struct run *run, size_t source)
{
    assert(source >= run->first_source && source - run->first_source < run->device_count);
    return run->links[(source - run->first_source) / run->links_per];
}

static void run_on_link_closed(void *context)
{
    struct run *run = context;
    run->open_handles--;
}

static void run_on_handle_closed(uv_handle_t *handle)
{
    struct run *run = handle->data;
    run->open_handles--;
}

static void close_all(struct run *run)
{
    run->phase = RUN_CLOSING;
    for (size_t i = 0; i < run->link_count; i++)
        link_close(run->links[i], run_on_link_closed, run);
    run->link_count = 0;
    uv_close((uv_handle_t *)&run->timer, run_on_handle_closed);
    uv_close((uv_handle_t *)&run->interrupt, run_on_handle_closed);
    uv_close((uv_handle_t *)&run->terminate, run_on_handle_closed);
}

void run_stop(struct run *run)
{
    if (run->phase != RUN_RUNNING)
        return;
    run->phase = RUN_DRAINING;
    run->drain_until_ms =
        uv_now(&run->loop) + (uint64_t)(run->options->until_acknowledged ? run->options->drain_s * 1000.0 : 0);
}

static void run_on_signal(uv_signal_t *handle, int number)
{
    struct run *run = handle->data;
    log_info("stopping", "signal=%d", number);
    if (run->phase == RUN_DRAINING) /* asked twice */
        run->drain_until_ms = 0;
    run_stop(run);
}

static void flush_journal(struct run *run)
{
    const uint64_t now_ms = uv_now(&run->loop);
    if (run->world.journal != NULL && now_ms - run->flushed_ms >= FLUSH_EVERY_MS) {
        run->flushed_ms = now_ms;
        (void)fflush(run->world.journal);
    }
}

static void run_on_tick(uv_timer_t *timer)
{
    struct run *run = timer->data;
    const double duration_s = run->options->duration_s;
    if (run->phase == RUN_RUNNING)
        run->actor.on_tick(run, run->actor.context);
    for (size_t i = 0; i < run->link_count; i++)
        link_pump(run->links[i]);
    flush_journal(run);
    if (run->phase == RUN_RUNNING && duration_s > 0 && run_elapsed_s(run) >= duration_s)
        run_stop(run);
    if (run->phase == RUN_DRAINING && (run_pending(run) == 0 || uv_now(&run->loop) >= run->drain_until_ms))
        close_all(run);
}

static void start_signal(struct run *run, uv_signal_t *handle, int number)
{
    (void)uv_signal_init(&run->loop, handle);
    handle->data = run;
    (void)uv_signal_start(handle, run_on_signal, number);
    run->open_handles++;
}

void run_loop(struct run *run, struct run_actor actor)
{
    run->actor = actor;
    (void)signal(SIGPIPE, SIG_IGN);
    start_signal(run, &run->interrupt, SIGINT);
    start_signal(run, &run->terminate, SIGTERM);
    (void)uv_timer_init(&run->loop, &run->timer);
    run->timer.data = run;
    run->open_handles++;
    run->started_ms = uv_now(&run->loop);
    (void)uv_timer_start(&run->timer, run_on_tick, 0, run->options->tick_ms);
    run->open_handles += run->link_count;
    for (size_t i = 0; i < run->link_count; i++)
        link_open(run->links[i]);
    (void)uv_run(&run->loop, UV_RUN_DEFAULT);
    assert(run->open_handles == 0);
}
