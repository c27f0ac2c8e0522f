/* register.c - custodyctl register: enters who may speak and about what, one thing at a time or many from a file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "ctl/ctl.h"
#include "ctl/registration.h"
#include "io/keyfile.h"

/* ---- from documents to the database ---- */

static int report_outcome(struct ctl *ctl, const struct rows *rows)
{
    if (ctl->json)
        return ctl_print_document(ctl, rows);
    json_t *outcome = json_loads(rows_text(rows, 0, 0), 0, NULL);
    fprintf(ctl->out, "registered %lld, unchanged %lld\n",
            (long long)json_integer_value(json_object_get(outcome, "registered")),
            (long long)json_integer_value(json_object_get(outcome, "unchanged")));
    json_decref(outcome);
    return CTL_OK;
}

/* Steals `documents`, which were checked. */
static int enter_documents(struct ctl *ctl, json_t *documents)
{
    struct rows *rows = NULL;
    char *text = json_dumps(documents, JSON_COMPACT);
    json_decref(documents);
    if (!text)
        return ctl_fail(ctl, CTL_TEMPORARY, "register: %s", error_words(ERR_NO_MEMORY));
    int exit_code = ctl_query(ctl, "SELECT api.register($1::jsonb)", 1, (const char *const[]){text}, &rows);
    free(text);
    if (exit_code == CTL_OK)
        exit_code = report_outcome(ctl, rows);
    rows_free(rows);
    return exit_code;
}

/* Steals `document`. */
static int enter_document(struct ctl *ctl, json_t *document)
{
    struct error error = {0};
    if (!document)
        return ctl_fail(ctl, CTL_USAGE, "register: text that is not UTF-8; hint: check the locale of the terminal");
    if (registration_check(document, &error) != 0) {
        json_decref(document);
        return ctl_fail_error(ctl, &error);
    }
    json_t *documents = json_array();
    json_array_append_new(documents, document);
    return enter_documents(ctl, documents);
}

/* ---- from a file of JSON lines ---- */

static int read_line(const char *line, size_t len, json_t *documents, struct error *error)
{
    json_error_t trouble;
    if (strspn(line, " \t\r\n") == len)
        return 0;
    json_t *document = json_loadb(line, len, JSON_REJECT_DUPLICATES, &trouble);
    if (!document)
        return error_set(error, ERR_INVALID, "not JSON: %s at column %d; hint: one document a line", trouble.text,
                         trouble.column);
    int code = registration_check(document, error);
    if (code != 0)
        json_decref(document);
    else
        json_array_append_new(documents, document);
    return code;
}

static int read_documents(FILE *in, const char *path, json_t *documents, struct error *error)
{
    char *line = NULL;
    size_t room = 0, number = 0;
    ssize_t len;
    int code = 0;
    while (code == 0 && (len = getline(&line, &room, in)) != -1) {
        number++;
        code = read_line(line, (size_t)len, documents, error);
    }
    if (code == 0 && ferror(in))
        code = error_set(error, ERR_IO, "%s: %s; hint: is it a readable file?", path, strerror(errno));
    else if (code != 0)
        error_prefix(error, "%s:%zu", path, number);
    free(line);
    return code;
}

static int register_file(struct ctl *ctl, const char *path)
{
    struct error error = {0};
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *in = is_stdin ? stdin : fopen(path, "re");
    if (!in)
        return ctl_fail(ctl, CTL_USAGE, "file: %s: %s; hint: a file of JSON documents, one a line", path,
                        strerror(errno));
    json_t *documents = json_array();
    int code = read_documents(in, path, documents, &error);
    if (!is_stdin)
        fclose(in);
    if (code != 0) {
        json_decref(documents);
        return ctl_fail_error(ctl, &error);
    }
    return enter_documents(ctl, documents);
}

/* ---- one thing on the command line ---- */

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static int register_party(struct ctl *ctl, int argc, char **argv)
{
    const char *kind = NULL, *name = NULL;
    bool unchecked = false;
    const struct ctl_option options[] = {
        {"kind", CTL_OPTION_TEXT, "KIND", "recycler, carrier, sorting_centre, remanufacturer, steel_mill, police, ...",
         &kind, 0, 0},
        {"name", CTL_OPTION_TEXT, "NAME", "name for people", &name, 0, 0},
        {"code-unchecked", CTL_OPTION_FLAG, NULL, "CODE is no credit code (a bureau, such as police-350504)",
         &unchecked, 0, 0},
    };
    const struct ctl_usage usage = {
        "CODE",  "Registers a firm or an authority by its credit code 统一社会信用代码 (GB 32100).\n",
        1,       1,
        options, COUNT(options)};
    int exit_code;
    if (!ctl_parse(ctl, &usage, &argc, &argv, &exit_code))
        return exit_code;
    return enter_document(ctl, json_pack("{s:{s:s, s:s*, s:s*, s:b}}", "party", "code", argv[0], "kind", kind, "name",
                                         name, "code_unchecked", unchecked));
}

