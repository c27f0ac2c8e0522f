/* floor.c - the least a consumer can do: held PUBACKs, protobuf decode, COPY of one row a message, and nothing else.
 *
 * The yardstick of `make bench`: what this machine and these libraries can do. Deliberately not built on daemon/: it
 * includes the libraries' headers itself, blocks where it likes, and stops at the first error.
 *
 * The life of a batch: mosquitto_loop_read until the socket is empty or the batch is full, each message decoded and its
 * row fed to COPY while it is read; end of COPY (which commits); mosquitto_loop_write, which releases the PUBACKs. What
 * arrives meanwhile is the next batch.
 *
 * floor --broker SOCKET --database CONNINFO [--count N] [--seconds S]
 *   --count 0: opens the persistent session, so that the broker queues for it, and leaves.
 *   --count N: drains N messages; --seconds S: runs that long. Prints what it measured as "name value" lines. */
#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <libpq-fe.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "custody/v1/envelope.pb-c.h"

enum {
    BATCH_MAX = 20000,      /* messages; below the Receive Maximum, because the broker overshoots it */
    COPY_CHUNK = 64 * 1024, /* bytes given to libpq at once */
    ROW_MAX = 256,
    ARENA_BYTES = 256 * 1024, /* one message of at most 60 KB, decoded */
    SAMPLES_MAX = 1 << 22,
    WARM_UP_US = 1000000, /* of a live run, left out of the latencies */
};
static const int64_t POSTGRES_EPOCH_US = 946684800000000;

static const char *const SETUP = "CREATE TABLE IF NOT EXISTS floor (at timestamptz NOT NULL, source text NOT NULL, "
                                 "epoch int NOT NULL, seq bigint NOT NULL, lon_e7 int NOT NULL, lat_e7 int NOT NULL)";

struct floor {
    struct mosquitto *client;
    PGconn *database;
    bool connected, subscribed;

    uint8_t rows[COPY_CHUNK + ROW_MAX];
    size_t rows_len;
    bool copying;
    size_t batch_count, batches;
    int64_t *published_us; /* of the messages of this batch */

    uint64_t total, first_batch;
    int64_t first_commit_us, last_commit_us, started_us;
    uint32_t *latencies_us;
    size_t latency_count;

    _Alignas(16) uint8_t arena[ARENA_BYTES];
    size_t arena_used;
};

static void die(const char *what, const char *why)
{
    fprintf(stderr, "floor: %s: %s\n", what, why);
    exit(1);
}

