/* trackers.c - reads the table of trackers, and finds one in it. */
#include "gateway/trackers.h"

#include <stdlib.h>
#include <string.h>

static const char blanks[] = " \t\r";

static struct text take_until(struct text *rest, const char *stops)
{
    struct text taken = {rest->data, 0};
    while (taken.len < rest->len && !(rest->data[taken.len] && strchr(stops, rest->data[taken.len])))
        taken.len++;
    *rest = (struct text){rest->data + taken.len, rest->len - taken.len};
    return taken;
}

static struct text take_word(struct text *line)
{
    while (line->len && *line->data && strchr(blanks, *line->data))
        *line = (struct text){line->data + 1, line->len - 1};
    return take_until(line, blanks);
}

static int add(struct trackers *trackers, struct text unique_id, struct text source)
{
    if ((trackers->count & (trackers->count - 1)) == 0) {
        const size_t room = trackers->count ? 2 * trackers->count : 1;
        struct tracker_name *list = realloc(trackers->list, room * sizeof *list);
        if (list == NULL)
            return ERR_NO_MEMORY;
        trackers->list = list;
    }
    struct tracker_name *name = &trackers->list[trackers->count++];
    (void)text_copy(name->unique_id, sizeof name->unique_id, unique_id);
    (void)text_copy(name->source, sizeof name->source, source);
    return 0;
}

static int parse_line(struct trackers *trackers, const char *place, struct text line, struct error *error)
{
    struct text rest = take_until(&line, "#");
    const struct text unique_id = take_word(&rest), source = take_word(&rest), more = take_word(&rest);
    if (text_empty(unique_id))
        return 0;
    if (!text_is_clean_utf8(unique_id) || unique_id.len >= TRACCAR_ID_BYTES || !source_name_is_valid(source) ||
        more.len)
        return error_set(error, ERR_CONFIG,
                         "%s: no tracker; hint: \"<uniqueId> <source>\", a source being 1 to 64 of a-z, 0-9 and -",
                         place);
    if (trackers->count == TRACKERS_MAX)
        return error_set(error, ERR_CONFIG, "%s: more than %d trackers; hint: a second gateway", place, TRACKERS_MAX);
    const int code = add(trackers, unique_id, source);
    return code ? error_set(error, code, "%s: out of memory", place) : 0;
}

static int by_source(const void *a, const void *b)
{
    return strcmp(((const struct tracker_name *)a)->source, ((const struct tracker_name *)b)->source);
}

static int by_unique_id(const void *a, const void *b)
{
    return strcmp(((const struct tracker_name *)a)->unique_id, ((const struct tracker_name *)b)->unique_id);
}

/* Sorts, and refuses a value that stands there twice. */
static int sort_unique(const struct trackers *trackers, const char *file, int (*compare)(const void *a, const void *b),
                       const char *what, struct error *error)
{
    if (trackers->count)
        qsort(trackers->list, trackers->count, sizeof *trackers->list, compare);
    for (size_t i = 1; i < trackers->count; i++)
        if (compare(&trackers->list[i - 1], &trackers->list[i]) == 0)
            return error_set(error, ERR_CONFIG, "%.200s: %s %s, of %s, is there twice; hint: one source a tracker",
                             file, what, compare == by_source ? trackers->list[i].source : trackers->list[i].unique_id,
                             compare == by_source ? trackers->list[i].unique_id : trackers->list[i].source);
    return 0;
}

int trackers_parse(struct trackers *trackers, const char *file, struct text content, struct error *error)
{
    *trackers = (struct trackers){.count = 0};
    for (size_t line_number = 1; content.len; line_number++) {
        char place[256];
        (void)snprintf(place, sizeof place, "%.200s:%zu", file, line_number);
        const struct text line = take_until(&content, "\n");
        const int code = parse_line(trackers, place, line, error);
        if (code)
            return code;
        if (content.len)
            content = (struct text){content.data + 1, content.len - 1};
    }
    const int code = sort_unique(trackers, file, by_source, "source", error);
    return code ? code : sort_unique(trackers, file, by_unique_id, "uniqueId", error);
}

void trackers_fini(struct trackers *trackers)
{
    free(trackers->list);
    *trackers = (struct trackers){.list = NULL};
}

ptrdiff_t trackers_find(const struct trackers *trackers, const char *unique_id)
{
    struct tracker_name key;
    (void)text_copy(key.unique_id, sizeof key.unique_id, text_of(unique_id));
    const struct tracker_name *found =
        trackers->count ? bsearch(&key, trackers->list, trackers->count, sizeof key, by_unique_id) : NULL;
    return found ? found - trackers->list : -1;
}
