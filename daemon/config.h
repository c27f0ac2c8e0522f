/* config.h - one table of settings for both programs: name, type, unit, bounds, default, reloadable, help.
 *
 * Syntax of the file: libconfig. An environment variable CUSTODY_<NAME IN CAPITALS> overrides the file. An unknown key
 * is an error with file and line. On reload, a change of a setting that is not reloadable is an error and the old
 * configuration stays. */
#ifndef CUSTODY_CONFIG_H
#define CUSTODY_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

enum { CONFIG_TEXT_BYTES = 1024, CONFIG_LANES_MAX = 16 };

/* member, type (TEXT, NUMBER, FLAG), default, least, most, unit, reloadable, help */
#define CONFIG_TABLE(X)                                                                                                \
    X(database, TEXT, "", 0, 0, "", false, "libpq connection string; several hosts allowed; empty: PG* variables")     \
    X(broker, TEXT, "localhost:1883", 0, 0, "", false,                                                                 \
      "brokers, tried in turn: host:port or unix:/path, separated by commas")                                          \
    X(broker_username, TEXT, "", 0, 0, "", false, "user name at the broker; empty: none")                              \
    X(broker_password_file, TEXT, "", 0, 0, "", false, "file with the broker password; empty: none")                   \
    X(broker_ca_file, TEXT, "", 0, 0, "", false, "CA certificates for TLS to the broker; empty: no TLS")               \
    X(broker_cert_file, TEXT, "", 0, 0, "", false, "client certificate for TLS")                                       \
    X(broker_key_file, TEXT, "", 0, 0, "", false, "key of the client certificate")                                     \
    X(client_id, TEXT, "custodyd", 0, 0, "", false, "MQTT client id; lane n appends -n")                               \
    X(origin, TEXT, "localhost/custody", 0, 0, "", false,                                                              \
      "name of the log in every note (C2SP tlog-checkpoint origin)")                                                   \
    X(ack_key_file, TEXT, "", 0, 0, "", false, "secret key that signs acknowledgement notes, name <origin>/ack")       \
    X(checkpoint_key_file, TEXT, "", 0, 0, "", false,                                                                  \
      "secret key that signs the log's heads, name <origin>; needs head_file; empty: none is signed")                  \
    X(checkpoint_interval_ms, NUMBER, 1000, 200, 60000, "ms", false, "a head is signed at most so often")              \
    X(head_file, TEXT, "", 0, 0, "", false,                                                                            \
      "last signed head, on a disk apart from the database and its backups; one a daemon")                             \
    X(lanes, TEXT, "+", 0, 0, "", false,                                                                               \
      "area codes each lane serves: lanes apart by ';', areas of one by ',', each once; '+' alone: all, one lane")     \
    X(batch_max_envelopes, NUMBER, 8192, 1, 60000, "envelopes", false, "most envelopes in one transaction")            \
    X(batch_max_bytes, NUMBER, 1572864, 65536, 1073741824, "bytes", true, "most payload bytes in one transaction")     \
    X(linger_ms, NUMBER, 0, 0, 1000, "ms", true, "wait for more before storing; spares a slow disk")                   \
    X(arena_max_bytes, NUMBER, 67108864, 1048576, 4294967296, "bytes", false, "memory bound of one lane's batch")      \
    X(source_rate_per_s, NUMBER, 200, 1, 1000000, "envelopes/s", true,                                                 \
      "sustained rate of one source before it is throttled")                                                           \
    X(source_burst, NUMBER, 20000, 1, 10000000, "envelopes", true, "burst of one source")                              \
    X(unknown_rate_per_s, NUMBER, 20, 0, 1000000, "envelopes/s", true,                                                 \
      "dead letters a second for what cannot be attributed")                                                           \
    X(verify_threads, NUMBER, 0, 0, 64, "threads", false,                                                              \
      "threads that check and make signatures; 0: one for each core but one")                                          \
    X(gap_grace_s, NUMBER, 60, 0, 86400, "s", true, "how long a hole in a sequence may stay before S01 is raised")     \
    X(clock_skew_max_s, NUMBER, 300, 1, 31536000, "s", true,                                                           \
      "device clock against ours, beyond it a warning and S03 on a jump")                                              \
    X(phone_key_file, TEXT, "", 0, 0, "", false,                                                                       \
      "key of the hashes of telephone numbers in listings; empty: numbers in texts are not used")                      \
    X(reentry_flags_per_day, NUMBER, 200, 1, 1000000, "flags", true,                                                   \
      "re-entry flags that the sightings of one source put into the queue in a day; more stand behind one (S06)")      \
    X(partition_days_ahead, NUMBER, 7, 1, 60, "days", false, "day partitions made ahead of need")                      \
    X(clock_interval_ms, NUMBER, 1000, 50, 3600000, "ms", true,                                                        \
      "how often it is looked for deadlines that came and items to be folded again")                                   \
    X(clock_behind_s, NUMBER, 0, 0, 315360000, "s", true,                                                              \
      "deadlines are judged as of so long ago: for histories that are played in from the past")                        \
    X(drain_timeout_ms, NUMBER, 10000, 0, 600000, "ms", true, "how long SIGTERM waits for the batches under way")      \
    X(statement_timeout_ms, NUMBER, 30000, 100, 600000, "ms", false, "deadline of one database statement")             \
    X(http_listen, TEXT, "", 0, 0, "", false,                                                                          \
      "where HTTP is answered: host:port, [address]:port, :port or unix:/path; empty: nowhere")                        \
    X(http_connections_max, NUMBER, 256, 8, 10000, "connections", false, "further ones wait")                          \
    X(http_timeout_ms, NUMBER, 10000, 100, 600000, "ms", false,                                                        \
      "for a request to arrive, for its answer to be made, for it to be taken, for the next")                          \
    X(serve_database, TEXT, "", 0, 0, "", false,                                                                       \
      "connection string for serving the log, as user=custody_monitor, a standby will do; empty: as database")         \
    X(policy_file, TEXT, "", 0, 0, "", false,                                                                          \
      "trust policy of the log: its own key, its witnesses with URLs, their quorum (C2SP tlog-policy)")                \
    X(witness_key_file, TEXT, "", 0, 0, "", false, "role witness: secret key of its cosignatures")                     \
    X(witness_state_dir, TEXT, "", 0, 0, "", false,                                                                    \
      "role witness: its memory, what was cosigned last: never lost, never restored from a backup")                    \
    X(witness_policy_file, TEXT, "", 0, 0, "", false, "role witness: the logs that it knows (C2SP tlog-policy)")       \
    X(gateway_broker, TEXT, "", 0, 0, "", false, "role gateway: brokers to which Traccar publishes; empty: as broker") \
    X(gateway_topic, TEXT, "traccar/positions", 0, 0, "", false, "role gateway: Traccar's forward.topic")              \
    X(gateway_trackers_file, TEXT, "", 0, 0, "", false,                                                                \
      "role gateway: a line a tracker, its uniqueId in Traccar and its source")                                        \
    X(gateway_source, TEXT, "gateway", 0, 0, "", false,                                                                \
      "role gateway: its own source and user at Traccar's broker; says what could not be translated")                  \
    X(gateway_area, TEXT, "", 0, 0, "", false, "role gateway: area code of all these sources")                         \
    X(gateway_key_file, TEXT, "", 0, 0, "", false,                                                                     \
      "role gateway: secret key that signs for all these sources; empty: they are unsigned")                           \
    X(gateway_ack_key, TEXT, "", 0, 0, "", false,                                                                      \
      "role gateway: verifier key of acknowledgement notes, <origin>/ack+<id>+<key>")                                  \
    X(gateway_state_file, TEXT, "", 0, 0, "", false, "role gateway: its last epoch; one a gateway")                    \
    X(gateway_datum, TEXT, "wgs84", 0, 0, "", false,                                                                   \
      "role gateway: what the trackers report: wgs84, gcj02, bd09 or cgcs2000")                                        \
    X(gateway_answer_s, NUMBER, 30, 1, 3600, "s", false,                                                               \
      "role gateway: a source that has no answer for so long is set aside: is it registered?")                         \
    X(log_level, TEXT, "info", 0, 0, "", true, "debug, info, warn or error")

struct config {
#define CONFIG_MEMBER_TEXT(name) char name[CONFIG_TEXT_BYTES];
#define CONFIG_MEMBER_NUMBER(name) int64_t name;
#define CONFIG_MEMBER_FLAG(name) bool name;
#define X(name, type, ...) CONFIG_MEMBER_##type(name)
    CONFIG_TABLE(X)
#undef X
};

/* Defaults, then the file (NULL: none), then the environment. On any error nothing is changed; `error` says file,
 * line, key, value and a hint. 0 or ERR_CONFIG. */
int config_load(struct config *config, const char *path, struct error *error) MUST_USE;
/* Defaults, then text in the file's syntax; for fuzzing and tests. */
int config_parse(struct config *config, const char *text, struct error *error) MUST_USE;
/* Loads again; ERR_CONFIG and no change when the file is wrong or a setting that is not reloadable differs. */
int config_reload(struct config *config, const char *path, struct error *error) MUST_USE;

/* The example file with every setting, its unit, bounds and help. */
void config_print_example(FILE *out);

#endif
