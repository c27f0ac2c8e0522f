/* arena.c - a list of blocks, filled from the front; a reset keeps the newest regular one. */
#include "base/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_BLOCK_BYTES = 64 * 1024 };

struct arena_block {
    struct arena_block *next;
    size_t size, used;
    alignas(max_align_t) unsigned char bytes[];
};

void arena_init(struct arena *arena, size_t cap_bytes)
{
    *arena = (struct arena){.cap_bytes = cap_bytes, .block_bytes = ARENA_BLOCK_BYTES};
}

void arena_fini(struct arena *arena)
{
    while (arena->blocks) {
        struct arena_block *block = arena->blocks;

        arena->blocks = block->next;
        free(block);
    }
    arena->used_bytes = 0;
}

static struct arena_block *add_block(struct arena *arena, size_t size)
{
    size_t room = size > arena->block_bytes ? size : arena->block_bytes;
    struct arena_block *block = room <= SIZE_MAX - sizeof *block ? malloc(sizeof *block + room) : NULL;

    if (!block)
        return NULL;
    block->size = room;
    block->used = 0;
    block->next = arena->blocks;
    arena->blocks = block;
    return block;
}

void *arena_alloc(struct arena *arena, size_t size_bytes)
{
    size_t size = (size_bytes + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    struct arena_block *block = arena->blocks;
    void *piece;

    if (size < size_bytes || size > arena->cap_bytes - arena->used_bytes)
        return NULL;
    if (!block || size > block->size - block->used)
        block = add_block(arena, size);
    if (!block)
        return NULL;
    piece = block->bytes + block->used;
    block->used += size;
    arena->used_bytes += size;
    return memset(piece, 0, size);
}

void *arena_array(struct arena *arena, size_t count, size_t element_bytes)
{
    size_t size;

    if (__builtin_mul_overflow(count, element_bytes, &size))
        return NULL;
    return arena_alloc(arena, size);
}

struct text arena_text(struct arena *arena, struct text t)
{
    char *copy = t.len < SIZE_MAX ? arena_alloc(arena, t.len + 1) : NULL;

    if (!copy)
        return (struct text){NULL, 0};
    if (t.len)
        memcpy(copy, t.data, t.len);
    return (struct text){copy, t.len};
}

void arena_reset(struct arena *arena)
{
    struct arena_block *kept = NULL;

    while (arena->blocks) {
        struct arena_block *block = arena->blocks;

        arena->blocks = block->next;
        if (!kept && block->size == arena->block_bytes)
            kept = block;
        else
            free(block);
    }
    if (kept) {
        kept->next = NULL;
        kept->used = 0;
    }
    arena->blocks = kept;
    arena->used_bytes = 0;
}
