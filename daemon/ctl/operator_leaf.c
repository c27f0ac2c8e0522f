/* operator_leaf.c - reading the JSON of operators' leaves, strictly: what is not exactly as we write it says nothing. */
#include "ctl/operator_leaf.h"

#include <jansson.h>
#include <string.h>

#include "base/encoding.h"

/* The "data" of an operator's record with this action; NULL unless it is one. *document is the caller's. */
static const json_t *data_of(struct text record, const char *action, json_t **document)
{
    const char *format, *what;
    json_t *data;
    *document = json_loadb(record.data ? record.data : "", record.len, JSON_REJECT_DUPLICATES, NULL);
    if (!*document ||
        json_unpack(*document, "{s:s, s:s, s:o}", "format", &format, "action", &what, "data", &data) != 0 ||
        strcmp(format, "custody-operator/v1") != 0 || (action && strcmp(what, action) != 0) || !json_is_object(data))
        return NULL;
    return data;
}

static bool read_key(const json_t *data, struct device_key_leaf *leaf)
{
    const char *source, *id, *key;
    uint8_t expected[KEY_ID_BYTES];
    size_t len = sizeof leaf->public_key;
    if (json_unpack((json_t *)data, "{s:s, s:s, s:s}", "source", &source, "key_id", &id, "public_key", &key) != 0 ||
        !text_copy(leaf->source, sizeof leaf->source, text_of(source)) ||
        hex_decode(text_of(id), leaf->key_id, sizeof leaf->key_id) != 0 ||
        base64_decode(text_of(key), leaf->public_key, &len) != 0 || len != sizeof leaf->public_key)
        return false;
    source_key_id(text_of(source), leaf->public_key, expected);
    return memcmp(expected, leaf->key_id, sizeof expected) == 0;
}

bool operator_leaf_key(struct text record, struct device_key_leaf *leaf)
{
    json_t *document;
    const json_t *data = data_of(record, "key registered", &document);
    bool read = data && read_key(data, leaf);
    json_decref(document);
    return read;
}

bool operator_leaf_erases(struct text record, uint64_t index)
{
    json_t *document;
    const json_t *data = data_of(record, NULL, &document);
    const json_t *named = data ? json_object_get(data, "log_index") : NULL;
    bool names =
        json_is_integer(named) && json_integer_value(named) >= 0 && (uint64_t)json_integer_value(named) == index;
    json_decref(document);
    return names;
}
