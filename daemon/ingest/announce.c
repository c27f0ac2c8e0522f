/* announce.c - keys first, then the program.
 *
 * What was announced is read again after each announcement: of two daemons that start at the same moment with different keys one
 * is first, and the other finds itself a stranger. */
#include "ingest/announce.h"

enum { ROUNDS_MAX = 3 }; /* nothing is there; our key is there; and that of acknowledgements */

static const struct pg_statement keys_statement = {
    3, "SELECT r.record FROM ledger.signing_key AS k JOIN ledger.record AS r USING (log_index)"
       " WHERE r.type = 4 ORDER BY k.log_index"};
static const struct pg_statement announce_statement = {4, "SELECT ledger.announce_key($1::text, $2::bytea)"};
static const struct pg_statement program_statement = {5, "SELECT ledger.software_started($1::text, $2::bytea)"};

static void read_keys(void *context);

static void on_keys(void *context, const struct pg_result *result)
{
    struct announcement *announcement = context;

    for (size_t row = 0; row < pg_rows(result); row++)
        (void)key_chain_add(&announcement->chain, pg_bytes(result, row, 0));
}

static void announce_key(struct announcement *announcement, const struct note_signer *signer)
{
    struct params *params = announcement->params;
    struct key_event event = {.origin = announcement->origin};

    verifier_key_init(&event.key, NOTE_ED25519, text_of(signer->name), note_signer_public_key(signer));
    params_clear(params);
    verifier_key_put(&event.key, params_add(params));
    key_event_put_signed(&event, announcement->signer, params_add(params));
    transaction_query(announcement->transaction, &announce_statement, params, NULL, NULL);
    transaction_then(announcement->transaction, read_keys, announcement);
}

static void announce_program(struct announcement *announcement)
{
    struct params *params = announcement->params;

    params_clear(params);
    buffer_put_text(params_add(params), text_of(announcement->version));
    params_add_bytes(params, announcement->program.bytes, SHA256_BYTES);
    transaction_query(announcement->transaction, &program_statement, params, NULL, NULL);
    transaction_then(announcement->transaction, announcement->on_done, announcement->context);
}

static void judge_keys(void *context)
{
    struct announcement *announcement = context;
    const struct key_chain *chain = &announcement->chain;
    bool new_key = chain->standing == KEY_NONE_YET;
    bool new_ack = chain->standing == KEY_CURRENT && announcement->ack_signer && !chain->ack_announced;

    if ((new_key || new_ack) && announcement->rounds < ROUNDS_MAX)
        announce_key(announcement, new_key ? announcement->signer : announcement->ack_signer);
    else if (chain->standing == KEY_CURRENT && !new_ack)
        announce_program(announcement);
    else
        transaction_then(announcement->transaction, announcement->on_stranger, announcement->context);
}

static void read_keys(void *context)
{
    struct announcement *announcement = context;

    announcement->rounds++;
    key_chain_init(&announcement->chain, announcement->origin, note_signer_public_key(announcement->signer),
                   announcement->ack_signer ? note_signer_public_key(announcement->ack_signer) : NULL);
    transaction_query(announcement->transaction, &keys_statement, NULL, on_keys, announcement);
    transaction_then(announcement->transaction, judge_keys, announcement);
}

void announce_run(struct announcement *announcement, transaction_step on_done, transaction_step on_stranger,
                  void *context)
{
    announcement->rounds = 0;
    announcement->on_done = on_done;
    announcement->on_stranger = on_stranger;
    announcement->context = context;
    read_keys(announcement);
}
