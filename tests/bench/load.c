/* load.c - puts load on the broker: fills a queue from a file, or publishes at a steady rate and waits for the answers.
 *
 * load queue  --broker SOCKET --in FILE        publishes every message, QoS 1, as fast as the broker acknowledges
 * load live   --broker SOCKET --rate N --seconds S [--acks] [what generate takes, too]
 *             open loop: the schedule does not wait for anybody. With --acks, publish-to-acknowledgement of every
 *             envelope is measured from the notes on custody/v1/+/down/+; the first second is left out.
 * load forget --broker SOCKET --client-id ID   ends a persistent session and its queue
 *
 * Speaks MQTT 5 itself, so that the load costs as little of the shared machine as it can. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "messages.h"

/* ---- a client of MQTT 5, as far as needed ---- */

enum {
    OUT_BYTES = 1 << 20,
    IN_BYTES = 1 << 20,
    WINDOW_MAX = 20000, /* messages in flight towards the broker */
    PACKET_CONNACK = 2,
    PACKET_PUBLISH = 3,
    PACKET_PUBACK = 4,
    PACKET_SUBACK = 9,
    WAIT_MS = 20000,
};

struct client {
    int fd;
    uint8_t out[OUT_BYTES], in[IN_BYTES];
    size_t out_len, out_at, in_len;
    uint16_t packet_id;
    uint64_t sent, acknowledged, refused;
    bool accepted, subscribed;
    void (*on_publish)(const char *topic, size_t topic_len, struct text payload);
};

static void put_bytes(struct client *c, const void *data, size_t len)
{
    if (len > OUT_BYTES - c->out_len)
        bench_die("output", "longer than its buffer");
    memcpy(c->out + c->out_len, data, len);
    c->out_len += len;
}

static void put_u8(struct client *c, unsigned value)
{
    put_bytes(c, &(uint8_t){(uint8_t)value}, 1);
}

static void put_u16(struct client *c, size_t value)
{
    put_u8(c, (unsigned)(value >> 8));
    put_u8(c, value & 0xff);
}

static void put_header(struct client *c, unsigned first, size_t remaining)
{
    put_u8(c, first);
    do {
        put_u8(c, (unsigned)(remaining & 0x7f) | (remaining > 0x7f ? 0x80 : 0));
        remaining >>= 7;
    } while (remaining);
}

static void put_string(struct client *c, const char *text, size_t len)
{
    put_u16(c, len);
    put_bytes(c, text, len);
}

/* A clean start; the session ends with the connection. */
static void put_connect(struct client *c, const char *client_id)
{
    static const char USER[] = "bench";
    enum { RECEIVE_MAXIMUM = 0x21, USER_NAME = 0x80, CLEAN_START = 0x02, KEEPALIVE_S = 600 };

    put_header(c, 0x10, 6 + 1 + 1 + 2 + 1 + 3 + 2 + strlen(client_id) + 2 + strlen(USER));
    put_string(c, "MQTT", 4);
    put_u8(c, 5);
    put_u8(c, USER_NAME | CLEAN_START);
    put_u16(c, KEEPALIVE_S);
    put_u8(c, 3);
    put_u8(c, RECEIVE_MAXIMUM);
    put_u16(c, UINT16_MAX);
    put_string(c, client_id, strlen(client_id));
    put_string(c, USER, strlen(USER));
}

static void put_subscribe(struct client *c, const char *filter)
{
    put_header(c, 0x82, 2 + 1 + 2 + strlen(filter) + 1);
    put_u16(c, 1);
    put_u8(c, 0);
    put_string(c, filter, strlen(filter));
    put_u8(c, 0); /* QoS 0: nothing to acknowledge */
}

static void put_publish(struct client *c, struct text topic, struct text payload)
{
    if (++c->packet_id == 0)
        c->packet_id = 1;
    put_header(c, 0x32, 2 + topic.len + 2 + 1 + payload.len);
    put_string(c, topic.data, topic.len);
    put_u16(c, c->packet_id);
    put_u8(c, 0);
    put_bytes(c, payload.data, payload.len);
    c->sent++;
}

static size_t room(const struct client *c)
{
    return OUT_BYTES - c->out_len;
}

