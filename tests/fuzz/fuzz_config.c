/* fuzz_config.c - any text as a configuration: refused with words and nothing changed, or every setting within its bounds. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libconfig 1.5 loses the text it was reading when a syntax error follows at once: a few bytes for each refused file. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libconfig.so\n";
}

#define CHECK_TEXT(name, least, most) assert(text_is_clean_utf8(text_of(config.name)));
#define CHECK_NUMBER(name, least, most) assert(config.name >= (least) && config.name <= (most));
#define CHECK_FLAG(name, least, most)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct config config, untouched;
    struct error error = {0};
    char *text = malloc(size + 1);
    assert(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    memset(&config, 0x5a, sizeof config);
    memset(&untouched, 0x5a, sizeof untouched);
    if (config_parse(&config, text, &error) == 0) {
#define X(name, type, default_, least, most, ...) CHECK_##type(name, least, most)
        CONFIG_TABLE(X)
#undef X
    } else {
        assert(error.code == ERR_CONFIG && strstr(error.text, "hint:") != NULL);
        assert(memcmp(&config, &untouched, sizeof config) == 0);
    }
    free(text);
    return 0;
}
