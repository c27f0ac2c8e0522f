/* http_client.c - libcurl's multi interface on the loop: it says which sockets and which time it waits for. */
#include "io/http_client.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

enum { URL_BYTES = 2048, CONNECTIONS_KEPT = 64 };

struct post {
    struct post *next, *previous;
    struct http_client *client;
    CURL *easy;
    struct curl_slist *headers;
    struct buffer answer;
    char words[CURL_ERROR_SIZE];
    http_on_reply *on_reply;
    void *context;
};

struct http_client {
    uv_loop_t *loop;
    CURLM *multi;
    struct post *posts;
    uv_timer_t timer;
    unsigned open_handles;
    bool closing;
    void (*on_closed)(void *context);
    void *closed_context;
};

/* ---- ending */

static void post_free(struct post *post)
{
    if (post->easy)
        curl_easy_cleanup(post->easy);
    curl_slist_free_all(post->headers);
    buffer_fini(&post->answer);
    free(post);
}

static void unlink_post(struct post *post)
{
    (void)curl_multi_remove_handle(post->client->multi, post->easy);
    if (post->previous)
        post->previous->next = post->next;
    else
        post->client->posts = post->next;
    if (post->next)
        post->next->previous = post->previous;
}

static void fail_post(struct post *post, int code, const char *words)
{
    struct error error;

    (void)error_set(&error, code, "http: %s", words);
    unlink_post(post);
    post->on_reply(post->context, code, NULL, &error);
    post_free(post);
}

static void deliver(struct post *post)
{
    struct http_reply reply = {.body = buffer_text(&post->answer)};
    const char *type = NULL;
    long status = 0;

    (void)curl_easy_getinfo(post->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(post->easy, CURLINFO_CONTENT_TYPE, &type);
    reply.status = (unsigned)status;
    reply.type = text_of(type);
    unlink_post(post);
    post->on_reply(post->context, 0, &reply, NULL);
    post_free(post);
}

static void end_post(struct post *post, CURLcode result)
{
    const char *words = *post->words ? post->words : curl_easy_strerror(result);

    if (result == CURLE_OK)
        deliver(post);
    else if (post->answer.failed)
        fail_post(post, ERR_TOO_LARGE, "the answer is longer than its bound");
    else
        fail_post(post, result == CURLE_OPERATION_TIMEDOUT ? ERR_TIMEOUT : ERR_UNREACHABLE, words);
}

/* Callbacks may post again and may close: the list of messages is asked anew each time. */
static void take_messages(struct http_client *client)
{
    const CURLMsg *message;
    int left;

    while (!client->closing && (message = curl_multi_info_read(client->multi, &left)) != NULL) {
        struct post *post = NULL;

        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &post);
        end_post(post, message->data.result);
    }
}

/* ---- what libcurl waits for */

static void act(struct http_client *client, curl_socket_t fd, int events)
{
    int running;

    (void)curl_multi_socket_action(client->multi, fd, events, &running);
    take_messages(client);
}

static void http_client_on_timer(uv_timer_t *timer)
{
    act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

struct watch {
    uv_poll_t poll;
    struct http_client *client;
    curl_socket_t fd;
};

static void http_client_on_poll(uv_poll_t *poll, int status, int events)
{
    struct watch *watch = poll->data;
    int flags = (events & UV_READABLE ? CURL_CSELECT_IN : 0) | (events & UV_WRITABLE ? CURL_CSELECT_OUT : 0);

    act(watch->client, watch->fd, status < 0 ? CURL_CSELECT_ERR : flags);
}

static void finish_close(struct http_client *client)
{
    if (!client->closing || client->open_handles)
        return;
    client->on_closed(client->closed_context);
    free(client);
}

static void http_client_on_watch_closed(uv_handle_t *handle)
{
    struct watch *watch = handle->data;
    struct http_client *client = watch->client;

    free(watch);
    client->open_handles--;
    finish_close(client);
}

static void http_client_on_timer_closed(uv_handle_t *handle)
{
    struct http_client *client = handle->data;

    client->open_handles--;
    finish_close(client);
}

static struct watch *watch_new(struct http_client *client, curl_socket_t fd)
{
    struct watch *watch = calloc(1, sizeof *watch);

    if (!watch || uv_poll_init(client->loop, &watch->poll, fd)) {
        free(watch);
        return NULL;
    }
    watch->client = client;
    watch->fd = fd;
    watch->poll.data = watch;
    client->open_handles++;
    (void)curl_multi_assign(client->multi, fd, watch);
    return watch;
}

/* Without a watch a transfer ends by its deadline. */
static int http_client_on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *socket_context)
{
    struct http_client *client = context;
    struct watch *watch = socket_context;
    int events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (watch)
            uv_close((uv_handle_t *)&watch->poll, http_client_on_watch_closed);
        (void)curl_multi_assign(client->multi, fd, NULL);
        return 0;
    }
    if (!watch)
        watch = watch_new(client, fd);
    if (watch)
        (void)uv_poll_start(&watch->poll, events, http_client_on_poll);
    return 0;
}

