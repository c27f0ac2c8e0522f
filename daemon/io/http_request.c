/* http_request.c - one request: judged by its head, its body collected, handed to its route, answered.
 *
 * libmicrohttpd calls http_on_uri first, then http_on_request with the head, with each piece of the body, and at its end; then the
 * handler runs. When that has not answered, the connection is suspended until http_answer or the deadline resumes it, and
 * http_on_request is called once more. A request is freed when its connection is done with it and its handler has answered. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "io/http_front.h"

enum request_state { REQUEST_NEW, REQUEST_READING, REQUEST_HANDLED, REQUEST_ANSWERED };

struct http_request {
    struct http *http;
    struct http_peer *peer;            /* NULL: out of memory when it came */
    struct MHD_Connection *connection; /* NULL: it is done with us */
    enum request_state state;
    bool uri_is_clean;
    bool owed;     /* the handler has it and has not answered */
    bool handling; /* the handler is on the stack */
    const struct http_route *route;
    struct text path;
    struct buffer body;
    unsigned status;
    struct MHD_Response *response; /* made and not yet given to libmicrohttpd */
};

/* ---- answering */

static void release(struct http_request *request)
{
    struct http *http = request->http;

    if (request->owed || request->connection)
        return;
    if (request->response)
        MHD_destroy_response(request->response);
    buffer_fini(&request->body);
    free(request);
    http_finish_close(http);
}

static struct MHD_Response *make_response(const struct http_answer *answer)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(answer->body.len, (void *)(uintptr_t)answer->body.data, MHD_RESPMEM_MUST_COPY);

    if (!response)
        return NULL;
    if (answer->type)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->type);
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, answer->cache ? answer->cache : "no-store");
    (void)MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    for (size_t i = 0; i < answer->header_count; i++)
        (void)MHD_add_response_header(response, answer->headers[i].name, answer->headers[i].value);
    return response;
}

/* The first answer counts: the handler's, or the deadline's. */
static void set_answer(struct http_request *request, const struct http_answer *answer)
{
    if (request->state == REQUEST_ANSWERED)
        return;
    request->state = REQUEST_ANSWERED;
    request->status = answer->status;
    request->response = make_response(answer);
    if (request->peer && request->peer->waiting == request) {
        request->peer->waiting = NULL;
        http_renew(request->http, request->peer);
        MHD_resume_connection(request->connection);
        http_pump(request->http);
    }
}

void http_answer(struct http_request *request, const struct http_answer *answer)
{
    set_answer(request, answer);
    request->owed = false;
    request->http->owed--;
    if (!request->handling)
        release(request);
}

static void set_failure(struct http_request *request, unsigned status, const char *words, const char *allow)
{
    const struct http_header headers[] = {{MHD_HTTP_HEADER_ALLOW, allow}};

    set_answer(request, &(struct http_answer){.status = status,
                                              .type = "text/plain; charset=utf-8",
                                              .body = text_of(words),
                                              .headers = headers,
                                              .header_count = allow ? 1 : 0});
}

void http_fail(struct http_request *request, unsigned status, const char *format, ...)
{
    char words[ERROR_TEXT_BYTES];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(words, sizeof words - 1, format, arguments);
    va_end(arguments);
    text_make_clean(words);
    (void)strcat(words, "\n");
    http_answer(request,
                &(struct http_answer){.status = status, .type = "text/plain; charset=utf-8", .body = text_of(words)});
}

void http_give_up(struct http_request *request, const char *why)
{
    char words[64];

    (void)snprintf(words, sizeof words, "%s\n", why);
    set_failure(request, MHD_HTTP_SERVICE_UNAVAILABLE, words, NULL);
}

/* Gives libmicrohttpd the answer; without one (out of memory) the connection ends. */
static enum MHD_Result send_answer(struct http_request *request)
{
    enum MHD_Result taken;

