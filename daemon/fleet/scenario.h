/* scenario.h - the story of one item as a table of steps: what happens, who says it, how long after the step before.
 *
 * Terms: a plot is such a table; a card is the invented item the story is about, with its identifiers and its parts;
 * a scenario is a plot being played for a card. Pure: time is an argument and the result is an event to be said. */
#ifndef CUSTODY_FLEET_SCENARIO_H
#define CUSTODY_FLEET_SCENARIO_H

#include "base/arena.h"
#include "core/report.h"
#include "fleet/roster.h"

/* The item of the card, or one of its parts. constant, kind of item, tag suffix, share of the vehicle's mass in
 * thousandths */
#define CARD_ITEM_TABLE(X)                                                                                             \
    X(CARD_SELF, ITEM_KIND_UNSPECIFIED, "", 0)                                                                         \
    X(CARD_ENGINE, ITEM_KIND_ENGINE, "E", 110)                                                                         \
    X(CARD_STEERING, ITEM_KIND_STEERING, "S", 15)                                                                      \
    X(CARD_GEARBOX, ITEM_KIND_GEARBOX, "G", 50)                                                                        \
    X(CARD_FRONT_AXLE, ITEM_KIND_FRONT_AXLE, "FA", 60)                                                                 \
    X(CARD_REAR_AXLE, ITEM_KIND_REAR_AXLE, "RA", 60)                                                                   \
    X(CARD_FRAME, ITEM_KIND_FRAME, "F", 250)                                                                           \
    X(CARD_PART, ITEM_KIND_PART, "P", 12)                                                                              \
    X(CARD_LEAD_ACID_BATTERY, ITEM_KIND_LEAD_ACID_BATTERY, "L", 12)                                                    \
    X(CARD_CATALYST, ITEM_KIND_CATALYST, "C", 5)                                                                       \
    X(CARD_TRACTION_BATTERY, ITEM_KIND_TRACTION_BATTERY, "B", 220)

enum card_item {
#define X(name, kind, suffix, share) name,
    CARD_ITEM_TABLE(X)
#undef X
        CARD_ITEM_COUNT
};

/* What has to be true, beside the time, before a step may happen. */
enum gate {
    GATE_NONE,
    GATE_TRUCK_AT_PICKUP, /* a truck of the fleet stands at the customer's */
    GATE_TRUCK_AT_YARD,
};

struct scenario_step {
    enum event_type type;
    enum role by;
    enum card_item item;
    enum role to;       /* counterparty; ROLE_NONE: none */
    uint32_t after_min; /* simulated minutes after the step before (after the gate opened, if later) */
    enum gate gate;
};

#define PLOT_TABLE(X)                                                                                                  \
    X(PLOT_CAR, "car", ITEM_KIND_VEHICLE)                                                                              \
    X(PLOT_NEW_ENERGY_CAR, "new_energy_car", ITEM_KIND_VEHICLE)                                                        \
    X(PLOT_BUS, "bus", ITEM_KIND_VEHICLE)                                                                              \
    X(PLOT_APPLIANCE_TREATED, "appliance_treated", ITEM_KIND_APPLIANCE)                                                \
    X(PLOT_APPLIANCE_RESOLD, "appliance_resold", ITEM_KIND_APPLIANCE)                                                  \
    X(PLOT_PHONE_RESOLD, "phone_resold", ITEM_KIND_DATA_DEVICE)                                                        \
    X(PLOT_PHONE_TREATED, "phone_treated", ITEM_KIND_DATA_DEVICE)                                                      \
    X(PLOT_TRACTION_BATTERY, "traction_battery", ITEM_KIND_TRACTION_BATTERY)                                           \
    X(PLOT_LEAD_ACID_BATTERY, "lead_acid_battery", ITEM_KIND_LEAD_ACID_BATTERY)                                        \
    X(PLOT_LOT, "lot", ITEM_KIND_LOT)                                                                                  \
    X(PLOT_YARD_INTAKE, "yard_intake", ITEM_KIND_VEHICLE)

enum plot {
#define X(name, word, kind) name,
    PLOT_TABLE(X)
#undef X
        PLOT_COUNT
};
const char *plot_word(enum plot plot);
const struct scenario_step *plot_steps(enum plot plot, size_t *count);

struct card {
    enum plot plot;
    enum item_kind kind;
    enum vehicle_class vehicle_class;
    bool new_energy;
    int64_t mass_g;
    char vin[INVENTED_BYTES], engine_number[INVENTED_BYTES], plate[INVENTED_BYTES]; /* "" where the kind has none */
    char battery_code[INVENTED_BYTES]; /* its own, or of the vehicle's traction battery */
    char imei[INVENTED_BYTES], serial[INVENTED_BYTES], lot[INVENTED_BYTES];
    char tag[INVENTED_BYTES];
    char certificate[INVENTED_BYTES], manifest[INVENTED_BYTES];
    const char *make, *model;
};

/* The `number`th item of a run with this seed. */
void card_init(struct card *card, enum plot plot, uint64_t seed, uint64_t number, const struct roster *roster);
/* The identifiers of the item or part into the arena; identifier_count 0 when memory is exhausted. */
struct item_ref card_item_ref(const struct card *card, enum card_item item, struct arena *arena);
/* The strongest identifier by which the item is looked for. */
struct identifier card_strongest(const struct card *card);

struct scenario {
    struct card card;
    size_t next; /* step */
    int64_t due_at_us;
    bool gate_open[GATE_TRUCK_AT_YARD + 1];
    size_t driver; /* index of the vehicle whose driver picks it up */
    struct place pickup;
    enum role yard; /* which yard plays ROLE_YARD: ROLE_YARD unless it is set after scenario_init */
    struct random random;
};

void scenario_init(struct scenario *scenario, enum plot plot, uint64_t seed, uint64_t number,
                   const struct roster *roster, size_t driver, struct place pickup, int64_t start_us);
/* The step that is due, or NULL: none yet, or none left. */
const struct scenario_step *scenario_due(const struct scenario *scenario, int64_t now_us);
bool scenario_over(const struct scenario *scenario);
/* The next step's gate, GATE_NONE when it waits for time alone or none is left. */
enum gate scenario_gate(const struct scenario *scenario);
void scenario_open_gate(struct scenario *scenario, enum gate gate, int64_t now_us);

/* The event of a step at `at_us`, in the arena, said from `where`. 0 or ERR_NO_MEMORY. */
int scenario_event(struct scenario *scenario, const struct scenario_step *step, const struct roster *roster,
                   int64_t at_us, struct arena *arena, struct event *event) MUST_USE;
/* The step was said: on to the next one, from the time it was due. */
void scenario_advance(struct scenario *scenario);

/* Where the item is taken to: who booked it. */
enum role scenario_destination(const struct scenario *scenario);
/* Index of the roster's source that says the step. */
size_t scenario_source(const struct scenario *scenario, const struct scenario_step *step, const struct roster *roster);

#endif
