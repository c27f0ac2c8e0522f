/* assigned_number.c - checks only that an assigned number can name one thing. */
#include "core/identity/assigned_number.h"

#include <string.h>

#include "core/identity/credit_code.h"
#include "core/identity/glyph.h"

static enum identifier_grade refuse(struct error *error, const char *what, const char *fault, const char *value,
                                    const char *hint)
{
    error_set(error, ERR_INVALID, "%s %s: %s; hint: %s", what, fault, value, hint);
    return IDENTIFIER_INVALID;
}

static bool is_printable(const char *value)
{
    struct text t = text_of(value);
    for (size_t at = 0; at < t.len;) {
        struct glyph glyph = glyph_at(t, at);
        if (glyph.code < ' ' || (glyph.code >= 0x7F && glyph.code < 0xA0))
            return false;
        at += glyph.len;
    }
    return true;
}

static bool is_printable_ascii(const char *value)
{
    for (; *value; value++)
        if (*value < ' ' || *value > '~')
            return false;
    return true;
}

/* No digit, or one character repeated: "N/A", "000000", "见铭牌". */
static bool is_filler(const char *serial)
{
    return !strpbrk(serial, "0123456789") || (serial[1] && strspn(serial, (char[]){serial[0], '\0'}) == strlen(serial));
}

enum identifier_grade serial_number_check(char value[IDENTIFIER_VALUE_BYTES], struct error *error)
{
    static const char what[] = "serial number (序列号)";
    const char *model = strchr(value, '/');
    const char *serial = model ? strchr(model + 1, '/') : NULL;
    if (!serial || model == value || serial == model + 1 || !serial[1])
        return refuse(error, what, "is not brand/model/serial", value, "write it like 海尔/BCD-216STPT/CE0J10E00");
    if (!is_printable(value))
        return refuse(error, what, "has control characters", value, "give printable text");
    if (is_filler(serial + 1))
        return refuse(error, what, "is a filler", value, "use a tag where the plate cannot be read");
    return IDENTIFIER_GOOD;
}

enum identifier_grade tag_check(char value[IDENTIFIER_VALUE_BYTES], struct error *error)
{
    enum { USUAL_MIN = 4 };
    if (!is_printable_ascii(value) || !strpbrk(value, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
        return refuse(error, "tag (标签)", "has no letters and digits, or others than ASCII", value,
                      "scan the tag again");
    if (strlen(value) >= USUAL_MIN)
        return IDENTIFIER_GOOD;
    error_set(error, ERR_INVALID, "tag (标签) is shorter than %d characters: %s; hint: scan the tag again", USUAL_MIN,
              value);
    return IDENTIFIER_DOUBTFUL;
}

enum identifier_grade lot_check(char value[IDENTIFIER_VALUE_BYTES], struct error *error)
{
    static const char what[] = "lot (批次)";
    const char *slash = strchr(value, '/');
    if (!slash || !slash[1])
        return refuse(error, what, "is not credit code/lot", value, "write it like 91350504MA0000T1XH/2026-0001");
    if (!is_printable(value))
        return refuse(error, what, "has control characters", value, "give printable text");
    char code[CREDIT_CODE_BYTES];
    enum identifier_grade grade = credit_code_normalise((struct text){value, (size_t)(slash - value)}, code, error);
    if (grade == IDENTIFIER_INVALID)
        return grade;
    memmove(value + strlen(code), slash, strlen(slash) + 1); /* the code may have held dashes */
    memcpy(value, code, strlen(code));
    return grade;
}

enum identifier_grade certificate_number_check(char value[IDENTIFIER_VALUE_BYTES], struct error *error)
{
    if (!is_printable(value) || !strpbrk(value, "0123456789"))
        return refuse(error, "certificate number (回收证明编号)", "has no digit, or control characters", value,
                      "copy it from the certificate");
    return IDENTIFIER_GOOD;
}
