/* report.h - what a source said, as values: the decoded body of one envelope. Mirrors proto/custody/v1/.
 *
 * Made by io/wire from bytes, in an arena; every `text` borrows from that arena and lives until its reset. Enumerations have the
 * numbers of the .proto (io/wire checks at compile time that they agree) and are validated: no value outside the table gets here.
 * Units are in the names: _us microseconds since the Unix epoch, _g grams, _e7 1e-7 degrees (WGS-84 once past io/wire),
 * _cm _cm_s _cdeg, _fen. */
#ifndef CUSTODY_CORE_REPORT_H
#define CUSTODY_CORE_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/encoding.h"
#include "base/hash.h"
#include "base/text.h"

/* Every table: constant, number on the wire and in the database, word used in SQL, JSON and on the command line. */

#define CLOCK_QUALITY_TABLE(X)                                                                                         \
    X(CLOCK_QUALITY_UNSPECIFIED, 0, "unspecified")                                                                     \
    X(CLOCK_QUALITY_UNSYNCHRONISED, 1, "unsynchronised")                                                               \
    X(CLOCK_QUALITY_NETWORK, 2, "network")                                                                             \
    X(CLOCK_QUALITY_GNSS, 3, "gnss")

#define DATUM_TABLE(X)                                                                                                 \
    X(DATUM_UNSPECIFIED, 0, "unspecified")                                                                             \
    X(DATUM_WGS84, 1, "wgs84")                                                                                         \
    X(DATUM_GCJ02, 2, "gcj02")                                                                                         \
    X(DATUM_BD09, 3, "bd09")                                                                                           \
    X(DATUM_CGCS2000, 4, "cgcs2000")

#define ITEM_KIND_TABLE(X)                                                                                             \
    X(ITEM_KIND_UNSPECIFIED, 0, "unspecified")                                                                         \
    X(ITEM_KIND_VEHICLE, 1, "vehicle")                                                                                 \
    X(ITEM_KIND_ENGINE, 2, "engine")                                                                                   \
    X(ITEM_KIND_STEERING, 3, "steering")                                                                               \
    X(ITEM_KIND_GEARBOX, 4, "gearbox")                                                                                 \
    X(ITEM_KIND_FRONT_AXLE, 5, "front_axle")                                                                           \
    X(ITEM_KIND_REAR_AXLE, 6, "rear_axle")                                                                             \
    X(ITEM_KIND_FRAME, 7, "frame")                                                                                     \
    X(ITEM_KIND_PART, 8, "part")                                                                                       \
    X(ITEM_KIND_TRACTION_BATTERY, 9, "traction_battery")                                                               \
    X(ITEM_KIND_LEAD_ACID_BATTERY, 10, "lead_acid_battery")                                                            \
    X(ITEM_KIND_CATALYST, 11, "catalyst")                                                                              \
    X(ITEM_KIND_APPLIANCE, 12, "appliance")                                                                            \
    X(ITEM_KIND_DATA_DEVICE, 13, "data_device")                                                                        \
    X(ITEM_KIND_FARM_MACHINE, 14, "farm_machine")                                                                      \
    X(ITEM_KIND_TYRE, 15, "tyre")                                                                                      \
    X(ITEM_KIND_LOT, 16, "lot")

#define IDENTIFIER_SCHEME_TABLE(X)                                                                                     \
    X(IDENTIFIER_SCHEME_UNSPECIFIED, 0, "unspecified")                                                                 \
    X(IDENTIFIER_SCHEME_VIN, 1, "vin")                                                                                 \
    X(IDENTIFIER_SCHEME_FRAME_NUMBER, 2, "frame_number")                                                               \
    X(IDENTIFIER_SCHEME_ENGINE_NUMBER, 3, "engine_number")                                                             \
    X(IDENTIFIER_SCHEME_PLATE, 4, "plate")                                                                             \
    X(IDENTIFIER_SCHEME_BATTERY_CODE, 5, "battery_code")                                                               \
    X(IDENTIFIER_SCHEME_IMEI, 6, "imei")                                                                               \
    X(IDENTIFIER_SCHEME_SERIAL_NUMBER, 7, "serial_number")                                                             \
    X(IDENTIFIER_SCHEME_TAG, 8, "tag")                                                                                 \
    X(IDENTIFIER_SCHEME_CERTIFICATE_NUMBER, 9, "certificate_number")                                                   \
    X(IDENTIFIER_SCHEME_LOT, 10, "lot")                                                                                \
    X(IDENTIFIER_SCHEME_GS1, 11, "gs1")

