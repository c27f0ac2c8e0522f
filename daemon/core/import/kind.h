/* kind.h - what can be imported, and the columns of each kind: the one table from which the template, the help and every
 * check of a file come. Another column is another row. */
#ifndef CUSTODY_CORE_IMPORT_KIND_H
#define CUSTODY_CORE_IMPORT_KIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "core/report.h"

/* One value of a registry document. */
enum import_field_type { IMPORT_TEXT, IMPORT_NUMBER, IMPORT_DEGREES, IMPORT_FLAG, IMPORT_DAY };
struct import_field {
    const char *name;
    enum import_field_type type;
    struct text text;
    int64_t number; /* a day: microseconds since the Unix epoch */
    double degrees;
    bool flag;
};

enum { IMPORT_FIELDS_MAX = 16 };

/* What a row says: an event or a sighting, with a reading beside it, or a document for the registry. Texts are in the
 * arena of the sheet. */
struct import_row {
    size_t line;
    bool refused;
    struct identifier identifiers[ITEM_REF_IDENTIFIERS_MAX];
    size_t identifier_count;
    struct event event;
    struct sighting sighting;
    struct reading reading; /* kind 0: none */
    size_t field_count;
    struct import_field fields[IMPORT_FIELDS_MAX];
};

enum column_type {
    COLUMN_TEXT,       /* struct text: free text */
    COLUMN_CODE,       /* struct text: a number or code, which a spreadsheet must not have shortened */
    COLUMN_IDENTIFIER, /* one identifier more of `scheme` */
    COLUMN_TIME,       /* int64_t, microseconds */
    COLUMN_DAY,        /* the same, a day alone */
    COLUMN_GRAMS,      /* int64_t, given in kg */
    COLUMN_MASS,       /* struct mass, given in kg */
    COLUMN_FEN,        /* int64_t, given in yuan */
    COLUMN_METRES,     /* int64_t, given in km */
    COLUMN_YEAR,       /* uint32_t */
    COLUMN_FLAG,       /* bool */
    COLUMN_WORD,       /* an enumeration: one of `words` */
    COLUMN_DEGREES,    /* registry documents alone */
    COLUMN_DROPPED,    /* known, and not taken: personal data */
};

struct import_word {
    const char *zh, *en; /* zh: "|" between several; the first is shown */
    int number;
};

/* What a code is looked up in, where the database is at hand. */
enum import_reference { IMPORT_REFERENCE_NONE, IMPORT_REFERENCE_SITE, IMPORT_REFERENCE_SCRAP_LIMIT };

struct import_column {
    const char *zh, *en; /* headers; zh: "|" between several, the first is printed */
    const char *field;   /* of the registry's document, in its unit; NULL: as `en` */
    enum column_type type;
    bool required;
    size_t offset; /* in struct import_row, by type; registry documents: none */
    enum identifier_scheme scheme;
    const struct import_word *words; /* ends with a zh of NULL */
    enum import_reference reference; /* COLUMN_CODE alone */
    const char *example;             /* of the template; "" : left empty */
    const char *help;
};

struct import_kind {
    const char *name, *zh, *help;
    const char *noun; /* of the registry's document; NULL: rows are envelopes */
    const struct import_column *columns;
    size_t column_count;
    bool lenient; /* an identifier that cannot be one costs a warning, not the row: others wrote it */
    void (*begin)(struct import_row *row);
    /* What concerns several cells; NULL: all is well, else what is wrong. */
    const char *(*finish)(struct import_row *row);
};

extern const struct import_kind import_kinds[];
extern const size_t import_kind_count;

/* NULL: no such kind. */
const struct import_kind *import_kind_find(struct text name);

/* Whether the word is one of a list "a|b|c", but for width, case and white space. */
bool import_name_matches(const char *names, struct text word);
/* The first of such a list. */
struct text import_first_name(const char *names);

#endif
