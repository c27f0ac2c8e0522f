/* link.c - a device's session: connect, subscribe down, publish up, take acknowledgements; and the faults on the way.
 *
 * The life of an envelope here: device_take names it, send_one() decides what the broker gets instead or besides,
 * mqtt_publish queues it, device_sent starts its clock; the note that comes down ends it. When the connection goes,
 * everything not covered is sent again. */
#include "fleet/link.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

enum { TOPIC_BYTES = 128, ACK_ARENA_BYTES = 1 << 20, PUMP_MAX = 4096, HELD_MAX = 4 };

/* An envelope that is held back so that a later one overtakes it. */
struct held {
    uint8_t *bytes;
    size_t len;
    size_t device;
    uint64_t until_ms;
};

struct link {
    struct mqtt *mqtt;
    const struct link_settings *settings;
    struct device *devices;
    size_t count;
    struct device *clone; /* NULL: none */
    size_t pump_at;       /* the device that is asked first at the next turn */
    struct random random;
    struct statistics *statistics;
    struct arena arena;
    struct held held[HELD_MAX];
    size_t held_count;
    uint64_t away_until_ms, next_loss_draw_ms;
    uint32_t duplicate_next;
    bool corrupt_next, forge_next, losing, closing, connected;
    struct key_pair wrong_key;
    void (*on_closed)(void *context);
    void *closed_context;
};

static void topic_of(const struct link *link, const char *direction, const char *name, char out[TOPIC_BYTES])
{
    (void)snprintf(out, TOPIC_BYTES, "custody/v1/%s/%s/%s", link->settings->area, direction, name);
}

/* ---- callbacks ---- */

static void link_on_connected(void *context, bool session_present)
{
    struct link *link = context;
    char filter[TOPIC_BYTES];
    (void)session_present;
    link->connected = true;
    if (link->count == 1) {
        topic_of(link, "down", link->devices[0].name, filter);
        if (mqtt_subscribe(link->mqtt, filter))
            mqtt_drop(link->mqtt, "subscription refused");
        return;
    }
    for (size_t i = 0; i < link->count; i++) {
        topic_of(link, "down", link->devices[i].name, filter);
        if (mqtt_subscribe(link->mqtt, filter)) {
            mqtt_drop(link->mqtt, "subscription refused");
            return;
        }
    }
}

static void forget_held(struct link *link)
{
    while (link->held_count > 0)
        free(link->held[--link->held_count].bytes);
}

static void link_on_disconnected(void *context, const char *reason)
{
    struct link *link = context;
    if (link->connected && !link->losing && !link->closing) { /* an attempt that fails is tried again, that is all */
        link->statistics->disconnects++;
        log_info("link_lost", "source=%s reason=\"%s\"", link->devices[0].name, reason ? reason : "");
    }
    link->losing = link->connected = false;
    forget_held(link);
    for (size_t i = 0; i < link->count; i++)
        device_on_disconnected(&link->devices[i]);
    if (link->clone != NULL)
        device_on_disconnected(link->clone);
}

static int by_name(const void *name, const void *device)
{
    return text_compare(*(const struct text *)name, text_of(((const struct device *)device)->name));
}

/* Devices of one link stand in the order of their names. */
static struct device *find_device(const struct link *link, struct text name)
{
    return bsearch(&name, link->devices, link->count, sizeof *link->devices, by_name);
}

static void link_on_message(void *context, const struct mqtt_message *message)
{
    struct link *link = context;
    struct ack ack;
    struct error error = {0};
    const uint64_t now_us = uv_hrtime() / 1000;
    arena_reset(&link->arena);
    if (wire_ack_decode(message->payload, &link->arena, &ack, &error)) {
        link->statistics->bad_notes++;
        log_warn("ack_unreadable", "topic=%.*s reason=\"%s\"", TEXT_ARG(message->topic), error.text);
        return;
    }
    struct device *device = find_device(link, ack.source);
    if (device != NULL && link->clone != NULL && ack.epoch == link->clone->epoch)
        device = link->clone;
    const int code = device == NULL ? ERR_NOT_FOUND : device_on_ack(device, &ack, now_us, &error);
    if (code != 0 && code != ERR_NOT_FOUND)
        log_warn("ack_does_not_hold", "source=%.*s reason=\"%s\"", TEXT_ARG(ack.source), error.text);
}