#define EVENT_TYPE_TABLE(X)                                                                                            \
    X(EVENT_TYPE_UNSPECIFIED, 0, "unspecified")                                                                        \
    X(EVENT_TYPE_BOOKED, 1, "booked")                                                                                  \
    X(EVENT_TYPE_PICKED_UP, 2, "picked_up")                                                                            \
    X(EVENT_TYPE_WEIGHED, 3, "weighed")                                                                                \
    X(EVENT_TYPE_LOADED, 4, "loaded")                                                                                  \
    X(EVENT_TYPE_DEPARTED, 5, "departed")                                                                              \
    X(EVENT_TYPE_POSITION, 6, "position")                                                                              \
    X(EVENT_TYPE_ARRIVED, 7, "arrived")                                                                                \
    X(EVENT_TYPE_UNLOADED, 8, "unloaded")                                                                              \
    X(EVENT_TYPE_TRANSFER_OFFERED, 9, "transfer_offered")                                                              \
    X(EVENT_TYPE_TRANSFER_ACCEPTED, 10, "transfer_accepted")                                                           \
    X(EVENT_TYPE_TRANSFER_REJECTED, 11, "transfer_rejected")                                                           \
    X(EVENT_TYPE_INTAKE, 12, "intake")                                                                                 \
    X(EVENT_TYPE_INSPECTED, 13, "inspected")                                                                           \
    X(EVENT_TYPE_QUARANTINED, 14, "quarantined")                                                                       \
    X(EVENT_TYPE_RELEASED, 15, "released")                                                                             \
    X(EVENT_TYPE_POLICE_NOTIFIED, 16, "police_notified")                                                               \
    X(EVENT_TYPE_DEPOLLUTED, 17, "depolluted")                                                                         \
    X(EVENT_TYPE_DATA_WIPED, 18, "data_wiped")                                                                         \
    X(EVENT_TYPE_WIPE_VERIFIED, 19, "wipe_verified")                                                                   \
    X(EVENT_TYPE_SUPERVISION_ATTESTED, 20, "supervision_attested")                                                     \
    X(EVENT_TYPE_DISMANTLED, 21, "dismantled")                                                                         \
    X(EVENT_TYPE_DESTROYED, 22, "destroyed")                                                                           \
    X(EVENT_TYPE_REMAN_RELEASED, 23, "reman_released")                                                                 \
    X(EVENT_TYPE_REPROCESS_RELEASED, 24, "reprocess_released")                                                         \
    X(EVENT_TYPE_REUSE_MARKED, 25, "reuse_marked")                                                                     \
    X(EVENT_TYPE_LOT_CREATED, 26, "lot_created")                                                                       \
    X(EVENT_TYPE_LOT_MERGED, 27, "lot_merged")                                                                         \
    X(EVENT_TYPE_LOT_SPLIT, 28, "lot_split")                                                                           \
    X(EVENT_TYPE_LOT_SOLD, 29, "lot_sold")                                                                             \
    X(EVENT_TYPE_HAZ_MANIFEST_OPENED, 30, "haz_manifest_opened")                                                       \
    X(EVENT_TYPE_HAZ_MANIFEST_CONFIRMED, 31, "haz_manifest_confirmed")                                                 \
    X(EVENT_TYPE_CERT_ISSUED, 32, "cert_issued")                                                                       \
    X(EVENT_TYPE_CERT_VOIDED, 33, "cert_voided")                                                                       \
    X(EVENT_TYPE_DEREG_FILED, 34, "dereg_filed")                                                                       \
    X(EVENT_TYPE_DEREGISTERED, 35, "deregistered")                                                                     \
    X(EVENT_TYPE_INVOICED, 36, "invoiced")                                                                             \
    X(EVENT_TYPE_CORRECTED, 37, "corrected")                                                                           \
    X(EVENT_TYPE_DISPUTED, 38, "disputed")                                                                             \
    X(EVENT_TYPE_SMELTED, 39, "smelted")                                                                               \
    X(EVENT_TYPE_MATERIAL_RECOVERED, 40, "material_recovered")                                                         \
    X(EVENT_TYPE_TREATED, 41, "treated")                                                                               \
    X(EVENT_TYPE_USED_GOODS_RELEASED, 42, "used_goods_released")                                                       \
    X(EVENT_TYPE_WIPED_RESOLD, 43, "wiped_resold")                                                                     \
    X(EVENT_TYPE_RETREADED, 44, "retreaded")                                                                           \
    X(EVENT_TYPE_GRADED, 45, "graded")

