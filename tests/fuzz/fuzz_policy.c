/* fuzz_policy.c - any bytes as a trust policy: refused with clean words, or a policy whose groups stand in order and whose quorum
 * more witnesses never undo. */
#include <assert.h>
#include <string.h>

#include "core/ledger/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_groups(const struct policy *policy)
{
    size_t members[POLICY_MEMBERS_MAX] = {0};

    for (size_t i = 0; i < policy->member_count; i++) {
        const struct policy_member *member = &policy->members[i];

        assert(member->name.len && !text_equal(member->name, TEXT("none")));
        assert(!member->is_group || (member->needed >= 1 && member->needed <= members[i]));
        if (member->group == POLICY_NOBODY)
            continue;
        assert(member->group > i && member->group < policy->member_count && policy->members[member->group].is_group);
        members[member->group]++;
    }
    assert(policy->quorum == POLICY_NOBODY || policy->quorum < policy->member_count);
}

/* From nobody to everybody: once met, always met; met by all, and by nobody only where nobody is asked. */
static void check_quorum(const struct policy *policy)
{
    bool cosigned[POLICY_MEMBERS_MAX] = {false};
    bool met = policy_quorum(policy, cosigned);

    assert(met == (policy->quorum == POLICY_NOBODY));
    for (size_t i = 0; i < policy->member_count; i++) {
        cosigned[i] = true;
        assert(policy_quorum(policy, cosigned) || !met);
        met = policy_quorum(policy, cosigned);
    }
    assert(met);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct policy policy;
    struct error error = {0};
    int code = policy_parse((struct text){(const char *)data, size}, &policy, &error);

    assert((code == 0) == (error.text[0] == '\0') && text_is_clean_utf8(text_of(error.text)));
    if (code)
        return 0;
    check_groups(&policy);
    check_quorum(&policy);
    return 0;
}
