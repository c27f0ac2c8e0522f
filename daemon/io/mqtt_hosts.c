/* mqtt_hosts.c - "unix:/path" | "host:port" | "[v6]:port" | "host", between commas. */
#include "io/mqtt_hosts.h"

#include <string.h>

#include "base/text.h"

enum { SUN_PATH_MAX = 107 }; /* bytes of sun_path without its NUL */

static int parse_host(struct text t, struct mqtt_host *host, struct error *error)
{
    const char *colon;
    int64_t port = 1883;

    if (t.len > 5 && memcmp(t.data, "unix:", 5) == 0) {
        host->port = 0;
        if (t.len - 5 <= SUN_PATH_MAX && text_copy(host->name, sizeof host->name, (struct text){t.data + 5, t.len - 5}))
            return 0;
        return error_set(error, ERR_CONFIG, "broker: path \"%.*s\" is too long; hint: at most %d bytes", TEXT_ARG(t),
                         SUN_PATH_MAX);
    }
    colon = memrchr(t.data, ':', t.len);
    if (colon && !memchr(colon, ']', t.len - (size_t)(colon - t.data))) {
        struct text digits = {colon + 1, t.len - (size_t)(colon + 1 - t.data)};

        if (!text_to_i64(digits, 1, 65535, &port))
            return error_set(error, ERR_CONFIG, "broker: port \"%.*s\"; hint: host:port with port 1 to 65535",
                             TEXT_ARG(digits));
        t.len = (size_t)(colon - t.data);
    }
    if (t.len >= 2 && t.data[0] == '[' && t.data[t.len - 1] == ']')
        t = (struct text){t.data + 1, t.len - 2};
    host->port = (int)port;
    if (t.len && text_copy(host->name, sizeof host->name, t))
        return 0;
    return error_set(error, ERR_CONFIG, "broker: host \"%.*s\"; hint: host:port or unix:/path", TEXT_ARG(t));
}

int mqtt_hosts_parse(struct mqtt_hosts *hosts, const char *setting, struct error *error)
{
    hosts->count = 0;
    while (*setting) {
        size_t len = strcspn(setting, ",");
        struct text t = {setting, len};

        while (t.len && *t.data == ' ')
            t = (struct text){t.data + 1, t.len - 1};
        while (t.len && t.data[t.len - 1] == ' ')
            t.len--;
        if (t.len) {
            int code;

            if (hosts->count == MQTT_HOSTS_MAX)
                return error_set(error, ERR_CONFIG, "broker: more than %d hosts; hint: name fewer", MQTT_HOSTS_MAX);
            code = parse_host(t, &hosts->hosts[hosts->count], error);
            if (code)
                return code;
            hosts->count++;
        }
        setting += len + (setting[len] == ',');
    }
    return hosts->count ? 0 : error_set(error, ERR_CONFIG, "broker: no host; hint: host:port or unix:/path");
}
