/* scenario.c - the plots as tables, the invented items, and the events that a step turns into. */
#include "fleet/scenario.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"

enum { HOUR = 60, DAY = 24 * HOUR };

/* ---- plots ---- */

#define STEP(type, by, item, to, after)                                                                                \
    {                                                                                                                  \
        EVENT_TYPE_##type, ROLE_##by, CARD_##item, ROLE_##to, (after), GATE_NONE                                       \
    }
#define STEP_AT(type, by, item, to, after, gate)                                                                       \
    {                                                                                                                  \
        EVENT_TYPE_##type, ROLE_##by, CARD_##item, ROLE_##to, (after), (gate)                                          \
    }

/* From the customer's door into the yard of `taker`. */
#define TAKE_IN(taker)                                                                                                 \
    STEP(BOOKED, taker, SELF, NONE, 0), STEP_AT(PICKED_UP, DRIVER, SELF, NONE, 5, GATE_TRUCK_AT_PICKUP),               \
        STEP(LOADED, DRIVER, SELF, NONE, 10), STEP(DEPARTED, DRIVER, SELF, NONE, 2),                                   \
        STEP_AT(ARRIVED, DRIVER, SELF, NONE, 1, GATE_TRUCK_AT_YARD), STEP(UNLOADED, DRIVER, SELF, NONE, 10),           \
        STEP(TRANSFER_OFFERED, DRIVER, SELF, taker, 2), STEP(TRANSFER_ACCEPTED, taker, SELF, DRIVER, 5),               \
        STEP(INTAKE, taker, SELF, NONE, 5)

/* What a dismantled vehicle's parts come to, each by the way the law leaves open. */
#define PARTS_GO                                                                                                       \
    STEP(GRADED, YARD, ENGINE, NONE, 4 * HOUR), STEP(REMAN_RELEASED, YARD, ENGINE, REMAN, DAY),                        \
        STEP(GRADED, YARD, GEARBOX, NONE, HOUR), STEP(REMAN_RELEASED, YARD, GEARBOX, REMAN, HOUR),                     \
        STEP(SMELTED, MILL, STEERING, YARD, 2 * HOUR), STEP(SMELTED, MILL, FRONT_AXLE, YARD, 10),                      \
        STEP(SMELTED, MILL, REAR_AXLE, YARD, 10), STEP(SMELTED, MILL, FRAME, YARD, 10),                                \
        STEP(REUSE_MARKED, YARD, PART, TRADER, HOUR),                                                                  \
        STEP(HAZ_MANIFEST_OPENED, YARD, LEAD_ACID_BATTERY, HAZARD, HOUR),                                              \
        STEP(HAZ_MANIFEST_CONFIRMED, HAZARD, LEAD_ACID_BATTERY, YARD, 6 * HOUR)

static const struct scenario_step car_steps[] = {
    TAKE_IN(YARD),
    STEP(INSPECTED, YARD, SELF, NONE, 3 * HOUR),
    STEP(CERT_ISSUED, YARD, SELF, NONE, 6 * HOUR),
    STEP(INVOICED, YARD, SELF, NONE, HOUR),
    STEP(DEREG_FILED, YARD, SELF, OFFICE, DAY),
    STEP(DEREGISTERED, OFFICE, SELF, YARD, 8 * HOUR),
    STEP(DEPOLLUTED, YARD, SELF, NONE, DAY),
    STEP(DISMANTLED, YARD, SELF, NONE, 4 * HOUR),
    PARTS_GO,
    STEP(HAZ_MANIFEST_OPENED, YARD, CATALYST, HAZARD, HOUR),
    STEP(HAZ_MANIFEST_CONFIRMED, HAZARD, CATALYST, YARD, 4 * HOUR),
    STEP(DESTROYED, YARD, SELF, NONE, HOUR),
};

