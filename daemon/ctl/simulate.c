/* simulate.c - custodyctl simulate: the simulated fleet, the story, and load runs, with their switches. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/ctl.h"
#include "fleet/fleet.h"
#include "fleet/load.h"
#include "fleet/run.h"
#include "fleet/story.h"

enum {
    TICK_MS = 20,
    LOAD_TICK_MS = 1,
    RING_MAX = 20000,
    BACKLOG_PENDING_MAX = 60000,
    EPOCH_ZERO_S = 1700000000, /* epochs of runs that do not name one: seconds since then, so that they rise */
    LINK_AWAY_MIN_MS = 500,
    LINK_AWAY_MAX_MS = 5000,
    STORY_PATIENCE_MS = 10000,
    KEY_FILE_BYTES = 4096,
};

/* As typed. Percentages are whole numbers; texts borrow from argv. */
struct simulate {
    const char *broker, *username, *area, *ack_key, *journal, *story_out, *disguise;
    int64_t seed, vehicles, speed, duration_s, epoch, drain_s, ack_timeout_ms, window, multiplex;
    int64_t duplicates, reorder, corrupt, forge, lose_links, skew_s, clones, reentry, reentry_before;
    int64_t rate, sources, fixes, count, pace_ms;
    bool enter, until_acknowledged, story, story_only, load, is_unsigned, is_signed, events, backlog;
    char ack_key_text[KEY_FILE_BYTES]; /* what --ack-key named a file for */
    uint32_t disguises;
};

static const char description[] =
    "Plays a fleet: trucks that drive, load and unload, yards and plants that take items in and apart, police,\n"
    "a marketplace. Every party is a source of its own with a key that follows from the seed, speaks signed\n"
    "envelopes over MQTT, keeps what it said until a signed acknowledgement covers it, and sends it again.\n"
    "\n"
    "  custodyctl simulate --register --vehicles 6 | custodyctl register --file -\n"
    "  custodyctl simulate --vehicles 6 --speed 600 --duration 60\n"
    "  custodyctl simulate --story-only --story-out steps.jsonl\n"
    "  custodyctl simulate --load --rate 2000 --sources 1000 --multiplex 4 --fixes 10 --count 100000\n"
    "\n"
    "The same seed, area, vehicles and sources must be given to register and to run. Faster than the clock, a\n"
    "fleet plays in the days before now. --multiplex needs a broker that lets one user name write for all\n"
    "sources: by default a session may write for its own source only. Exits 1 when --until-acknowledged leaves "
    "something unacknowledged.\n";

/* ---- options ---- */

enum { MILLION = 1000000 };

#define NUMBER(name, argument, help, member, least, most)                                                              \
    {                                                                                                                  \
        name, CTL_OPTION_NUMBER, argument, help, &(member), (least), (most)                                            \
    }
#define FLAG(name, help, member)                                                                                       \
    {                                                                                                                  \
        name, CTL_OPTION_FLAG, NULL, help, &(member), 0, 0                                                             \
    }
#define WORDS(name, argument, help, member)                                                                            \
    {                                                                                                                  \
        name, CTL_OPTION_TEXT, argument, help, &(member), 0, 0                                                         \
    }

