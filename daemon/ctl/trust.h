/* trust.h - the trust policy that whoever verifies brings along, from its file. */
#ifndef CUSTODY_CTL_TRUST_H
#define CUSTODY_CTL_TRUST_H

#include "core/ledger/policy.h"
#include "ctl/ctl.h"

struct trust {
    char *text; /* what the policy borrows from */
    struct policy *policy;
};

/* `path` NULL: the option is missing. CTL_OK, or an exit code after the error was printed: 2 without a path, 78 when the file cannot
 * be read or is no policy. To be ended by trust_free after CTL_OK. */
int trust_read(struct ctl *ctl, const char *path, struct trust *trust) MUST_USE;
void trust_free(struct trust *trust);

#endif
