/* mqtt_hosts.h - the brokers that a setting names. */
#ifndef CUSTODY_IO_MQTT_HOSTS_H
#define CUSTODY_IO_MQTT_HOSTS_H

#include <stddef.h>

#include "base/error.h"

enum { MQTT_HOSTS_MAX = 8, MQTT_HOST_BYTES = 256 };

struct mqtt_host {
    char name[MQTT_HOST_BYTES]; /* host, or path of a unix socket */
    int port;                   /* 0: unix socket */
};

struct mqtt_hosts {
    struct mqtt_host hosts[MQTT_HOSTS_MAX];
    size_t count;
};

/* "unix:/path/broker.sock, host:1883, [::1]:1883, host". 0 or ERR_CONFIG with the words in `error`. */
int mqtt_hosts_parse(struct mqtt_hosts *hosts, const char *setting, struct error *error) MUST_USE;

#endif
