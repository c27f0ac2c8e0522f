/* http.c - the server on the loop: libmicrohttpd's epoll descriptor, its clock, the peers' deadlines, the end.
 *
 * libmicrohttpd runs only when we call MHD_run, and we call it from the loop alone: when its descriptor is readable, when the time is
 * over that it gave, and after every resume, which nothing else tells it of. So handlers never run inside http_answer. */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "io/http_front.h"
#include "io/http_listen.h"

enum { TICK_MS = 200, STATS_INTERVAL_MS = 10000 };

/* ---- running */

static void http_on_pump(uv_idle_t *idle)
{
    struct http *http = idle->data;

    (void)uv_idle_stop(idle);
    (void)MHD_run(http->daemon);
}

void http_pump(struct http *http)
{
    if (!http->closing)
        (void)uv_idle_start(&http->pump, http_on_pump);
}

static void http_on_poll(uv_poll_t *poll, int status, int events)
{
    struct http *http = poll->data;

    (void)status;
    (void)events;
    (void)MHD_run(http->daemon);
}

static void http_on_wake(uv_timer_t *timer)
{
    struct http *http = timer->data;

    (void)MHD_run(http->daemon);
}

/* Just before the loop sleeps. */
static void http_on_prepare(uv_prepare_t *prepare)
{
    struct http *http = prepare->data;
    MHD_UNSIGNED_LONG_LONG timeout_ms;

    if (MHD_get_timeout(http->daemon, &timeout_ms) == MHD_YES)
        (void)uv_timer_start(&http->wake, http_on_wake, timeout_ms, 0);
    else
        (void)uv_timer_stop(&http->wake);
}

/* ---- peers and their deadlines */

void http_renew(struct http *http, struct http_peer *peer)
{
    peer->deadline_ms = uv_now(http->loop) + http->settings.timeout_ms;
}

static void take_peer(struct http *http, struct MHD_Connection *connection, void **socket_context)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct http_peer *peer = calloc(1, sizeof *peer);

    if (!peer) /* its first request finds no peer, and is refused */
        return;
    peer->fd = info->connect_fd;
    peer->next = http->peers;
    if (peer->next)
        peer->next->previous = peer;
    http->peers = peer;
    http->peer_count++;
    http->counters.connections++;
    http_renew(http, peer);
    *socket_context = peer;
}

/* At the limit libmicrohttpd stops listening, and listens again when it runs after a connection has gone. */
static void forget_peer(struct http *http, struct http_peer *peer)
{
    if (http->peer_count-- >= http->settings.connections_max)
        http_pump(http);
    if (peer->previous)
        peer->previous->next = peer->next;
    else
        http->peers = peer->next;
    if (peer->next)
        peer->next->previous = peer->previous;
    free(peer);
}

static void http_on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
                               enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        take_peer(context, connection, socket_context);
    else if (*socket_context)
        forget_peer(context, *socket_context);
}

/* libmicrohttpd reads the end of the connection that we make, and closes it as if the peer had. */
static void disconnect(struct http *http, struct http_peer *peer)
{
    http->counters.disconnected++;
    peer->deadline_ms = UINT64_MAX;
    (void)shutdown(peer->fd, SHUT_RDWR);
}

static void log_counters(struct http *http)
{
    if (memcmp(&http->counters, &http->logged, sizeof http->counters) == 0)
        return;
    http->logged = http->counters;
    log_info("http_stats",
             "connections=%" PRIu64 " requests=%" PRIu64 " refused=%" PRIu64 " late=%" PRIu64 " disconnected=%" PRIu64,
             http->counters.connections, http->counters.requests, http->counters.refused, http->counters.late,
             http->counters.disconnected);
}

static void http_on_tick(uv_timer_t *timer)
{
    struct http *http = timer->data;
    uint64_t now_ms = uv_now(http->loop);

    for (struct http_peer *peer = http->peers; peer; peer = peer->next) {
        if (now_ms < peer->deadline_ms)
            continue;
        if (peer->waiting) {
            http->counters.late++;
            http_give_up(peer->waiting, "no answer in time");
        } else {
            disconnect(http, peer);
        }
    }
    if (now_ms / STATS_INTERVAL_MS != (now_ms - TICK_MS) / STATS_INTERVAL_MS)
        log_counters(http);
}

/* ---- the beginning */

struct http *http_new(uv_loop_t *loop, const struct http_settings *settings)
{
    struct http *http = calloc(1, sizeof *http);

    if (!http)
        return NULL;
    http->loop = loop;
    http->settings = *settings;
    http->listener = -1;
    return http;
}