/* Decimal degrees as a JSON number; NULL (left out, then missed by the check) where nothing was given. */
static bool degrees(struct ctl *ctl, const char *option, const char *word, json_t **value, int *exit_code)
{
    char *end = NULL;
    *value = NULL;
    if (!word)
        return true;
    double number = strtod(word, &end);
    if (*word == '\0' || *end != '\0') {
        *exit_code =
            ctl_fail(ctl, CTL_USAGE, "--%s: %s; hint: decimal degrees, WGS-84, such as 118.6625", option, word);
        return false;
    }
    *value = json_real(number); /* NULL for infinities and not-a-number */
    return true;
}

static int register_site(struct ctl *ctl, int argc, char **argv)
{
    const char *party = NULL, *name = NULL, *area = NULL, *lon = NULL, *lat = NULL;
    const struct ctl_option options[] = {
        {"party", CTL_OPTION_TEXT, "CODE", "party that runs it", &party, 0, 0},
        {"name", CTL_OPTION_TEXT, "NAME", "name for people", &name, 0, 0},
        {"area", CTL_OPTION_TEXT, "AREA", "administrative division code, such as 350504", &area, 0, 0},
        {"lon", CTL_OPTION_TEXT, "DEGREES", "longitude, WGS-84", &lon, 0, 0},
        {"lat", CTL_OPTION_TEXT, "DEGREES", "latitude, WGS-84", &lat, 0, 0},
    };
    const struct ctl_usage usage = {
        "CODE", "Registers a yard, a sorting centre or another place of a party.\n", 1, 1, options, COUNT(options)};
    int exit_code;
    json_t *lon_value, *lat_value = NULL;
    if (!ctl_parse(ctl, &usage, &argc, &argv, &exit_code) || !degrees(ctl, "lon", lon, &lon_value, &exit_code))
        return exit_code;
    if (!degrees(ctl, "lat", lat, &lat_value, &exit_code)) {
        json_decref(lon_value);
        return exit_code;
    }
    return enter_document(ctl, json_pack("{s:{s:s, s:s*, s:s*, s:s*, s:o*, s:o*}}", "site", "code", argv[0], "party",
                                         party, "name", name, "area", area, "lon", lon_value, "lat", lat_value));
}

static int register_vehicle(struct ctl *ctl, int argc, char **argv)
{
    const char *party = NULL, *class = NULL;
    int64_t max_load_kg = 0;
    const struct ctl_option options[] = {
        {"party", CTL_OPTION_TEXT, "CODE", "party that owns it", &party, 0, 0},
        {"max-load-kg", CTL_OPTION_NUMBER, "KG", "greatest load, kg (default: not known)", &max_load_kg, 1, 1000000},
        {"class", CTL_OPTION_TEXT, "CLASS",
         "mini_truck, light_truck, medium_truck, heavy_truck, three_wheeler, special", &class, 0, 0},
    };
    const struct ctl_usage usage = {"PLATE",       "Registers a collection truck by its number plate.\n", 1, 1, options,
                                    COUNT(options)};
    int exit_code;
    if (!ctl_parse(ctl, &usage, &argc, &argv, &exit_code))
        return exit_code;
    json_t *max_load_g = max_load_kg > 0 ? json_integer(max_load_kg * 1000) : NULL;
    return enter_document(ctl, json_pack("{s:{s:s, s:s*, s:o*, s:s*}}", "vehicle", "plate", argv[0], "party", party,
                                         "max_load_g", max_load_g, "class", class));
}