static const struct mqtt_handler handler = {
    .on_connected = link_on_connected,
    .on_disconnected = link_on_disconnected,
    .on_message = link_on_message,
};

/* ---- life ---- */

struct link *link_new(uv_loop_t *loop, const struct link_settings *settings, const char *client_id,
                      struct device *devices, size_t count, struct random random, struct statistics *statistics,
                      struct error *error)
{
    assert(count > 0);
    struct link *link = calloc(1, sizeof *link);
    uint8_t seed[SEED_BYTES];
    if (link == NULL) {
        (void)error_set(error, ERR_NO_MEMORY, "session of %s", devices[0].name);
        return NULL;
    }
    *link = (struct link){
        .settings = settings, .devices = devices, .count = count, .random = random, .statistics = statistics};
    random_bytes(&link->random, seed, sizeof seed);
    key_pair_from_seed(seed, &link->wrong_key);
    arena_init(&link->arena, ACK_ARENA_BYTES);
    const struct mqtt_settings mqtt = {
        .hosts = settings->broker,
        .client_id = client_id,
        .username = settings->username ? settings->username : devices[0].name,
        .password = settings->password,
        .keepalive_s = 60,
        .receive_maximum = 65535,
        /* A link that is lost on purpose stays away so long. */
        .backoff_min_ms = settings->faults.lose_link > 0 ? settings->faults.link_away_min_ms : 0,
        .backoff_max_ms = settings->faults.lose_link > 0 ? settings->faults.link_away_max_ms : 0,
    };
    link->mqtt = mqtt_new(loop, &mqtt, &handler, link, error);
    if (link->mqtt == NULL) {
        arena_fini(&link->arena);
        free(link);
        return NULL;
    }
    return link;
}

void link_open(struct link *link)
{
    mqtt_open(link->mqtt);
}

void link_add_clone(struct link *link, struct device *clone)
{
    link->clone = clone;
}

bool link_is_connected(const struct link *link)
{
    return mqtt_is_connected(link->mqtt);
}

uint64_t link_outstanding(const struct link *link)
{
    return mqtt_outstanding(link->mqtt);
}

static void link_on_closed(void *context)
{
    struct link *link = context;
    forget_held(link);
    arena_fini(&link->arena);
    if (link->on_closed != NULL)
        link->on_closed(link->closed_context);
    free(link);
}

void link_close(struct link *link, void (*on_closed)(void *context), void *context)
{
    link->closing = true;
    link->on_closed = on_closed;
    link->closed_context = context;
    mqtt_close(link->mqtt, link_on_closed);
}

void link_duplicate_next(struct link *link, uint32_t copies)
{
    link->duplicate_next = copies;
}

void link_corrupt_next(struct link *link)
{
    link->corrupt_next = true;
}

void link_forge_next(struct link *link)
{
    link->forge_next = true;
}

/* ---- faults ---- */

static int publish(struct link *link, const struct device *device, const void *bytes, size_t len)
{
    char topic[TOPIC_BYTES];
    topic_of(link, "up", device->name, topic);
    return mqtt_publish(link->mqtt, topic, bytes, len, 1, false);
}

static int publish_corrupted(struct link *link, const struct device *device, const struct ring_entry *entry)
{
    uint8_t *copy = malloc(entry->len);
    if (copy == NULL)
        return ERR_NO_MEMORY;
    memcpy(copy, entry->bytes, entry->len);
    for (int i = 0; i < 3; i++)
        copy[random_below(&link->random, entry->len)] ^= (uint8_t)(1 + random_below(&link->random, 255));
    link->statistics->corrupted++;
    const int code = publish(link, device, copy, entry->len);
    free(copy);
    return code;
}

/* The same body under a signature that is none of the source's. */
static void publish_forged(struct link *link, const struct device *device, const struct ring_entry *entry)
{
    struct envelope envelope;
    struct buffer forged;
    uint8_t signature[SIGNATURE_BYTES];
    const struct text bytes = {(const char *)entry->bytes, entry->len};
    if (!device->signs || wire_envelope_split(bytes, &envelope, NULL) != REFUSAL_NONE)
        return;
    envelope_sign(text_of(device->name), envelope.body, &link->wrong_key, signature);
    envelope.signature = (struct text){(const char *)signature, sizeof signature};
    buffer_init(&forged, ENVELOPE_MAX_BYTES);
    if (wire_envelope_encode(&envelope, &forged) == 0 && publish(link, device, forged.data, forged.len) == 0)
        link->statistics->forged++;
    buffer_fini(&forged);
}