static void client_write(struct client *c)
{
    ssize_t n = c->out_at < c->out_len
                    ? send(c->fd, c->out + c->out_at, c->out_len - c->out_at, MSG_DONTWAIT | MSG_NOSIGNAL)
                    : 0;

    if (n < 0 && errno != EAGAIN && errno != EINTR)
        bench_die("broker", strerror(errno));
    c->out_at += n > 0 ? (size_t)n : 0;
    if (c->out_at == c->out_len)
        c->out_at = c->out_len = 0;
    else if (c->out_at > OUT_BYTES / 2) {
        memmove(c->out, c->out + c->out_at, c->out_len - c->out_at);
        c->out_len -= c->out_at;
        c->out_at = 0;
    }
}

static size_t varint(const uint8_t *at, size_t len, size_t *value)
{
    *value = 0;
    for (size_t i = 0; i < len && i < 4; i++) {
        *value |= (size_t)(at[i] & 0x7f) << (7 * i);
        if (!(at[i] & 0x80))
            return i + 1;
    }
    return 0;
}

static void handle_publish(struct client *c, const uint8_t *body, size_t len)
{
    size_t topic_len = (size_t)body[0] << 8 | body[1], properties, used;

    if (len < topic_len + 3 || !(used = varint(body + 2 + topic_len, len - 2 - topic_len, &properties)))
        bench_die("broker", "sent a publish of a wrong form");
    used += 2 + topic_len + properties;
    if (c->on_publish && used <= len)
        c->on_publish((const char *)body + 2, topic_len, (struct text){(const char *)body + used, len - used});
}

static void handle_packet(struct client *c, unsigned type, const uint8_t *body, size_t len)
{
    if (type == PACKET_PUBACK) {
        c->acknowledged++;
        c->refused += len > 2 && body[2] >= 0x80;
    } else if (type == PACKET_PUBLISH) {
        handle_publish(c, body, len);
    } else if (type == PACKET_CONNACK) {
        if (body[1])
            bench_die("broker", "refused the connection");
        c->accepted = true;
    } else if (type == PACKET_SUBACK) {
        c->subscribed = true;
    } else {
        bench_die("broker", "ended the connection");
    }
}

static void client_read(struct client *c)
{
    ssize_t n = recv(c->fd, c->in + c->in_len, IN_BYTES - c->in_len, MSG_DONTWAIT);
    size_t at = 0, remaining, used;

    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        bench_die("broker", n ? strerror(errno) : "closed the connection");
    c->in_len += n > 0 ? (size_t)n : 0;
    while (c->in_len - at >= 2 && (used = varint(c->in + at + 1, c->in_len - at - 1, &remaining)) &&
           c->in_len - at >= 1 + used + remaining) {
        handle_packet(c, c->in[at] >> 4, c->in + at + 1 + used, remaining);
        at += 1 + used + remaining;
    }
    memmove(c->in, c->in + at, c->in_len - at);
    c->in_len -= at;
}

/* Waits at most timeout_us, reads and writes what is possible. */
static void client_turn(struct client *c, int64_t timeout_us)
{
    struct pollfd p = {.fd = c->fd, .events = (short)(POLLIN | (c->out_len ? POLLOUT : 0))};
    struct timespec timeout = {timeout_us / 1000000, timeout_us % 1000000 * 1000};

    if (ppoll(&p, 1, &timeout, NULL) <= 0)
        return;
    if (p.revents & POLLOUT)
        client_write(c);
    if (p.revents & (POLLIN | POLLHUP | POLLERR))
        client_read(c);
}

static void client_wait(struct client *c, const bool *until, const char *what)
{
    uint64_t deadline_ms = clock_monotonic_ms() + WAIT_MS;

    while (!*until) {
        if (clock_monotonic_ms() > deadline_ms)
            bench_die("broker does not answer", what);
        client_turn(c, 100000);
    }
}

static void client_connect(struct client *c, const char *path, const char *client_id)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof address.sun_path)
        bench_die(path, "longer than a socket path may be");
    memcpy(address.sun_path, path, strlen(path));
    c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof address))
        bench_die(path, strerror(errno));
    put_connect(c, client_id);
    client_wait(c, &c->accepted, "CONNECT");
}

static void client_drain(struct client *c)
{
    uint64_t deadline_ms = clock_monotonic_ms() + WAIT_MS;

    while (c->acknowledged < c->sent) {
        if (clock_monotonic_ms() > deadline_ms)
            bench_die("broker", "does not acknowledge");
        client_turn(c, 100000);
    }
    if (c->refused)
        bench_die("broker", "refused messages");
}

