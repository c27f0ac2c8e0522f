/* account.h - a bundle's account for people, in Chinese and in English: what became of the item, and what each statement rests on. */
#ifndef CUSTODY_CTL_ACCOUNT_H
#define CUSTODY_CTL_ACCOUNT_H

#include "base/buffer.h"
#include "ctl/casefile.h"

enum account_language { ACCOUNT_ZH, ACCOUNT_EN };

/* Appends Markdown. What devices said is escaped: it cannot become markup. */
void account_put(const struct casefile *casefile, const char *target, enum account_language language,
                 struct buffer *out);

#endif
