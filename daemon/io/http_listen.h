/* http_listen.h - an address as words to a listening socket; inside io/http alone. */
#ifndef CUSTODY_IO_HTTP_LISTEN_H
#define CUSTODY_IO_HTTP_LISTEN_H

#include "base/error.h"

/* Non-blocking, listening. Addresses as in http.h. The descriptor, or ERR_CONFIG with words. */
int http_listen(const char *address, struct error *error) MUST_USE;
/* The path of "unix:/path"; NULL for other addresses. */
const char *http_socket_path(const char *address);

#endif
