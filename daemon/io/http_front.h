/* http_front.h - what the files of io/http know of each other: the server, its connections, their requests. */
#ifndef CUSTODY_IO_HTTP_FRONT_H
#define CUSTODY_IO_HTTP_FRONT_H

#include <microhttpd.h>
#include <stdbool.h>

#include "base/buffer.h"
#include "io/http.h"

/* What happened, for the statistics line. */
#define HTTP_COUNTER_TABLE(X)                                                                                          \
    X(connections, "connections taken")                                                                                \
    X(requests, "requests that reached a handler")                                                                     \
    X(refused, "requests that reached none: no such path, malformed, too large")                                       \
    X(late, "answers that were not made in time")                                                                      \
    X(disconnected, "peers that did not send or take in time")

struct http_counters {
#define X(name, help) uint64_t name;
    HTTP_COUNTER_TABLE(X)
#undef X
};

/* A connection; libmicrohttpd has it as the context of its socket. */
struct http_peer {
    struct http_peer *next, *previous;
    int fd;
    uint64_t deadline_ms;
    struct http_request *waiting; /* suspended until somebody answers */
};

struct http {
    uv_loop_t *loop;
    struct http_settings settings;
    char *socket_path; /* to be removed at the end; NULL: TCP */
    struct http_route routes[HTTP_ROUTES_MAX];
    size_t route_count;

    struct MHD_Daemon *daemon;
    int listener;
    struct http_peer *peers;
    size_t peer_count;
    size_t owed; /* requests that a handler has not answered */
    struct http_counters counters, logged;

    uv_poll_t poll;       /* libmicrohttpd's epoll descriptor */
    uv_prepare_t prepare; /* asks it how long we may sleep */
    uv_timer_t wake;      /* the end of that sleep */
    uv_idle_t pump;       /* runs it once from the loop */
    uv_timer_t tick;      /* deadlines */
    unsigned open_handles;
    bool closing;
    void (*on_closed)(void *context);
    void *closed_context;
};

/* ---- http_request.c */

/* Callbacks of libmicrohttpd. */
void *http_on_uri(void *context, const char *uri, struct MHD_Connection *connection);
enum MHD_Result http_on_request(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                                const char *version, const char *data, size_t *size, void **request_context);
void http_on_completed(void *context, struct MHD_Connection *connection, void **request_context,
                       enum MHD_RequestTerminationCode code);

/* Tells a peer that waits that there will be no answer. */
void http_give_up(struct http_request *request, const char *why);

/* ---- http.c */

/* Gives the peer its full time again. */
void http_renew(struct http *http, struct http_peer *peer);
/* libmicrohttpd has something to do that no descriptor tells of. */
void http_pump(struct http *http);
/* After the last handle and the last answer. */
void http_finish_close(struct http *http);

#endif
