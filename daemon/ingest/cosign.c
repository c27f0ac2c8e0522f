/* cosign.c - one state a witness, one question at a time each. */
#include "ingest/cosign.h"

#include <assert.h>
#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "core/ledger/cosignature.h"
#include "core/ledger/line.h"
#include "core/ledger/policy.h"
#include "core/ledger/proof.h"
#include "core/ledger/tile.h"
#include "core/ledger/witness.h"
#include "io/http_client.h"
#include "io/pg.h"
#include "io/statefile.h"

enum {
    ANSWER_BYTES_MAX = 16 * 1024,
    TIMEOUT_MS = 10000,
    PAUSE_MIN_MS = 500,
    PAUSE_MAX_MS = 5 * 60 * 1000,
    CONFLICTS_MAX = 3, /* in a row, before the pause */
    CLOCK_AHEAD_MAX_S = 300,
    URL_BYTES = 1024,
};

/* What is under way with one witness. */
struct question {
    struct asked *asked;
    uint64_t old_size, size;
    struct buffer note; /* the checkpoint */
    struct text text;   /* its signed lines, within the note */
    struct proof_plan plan;
    struct tile tiles[TILES_OF_PROOF_MAX];
    struct digest hashes[TILES_OF_PROOF_MAX][TILE_WIDTH];
    size_t tile_count, tiles_answered;
    bool failed;
    struct buffer line; /* the cosignature, without its newline */
};

/* A witness that has a URL. */
struct asked {
    struct cosigner *cosigner;
    const struct policy_member *member;
    char url[URL_BYTES];
    uint64_t size; /* what it cosigned last, as far as we know */
    uint64_t done; /* the newest checkpoint that we have its cosignature of */
    unsigned conflicts;
    uint32_t pause_ms; /* bound of the next pause; 0: nothing failed */
    struct question *question;
    uv_timer_t pause;
};

struct cosigner {
    uv_loop_t *loop;
    struct buffer policy_text; /* the policy borrows from it */
    struct policy policy;
    struct asked witnesses[POLICY_MEMBERS_MAX];
    size_t witness_count;
    uint64_t size; /* the newest checkpoint; 0: none, or one of the empty tree */
    struct buffer note;
    bool is_loaded; /* what is stored is known */

    struct pg *pg;
    struct http_client *client;
    unsigned open_handles;
    bool closing;
    void (*on_closed)(void *context);
    void *closed_context;
};

/* The newest rows only: a witness that is not among them tells its size itself. */
static const struct pg_statement stored_statement = {
    0,
    "SELECT witness, key_hash, max(size) FROM"
    " (SELECT witness, key_hash, size FROM ledger.cosignature ORDER BY size DESC LIMIT 1000) AS newest GROUP BY 1, 2"};
static const struct pg_statement tile_statement = {1, "SELECT ledger.tile_hashes($1::int, $2::bigint, $3::int)"};
static const struct pg_statement store_statement = {
    2,
    "INSERT INTO ledger.cosignature (size, witness, key_hash, line) VALUES ($1::bigint, $2::text, $3::bytea, $4::text)"
    " ON CONFLICT DO NOTHING"};

static void ask_when_due(struct asked *asked);

/* ---- the end of a question */

static void question_free(struct question *question)
{
    question->asked->question = NULL;
    buffer_fini(&question->note);
    buffer_fini(&question->line);
    free(question);
}

static void cosigner_on_pause_over(uv_timer_t *timer)
{
    ask_when_due(timer->data);
}

static void pause_witness(struct asked *asked)
{
    uint32_t random;

    if (asked->cosigner->closing)
        return;
    asked->pause_ms = asked->pause_ms == 0                 ? PAUSE_MIN_MS
                      : asked->pause_ms > PAUSE_MAX_MS / 2 ? PAUSE_MAX_MS
                                                           : asked->pause_ms * 2;
    (void)uv_random(NULL, NULL, &random, sizeof random, 0, NULL);
    (void)uv_timer_start(&asked->pause, cosigner_on_pause_over, asked->pause_ms / 2 + random % asked->pause_ms, 0);
}

