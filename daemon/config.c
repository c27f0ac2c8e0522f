/* config.c - reads settings by one table: the file (libconfig), then the environment, each value judged by its line of
 * the table. */
#include "config.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <libconfig.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/text.h"

enum setting_type { SETTING_TEXT, SETTING_NUMBER, SETTING_FLAG };

struct setting {
    const char *name;
    enum setting_type type;
    size_t offset; /* in struct config */
    const char *default_text;
    int64_t default_number; /* of a flag: 0 or 1 */
    int64_t least, most;
    const char *unit;
    bool reloadable;
    const char *help;
};

#define DEFAULT_TEXT(value) .default_text = (value)
#define DEFAULT_NUMBER(value) .default_number = (value)
#define DEFAULT_FLAG(value) .default_number = (value)

static const struct setting settings[] = {
#define X(name_, type_, default_, least_, most_, unit_, reloadable_, help_)                                            \
    {.name = #name_,                                                                                                   \
     .type = SETTING_##type_,                                                                                          \
     .offset = offsetof(struct config, name_),                                                                         \
     DEFAULT_##type_(default_),                                                                                        \
     .least = (least_),                                                                                                \
     .most = (most_),                                                                                                  \
     .unit = (unit_),                                                                                                  \
     .reloadable = (reloadable_),                                                                                      \
     .help = (help_)},
    CONFIG_TABLE(X)
#undef X
};

enum { SETTING_COUNT = sizeof settings / sizeof settings[0], FILE_MAX_BYTES = 1024 * 1024, PLACE_BYTES = 300 };

static char *text_at(struct config *config, const struct setting *setting)
{
    return (char *)config + setting->offset;
}

static int64_t *number_at(struct config *config, const struct setting *setting)
{
    return (int64_t *)(void *)((char *)config + setting->offset);
}

static bool *flag_at(struct config *config, const struct setting *setting)
{
    return (bool *)((char *)config + setting->offset);
}

static void set_defaults(struct config *config)
{
    memset(config, 0, sizeof *config);
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const struct setting *setting = &settings[i];
        switch (setting->type) {
        case SETTING_TEXT:
            text_copy(text_at(config, setting), CONFIG_TEXT_BYTES, text_of(setting->default_text));
            break;
        case SETTING_NUMBER:
            *number_at(config, setting) = setting->default_number;
            break;
        case SETTING_FLAG:
            *flag_at(config, setting) = setting->default_number != 0;
            break;
        }
    }
}

/* ---- judging one value; `place` says where it stands ("custodyd.conf:12", "environment") ---- */

static int check_log_level(const char *place, const char *value, struct error *error)
{
    enum log_level level;
    if (log_level_parse(value, &level) == 0)
        return 0;
    return error_set(error, ERR_CONFIG, "%s: log_level: \"%.40s\" is no level; hint: debug, info, warn or error", place,
                     value);
}

/* Six digits (GB/T 2260). */
static bool is_area(struct text area)
{
    for (size_t i = 0; i < area.len; i++)
        if (area.data[i] < '0' || area.data[i] > '9')
            return false;
    return area.len == 6;
}

static struct text first_area(const char *lanes)
{
    return (struct text){lanes, strcspn(lanes, ",;")};
}

static bool is_named_before(const char *lanes, struct text area)
{
    for (struct text before = first_area(lanes); before.data < area.data;
         before = first_area(before.data + before.len + 1))
        if (text_equal(before, area))
            return true;
    return false;
}

/* A lane has its areas' streams to itself: what two lanes were given, both would store, and neither in order. */
static int check_area(const char *place, const char *lanes, struct text area, struct error *error)
{
    int shown = area.len > 40 ? 40 : (int)area.len;
    if (text_equal(area, TEXT("+")))
        return error_set(error, ERR_CONFIG,
                         "%s: lanes: \"%.60s\" has + beside other areas; hint: + is one lane for all areas and stands "
                         "alone; for more lanes name each area once",
                         place, lanes);
    if (!is_area(area))
        return error_set(error, ERR_CONFIG,
                         "%s: lanes: \"%.*s\" is no area; hint: six digits, areas apart by ',' and lanes by ';', or + "
                         "alone",
                         place, shown, area.data);
    if (is_named_before(lanes, area))
        return error_set(
            error, ERR_CONFIG,
            "%s: lanes: area %.*s is named twice in \"%.60s\"; hint: one lane serves an area, name it once", place,
            shown, area.data, lanes);
    return 0;
}

