/* wire_report.c - a report from bytes and back: the short way for what trucks send all day, the long way for
 * everything else.
 *
 * A body of header and fixes alone is read by wire_fix.c in one pass. Whenever that finds anything out of the ordinary
 * it gives up without a word, and the long way (scan, unpack, convert) decides and says why: both ways must agree on
 * what is right. */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "custody/v1/envelope.pb-c.h"
#include "io/wire_bounds.h"
#include "io/wire_fix.h"
#include "io/wire_front.h"
#include "io/wire_shape.h"

static const struct rule birth_rules[] = {
    RULE_OF_TEXT(birth, model, NAME_MAX_BYTES),
    RULE_OF_TEXT(birth, firmware, NAME_MAX_BYTES),
    {.name = "configuration_sha256", .kind = RULE_BYTES, .most = SHA256_BYTES, MEMBER(birth, configuration_sha256)},
    {.name = "public_key", .kind = RULE_BYTES, .most = 32, MEMBER(birth, public_key)},
    {.name = "boot_id", .kind = RULE_BYTES, .most = 16, MEMBER(birth, boot_id)},
};
const struct shape birth_shape = {.descriptor = &custody__v1__birth__descriptor,
                                  SHAPE_RULES(birth_rules),
                                  .size = sizeof(struct birth),
                                  .optional = true};

enum { REASON_SHOWN_BYTES = 280 }; /* leaves room in an error's text for a hint */

/* Kept, but as what it is: a dead letter, with the gateway's words. */
static enum refusal_reason check_untranslated(const struct wire_check *check, const struct wire_path *path, void *value)
{
    const struct untranslated *untranslated = value;
    char reason[REASON_SHOWN_BYTES];
    (void)text_copy(reason, sizeof reason, untranslated->reason);
    text_make_clean(reason);
    return wire_refuse(check, path, REFUSAL_MALFORMED, "%s%s", reason,
                       strstr(reason, "hint:") ? "" : "; hint: what the gateway was sent is in this dead letter");
}

static const struct rule untranslated_rules[] = {
    {.name = "payload", .kind = RULE_BLOB, .most = UNTRANSLATED_MAX_BYTES, MEMBER(untranslated, payload)},
    {.name = "reason", .kind = RULE_TEXT, .least = 1, .most = NOTE_MAX_BYTES, MEMBER(untranslated, reason)},
};
static const struct shape untranslated_shape = {.descriptor = &custody__v1__untranslated__descriptor,
                                                SHAPE_RULES(untranslated_rules),
                                                .size = sizeof(struct untranslated),
                                                .optional = true,
                                                .check = check_untranslated};

static enum refusal_reason check_report(const struct wire_check *check, const struct wire_path *path, void *value)
{
    const struct report *report = value;
    const struct wire_path source = {path, "source", WIRE_NO_INDEX};
    if (wire_source_is_valid(report->source))
        return REFUSAL_NONE;
    return wire_refuse(check, &source, REFUSAL_INVALID_FIELD, "%zu bytes are no id; hint: 1 to 64 of a-z, 0-9 and -",
                       report->source.len);
}

static const struct rule report_rules[] = {
    {.name = "source", .kind = RULE_TEXT, .least = 1, .most = CODE_MAX_BYTES, MEMBER(report, source)},
    {.name = "epoch",
     .kind = RULE_NUMBER,
     .least = EPOCH_LEAST,
     .most = EPOCH_MOST,
     .hint = "starts at 1",
     MEMBER(report, epoch)},
    {.name = "seq", .kind = RULE_NUMBER, .most = INT64_MAX, .hint = "counts from 0", MEMBER(report, seq)},
    {.name = "previous",
     .kind = RULE_DIGEST,
     .hint = "32 bytes: SHA-256 of the previous envelope, zeros at seq 0",
     MEMBER(report, previous)},
    {.name = "device_time_us", .kind = RULE_TIME, MEMBER(report, device_time_us)},
    {.name = "clock_quality", .kind = RULE_ENUM, .most = CLOCK_QUALITY_GNSS, MEMBER(report, clock_quality)},
    {.name = "fixes", .kind = RULE_LIST, .shape = &fix_shape, .most = FIXES_MAX, COUNTED(report, fixes, fix_count)},
    {.name = "readings",
     .kind = RULE_LIST,
     .shape = &reading_shape,
     .most = READINGS_MAX,
     COUNTED(report, readings, reading_count)},
    {.name = "events",
     .kind = RULE_LIST,
     .shape = &event_shape,
     .most = EVENTS_MAX,
     COUNTED(report, events, event_count)},
    {.name = "sightings",
     .kind = RULE_LIST,
     .shape = &sighting_shape,
     .most = SIGHTINGS_MAX,
     COUNTED(report, sightings, sighting_count)},
    {.name = "birth", .kind = RULE_MESSAGE, .shape = &birth_shape, MEMBER(report, birth)},
    {.name = "untranslated", .kind = RULE_MESSAGE, .shape = &untranslated_shape, MEMBER(report, untranslated)},
};
const struct shape report_shape = {.descriptor = &custody__v1__report__descriptor,
                                   SHAPE_RULES(report_rules),
                                   .size = sizeof(struct report),
                                   .check = check_report};

enum refusal_reason wire_report_decode(struct text body, int64_t now_us, struct arena *arena, struct report *report,
                                       struct error *error)
{
    const struct wire_check check = {now_us, arena, error};
    struct report_front front;
    *report = (struct report){0};
    enum refusal_reason reason = wire_front_read(body, &front, error);
    if (reason == REFUSAL_NONE && wire_fix_report_decode(&check, body, &front, report))
        return REFUSAL_NONE;
    *report = (struct report){.source = arena_text(arena, front.header.source),
                              .epoch = front.header.epoch,
                              .seq = front.header.seq,
                              .previous = front.header.previous,
                              .device_time_us = front.header.device_time_us};
    if (reason != REFUSAL_NONE)
        return reason;
    struct report full = {0};
    reason = wire_shape_decode(&check, &report_shape, body, &full);
    if (reason == REFUSAL_NONE)
        *report = full;
    return reason;
}

int wire_report_encode(const struct report *report, struct buffer *out)
{
    return wire_shape_encode(&report_shape, report, out);
}

static_assert(offsetof(struct birth, present) == 0 && offsetof(struct untranslated, present) == 0,
              "optional shapes start with `present`");
