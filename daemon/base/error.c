/* error.c - words of the error table, and filling a struct error. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *error_words(int code)
{
    switch (code) {
    case 0:
        return "no error";
#define X(name, number, words)                                                                                         \
    case name:                                                                                                         \
        return words;
        ERROR_TABLE(X)
#undef X
    default:
        return "unknown error";
    }
}

int error_set(struct error *error, int code, const char *format, ...)
{
    if (error) {
        va_list arguments;

        error->code = code;
        va_start(arguments, format);
        (void)vsnprintf(error->text, sizeof error->text, format, arguments);
        va_end(arguments);
    }
    return code;
}

int error_prefix(struct error *error, const char *format, ...)
{
    char text[ERROR_TEXT_BYTES];
    va_list arguments;
    int used;

    if (!error)
        return ERR_INTERNAL;
    memcpy(text, error->text, sizeof text);
    va_start(arguments, format);
    used = vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    if (used >= 0 && (size_t)used < sizeof error->text)
        (void)snprintf(error->text + used, sizeof error->text - (size_t)used, ": %s", text);
    return error->code;
}
