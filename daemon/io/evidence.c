/* evidence.c - one record may hold many sightings of many items: it is decoded when the first of its rows comes. */
#include "io/evidence.h"

#include <string.h>

#include "core/identity/normalise.h"
#include "io/wire.h"

enum { FIRST_ROOM = 8, FINDINGS_ROOM = 64 };

struct report *evidence_decode(struct text record, int64_t received_us, struct arena *arena, int *code)
{
    struct report *report = arena_alloc(arena, sizeof *report);
    struct envelope envelope;
    struct error error = {.code = 0};

    *code = report ? 0 : ERR_NO_MEMORY;
    if (!report || text_empty(record) || wire_envelope_split(record, &envelope, &error) != REFUSAL_NONE)
        return NULL;
    /* What is normalised and read stays: the answer that the bytes came in goes. */
    envelope.body = arena_text(arena, envelope.body);
    if (!envelope.body.data || (wire_report_decode(envelope.body, received_us, arena, report, &error) != REFUSAL_NONE &&
                                error.code == ERR_NO_MEMORY)) {
        *code = ERR_NO_MEMORY;
        return NULL;
    }
    return error.code ? NULL : report;
}

int dossiers_init(struct dossiers *dossiers, struct arena *arena, size_t room)
{
    *dossiers = (struct dossiers){.arena = arena, .room = room};
    dossiers->list = arena_array(arena, room, sizeof *dossiers->list);
    return dossiers->list ? 0 : ERR_NO_MEMORY;
}

void dossiers_add_item(struct dossiers *dossiers, int64_t item_id, enum item_kind kind, const struct item_ban *ban)
{
    if (dossiers->count < dossiers->room)
        dossiers->list[dossiers->count++] =
            (struct item_dossier){.item_id = item_id, .dossier = {.kind = kind, .ban = *ban}};
}

struct item_dossier *dossiers_find(struct dossiers *dossiers, int64_t item_id)
{
    size_t lo = 0, hi = dossiers->count;

    while (lo < hi) {
        size_t middle = lo + (hi - lo) / 2;

        if (dossiers->list[middle].item_id < item_id)
            lo = middle + 1;
        else
            hi = middle;
    }
    return lo < dossiers->count && dossiers->list[lo].item_id == item_id ? &dossiers->list[lo] : NULL;
}

static void add_identifier(struct dossier *dossier, const struct evidence_row *row)
{
    if (row->scheme == IDENTIFIER_SCHEME_PLATE)
        clues_add_plate(&dossier->clues, row->value);
    if (row->scheme != IDENTIFIER_SCHEME_VIN || !row->proof || row->value.len != VIN_LEN)
        return;
    if (!dossier->vin[0] || strncmp(row->value.data, dossier->vin, VIN_LEN) < 0) {
        (void)text_copy(dossier->vin, sizeof dossier->vin, row->value);
        clues_add_vin(&dossier->clues, row->value);
    }
}

static void add_event(struct dossier *dossier, const struct event *event)
{
    if (event->detail == EVENT_DETAIL_PICKUP)
        clues_add_pickup(&dossier->clues, &event->pickup);
    if (event->type == EVENT_TYPE_WIPE_VERIFIED && event->detail == EVENT_DETAIL_WIPE && event->wipe.passed &&
        (!dossier->wiped || event->at_us < dossier->wiped_at_us)) {
        dossier->wiped = true;
        dossier->wiped_at_us = event->at_us;
    }
}

static struct dossier_sighting *add_place(struct dossiers *dossiers, struct item_dossier *item)
{
    if (item->dossier.sighting_count == item->room) {
        size_t room = item->room ? item->room * 2 : FIRST_ROOM;
        struct dossier_sighting *list = arena_array(dossiers->arena, room, sizeof *list);

        if (!list)
            return NULL;
        if (item->room)
            memcpy(list, item->dossier.sightings, item->room * sizeof *list);
        item->dossier.sightings = list;
        item->room = room;
    }
    return &item->dossier.sightings[item->dossier.sighting_count++];
}

static void add_phones(struct clues *clues, struct text hashes)
{
    for (size_t at = 0; at + SHA256_BYTES <= hashes.len && clues->phone_count < CLUE_PHONES_MAX; at += SHA256_BYTES)
        memcpy(clues->phones[clues->phone_count++].bytes, hashes.data + at, SHA256_BYTES);
}

static int add_sighting(struct dossiers *dossiers, struct item_dossier *item, const struct evidence_row *row,
                        const struct sighting *sighting)
{
    struct dossier_sighting *seen = add_place(dossiers, item);
    struct text value = arena_text(dossiers->arena, row->value);

    if (!seen || !value.data)
        return ERR_NO_MEMORY;
    *seen = (struct dossier_sighting){.log_index = row->log_index,
                                      .ordinal = row->ordinal,
                                      .sighting = sighting,
                                      .scheme = row->scheme,
                                      .value = value,
                                      .proof = row->part == EVIDENCE_SIGHTING};
    clues_of_sighting(sighting, NULL, &seen->clues);
    if (row->part == EVIDENCE_SIGHTING)
        return 0;
    (void)text_copy(seen->written.text, sizeof seen->written.text, value);
    seen->written.len = (uint8_t)strlen(seen->written.text);
    for (size_t i = 0; i < seen->written.len; i++)
        seen->written.hidden = (uint8_t)(seen->written.hidden + (seen->written.text[i] == WRITTEN_HIDDEN));
    add_phones(&seen->clues, row->phone_hashes);
    return 0;
}

int dossiers_add_row(struct dossiers *dossiers, const struct evidence_row *row)
{
    struct item_dossier *item = dossiers_find(dossiers, row->item_id);
    int code = 0;

    if (!item)
        return 0;
    if (row->part == EVIDENCE_IDENTIFIER) {
        add_identifier(&item->dossier, row);
        return 0;
    }
    if (!dossiers->has_record || dossiers->record_index != row->log_index) {
        dossiers->record = evidence_decode(row->record, row->received_us, dossiers->arena, &code);
        dossiers->record_index = row->log_index;
        dossiers->has_record = !code;
    }
    if (code || !dossiers->record) /* erased, or not to be read: it can say nothing */
        return code;
    if (row->part == EVIDENCE_EVENT && row->ordinal < dossiers->record->event_count)
        add_event(&item->dossier, &dossiers->record->events[row->ordinal]);
    else if (row->part != EVIDENCE_EVENT && row->ordinal < dossiers->record->sighting_count)
        return add_sighting(dossiers, item, row, &dossiers->record->sightings[row->ordinal]);
    return 0;
}

int dossiers_judge_item(struct dossiers *dossiers, struct item_dossier *item)
{
    size_t room = 2 * item->dossier.sighting_count + 1;

    item->findings = (struct findings){.room = room < FINDINGS_ROOM ? room : FINDINGS_ROOM};
    item->findings.list = arena_array(dossiers->arena, item->findings.room, sizeof *item->findings.list);
    item->judgement = (struct judgement){.findings = &item->findings, .evidence_room = 2 * room};
    item->judgement.evidence = arena_array(dossiers->arena, 2 * room, sizeof *item->judgement.evidence);
    if (!item->findings.list || !item->judgement.evidence)
        return ERR_NO_MEMORY;
    dossier_judge(&item->dossier, &item->judgement);
    return 0;
}

int dossiers_judge(struct dossiers *dossiers)
{
    for (size_t i = 0; i < dossiers->count; i++) {
        int code = dossiers_judge_item(dossiers, &dossiers->list[i]);

        if (code)
            return code;
    }
    return 0;
}
