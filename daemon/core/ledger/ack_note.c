/* ack_note.c - acknowledgement notes: what one says, one signature for many, checking both kinds. */
#include "core/ledger/ack_note.h"

#include <assert.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "core/ledger/frontier.h"
#include "core/ledger/leaf.h"
#include "core/ledger/line.h"
#include "core/ledger/proof.h"
#include "core/ledger/verifier_key.h"

enum { PATH_MAX_HASHES = 6, LEVELS = PATH_MAX_HASHES + 1, FRONT_BYTES = 4, TEXT_MAX = 2048, SIGNED_MAX = 512 };
enum { FIXED_BYTES = FRONT_BYTES + crypto_sign_BYTES };

_Static_assert(ACK_NOTES_MAX == 1 << PATH_MAX_HASHES, "a path leads to the root of the largest batch");
_Static_assert((int)FIXED_BYTES + PATH_MAX_HASHES * SHA256_BYTES <= (int)NOTE_SIGNATURE_MAX, "fits a signature line");

/* ---- what it says ---- */

void ack_statement_put(const struct ack_statement *statement, struct buffer *out)
{
    char chain[BASE64_SIZE(SHA256_BYTES)], root[BASE64_SIZE(SHA256_BYTES)];

    base64_encode(statement->chain.bytes, SHA256_BYTES, chain);
    base64_encode(statement->root.bytes, SHA256_BYTES, root);
    buffer_printf(out,
                  "custody-ack/v1\n%.*s\nsource %.*s\nepoch %" PRIu32 "\nseq %" PRIu64 "\nchain %s\nindex %" PRIu64
                  "\nsize %" PRIu64 "\nroot %s\n",
                  TEXT_ARG(statement->origin), TEXT_ARG(statement->source), statement->epoch, statement->seq, chain,
                  statement->index, statement->size, root);
}

static bool take_number(struct text *rest, const char *word, uint64_t max, uint64_t *number)
{
    struct text digits;

    return line_take_field(rest, word, &digits) && line_to_u64(digits, number) && *number <= max;
}

static bool take_digest(struct text *rest, const char *word, struct digest *digest)
{
    struct text encoded;

    return line_take_field(rest, word, &encoded) && line_to_digest(encoded, digest);
}

int ack_statement_parse(struct text text, struct ack_statement *statement)
{
    struct text rest = text, line;
    uint64_t epoch;

    if (!line_take(&rest, &line) || !text_equal(line, TEXT("custody-ack/v1")) ||
        !line_take(&rest, &statement->origin) || !line_take_field(&rest, "source", &statement->source) ||
        !take_number(&rest, "epoch", UINT32_MAX, &epoch) || !take_number(&rest, "seq", UINT64_MAX, &statement->seq) ||
        !take_digest(&rest, "chain", &statement->chain) ||
        !take_number(&rest, "index", UINT64_MAX, &statement->index) ||
        !take_number(&rest, "size", UINT64_MAX, &statement->size) || !take_digest(&rest, "root", &statement->root) ||
        rest.len)
        return ERR_INVALID;
    statement->epoch = (uint32_t)epoch;
    return 0;
}

/* ---- the tree of a batch ---- */

/* The statements' texts, one behind the other, and the whole nodes above them by level. */
struct batch_tree {
    size_t size;
    struct buffer texts;
    size_t text_ends[ACK_NOTES_MAX];
    struct digest nodes[LEVELS][ACK_NOTES_MAX]; /* level 0: the leaves */
};

static struct text statement_text(const struct batch_tree *tree, size_t i)
{
    size_t begin = i ? tree->text_ends[i - 1] : 0;

    return (struct text){(const char *)tree->texts.data + begin, tree->text_ends[i] - begin};
}

static void plant(struct batch_tree *tree, const struct ack_statement *const statements[], size_t count)
{
    tree->size = count;
    for (size_t i = 0; i < count; i++) {
        ack_statement_put(statements[i], &tree->texts);
        tree->text_ends[i] = tree->texts.len;
    }
    if (tree->texts.failed)
        return;
    for (size_t i = 0; i < count; i++) {
        struct text text = statement_text(tree, i);

        tree->nodes[0][i] = entry_hash(text.data, text.len);
    }
    for (size_t level = 1; level < LEVELS; level++)
        for (size_t i = 0; i < count >> level; i++)
            tree->nodes[level][i] = node_hash(&tree->nodes[level - 1][2 * i], &tree->nodes[level - 1][2 * i + 1]);
}

static int read_node(void *context, struct tree_node node, struct digest *hash)
{
    const struct batch_tree *tree = context;

    *hash = tree->nodes[node.level][node.index];
    return 0;
}

/* ---- signing ---- */

/* The text that Ed25519 signs for all of them. */
static void put_batch(struct buffer *out, struct text name, size_t size, const struct digest *root)
{
    char encoded[BASE64_SIZE(SHA256_BYTES)];

    base64_encode(root->bytes, SHA256_BYTES, encoded);
    buffer_printf(out, NOTE_ACK_BATCH_NAME "\n%.*s\n%zu\n%s\n", TEXT_ARG(name), size, encoded);
}