static const struct scenario_step new_energy_steps[] = {
    TAKE_IN(YARD),
    STEP(INSPECTED, YARD, SELF, NONE, 3 * HOUR),
    STEP(CERT_ISSUED, YARD, SELF, NONE, 6 * HOUR),
    STEP(DEREG_FILED, YARD, SELF, OFFICE, DAY),
    STEP(DEREGISTERED, OFFICE, SELF, YARD, 8 * HOUR),
    STEP(DEPOLLUTED, YARD, SELF, NONE, DAY),
    STEP(DISMANTLED, YARD, SELF, NONE, 4 * HOUR),
    PARTS_GO,
    STEP(TRANSFER_OFFERED, YARD, TRACTION_BATTERY, BATTERY, HOUR),
    STEP(TRANSFER_ACCEPTED, BATTERY, TRACTION_BATTERY, YARD, 4 * HOUR),
    STEP(GRADED, BATTERY, TRACTION_BATTERY, NONE, DAY),
    STEP(MATERIAL_RECOVERED, BATTERY, TRACTION_BATTERY, NONE, DAY),
    STEP(DESTROYED, YARD, SELF, NONE, HOUR),
};

/* Large passenger vehicle: police supervise, and the certificate comes after dismantling (Decree 715 art 11). */
static const struct scenario_step bus_steps[] = {
    TAKE_IN(YARD),
    STEP(INSPECTED, YARD, SELF, NONE, 3 * HOUR),
    STEP(SUPERVISION_ATTESTED, POLICE, SELF, YARD, DAY),
    STEP(DEPOLLUTED, YARD, SELF, NONE, HOUR),
    STEP(DISMANTLED, YARD, SELF, NONE, 6 * HOUR),
    STEP(CERT_ISSUED, YARD, SELF, NONE, 4 * HOUR),
    STEP(DEREG_FILED, YARD, SELF, OFFICE, DAY),
    STEP(DEREGISTERED, OFFICE, SELF, YARD, 8 * HOUR),
    PARTS_GO,
    STEP(HAZ_MANIFEST_OPENED, YARD, CATALYST, HAZARD, HOUR),
    STEP(HAZ_MANIFEST_CONFIRMED, HAZARD, CATALYST, YARD, 4 * HOUR),
    STEP(DESTROYED, YARD, SELF, NONE, HOUR),
};

static const struct scenario_step appliance_treated_steps[] = {
    TAKE_IN(WEEE),
    STEP(INSPECTED, WEEE, SELF, NONE, 2 * HOUR),
    STEP(TREATED, WEEE, SELF, NONE, DAY),
};

static const struct scenario_step appliance_resold_steps[] = {
    TAKE_IN(WEEE),
    STEP(INSPECTED, WEEE, SELF, NONE, 2 * HOUR),
    STEP(USED_GOODS_RELEASED, WEEE, SELF, TRADER, DAY),
};

static const struct scenario_step phone_resold_steps[] = {
    TAKE_IN(WEEE),
    STEP(DATA_WIPED, WEEE, SELF, NONE, 2 * HOUR),
    STEP(WIPE_VERIFIED, WEEE, SELF, NONE, HOUR),
    STEP(WIPED_RESOLD, WEEE, SELF, TRADER, DAY),
};

static const struct scenario_step phone_treated_steps[] = {
    TAKE_IN(WEEE),
    STEP(DATA_WIPED, WEEE, SELF, NONE, 2 * HOUR),
    STEP(TREATED, WEEE, SELF, NONE, DAY),
};

static const struct scenario_step traction_battery_steps[] = {
    TAKE_IN(BATTERY),
    STEP(GRADED, BATTERY, SELF, NONE, DAY),
    STEP(MATERIAL_RECOVERED, BATTERY, SELF, NONE, 2 * DAY),
};

/* Only a permit holder may take it (Solid-waste law art 80): straight from the customer. */
static const struct scenario_step lead_acid_steps[] = {
    TAKE_IN(HAZARD),
    STEP(HAZ_MANIFEST_OPENED, DRIVER, SELF, HAZARD, HOUR),
    STEP(HAZ_MANIFEST_CONFIRMED, HAZARD, SELF, DRIVER, DAY),
};

