/* flags.h - the verbs of custodyctl flags that have a file of their own; argv[0] is the verb. */
#ifndef CUSTODY_CTL_FLAGS_H
#define CUSTODY_CTL_FLAGS_H

#include "ctl/ctl.h"

int flags_move(struct ctl *ctl, int argc, char **argv);
int flags_assign(struct ctl *ctl, int argc, char **argv);
int flags_comment(struct ctl *ctl, int argc, char **argv);

#endif