static int register_fence(struct ctl *ctl, int argc, char **argv)
{
    const char *kind = NULL, *site = NULL, *name = NULL, *geometry = NULL, *source = NULL, *from = NULL, *until = NULL;
    const struct ctl_option options[] = {
        {"kind", CTL_OPTION_TEXT, "KIND", "site, watched, district or area (what road rights refer to)", &kind, 0, 0},
        {"site", CTL_OPTION_TEXT, "CODE", "site it surrounds (only with --kind site)", &site, 0, 0},
        {"name", CTL_OPTION_TEXT, "NAME", "name for people", &name, 0, 0},
        {"geometry", CTL_OPTION_TEXT, "RING", "\"lon,lat lon,lat ...\", degrees, WGS-84, or a GeoJSON Polygon",
         &geometry, 0, 0},
        {"source", CTL_OPTION_TEXT, "TEXT", "where the line is from: survey, map, decision", &source, 0, 0},
        {"from", CTL_OPTION_TEXT, "DAY", "first day in force, such as 2026-01-01", &from, 0, 0},
        {"until", CTL_OPTION_TEXT, "DAY", "last day in force", &until, 0, 0},
    };
    const struct ctl_usage usage = {
        "CODE",
        "Registers an area that rules about trucks ask for: of a site, of a watched market 关注场所,\n"
        "of the district, or one that road rights 路权 refer to. The daemon learns of it at once.\n",
        1,
        1,
        options,
        COUNT(options)};
    int exit_code;
    if (!ctl_parse(ctl, &usage, &argc, &argv, &exit_code))
        return exit_code;
    return enter_document(ctl, json_pack("{s:{s:s, s:s*, s:s*, s:s*, s:s*, s:s*, s:s*, s:s*}}", "fence", "code",
                                         argv[0], "kind", kind, "site", site, "name", name, "geometry", geometry,
                                         "source", source, "valid_from", from, "valid_until", until));
}

static int register_road_right(struct ctl *ctl, int argc, char **argv)
{
    const char *fence = NULL, *vehicle = NULL, *class = NULL, *days = "1234567", *from_time = "00:00",
               *until_time = "24:00", *source = NULL, *from = NULL, *until = NULL;
    const struct ctl_option options[] = {
        {"fence", CTL_OPTION_TEXT, "CODE", "area it lets into", &fence, 0, 0},
        {"vehicle", CTL_OPTION_TEXT, "PLATE", "the truck it is given to (default: a class)", &vehicle, 0, 0},
        {"class", CTL_OPTION_TEXT, "CLASS", "class of trucks it is given to (default: all trucks)", &class, 0, 0},
        {"days", CTL_OPTION_TEXT, "DIGITS", "days, 1 Monday ... 7 Sunday (default 1234567)", &days, 0, 0},
        {"from-time", CTL_OPTION_TEXT, "HH:MM", "Asia/Shanghai (default 00:00)", &from_time, 0, 0},
        {"until-time", CTL_OPTION_TEXT, "HH:MM", "not above from-time: on the day after (default 24:00)", &until_time,
         0, 0},
        {"source", CTL_OPTION_TEXT, "TEXT", "decision it comes from", &source, 0, 0},
        {"from", CTL_OPTION_TEXT, "DAY", "first day in force, such as 2026-01-01", &from, 0, 0},
        {"until", CTL_OPTION_TEXT, "DAY", "last day in force", &until, 0, 0},
    };
    const struct ctl_usage usage = {
        "NUMBER",
        "Registers a road right 路权: a truck, or a class of trucks, may be in an area at hours of the\n"
        "week. A truck that any right concerns may be on the road only where and when one lets it.\n",
        1,
        1,
        options,
        COUNT(options)};
    int exit_code;
    if (!ctl_parse(ctl, &usage, &argc, &argv, &exit_code))
        return exit_code;
    return enter_document(ctl, json_pack("{s:{s:s, s:s*, s:s*, s:s*, s:s*, s:s*, s:s*, s:s*, s:s*, s:s*}}",
                                         "road_right", "number", argv[0], "fence", fence, "vehicle", vehicle, "class",
                                         class, "weekdays", days, "from", from_time, "until", until_time, "source",
                                         source, "valid_from", from, "valid_until", until));
}