static int check_lanes(const char *place, const char *value, struct error *error)
{
    size_t lanes = 1;
    if (strcmp(value, "+") == 0)
        return 0;
    for (struct text area = first_area(value);; area = first_area(area.data + area.len + 1)) {
        if (check_area(place, value, area, error) != 0)
            return ERR_CONFIG;
        if (area.data[area.len] == '\0')
            break;
        lanes += area.data[area.len] == ';';
    }
    if (lanes <= CONFIG_LANES_MAX)
        return 0;
    return error_set(error, ERR_CONFIG, "%s: lanes: %zu lanes are more than %d; hint: put more areas into one lane",
                     place, lanes, CONFIG_LANES_MAX);
}

/* What bounds cannot say of a text. */
static const struct {
    const char *name;
    int (*check)(const char *place, const char *value, struct error *error);
} text_checks[] = {
    {"log_level", check_log_level},
    {"lanes", check_lanes},
};

/* Texts may hold passwords: their values are not shown unless a check of their own does. */
static int take_text(struct config *config, const struct setting *setting, const char *place, const char *value,
                     struct error *error)
{
    struct text text = text_of(value);
    if (text.len >= CONFIG_TEXT_BYTES)
        return error_set(error, ERR_CONFIG, "%s: %s: %zu bytes is more than %d; hint: shorten it", place, setting->name,
                         text.len, CONFIG_TEXT_BYTES - 1);
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)value[i] < ' ')
            return error_set(error, ERR_CONFIG, "%s: %s: control character at byte %zu; hint: write it in one line",
                             place, setting->name, i);
    if (!text_is_clean_utf8(text))
        return error_set(error, ERR_CONFIG, "%s: %s: invalid UTF-8; hint: save the file as UTF-8", place,
                         setting->name);
    for (size_t i = 0; i < sizeof text_checks / sizeof text_checks[0]; i++)
        if (strcmp(text_checks[i].name, setting->name) == 0 && text_checks[i].check(place, value, error) != 0)
            return ERR_CONFIG;
    text_copy(text_at(config, setting), CONFIG_TEXT_BYTES, text);
    return 0;
}

static int take_number(struct config *config, const struct setting *setting, const char *place, int64_t value,
                       struct error *error)
{
    if (value < setting->least || value > setting->most)
        return error_set(error, ERR_CONFIG, "%s: %s: %" PRId64 " is outside %" PRId64 "..%" PRId64 " %s; hint: %s",
                         place, setting->name, value, setting->least, setting->most, setting->unit, setting->help);
    *number_at(config, setting) = value;
    return 0;
}

/* ---- the file ---- */

/* libconfig 1.5 cuts numbers of more than 32 bits in silence unless they end in L. So every integer gets its L before
 * libconfig sees it: `out` is a copy of the text with them. */
struct widening {
    const char *at, *end;
    struct buffer *out;
};

/* `stop` is NULL when what began here has no end: libconfig would take the rest of the file for a comment in silence.
 * */
static bool copy_until(struct widening *w, const char *stop)
{
    if (stop == NULL)
        return false;
    buffer_put(w->out, w->at, (size_t)(stop - w->at));
    w->at = stop;
    return true;
}

static const char *line_end(const struct widening *w)
{
    const char *newline = memchr(w->at, '\n', (size_t)(w->end - w->at));
    return newline ? newline : w->end;
}

static const char *string_end(const struct widening *w)
{
    const char *at = w->at + 1;
    while (at < w->end && *at != '"')
        at += *at == '\\' && at + 1 < w->end ? 2 : 1;
    return at < w->end ? at + 1 : NULL;
}

