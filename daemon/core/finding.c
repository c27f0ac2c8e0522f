/* finding.c - the table of rules, and findings collected in bounded room. */
#include "core/finding.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/encoding.h"
#include "base/error.h"
#include "base/hash.h"

const struct rule_info rule_infos[RULE_COUNT] = {
#define X(name, id, version, severity, article, zh, en) [name] = {id, version, severity, article, zh, en},
    RULE_TABLE(X)
#undef X
};

int rule_parse(struct text id, enum rule *rule)
{
    for (int i = 0; i < RULE_COUNT; i++) {
        if (!text_equal(text_of(rule_infos[i].id), id))
            continue;
        *rule = (enum rule)i;
        return 0;
    }
    return ERR_INVALID;
}

/* Takes an incomplete last character off text that vsnprintf has cut, so that it stays UTF-8. */
static void drop_cut_character(char *text, size_t len)
{
    size_t start = len;
    while (start > 0 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
        start--;
    if (start == 0)
        return;
    unsigned char lead = (unsigned char)text[start - 1];
    size_t want = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (len - (start - 1) < want)
        text[start - 1] = '\0';
}

void finding_key(char out[FINDING_KEY_BYTES], const char *key)
{
    enum { HASHED_BYTES = 16 };
    _Static_assert(HEX_SIZE(HASHED_BYTES) <= FINDING_KEY_BYTES, "the hash must fit as a key");
    struct text t = text_of(key);
    if (text_copy(out, FINDING_KEY_BYTES, t))
        return;
    struct digest digest = sha256(t.data, t.len);
    hex_encode(digest.bytes, HASHED_BYTES, out);
}

struct finding *findings_add(struct findings *findings, enum rule rule, int64_t at_us, size_t event, const char *key,
                             const char *format, ...)
{
    assert((unsigned)rule < RULE_COUNT);
    if (findings->count == findings->room) {
        findings->dropped++;
        return NULL;
    }
    struct finding *finding = &findings->list[findings->count++];
    *finding = (struct finding){.rule = rule, .severity = rule_infos[rule].severity, .at_us = at_us, .event = event};
    finding_key(finding->key, key);
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(finding->text, sizeof finding->text, format, arguments);
    va_end(arguments);
    assert(len >= 0);
    if ((size_t)len >= sizeof finding->text)
        drop_cut_character(finding->text, sizeof finding->text - 1);
    return finding;
}
