/* words.h - number to word and back, for the enumerations whose tables give each number a word. */
#ifndef CUSTODY_CORE_WORDS_H
#define CUSTODY_CORE_WORDS_H

#include <stddef.h>

#include "base/error.h"
#include "base/text.h"

/* `words` is indexed by number; a hole is NULL. "invalid" for a number outside; never NULL. */
static inline const char *word_of(const char *const words[], size_t count, unsigned number)
{
    return number < count && words[number] ? words[number] : "invalid";
}

/* Number of the word, or ERR_INVALID. */
static inline int word_parse(const char *const words[], size_t count, struct text word)
{
    for (size_t number = 0; number < count; number++)
        if (words[number] && text_equal(text_of(words[number]), word))
            return (int)number;
    return ERR_INVALID;
}

/* Defines the array words_<name> from a table of X(constant, number, word). */
#define WORDS_ENTRY(constant, number, word) [number] = (word),
#define WORDS_DEFINE(name, table) static const char *const words_##name[] = {table(WORDS_ENTRY)};
#define WORDS_COUNT(name) (sizeof(words_##name) / sizeof(words_##name[0]))

/* Defines const char *<name>_word(enum <name>) over words_<name>. */
#define WORDS_DEFINE_WORD(name)                                                                                        \
    const char *name##_word(enum name value)                                                                           \
    {                                                                                                                  \
        return word_of(words_##name, WORDS_COUNT(name), (unsigned)value);                                              \
    }

/* Defines int <name>_parse(struct text, enum <name> *) over words_<name>; *value is set on success only. */
#define WORDS_DEFINE_PARSE(name)                                                                                       \
    int name##_parse(struct text word, enum name *value)                                                               \
    {                                                                                                                  \
        int number = word_parse(words_##name, WORDS_COUNT(name), word);                                                \
        if (number < 0)                                                                                                \
            return number;                                                                                             \
        *value = (enum name)number;                                                                                    \
        return 0;                                                                                                      \
    }

#endif