#define EVIDENCE_KIND_TABLE(X)                                                                                         \
    X(EVIDENCE_KIND_UNSPECIFIED, 0, "unspecified")                                                                     \
    X(EVIDENCE_KIND_PHOTO_BEFORE, 1, "photo_before")                                                                   \
    X(EVIDENCE_KIND_PHOTO_AFTER, 2, "photo_after")                                                                     \
    X(EVIDENCE_KIND_PHOTO_VIN, 3, "photo_vin")                                                                         \
    X(EVIDENCE_KIND_VIN_RUBBING, 4, "vin_rubbing")                                                                     \
    X(EVIDENCE_KIND_DOCUMENT, 5, "document")                                                                           \
    X(EVIDENCE_KIND_VIDEO, 6, "video")                                                                                 \
    X(EVIDENCE_KIND_PHOTO_MARK, 7, "photo_mark")

#define SCRAP_REASON_TABLE(X)                                                                                          \
    X(SCRAP_REASON_UNSPECIFIED, 0, "unspecified")                                                                      \
    X(SCRAP_REASON_COMPULSORY, 1, "compulsory")                                                                        \
    X(SCRAP_REASON_VOLUNTARY, 2, "voluntary")

#define VEHICLE_CLASS_TABLE(X)                                                                                         \
    X(VEHICLE_CLASS_UNSPECIFIED, 0, "unspecified")                                                                     \
    X(VEHICLE_CLASS_SMALL_PASSENGER, 1, "small_passenger")                                                             \
    X(VEHICLE_CLASS_LARGE_PASSENGER, 2, "large_passenger")                                                             \
    X(VEHICLE_CLASS_TRUCK, 3, "truck")                                                                                 \
    X(VEHICLE_CLASS_SCHOOL_BUS, 4, "school_bus")                                                                       \
    X(VEHICLE_CLASS_OTHER_OPERATING, 5, "other_operating")                                                             \
    X(VEHICLE_CLASS_MOTORCYCLE, 6, "motorcycle")                                                                       \
    X(VEHICLE_CLASS_TRAILER, 7, "trailer")

#define INSPECTION_RESULT_TABLE(X)                                                                                     \
    X(INSPECTION_RESULT_UNSPECIFIED, 0, "unspecified")                                                                 \
    X(INSPECTION_RESULT_OK, 1, "ok")                                                                                   \
    X(INSPECTION_RESULT_MISMATCH, 2, "mismatch")                                                                       \
    X(INSPECTION_RESULT_ALTERED, 3, "altered")                                                                         \
    X(INSPECTION_RESULT_MISSING, 4, "missing")

#define BUYER_CLASS_TABLE(X)                                                                                           \
    X(BUYER_CLASS_UNSPECIFIED, 0, "unspecified")                                                                       \
    X(BUYER_CLASS_REMANUFACTURER, 1, "remanufacturer")                                                                 \
    X(BUYER_CLASS_STEEL_MILL, 2, "steel_mill")                                                                         \
    X(BUYER_CLASS_VEHICLE_RECYCLER, 3, "vehicle_recycler")                                                             \
    X(BUYER_CLASS_BATTERY_PROCESSOR, 4, "battery_processor")                                                           \
    X(BUYER_CLASS_HAZARDOUS_WASTE_OPERATOR, 5, "hazardous_waste_operator")                                             \
    X(BUYER_CLASS_WEEE_TREATMENT, 6, "weee_treatment")                                                                 \
    X(BUYER_CLASS_TRADER, 7, "trader")                                                                                 \
    X(BUYER_CLASS_EBIKE, 8, "ebike")                                                                                   \
    X(BUYER_CLASS_CONSUMER, 9, "consumer")

#define CORRECTION_REASON_TABLE(X)                                                                                     \
    X(CORRECTION_REASON_UNSPECIFIED, 0, "unspecified")                                                                 \
    X(CORRECTION_REASON_DID_NOT_OCCUR, 1, "did_not_occur")                                                             \
    X(CORRECTION_REASON_INCORRECT_DATA, 2, "incorrect_data")

#define SIGHTING_KIND_TABLE(X)                                                                                         \
    X(SIGHTING_KIND_UNSPECIFIED, 0, "unspecified")                                                                     \
    X(SIGHTING_KIND_LISTING, 1, "listing")                                                                             \
    X(SIGHTING_KIND_TRANSFER, 2, "transfer")                                                                           \
    X(SIGHTING_KIND_REGISTRATION, 3, "registration")                                                                   \
    X(SIGHTING_KIND_INSPECTION, 4, "inspection")                                                                       \
    X(SIGHTING_KIND_ROADSIDE_CAMERA, 5, "roadside_camera")                                                             \
    X(SIGHTING_KIND_IMPORT, 6, "import")                                                                               \
    X(SIGHTING_KIND_NETWORK_ACTIVITY, 7, "network_activity")                                                           \
    X(SIGHTING_KIND_REPAIR, 8, "repair")