    if (!request->response)
        return MHD_NO;
    taken = MHD_queue_response(request->connection, request->status, request->response);
    MHD_destroy_response(request->response);
    request->response = NULL;
    return taken;
}

/* At once, which ends the connection: what follows the head is not read. */
static enum MHD_Result refuse(struct http_request *request, unsigned status, const char *words)
{
    request->http->counters.refused++;
    set_failure(request, status, words, NULL);
    return send_answer(request);
}

/* A request without a body has been read, and the connection goes on: libmicrohttpd calls once more for the answer. */
static enum MHD_Result refuse_softly(struct http_request *request, bool has_body, unsigned status, const char *words,
                                     const char *allow)
{
    request->http->counters.refused++;
    set_failure(request, status, words, allow);
    return has_body ? send_answer(request) : MHD_YES;
}

/* ---- the head */

/* Of anything but a control character. */
static bool is_escape(const char *at)
{
    return isxdigit((unsigned char)at[1]) && isxdigit((unsigned char)at[2]) && at[1] != '0' && at[1] != '1' &&
           strncasecmp(at, "%7f", 3) != 0;
}

/* As it stands in the request line, before libmicrohttpd decodes it: visible ASCII, whole escapes, none of a control character. */
static bool uri_is_clean(const char *uri)
{
    for (const char *at = uri; *at; at++)
        if (*at <= ' ' || *at > '~' || (*at == '%' && !is_escape(at)))
            return false;
    return true;
}

void *http_on_uri(void *context, const char *uri, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct http_request *request = calloc(1, sizeof *request);

    if (!request)
        return NULL;
    request->http = context;
    request->peer = info ? info->socket_context : NULL;
    request->connection = connection;
    request->uri_is_clean = uri_is_clean(uri);
    return request;
}

/* What the head says of the body, and whether it says it in one way only. */
struct head {
    unsigned lengths, codings;
    bool is_clean, is_chunked;
    uint64_t length;
};

static enum MHD_Result http_on_field(void *context, enum MHD_ValueKind kind, const char *name, size_t name_len,
                                     const char *value, size_t value_len)
{
    struct head *head = context;
    int64_t length;

    (void)kind;
    for (size_t i = 0; i < value_len; i++)
        if (((unsigned char)value[i] < ' ' && value[i] != '\t') || value[i] == 0x7f)
            head->is_clean = false;
    for (size_t i = 0; i < name_len; i++)
        if ((unsigned char)name[i] <= ' ' || (unsigned char)name[i] >= 0x7f)
            head->is_clean = false;
    if (strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0) {
        head->lengths++;
        if (!text_to_i64((struct text){value, value_len}, 0, INT64_MAX, &length))
            head->is_clean = false;
        else
            head->length = (uint64_t)length;
    } else if (strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0) {
        head->codings++;
        head->is_chunked = strcasecmp(value, "chunked") == 0;
    }
    return MHD_YES;
}

static bool head_is_clean(const struct head *head)
{
    return head->is_clean && head->lengths + head->codings <= 1 && (head->codings == 0 || head->is_chunked);
}

static bool route_has(const struct http_route *route, const char *url)
{
    size_t len = strlen(route->path);

    return route->path[len - 1] == '/' ? strncmp(url, route->path, len) == 0 : strcmp(url, route->path) == 0;
}

static bool method_fits(const char *asked, const char *method)
{
    return strcmp(asked, method) == 0 || (strcmp(asked, "HEAD") == 0 && strcmp(method, "GET") == 0);
}

/* The longest path that fits; of several with that path, the one of this method, otherwise any. */
static const struct http_route *find_route(const struct http *http, const char *url, const char *method)
{
    const struct http_route *best = NULL;

    for (size_t i = 0; i < http->route_count; i++) {
        const struct http_route *route = &http->routes[i];
        size_t len = strlen(route->path), best_len = best ? strlen(best->path) : 0;

        if (route_has(route, url) && (len > best_len || (len == best_len && method_fits(method, route->method))))
            best = route;
    }
    return best;
}