static int register_permit(struct ctl *ctl, int argc, char **argv)
{
    const char *party = NULL, *site = NULL, *kind = NULL, *from = NULL, *until = NULL;
    const struct ctl_option options[] = {
        {"party", CTL_OPTION_TEXT, "CODE", "party that holds it", &party, 0, 0},
        {"site", CTL_OPTION_TEXT, "CODE", "site it is for (default: all of the party's)", &site, 0, 0},
        {"kind", CTL_OPTION_TEXT, "KIND", "vehicle_dismantling, hazardous_waste, weee_treatment, ...", &kind, 0, 0},
        {"from", CTL_OPTION_TEXT, "DAY", "first valid day, such as 2026-01-01", &from, 0, 0},
        {"until", CTL_OPTION_TEXT, "DAY", "last valid day", &until, 0, 0},
    };
    const struct ctl_usage usage = {"NUMBER",      "Registers a licence or qualification 许可、资质.\n", 1, 1, options,
                                    COUNT(options)};
    int exit_code;
    if (!ctl_parse(ctl, &usage, &argc, &argv, &exit_code))
        return exit_code;
    return enter_document(ctl,
                          json_pack("{s:{s:s, s:s*, s:s*, s:s*, s:s*, s:s*}}", "permit", "number", argv[0], "party",
                                    party, "site", site, "kind", kind, "valid_from", from, "valid_until", until));
}

static int register_link(struct ctl *ctl, int argc, char **argv)
{
    const char *kind = NULL, *from = NULL, *until = NULL, *source = NULL;
    const struct ctl_option options[] = {
        {"kind", CTL_OPTION_TEXT, "KIND", "ownership, person, address or account", &kind, 0, 0},
        {"source", CTL_OPTION_TEXT, "TEXT", "where it is known from", &source, 0, 0},
        {"from", CTL_OPTION_TEXT, "DAY", "first day on which it holds, such as 2026-01-01", &from, 0, 0},
        {"until", CTL_OPTION_TEXT, "DAY", "last day on which it holds", &until, 0, 0},
    };
    const struct ctl_usage usage = {"PARTY PARTY",
                                    "Registers that two parties are not independent of each other 关联方 (rule C17).\n",
                                    2,
                                    2,
                                    options,
                                    COUNT(options)};
    int exit_code;
    if (!ctl_parse(ctl, &usage, &argc, &argv, &exit_code))
        return exit_code;
    return enter_document(ctl,
                          json_pack("{s:{s:s, s:s, s:s*, s:s*, s:s*, s:s*}}", "link", "party", argv[0], "linked_party",
                                    argv[1], "kind", kind, "source", source, "valid_from", from, "valid_until", until));
}

static int register_watch(struct ctl *ctl, int argc, char **argv)
{
    const char *list = NULL, *source = NULL;
    bool lifted = false;
    const struct ctl_option options[] = {
        {"list", CTL_OPTION_TEXT, "LIST", "stolen, seized or wanted", &list, 0, 0},
        {"source", CTL_OPTION_TEXT, "TEXT", "case or file number", &source, 0, 0},
        {"lift", CTL_OPTION_FLAG, NULL, "it is off the list from now on", &lifted, 0, 0},
    };
    const struct ctl_usage usage = {
        "SCHEME VALUE",
        "Puts a thing on a watch list of the police 布控, or takes it off. Items that are stored\n"
        "already are looked at, too (rule C12). SCHEME is vin, plate, engine_number, imei, ...\n",
        2,
        2,
        options,
        COUNT(options)};
    int exit_code;
    if (!ctl_parse(ctl, &usage, &argc, &argv, &exit_code))
        return exit_code;
    return enter_document(ctl, json_pack("{s:{s:s*, s:s, s:s, s:s*, s:b}}", "watch", "list", list, "scheme", argv[0],
                                         "value", argv[1], "source", source, "lifted", lifted));
}

/* The public key of --key-file or --public-key as base64 in `out`; `given` says whether there is one. */
static bool public_key(struct ctl *ctl, const char *key_file, const char *encoded, const char *source,
                       char out[BASE64_SIZE(PUBLIC_KEY_BYTES)], const char **given, int *exit_code)
{
    struct key_pair pair;
    struct error error = {0};
    char name[128];
    *given = encoded;
    if (!key_file)
        return true;
    if (encoded) {
        *exit_code = ctl_fail(ctl, CTL_USAGE, "--key-file: %s beside --public-key; hint: give one of them", key_file);
        return false;
    }
    if (keyfile_read(key_file, name, sizeof name, &pair, &error) != 0) {
        *exit_code = ctl_fail(ctl, CTL_CONFIG, "%s", error.text);
        return false;
    }
    if (strcmp(name, source) != 0) {
        *exit_code = ctl_fail(ctl, CTL_USAGE, "--key-file: %s holds the key of %s; hint: the key of %s is wanted",
                              key_file, name, source);
        return false;
    }
    base64_encode(pair.public_key, sizeof pair.public_key, out);
    explicit_bzero(&pair, sizeof pair);
    *given = out;
    return true;
}

