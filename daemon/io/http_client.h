/* http_client.h - POST over HTTP on the loop (libcurl): bounded answers, deadlines, no redirects.
 *
 * Every post ends by exactly one callback, on the loop, never inside the call that made it; http_client_close answers what is under way
 * with ERR_STATE before it returns. Connections are kept and used again. */
#ifndef CUSTODY_IO_HTTP_CLIENT_H
#define CUSTODY_IO_HTTP_CLIENT_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/error.h"
#include "base/text.h"

struct http_client;

struct http_post {
    const char *url;         /* "http://...", "https://...", or "unix:/path" with `path` behind the host; copied */
    const char *path;        /* appended to the URL: "/add-checkpoint" */
    struct text body;        /* copied */
    const char *user_agent;  /* a literal */
    size_t answer_bytes_max; /* a longer answer is ERR_TOO_LARGE */
    uint32_t timeout_ms;     /* of all of it */
};

/* Valid during the callback. */
struct http_reply {
    unsigned status;
    struct text type; /* Content-Type as it came; empty: none */
    struct text body;
};

/* code 0 and a reply of whatever status; or ERR_UNREACHABLE, ERR_TIMEOUT, ERR_TOO_LARGE, ERR_STATE (closed) with words, and NULL. */
typedef void http_on_reply(void *context, int code, const struct http_reply *reply, const struct error *error);

/* NULL: out of memory. */
struct http_client *http_client_new(uv_loop_t *loop);
/* 0, ERR_NO_MEMORY, or ERR_STATE while it closes; then there is no callback. */
int http_client_post(struct http_client *client, const struct http_post *post, http_on_reply *on_reply,
                     void *context) MUST_USE;
void http_client_close(struct http_client *client, void (*on_closed)(void *context), void *context);

#endif
