/* bundle.h - an evidence bundle as names: which files it may hold, its manifest (SHA256SUMS, as sha256sum writes it), and the two
 * texts in it that programs read: a device's public key and what an operator's action says of a leaf.
 *
 * Pure. custodyctl prove writes bundles, custodyctl verify reads what strangers sent: nothing here trusts a byte. */
#ifndef CUSTODY_CORE_LEDGER_BUNDLE_H
#define CUSTODY_CORE_LEDGER_BUNDLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"
#include "core/ledger/note.h"

enum { BUNDLE_FILES_MAX = 65536, BUNDLE_PATH_SIZE = 128, BUNDLE_SOURCE_MAX = 64 };

#define BUNDLE_MANIFEST "SHA256SUMS"
#define BUNDLE_CHECKPOINT "checkpoint"
#define BUNDLE_LOG_KEYS "keys/log.vkeys"

enum bundle_kind {
    BUNDLE_RECORD,     /* records/<index>.bin: the exact bytes of a record */
    BUNDLE_LEAF,       /* records/<index>.leaf: the leaf of a record whose bytes were erased */
    BUNDLE_PROOF,      /* proofs/<index>.tlog-proof */
    BUNDLE_DEVICE_KEY, /* keys/<source>.<key id in hex>.pem */
    BUNDLE_KEYS_OF_LOG,
    BUNDLE_SIGNED_HEAD, /* checkpoint */
    BUNDLE_TEXT,        /* for people and for others' tools: README.md, account.*.md, policy, proto/ */
};

struct bundle_name {
    enum bundle_kind kind;
    uint64_t index;     /* of a record, leaf or proof */
    struct text source; /* of a device key; borrowed */
    uint8_t key_id[NOTE_KEY_HASH_BYTES];
};

/* Accepts exactly the paths above: relative, without "..", without a second spelling. 0 or ERR_INVALID. */
int bundle_name_parse(struct text path, struct bundle_name *name) MUST_USE;

struct bundle_entry {
    struct text path; /* borrowed from the manifest */
    struct digest sha256;
    struct bundle_name name;
};

/* Lines "<64 hex digits>  <path>\n" in the rising order of their paths, each path once, the checkpoint and the log's keys among
 * them, and a proof for every record or leaf and no other. 0, ERR_INVALID or ERR_TOO_LARGE (more than `max`), with words. */
int bundle_manifest_parse(struct text t, struct bundle_entry *entries, size_t max, size_t *count,
                          struct error *error) MUST_USE;

/* An Ed25519 public key as "-----BEGIN PUBLIC KEY-----" (RFC 8410, RFC 7468), as openssl reads it. */
void bundle_key_put(const uint8_t public_key[NOTE_PUBLIC_KEY_BYTES], struct buffer *out);

#endif
