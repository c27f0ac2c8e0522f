/* arena.h - memory for one batch: allocated piece by piece, freed all at once, with a hard cap.
 *
 * Owner: whoever calls arena_init. Pieces are zeroed, aligned for any type, and live until arena_reset or arena_fini. */
#ifndef CUSTODY_BASE_ARENA_H
#define CUSTODY_BASE_ARENA_H

#include <stddef.h>

#include "base/text.h"

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first */
    size_t used_bytes;          /* handed out since the last reset */
    size_t cap_bytes;           /* arena_alloc returns NULL rather than pass it */
    size_t block_bytes;
};

/* No allocation happens before the first arena_alloc. cap_bytes bounds what is handed out between resets. */
void arena_init(struct arena *arena, size_t cap_bytes);
void arena_fini(struct arena *arena);

/* Zeroed memory, or NULL when the cap or the system is exhausted. A size of 0 gives a valid pointer. */
void *arena_alloc(struct arena *arena, size_t size_bytes);

/* The same for `count` elements, with the product checked. */
void *arena_array(struct arena *arena, size_t count, size_t element_bytes);

/* Copies `t` into the arena with a terminating NUL; data is NULL when memory is exhausted. */
struct text arena_text(struct arena *arena, struct text t);

/* Forgets all pieces; keeps one block for the next batch. */
void arena_reset(struct arena *arena);

#endif
