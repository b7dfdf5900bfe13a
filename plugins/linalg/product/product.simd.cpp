// Products of matrices at one SIMD level: tiles of packed operands (tile.hpp, pack.hpp), or dot products of a few rows (dots.hpp).
//
// A sum runs over the depth in panels of kDepth elements: each panel is added up by itself, then to the sum of those before it. The
// result depends on shapes and the level alone: a tile's numbers do not depend on what else is computed, or by which thread.
#include "plugins/linalg/product/dots.hpp"
#include "plugins/linalg/product/tile.hpp"

namespace {

using tenon::linalg::kTensors;
using tenon::linalg::Method;
using tenon::linalg::Sum;
using tenon::linalg::Table;

// One side: its tiles, and how they are packed.
template <class T>
struct Side {
  const Group* group;
  int tensor;
  const char* data;        // of the batch
  std::size_t size, tile;  // of an element in bytes; elements of a tile
  std::size_t packed;      // elements that a packed tile takes
  void (*pack)(const char* data, const Place& place, T* to);

  std::size_t tiles() const { return (group->count + tile - 1) / tile; }
  std::size_t count(std::size_t index) const { return least(tile, group->count - index * tile); }
  // Where tile number `index` lies; `outer` has room for a tile.
  Place place(std::size_t index, const std::int64_t* depth, std::size_t length, std::int64_t* outer) const {
    const std::size_t n = count(index);
    for (std::size_t i = 0; i < n; ++i) outer[i] = offset_of(*group, tensor, index * tile + i);
    return {outer, depth, n, length, runs(outer, n), runs(depth, length)};
  }
};

template <class S, class T>
void pack_rows_tile(const char* data, const Place& place, T* to) {
  pack_rows<S, T>(data, place, kTileRows<T>, kStride, to);
}

template <class T>
Side<T> side_of(const Job& job, int tensor) {
  Side<T> side{};
  side.tensor = tensor;
  side.group = tensor == kRowsSide ? &job.rows : &job.lanes;
  side.tile = tensor == kRowsSide ? kTileRows<T> : kTileLanes<T>;
  side.packed = tensor == kRowsSide ? kTileRows<T> * kStride : kTileLanes<T> * kDepth;
  with_element<T>(job.dtype, [&](auto element) {
    using S = decltype(element);
    side.size = sizeof(S);
    side.pack = tensor == kRowsSide ? pack_rows_tile<S, T> : pack_lanes<S, T, kTileLanes<T>>;
  });
  return side;
}

// One chunk: tiles [first, first + count) of the streamed side with one block of the resident one.
template <class T>
struct Chunk {
  const Job& job;
  const Finish<T>& finish;
  const Side<T>&resident, &streamed;
  std::size_t block, block_tiles;  // the first tile of the block, and how many it has
  std::size_t first, count;
  T *block_memory, *tile_memory, *sums;
  char* output;  // of the batch
  const char* added;

  static constexpr std::size_t kTile = kTileRows<T> * kTileLanes<T>;
  bool rows_resident() const { return resident.tensor == kRowsSide; }
  // The sums of tile `s` of the chunk with tile `r` of the block.
  T* sums_at(std::size_t s, std::size_t r) const { return sums + (s * block_tiles + r) * kTile; }

  void multiply_all() const {
    const std::size_t depth = job.depth.count;
    if (depth == 0)
      for (std::size_t i = 0; i < count * block_tiles * kTile; ++i) sums[i] = T(0);
    std::int64_t offsets[2][kDepth], outer[kTileLanes<T>];
    for (std::size_t k = 0; k < depth; k += kDepth) {
      const std::size_t length = least(kDepth, depth - k);
      for (int side = 0; side < 2; ++side)
        for (std::size_t i = 0; i < length; ++i) offsets[side][i] = offset_of(job.depth, side, k + i);
      for (std::size_t r = 0; r < block_tiles; ++r)
        resident.pack(resident.data, resident.place(block + r, offsets[resident.tensor], length, outer),
                      block_memory + r * resident.packed);
      for (std::size_t s = 0; s < count; ++s) {
        streamed.pack(streamed.data, streamed.place(first + s, offsets[streamed.tensor], length, outer), tile_memory);
        for (std::size_t r = 0; r < block_tiles; ++r) {
          const T* const packed = block_memory + r * resident.packed;
          const std::size_t counts[2] = {resident.count(block + r), streamed.count(first + s)};
          if (rows_resident())
            multiply<T>(packed, tile_memory, length, sums_at(s, r), k > 0, counts[0], counts[1]);
          else
            multiply<T>(tile_memory, packed, length, sums_at(s, r), k > 0, counts[1], counts[0]);
        }
      }
    }
  }

