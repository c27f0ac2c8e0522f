/* hash.c - SHA-256 by libcrypto, which uses the processor's SHA instructions. */
#include "base/hash.h"

#include <openssl/evp.h>
#include <stdlib.h>

bool digest_is_zero(const struct digest *digest)
{
    static const struct digest zero;

    return digest_equal(digest, &zero);
}

/* One context a thread: making and fetching costs more than hashing a leaf. */
static EVP_MD_CTX *context(void)
{
    static _Thread_local EVP_MD_CTX *mine;

    if (!mine) {
        mine = EVP_MD_CTX_new();
        if (!mine || !EVP_DigestInit_ex(mine, EVP_sha256(), NULL))
            abort(); /* out of memory at the first hash of a thread, or a libcrypto without SHA-256 */
    }
    return mine;
}

struct digest sha256_parts(const struct hash_part *parts, size_t count)
{
    EVP_MD_CTX *hash = context();
    struct digest digest;
    int ok = EVP_DigestInit_ex(hash, NULL, NULL);

    for (size_t i = 0; i < count; i++)
        ok &= EVP_DigestUpdate(hash, parts[i].data, parts[i].len);
    ok &= EVP_DigestFinal_ex(hash, digest.bytes, NULL);
    if (!ok)
        abort();
    return digest;
}

struct digest sha256(const void *data, size_t len)
{
    return sha256_parts(&(struct hash_part){data, len}, 1);
}

uint64_t hash64(struct text t)
{
    uint64_t hash = 0xcbf29ce484222325U;

    for (size_t i = 0; i < t.len; i++)
        hash = (hash ^ (unsigned char)t.data[i]) * 0x100000001b3U;
    hash ^= hash >> 32;
    hash *= 0xd6e8feb86659fd93U;
    return hash ^ hash >> 32;
}