/* ---- queue ---- */

static const uint8_t *map_file(const char *path, size_t *len)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat stat;
    const uint8_t *bytes;

    if (fd < 0 || fstat(fd, &stat))
        bench_die(path, strerror(errno));
    *len = (size_t)stat.st_size;
    bytes = mmap(NULL, *len, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        bench_die(path, strerror(errno));
    (void)close(fd);
    return bytes;
}

static void queue_messages(struct client *c, const char *path)
{
    size_t len, at = 0;
    const uint8_t *bytes = map_file(path, &len);
    int64_t begun_us = clock_now_us();

    while (at < len) {
        while (at < len && c->sent - c->acknowledged < WINDOW_MAX && room(c) > ENVELOPE_MAX_BYTES + 256) {
            uint32_t lengths[2];

            memcpy(lengths, bytes + at, sizeof lengths);
            at += sizeof lengths;
            put_publish(c, (struct text){(const char *)bytes + at, lengths[0]},
                        (struct text){(const char *)bytes + at + lengths[0], lengths[1]});
            at += lengths[0] + lengths[1];
        }
        client_turn(c, 100000);
    }
    client_drain(c);
    printf("messages %lu\nqueued_per_s %.0f\n", (unsigned long)c->sent,
           (double)c->sent * 1e6 / (double)(clock_now_us() - begun_us));
}

/* ---- live ---- */

enum { WARM_UP_US = 1000000, AWAITED_MAX = 1 << 13, GRACE_US = 5000000, LATE_BURST = 64 };

/* Envelopes of one source that wait for their note: a ring of publish times indexed by seq. */
struct awaited {
    int64_t sent_us[AWAITED_MAX];
    uint64_t first, end;
};

static struct {
    struct bench_fleet fleet;
    struct awaited *awaited;
    struct arena arena;
    uint32_t *latencies_us;
    size_t latency_count, latency_max;
    int64_t begun_us;
    uint64_t notes, refusals, warnings, answered, overrun;
} live;

static void take_note(struct awaited *awaited, uint64_t seq, int64_t now_us)
{
    for (; awaited->first <= seq && awaited->first < awaited->end; awaited->first++) {
        int64_t sent_us = awaited->sent_us[awaited->first % AWAITED_MAX];

        live.answered++;
        if (sent_us >= live.begun_us + WARM_UP_US && live.latency_count < live.latency_max)
            live.latencies_us[live.latency_count++] = (uint32_t)(now_us - sent_us);
    }
}

static void on_ack(const char *topic, size_t topic_len, struct text payload)
{
    struct error error = {0};
    struct ack ack;
    unsigned long at;

    (void)topic;
    (void)topic_len;
    arena_reset(&live.arena);
    if (wire_ack_decode(payload, &live.arena, &ack, &error))
        bench_die("acknowledgement", error.text);
    live.notes++;
    live.refusals += ack.refusal_count;
    live.warnings += ack.warning_count;
    if (!ack.has_seq || ack.source.len != strlen("bench-000000"))
        return;
    at = strtoul(ack.source.data + strlen("bench-"), NULL, 10);
    if (at < live.fleet.source_count)
        take_note(&live.awaited[at], ack.seq, clock_now_us());
}

static void publish_one(struct client *c, uint64_t number)
{
    size_t at = number % live.fleet.source_count;
    char topic[BENCH_TOPIC_SIZE];
    int64_t now_us = clock_now_us();

    bench_topic(&live.fleet, at, topic);
    put_publish(c, text_of(topic), bench_next(&live.fleet, at, now_us));
    if (live.awaited) {
        struct awaited *awaited = &live.awaited[at];

        if (awaited->end - awaited->first == AWAITED_MAX)
            bench_die("acknowledgements", "thousands behind; hint: a lower rate");
        awaited->sent_us[awaited->end++ % AWAITED_MAX] = now_us;
    }
}

/* Publishes what is due; a schedule that fell behind (a busy machine) is caught up in bursts and counted. */
static void run_schedule(struct client *c, double rate, double seconds)
{
    uint64_t total = (uint64_t)(rate * seconds), done = 0;

    live.begun_us = clock_now_us();
    while (done < total) {
        int64_t elapsed_us = clock_now_us() - live.begun_us;
        uint64_t due = (uint64_t)((double)elapsed_us * rate / 1e6) + 1;

        live.overrun += due > done + LATE_BURST;
        for (; done < due && done < total && room(c) > ENVELOPE_MAX_BYTES + 256; done++)
            publish_one(c, done);
        client_write(c);
        elapsed_us = (int64_t)((double)done * 1e6 / rate) - (clock_now_us() - live.begun_us);
        client_turn(c, elapsed_us > 0 ? elapsed_us : 0);
    }
}