static const struct scenario_step lot_steps[] = {
    STEP(LOT_CREATED, SORTING, SELF, NONE, 0),
    STEP(WEIGHED, SORTING, SELF, NONE, 4 * HOUR),
    STEP(LOT_SOLD, SORTING, SELF, MILL, DAY),
};

/* All said by one yard, which fetches the car with its own truck: for load runs, where a source tells a story alone. */
static const struct scenario_step yard_intake_steps[] = {
    STEP(BOOKED, YARD, SELF, NONE, 0),   STEP(PICKED_UP, YARD, SELF, NONE, 0), STEP(LOADED, YARD, SELF, NONE, 0),
    STEP(DEPARTED, YARD, SELF, NONE, 0), STEP(ARRIVED, YARD, SELF, NONE, 0),   STEP(UNLOADED, YARD, SELF, NONE, 0),
    STEP(INTAKE, YARD, SELF, NONE, 0),   STEP(INSPECTED, YARD, SELF, NONE, 0), STEP(CERT_ISSUED, YARD, SELF, NONE, 0),
};

static const struct plot_info {
    const char *word;
    enum item_kind kind;
    const struct scenario_step *steps;
    size_t count;
} plots[PLOT_COUNT] = {
#define PLOT_STEPS(plot, kind, table) [plot] = {NULL, kind, table, sizeof(table) / sizeof(table)[0]}
    PLOT_STEPS(PLOT_CAR, ITEM_KIND_VEHICLE, car_steps),
    PLOT_STEPS(PLOT_NEW_ENERGY_CAR, ITEM_KIND_VEHICLE, new_energy_steps),
    PLOT_STEPS(PLOT_BUS, ITEM_KIND_VEHICLE, bus_steps),
    PLOT_STEPS(PLOT_APPLIANCE_TREATED, ITEM_KIND_APPLIANCE, appliance_treated_steps),
    PLOT_STEPS(PLOT_APPLIANCE_RESOLD, ITEM_KIND_APPLIANCE, appliance_resold_steps),
    PLOT_STEPS(PLOT_PHONE_RESOLD, ITEM_KIND_DATA_DEVICE, phone_resold_steps),
    PLOT_STEPS(PLOT_PHONE_TREATED, ITEM_KIND_DATA_DEVICE, phone_treated_steps),
    PLOT_STEPS(PLOT_TRACTION_BATTERY, ITEM_KIND_TRACTION_BATTERY, traction_battery_steps),
    PLOT_STEPS(PLOT_LEAD_ACID_BATTERY, ITEM_KIND_LEAD_ACID_BATTERY, lead_acid_steps),
    PLOT_STEPS(PLOT_LOT, ITEM_KIND_LOT, lot_steps),
    PLOT_STEPS(PLOT_YARD_INTAKE, ITEM_KIND_VEHICLE, yard_intake_steps),
};

const char *plot_word(enum plot plot)
{
    static const char *const words[PLOT_COUNT] = {
#define X(name, word, kind) [name] = word,
        PLOT_TABLE(X)
#undef X
    };
    assert(plot < PLOT_COUNT);
    return words[plot];
}

const struct scenario_step *plot_steps(enum plot plot, size_t *count)
{
    assert(plot < PLOT_COUNT);
    *count = plots[plot].count;
    return plots[plot].steps;
}

/* ---- cards ---- */

static const struct card_item_info {
    enum item_kind kind;
    const char *suffix;
    int64_t share;
} card_items[CARD_ITEM_COUNT] = {
#define X(name, kind, suffix, share) [name] = {kind, suffix, share},
    CARD_ITEM_TABLE(X)
#undef X
};

