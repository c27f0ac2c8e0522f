/* roster.c - makes the simulation's parties, sites, sources and keys from the seed, and prints their registration. */
#include "fleet/roster.h"

#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "base/hash.h"

static const struct role_info {
    const char *source, *kind;
    enum party_kind party_kind;
    const char *party_name; /* "": the party of the same kind that stands before it */
    double lon, lat;
    bool signs;
} roles[ROLE_COUNT] = {
#define X(role, source, kind, party_kind, name, lon, lat, signed)                                                      \
    [role] = {source, kind, party_kind, name, lon, lat, signed},
    ROLE_TABLE(X)
#undef X
};

/* Which licence the parties of a kind hold. */
static const struct {
    enum party_kind party;
    const char *permit;
} licences[] = {
    {PARTY_KIND_RECYCLER, "vehicle_dismantling"},
    {PARTY_KIND_CARRIER, "road_access"},
    {PARTY_KIND_REMANUFACTURER, "remanufacturing"},
    {PARTY_KIND_BATTERY_PROCESSOR, "battery_processing"},
    {PARTY_KIND_HAZARDOUS_WASTE_OPERATOR, "hazardous_waste"},
    {PARTY_KIND_WEEE_TREATMENT, "weee_treatment"},
};

void source_key(uint64_t seed, const char *name, struct key_pair *pair)
{
    char text[128];
    const int len = snprintf(text, sizeof text, "custody-fleet/v1\n%llu\n%s", (unsigned long long)seed, name);
    const struct digest key_seed = sha256(text, (size_t)len);
    key_pair_from_seed(key_seed.bytes, pair);
}

static bool is_authority(enum party_kind kind)
{
    return kind >= PARTY_KIND_POLICE;
}

static size_t last_party_of_kind(const struct roster *roster, enum party_kind kind, bool second)
{
    for (size_t i = 0; i < roster->party_count; i++)
        if (roster->parties[i].kind == kind &&
            (!second || i + 1 == roster->party_count || roster->parties[i + 1].kind != kind))
            return i;
    return roster->party_count;
}

static void add_party(struct roster *roster, const struct world *world, enum role role)
{
    const struct role_info *info = &roles[role];
    struct roster_party *party = &roster->parties[roster->party_count];
    /* Towns' centres are rough: a site stands at the junction that is nearest. */
    const struct place town = {(int32_t)(info->lon * 1e7), (int32_t)(info->lat * 1e7)};
    invent_credit_code(is_authority(info->party_kind), (uint32_t)(roster->seed * 100 + (uint64_t)role), party->code);
    party->kind = info->party_kind;
    party->name = info->party_name;
    (void)snprintf(party->site_code, sizeof party->site_code, "site-%s", info->source[0] ? info->source : "depot");
    party->site = world->nodes[world_nearest(world, town)].at;
    roster->party_of_role[role] = roster->party_count++;
}

static void add_parties(struct roster *roster)
{
    struct world world;
    world_init(&world, roster->seed);
    for (enum role role = 0; role < ROLE_COUNT; role++)
        if (roles[role].party_name[0] != '\0')
            add_party(roster, &world, role);
        else
            roster->party_of_role[role] = last_party_of_kind(roster, roles[role].party_kind, role == ROLE_BRIDGE_2);
}

static size_t add_source(struct roster *roster, const char *name, const char *kind, size_t party, uint32_t vehicle,
                         bool signs)
{
    struct roster_source *source = &roster->sources[roster->source_count];
    *source = (struct roster_source){.kind = kind, .party = party, .vehicle = vehicle, .signs = signs};
    (void)text_copy(source->name, sizeof source->name, text_of(name));
    return roster->source_count++;
}

static void add_numbered(struct roster *roster, const char *format_name, const char *kind, enum role role,
                         uint32_t vehicle, bool signs)
{
    char name[SOURCE_NAME_BYTES];
    (void)snprintf(name, sizeof name, "%s-%03u", format_name, (unsigned)vehicle + 1);
    (void)add_source(roster, name, kind, roster->party_of_role[role], vehicle, signs);
}

static void add_sources(struct roster *roster, const struct roster_options *options)
{
    for (enum role role = 0; role < ROLE_COUNT; role++)
        if (roles[role].source[0] != '\0')
            roster->source_of_role[role] =
                add_source(roster, roles[role].source, roles[role].kind, roster->party_of_role[role], ROSTER_NO_VEHICLE,
                           roles[role].signs);
    roster->truck_source = roster->source_count;
    for (uint32_t i = 0; i < roster->vehicle_count; i++) /* every fifth is an old tracker behind a gateway: unsigned */
        add_numbered(roster, "truck", "truck", ROLE_DRIVER, i, i % 5 != 4);
    roster->driver_source = roster->source_of_role[ROLE_DRIVER] = roster->source_count;
    for (uint32_t i = 0; i < roster->vehicle_count; i++)
        add_numbered(roster, "driver", "handheld", ROLE_DRIVER, i, true);
    for (size_t i = 0; i < options->load_sources; i++) {
        char name[SOURCE_NAME_BYTES];
        (void)snprintf(name, sizeof name, "load-%06zu", i);
        (void)add_source(roster, name, "gateway", roster->party_of_role[ROLE_YARD], ROSTER_NO_VEHICLE,
                         options->load_signs);
    }
}

