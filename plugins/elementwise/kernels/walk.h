// From tensors in any layout to chunks. Dimensions that all tensors step through evenly are merged. Then either
//   rows:   results lie side by side along the last dimension, and every operand too, or it stands still there: chunks are parts of rows;
//   blocks: otherwise, and where rows are short: pieces of the results in their order, for which operands are gathered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "plugins/elementwise/kernels/job.h"

namespace tenon::elementwise {

struct Tensor {
  char* data;
  std::size_t size;                      // of an element
  std::int64_t strides[TENON_MAX_RANK];  // in elements, by the result's dimensions; 0 where it is broadcast
  bool compact;                          // of the merged shape
};

constexpr std::size_t kBlockElements = 512;
constexpr std::size_t kRowElements = 4096;  // a piece of a row: what one thread takes at least
constexpr std::size_t kShortRow = 32;       // rows of fewer elements are not worth a chunk of their own
constexpr std::size_t kStreamedRow = 1024;  // shorter rows do not go past the caches: their ends would cost more

struct Walk {
  const Job* job;
  int rank;
  std::int64_t sizes[TENON_MAX_RANK];
  Tensor operands[kMostOperands], result;
  std::size_t count;  // of results
  bool rows;
  bool stream;
  std::size_t row_pieces;  // rows: items of one row
  std::size_t items;

  // Of tensors with the strides of the dims given: merges dimensions and chooses. Needs count > 0.
  void prepare(const std::int64_t* dims, int given_rank) {
    rank = 0;
    count = 1;
    for (int d = 0; d < given_rank; ++d) {
      count *= static_cast<std::size_t>(dims[d]);
      if (dims[d] == 1) continue;
      bool even = rank > 0 && result.strides[rank - 1] == result.strides[d] * dims[d];
      for (int o = 0; even && o < job->operands; ++o) even = operands[o].strides[rank - 1] == operands[o].strides[d] * dims[d];
      if (!even) ++rank;
      sizes[rank - 1] = even ? sizes[rank - 1] * dims[d] : dims[d];
      result.strides[rank - 1] = result.strides[d];
      for (int o = 0; o < job->operands; ++o) operands[o].strides[rank - 1] = operands[o].strides[d];
    }
    if (rank == 0) {
      sizes[0] = rank = 1;
      result.strides[0] = 1;
      for (int o = 0; o < job->operands; ++o) operands[o].strides[0] = 0;
    }
    const int last = rank - 1;
    const auto length = static_cast<std::size_t>(sizes[last]);
    rows = result.strides[last] == 1 && (length >= kShortRow || rank == 1);
    for (int o = 0; rows && o < job->operands; ++o) rows = operands[o].strides[last] == 0 || operands[o].strides[last] == 1;
    row_pieces = (length + kRowElements - 1) / kRowElements;
    items = rows ? count / length * row_pieces : (count + kBlockElements - 1) / kBlockElements;
    stream = stream && rows && length >= kStreamedRow;
    if (rows) return;
    mark_compact(result);
    for (int o = 0; o < job->operands; ++o) mark_compact(operands[o]);
  }

  void run(std::size_t begin, std::size_t end) const { rows ? run_rows(begin, end) : run_blocks(begin, end); }

 private:
  void mark_compact(Tensor& t) const {
    std::int64_t expected = 1;
    t.compact = true;
    for (int d = rank; d-- > 0;) {
      t.compact = t.compact && t.strides[d] == expected;
      expected *= sizes[d];
    }
  }
  static char* at(const Tensor& t, std::int64_t offset) { return t.data + offset * static_cast<std::int64_t>(t.size); }