static void vehicle_card(struct card *card, struct random *random)
{
    const bool bus = card->plot == PLOT_BUS;
    card->new_energy = card->plot == PLOT_NEW_ENERGY_CAR;
    card->vehicle_class = bus ? VEHICLE_CLASS_LARGE_PASSENGER : VEHICLE_CLASS_SMALL_PASSENGER;
    card->make = bus ? "金龙" : card->new_energy ? "比亚迪" : "桑塔纳";
    card->model = bus ? "XMQ6900" : card->new_energy ? "e5" : "SVW7180";
    card->mass_g = (bus ? 9000 : 1100) * INT64_C(1000) + random_between(random, 0, 400) * 1000;
    invent_vin(random, card->vin);
    invent_engine_number(random, card->engine_number);
    if (card->new_energy) {
        invent_new_energy_plate(random, card->plate);
        invent_battery_code(random, card->battery_code);
    } else {
        invent_plate(random, card->plate);
    }
}

static void other_card(struct card *card, struct random *random, uint64_t number, const struct roster *roster)
{
    if (card->kind == ITEM_KIND_APPLIANCE) {
        card->make = "海尔", card->model = "BCD-215";
        card->mass_g = random_between(random, 45000, 65000);
        invent_serial(random, TEXT("Haier/BCD-215"), card->serial);
    } else if (card->kind == ITEM_KIND_DATA_DEVICE) {
        card->make = "Huawei", card->model = "P20";
        card->mass_g = random_between(random, 165, 190);
        invent_imei(random, card->imei);
        invent_serial(random, TEXT("Huawei/P20"), card->serial);
    } else if (card->kind == ITEM_KIND_TRACTION_BATTERY) {
        card->make = "CATL", card->model = "pack";
        card->mass_g = random_between(random, 250000, 400000);
        invent_battery_code(random, card->battery_code);
    } else if (card->kind == ITEM_KIND_LOT) {
        card->mass_g = random_between(random, 8000, 24000) * 1000;
        (void)snprintf(card->lot, sizeof card->lot, "%s/FE-%06llu", roster_party_of(roster, ROLE_SORTING)->code,
                       (unsigned long long)number);
    } else {
        card->mass_g = random_between(random, 12000, 20000);
    }
}

void card_init(struct card *card, enum plot plot, uint64_t seed, uint64_t number, const struct roster *roster)
{
    char name[32];
    (void)snprintf(name, sizeof name, "item %llu", (unsigned long long)number);
    struct random random = random_named(seed, text_of(name));
    *card = (struct card){.plot = plot, .kind = plots[plot].kind, .make = "", .model = ""};
    (void)snprintf(card->tag, sizeof card->tag, "LJ%llu-%06llu", (unsigned long long)(seed % 100000),
                   (unsigned long long)number);
    (void)snprintf(card->certificate, sizeof card->certificate, "3505%08llu%04llu", (unsigned long long)number,
                   (unsigned long long)(seed % 10000));
    (void)snprintf(card->manifest, sizeof card->manifest, "20263505%06llu",
                   (unsigned long long)((seed * 7919 + number) % 1000000));
    if (card->kind == ITEM_KIND_VEHICLE)
        vehicle_card(card, &random);
    else
        other_card(card, &random, number, roster);
}

static void add_identifier(struct item_ref *ref, enum identifier_scheme scheme, const char *value)
{
    if (value[0] != '\0')
        ref->identifiers[ref->identifier_count++] = (struct identifier){scheme, text_of(value)};
}

static struct item_ref self_ref(const struct card *card, struct item_ref ref)
{
    add_identifier(&ref, IDENTIFIER_SCHEME_VIN, card->vin);
    add_identifier(&ref, IDENTIFIER_SCHEME_ENGINE_NUMBER, card->engine_number);
    add_identifier(&ref, IDENTIFIER_SCHEME_PLATE, card->plate);
    add_identifier(&ref, IDENTIFIER_SCHEME_IMEI, card->imei);
    add_identifier(&ref, IDENTIFIER_SCHEME_SERIAL_NUMBER, card->serial);
    add_identifier(&ref, IDENTIFIER_SCHEME_LOT, card->lot);
    if (card->kind == ITEM_KIND_TRACTION_BATTERY)
        add_identifier(&ref, IDENTIFIER_SCHEME_BATTERY_CODE, card->battery_code);
    if (card->kind != ITEM_KIND_LOT)
        add_identifier(&ref, IDENTIFIER_SCHEME_TAG, card->tag);
    return ref;
}