/* What every note of the batch has in its signature line. */
struct batch_signature {
    const struct note_signer *signer;
    uint8_t key_hash[NOTE_KEY_HASH_BYTES];
    uint8_t bytes[crypto_sign_BYTES];
};

static void sign_root(struct batch_tree *tree, struct batch_signature *signature, struct buffer *batch)
{
    const struct note_signer *signer = signature->signer;
    struct digest root;

    if (proof_root(tree->size, read_node, tree, &root))
        abort(); /* all nodes are at hand */
    put_batch(batch, text_of(signer->name), tree->size, &root);
    note_key_hash_of(NOTE_ACK_BATCH_V1, text_of(signer->name), note_signer_public_key(signer), signature->key_hash);
    (void)crypto_sign_detached(signature->bytes, NULL, batch->data, batch->len, signer->secret_key);
}

static void put_note(struct buffer *out, struct batch_tree *tree, size_t index, const struct batch_signature *signature)
{
    uint8_t bytes[NOTE_SIGNATURE_MAX] = {(uint8_t)(tree->size >> 8), (uint8_t)tree->size, (uint8_t)(index >> 8),
                                         (uint8_t)index};
    struct proof_plan plan;
    struct proof path;

    if (proof_plan_inclusion(index, tree->size, &plan) || proof_make(&plan, read_node, tree, &path))
        abort(); /* an index within the tree, and all nodes at hand */
    memcpy(bytes + FRONT_BYTES, signature->bytes, crypto_sign_BYTES);
    memcpy(bytes + FIXED_BYTES, path.hashes, path.count * SHA256_BYTES);
    buffer_put_text(out, statement_text(tree, index));
    buffer_put_text(out, TEXT("\n"));
    note_signature_put(out, text_of(signature->signer->name), signature->key_hash, bytes,
                       FIXED_BYTES + path.count * SHA256_BYTES);
}

static void put_together(const struct ack_statement *const statements[], size_t count, const struct note_signer *signer,
                         struct buffer *out, size_t ends[])
{
    struct batch_signature signature = {.signer = signer};
    struct batch_tree tree;
    struct buffer batch;

    buffer_init(&tree.texts, ACK_NOTES_MAX * TEXT_MAX);
    buffer_init(&batch, SIGNED_MAX);
    plant(&tree, statements, count);
    if (!tree.texts.failed)
        sign_root(&tree, &signature, &batch);
    if (tree.texts.failed || batch.failed)
        out->failed = true;
    for (size_t i = 0; i < count && !out->failed; i++) {
        put_note(out, &tree, i, &signature);
        ends[i] = out->len;
    }
    buffer_fini(&batch);
    buffer_fini(&tree.texts);
}

void ack_notes_put(const struct ack_statement *const statements[], size_t count, const struct note_signer *signer,
                   struct buffer *out, size_t ends[])
{
    size_t start = out->len;

    assert(count <= ACK_NOTES_MAX);
    if (count > 1) {
        put_together(statements, count, signer, out, ends);
    } else if (count == 1) {
        ack_statement_put(statements[0], out);
        note_sign(out, start, signer);
        ends[0] = out->len;
    }
}

/* ---- checking ---- */

static bool batch_signature_holds(const struct note_signature *signature, struct text text,
                                  const uint8_t public_key[NOTE_PUBLIC_KEY_BYTES])
{
    uint8_t bytes[NOTE_SIGNATURE_MAX];
    struct digest path[PATH_MAX_HASHES], root, leaf_hash = entry_hash(text.data, text.len);
    struct buffer batch;
    size_t len, size, index, count;
    bool holds;

    len = note_signature_read(signature, bytes);
    if (len < FIXED_BYTES || (len - FIXED_BYTES) % SHA256_BYTES || (len - FIXED_BYTES) / SHA256_BYTES > PATH_MAX_HASHES)
        return false;
    count = (len - FIXED_BYTES) / SHA256_BYTES;
    memcpy(path, bytes + FIXED_BYTES, count * SHA256_BYTES);
    size = (size_t)bytes[0] << 8 | bytes[1];
    index = (size_t)bytes[2] << 8 | bytes[3];
    if (!proof_inclusion_root(index, size, &leaf_hash, path, count, &root))
        return false;
    buffer_init(&batch, SIGNED_MAX);
    put_batch(&batch, signature->name, size, &root);
    holds = !batch.failed && crypto_sign_verify_detached(bytes + FRONT_BYTES, batch.data, batch.len, public_key) == 0;
    buffer_fini(&batch);
    return holds;
}

int ack_note_verify(struct text note, struct text name, const uint8_t public_key[NOTE_PUBLIC_KEY_BYTES],
                    struct text *text)
{
    struct verifier_key key;
    struct note_signature signature;
    struct text body, rest;
    int code = note_verify(note, name, public_key, text);

    if (code != ERR_NOT_FOUND || note_split(note, &body, &rest))
        return code;
    verifier_key_init(&key, NOTE_ACK_BATCH_V1, name, public_key);
    while (note_signature_take(&rest, &signature))
        if (verifier_key_signed(&key, &signature)) {
            if (!batch_signature_holds(&signature, body, public_key))
                return ERR_SIGNATURE;
            if (text)
                *text = body;
            return 0;
        }
    return ERR_NOT_FOUND;
}
