/* key_event.c - writing and reading announcements of keys, and following their chain. */
#include "core/ledger/key_event.h"

#include <string.h>

#include "core/ledger/line.h"

#define KEY_EVENT_MAGIC "custody-key/v1"

void key_event_put_signed(const struct key_event *event, const struct note_signer *signer, struct buffer *out)
{
    size_t start = out->len;

    buffer_printf(out, KEY_EVENT_MAGIC "\n%.*s\n", TEXT_ARG(event->origin));
    verifier_key_put(&event->key, out);
    buffer_put_text(out, TEXT("\n"));
    note_sign(out, start, signer);
}

int key_event_parse(struct text t, struct key_event *event, struct error *error)
{
    struct text line, key;

    if (!line_take(&t, &line) || !text_equal(line, TEXT(KEY_EVENT_MAGIC)))
        return error_set(error, ERR_INVALID, "key event: its first line is not " KEY_EVENT_MAGIC);
    if (!line_take(&t, &event->origin) || !note_name_is_valid(event->origin))
        return error_set(error, ERR_INVALID, "key event: no origin; hint: it is the second line");
    if (!line_take(&t, &key) || t.len)
        return error_set(error, ERR_INVALID, "key event: not of three lines");
    return verifier_key_parse(key, &event->key, error);
}

/* ---- the chain */

void key_chain_init(struct key_chain *chain, struct text origin, const uint8_t asked[NOTE_PUBLIC_KEY_BYTES],
                    const uint8_t *asked_ack)
{
    *chain = (struct key_chain){.origin = origin, .standing = KEY_NONE_YET};
    memcpy(chain->asked, asked, NOTE_PUBLIC_KEY_BYTES);
    if (asked_ack)
        memcpy(chain->asked_ack, asked_ack, NOTE_PUBLIC_KEY_BYTES);
}

static bool is_ack_name(struct text name, struct text origin)
{
    return line_take_prefix(&name, origin) && text_equal(name, TEXT("/ack"));
}

static bool signed_by(const struct key_chain *chain, struct text note, const uint8_t key[NOTE_PUBLIC_KEY_BYTES])
{
    return note_verify(note, chain->origin, key, NULL) == 0;
}

static void take_turn(struct key_chain *chain, const uint8_t key[NOTE_PUBLIC_KEY_BYTES])
{
    memcpy(chain->current, key, NOTE_PUBLIC_KEY_BYTES);
    if (memcmp(key, chain->asked, NOTE_PUBLIC_KEY_BYTES) == 0)
        chain->standing = KEY_CURRENT;
    else if (chain->standing == KEY_CURRENT || chain->standing == KEY_REPLACED)
        chain->standing = KEY_REPLACED;
    else
        chain->standing = KEY_STRANGER;
}

bool key_chain_add(struct key_chain *chain, struct text note)
{
    struct text body, signatures;
    struct key_event event;
    bool first = chain->standing == KEY_NONE_YET, is_ack;

    if (note_split(note, &body, &signatures) || key_event_parse(body, &event, NULL) ||
        event.key.algorithm != NOTE_ED25519 || !text_equal(event.origin, chain->origin))
        return false;
    is_ack = is_ack_name(event.key.name, chain->origin);
    if ((!is_ack && !text_equal(event.key.name, chain->origin)) || (is_ack && first))
        return false;
    if (!signed_by(chain, note, first ? event.key.public_key : chain->current))
        return false;
    if (!is_ack)
        take_turn(chain, event.key.public_key);
    else if (memcmp(event.key.public_key, chain->asked_ack, NOTE_PUBLIC_KEY_BYTES) == 0)
        chain->ack_announced = true;
    return true;
}
