/* monitor.c - custodyctl monitor: follows the log from outside, with a reading role and a memory of its own. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "ctl/ctl.h"
#include "ctl/item_document.h"
#include "ctl/recompute.h"
#include "ctl/trust.h"
#include "io/statefile.h"

enum { INTERVAL_S_MAX = 86400 };

struct monitor {
    struct ctl *ctl;
    const struct policy *policy;
    const char *state_path; /* NULL: nothing is remembered */
    bool full;
    bool has_state;
    struct monitor_state state; /* its note borrows from state_text */
    struct buffer state_text;
};

/* ---- memory */

static int parse_state(struct monitor *monitor)
{
    struct error error = {0};
    if (monitor_state_parse(buffer_text(&monitor->state_text), &monitor->state, &error) != 0)
        return ctl_fail(monitor->ctl, CTL_CONFIG,
                        "%s: %s; hint: it was damaged; put it aside, and the log is recomputed from 0",
                        monitor->state_path, error.text);
    monitor->has_state = true;
    return CTL_OK;
}

static int read_state(struct monitor *monitor)
{
    struct error error = {0};
    if (!monitor->state_path)
        return CTL_OK;
    int code = statefile_read(monitor->state_path, &monitor->state_text, &error);
    if (code == ERR_NOT_FOUND)
        return CTL_OK;
    return code == 0 ? parse_state(monitor) : ctl_fail_error(monitor->ctl, &error);
}

static int keep_state(struct monitor *monitor, const struct recompute *recompute)
{
    struct monitor_state found;
    struct buffer text;
    struct error error = {0};
    int exit_code = CTL_OK;
    recompute_state(recompute, clock_now_us(), &found);
    buffer_init(&text, MONITOR_STATE_BYTES_MAX);
    monitor_state_put(&found, &text);
    if (text.failed)
        exit_code = ctl_fail(monitor->ctl, CTL_TEMPORARY, "monitor state: %s", error_words(ERR_TOO_LARGE));
    else if (monitor->state_path && statefile_write(monitor->state_path, buffer_text(&text), &error) != 0)
        exit_code = ctl_fail_error(monitor->ctl, &error);
    if (exit_code == CTL_OK) {
        buffer_fini(&monitor->state_text);
        monitor->state_text = text;
        return parse_state(monitor);
    }
    buffer_fini(&text);
    return exit_code;
}

/* ---- a cycle */

static int tell(struct monitor *monitor, const struct recompute *recompute, uint64_t took_ms, const char *difference)
{
    struct ctl *ctl = monitor->ctl;
    uint64_t leaves = recompute_leaves(recompute), rate = leaves * 1000 / (took_ms ? took_ms : 1);
    if (ctl->json)
        return ctl_print_json(ctl, json_pack("{s:b, s:s?, s:I, s:I, s:I, s:I, s:I}", "good", difference == NULL,
                                             "difference", difference, "size", (json_int_t)monitor->state.frontier.size,
                                             "recomputed", (json_int_t)leaves, "signed_heads",
                                             (json_int_t)recompute_signed_heads(recompute), "took_ms",
                                             (json_int_t)took_ms, "leaves_per_s", (json_int_t)rate));
    if (difference)
        return CTL_OK;
    fprintf(ctl->out,
            "good: size %" PRIu64 ", %" PRIu64 " leaves recomputed in %" PRIu64 " ms (%" PRIu64 "/s), %" PRIu64
            " signed heads\n",
            monitor->state.frontier.size, leaves, took_ms, rate, recompute_signed_heads(recompute));
    fflush(ctl->out);
    return CTL_OK;
}

/* *again: what was seen before is not there any more, and only a full recomputing can say why. */
static int cycle(struct monitor *monitor, bool full, bool *again)
{
    struct database *database;
    int exit_code = ctl_database(monitor->ctl, &database);
    if (exit_code != CTL_OK)
        return exit_code;
    struct recompute *recompute =
        recompute_new(monitor->ctl, database, monitor->policy, monitor->has_state ? &monitor->state : NULL, full);
    uint64_t begun_ms = clock_monotonic_ms();
    exit_code = recompute ? item_snapshot(monitor->ctl)
                          : ctl_fail(monitor->ctl, CTL_TEMPORARY, "monitor: %s", error_words(ERR_NO_MEMORY));
    if (exit_code == CTL_OK)
        exit_code = recompute_run(recompute);
    uint64_t took_ms = clock_monotonic_ms() - begun_ms;
    *again = exit_code == CTL_NEGATIVE && recompute_needs_all(recompute);
    bool differs = exit_code == CTL_NEGATIVE && !*again && recompute_difference(recompute)[0];
    if (exit_code == CTL_OK || *again) {
        int ended = ctl_query(monitor->ctl, "COMMIT", 0, NULL, NULL);
        exit_code = exit_code == CTL_OK ? ended : exit_code;
    }
    if (exit_code == CTL_OK)
        exit_code = keep_state(monitor, recompute);
    if (exit_code == CTL_OK)
        exit_code = tell(monitor, recompute, took_ms, NULL);
    if (differs) {
        (void)tell(monitor, recompute, took_ms, recompute_difference(recompute));
        ctl_fail(monitor->ctl, CTL_NEGATIVE, "the log differs: %s", recompute_difference(recompute));
    }
    recompute_free(recompute);
    return exit_code;
}