/* Nothing came of it; another one follows after a pause. */
static void give_up(struct question *question, const char *words, const char *hint)
{
    struct asked *asked = question->asked;

    if (!asked->cosigner->closing)
        log_warn("cosign_failed", "witness=%s size=%" PRIu64 " error=\"%s\" hint=\"%s\"",
                 log_text(asked->member->key.name), question->size, log_text(text_of(words)), hint);
    question_free(question);
    pause_witness(asked);
}

/* ---- the answer */

static void cosigner_on_stored(void *context, int code, const struct pg_result *result, const struct error *error)
{
    struct question *question = context;
    struct asked *asked = question->asked;

    (void)result;
    if (code) {
        give_up(question, error->text, "it is asked again; what it cosigned is not lost, it cosigns again");
        return;
    }
    if (asked->pause_ms)
        log_info("cosign_again", "witness=%s size=%" PRIu64, log_text(asked->member->key.name), question->size);
    log_debug("cosigned", "witness=%s size=%" PRIu64, log_text(asked->member->key.name), question->size);
    asked->done = question->size;
    asked->pause_ms = asked->conflicts = 0;
    question_free(question);
    ask_when_due(asked);
}

static void store(struct question *question)
{
    const struct verifier_key *key = &question->asked->member->key;
    const uint64_t size = htobe64(question->size);
    const struct pg_param params[] = {{&size, sizeof size},
                                      {key->name.data, key->name.len},
                                      {key->key_hash, sizeof key->key_hash},
                                      {question->line.data, question->line.len}};

    if (pg_query(question->asked->cosigner->pg, &store_statement, params, 4, cosigner_on_stored, question))
        give_up(question, "the database is away", "it is asked again");
}

/* The line of this witness among those that came; all others are passed over. */
static bool take_cosignature(struct question *question, struct text lines)
{
    const struct verifier_key *key = &question->asked->member->key;
    const uint64_t latest_s = (uint64_t)(clock_now_us() / US_PER_S) + CLOCK_AHEAD_MAX_S;
    struct text before = lines;
    struct note_signature signature;
    uint64_t time_s;

    while (note_signature_take(&lines, &signature)) {
        if (verifier_key_signed(key, &signature) && cosignature_verify(question->text, &signature, key, &time_s) == 0 &&
            time_s <= latest_s) {
            buffer_put(&question->line, before.data, before.len - lines.len - 1);
            return !question->line.failed;
        }
        before = lines;
    }
    return false;
}

/* It has cosigned another size than we thought: what it says is where the next question begins. */
static void take_conflict(struct question *question, const struct http_reply *reply)
{
    struct asked *asked = question->asked;
    struct text rest = reply->body, line;
    uint64_t size;

    if (!text_equal(reply->type, TEXT("text/x.tlog.size")) || !line_take(&rest, &line) || rest.len ||
        !line_to_u64(line, &size) || size == question->old_size) {
        give_up(question, "a conflict (409) without another size", "not as C2SP tlog-witness says");
        return;
    }
    asked->size = size;
    if (size > question->size) {
        give_up(question, "it has cosigned more than is signed here",
                "another daemon signed since; if none did, this database lacks what was signed: custodyctl monitor");
    } else if (++asked->conflicts > CONFLICTS_MAX) {
        give_up(question, "it names another size each time", "do others submit checkpoints of this log?");
    } else {
        question_free(question);
        ask_when_due(asked);
    }
}

static void refuse_status(struct question *question, unsigned status)
{
    static const struct {
        unsigned status;
        const char *hint;
    } known[] = {
        {400, "it does not read our request"},
        {403, "it does not know our key: its operator has to add the log's verifier key"},
        {404, "it does not know our log: its operator has to add it"},
        {422, "what it cosigned before is not the beginning of this log: was a backup restored? custodyctl monitor"},
    };
    const char *hint = "it is asked again";
    char words[64];

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].status == status)
            hint = known[i].hint;
    (void)snprintf(words, sizeof words, "it answers with status %u", status);
    give_up(question, words, hint);
}