static int register_source(struct ctl *ctl, int argc, char **argv)
{
    const char *kind = NULL, *area = NULL, *party = NULL, *site = NULL, *vehicle = NULL, *key_file = NULL,
               *encoded = NULL;
    bool is_unsigned = false, disabled = false;
    const struct ctl_option options[] = {
        {"kind", CTL_OPTION_TEXT, "KIND",
         "truck, handheld, weighbridge, sorting, marketplace, camera, gateway or account", &kind, 0, 0},
        {"area", CTL_OPTION_TEXT, "AREA", "administrative division code, such as 350504", &area, 0, 0},
        {"party", CTL_OPTION_TEXT, "CODE", "party that answers for it", &party, 0, 0},
        {"site", CTL_OPTION_TEXT, "CODE", "site where it stands (default: none)", &site, 0, 0},
        {"vehicle", CTL_OPTION_TEXT, "PLATE", "vehicle it is built into (default: none)", &vehicle, 0, 0},
        {"key-file", CTL_OPTION_TEXT, "FILE", "secret key of custodyctl keygen; only its public half is used",
         &key_file, 0, 0},
        {"public-key", CTL_OPTION_TEXT, "BASE64", "Ed25519 public key, 32 bytes", &encoded, 0, 0},
        {"unsigned", CTL_OPTION_FLAG, NULL, "it cannot sign: accepted, and shown everywhere as weaker evidence",
         &is_unsigned, 0, 0},
        {"disabled", CTL_OPTION_FLAG, NULL, "known, but not listened to", &disabled, 0, 0},
    };
    const struct ctl_usage usage = {
        "NAME",
        "Registers a device, a feed or an account that may send reports. One of --key-file,\n"
        "--public-key and --unsigned has to be given.\n",
        1,
        1,
        options,
        COUNT(options)};
    int exit_code;
    char room[BASE64_SIZE(PUBLIC_KEY_BYTES)];
    const char *key;
    if (!ctl_parse(ctl, &usage, &argc, &argv, &exit_code) ||
        !public_key(ctl, key_file, encoded, argv[0], room, &key, &exit_code))
        return exit_code;
    if (!is_unsigned && !key)
        return ctl_fail(ctl, CTL_USAGE,
                        "source %s: no key; hint: --key-file, --public-key, or --unsigned (weaker evidence)", argv[0]);
    return enter_document(ctl, json_pack("{s:{s:s, s:s*, s:s*, s:s*, s:s*, s:s*, s:s*, s:b, s:b}}", "source", "name",
                                         argv[0], "kind", kind, "area", area, "party", party, "site", site, "vehicle",
                                         vehicle, "public_key", key, "signed", !is_unsigned, "enabled", !disabled));
}

static int register_key(struct ctl *ctl, int argc, char **argv)
{
    const char *key_file = NULL, *encoded = NULL, *key_id = NULL;
    bool revoke = false;
    const struct ctl_option options[] = {
        {"key-file", CTL_OPTION_TEXT, "FILE", "secret key of custodyctl keygen; only its public half is used",
         &key_file, 0, 0},
        {"public-key", CTL_OPTION_TEXT, "BASE64", "Ed25519 public key, 32 bytes", &encoded, 0, 0},
        {"key-id", CTL_OPTION_TEXT, "HEX", "with --revoke: the key by its id, 8 digits", &key_id, 0, 0},
        {"revoke", CTL_OPTION_FLAG, NULL, "the key is not accepted from now on, for good", &revoke, 0, 0},
    };
    const struct ctl_usage usage = {
        "SOURCE",      "Adds a key to a source, or revokes one. The daemon learns of it at once.\n", 1, 1, options,
        COUNT(options)};
    int exit_code;
    char room[BASE64_SIZE(PUBLIC_KEY_BYTES)];
    const char *key;
    if (!ctl_parse(ctl, &usage, &argc, &argv, &exit_code) ||
        !public_key(ctl, key_file, encoded, argv[0], room, &key, &exit_code))
        return exit_code;
    return enter_document(ctl, json_pack("{s:{s:s, s:s*, s:s*, s:b}}", "key", "source", argv[0], "public_key", key,
                                         "key_id", key_id, "revoked", revoke));
}

