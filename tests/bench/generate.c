/* generate.c - writes a file of ready-made envelopes, and the SQL that registers their sources.
 *
 * generate --kind fixes|events [--fixes N] [--signed] [--sources N] [--count N] [--seed N] --out FILE
 * generate --register [--signed] [--sources N] [--seed N] > FILE.sql
 *
 * Each message in the file: topic length and payload length (32 bits, host order), topic, payload; round-robin over the
 * sources, as a fleet that comes back after an outage delivers. The last message's time is now. */
#include <getopt.h>

#include "messages.h"

static void write_all(FILE *out, const void *data, size_t len)
{
    if (fwrite(data, 1, len, out) != len)
        bench_die("message file", "cannot be written");
}

static void write_messages(struct bench_fleet *fleet, uint64_t count, const char *path)
{
    int64_t now_us = clock_now_us();
    uint64_t rounds = (count + fleet->source_count - 1) / fleet->source_count, bytes = 0;
    FILE *out = fopen(path, "wb");

    if (!out)
        bench_die(path, "cannot be opened");
    for (uint64_t i = 0; i < count; i++) {
        size_t source = i % fleet->source_count;
        uint64_t round = i / fleet->source_count;
        struct text payload = bench_next(fleet, source, now_us - (int64_t)(rounds - 1 - round) * BENCH_STEP_US);
        char topic[BENCH_TOPIC_SIZE];
        uint32_t lengths[2];

        bench_topic(fleet, source, topic);
        lengths[0] = (uint32_t)strlen(topic);
        lengths[1] = (uint32_t)payload.len;
        write_all(out, lengths, sizeof lengths);
        write_all(out, topic, lengths[0]);
        write_all(out, payload.data, payload.len);
        bytes += payload.len;
    }
    if (fclose(out))
        bench_die(path, "cannot be written");
    printf("messages %lu\nbytes_per_message %lu\n", (unsigned long)count, (unsigned long)(bytes / (count ? count : 1)));
}

static void print_hex(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        printf("%02x", bytes[i]);
}

static void print_registration(const struct bench_fleet *fleet)
{
    printf("BEGIN;\n"
           "INSERT INTO registry.area VALUES ('" BENCH_AREA_ODD
           "', '丰泽区', 'Fengze District') ON CONFLICT DO NOTHING;\n"
           "INSERT INTO registry.party (code, kind, name) VALUES ('" BENCH_PARTY "', 1, 'bench');\n"
           "INSERT INTO registry.site (party_id, code, name, area, lon_e7, lat_e7)\n"
           "    SELECT party_id, '" BENCH_SITE "', 'bench', '" BENCH_AREA_EVEN
           "', 1186300000, 250200000 FROM registry.party;\n"
           "INSERT INTO registry.permit (party_id, kind, number, valid_from, valid_until)\n"
           "    SELECT party_id, 'vehicle_dismantling', 'bench', '2020-01-01', '2099-12-31' FROM registry.party;\n"
           "CREATE TEMP TABLE bench (name text, area text, key_id text, public_key text) ON COMMIT DROP;\n"
           "COPY bench FROM STDIN;\n");
    for (size_t i = 0; i < fleet->source_count; i++) {
        printf("%s\t%s\t", fleet->sources[i].name, bench_area(i));
        print_hex(fleet->sources[i].key_id, KEY_ID_BYTES);
        putchar('\t');
        print_hex(fleet->sources[i].keys.public_key, PUBLIC_KEY_BYTES);
        putchar('\n');
    }
    printf("\\.\n"
           "INSERT INTO registry.source (name, kind, area, party_id, signed)\n"
           "    SELECT bench.name, 'truck', area, party_id, %s FROM bench, registry.party ORDER BY bench.name;\n"
           "INSERT INTO registry.source_key (source_id, key_id, public_key)\n"
           "    SELECT source_id, decode(key_id, 'hex'), decode(public_key, 'hex') FROM bench JOIN registry.source "
           "USING (name);\n"
           "COMMIT;\n",
           fleet->is_signed ? "true" : "false");
}

int main(int argc, char **argv)
{
    static const struct option OPTIONS[] = {{"kind", required_argument, NULL, 'k'},
                                            {"fixes", required_argument, NULL, 'f'},
                                            {"signed", no_argument, NULL, 's'},
                                            {"sources", required_argument, NULL, 'n'},
                                            {"count", required_argument, NULL, 'c'},
                                            {"seed", required_argument, NULL, 'r'},
                                            {"out", required_argument, NULL, 'o'},
                                            {"register", no_argument, NULL, 'R'},
                                            {NULL, 0, NULL, 0}};
    static struct bench_fleet fleet = {.source_count = 1000, .fix_count = 1, .seed = 1};
    const char *out = NULL;
    bool registration = false;
    uint64_t count = 100000;

    for (int c; (c = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1;)
        switch (c) {
        case 'k':
            fleet.kind = strcmp(optarg, "events") == 0 ? BENCH_EVENTS : BENCH_FIXES;
            break;
        case 'f':
            fleet.fix_count = strtoul(optarg, NULL, 10);
            break;
        case 's':
            fleet.is_signed = true;
            break;
        case 'n':
            fleet.source_count = strtoul(optarg, NULL, 10);
            break;
        case 'c':
            count = strtoull(optarg, NULL, 10);
            break;
        case 'r':
            fleet.seed = strtoull(optarg, NULL, 10);
            break;
        case 'o':
            out = optarg;
            break;
        case 'R':
            registration = true;
            break;
        default:
            return 2;
        }
    if (fleet.source_count == 0 || fleet.fix_count == 0 || (!registration && !out)) {
        fprintf(stderr, "generate: nothing to do; hint: --out FILE or --register\n");
        return 2;
    }
    bench_fleet_init(&fleet);
    if (registration)
        print_registration(&fleet);
    else
        write_messages(&fleet, count, out);
    return 0;
}