struct item_ref card_item_ref(const struct card *card, enum card_item item, struct arena *arena)
{
    struct item_ref ref = {.kind = item == CARD_SELF ? card->kind : card_items[item].kind};
    char tag[INVENTED_BYTES + 4];
    ref.identifiers = arena_array(arena, 8, sizeof *ref.identifiers);
    if (ref.identifiers == NULL)
        return ref;
    if (item == CARD_SELF)
        return self_ref(card, ref);
    if (item == CARD_TRACTION_BATTERY)
        add_identifier(&ref, IDENTIFIER_SCHEME_BATTERY_CODE, card->battery_code);
    const int len = snprintf(tag, sizeof tag, "%s-%s", card->tag, card_items[item].suffix);
    const struct text kept = arena_text(arena, (struct text){tag, (size_t)len});
    if (kept.data != NULL)
        ref.identifiers[ref.identifier_count++] = (struct identifier){IDENTIFIER_SCHEME_TAG, kept};
    return ref;
}

struct identifier card_strongest(const struct card *card)
{
    const struct {
        enum identifier_scheme scheme;
        const char *value;
    } in_order[] = {
        {IDENTIFIER_SCHEME_VIN, card->vin},
        {IDENTIFIER_SCHEME_IMEI, card->imei},
        {IDENTIFIER_SCHEME_BATTERY_CODE, card->battery_code},
        {IDENTIFIER_SCHEME_SERIAL_NUMBER, card->serial},
        {IDENTIFIER_SCHEME_LOT, card->lot},
    };
    for (size_t i = 0; i < sizeof in_order / sizeof in_order[0]; i++)
        if (in_order[i].value[0] != '\0')
            return (struct identifier){in_order[i].scheme, text_of(in_order[i].value)};
    return (struct identifier){IDENTIFIER_SCHEME_TAG, text_of(card->tag)};
}

/* ---- playing ---- */

static int64_t minutes_us(uint32_t minutes)
{
    return (int64_t)minutes * 60 * US_PER_S;
}

void scenario_init(struct scenario *scenario, enum plot plot, uint64_t seed, uint64_t number,
                   const struct roster *roster, size_t driver, struct place pickup, int64_t start_us)
{
    char name[32];
    (void)snprintf(name, sizeof name, "story %llu", (unsigned long long)number);
    *scenario = (struct scenario){
        .driver = driver, .pickup = pickup, .yard = ROLE_YARD, .random = random_named(seed, text_of(name))};
    card_init(&scenario->card, plot, seed, number, roster);
    scenario->due_at_us = start_us + minutes_us(plots[plot].steps[0].after_min);
}

bool scenario_over(const struct scenario *scenario)
{
    return scenario->next >= plots[scenario->card.plot].count;
}

enum gate scenario_gate(const struct scenario *scenario)
{
    const enum gate gate = scenario_over(scenario) ? GATE_NONE : plots[scenario->card.plot].steps[scenario->next].gate;
    return gate != GATE_NONE && scenario->gate_open[gate] ? GATE_NONE : gate;
}

const struct scenario_step *scenario_due(const struct scenario *scenario, int64_t now_us)
{
    if (scenario_over(scenario) || scenario_gate(scenario) != GATE_NONE || now_us < scenario->due_at_us)
        return NULL;
    return &plots[scenario->card.plot].steps[scenario->next];
}

void scenario_open_gate(struct scenario *scenario, enum gate gate, int64_t now_us)
{
    if (scenario_gate(scenario) == gate) {
        const int64_t after_us = now_us + minutes_us(plots[scenario->card.plot].steps[scenario->next].after_min);
        if (scenario->due_at_us < after_us)
            scenario->due_at_us = after_us;
    }
    scenario->gate_open[gate] = true;
}

