/* normalise.c - events must name their item; sightings say what they can. */
#include "core/identity/normalise.h"

#include "core/identity/identifier.h"

struct doubt {
    void (*on_doubt)(void *context, const char *words);
    void *context;
};

static void say(const struct doubt *doubt, const struct error *error)
{
    if (doubt->on_doubt)
        doubt->on_doubt(doubt->context, error->text);
}

/* 0, ERR_INVALID or ERR_NO_MEMORY, each with words. */
static int normalise_one(struct identifier *identifier, struct arena *arena, const struct doubt *doubt,
                         struct error *error)
{
    char value[IDENTIFIER_VALUE_BYTES];
    enum identifier_grade grade = identifier_normalise(identifier->scheme, identifier->value, value, error);

    if (grade == IDENTIFIER_INVALID)
        return ERR_INVALID;
    if (grade == IDENTIFIER_DOUBTFUL)
        say(doubt, error);
    identifier->value = arena_text(arena, text_of(value));
    return identifier->value.data ? 0 : error_set(error, ERR_NO_MEMORY, "identifiers: out of memory");
}

static int normalise_item(struct item_ref *item, struct arena *arena, const struct doubt *doubt, struct error *error)
{
    for (size_t i = 0; i < item->identifier_count; i++) {
        int code = normalise_one(&item->identifiers[i], arena, doubt, error);

        if (code)
            return code;
    }
    return 0;
}

/* A number that cannot be one stays as it was said: the lifecycle judges papers. */
static int normalise_certificate(struct certificate *certificate, struct arena *arena)
{
    char value[IDENTIFIER_VALUE_BYTES];
    struct error error = {.code = 0};

    certificate->printed = certificate->number;
    if (text_empty(certificate->number) ||
        identifier_normalise(IDENTIFIER_SCHEME_CERTIFICATE_NUMBER, certificate->number, value, &error) ==
            IDENTIFIER_INVALID)
        return 0;
    certificate->number = arena_text(arena, text_of(value));
    return certificate->number.data ? 0 : ERR_NO_MEMORY;
}

static int normalise_event(struct event *event, struct arena *arena, const struct doubt *doubt, struct error *error)
{
    int code = event->item.identifier_count
                   ? normalise_item(&event->item, arena, doubt, error)
                   : error_set(error, ERR_INVALID,
                               "item: no identifier; hint: at least one of VIN, battery code, IMEI, tag, plate, ...");

    if (!code && event->detail == EVENT_DETAIL_CERTIFICATE)
        return normalise_certificate(&event->certificate, arena);
    if (code || event->detail != EVENT_DETAIL_COMPOSITION)
        return code;
    for (size_t i = 0; i < event->composition.part_count && !code; i++)
        code = normalise_item(&event->composition.parts[i].item, arena, doubt, error);
    return code;
}

static int normalise_sighting(struct sighting *sighting, struct arena *arena, const struct doubt *doubt,
                              struct error *error)
{
    size_t kept = 0;

    for (size_t i = 0; i < sighting->identifier_count; i++) {
        int code = normalise_one(&sighting->identifiers[i], arena, doubt, error);

        if (code == ERR_NO_MEMORY)
            return code;
        if (code)
            say(doubt, error);
        else
            sighting->identifiers[kept++] = sighting->identifiers[i];
    }
    sighting->identifier_count = kept;
    return 0;
}

int report_normalise(struct report *report, struct arena *arena, void (*on_doubt)(void *context, const char *words),
                     void *context, struct error *error)
{
    const struct doubt doubt = {on_doubt, context};

    for (size_t i = 0; i < report->event_count; i++) {
        int code = normalise_event(&report->events[i], arena, &doubt, error);

        if (code) {
            (void)error_prefix(error, "events[%zu]", i);
            return code;
        }
    }
    for (size_t i = 0; i < report->sighting_count; i++) {
        int code = normalise_sighting(&report->sightings[i], arena, &doubt, error);

        if (code)
            return code;
    }
    return 0;
}