static int compare_u32(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static double percentile_ms(double p)
{
    return live.latency_count ? live.latencies_us[(size_t)((double)(live.latency_count - 1) * p)] / 1000.0 : 0;
}

static void run_live(struct client *c, double rate, double seconds, bool acks)
{
    int64_t deadline_us;

    bench_fleet_init(&live.fleet);
    arena_init(&live.arena, 1 << 20);
    live.latency_max = (size_t)(rate * seconds) + 1;
    live.latencies_us = calloc(live.latency_max, sizeof *live.latencies_us);
    if (acks) {
        live.awaited = calloc(live.fleet.source_count, sizeof *live.awaited);
        c->on_publish = on_ack;
        put_subscribe(c, "custody/v1/+/down/+");
        client_wait(c, &c->subscribed, "SUBSCRIBE");
    }
    run_schedule(c, rate, seconds);
    client_drain(c);
    deadline_us = clock_now_us() + GRACE_US;
    while (acks && live.answered < c->sent && clock_now_us() < deadline_us)
        client_turn(c, 10000);
    qsort(live.latencies_us, live.latency_count, sizeof *live.latencies_us, compare_u32);
    printf("published %lu\nbehind_schedule %lu\n", (unsigned long)c->sent, (unsigned long)live.overrun);
    if (acks)
        printf("answered %lu\nnotes %lu\nrefusals %lu\nwarnings %lu\nsamples %zu\nack_p50_ms %.3f\nack_p99_ms "
               "%.3f\nack_max_ms %.3f\n",
               (unsigned long)live.answered, (unsigned long)live.notes, (unsigned long)live.refusals,
               (unsigned long)live.warnings, live.latency_count, percentile_ms(0.5), percentile_ms(0.99),
               percentile_ms(1));
}

int main(int argc, char **argv)
{
    static const struct option OPTIONS[] = {
        {"broker", required_argument, NULL, 'b'},    {"in", required_argument, NULL, 'i'},
        {"rate", required_argument, NULL, 'R'},      {"seconds", required_argument, NULL, 'S'},
        {"kind", required_argument, NULL, 'k'},      {"fixes", required_argument, NULL, 'f'},
        {"signed", no_argument, NULL, 's'},          {"sources", required_argument, NULL, 'n'},
        {"seed", required_argument, NULL, 'r'},      {"acks", no_argument, NULL, 'a'},
        {"client-id", required_argument, NULL, 'c'}, {NULL, 0, NULL, 0}};
    static struct client client;
    const char *broker = "", *in = "", *client_id = "load";
    double rate = 1000, seconds = 5;
    bool acks = false;
    char *command = argc > 1 ? argv[1] : "";

    live.fleet = (struct bench_fleet){.source_count = 1000, .fix_count = 1, .seed = 1};
    for (int c; (c = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1;)
        switch (c) {
        case 'b':
            broker = optarg;
            break;
        case 'i':
            in = optarg;
            break;
        case 'R':
            rate = atof(optarg);
            break;
        case 'S':
            seconds = atof(optarg);
            break;
        case 'k':
            live.fleet.kind = strcmp(optarg, "events") == 0 ? BENCH_EVENTS : BENCH_FIXES;
            break;
        case 'f':
            live.fleet.fix_count = strtoul(optarg, NULL, 10);
            break;
        case 's':
            live.fleet.is_signed = true;
            break;
        case 'n':
            live.fleet.source_count = strtoul(optarg, NULL, 10);
            break;
        case 'r':
            live.fleet.seed = strtoull(optarg, NULL, 10);
            break;
        case 'a':
            acks = true;
            break;
        case 'c':
            client_id = optarg;
            break;
        default:
            return 2;
        }
    client_connect(&client, broker, client_id);
    if (strcmp(command, "queue") == 0)
        queue_messages(&client, in);
    else if (strcmp(command, "live") == 0)
        run_live(&client, rate, seconds, acks);
    else if (strcmp(command, "forget") != 0)
        bench_die(command, "no such command; hint: queue, live or forget");
    return 0;
}