int http_route(struct http *http, const struct http_route *route)
{
    struct http_route *kept = &http->routes[http->route_count];

    assert(!http->daemon && route->path[0] == '/');
    if (http->route_count == HTTP_ROUTES_MAX)
        return ERR_TOO_LARGE;
    *kept = *route;
    kept->path = strdup(route->path);
    if (!kept->path)
        return ERR_NO_MEMORY;
    http->route_count++;
    return 0;
}

static void http_on_trouble(void *context, const char *format, va_list arguments) __attribute__((format(printf, 2, 0)));
static void http_on_trouble(void *context, const char *format, va_list arguments)
{
    char words[ERROR_TEXT_BYTES];

    (void)context;
    (void)vsnprintf(words, sizeof words, format, arguments);
    log_debug("http_trouble", "words=\"%s\"", log_text(text_of(words)));
}

static bool start_daemon(struct http *http)
{
    http->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL, http_on_request, http,
        MHD_OPTION_EXTERNAL_LOGGER, http_on_trouble, http, MHD_OPTION_LISTEN_SOCKET, http->listener,
        MHD_OPTION_CONNECTION_LIMIT, http->settings.connections_max, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)HTTP_HEADER_BYTES_MAX, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_URI_LOG_CALLBACK, http_on_uri, http,
        MHD_OPTION_NOTIFY_COMPLETED, http_on_completed, http, MHD_OPTION_NOTIFY_CONNECTION, http_on_connection, http,
        MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
    return http->daemon != NULL;
}

static void start_handles(struct http *http)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);

    (void)uv_poll_init(http->loop, &http->poll, info->epoll_fd);
    (void)uv_prepare_init(http->loop, &http->prepare);
    (void)uv_timer_init(http->loop, &http->wake);
    (void)uv_idle_init(http->loop, &http->pump);
    (void)uv_timer_init(http->loop, &http->tick);
    http->open_handles = 5;
    http->poll.data = http->prepare.data = http->wake.data = http->pump.data = http->tick.data = http;
    (void)uv_poll_start(&http->poll, UV_READABLE, http_on_poll);
    (void)uv_prepare_start(&http->prepare, http_on_prepare);
    (void)uv_timer_start(&http->tick, http_on_tick, TICK_MS, TICK_MS);
}

int http_open(struct http *http, struct error *error)
{
    const char *path = http_socket_path(http->settings.listen);

    http->listener = http_listen(http->settings.listen, error);
    if (http->listener < 0)
        return ERR_CONFIG;
    http->socket_path = path ? strdup(path) : NULL;
    if (!start_daemon(http)) {
        (void)close(http->listener);
        return error_set(error, ERR_CONFIG, "http_listen: \"%s\": libmicrohttpd does not start; hint: memory, files",
                         http->settings.listen);
    }
    start_handles(http);
    log_info("http_listening", "address=\"%s\"", log_text(text_of(http->settings.listen)));
    return 0;
}

/* ---- the end */

void http_finish_close(struct http *http)
{
    if (!http->closing || http->open_handles || http->owed)
        return;
    http->on_closed(http->closed_context);
    for (size_t i = 0; i < http->route_count; i++)
        free((char *)(uintptr_t)http->routes[i].path);
    free(http->socket_path);
    free(http);
}

static void http_on_handle_closed(uv_handle_t *handle)
{
    struct http *http = handle->data;

    http->open_handles--;
    http_finish_close(http);
}

/* From the loop, when nothing of libmicrohttpd is on the stack. What it still has for its peers it is let send. */
static void http_on_last_pump(uv_idle_t *idle)
{
    struct http *http = idle->data;

    (void)uv_poll_stop(&http->poll);
    (void)MHD_run(http->daemon);
    (void)MHD_run(http->daemon);
    MHD_stop_daemon(http->daemon);
    (void)close(http->listener);
    log_counters(http);
    uv_close((uv_handle_t *)&http->poll, http_on_handle_closed);
    uv_close((uv_handle_t *)&http->prepare, http_on_handle_closed);
    uv_close((uv_handle_t *)&http->wake, http_on_handle_closed);
    uv_close((uv_handle_t *)&http->tick, http_on_handle_closed);
    uv_close((uv_handle_t *)idle, http_on_handle_closed);
}

void http_close(struct http *http, void (*on_closed)(void *context), void *context)
{
    assert(!http->closing);
    http->closing = true;
    http->on_closed = on_closed;
    http->closed_context = context;
    if (http->socket_path)
        (void)unlink(http->socket_path);
    (void)MHD_quiesce_daemon(http->daemon);
    for (struct http_peer *peer = http->peers; peer; peer = peer->next)
        if (peer->waiting)
            http_give_up(peer->waiting, "this server is stopping");
    (void)uv_timer_stop(&http->tick);
    (void)uv_idle_start(&http->pump, http_on_last_pump);
}