static int http_client_on_timeout(CURLM *multi, long timeout_ms, void *context)
{
    struct http_client *client = context;

    (void)multi;
    if (timeout_ms < 0 || client->closing)
        (void)uv_timer_stop(&client->timer);
    else
        (void)uv_timer_start(&client->timer, http_client_on_timer, (uint64_t)timeout_ms, 0);
    return 0;
}

/* ---- posting */

static size_t http_client_on_data(const char *data, size_t size, size_t count, void *context)
{
    struct post *post = context;

    buffer_put(&post->answer, data, size * count);
    return post->answer.failed ? 0 : size * count;
}

static bool set_address(CURL *easy, const struct http_post *post)
{
    char url[URL_BYTES];
    bool is_unix = strncmp(post->url, "unix:", 5) == 0;
    size_t len = strlen(post->url);

    while (len && post->url[len - 1] == '/')
        len--;
    if (is_unix && curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, post->url + 5))
        return false;
    if (is_unix)
        (void)snprintf(url, sizeof url, "http://localhost%s", post->path);
    else if (snprintf(url, sizeof url, "%.*s%s", (int)len, post->url, post->path) >= (int)sizeof url)
        return false;
    return curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK;
}

static bool set_options(struct post *post, const struct http_post *wanted)
{
    CURL *easy = post->easy;

    return set_address(easy, wanted) && !curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") &&
           !curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) && !curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) &&
           !curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)wanted->body.len) &&
           !curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, wanted->body.data) &&
           !curl_easy_setopt(easy, CURLOPT_HTTPHEADER, post->headers) &&
           !curl_easy_setopt(easy, CURLOPT_USERAGENT, wanted->user_agent) &&
           !curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)wanted->timeout_ms) &&
           !curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, post->words) &&
           !curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, http_client_on_data) &&
           !curl_easy_setopt(easy, CURLOPT_WRITEDATA, post) && !curl_easy_setopt(easy, CURLOPT_PRIVATE, post);
}

int http_client_post(struct http_client *client, const struct http_post *wanted, http_on_reply *on_reply, void *context)
{
    struct post *post = client->closing ? NULL : calloc(1, sizeof *post);

    if (!post)
        return client->closing ? ERR_STATE : ERR_NO_MEMORY;
    post->client = client;
    post->on_reply = on_reply;
    post->context = context;
    buffer_init(&post->answer, wanted->answer_bytes_max);
    post->headers = curl_slist_append(NULL, "Content-Type: text/plain; charset=utf-8");
    post->easy = curl_easy_init();
    if (!post->headers || !post->easy || !set_options(post, wanted) ||
        curl_multi_add_handle(client->multi, post->easy)) {
        post_free(post);
        return ERR_NO_MEMORY;
    }
    post->next = client->posts;
    if (post->next)
        post->next->previous = post;
    client->posts = post;
    return 0;
}

/* ---- the beginning and the end */

struct http_client *http_client_new(uv_loop_t *loop)
{
    struct http_client *client = calloc(1, sizeof *client);

    if (!client || curl_global_init(CURL_GLOBAL_DEFAULT) || !(client->multi = curl_multi_init())) {
        free(client);
        return NULL;
    }
    client->loop = loop;
    (void)uv_timer_init(loop, &client->timer);
    client->timer.data = client;
    client->open_handles = 1;
    (void)curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, http_client_on_socket);
    (void)curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    (void)curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, http_client_on_timeout);
    (void)curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
    (void)curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT);
    return client;
}

void http_client_close(struct http_client *client, void (*on_closed)(void *context), void *context)
{
    client->closing = true;
    client->on_closed = on_closed;
    client->closed_context = context;
    for (struct post *post = client->posts, *next; post; post = next) { /* no callback adds or ends another any more */
        next = post->next;
        fail_post(post, ERR_STATE, "closing");
    }
    (void)curl_multi_cleanup(client->multi);
    uv_close((uv_handle_t *)&client->timer, http_client_on_timer_closed);
}