static void cosigner_on_reply(void *context, int code, const struct http_reply *reply, const struct error *error)
{
    struct question *question = context;

    if (code) {
        give_up(question, error->text, "is its URL right, and does it run?");
    } else if (reply->status == WITNESS_CONFLICT) {
        take_conflict(question, reply);
    } else if (reply->status != WITNESS_COSIGN) {
        refuse_status(question, reply->status);
    } else if (!take_cosignature(question, reply->body)) {
        give_up(question, "no cosignature of its key that verifies", "is the verifier key in policy_file its own?");
    } else {
        question->asked->size = question->size;
        store(question);
    }
}

/* ---- the question */

/* proof_make asks for nodes, which are hashed out of the tiles. */
static int read_node(void *context, struct tree_node node, struct digest *hash)
{
    const struct question *question = context;
    struct tile wanted;
    int code = tile_of_node(node, question->size, &wanted);

    for (size_t i = 0; i < question->tile_count && !code; i++)
        if (question->tiles[i].level == wanted.level && question->tiles[i].index == wanted.index)
            return tile_node_hash(&question->tiles[i], question->hashes[i], node, hash);
    return code ? code : ERR_NOT_FOUND;
}

static void post(struct question *question)
{
    struct asked *asked = question->asked;
    struct witness_request request = {.old_size = question->old_size, .note = buffer_text(&question->note)};
    struct proof proof = {.count = 0};
    struct buffer body;
    int code = question->plan.count ? proof_make(&question->plan, read_node, question, &proof) : 0;

    if (code || proof.count > WITNESS_PROOF_MAX) {
        give_up(question, "the tiles do not make the proof", "custodyctl monitor");
        return;
    }
    memcpy(request.proof, proof.hashes, proof.count * sizeof *proof.hashes);
    request.proof_count = proof.count;
    buffer_init(&body, WITNESS_REQUEST_BYTES_MAX);
    witness_request_put(&request, &body);
    code = body.failed ? ERR_NO_MEMORY
                       : http_client_post(asked->cosigner->client,
                                          &(struct http_post){.url = asked->url,
                                                              .path = "/add-checkpoint",
                                                              .body = buffer_text(&body),
                                                              .user_agent = "custodyd",
                                                              .answer_bytes_max = ANSWER_BYTES_MAX,
                                                              .timeout_ms = TIMEOUT_MS},
                                          cosigner_on_reply, question);
    buffer_fini(&body);
    if (code)
        give_up(question, error_words(code), "is its URL right?");
}

struct tile_answer {
    struct question *question;
    size_t at;
};

static void cosigner_on_tile(void *context, int code, const struct pg_result *result, const struct error *error)
{
    struct tile_answer *answer = context;
    struct question *question = answer->question;
    struct text bytes = code ? TEXT("") : pg_bytes(result, 0, 0);

    (void)error;
    if (bytes.len == question->tiles[answer->at].width * sizeof(struct digest))
        memcpy(question->hashes[answer->at], bytes.data, bytes.len);
    else
        question->failed = true;
    free(answer);
    if (++question->tiles_answered < question->tile_count)
        return;
    if (question->failed)
        give_up(question, "the tiles of the proof cannot be read",
                "is the database away? otherwise custodyctl monitor");
    else
        post(question);
}

static int ask_tile(struct question *question, size_t at)
{
    const struct tile *tile = &question->tiles[at];
    const uint32_t level = htobe32(tile->level), width = htobe32(tile->width);
    const uint64_t index = htobe64(tile->index);
    struct tile_answer *answer = malloc(sizeof *answer);
    int code;

    if (!answer)
        return ERR_NO_MEMORY;
    *answer = (struct tile_answer){question, at};
    code = pg_query(question->asked->cosigner->pg, &tile_statement,
                    (const struct pg_param[]){{&level, sizeof level}, {&index, sizeof index}, {&width, sizeof width}},
                    3, cosigner_on_tile, answer);
    if (code)
        free(answer);
    return code;
}

/* Those that cannot be queued are answered at once, so that the count comes out. */
static void ask_tiles(struct question *question)
{
    size_t queued = 0;

    while (queued < question->tile_count && ask_tile(question, queued) == 0)
        queued++;
    question->failed |= queued < question->tile_count;
    question->tile_count = queued;
    if (queued == 0)
        give_up(question, "the database is away", "it is asked again");
}