static bool parse(struct ctl *ctl, struct simulate *s, int argc, char **argv, int *exit_code)
{
    const struct ctl_option options[] = {
        WORDS("broker", "HOSTS", "host:port or unix:/path (default: configuration)", s->broker),
        WORDS("username", "NAME", "user name of every session (default: the source's id)", s->username),
        WORDS("area", "CODE", "administrative division (default 350504, Luojiang 洛江区)", s->area),
        NUMBER("seed", "N", "what everything invented follows from (default 1)", s->seed, 0, INT64_MAX),
        NUMBER("vehicles", "N", "trucks (default 4)", s->vehicles, 1, ROSTER_VEHICLES_MAX),
        NUMBER("speed", "N", "simulated seconds in a second (default 1)", s->speed, 1, 100000),
        NUMBER("duration", "S", "end after so many seconds (default: when told to)", s->duration_s, 0, 10 * MILLION),
        NUMBER("epoch", "N", "epoch of every source (default: rises with the clock)", s->epoch, 1, INT32_MAX - 1),
        FLAG("register", "print the registration for custodyctl register --file - and exit", s->enter),
        WORDS("ack-key", "KEY", "verifier key of acknowledgements, or a file with it (default: not checked)",
              s->ack_key),
        NUMBER("ack-timeout", "MS", "send again after so long (default 3000), doubling", s->ack_timeout_ms, 50,
               MILLION),
        NUMBER("window", "N", "envelopes a session has on their way (default 1000)", s->window, 1, 65535),
        NUMBER("multiplex", "N", "put all sources on N sessions (default 0: one each)", s->multiplex, 0, 1000),
        WORDS("journal", "FILE", "write every envelope sent and every note received", s->journal),
        FLAG("until-acknowledged", "at the end wait until all is acknowledged, else exit 1", s->until_acknowledged),
        NUMBER("drain", "S", "longest wait of --until-acknowledged (default 60)", s->drain_s, 0, 86400),
        FLAG("story", "tell the story of the demo beside the fleet", s->story),
        FLAG("story-only", "tell the story without the fleet, and end", s->story_only),
        WORDS("story-out", "FILE", "JSON lines: each step and the query that finds it", s->story_out),
        NUMBER("pace", "MS", "between two steps of the story (default 300)", s->pace_ms, 0, 60000),
        NUMBER("reentry", "PERCENT", "banned items that are listed for sale (default 10)", s->reentry, 0, 100),
        NUMBER("reentry-before", "PERCENT", "items listed before their ban (default 5)", s->reentry_before, 0, 100),
        WORDS("disguise", "LIST", "structured,text,full-width,spaced,dashed (default: all)", s->disguise),
        NUMBER("duplicates", "PERCENT", "envelopes that are sent twice", s->duplicates, 0, 100),
        NUMBER("reorder", "PERCENT", "envelopes that are overtaken by later ones", s->reorder, 0, 100),
        NUMBER("corrupt", "PERCENT", "envelopes whose first copy has flipped bytes", s->corrupt, 0, 100),
        NUMBER("forge", "PERCENT", "envelopes with a forged copy before them", s->forge, 0, 100),
        NUMBER("lose-links", "PERCENT", "chance a second that a session is lost for seconds", s->lose_links, 0, 100),
        NUMBER("skew", "S", "every third device's clock is ahead by this", s->skew_s, -100 * MILLION, 100 * MILLION),
        NUMBER("clones", "N", "trucks that have a clone with their key", s->clones, 0, ROSTER_VEHICLES_MAX),
        FLAG("load", "a load run instead of a fleet", s->load),
        NUMBER("rate", "N", "load: envelopes a second in all (default 0: as fast as possible)", s->rate, 0,
               10 * MILLION),
        NUMBER("sources", "N", "load: sources (default 100)", s->sources, 1, 100000),
        NUMBER("fixes", "N", "load: fixes in an envelope (default 1)", s->fixes, 0, LOAD_FIXES_MAX),
        FLAG("events", "load: a custody event in each envelope", s->events),
        FLAG("signed", "load: signed envelopes (the default)", s->is_signed),
        FLAG("unsigned", "load: unsigned envelopes", s->is_unsigned),
        NUMBER("count", "N", "load: envelopes in all (default 0: until stopped)", s->count, 0, INT64_MAX),
        FLAG("backlog", "load: fill the broker's queue, wait for no acknowledgement", s->backlog),
    };
    const struct ctl_usage usage = {
        .operands = "",
        .description = description,
        .options = options,
        .option_count = sizeof options / sizeof options[0],
    };
    return ctl_parse(ctl, &usage, &argc, &argv, exit_code);
}

static int parse_disguises(struct ctl *ctl, struct simulate *s)
{
    struct text rest = text_of(s->disguise);
    while (rest.len > 0) {
        const char *comma = memchr(rest.data, ',', rest.len);
        const struct text word = {rest.data, comma ? (size_t)(comma - rest.data) : rest.len};
        enum disguise disguise;
        if (disguise_parse(word, &disguise))
            return ctl_fail(ctl, CTL_USAGE, "--disguise: %.*s; hint: structured, text, full-width, spaced, dashed",
                            TEXT_ARG(word));
        s->disguises |= 1u << disguise;
        rest.data += word.len + (comma != NULL);
        rest.len -= word.len + (comma != NULL);
    }
    return CTL_OK;
}

/* --ack-key: the key itself, or a file in which it is one of the words. */
static int find_ack_key(struct ctl *ctl, struct simulate *s)
{
    struct note_verifier verifier;
    struct error error;
    char *rest = s->ack_key_text;
    if (s->ack_key == NULL || note_verifier_parse(text_of(s->ack_key), &verifier, &error) == 0)
        return CTL_OK;
    FILE *file = fopen(s->ack_key, "r");
    if (file == NULL)
        return ctl_fail(
            ctl, CTL_USAGE,
            "--ack-key: %s: neither a key nor a file (%s); hint: <origin>/ack+<id>+<key>, as keygen prints it",
            s->ack_key, strerror(errno));
    s->ack_key_text[fread(s->ack_key_text, 1, sizeof s->ack_key_text - 1, file)] = '\0';
    (void)fclose(file);
    for (char *word; (word = strsep(&rest, " \t\r\n")) != NULL;)
        if (note_verifier_parse(text_of(word), &verifier, &error) == 0) {
            s->ack_key = word;
            return CTL_OK;
        }
    return ctl_fail(ctl, CTL_USAGE,
                    "--ack-key: %s: no verifier key in this file; hint: <origin>/ack+<id>+<key>, as keygen prints it",
                    s->ack_key);
}