/* ---- the command ---- */

static const struct {
    const char *name, *command;
    int (*run)(struct ctl *ctl, int argc, char **argv);
} nouns[] = {
    {"party", "register party", register_party},       {"site", "register site", register_site},
    {"vehicle", "register vehicle", register_vehicle}, {"permit", "register permit", register_permit},
    {"fence", "register fence", register_fence},       {"road_right", "register road_right", register_road_right},
    {"source", "register source", register_source},    {"key", "register key", register_key},
    {"link", "register link", register_link},          {"watch", "register watch", register_watch},
};

int register_command(struct ctl *ctl, int argc, char **argv)
{
    const char *file = NULL;
    const struct ctl_option options[] = {
        {"file", CTL_OPTION_TEXT, "FILE", "read documents, one a line; - is standard input", &file, 0, 0},
    };
    const struct ctl_usage usage = {
        "NOUN ...",
        "Enters who may speak and about what. NOUN is party, site, vehicle, permit, fence,\n"
        "road_right, link, watch, source or key; custodyctl register NOUN --help says what each\n"
        "takes.\n\n"
        "What is registered already with the same values is left alone (exit 0); with other\n"
        "values it is an error that names both (exit 1).\n\n"
        "With --file, each line is one JSON document, all entered in one transaction:\n"
        "  {\"party\": {\"code\": \"91350504MA0000T1XH\", \"kind\": \"recycler\", \"name\": \"...\"}}\n"
        "  {\"site\": {\"code\": \"yard-1\", \"party\": \"...\", \"name\": \"...\", \"area\": \"350504\",\n"
        "            \"lon\": 118.66, \"lat\": 24.94}}\n"
        "  {\"vehicle\": {\"plate\": \"闽C12345\", \"party\": \"...\", \"max_load_g\": 12000000, \"class\": "
        "\"light_truck\"}}\n"
        "  {\"permit\": {\"number\": \"...\", \"party\": \"...\", \"kind\": \"vehicle_dismantling\",\n"
        "              \"valid_from\": \"2026-01-01\", \"valid_until\": \"2030-12-31\"}}\n"
        "  {\"link\": {\"party\": \"...\", \"linked_party\": \"...\", \"kind\": \"person\", \"source\": \"...\",\n"
        "            \"valid_from\": \"2026-01-01\", \"valid_until\": \"2030-12-31\"}}\n"
        "  {\"watch\": {\"list\": \"stolen\", \"scheme\": \"vin\", \"value\": \"...\", \"source\": \"...\"}}\n"
        "  {\"fence\": {\"code\": \"market-1\", \"kind\": \"watched\", \"name\": \"...\", \"source\": \"...\",\n"
        "             \"geometry\": \"118.64,24.94 118.65,24.94 118.65,24.95\" or GeoJSON, \"valid_from\": ...}}\n"
        "  {\"road_right\": {\"number\": \"...\", \"fence\": \"area-1\", \"class\": \"light_truck\", \"weekdays\": "
        "\"12345\",\n"
        "                  \"from\": \"06:00\", \"until\": \"20:00\", \"source\": \"...\", \"valid_from\": ...}}\n"
        "  {\"source\": {\"name\": \"truck-1\", \"kind\": \"truck\", \"area\": \"350504\", \"party\": \"...\",\n"
        "              \"vehicle\": \"闽C12345\", \"public_key\": \"<base64>\"}}  or \"signed\": false\n"
        "  {\"key\": {\"source\": \"truck-1\", \"public_key\": \"<base64>\", \"revoked\": true}}\n",
        0,
        SIZE_MAX,
        options,
        COUNT(options)};
    int exit_code;
    for (size_t i = 0; argc > 1 && i < COUNT(nouns); i++) {
        if (strcmp(argv[1], nouns[i].name) == 0) {
            ctl->command = nouns[i].command;
            return nouns[i].run(ctl, argc - 1, argv + 1);
        }
    }
    if (!ctl_parse(ctl, &usage, &argc, &argv, &exit_code))
        return exit_code;
    if (argc > 0)
        return ctl_fail(
            ctl, CTL_USAGE,
            "register: %s; hint: party, site, vehicle, permit, fence, road_right, link, watch, source or key", argv[0]);
    if (!file)
        return ctl_fail(ctl, CTL_USAGE, "register: nothing to register; hint: custodyctl register --help");
    return register_file(ctl, file);
}