  // The sums of a tile of rows with a tile of lanes, both counted within this chunk.
  T* sums_of(std::size_t row_tile, std::size_t lane_tile) const {
    return rows_resident() ? sums_at(lane_tile, row_tile) : sums_at(row_tile, lane_tile);
  }
  void write_run(const Group& along, std::size_t at, std::size_t n, const T* values, const Group& across, std::size_t index) const {
    finish_run(finish, along, at, n, values, output + offset_of(across, kOutput, index) * static_cast<std::int64_t>(finish.output_bytes),
               added == nullptr ? nullptr : added + offset_of(across, kAdded, index) * static_cast<std::int64_t>(finish.added_bytes));
  }
  void write_all() const {
    const Side<T>&rows = rows_resident() ? resident : streamed, &lanes = rows_resident() ? streamed : resident;
    const std::size_t row_begin = rows_resident() ? block : first, row_tiles = rows_resident() ? block_tiles : count;
    const std::size_t lane_begin = rows_resident() ? first : block, lane_tiles = rows_resident() ? count : block_tiles;
    const bool turned = job.rows.rank == 1 && job.rows.steps[kOutput][0] == 1 && !(job.lanes.rank == 1 && job.lanes.steps[kOutput][0] == 1);
    if (!turned) {
      for (std::size_t i = 0; i < row_tiles; ++i)
        for (std::size_t r = 0; r < rows.count(row_begin + i); ++r)
          for (std::size_t j = 0; j < lane_tiles; ++j)
            write_run(job.lanes, (lane_begin + j) * lanes.tile, lanes.count(lane_begin + j), sums_of(i, j) + r * lanes.tile, job.rows,
                      (row_begin + i) * rows.tile + r);
      return;
    }
    constexpr std::size_t kTiles = kRun / kTileRows<T>;
    alignas(64) T columns[kTileLanes<T> * kRun];
    for (std::size_t j = 0; j < lane_tiles; ++j)
      for (std::size_t i = 0; i < row_tiles; i += kTiles) {
        const std::size_t n = least(kTiles, row_tiles - i), at = (row_begin + i) * rows.tile;
        for (std::size_t t = 0; t < n; ++t) turn(sums_of(i + t, j), lanes.tile, rows.tile, lanes.tile, columns + t * rows.tile, kRun);
        for (std::size_t c = 0; c < lanes.count(lane_begin + j); ++c)
          write_run(job.rows, at, least(n * rows.tile, job.rows.count - at), columns + c * kRun, job.lanes,
                    (lane_begin + j) * lanes.tile + c);
      }
  }
};

template <class T>
TENON_SIMD_NOINLINE void run_tiles(const Job& job, std::size_t begin, std::size_t end, std::size_t slot) {
  const tenon::linalg::Shape& shape = job.shape;
  const Finish<T> finish = finish_of<T>(job);
  Side<T> rows = side_of<T>(job, kRowsSide), lanes = side_of<T>(job, kLanesSide);
  Side<T>&resident = shape.rows_resident ? rows : lanes, &streamed = shape.rows_resident ? lanes : rows;
  T* const memory = reinterpret_cast<T*>(job.workspace + slot * job.workspace_bytes);
  T* const tile_memory = memory + shape.resident_tiles * resident.packed;
  const std::size_t in_batch = shape.resident_blocks * shape.stream_count;
  for (std::size_t item = begin; item < end;) {
    const std::size_t batch = item / in_batch, block = item % in_batch / shape.stream_count, first = item % shape.stream_count;
    const std::size_t count = least(least(end - item, shape.stream_count - first), shape.stream_tiles);
    for (Side<T>* side : {&rows, &lanes})
      side->data = job.data[side->tensor] + offset_of(job.batch, side->tensor, batch) * static_cast<std::int64_t>(side->size);
    const Chunk<T> chunk{
        job,
        finish,
        resident,
        streamed,
        block * shape.resident_tiles,
        least(shape.resident_tiles, resident.tiles() - block * shape.resident_tiles),
        first,
        count,
        memory,
        tile_memory,
        tile_memory + streamed.packed,
        job.output + offset_of(job.batch, kOutput, batch) * static_cast<std::int64_t>(finish.output_bytes),
        job.added == nullptr ? nullptr : job.added + offset_of(job.batch, kAdded, batch) * static_cast<std::int64_t>(finish.added_bytes)};
    chunk.multiply_all();
    chunk.write_all();
    item += count;
  }
}

void run(const Job& job, std::size_t begin, std::size_t end, std::size_t slot) {
  if (job.shape.method == Method::Dots) {
    if (job.dtype == TENON_F32) return run_dots<simd::RowF32, float>(job, begin, end, slot);
    if (job.dtype == TENON_F16) return run_dots<simd::RowF16, F16>(job, begin, end, slot);
    return run_dots<simd::RowBF16, BF16>(job, begin, end, slot);
  }
  switch (job.shape.sum) {
    case Sum::F32:
      return run_tiles<float>(job, begin, end, slot);
    case Sum::F64:
      return run_tiles<double>(job, begin, end, slot);
    case Sum::Int32:
      return run_tiles<std::uint32_t>(job, begin, end, slot);
    case Sum::Int64:
      return run_tiles<std::uint64_t>(job, begin, end, slot);
  }
}

template <class T>
constexpr tenon::linalg::TileSize kSize = {kTileRows<T>, kTileLanes<T>};

}  // namespace

namespace tenon::linalg::TENON_SIMD_NAMESPACE {
extern const Table table;
const Table table = {
    {kSize<float>, kSize<double>, kSize<std::uint32_t>, kSize<std::uint64_t>}, kDepth, kStride, kDotLanes, kUnit, run,
};
}  // namespace tenon::linalg::TENON_SIMD_NAMESPACE
