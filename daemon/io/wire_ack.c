/* wire_ack.c - acknowledgements to bytes and back. */
#include "custody/v1/ack.pb-c.h"
#include "io/wire_bounds.h"
#include "io/wire_shape.h"

#define REFUSAL_LAST REFUSAL_NOT_STORABLE
#define WARNING_LAST WARNING_FLAGGED

static const struct rule refusal_rules[] = {
    {.name = "epoch", .kind = RULE_NUMBER, .most = UINT32_MAX, MEMBER(ack_refusal, epoch)},
    {.name = "seq", .kind = RULE_NUMBER, .most = INT64_MAX, MEMBER(ack_refusal, seq)},
    {.name = "reason", .kind = RULE_ENUM, .least = 1, .most = REFUSAL_LAST, MEMBER(ack_refusal, reason)},
    {.name = "text", .kind = RULE_TEXT, .most = NOTE_MAX_BYTES, MEMBER(ack_refusal, text)},
};
static const struct shape refusal_shape = {
    .descriptor = &custody__v1__refusal__descriptor, SHAPE_RULES(refusal_rules), .size = sizeof(struct ack_refusal)};

static const struct rule warning_rules[] = {
    {.name = "epoch", .kind = RULE_NUMBER, .most = UINT32_MAX, MEMBER(ack_warning, epoch)},
    {.name = "seq", .kind = RULE_NUMBER, .most = INT64_MAX, MEMBER(ack_warning, seq)},
    {.name = "code", .kind = RULE_ENUM, .least = 1, .most = WARNING_LAST, MEMBER(ack_warning, code)},
    {.name = "text", .kind = RULE_TEXT, .most = NOTE_MAX_BYTES, MEMBER(ack_warning, text)},
};
static const struct shape warning_shape = {
    .descriptor = &custody__v1__warning__descriptor, SHAPE_RULES(warning_rules), .size = sizeof(struct ack_warning)};

static const struct rule stored_range_rules[] = {
    {.name = "first_seq", .kind = RULE_NUMBER, .most = INT64_MAX, MEMBER(seq_range, first_seq)},
    {.name = "last_seq", .kind = RULE_NUMBER, .most = INT64_MAX, MEMBER(seq_range, last_seq)},
};
static const struct shape stored_range_shape = {.descriptor = &custody__v1__stored_range__descriptor,
                                                SHAPE_RULES(stored_range_rules),
                                                .size = sizeof(struct seq_range)};

static const struct rule ack_rules[] = {
    {.name = "source", .kind = RULE_TEXT, .least = 1, .most = CODE_MAX_BYTES, MEMBER(ack, source)},
    {.name = "epoch", .kind = RULE_NUMBER, .most = UINT32_MAX, MEMBER(ack, epoch)},
    {.name = "seq",
     .kind = RULE_NUMBER,
     .most = INT64_MAX,
     MEMBER(ack, seq),
     .has_to = (uint16_t)offsetof(struct ack, has_seq)},
    {.name = "refusals",
     .kind = RULE_LIST,
     .shape = &refusal_shape,
     .most = ACK_REFUSALS_MAX,
     COUNTED(ack, refusals, refusal_count)},
    {.name = "warnings",
     .kind = RULE_LIST,
     .shape = &warning_shape,
     .most = ACK_REFUSALS_MAX,
     COUNTED(ack, warnings, warning_count)},
    {.name = "note", .kind = RULE_TEXT, .most = ACK_NOTE_MAX_BYTES, MEMBER(ack, note)},
    {.name = "stored_early",
     .kind = RULE_LIST,
     .shape = &stored_range_shape,
     .most = STORED_EARLY_MAX,
     COUNTED(ack, stored_early, stored_early_count)},
};
const struct shape ack_shape = {
    .descriptor = &custody__v1__ack__descriptor, SHAPE_RULES(ack_rules), .size = sizeof(struct ack)};

int wire_ack_encode(const struct ack *ack, struct buffer *out)
{
    return wire_shape_encode(&ack_shape, ack, out);
}

int wire_ack_decode(struct text bytes, struct arena *arena, struct ack *ack, struct error *error)
{
    const struct wire_check check = {0, arena, error};
    *ack = (struct ack){0};
    switch (wire_shape_decode(&check, &ack_shape, bytes, ack)) {
    case REFUSAL_NONE:
        return 0;
    case REFUSAL_NOT_STORABLE:
        return ERR_NO_MEMORY;
    case REFUSAL_OVERSIZE:
        return ERR_TOO_LARGE;
    case REFUSAL_MALFORMED:
    case REFUSAL_INVALID_TEXT:
    case REFUSAL_INVALID_FIELD:
    case REFUSAL_UNKNOWN_SOURCE:
    case REFUSAL_BAD_SIGNATURE:
    case REFUSAL_UNKNOWN_KEY:
    case REFUSAL_WRONG_TOPIC:
    case REFUSAL_IMPOSSIBLE_POSITION:
    case REFUSAL_IMPOSSIBLE_TIME:
    case REFUSAL_INVALID_IDENTIFIER:
    case REFUSAL_TOO_FAR_AHEAD:
        break;
    }
    return ERR_INVALID;
}
