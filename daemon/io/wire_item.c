/* wire_item.c - the shapes of what names an item. */
#include "custody/v1/item.pb-c.h"
#include "io/wire_bounds.h"
#include "io/wire_shape.h"

static const struct rule identifier_rules[] = {
    {.name = "scheme",
     .kind = RULE_ENUM,
     .least = 1,
     .most = IDENTIFIER_SCHEME_GS1,
     .hint = "say what kind of identifier it is",
     .reason = REFUSAL_INVALID_IDENTIFIER,
     MEMBER(identifier, scheme)},
    {.name = "value",
     .kind = RULE_TEXT,
     .least = 1,
     .most = IDENTIFIER_MAX_BYTES,
     .hint = "1 to 128 bytes, as read from the item",
     .reason = REFUSAL_INVALID_IDENTIFIER,
     MEMBER(identifier, value)},
};
const struct shape identifier_shape = {.descriptor = &custody__v1__identifier__descriptor,
                                       SHAPE_RULES(identifier_rules),
                                       .size = sizeof(struct identifier)};

static const struct rule item_ref_rules[] = {
    {.name = "kind", .kind = RULE_ENUM, .most = ITEM_KIND_LOT, MEMBER(item_ref, kind)},
    {.name = "identifiers",
     .kind = RULE_LIST,
     .shape = &identifier_shape,
     .least = 1,
     .most = ITEM_REF_IDENTIFIERS_MAX,
     .hint = "at least one names the item",
     .reason = REFUSAL_INVALID_IDENTIFIER,
     COUNTED(item_ref, identifiers, identifier_count)},
};
const struct shape item_ref_shape = {
    .descriptor = &custody__v1__item_ref__descriptor, SHAPE_RULES(item_ref_rules), .size = sizeof(struct item_ref)};