static enum MHD_Result judge_head(struct http_request *request, const char *url, const char *method)
{
    struct head head = {.is_clean = true};
    bool has_body;

    request->state = REQUEST_READING;
    (void)MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, http_on_field, &head);
    if (!request->peer || !request->uri_is_clean || !head_is_clean(&head) || !text_is_clean_utf8(text_of(url)))
        return refuse(request, MHD_HTTP_BAD_REQUEST, "malformed request\n");
    has_body = head.length || head.codings;
    request->path = text_of(url);
    request->route = find_route(request->http, url, method);
    if (!request->route)
        return refuse_softly(request, has_body, MHD_HTTP_NOT_FOUND, "no such resource\n", NULL);
    if (!method_fits(method, request->route->method))
        return refuse_softly(request, has_body, MHD_HTTP_METHOD_NOT_ALLOWED, "no such method here\n",
                             request->route->method);
    if (head.length > request->route->body_max || (head.codings && !request->route->body_max))
        return refuse(request, MHD_HTTP_CONTENT_TOO_LARGE, "the body is too large\n");
    buffer_init(&request->body, request->route->body_max);
    return MHD_YES;
}

/* ---- the body, the handler */

/* One that was not announced and grows too large cannot be answered before it ends: the connection ends instead. */
static enum MHD_Result take_body(struct http_request *request, const char *data, size_t *size)
{
    buffer_put(&request->body, data, *size);
    *size = 0;
    if (!request->body.failed)
        return MHD_YES;
    request->http->counters.refused++;
    return MHD_NO;
}

static enum MHD_Result handle(struct http_request *request)
{
    struct http *http = request->http;

    if (http->closing) /* a connection may not be suspended any more */
        return refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE, "this server is stopping\n");
    http->counters.requests++;
    request->state = REQUEST_HANDLED;
    request->owed = request->handling = true;
    http->owed++;
    request->route->handle(request->route->context, request);
    request->handling = false;
    http_renew(http, request->peer);
    if (request->state == REQUEST_ANSWERED)
        return send_answer(request);
    request->peer->waiting = request;
    MHD_suspend_connection(request->connection);
    return MHD_YES;
}

enum MHD_Result http_on_request(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                                const char *version, const char *data, size_t *size, void **request_context)
{
    struct http_request *request = *request_context;

    (void)context;
    (void)connection;
    (void)version;
    if (!request)
        return MHD_NO;
    switch (request->state) {
    case REQUEST_NEW:
        return judge_head(request, url, method);
    case REQUEST_READING:
        return *size ? take_body(request, data, size) : handle(request);
    case REQUEST_HANDLED: /* a suspended connection is not called */
        return MHD_NO;
    case REQUEST_ANSWERED:
        return send_answer(request);
    }
    return MHD_NO;
}

void http_on_completed(void *context, struct MHD_Connection *connection, void **request_context,
                       enum MHD_RequestTerminationCode code)
{
    struct http_request *request = *request_context;

    (void)context;
    (void)connection;
    (void)code;
    *request_context = NULL;
    if (!request)
        return;
    if (request->peer) {
        http_renew(request->http, request->peer);
        if (request->peer->waiting == request)
            request->peer->waiting = NULL;
    }
    request->connection = NULL;
    request->peer = NULL;
    request->state = REQUEST_ANSWERED;
    release(request);
}

/* ---- what a handler may ask */

struct text http_path(const struct http_request *request)
{
    return request->path;
}

struct text http_below(const struct http_request *request)
{
    size_t len = strlen(request->route->path);

    return (struct text){request->path.data + len, request->path.len - len};
}

struct text http_body(const struct http_request *request)
{
    return buffer_text(&request->body);
}

struct text http_header(struct http_request *request, const char *name)
{
    return text_of(MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name));
}

struct text http_query(struct http_request *request, const char *name)
{
    return text_of(MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name));
}