static const char *comment_end(const struct widening *w)
{
    const char *close = w->end - w->at >= 4 ? memmem(w->at + 2, (size_t)(w->end - w->at) - 2, "*/", 2) : NULL;
    return close ? close + 2 : NULL;
}

static const char *word_end(const struct widening *w)
{
    const char *at = w->at;
    if (!isalnum((unsigned char)*at))
        return at + 1; /* a sign among them: the number after it is a word of its own */
    while (at < w->end && (isalnum((unsigned char)*at) || strchr("_.-*", *at)))
        at++;
    return at;
}

static bool is_integer(const char *word, const char *end)
{
    bool hex = end - word > 2 && word[0] == '0' && (word[1] == 'x' || word[1] == 'X');
    for (const char *at = word + (hex ? 2 : 0); at < end; at++)
        if (hex ? !isxdigit((unsigned char)*at) : !isdigit((unsigned char)*at))
            return false;
    return true;
}

static bool widen_one(struct widening *w)
{
    bool starts_comment = w->end - w->at >= 2 && w->at[0] == '/';
    if (*w->at == '"')
        return copy_until(w, string_end(w));
    if (*w->at == '#' || (starts_comment && w->at[1] == '/'))
        return copy_until(w, line_end(w));
    if (starts_comment && w->at[1] == '*')
        return copy_until(w, comment_end(w));
    const char *word = w->at, *end = word_end(w);
    copy_until(w, end);
    if (isdigit((unsigned char)*word) && is_integer(word, end))
        buffer_put(w->out, "L", 1);
    return true;
}

/* Also refuses what libconfig would read beyond our control: NUL and @include. */
static int widen(const char *place, struct text text, struct buffer *out, struct error *error)
{
    struct widening w = {text.data, text.data + text.len, out};
    if (text.len > 0 && memchr(text.data, '\0', text.len))
        return error_set(error, ERR_CONFIG, "%s: holds a NUL; hint: write a text file", place);
    for (int line = 1; w.at < w.end;) {
        const char *start = w.at;
        if (*w.at == '@')
            return error_set(error, ERR_CONFIG, "%s:%d: no @include here; hint: put all settings into one file", place,
                             line);
        if (!widen_one(&w))
            return error_set(error, ERR_CONFIG, "%s:%d: a text or comment begins here and never ends; hint: close it",
                             place, line);
        for (; start < w.at; start++)
            line += *start == '\n';
    }
    buffer_put(out, "", 1);
    return out->failed ? error_set(error, ERR_CONFIG, "%s: more than %d bytes; hint: is it the right file?", place,
                                   FILE_MAX_BYTES)
                       : 0;
}

static const struct setting *setting_named(const char *name)
{
    for (size_t i = 0; i < SETTING_COUNT; i++)
        if (strcmp(settings[i].name, name) == 0)
            return &settings[i];
    return NULL;
}

static const char *type_word(int type)
{
    switch (type) {
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        return "a number";
    case CONFIG_TYPE_FLOAT:
        return "a fraction";
    case CONFIG_TYPE_STRING:
        return "a text";
    case CONFIG_TYPE_BOOL:
        return "true or false";
    default:
        return "a list or group";
    }
}

static int wrong_type(const struct setting *setting, const char *place, int type, struct error *error)
{
    static const char *const wanted[] = {
        [SETTING_TEXT] = "a text in quotes", [SETTING_NUMBER] = "a whole number", [SETTING_FLAG] = "true or false"};
    return error_set(error, ERR_CONFIG, "%s: %s: is %s; hint: write %s", place, setting->name, type_word(type),
                     wanted[setting->type]);
}