static int check_options(struct ctl *ctl, struct simulate *s)
{
    if (s->is_signed && s->is_unsigned)
        return ctl_fail(ctl, CTL_USAGE, "--signed and --unsigned; hint: one or the other");
    if (s->load && (s->story || s->story_only))
        return ctl_fail(ctl, CTL_USAGE, "--load and --story; hint: two runs");
    if (s->load && s->fixes == 0 && !s->events)
        return ctl_fail(ctl, CTL_USAGE, "--fixes 0 without --events: an envelope that says nothing; hint: --events");
    if (s->clones > 0 && (s->load || s->multiplex > 0 || s->clones > s->vehicles))
        return ctl_fail(ctl, CTL_USAGE, "--clones: %lld; hint: at most --vehicles, without --load and --multiplex",
                        (long long)s->clones);
    const int exit_code = parse_disguises(ctl, s);
    return exit_code ? exit_code : find_ack_key(ctl, s);
}

static int fill_from_configuration(struct ctl *ctl, struct simulate *s)
{
    const struct config *config;
    if (s->broker != NULL)
        return CTL_OK;
    const int exit_code = ctl_config(ctl, &config);
    if (exit_code == CTL_OK)
        s->broker = config->broker;
    return exit_code;
}

static struct run_options run_options_of(const struct simulate *s, const struct roster *roster)
{
    return (struct run_options){
        .broker = s->broker,
        .username = s->username,
        .ack_key = s->ack_key,
        .journal = s->journal,
        .epoch = s->epoch ? (uint32_t)s->epoch : (uint32_t)(clock_now_us() / US_PER_S - EPOCH_ZERO_S),
        .sessions = (size_t)s->multiplex,
        .clones = s->story || s->story_only ? (s->clones > 1 ? (size_t)s->clones : 1) : (size_t)s->clones,
        .first_clone = s->load ? 0 : roster->truck_source,
        .ack_timeout_ms = (uint32_t)s->ack_timeout_ms,
        .window = (uint32_t)s->window,
        .tick_ms = s->load ? LOAD_TICK_MS : TICK_MS,
        .ring_max = s->load ? BACKLOG_PENDING_MAX : RING_MAX,
        .duration_s = (double)s->duration_s,
        .drain_s = (double)s->drain_s,
        .until_acknowledged = s->until_acknowledged,
        .skew_us = s->skew_s * US_PER_S,
        .faults =
            {
                .duplicate = (double)s->duplicates / 100,
                .reorder = (double)s->reorder / 100,
                .corrupt = (double)s->corrupt / 100,
                .forge = (double)s->forge / 100,
                .lose_link = (double)s->lose_links / 100,
                .link_away_min_ms = LINK_AWAY_MIN_MS,
                .link_away_max_ms = LINK_AWAY_MAX_MS,
            },
    };
}

/* ---- runs ---- */

static int run_load(struct ctl *ctl, const struct simulate *s, struct run *run)
{
    const struct load_options options = {
        .rate = (double)s->rate,
        .count = (uint64_t)s->count,
        .fixes = (size_t)s->fixes,
        .events = s->events,
        .backlog = s->backlog,
        .pending_max = s->backlog ? BACKLOG_PENDING_MAX : (uint64_t)s->window * run->link_count,
    };
    struct load load;
    int exit_code = CTL_OK;
    if (load_init(&load, &options, run))
        exit_code = ctl_fail(ctl, CTL_TEMPORARY, "load: %s", error_words(ERR_NO_MEMORY));
    else
        run_loop(run, (struct run_actor){load_on_tick, &load});
    if (load.failed || (exit_code == CTL_OK && s->count > 0 && load.made < (uint64_t)s->count && s->until_acknowledged))
        exit_code = CTL_NEGATIVE;
    load_fini(&load);
    return exit_code;
}

/* The fleet, the story, or both. */
struct play {
    struct fleet *fleet; /* NULL: story only */
    struct story *story; /* NULL: fleet only */
};

static void play_on_tick(struct run *run, void *context)
{
    const struct play *play = context;
    if (play->fleet != NULL)
        fleet_tick(play->fleet, clock_now_us());
    if (play->story != NULL)
        story_tick(play->story, uv_now(&run->loop));
    if (play->fleet == NULL && story_is_over(play->story))
        run_stop(run);
}