static bool area_is_valid(const char *area)
{
    return area != NULL && strlen(area) == 6 && strspn(area, "0123456789") == 6;
}

int roster_init(struct roster *roster, const struct roster_options *options, struct error *error)
{
    *roster = (struct roster){.seed = options->seed, .vehicle_count = options->vehicles};
    if (!area_is_valid(options->area))
        return error_set(error, ERR_INVALID, "area: %s; hint: six digits, as 350504",
                         options->area ? options->area : "");
    if (options->vehicles < 1 || options->vehicles > ROSTER_VEHICLES_MAX)
        return error_set(error, ERR_INVALID, "vehicles: %zu; hint: 1 to %d", options->vehicles, ROSTER_VEHICLES_MAX);
    memcpy(roster->area, options->area, sizeof roster->area);
    roster->plates = calloc(options->vehicles, sizeof *roster->plates);
    roster->sources = calloc(ROLE_COUNT + 2 * options->vehicles + options->load_sources, sizeof *roster->sources);
    if (roster->plates == NULL || roster->sources == NULL)
        return error_set(error, ERR_NO_MEMORY, "roster: %zu sources", 2 * options->vehicles + options->load_sources);
    struct random random = random_named(options->seed, TEXT("plates"));
    for (size_t i = 0; i < options->vehicles; i++)
        invent_plate(&random, roster->plates[i]);
    add_parties(roster);
    add_sources(roster, options);
    return 0;
}

void roster_fini(struct roster *roster)
{
    free(roster->plates);
    roster->plates = NULL;
    free(roster->sources);
    roster->sources = NULL;
}

size_t roster_find_source(const struct roster *roster, struct text name)
{
    size_t at = 0;
    while (at < roster->source_count && !text_equal(text_of(roster->sources[at].name), name))
        at++;
    return at;
}

const struct roster_party *roster_party_of(const struct roster *roster, enum role role)
{
    return &roster->parties[roster->party_of_role[role]];
}

static void print_parties(const struct roster *roster, FILE *out)
{
    for (size_t i = 0; i < roster->party_count; i++) {
        const struct roster_party *party = &roster->parties[i];
        fprintf(out, "{\"party\": {\"code\": \"%s\", \"kind\": \"%s\", \"name\": \"%s\"}}\n", party->code,
                party_kind_word(party->kind), party->name);
        fprintf(out,
                "{\"site\": {\"code\": \"%s\", \"party\": \"%s\", \"name\": \"%s\", \"area\": \"%s\", \"lon\": %.7f, "
                "\"lat\": %.7f}}\n",
                party->site_code, party->code, party->name, roster->area, party->site.lon_e7 / 1e7,
                party->site.lat_e7 / 1e7);
        for (size_t k = 0; k < sizeof licences / sizeof licences[0]; k++)
            if (licences[k].party == party->kind)
                fprintf(out,
                        "{\"permit\": {\"number\": \"SIM-%s-%02zu\", \"party\": \"%s\", \"kind\": \"%s\", "
                        "\"valid_from\": \"2020-01-01\", \"valid_until\": \"2035-12-31\"}}\n",
                        roster->area, i + 1, party->code, licences[k].permit);
    }
}

static void print_source(const struct roster *roster, const struct roster_source *source, FILE *out)
{
    const struct roster_party *party = &roster->parties[source->party];
    struct key_pair pair;
    char key[BASE64_SIZE(PUBLIC_KEY_BYTES)];
    fprintf(out, "{\"source\": {\"name\": \"%s\", \"kind\": \"%s\", \"area\": \"%s\", \"party\": \"%s\"", source->name,
            source->kind, roster->area, party->code);
    if (source->vehicle != ROSTER_NO_VEHICLE)
        fprintf(out, ", \"vehicle\": \"%s\"", roster->plates[source->vehicle]);
    else
        fprintf(out, ", \"site\": \"%s\"", party->site_code);
    if (!source->signs) {
        fprintf(out, ", \"signed\": false}}\n");
        return;
    }
    source_key(roster->seed, source->name, &pair);
    base64_encode(pair.public_key, sizeof pair.public_key, key);
    fprintf(out, ", \"public_key\": \"%s\"}}\n", key);
}

void roster_print(const struct roster *roster, FILE *out)
{
    print_parties(roster, out);
    for (size_t i = 0; i < roster->vehicle_count; i++)
        fprintf(out, "{\"vehicle\": {\"plate\": \"%s\", \"party\": \"%s\", \"max_load_g\": 12000000}}\n",
                roster->plates[i], roster_party_of(roster, ROLE_DRIVER)->code);
    for (size_t i = 0; i < roster->source_count; i++)
        print_source(roster, &roster->sources[i], out);
}