static void begin(struct question *question)
{
    struct text signatures;

    if (question->note.failed || note_split(buffer_text(&question->note), &question->text, &signatures)) {
        give_up(question, "the checkpoint cannot be read", "is ledger.checkpoint as it was signed?");
        return;
    }
    if (question->old_size == 0 || question->old_size == question->size) {
        post(question); /* nothing to prove */
        return;
    }
    if (proof_plan_consistency(question->old_size, question->size, &question->plan) ||
        tiles_of_plan(&question->plan, question->size, question->tiles, TILES_OF_PROOF_MAX, &question->tile_count))
        give_up(question, "it has cosigned more than is signed here", "it is asked about the next checkpoint");
    else
        ask_tiles(question);
}

/* Asks unless it is busy, resting, or has nothing to be asked. */
static void ask_when_due(struct asked *asked)
{
    struct cosigner *cosigner = asked->cosigner;
    struct question *question;

    if (cosigner->closing || !cosigner->is_loaded || !cosigner->note.len || asked->question ||
        uv_is_active((uv_handle_t *)&asked->pause) || asked->done >= cosigner->size)
        return;
    question = calloc(1, sizeof *question);
    if (!question) {
        pause_witness(asked);
        return;
    }
    asked->question = question;
    question->asked = asked;
    question->old_size = asked->size;
    question->size = cosigner->size;
    buffer_init(&question->note, cosigner->note.max);
    buffer_init(&question->line, NOTE_NAME_MAX + 2 * NOTE_SIGNATURE_MAX);
    buffer_put_text(&question->note, buffer_text(&cosigner->note));
    begin(question);
}

static void ask_all(struct cosigner *cosigner)
{
    for (size_t i = 0; i < cosigner->witness_count; i++)
        ask_when_due(&cosigner->witnesses[i]);
}

void cosigner_checkpoint(struct cosigner *cosigner, uint64_t size, struct text note)
{
    if (cosigner->note.len && size <= cosigner->size)
        return;
    cosigner->size = size;
    buffer_clear(&cosigner->note);
    buffer_put_text(&cosigner->note, note);
    ask_all(cosigner);
}

/* ---- the database */

static void cosigner_on_known(void *context, int code, const struct pg_result *result, const struct error *error)
{
    struct cosigner *cosigner = context;

    if (code) {
        if (!cosigner->closing)
            pg_drop(cosigner->pg, error->text); /* and again, after its pause */
        return;
    }
    for (size_t row = 0; row < pg_rows(result); row++)
        for (size_t i = 0; i < cosigner->witness_count; i++) {
            struct asked *asked = &cosigner->witnesses[i];
            struct text key_hash = pg_bytes(result, row, 1);
            uint64_t size = (uint64_t)pg_i64(result, row, 2);

            if (text_equal(pg_bytes(result, row, 0), asked->member->key.name) &&
                text_equal(key_hash, (struct text){(const char *)asked->member->key.key_hash, NOTE_KEY_HASH_BYTES}) &&
                size > asked->done)
                asked->size = asked->done = size;
        }
    cosigner->is_loaded = true;
    ask_all(cosigner);
}

static void cosigner_on_connected(void *context)
{
    struct cosigner *cosigner = context;

    if (cosigner->is_loaded)
        ask_all(cosigner);
    else if (pg_query(cosigner->pg, &stored_statement, NULL, 0, cosigner_on_known, cosigner))
        pg_drop(cosigner->pg, "cosignatures cannot be asked for");
}

static void cosigner_on_disconnected(void *context, const char *reason)
{
    (void)context;
    log_warn("cosign_disconnected", "error=\"%s\"", log_text(text_of(reason)));
}

/* ---- the beginning and the end */