static int tell_and_drive(struct ctl *ctl, const struct simulate *s, struct run *run, struct play play)
{
    int exit_code = CTL_OK;
    run_loop(run, (struct run_actor){play_on_tick, &play});
    if (play.story != NULL && !story_is_over(play.story))
        exit_code =
            ctl_fail(ctl, CTL_NEGATIVE, "story: step %zu of %zu; hint: a longer --duration, or is custodyd running?",
                     play.story->at + 1, story_length());
    if (play.fleet != NULL)
        fprintf(ctl->out, "fleet items_through=%llu events=%llu fixes=%llu sightings=%llu speed=%lld\n",
                (unsigned long long)play.fleet->items_done, (unsigned long long)play.fleet->events,
                (unsigned long long)play.fleet->fixes, (unsigned long long)play.fleet->sightings, (long long)s->speed);
    return exit_code;
}

static int run_fleet(struct ctl *ctl, const struct simulate *s, struct run *run)
{
    const struct fleet_options options = {
        .speed = (double)s->speed,
        .reentry = (double)s->reentry / 100,
        .reentry_before = (double)s->reentry_before / 100,
        .disguises = s->disguises,
        .clones = (size_t)s->clones,
        .left_alone = s->story ? 1 : 0, /* the story's truck cannot be in two places */
    };
    struct story_options story_options = {
        .tell = ctl->out, .pace_ms = (uint32_t)s->pace_ms, .patience_ms = STORY_PATIENCE_MS};
    struct fleet fleet;
    struct story story;
    struct play play = {NULL, NULL};
    int exit_code = CTL_OK;
    if (s->story_out != NULL && (story_options.out = fopen(s->story_out, "w")) == NULL)
        return ctl_fail(ctl, CTL_USAGE, "--story-out: %s: %s; hint: a path that can be written", s->story_out,
                        strerror(errno));
    if (s->story || s->story_only) {
        story_init(&story, &story_options, run, clock_now_us());
        play.story = &story;
    }
    if (!s->story_only) {
        play.fleet = &fleet;
        if (fleet_init(&fleet, &options, run, clock_now_us(), (double)s->duration_s))
            exit_code = ctl_fail(ctl, CTL_TEMPORARY, "fleet: %s", error_words(ERR_NO_MEMORY));
    }
    if (exit_code == CTL_OK)
        exit_code = tell_and_drive(ctl, s, run, play);
    if (play.fleet != NULL)
        fleet_fini(&fleet);
    if (play.story != NULL)
        story_fini(&story);
    if (story_options.out != NULL)
        (void)fclose(story_options.out);
    return exit_code;
}

static int run_all(struct ctl *ctl, const struct simulate *s, const struct roster *roster)
{
    const struct run_options options = run_options_of(s, roster);
    const size_t first_load = roster->source_count - (s->load ? (size_t)s->sources : 0);
    struct run run;
    struct error error = {0};
    int exit_code;
    const int code =
        run_init(&run, &options, roster, s->load ? first_load : 0, s->load ? (size_t)s->sources : first_load, &error);
    if (code) {
        run_fini(&run);
        return ctl_fail_error(ctl, &error);
    }
    exit_code = s->load ? run_load(ctl, s, &run) : run_fleet(ctl, s, &run);
    const uint64_t pending = run_pending(&run);
    statistics_print(&run.statistics, run_elapsed_s(&run), ctl->out);
    fprintf(ctl->out, "statistic pending %llu envelopes\n", (unsigned long long)pending);
    run_fini(&run);
    if (exit_code == CTL_OK && s->until_acknowledged && pending > 0)
        exit_code =
            ctl_fail(ctl, CTL_NEGATIVE, "unacknowledged: %llu envelopes after the drain; hint: is custodyd running?",
                     (unsigned long long)pending);
    return exit_code;
}

int simulate_command(struct ctl *ctl, int argc, char **argv)
{
    struct simulate s = {
        .area = "350504",
        .disguise = "",
        .seed = 1,
        .vehicles = 4,
        .speed = 1,
        .drain_s = 60,
        .ack_timeout_ms = 3000,
        .window = 1000,
        .reentry = 10,
        .reentry_before = 5,
        .sources = 100,
        .fixes = 1,
        .pace_ms = 300,
    };
    int exit_code;
    if (!parse(ctl, &s, argc, argv, &exit_code))
        return exit_code;
    exit_code = check_options(ctl, &s);
    if (exit_code != CTL_OK)
        return exit_code;
    const struct roster_options options = {
        .seed = (uint64_t)s.seed,
        .area = s.area,
        .vehicles = (size_t)s.vehicles,
        .load_sources = s.load ? (size_t)s.sources : 0,
        .load_signs = !s.is_unsigned,
    };
    struct roster roster;
    struct error error = {0};
    if (roster_init(&roster, &options, &error))
        exit_code = ctl_fail_error(ctl, &error);
    else if (s.enter)
        roster_print(&roster, ctl->out);
    else if ((exit_code = fill_from_configuration(ctl, &s)) == CTL_OK)
        exit_code = run_all(ctl, &s, &roster);
    roster_fini(&roster);
    return exit_code;
}
