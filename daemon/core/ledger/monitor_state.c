/* monitor_state.c - writing and reading what a monitor remembers. */
#include "core/ledger/monitor_state.h"

#include <inttypes.h>

#include "base/encoding.h"
#include "core/ledger/line.h"

static const struct text title = {"custody-monitor/v1", 18};

void monitor_state_put(const struct monitor_state *state, struct buffer *out)
{
    buffer_printf(out, "%.*s\nseen %" PRId64 "\nsize %" PRIu64 "\n", TEXT_ARG(title), state->seen_at_us,
                  state->frontier.size);
    for (size_t i = 0; i < state->frontier.count; i++) {
        char node[BASE64_SIZE(SHA256_BYTES)];

        base64_encode(state->frontier.nodes[i].bytes, SHA256_BYTES, node);
        buffer_printf(out, "%s\n", node);
    }
    buffer_put_u8(out, '\n');
    buffer_put_text(out, state->note);
}

static int read_frontier(struct text *rest, struct frontier *frontier, struct error *error)
{
    struct text line;

    if (!line_take_field(rest, "size", &line) || !line_to_u64(line, &frontier->size))
        return error_set(error, ERR_INVALID, "monitor state: no size");
    frontier->count = (size_t)__builtin_popcountll(frontier->size);
    for (size_t i = 0; i < frontier->count; i++)
        if (!line_take(rest, &line) || !line_to_digest(line, &frontier->nodes[i]))
            return error_set(error, ERR_INVALID, "monitor state: node %zu is not base64 of 32 bytes", i + 1);
    if (!line_take(rest, &line) || !text_empty(line))
        return error_set(error, ERR_INVALID, "monitor state: no empty line behind the nodes; hint: was it cut?");
    return 0;
}

int monitor_state_parse(struct text t, struct monitor_state *state, struct error *error)
{
    struct text line, signed_text, signatures;
    uint64_t seen_at_us;
    int code;

    if (!line_take(&t, &line) || !text_equal(line, title))
        return error_set(error, ERR_INVALID, "monitor state: its first line is not %.*s", TEXT_ARG(title));
    if (!line_take_field(&t, "seen", &line) || !line_to_u64(line, &seen_at_us) || seen_at_us > INT64_MAX)
        return error_set(error, ERR_INVALID, "monitor state: no time");
    state->seen_at_us = (int64_t)seen_at_us;
    code = read_frontier(&t, &state->frontier, error);
    if (code)
        return code;
    state->note = t;
    if (text_empty(t))
        return 0;
    if (note_split(t, &signed_text, &signatures))
        return error_set(error, ERR_INVALID, "monitor state: what stands behind the empty line is no signed note");
    code = checkpoint_parse(signed_text, &state->signed_head, error);
    if (code == 0 && state->signed_head.size > state->frontier.size)
        return error_set(error, ERR_INVALID, "monitor state: a signed head that is ahead of the tree");
    return code;
}