static int load_policy(struct cosigner *cosigner, const struct config *config, struct error *error)
{
    int code = statefile_read(config->policy_file, &cosigner->policy_text, error);

    if (!code)
        code = policy_parse(buffer_text(&cosigner->policy_text), &cosigner->policy, error);
    if (code)
        return error_prefix(error, "policy_file");
    for (size_t i = 0; i < cosigner->policy.log_count; i++)
        if (text_equal(cosigner->policy.logs[i].key.name, text_of(config->origin)))
            return 0;
    return error_set(error, ERR_CONFIG, "policy_file: does not name the log %s; hint: log <its verifier key>",
                     config->origin);
}

static int add_witnesses(struct cosigner *cosigner, struct error *error)
{
    for (size_t i = 0; i < cosigner->policy.member_count; i++) {
        const struct policy_member *member = &cosigner->policy.members[i];
        struct asked *asked = &cosigner->witnesses[cosigner->witness_count];

        if (member->is_group || text_empty(member->url))
            continue;
        asked->cosigner = cosigner;
        asked->member = member;
        if (!text_copy(asked->url, sizeof asked->url, member->url))
            return error_set(error, ERR_CONFIG, "policy_file: the URL of %.*s is longer than %d bytes",
                             TEXT_ARG(member->name), URL_BYTES - 1);
        cosigner->witness_count++;
    }
    return 0;
}

static bool make_connections(struct cosigner *cosigner, const struct config *config)
{
    static const struct pg_handler handler = {cosigner_on_connected, cosigner_on_disconnected, NULL};
    const struct pg_settings settings = {.conninfo = config->database,
                                         .application_name = "custodyd cosign",
                                         .statement_timeout_ms = config->statement_timeout_ms};

    cosigner->pg = pg_new(cosigner->loop, &settings, &handler, cosigner);
    cosigner->client = http_client_new(cosigner->loop);
    return cosigner->pg && cosigner->client;
}

/* What a refused start leaves behind goes with the process. */
struct cosigner *cosigner_new(uv_loop_t *loop, const struct config *config, struct error *error)
{
    struct cosigner *cosigner = calloc(1, sizeof *cosigner);

    if (!cosigner) {
        (void)error_set(error, ERR_NO_MEMORY, "cosigner: out of memory");
        return NULL;
    }
    cosigner->loop = loop;
    buffer_init(&cosigner->policy_text, POLICY_BYTES_MAX);
    buffer_init(&cosigner->note, WITNESS_REQUEST_BYTES_MAX);
    if (load_policy(cosigner, config, error) || add_witnesses(cosigner, error)) {
        error->code = ERR_CONFIG;
        return NULL;
    }
    if (!make_connections(cosigner, config)) {
        (void)error_set(error, ERR_NO_MEMORY, "cosigner: out of memory");
        return NULL;
    }
    return cosigner;
}

void cosigner_open(struct cosigner *cosigner)
{
    for (size_t i = 0; i < cosigner->witness_count; i++) {
        (void)uv_timer_init(cosigner->loop, &cosigner->witnesses[i].pause);
        cosigner->witnesses[i].pause.data = &cosigner->witnesses[i];
    }
    if (cosigner->witness_count)
        pg_open(cosigner->pg);
}

static void finish_close(struct cosigner *cosigner)
{
    if (--cosigner->open_handles)
        return;
    cosigner->on_closed(cosigner->closed_context);
    buffer_fini(&cosigner->policy_text);
    buffer_fini(&cosigner->note);
    free(cosigner);
}

static void cosigner_on_part_closed(void *context)
{
    finish_close(context);
}

static void cosigner_on_pause_closed(uv_handle_t *handle)
{
    finish_close(((struct asked *)handle->data)->cosigner);
}

void cosigner_close(struct cosigner *cosigner, void (*on_closed)(void *context), void *context)
{
    assert(!cosigner->closing);
    cosigner->closing = true;
    cosigner->on_closed = on_closed;
    cosigner->closed_context = context;
    cosigner->open_handles = 2 + (unsigned)cosigner->witness_count;
    http_client_close(cosigner->client, cosigner_on_part_closed, cosigner);
    pg_close(cosigner->pg, cosigner_on_part_closed);
    for (size_t i = 0; i < cosigner->witness_count; i++)
        uv_close((uv_handle_t *)&cosigner->witnesses[i].pause, cosigner_on_pause_closed);
}