static bool hold_back(struct link *link, const struct device *device, const struct ring_entry *entry, uint64_t now_ms)
{
    if (link->held_count == HELD_MAX || device == link->clone)
        return false;
    uint8_t *copy = malloc(entry->len);
    if (copy == NULL)
        return false;
    memcpy(copy, entry->bytes, entry->len);
    link->held[link->held_count++] = (struct held){
        .bytes = copy,
        .len = entry->len,
        .device = (size_t)(device - link->devices),
        .until_ms = now_ms + random_below(&link->random, 800) + 50,
    };
    link->statistics->reordered++;
    return true;
}

static void publish_held(struct link *link, uint64_t now_ms)
{
    for (size_t i = 0; i < link->held_count;) {
        struct held *held = &link->held[i];
        if (held->until_ms > now_ms) {
            i++;
            continue;
        }
        (void)publish(link, &link->devices[held->device], held->bytes,
                      held->len); /* lost: sent again after its timeout */
        free(held->bytes);
        *held = link->held[--link->held_count];
    }
}

/* Hands an envelope to the session, or what the faults make of it. 0: it counts as sent. */
static int send_one(struct link *link, const struct device *device, const struct ring_entry *entry, uint64_t now_ms)
{
    const struct faults *faults = &link->settings->faults;
    uint32_t copies = link->duplicate_next;
    if (link->forge_next || (faults->forge > 0 && random_chance(&link->random, faults->forge)))
        publish_forged(link, device, entry);
    link->forge_next = false;
    if (link->corrupt_next || (faults->corrupt > 0 && device->signs && random_chance(&link->random, faults->corrupt))) {
        link->corrupt_next = false;
        return publish_corrupted(link, device, entry);
    }
    if (faults->reorder > 0 && random_chance(&link->random, faults->reorder) && hold_back(link, device, entry, now_ms))
        return 0;
    if (faults->duplicate > 0 && random_chance(&link->random, faults->duplicate))
        copies++;
    const int code = publish(link, device, entry->bytes, entry->len);
    for (; code == 0 && copies > 0 && publish(link, device, entry->bytes, entry->len) == 0; copies--)
        link->statistics->duplicated++;
    link->duplicate_next = 0;
    return code;
}

/* True while the link is away on purpose. */
static bool is_away(struct link *link, uint64_t now_ms)
{
    const struct faults *faults = &link->settings->faults;
    if (faults->lose_link <= 0)
        return false;
    if (now_ms >= link->next_loss_draw_ms) {
        link->next_loss_draw_ms = now_ms + 1000;
        if (now_ms >= link->away_until_ms && mqtt_is_connected(link->mqtt) &&
            random_chance(&link->random, faults->lose_link)) {
            link->away_until_ms =
                now_ms + (uint64_t)random_between(&link->random, faults->link_away_min_ms, faults->link_away_max_ms);
            link->statistics->links_lost++;
            link->losing = true;
            mqtt_drop(link->mqtt, "link lost on purpose");
        }
    }
    return now_ms < link->away_until_ms;
}

/* ---- pumping ---- */

/* False when the window or the budget of this round is full: the other devices of the session need not be asked. */
static bool pump_device(struct link *link, struct device *device, uint64_t now_us, size_t *budget)
{
    uint64_t seq;
    while (*budget > 0 && device_take(device, now_us / 1000, &seq)) {
        if (mqtt_outstanding(link->mqtt) >= link->settings->window)
            return false;
        if (send_one(link, device, device_entry(device, seq), now_us / 1000))
            return false;
        device_sent(device, seq, now_us);
        (*budget)--;
    }
    return *budget > 0;
}

void link_pump(struct link *link)
{
    const uint64_t now_us = uv_hrtime() / 1000;
    size_t budget = PUMP_MAX;
    if (is_away(link, now_us / 1000) || !mqtt_is_connected(link->mqtt))
        return;
    publish_held(link, now_us / 1000);
    if (link->clone != NULL && !pump_device(link, link->clone, now_us, &budget))
        return;
    for (size_t i = 0; i < link->count; i++) {
        const size_t at = (link->pump_at + i) % link->count;
        if (!pump_device(link, &link->devices[at], now_us, &budget)) {
            link->pump_at = at;
            return;
        }
    }
}