static int64_t now_us(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* ---- decoding ---- */

static void *arena_take(void *context, size_t size)
{
    struct floor *f = context;
    void *piece = f->arena + f->arena_used;

    size = (size + 15) & ~(size_t)15;
    if (size > ARENA_BYTES - f->arena_used)
        return NULL;
    f->arena_used += size;
    return piece;
}

static void arena_give_back(void *context, void *piece)
{
    (void)context;
    (void)piece;
}

static const Custody__V1__Report *decode(struct floor *f, const uint8_t *bytes, size_t len)
{
    ProtobufCAllocator allocator = {arena_take, arena_give_back, f};
    const Custody__V1__Envelope *envelope;
    const Custody__V1__Report *report;

    f->arena_used = 0;
    envelope = custody__v1__envelope__unpack(&allocator, len, bytes);
    if (!envelope)
        die("envelope", "not protobuf");
    report = custody__v1__report__unpack(&allocator, envelope->body.len, envelope->body.data);
    if (!report || report->n_fixes == 0)
        die("report", "not protobuf, or without a fix");
    return report;
}

/* ---- COPY BINARY ---- */

static void flush_rows(struct floor *f)
{
    if (f->rows_len && PQputCopyData(f->database, (char *)f->rows, (int)f->rows_len) != 1)
        die("COPY", PQerrorMessage(f->database));
    f->rows_len = 0;
}

static void put(struct floor *f, const void *data, size_t len)
{
    memcpy(f->rows + f->rows_len, data, len);
    f->rows_len += len;
}

static void put_number(struct floor *f, uint64_t value, size_t bytes)
{
    for (size_t i = bytes; i-- > 0;)
        f->rows[f->rows_len++] = (uint8_t)(value >> (8 * i));
}

static void put_field(struct floor *f, uint64_t value, size_t bytes)
{
    put_number(f, bytes, 4);
    put_number(f, value, bytes);
}

static void begin_copy(struct floor *f)
{
    static const uint8_t HEADER[19] = "PGCOPY\n\377\r\n"; /* signature, flags 0, no extension */
    PGresult *result = PQexec(f->database, "COPY floor FROM STDIN (FORMAT binary)");

    if (PQresultStatus(result) != PGRES_COPY_IN)
        die("COPY", PQerrorMessage(f->database));
    PQclear(result);
    f->copying = true;
    put(f, HEADER, sizeof HEADER);
}

static void put_row(struct floor *f, const Custody__V1__Report *report)
{
    const Custody__V1__Fix *fix = report->fixes[0];
    size_t source_len = strlen(report->source);

    if (source_len > 64)
        die("source", "longer than 64 bytes");
    put_number(f, 6, 2);
    put_field(f, (uint64_t)(fix->at_us - POSTGRES_EPOCH_US), 8);
    put_number(f, source_len, 4);
    put(f, report->source, source_len);
    put_field(f, report->epoch, 4);
    put_field(f, report->seq, 8);
    put_field(f, (uint32_t)fix->lon_e7, 4);
    put_field(f, (uint32_t)fix->lat_e7, 4);
    if (f->rows_len >= COPY_CHUNK)
        flush_rows(f);
}

static void note_latencies(struct floor *f, int64_t committed_us)
{
    for (size_t i = 0; i < f->batch_count; i++)
        if (f->published_us[i] >= f->started_us + WARM_UP_US && f->latency_count < SAMPLES_MAX)
            f->latencies_us[f->latency_count++] = (uint32_t)(committed_us - f->published_us[i]);
}

/* Commits and only then releases the PUBACKs. */
static void end_batch(struct floor *f)
{
    PGresult *result;

    put_number(f, UINT16_MAX, 2);
    flush_rows(f);
    if (PQputCopyEnd(f->database, NULL) != 1)
        die("COPY", PQerrorMessage(f->database));
    while ((result = PQgetResult(f->database))) {
        if (PQresultStatus(result) != PGRES_COMMAND_OK)
            die("COPY", PQerrorMessage(f->database));
        PQclear(result);
    }
    f->copying = false;
    f->last_commit_us = now_us();
    if (f->batches++ == 0) {
        f->first_commit_us = f->last_commit_us;
        f->first_batch = f->batch_count;
    }
    f->total += f->batch_count;
    note_latencies(f, f->last_commit_us);
    f->batch_count = 0;
}

/* ---- MQTT ---- */

static void on_message(struct mosquitto *client, void *context, const struct mosquitto_message *message,
                       const mosquitto_property *properties)
{
    struct floor *f = context;
    const Custody__V1__Report *report = decode(f, message->payload, (size_t)message->payloadlen);

    (void)client;
    (void)properties;
    if (!f->copying)
        begin_copy(f);
    f->published_us[f->batch_count++] = report->device_time_us;
    put_row(f, report);
}

static void on_connect(struct mosquitto *client, void *context, int code, int flags,
                       const mosquitto_property *properties)
{
    struct floor *f = context;

    (void)client;
    (void)flags;
    (void)properties;
    if (code)
        die("broker", mosquitto_reason_string(code));
    f->connected = true;
}

static void on_subscribe(struct mosquitto *client, void *context, int mid, int count, const int *granted,
                         const mosquitto_property *properties)
{
    struct floor *f = context;

    (void)client;
    (void)mid;
    (void)count;
    (void)properties;
    if (granted[0] != 1)
        die("subscription", "not granted at QoS 1");
    f->subscribed = true;
}

static void connect_broker(struct floor *f, const char *broker, const char *client_id)
{
    mosquitto_property *properties = NULL;
    int code;

    (void)mosquitto_lib_init();
    f->client = mosquitto_new(client_id, false, f);
    if (!f->client)
        die("mosquitto_new", strerror(errno));
    (void)mosquitto_int_option(f->client, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
    (void)mosquitto_threaded_set(f->client,
                                 true); /* packets are queued for a thread that does not exist: PUBACKs are held */
    (void)mosquitto_username_pw_set(f->client, "custodyd", NULL);
    mosquitto_connect_v5_callback_set(f->client, on_connect);
    mosquitto_subscribe_v5_callback_set(f->client, on_subscribe);
    mosquitto_message_v5_callback_set(f->client, on_message);
    (void)mosquitto_property_add_int16(&properties, MQTT_PROP_RECEIVE_MAXIMUM, 65535);
    (void)mosquitto_property_add_int32(&properties, MQTT_PROP_SESSION_EXPIRY_INTERVAL, 86400);
    code = mosquitto_connect_bind_v5(f->client, broker, 0, 600, NULL, properties);
    if (code)
        die(broker, mosquitto_strerror(code));
    mosquitto_property_free_all(&properties);
    (void)mosquitto_loop_write(f->client, 1);
}

static bool readable(struct floor *f, int timeout_ms)
{
    struct pollfd p = {.fd = mosquitto_socket(f->client), .events = POLLIN};

    return poll(&p, 1, timeout_ms) == 1;
}

static void read_packet(struct floor *f)
{
    int code = mosquitto_loop_read(f->client, 1);

    if (code)
        die("broker", mosquitto_strerror(code));
}

/* Until the socket is empty or the batch is full. A read that brought no message is followed by a look at the socket. */
static void read_batch(struct floor *f, uint64_t want)
{
    while (f->batch_count < BATCH_MAX && f->total + f->batch_count < want) {
        size_t before = f->batch_count;

        read_packet(f);
        if (f->batch_count == before && !readable(f, 0))
            break;
    }
}

static void open_session(struct floor *f)
{
    while (!f->connected)
        if (readable(f, 1000))
            read_packet(f);
    if (mosquitto_subscribe(f->client, NULL, "custody/v1/+/up/+", 1))
        die("subscribe", "refused by the library");
    (void)mosquitto_loop_write(f->client, 1);
    while (!f->subscribed)
        if (readable(f, 1000))
            read_packet(f);
}

static void consume(struct floor *f, uint64_t count, int64_t until_us)
{
    while (f->total < count && now_us() < until_us) {
        if (readable(f, 100))
            read_batch(f, count);
        if (f->batch_count)
            end_batch(f);
        if (mosquitto_loop_write(f->client, 1) || mosquitto_loop_misc(f->client))
            die("broker", "connection lost");
    }
}

/* ---- what was measured ---- */

static int compare_u32(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static double percentile_ms(const struct floor *f, double p)
{
    return f->latency_count ? f->latencies_us[(size_t)((double)(f->latency_count - 1) * p)] / 1000.0 : 0;
}

static double cpu_us(void)
{
    struct rusage u;

    (void)getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static void print_results(struct floor *f)
{
    double seconds = (double)(f->last_commit_us - f->first_commit_us) / 1e6;

    printf("messages %lu\nbatches %zu\nmessages_per_s %.0f\ncpu_us_per_message %.2f\n", (unsigned long)f->total,
           f->batches, seconds > 0 ? (double)(f->total - f->first_batch) / seconds : 0,
           cpu_us() / (double)(f->total ? f->total : 1));
    qsort(f->latencies_us, f->latency_count, sizeof *f->latencies_us, compare_u32);
    printf("samples %zu\nrow_p50_ms %.3f\nrow_p99_ms %.3f\n", f->latency_count, percentile_ms(f, 0.5),
           percentile_ms(f, 0.99));
}

int main(int argc, char **argv)
{
    static const struct option OPTIONS[] = {
        {"broker", required_argument, NULL, 'b'},    {"database", required_argument, NULL, 'd'},
        {"count", required_argument, NULL, 'n'},     {"seconds", required_argument, NULL, 's'},
        {"client-id", required_argument, NULL, 'c'}, {NULL, 0, NULL, 0}};
    static struct floor f;
    const char *broker = "", *conninfo = "", *client_id = "floor";
    uint64_t count = UINT64_MAX;
    double seconds = 600;
    PGresult *result;

    for (int c; (c = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1;)
        switch (c) {
        case 'b':
            broker = optarg;
            break;
        case 'd':
            conninfo = optarg;
            break;
        case 'n':
            count = strtoull(optarg, NULL, 10);
            break;
        case 's':
            seconds = atof(optarg);
            break;
        case 'c':
            client_id = optarg;
            break;
        default:
            return 2;
        }
    connect_broker(&f, broker, client_id);
    if (count == 0) {
        open_session(&f);
        return 0;
    }
    f.database = PQconnectdb(conninfo);
    if (PQstatus(f.database) != CONNECTION_OK)
        die("database", PQerrorMessage(f.database));
    result = PQexec(f.database, SETUP);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        die("database", PQerrorMessage(f.database));
    PQclear(result);
    f.published_us = calloc(BATCH_MAX, sizeof *f.published_us);
    f.latencies_us = calloc(SAMPLES_MAX, sizeof *f.latencies_us);
    if (!f.published_us || !f.latencies_us)
        die("memory", "exhausted");
    f.started_us = now_us();
    consume(&f, count, f.started_us + (int64_t)(seconds * 1e6));
    print_results(&f);
    /* Neither disconnect nor a last write: acks still held die with the connection. */
    mosquitto_destroy(f.client);
    PQfinish(f.database);
    return f.total < count && count != UINT64_MAX ? 1 : 0;
}