static int run_cycle(struct monitor *monitor)
{
    bool again = false;
    int exit_code = cycle(monitor, monitor->full, &again);
    return again ? cycle(monitor, true, &again) : exit_code;
}

/* A database that is away for a while is asked again; a difference ends it. */
static int follow(struct monitor *monitor, int64_t interval_s)
{
    for (;;) {
        int exit_code = run_cycle(monitor);
        if (interval_s == 0 || (exit_code != CTL_OK && exit_code != CTL_TEMPORARY))
            return exit_code;
        if (exit_code == CTL_TEMPORARY) {
            database_close(monitor->ctl->database);
            monitor->ctl->database = NULL;
        }
        struct timespec pause = {.tv_sec = interval_s};
        nanosleep(&pause, NULL);
    }
}

static int run(struct monitor *monitor, int64_t interval_s)
{
    struct error error = {0};
    int lock = -1;
    if (monitor->state_path && statefile_lock(monitor->state_path, &lock, &error) != 0)
        return ctl_fail_error(monitor->ctl, &error);
    buffer_init(&monitor->state_text, MONITOR_STATE_BYTES_MAX);
    int exit_code = read_state(monitor);
    if (exit_code == CTL_OK)
        exit_code = follow(monitor, interval_s);
    buffer_fini(&monitor->state_text);
    if (lock >= 0)
        close(lock);
    return exit_code;
}

int monitor_command(struct ctl *ctl, int argc, char **argv)
{
    const char *policy_path = NULL, *state_path = NULL;
    int64_t interval_s = 0;
    bool once = false, new_only = false;
    const struct ctl_option options[] = {
        {"policy", CTL_OPTION_TEXT, "FILE", "the log's key: a C2SP tlog-policy of your own", &policy_path, 0, 0},
        {"state", CTL_OPTION_TEXT, "FILE", "what the monitor remembers; made when missing (default: nothing)",
         &state_path, 0, 0},
        {"once", CTL_OPTION_FLAG, NULL, "one cycle, and end (default)", &once, 0, 0},
        {"interval", CTL_OPTION_NUMBER, "S", "a cycle every S seconds, until something differs", &interval_s, 1,
         INTERVAL_S_MAX},
        {"new-only", CTL_OPTION_FLAG, NULL, "recompute only what is new since the state; quicker in a long log",
         &new_only, 0, 0},
    };
    const struct ctl_usage usage = {
        "--policy=FILE",
        "Follows the log from outside: recomputes it from the records (an erased one by its\n"
        "commitment and its erasure) and compares leaf hashes, tiles, the head and every signed\n"
        "root; checks the log's signature on every signed head, and that each begins with the one\n"
        "before. Reads only: connect as custody_monitor. Keep FILE and state outside the\n"
        "database's machine.\n\n"
        "Every cycle recomputes everything, some 200,000 records a second. With --new-only it is\n"
        "what is new since the state, and that the tree seen before is still its beginning: a\n"
        "record that is altered after it was recomputed is then not found until a whole cycle.\n\n"
        "Exit code: 0 nothing differs, 1 something does, and the first difference is named.\n",
        0,
        0,
        options,
        5};
    int exit_code;
    struct trust trust;
    if (!ctl_parse(ctl, &usage, &argc, &argv, &exit_code))
        return exit_code;
    if (once && interval_s > 0)
        return ctl_fail(ctl, CTL_USAGE, "--once and --interval: both given; hint: one of them");
    exit_code = trust_read(ctl, policy_path, &trust);
    if (exit_code != CTL_OK)
        return exit_code;
    struct monitor monitor = {.ctl = ctl, .policy = trust.policy, .state_path = state_path, .full = !new_only};
    exit_code = run(&monitor, interval_s);
    trust_free(&trust);
    return exit_code;
}