static int take_setting(struct config *config, const char *place, const config_setting_t *from, struct error *error)
{
    const char *name = config_setting_name(from);
    int type = config_setting_type(from);
    const struct setting *setting = setting_named(name);
    if (setting == NULL)
        return error_set(error, ERR_CONFIG, "%s: %.60s: is no setting; hint: check its spelling", place, name);
    switch (setting->type) {
    case SETTING_TEXT:
        if (type != CONFIG_TYPE_STRING)
            return wrong_type(setting, place, type, error);
        return take_text(config, setting, place, config_setting_get_string(from), error);
    case SETTING_NUMBER:
        if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64)
            return wrong_type(setting, place, type, error);
        return take_number(config, setting, place, config_setting_get_int64(from), error);
    case SETTING_FLAG:
        if (type != CONFIG_TYPE_BOOL)
            return wrong_type(setting, place, type, error);
        *flag_at(config, setting) = config_setting_get_bool(from) != 0;
        return 0;
    }
    return 0;
}

static int take_tree(struct config *config, const char *name, const config_t *tree, struct error *error)
{
    const config_setting_t *root = config_root_setting(tree);
    int count = config_setting_length(root);
    for (int i = 0; i < count; i++) {
        const config_setting_t *from = config_setting_get_elem(root, (unsigned)i);
        char place[PLACE_BYTES];
        snprintf(place, sizeof place, "%s:%u", name, (unsigned)config_setting_source_line(from));
        if (take_setting(config, place, from, error) != 0)
            return ERR_CONFIG;
    }
    return 0;
}

static int take_file_text(struct config *config, const char *name, struct text text, struct error *error)
{
    struct buffer wide;
    config_t tree;
    buffer_init(&wide, FILE_MAX_BYTES);
    config_init(&tree);
    int code = widen(name, text, &wide, error);
    if (code == 0 && config_read_string(&tree, (const char *)wide.data) != CONFIG_TRUE)
        code = error_set(error, ERR_CONFIG, "%s:%d: %s; hint: a line reads  name = value;", name,
                         config_error_line(&tree), config_error_text(&tree));
    if (code == 0)
        code = take_tree(config, name, &tree, error);
    config_destroy(&tree);
    buffer_fini(&wide);
    return code;
}

static int read_whole(const char *path, struct buffer *out, struct error *error)
{
    FILE *file = fopen(path, "re");
    size_t got = 0;
    if (file == NULL)
        return error_set(error, ERR_CONFIG, "%.200s: %s; hint: check --config", path, strerror(errno));
    do {
        uint8_t *room = buffer_reserve(out, 4096);
        got = room ? fread(room, 1, 4096, file) : 0;
        buffer_commit(out, got);
    } while (got > 0);
    int code = 0;
    if (ferror(file))
        code = error_set(error, ERR_CONFIG, "%.200s: %s; hint: check --config", path, strerror(errno));
    else if (out->failed)
        code = error_set(error, ERR_CONFIG, "%.200s: more than %d bytes; hint: is it the right file?", path,
                         FILE_MAX_BYTES);
    fclose(file);
    return code;
}

static int take_file(struct config *config, const char *path, struct error *error)
{
    struct buffer content;
    char name[PLACE_BYTES - 16];
    buffer_init(&content, FILE_MAX_BYTES);
    text_copy(name, sizeof name, text_of(path));
    int code = read_whole(path, &content, error);
    if (code == 0)
        code = take_file_text(config, name, buffer_text(&content), error);
    buffer_fini(&content);
    return code;
}

/* ---- the environment ---- */

static int take_environment_value(struct config *config, const struct setting *setting, const char *value,
                                  struct error *error)
{
    const char *place = "environment";
    struct text text = text_of(value);
    int64_t number;
    switch (setting->type) {
    case SETTING_TEXT:
        return take_text(config, setting, place, value, error);
    case SETTING_NUMBER:
        if (!text_to_i64(text, INT64_MIN, INT64_MAX, &number))
            return error_set(error, ERR_CONFIG, "%s: %s: \"%.40s\" is no number; hint: %" PRId64 "..%" PRId64 " %s",
                             place, setting->name, value, setting->least, setting->most, setting->unit);
        return take_number(config, setting, place, number, error);
    case SETTING_FLAG:
        *flag_at(config, setting) = text_equal(text, TEXT("true"));
        if (text_equal(text, TEXT("true")) || text_equal(text, TEXT("false")))
            return 0;
        return error_set(error, ERR_CONFIG, "%s: %s: \"%.40s\"; hint: true or false", place, setting->name, value);
    }
    return 0;
}

