/* http.h - an HTTP/1.1 server on the loop (libmicrohttpd): routes, requests, answers that may come later.
 *
 * Life: http_new -> http_route ... -> http_open -> requests -> http_close -> on_closed.
 *
 * A handler is called with a whole request and owes it exactly one http_answer, within the call or later, from a database's callback
 * for instance. A later one waits at most timeout_ms: then the peer is told 503, and the answer, when it comes, is thrown away. So
 * is an answer whose peer has gone. Until it is answered the request lives; afterwards it is not to be touched.
 *
 * Every wait has the deadline timeout_ms: for a request to arrive whole, for its answer to be made, for the answer to be taken, for the
 * next request. Whoever misses it is disconnected. Connections beyond connections_max wait in the kernel's queue.
 *
 * Refused before any handler sees them: a repeated Content-Length or Transfer-Encoding, both together, any coding but "chunked"
 * (RFC 9112 section 6.3: with a proxy before us these smuggle requests), control characters, broken escapes, invalid UTF-8. */
#ifndef CUSTODY_IO_HTTP_H
#define CUSTODY_IO_HTTP_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/error.h"
#include "base/text.h"

struct http;
struct http_request;

enum { HTTP_ROUTES_MAX = 256, HTTP_HEADER_BYTES_MAX = 32 * 1024 };

struct http_settings {
    const char *
        listen; /* "host:port", "[address]:port", ":port" (everywhere) or "unix:/path"; borrowed until http_open returns */
    unsigned connections_max;
    uint32_t timeout_ms;
};

struct http_route {
    const char *method; /* "GET", which answers HEAD too, "POST" ...; a literal */
    const char *path;   /* copied; one that ends in '/' takes all below it; the longest that fits counts */
    size_t body_max;    /* bytes of the request's body; more is 413, and so is any where this is 0 */
    void (*handle)(void *context, struct http_request *request);
    void *context;
};

struct http_header {
    const char *name, *value;
};

/* Everything is copied. */
struct http_answer {
    unsigned status;
    const char *type;  /* Content-Type */
    const char *cache; /* Cache-Control; NULL: no-store */
    struct text body;
    const struct http_header *headers; /* further ones */
    size_t header_count;
};

struct http *http_new(uv_loop_t *loop, const struct http_settings *settings);
/* ERR_TOO_LARGE or ERR_NO_MEMORY. Before http_open. */
int http_route(struct http *http, const struct http_route *route) MUST_USE;
/* Binds and listens; a socket file that nobody listens on any more is replaced. 0, or ERR_CONFIG with words. */
int http_open(struct http *http, struct error *error) MUST_USE;
/* Takes no more requests, tells those that wait 503, disconnects all. on_closed comes when every handler has answered, and `http` is
 * freed. */
void http_close(struct http *http, void (*on_closed)(void *context), void *context);

/* ---- a request: the body stays until the answer, the other texts until the handler's call returns */

struct text http_body(const struct http_request *request);
struct text http_path(const struct http_request *request);  /* decoded, without the query */
struct text http_below(const struct http_request *request); /* what stands behind the route's path */
/* Empty where there is none. `name` in any case. */
struct text http_header(struct http_request *request, const char *name);
struct text http_query(struct http_request *request, const char *name);

void http_answer(struct http_request *request, const struct http_answer *answer);
/* Answers with one line of text, which is never cached. */
void http_fail(struct http_request *request, unsigned status, const char *format, ...) PRINTF_LIKE(3, 4);

#endif
