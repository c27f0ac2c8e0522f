/* facts_encode.c - struct item_facts as the bytes of custody.item.facts: one version byte, then every member in the
 * order of lifecycle.h, integers big-endian, booleans one byte. */
#include "core/custody/fold.h"

/* Rises whenever the layout, or the meaning of a member, changes: stored facts then differ until the items are folded
 * again. */
enum { FACTS_VERSION = 1 };

static void put_bool(struct buffer *out, bool value)
{
    buffer_put_u8(out, value ? 1 : 0);
}

static void put_i64(struct buffer *out, int64_t value)
{
    buffer_put_u64_be(out, (uint64_t)value);
}

static void put_digest(struct buffer *out, const struct digest *digest)
{
    buffer_put(out, digest->bytes, sizeof digest->bytes);
}

static void put_vehicle(struct buffer *out, const struct item_facts *facts)
{
    buffer_put_u8(out, (uint8_t)facts->scrap_reason);
    buffer_put_u8(out, (uint8_t)facts->vehicle_class);
    put_bool(out, facts->new_energy);
    put_bool(out, facts->battery_swap_model);
    put_bool(out, facts->mortgaged);
    put_bool(out, facts->stores_data);
    put_i64(out, facts->curb_mass_g);
    put_bool(out, facts->mass_measured);
}

static void put_custody(struct buffer *out, const struct item_facts *facts)
{
    put_bool(out, facts->on_the_move);
    buffer_put_u32_be(out, facts->pickup_count);
    buffer_put_u32_be(out, facts->intake_count);
    put_i64(out, facts->intake_site_id);
    put_i64(out, facts->intake_at_us);
    put_i64(out, facts->offer_giver_party_id);
    put_i64(out, facts->offer_at_us);
}

static void put_papers(struct buffer *out, const struct item_facts *facts)
{
    buffer_put_u32_be(out, facts->missing_kinds);
    put_bool(out, facts->police_notified);
    put_bool(out, facts->disputed);
    buffer_put_u8(out, (uint8_t)facts->legal_behind);
    put_bool(out, facts->supervision_attested);
    buffer_put_u32_be(out, facts->certificates_issued);
    buffer_put_u32_be(out, facts->certificates_voided);
    buffer_put_u32_be(out, facts->open_certificate_count);
    for (size_t i = 0; i < OPEN_CERTIFICATES_MAX; i++)
        put_digest(out, &facts->open_certificates[i]);
}

static void put_work(struct buffer *out, const struct item_facts *facts)
{
    put_bool(out, facts->photo_before);
    put_bool(out, facts->photo_after);
    buffer_put_u32_be(out, facts->child_kinds);
    buffer_put_u32_be(out, facts->declared_missing_kinds);
    buffer_put_u32_be(out, facts->child_count);
    put_bool(out, facts->wiped);
    put_bool(out, facts->wipe_verified);
    put_bool(out, facts->manifest_open);
    put_digest(out, &facts->manifest);
}

void item_facts_encode(const struct item_facts *facts, struct buffer *out)
{
    buffer_put_u8(out, FACTS_VERSION);
    put_vehicle(out, facts);
    put_custody(out, facts);
    put_papers(out, facts);
    put_work(out, facts);
}
