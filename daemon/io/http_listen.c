/* http_listen.c - listening on TCP or on a socket file. */
#include "io/http_listen.h"

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"

enum { BACKLOG = 256, HOST_BYTES = 256, PORT_BYTES = 16 };

static int refuse(const char *address, const char *why, struct error *error)
{
    return error_set(error, ERR_CONFIG,
                     "http_listen: \"%s\": %s; hint: host:port, [address]:port, :port or unix:/path, free to be taken",
                     address, why);
}

const char *http_socket_path(const char *address)
{
    return strncmp(address, "unix:", 5) == 0 ? address + 5 : NULL;
}

static int stream_socket(int family)
{
    return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* ---- a socket file */

/* A killed process leaves its file behind; one that answers is somebody's. */
static bool is_stale(const struct sockaddr_un *at)
{
    int fd = stream_socket(AF_UNIX);
    bool stale;

    if (fd < 0)
        return false;
    stale = connect(fd, (const struct sockaddr *)at, sizeof *at) != 0 && errno == ECONNREFUSED;
    (void)close(fd);
    return stale;
}

static int listen_unix(const char *address, struct error *error)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd;

    if (!text_copy(at.sun_path, sizeof at.sun_path, text_of(http_socket_path(address))) || at.sun_path[0] != '/')
        return refuse(address, "no absolute path of at most 107 bytes", error);
    fd = stream_socket(AF_UNIX);
    if (fd < 0)
        return refuse(address, strerror(errno), error);
    if (is_stale(&at))
        (void)unlink(at.sun_path);
    if (bind(fd, (const struct sockaddr *)&at, sizeof at) || listen(fd, BACKLOG)) {
        int code = refuse(address, strerror(errno), error);

        (void)close(fd);
        return code;
    }
    return fd;
}

/* ---- TCP */

static bool split(const char *address, char host[HOST_BYTES], char port[PORT_BYTES])
{
    const char *colon = strrchr(address, ':');
    struct text name;

    if (!colon || !colon[1] || !text_copy(port, PORT_BYTES, text_of(colon + 1)))
        return false;
    name = (struct text){address, (size_t)(colon - address)};
    if (name.len >= 2 && name.data[0] == '[' && name.data[name.len - 1] == ']')
        name = (struct text){name.data + 1, name.len - 2};
    return text_copy(host, HOST_BYTES, name);
}

static int listen_at(const struct addrinfo *at)
{
    const int on = 1;
    int fd = stream_socket(at->ai_family);

    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) || bind(fd, at->ai_addr, at->ai_addrlen) ||
        listen(fd, BACKLOG)) {
        int kept = errno;

        (void)close(fd);
        errno = kept;
        return -1;
    }
    return fd;
}

static int listen_tcp(const char *address, struct error *error)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    char host[HOST_BYTES], port[PORT_BYTES];
    int fd = -1, code;

    if (!split(address, host, port))
        return refuse(address, "no address", error);
    code = getaddrinfo(*host ? host : NULL, port, &hints, &found);
    if (code)
        return refuse(address, gai_strerror(code), error);
    for (const struct addrinfo *at = found; at && fd < 0; at = at->ai_next)
        fd = listen_at(at);
    if (fd < 0)
        fd = refuse(address, strerror(errno), error);
    freeaddrinfo(found);
    return fd;
}

int http_listen(const char *address, struct error *error)
{
    return http_socket_path(address) ? listen_unix(address, error) : listen_tcp(address, error);
}
