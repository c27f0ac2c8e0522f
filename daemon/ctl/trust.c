/* trust.c - reads a policy file. */
#include "ctl/trust.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int read_text(struct ctl *ctl, const char *path, char *text, size_t *len)
{
    FILE *in = fopen(path, "re");
    if (!in)
        return ctl_fail(ctl, CTL_CONFIG, "policy %s: %s; hint: --policy=FILE, a C2SP tlog-policy", path,
                        strerror(errno));
    *len = fread(text, 1, POLICY_BYTES_MAX, in);
    bool failed = ferror(in) || *len == POLICY_BYTES_MAX;
    fclose(in);
    return failed ? ctl_fail(ctl, CTL_CONFIG, "policy %s: cannot be read, or is larger than a policy is", path)
                  : CTL_OK;
}

int trust_read(struct ctl *ctl, const char *path, struct trust *trust)
{
    struct error error = {0};
    size_t len = 0;
    *trust = (struct trust){0};
    if (!path || !path[0])
        return ctl_fail(ctl, CTL_USAGE,
                        "--policy: missing; hint: the file that says which log and witnesses you trust");
    trust->text = malloc(POLICY_BYTES_MAX);
    trust->policy = calloc(1, sizeof *trust->policy);
    int exit_code = trust->text && trust->policy
                        ? read_text(ctl, path, trust->text, &len)
                        : ctl_fail(ctl, CTL_TEMPORARY, "policy: %s", error_words(ERR_NO_MEMORY));
    if (exit_code == CTL_OK && policy_parse((struct text){trust->text, len}, trust->policy, &error) != 0)
        exit_code = ctl_fail(ctl, CTL_CONFIG, "policy %s: %s", path, error.text);
    if (exit_code != CTL_OK)
        trust_free(trust);
    return exit_code;
}

void trust_free(struct trust *trust)
{
    free(trust->policy);
    free(trust->text);
    *trust = (struct trust){0};
}
