/* wire_shape.h - tables that say how a message of the contract becomes a value of core/report.h, and back; private to
 * io/wire*.
 *
 * A shape has one rule for each field of its message, in the order of the generated descriptor (ascending field
 * number): bounds, where the value goes, and what to tell a sender that is outside. The scan, the decoder and the
 * encoder all read these tables. */
#ifndef CUSTODY_IO_WIRE_SHAPE_H
#define CUSTODY_IO_WIRE_SHAPE_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

#include "base/arena.h"
#include "io/wire.h"
#include "io/wire_bounds.h"

enum rule_kind {
    RULE_TEXT,      /* string of least..most bytes -> struct text */
    RULE_BYTES,     /* bytes: exactly `most`, or none when least is 0 -> struct text */
    RULE_BLOB,      /* bytes: least..most of them -> struct text */
    RULE_UUID,      /* bytes: exactly 16, not all zero -> uint8_t[16] */
    RULE_DIGEST,    /* bytes: exactly 32 -> struct digest */
    RULE_NUMBER,    /* integer in least..most -> integer of the same width */
    RULE_TIME,      /* microseconds since 1970, from 2000 to a day ahead -> int64_t */
    RULE_FLAG,      /* bool -> bool */
    RULE_ENUM,      /* least..most -> enum */
    RULE_DATUM,     /* as RULE_ENUM; always written as WGS-84, since that is what our values hold */
    RULE_ENUM_LIST, /* repeated enum, at most `most`, each 1..element_most -> count and array */
    RULE_MESSAGE,   /* sub-message, required when least is 1 -> embedded struct */
    RULE_LIST,      /* repeated sub-message, least..most -> count and array */
};

struct wire_check;
struct wire_path;

struct rule {
    const char *name; /* of the field, as in the .proto */
    const char *hint;
    const struct shape *shape; /* of sub-messages */
    int64_t least, most;
    enum rule_kind kind;
    enum refusal_reason reason; /* REFUSAL_NONE stands for INVALID_FIELD */
    uint16_t to;                /* offset in our struct: of the value, or of the array's pointer */
    uint16_t count_to;          /* lists: offset of the count */
    uint16_t has_to;            /* scalar in a oneof: offset of the bool that says it is there; 0: none */
    uint16_t case_to;     /* sub-message in a oneof: offset of our enum, which holds the field's number; 0: none */
    int32_t element_most; /* RULE_ENUM_LIST */
};

struct shape {
    const ProtobufCMessageDescriptor *descriptor;
    const struct rule *rules; /* descriptor->n_fields of them */
    size_t rule_count;
    size_t size;   /* of our struct; 0 when it shares its parent's */
    bool optional; /* our struct starts with `bool present` */
    /* What no single field can tell; may be NULL. May change `value` (positions become WGS-84). */
    enum refusal_reason (*check)(const struct wire_check *check, const struct wire_path *path, void *value);
};

/* What a conversion needs to know. */
struct wire_check {
    int64_t now_us;
    struct arena *arena;
    struct error *error; /* may be NULL */
};

/* Where we are in a message, for words only: built on the stack, written out when something is refused. */
struct wire_path {
    const struct wire_path *up; /* NULL at the top */
    const char *name;
    size_t index; /* of a repeated field, else WIRE_NO_INDEX */
};
#define WIRE_NO_INDEX SIZE_MAX

/* Writes "events[3].mass.mass_g: <format>" and returns `reason`. */
enum refusal_reason wire_refuse(const struct wire_check *check, const struct wire_path *path,
                                enum refusal_reason reason, const char *format, ...) PRINTF_LIKE(4, 5);
/* The arena had no room: ours, not the sender's fault. NOT_STORABLE with error code ERR_NO_MEMORY. */
enum refusal_reason wire_refuse_memory(const struct wire_check *check);

/* Walks the bytes of a message by its shape before anything is allocated: wrong wire types, counts, unknown fields,
 * text, nesting and the memory that unpacking will take. `path` may be NULL. */
enum refusal_reason wire_scan(const struct wire_check *check, const struct shape *shape, struct text bytes);

/* Scan, unpack into the arena, convert into `value` (zeroed, of shape->size). */
enum refusal_reason wire_shape_decode(const struct wire_check *check, const struct shape *shape, struct text bytes,
                                      void *value);

/* The message as protobuf-c packs it, appended to `out`. No bound of the contract is checked: tests and simulated
 * devices want to send what is wrong. 0, ERR_NO_MEMORY or ERR_TOO_LARGE. */
int wire_shape_encode(const struct shape *shape, const void *value, struct buffer *out) MUST_USE;

bool wire_source_is_valid(struct text source);

/* Shortens the tables: rules for member `member` of struct `type`, which has the field's name unless said. */
#define MEMBER(type, member) .to = (uint16_t)offsetof(struct type, member)
#define COUNTED(type, member, count) MEMBER(type, member), .count_to = (uint16_t)offsetof(struct type, count)
#define SHAPE_RULES(table) .rules = (table), .rule_count = sizeof(table) / sizeof((table)[0])

/* Whole rules of the common kinds; flags, texts and hashes may be empty, enumerations unspecified. */
#define RULE_OF_FLAG(type, member)                                                                                     \
    {                                                                                                                  \
        .name = #member, .kind = RULE_FLAG, MEMBER(type, member)                                                       \
    }
#define RULE_OF_TEXT(type, member, bound)                                                                              \
    {                                                                                                                  \
        .name = #member, .kind = RULE_TEXT, .most = (bound), MEMBER(type, member)                                      \
    }
#define RULE_OF_HASH(type, member)                                                                                     \
    {                                                                                                                  \
        .name = #member, .kind = RULE_BYTES, .most = SHA256_BYTES, MEMBER(type, member)                                \
    }
#define RULE_OF_ENUM(type, member, last)                                                                               \
    {                                                                                                                  \
        .name = #member, .kind = RULE_ENUM, .most = (last), MEMBER(type, member)                                       \
    }
#define RULE_OF_MASS(type, field, member)                                                                              \
    {                                                                                                                  \
        .name = #field, .kind = RULE_NUMBER, .most = MASS_MAX_G, .hint = "grams", MEMBER(type, member)                 \
    }

/* The shapes, one file each group of the contract. */
extern const struct shape report_shape, ack_shape;
extern const struct shape fix_shape, reading_shape, position_shape, mass_shape;
extern const struct shape event_shape, sighting_shape, birth_shape;
extern const struct shape item_ref_shape, identifier_shape;

#endif