void scenario_advance(struct scenario *scenario)
{
    assert(!scenario_over(scenario));
    scenario->next++;
    if (!scenario_over(scenario))
        scenario->due_at_us += minutes_us(plots[scenario->card.plot].steps[scenario->next].after_min);
}

/* The two yards play the same plots. */
static enum role cast(const struct scenario *scenario, enum role role)
{
    return role == ROLE_YARD ? scenario->yard : role;
}

enum role scenario_destination(const struct scenario *scenario)
{
    return cast(scenario, plots[scenario->card.plot].steps[0].by);
}

size_t scenario_source(const struct scenario *scenario, const struct scenario_step *step, const struct roster *roster)
{
    return step->by == ROLE_DRIVER ? roster->driver_source + scenario->driver
                                   : roster->source_of_role[cast(scenario, step->by)];
}

/* ---- events ---- */

static bool is_on_the_road(enum event_type type)
{
    return type == EVENT_TYPE_PICKED_UP || type == EVENT_TYPE_LOADED || type == EVENT_TYPE_DEPARTED;
}

static bool is_weighed(enum event_type type)
{
    return type == EVENT_TYPE_PICKED_UP || type == EVENT_TYPE_INTAKE || type == EVENT_TYPE_WEIGHED ||
           type == EVENT_TYPE_LOT_CREATED || type == EVENT_TYPE_LOT_SOLD || type == EVENT_TYPE_HAZ_MANIFEST_OPENED ||
           type == EVENT_TYPE_HAZ_MANIFEST_CONFIRMED;
}

static int64_t item_mass_g(const struct card *card, enum card_item item)
{
    return item == CARD_SELF ? card->mass_g : card->mass_g * card_items[item].share / 1000;
}

static bool has_part(const struct card *card, enum card_item item)
{
    if (item == CARD_TRACTION_BATTERY)
        return card->new_energy;
    return item != CARD_SELF && (item != CARD_CATALYST || !card->new_energy);
}

static int compose(const struct card *card, struct arena *arena, struct composition *composition)
{
    composition->parts = arena_array(arena, CARD_ITEM_COUNT, sizeof *composition->parts);
    if (composition->parts == NULL)
        return ERR_NO_MEMORY;
    for (enum card_item item = CARD_ENGINE; item < CARD_ITEM_COUNT; item++)
        if (has_part(card, item))
            composition->parts[composition->part_count++] = (struct part){
                .item = card_item_ref(card, item, arena),
                .mass = {.present = true, .mass_g = item_mass_g(card, item), .scale_class = TEXT("III")},
            };
    return 0;
}

static int attach_photos(struct random *random, struct arena *arena, struct event *event)
{
    static const enum evidence_kind kinds[] = {EVIDENCE_KIND_PHOTO_BEFORE, EVIDENCE_KIND_PHOTO_AFTER,
                                               EVIDENCE_KIND_PHOTO_VIN};
    event->evidence = arena_array(arena, 3, sizeof *event->evidence);
    if (event->evidence == NULL)
        return ERR_NO_MEMORY;
    for (; event->evidence_count < 3; event->evidence_count++) {
        struct evidence *evidence = &event->evidence[event->evidence_count];
        evidence->kind = kinds[event->evidence_count];
        random_bytes(random, evidence->sha256.bytes, SHA256_BYTES);
        evidence->uri = TEXT("archive/photo.jpg");
    }
    return 0;
}

static void detail_pickup(const struct card *card, struct event *event)
{
    event->detail = EVENT_DETAIL_PICKUP;
    event->pickup = (struct pickup){
        .reason = card->kind == ITEM_KIND_VEHICLE ? SCRAP_REASON_VOLUNTARY : SCRAP_REASON_UNSPECIFIED,
        .vehicle_class = card->vehicle_class,
        .new_energy = card->new_energy,
        .stores_data = card->kind == ITEM_KIND_DATA_DEVICE,
        .curb_mass_g = card->kind == ITEM_KIND_VEHICLE ? card->mass_g : 0,
        .make = text_of(card->make),
        .model = text_of(card->model),
        .seller_last4 = TEXT("0017"),
    };
}

