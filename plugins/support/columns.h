// Rows that lie side by side: where what a row runs over is not the last dimension, neighbouring elements in memory belong to different
// rows. Such rows are handled as columns, a vector of them at a time, in tiles. For kernels over rows.h; plain and static as it is.
#pragma once

#include "plugins/support/rows.h"

namespace tenon::columns {

struct Columns {
  size_t count;     // of columns that lie side by side
  size_t tile;      // of them that are handled together; the last tile takes what remains, so that it has less than two tiles' worth
  size_t tiles;     // per `count` columns
  int64_t step[2];  // from one element of a column to the next, in elements: input, output
};

static inline size_t tile_count(size_t columns, size_t tile) { return columns < tile ? 1 : columns / tile; }

// The widest of 128, 64, .. columns, at least `unit`, of which so many floats fit `bytes`. By the shape alone: it shows in no number, but
// the workspace depends on it.
static inline size_t tile_width(size_t length, size_t unit, size_t bytes) {
  size_t tile = 128;
  while (tile / 2 >= unit && 2 * tile * length * sizeof(float) > bytes) tile /= 2;
  return tile;
}

// The distance between a row's elements, if it is the same everywhere.
static inline bool even_step(const rows::Space& space, const rows::View& view, int64_t* step) {
  int64_t size = 0;
  *step = 0;
  for (int d = space.inner_rank; d-- > 0;) {
    if (space.inner_sizes[d] == 1) continue;
    if (size == 0) {
      *step = view.inner[d];
      size = 1;
    } else if (view.inner[d] != *step * size) {
      return false;
    }
    size *= space.inner_sizes[d];
  }
  return true;
}

// Whether x and y have columns, at least `unit` of them; after collapse_outer.
static inline bool find_columns(const rows::Space& space, const rows::View& x, const rows::View& y, size_t unit, size_t tile,
                                Columns* out) {
  const int last = space.outer_rank - 1;
  const size_t count = static_cast<size_t>(space.outer_sizes[last]);
  if (x.outer[last] != 1 || y.outer[last] != 1 || count < unit) return false;
  if (!even_step(space, x, &out->step[0]) || !even_step(space, y, &out->step[1])) return false;
  out->count = count;
  out->tile = tile;
  out->tiles = tile_count(count, tile);
  return true;
}

// Tiles are numbered over the whole space: the row number of a tile's first column, and its width.
static inline size_t first_row(const Columns& columns, size_t number) {
  return number / columns.tiles * columns.count + number % columns.tiles * columns.tile;
}
static inline size_t width(const Columns& columns, size_t number) {
  const size_t in_line = number % columns.tiles;
  return in_line + 1 == columns.tiles ? columns.count - in_line * columns.tile : columns.tile;
}

}  // namespace tenon::columns