#define SIGHTED_USE_TABLE(X)                                                                                           \
    X(SIGHTED_USE_UNSPECIFIED, 0, "unspecified")                                                                       \
    X(SIGHTED_USE_EBIKE, 1, "ebike")                                                                                   \
    X(SIGHTED_USE_ENERGY_STORAGE, 2, "energy_storage")                                                                 \
    X(SIGHTED_USE_VEHICLE, 3, "vehicle")                                                                               \
    X(SIGHTED_USE_CONSUMER, 4, "consumer")

#define X(name, number, word) name = (number),
enum clock_quality { CLOCK_QUALITY_TABLE(X) };
enum datum { DATUM_TABLE(X) };
enum item_kind { ITEM_KIND_TABLE(X) };
enum identifier_scheme { IDENTIFIER_SCHEME_TABLE(X) };
enum event_type { EVENT_TYPE_TABLE(X) };
enum evidence_kind { EVIDENCE_KIND_TABLE(X) };
enum scrap_reason { SCRAP_REASON_TABLE(X) };
enum vehicle_class { VEHICLE_CLASS_TABLE(X) };
enum inspection_result { INSPECTION_RESULT_TABLE(X) };
enum buyer_class { BUYER_CLASS_TABLE(X) };
enum correction_reason { CORRECTION_REASON_TABLE(X) };
enum sighting_kind { SIGHTING_KIND_TABLE(X) };
enum sighted_use { SIGHTED_USE_TABLE(X) };
#undef X

/* Words of the tables; "invalid" for a number outside. Never NULL. */
const char *clock_quality_word(enum clock_quality value);
const char *datum_word(enum datum value);
const char *item_kind_word(enum item_kind value);
const char *identifier_scheme_word(enum identifier_scheme value);
const char *event_type_word(enum event_type value);
const char *evidence_kind_word(enum evidence_kind value);
const char *vehicle_class_word(enum vehicle_class value);
const char *inspection_result_word(enum inspection_result value);
const char *buyer_class_word(enum buyer_class value);
const char *sighting_kind_word(enum sighting_kind value);
const char *sighted_use_word(enum sighted_use value);

/* Word to number; 0 or ERR_INVALID. */
int item_kind_parse(struct text word, enum item_kind *value) MUST_USE;
int identifier_scheme_parse(struct text word, enum identifier_scheme *value) MUST_USE;
int event_type_parse(struct text word, enum event_type *value) MUST_USE;
int datum_parse(struct text word, enum datum *value) MUST_USE;
int buyer_class_parse(struct text word, enum buyer_class *value) MUST_USE;
int sighting_kind_parse(struct text word, enum sighting_kind *value) MUST_USE;

struct position {
    bool present;
    bool has_accuracy;
    int32_t lon_e7, lat_e7; /* WGS-84 */
    enum datum datum;       /* as it was sent */
    uint32_t accuracy_cm;
};

struct fix {
    int64_t at_us;
    int32_t lon_e7, lat_e7; /* WGS-84 */
    enum datum datum;       /* as it was sent */
    bool has_speed, has_course, has_accuracy;
    uint32_t speed_cm_s, course_cdeg, accuracy_cm;
};

struct mass {
    bool present;
    bool estimated;
    int64_t mass_g;
    struct text scale_class;
};

enum reading_kind {
    READING_LOAD_CELL = 2,
    READING_DOOR = 3,
    READING_TILT = 4,
    READING_WEIGHBRIDGE = 5,
    READING_SORTING_MASS = 6,
};
const char *reading_kind_word(enum reading_kind kind);

/* Only the members of its kind are set; the others are zero. */
struct reading {
    int64_t at_us;
    enum reading_kind kind;
    int64_t mass_g;          /* load cell: load; weighbridge: net; sorting: mass */
    int64_t gross_g, tare_g; /* weighbridge */
    int32_t tilt_cdeg;
    bool door_open;
    bool estimated;
    struct text scale_class;
    struct text label; /* door name, weighbridge ticket, sorting material */
    struct text plate; /* weighbridge */
    struct text lot;   /* sorting */
};

struct identifier {
    enum identifier_scheme scheme;
    struct text value; /* io/wire: as sent. Past ingest/gate: normalised by core/identity */
};