static int take_environment(struct config *config, struct error *error)
{
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        char variable[64];
        int len = snprintf(variable, sizeof variable, "CUSTODY_%s", settings[i].name);
        assert(len > 0 && (size_t)len < sizeof variable);
        for (char *c = variable; *c; c++)
            *c = (char)toupper((unsigned char)*c);
        const char *value = getenv(variable);
        if (value != NULL && take_environment_value(config, &settings[i], value, error) != 0)
            return ERR_CONFIG;
    }
    return 0;
}

/* ---- what others call ---- */

int config_load(struct config *config, const char *path, struct error *error)
{
    struct config fresh;
    set_defaults(&fresh);
    if (path != NULL && take_file(&fresh, path, error) != 0)
        return ERR_CONFIG;
    if (take_environment(&fresh, error) != 0)
        return ERR_CONFIG;
    *config = fresh;
    return 0;
}

int config_parse(struct config *config, const char *text, struct error *error)
{
    struct config fresh;
    set_defaults(&fresh);
    if (take_file_text(&fresh, "text", text_of(text), error) != 0)
        return ERR_CONFIG;
    *config = fresh;
    return 0;
}

static bool differs(struct config *a, struct config *b, const struct setting *setting)
{
    switch (setting->type) {
    case SETTING_TEXT:
        return strcmp(text_at(a, setting), text_at(b, setting)) != 0;
    case SETTING_NUMBER:
        return *number_at(a, setting) != *number_at(b, setting);
    case SETTING_FLAG:
        return *flag_at(a, setting) != *flag_at(b, setting);
    }
    return true;
}

/* Threads of the pool read settings that cannot change: those are not even written again with what they have. */
static void take_over(struct config *config, const struct config *fresh, const struct setting *setting)
{
    static const size_t sizes[] = {
        [SETTING_TEXT] = CONFIG_TEXT_BYTES, [SETTING_NUMBER] = sizeof(int64_t), [SETTING_FLAG] = sizeof(bool)};
    memcpy((char *)config + setting->offset, (const char *)fresh + setting->offset, sizes[setting->type]);
}

int config_reload(struct config *config, const char *path, struct error *error)
{
    struct config fresh;
    if (config_load(&fresh, path, error) != 0)
        return ERR_CONFIG;
    for (size_t i = 0; i < SETTING_COUNT; i++)
        if (!settings[i].reloadable && differs(config, &fresh, &settings[i]))
            return error_set(error, ERR_CONFIG,
                             "%.200s: %s: changes only with a restart; hint: put the old value back or restart",
                             path ? path : "environment", settings[i].name);
    for (size_t i = 0; i < SETTING_COUNT; i++)
        if (settings[i].reloadable)
            take_over(config, &fresh, &settings[i]);
    return 0;
}

void config_print_example(FILE *out)
{
    fprintf(out, "# Every setting with its default. CUSTODY_<NAME> in the environment goes before this file.\n");
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const struct setting *setting = &settings[i];
        fprintf(out, "\n# %s%s\n", setting->help, setting->reloadable ? "; changes on reload" : "");
        switch (setting->type) {
        case SETTING_TEXT:
            fprintf(out, "%s = \"%s\";\n", setting->name, setting->default_text);
            break;
        case SETTING_NUMBER:
            fprintf(out, "# %" PRId64 "..%" PRId64 " %s\n%s = %" PRId64 ";\n", setting->least, setting->most,
                    setting->unit, setting->name, setting->default_number);
            break;
        case SETTING_FLAG:
            fprintf(out, "%s = %s;\n", setting->name, setting->default_number ? "true" : "false");
            break;
        }
    }
}