  void run_rows(std::size_t begin, std::size_t end) const {
    const int last = rank - 1;
    const auto length = static_cast<std::size_t>(sizes[last]);
    Chunk chunk;
    chunk.stream = stream;
    for (int o = 0; o < job->operands; ++o) chunk.one[o] = operands[o].strides[last] == 0;
    while (begin < end) {
      const std::size_t row = begin / row_pieces, piece = begin % row_pieces;
      const std::size_t pieces = row_pieces - piece < end - begin ? row_pieces - piece : end - begin;
      const std::size_t from = piece * kRowElements, to = (piece + pieces) * kRowElements;
      chunk.count = (to < length ? to : length) - from;
      chunk.out = at(result, offset_of(result, row, last) + static_cast<std::int64_t>(from));
      for (int o = 0; o < job->operands; ++o)
        chunk.in[o] = at(operands[o], offset_of(operands[o], row, last) + (chunk.one[o] ? 0 : static_cast<std::int64_t>(from)));
      job->chunk(*job, chunk);
      begin += pieces;
    }
  }
  // Where row-major number `index` of the first `dimensions` dimensions begins.
  std::int64_t offset_of(const Tensor& t, std::size_t index, int dimensions) const {
    if (dimensions == 1) return static_cast<std::int64_t>(index) * t.strides[0];
    std::int64_t offset = 0;
    for (int d = dimensions; d-- > 0 && index != 0;) {
      const auto size = static_cast<std::size_t>(sizes[d]);
      offset += static_cast<std::int64_t>(index % size) * t.strides[d];
      index /= size;
    }
    return offset;
  }

  void run_blocks(std::size_t begin, std::size_t end) const {
    alignas(64) char buffers[kMostOperands][kBlockElements * 8];
    alignas(64) char results[kBlockElements * 8];
    Chunk chunk;
    chunk.stream = false;
    for (; begin < end; ++begin) {
      const std::size_t from = begin * kBlockElements;
      chunk.count = count - from < kBlockElements ? count - from : kBlockElements;
      for (int o = 0; o < job->operands; ++o) {
        const Tensor& t = operands[o];
        chunk.one[o] = still(t);
        chunk.in[o] = chunk.one[o] ? t.data : t.compact ? at(t, static_cast<std::int64_t>(from)) : buffers[o];
        if (chunk.in[o] == buffers[o]) move_any<true>(t, from, chunk.count, buffers[o]);
      }
      chunk.out = result.compact ? at(result, static_cast<std::int64_t>(from)) : results;
      job->chunk(*job, chunk);
      if (!result.compact) move_any<false>(result, from, chunk.count, results);
    }
  }
  bool still(const Tensor& t) const {
    bool all = true;
    for (int d = 0; d < rank; ++d) all = all && t.strides[d] == 0;
    return all;
  }

  // Elements [from, from + n) of the merged shape, in its order, between the tensor and a buffer.
  template <bool kGather>
  void move_any(const Tensor& t, std::size_t from, std::size_t n, char* buffer) const {
    switch (t.size) {
      case 1:
        return move<kGather, std::uint8_t>(t, from, n, buffer);
      case 2:
        return move<kGather, std::uint16_t>(t, from, n, buffer);
      case 4:
        return move<kGather, std::uint32_t>(t, from, n, buffer);
      default:
        return move<kGather, std::uint64_t>(t, from, n, buffer);
    }
  }
  template <bool kGather, class T>
  void move(const Tensor& t, std::size_t from, std::size_t n, char* buffer) const {
    T* side = reinterpret_cast<T*>(buffer);
    std::int64_t index[TENON_MAX_RANK];
    const int last = rank - 1;
    for (int d = rank; d-- > 0;) {
      index[d] = static_cast<std::int64_t>(from % static_cast<std::size_t>(sizes[d]));
      from /= static_cast<std::size_t>(sizes[d]);
    }
    const std::int64_t step = t.strides[last];
    while (n > 0) {
      std::int64_t offset = 0;
      for (int d = 0; d < rank; ++d) offset += index[d] * t.strides[d];
      T* data = reinterpret_cast<T*>(t.data) + offset;
      const auto left = static_cast<std::size_t>(sizes[last] - index[last]);
      const std::size_t part = left < n ? left : n;
      for (std::size_t i = 0; i < part; ++i, data += step) {
        if constexpr (kGather)
          side[i] = *data;
        else
          *data = side[i];
      }
      side += part;
      n -= part;
      index[last] = 0;
      for (int d = last - 1; d >= 0; --d) {
        if (++index[d] < sizes[d]) break;
        index[d] = 0;
      }
    }
  }
};

}  // namespace tenon::elementwise
