/* fuzz_tile_path.c - any bytes as the path of a tile: refused with words, or a tile whose path is those bytes. */
#include <assert.h>
#include <string.h>

#include "core/ledger/tile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct text path = {(const char *)data, size};
    struct tile tile;
    struct error error = {0};
    char again[TILE_PATH_SIZE];
    int code = tile_path_parse(path, &tile, &error);

    assert((code == 0) == (error.text[0] == '\0'));
    assert(text_is_clean_utf8(text_of(error.text)));
    if (code)
        return 0;
    assert(tile.level <= TILE_LEVEL_MAX && tile.width >= 1 && tile.width <= TILE_WIDTH);
    tile_path(&tile, again);
    assert(text_equal(text_of(again), path));
    (void)tile_in_tree(&tile, UINT64_MAX);
    return 0;
}