enum { ITEM_REF_IDENTIFIERS_MAX = 16 };
struct item_ref {
    enum item_kind kind;
    size_t identifier_count;
    struct identifier *identifiers;
};

struct evidence {
    enum evidence_kind kind;
    struct digest sha256;
    struct text uri;
};

struct part {
    struct item_ref item;
    struct mass mass;
};

/* Which member of struct event is filled; the number of the field in event.proto. */
enum event_detail {
    EVENT_DETAIL_NONE = 0,
    EVENT_DETAIL_PICKUP = 20,
    EVENT_DETAIL_INSPECTION = 21,
    EVENT_DETAIL_COMPOSITION = 22,
    EVENT_DETAIL_CERTIFICATE = 23,
    EVENT_DETAIL_RELEASE = 24,
    EVENT_DETAIL_HAZARDOUS_MANIFEST = 25,
    EVENT_DETAIL_INVOICE = 26,
    EVENT_DETAIL_WIPE = 27,
    EVENT_DETAIL_CORRECTION = 28,
};

struct pickup {
    enum scrap_reason reason;
    enum vehicle_class vehicle_class;
    bool new_energy, battery_swap_model, mortgaged, stores_data;
    int64_t curb_mass_g;
    struct text seller_hash; /* 32 bytes or empty */
    struct text seller_last4, make, model, colour;
    struct text phone_hash;         /* 32 bytes or empty */
    int64_t first_registered_at_us; /* 0: not known */
};

struct inspection {
    enum inspection_result vin, engine_number, plate;
    size_t missing_count;
    enum item_kind *missing;
    bool owner_statement, stolen_hit;
};

struct composition {
    size_t part_count;
    struct part *parts;
    size_t declared_missing_count;
    enum item_kind *declared_missing;
};

struct certificate {
    struct text number, case_number;
    struct text printed; /* the number as it was reported, once normalising has made `number` comparable */
};

struct release {
    enum buyer_class buyer_class;
    bool marked, safety_checked;
    int64_t price_fen;
};

struct hazardous_manifest {
    struct text number, waste_code;
};

struct invoice {
    struct text number;
    int64_t amount_fen;
    bool reverse;
    struct text seller_hash;
};

struct wipe {
    struct text method, tool;
    bool passed;
};

struct correction {
    uint8_t event_id[UUID_BYTES];
    enum correction_reason reason;
    struct text text;
};

struct event {
    uint8_t event_id[UUID_BYTES];
    enum event_type type;
    int64_t at_us;
    struct item_ref item;
    struct text site, counterparty, actor, conveyance, note;
    struct position position;
    struct mass mass;
    size_t evidence_count;
    struct evidence *evidence;
    enum event_detail detail;
    union {
        struct pickup pickup;
        struct inspection inspection;
        struct composition composition;
        struct certificate certificate;
        struct release release;
        struct hazardous_manifest hazardous_manifest;
        struct invoice invoice;
        struct wipe wipe;
        struct correction correction;
    };
};

struct listing {
    bool present;
    struct text platform, listing_id, title, text;
    struct text seller_hash, phone_hash;
    int64_t price_fen;
};

struct sighting {
    uint8_t sighting_id[UUID_BYTES];
    enum sighting_kind kind;
    int64_t at_us;
    size_t identifier_count;
    struct identifier *identifiers;
    enum item_kind item_kind;
    struct text make, model, colour, place;
    uint32_t year;
    bool has_first_registered;
    int64_t first_registered_at_us;
    int64_t odometer_m;
    struct position position;
    enum sighted_use use;
    struct listing listing;
    struct text photo_sha256;                    /* 32 bytes or empty */
    struct text scrap_category, former_category; /* rows of the compulsory-scrapping table; empty: not stated */
    int64_t use_changed_at_us;                   /* 0: it was not */
};

struct birth {
    bool present;
    struct text model, firmware, configuration_sha256, public_key, boot_id;
};

/* What a gateway was sent and could not translate. io/wire refuses every report that has one, for that reason. */
struct untranslated {
    bool present;
    struct text payload; /* any bytes */
    struct text reason;
};

struct report {
    struct text source;
    uint32_t epoch;
    uint64_t seq;
    struct digest previous;
    int64_t device_time_us;
    enum clock_quality clock_quality;
    size_t fix_count, reading_count, event_count, sighting_count;
    struct fix *fixes;
    struct reading *readings;
    struct event *events;
    struct sighting *sightings;
    struct birth birth;
    struct untranslated untranslated;
};

#endif
