/* setup.c - reads a gateway's files, each with words for what is wrong. */
#include "gateway/setup.h"

#include <sodium.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/statefile.h"

enum { EPOCH_ZERO_S = 1700000000, STATE_MAX_BYTES = 64, KEY_NAME_BYTES = 256 };

/* Whatever a file of the configuration lacks, an operator has to mend it before the next start. */
static int wrong(const char *setting, struct error *error)
{
    (void)error_prefix(error, "%s", setting);
    return error->code = ERR_CONFIG;
}

int setup_next_epoch(uint32_t last, int64_t now_us, uint32_t *epoch)
{
    const int64_t seconds = now_us / US_PER_S - EPOCH_ZERO_S;
    const int64_t next = seconds > last ? seconds : (int64_t)last + 1;
    if (next > INT32_MAX)
        return ERR_TOO_LARGE;
    *epoch = (uint32_t)next;
    return 0;
}

/* The file is one number and a newline. */
static int read_epoch(const char *path, uint32_t *last, struct error *error)
{
    struct buffer content;
    int64_t number = 0;
    buffer_init(&content, STATE_MAX_BYTES);
    int code = statefile_read(path, &content, error);
    const struct text text = buffer_text(&content);
    if (code == ERR_NOT_FOUND)
        code = 0;
    else if (code == 0 && (text.len < 2 || text.data[text.len - 1] != '\n' ||
                           !text_to_i64((struct text){text.data, text.len - 1}, 1, INT32_MAX, &number)))
        code = error_set(error, ERR_CONFIG, "%.200s: no epoch; hint: one number, or no file", path);
    *last = (uint32_t)number;
    buffer_fini(&content);
    return code;
}

static int begin_epoch(struct setup *setup, const char *path, struct error *error)
{
    char line[16];
    uint32_t last;
    int code = *path ? statefile_lock(path, &setup->lock, error)
                     : error_set(error, ERR_CONFIG, "gateway_state_file: empty; hint: a file on a disk that stays");
    if (code == 0)
        code = read_epoch(path, &last, error);
    if (code)
        return code;
    code = setup_next_epoch(last, clock_now_us(), &setup->epoch);
    if (code)
        return error_set(error, ERR_CONFIG, "%.200s: after epoch %u there is none; hint: new sources", path, last);
    (void)snprintf(line, sizeof line, "%u\n", setup->epoch);
    return statefile_write(path, text_of(line), error);
}

/* One session a source. */
static int check_own_source(const struct trackers *trackers, const char *own, struct error *error)
{
    for (size_t i = 0; i < trackers->count; i++)
        if (strcmp(trackers->list[i].source, own) == 0)
            return error_set(error, ERR_CONFIG, "gateway_source: %s speaks for tracker %s as well; hint: another name",
                             own, trackers->list[i].unique_id);
    return 0;
}

static int read_trackers(struct setup *setup, const struct config *config, struct error *error)
{
    const char *path = config->gateway_trackers_file;
    struct buffer content;
    if (!*path)
        return error_set(error, ERR_CONFIG,
                         "gateway_trackers_file: empty; hint: a line \"<uniqueId> <source>\" a tracker");
    buffer_init(&content, TRACKERS_FILE_MAX_BYTES);
    int code = statefile_read(path, &content, error);
    code = code ? wrong("gateway_trackers_file", error)
                : trackers_parse(&setup->trackers, path, buffer_text(&content), error);
    buffer_fini(&content);
    return code ? code : check_own_source(&setup->trackers, config->gateway_source, error);
}

static int read_keys(struct setup *setup, const struct config *config, struct error *error)
{
    char name[KEY_NAME_BYTES];
    setup->signs = *config->gateway_key_file != '\0';
    if (setup->signs && keyfile_read(config->gateway_key_file, name, sizeof name, &setup->key, error))
        return wrong("gateway_key_file", error);
    if (!*config->gateway_ack_key)
        return error_set(error, ERR_CONFIG, "gateway_ack_key: empty; hint: what custodyctl keygen printed of ack.key");
    return note_verifier_parse(text_of(config->gateway_ack_key), &setup->verifier, error)
               ? wrong("gateway_ack_key", error)
               : 0;
}

int setup_read(struct setup *setup, const struct config *config, struct error *error)
{
    *setup = (struct setup){.lock = -1};
    int code = 0;
    if (datum_parse(text_of(config->gateway_datum), &setup->datum) || setup->datum == DATUM_UNSPECIFIED)
        code = error_set(error, ERR_CONFIG, "gateway_datum: \"%.40s\"; hint: wgs84, gcj02, bd09 or cgcs2000",
                         config->gateway_datum);
    if (code == 0 && strlen(config->gateway_area) != 6)
        code = error_set(error, ERR_CONFIG, "gateway_area: \"%.40s\"; hint: the six digits of the sources' area",
                         config->gateway_area);
    if (code == 0)
        code = read_keys(setup, config, error);
    if (code == 0)
        code = password_read(config->broker_password_file, setup->password, sizeof setup->password, error)
                   ? wrong("broker_password_file", error)
                   : 0;
    if (code == 0)
        code = read_trackers(setup, config, error);
    return code ? code : begin_epoch(setup, config->gateway_state_file, error);
}

void setup_fini(struct setup *setup)
{
    sodium_memzero(&setup->key, sizeof setup->key);
    sodium_memzero(setup->password, sizeof setup->password);
    trackers_fini(&setup->trackers);
    if (setup->lock >= 0)
        (void)close(setup->lock);
    setup->lock = -1;
}