static void detail_release(const struct scenario_step *step, struct event *event)
{
    static const struct {
        enum role role;
        enum buyer_class buyer;
    } buyers[] = {
        {ROLE_REMAN, BUYER_CLASS_REMANUFACTURER},
        {ROLE_MILL, BUYER_CLASS_STEEL_MILL},
        {ROLE_BATTERY, BUYER_CLASS_BATTERY_PROCESSOR},
        {ROLE_WEEE, BUYER_CLASS_WEEE_TREATMENT},
        {ROLE_EBIKE, BUYER_CLASS_EBIKE},
        {ROLE_TRADER, BUYER_CLASS_TRADER},
    };
    /* A furnace or a plant that ends the item itself is its own taker. */
    const bool ends_itself = step->type == EVENT_TYPE_SMELTED || step->to == ROLE_NONE;
    event->detail = EVENT_DETAIL_RELEASE;
    event->release = (struct release){.marked = true, .safety_checked = true};
    for (size_t i = 0; i < sizeof buyers / sizeof buyers[0]; i++)
        if (buyers[i].role == (ends_itself ? step->by : step->to))
            event->release.buyer_class = buyers[i].buyer;
}

static void detail_manifest(const struct card *card, const struct scenario_step *step, struct event *event)
{
    const bool catalyst = step->item == CARD_CATALYST;
    event->detail = EVENT_DETAIL_HAZARDOUS_MANIFEST;
    event->hazardous_manifest.number = text_of(card->manifest);
    event->hazardous_manifest.waste_code = catalyst ? TEXT("900-049-50") : TEXT("900-052-31");
}

static void detail_wipe(const struct scenario_step *step, struct event *event)
{
    event->detail = EVENT_DETAIL_WIPE;
    event->wipe = (struct wipe){
        .method = TEXT("block_erase"),
        .tool = step->type == EVENT_TYPE_DATA_WIPED ? TEXT("eraser 3.2") : TEXT("verifier 1.0"),
        .passed = true,
    };
}

static void detail_certificate(const struct card *card, struct event *event)
{
    event->detail = EVENT_DETAIL_CERTIFICATE;
    event->certificate.number = text_of(card->certificate);
}

static void detail_inspection(struct event *event)
{
    event->detail = EVENT_DETAIL_INSPECTION;
    event->inspection = (struct inspection){
        .vin = INSPECTION_RESULT_OK, .engine_number = INSPECTION_RESULT_OK, .plate = INSPECTION_RESULT_OK};
}

static void detail_invoice(const struct card *card, struct event *event)
{
    event->detail = EVENT_DETAIL_INVOICE;
    event->invoice = (struct invoice){
        .number = text_of(card->certificate), .amount_fen = card->mass_g / 1000 * 240, .reverse = true};
}

enum detail_class { NO_DETAIL, PICKUP, INSPECTION, COMPOSITION, CERTIFICATE, RELEASE, MANIFEST, INVOICE, WIPE };

static const enum detail_class detail_of_type[EVENT_TYPE_GRADED + 1] = {
    [EVENT_TYPE_BOOKED] = PICKUP,
    [EVENT_TYPE_PICKED_UP] = PICKUP,
    [EVENT_TYPE_INSPECTED] = INSPECTION,
    [EVENT_TYPE_DISMANTLED] = COMPOSITION,
    [EVENT_TYPE_CERT_ISSUED] = CERTIFICATE,
    [EVENT_TYPE_CERT_VOIDED] = CERTIFICATE,
    [EVENT_TYPE_DEREG_FILED] = CERTIFICATE,
    [EVENT_TYPE_DEREGISTERED] = CERTIFICATE,
    [EVENT_TYPE_REMAN_RELEASED] = RELEASE,
    [EVENT_TYPE_REPROCESS_RELEASED] = RELEASE,
    [EVENT_TYPE_REUSE_MARKED] = RELEASE,
    [EVENT_TYPE_SMELTED] = RELEASE,
    [EVENT_TYPE_MATERIAL_RECOVERED] = RELEASE,
    [EVENT_TYPE_TREATED] = RELEASE,
    [EVENT_TYPE_USED_GOODS_RELEASED] = RELEASE,
    [EVENT_TYPE_WIPED_RESOLD] = RELEASE,
    [EVENT_TYPE_LOT_SOLD] = RELEASE,
    [EVENT_TYPE_HAZ_MANIFEST_OPENED] = MANIFEST,
    [EVENT_TYPE_HAZ_MANIFEST_CONFIRMED] = MANIFEST,
    [EVENT_TYPE_INVOICED] = INVOICE,
    [EVENT_TYPE_DATA_WIPED] = WIPE,
    [EVENT_TYPE_WIPE_VERIFIED] = WIPE,
};

static int fill_detail(struct scenario *scenario, const struct scenario_step *step, struct arena *arena,
                       struct event *event)
{
    const struct card *card = &scenario->card;
    switch (detail_of_type[step->type]) {
    case NO_DETAIL:
        return 0;
    case PICKUP:
        detail_pickup(card, event);
        return 0;
    case INSPECTION:
        detail_inspection(event);
        return 0;
    case CERTIFICATE:
        detail_certificate(card, event);
        return 0;
    case RELEASE:
        detail_release(step, event);
        return 0;
    case MANIFEST:
        detail_manifest(card, step, event);
        return 0;
    case INVOICE:
        detail_invoice(card, event);
        return 0;
    case WIPE:
        detail_wipe(step, event);
        return 0;
    case COMPOSITION:
        event->detail = EVENT_DETAIL_COMPOSITION;
        event->composition = (struct composition){0};
        if (compose(card, arena, &event->composition))
            return ERR_NO_MEMORY;
        return attach_photos(&scenario->random, arena, event);
    }
    return ERR_INTERNAL;
}

int scenario_event(struct scenario *scenario, const struct scenario_step *step, const struct roster *roster,
                   int64_t at_us, struct arena *arena, struct event *event)
{
    const struct card *card = &scenario->card;
    const struct roster_party *party = roster_party_of(roster, cast(scenario, step->by));
    const bool on_the_road = is_on_the_road(step->type);
    const struct place where = on_the_road               ? scenario->pickup
                               : step->by == ROLE_DRIVER ? roster_party_of(roster, scenario_destination(scenario))->site
                                                         : party->site;
    *event = (struct event){
        .type = step->type,
        .at_us = at_us,
        .item = card_item_ref(card, step->item, arena),
        .site = step->by == ROLE_DRIVER ? TEXT("") : text_of(party->site_code),
        .counterparty =
            step->to == ROLE_NONE ? TEXT("") : text_of(roster_party_of(roster, cast(scenario, step->to))->code),
        .actor = text_of(roster->sources[scenario_source(scenario, step, roster)].name),
        .conveyance = step->by == ROLE_DRIVER ? text_of(roster->plates[scenario->driver]) : TEXT(""),
        .position = {.present = true, .lon_e7 = where.lon_e7, .lat_e7 = where.lat_e7, .datum = DATUM_WGS84},
    };
    if (event->item.identifier_count == 0)
        return ERR_NO_MEMORY;
    invent_uuid(&scenario->random, event->event_id);
    if (is_weighed(step->type))
        event->mass = (struct mass){
            .present = true,
            .estimated = step->type == EVENT_TYPE_PICKED_UP,
            .mass_g = item_mass_g(card, step->item),
            .scale_class = step->type == EVENT_TYPE_PICKED_UP ? TEXT("") : TEXT("III"),
        };
    return fill_detail(scenario, step, arena, event);
}
