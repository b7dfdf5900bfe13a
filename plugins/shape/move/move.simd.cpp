// Copies of boxes. By the last dimension, in which the target is densest:
//   rows         both sides are contiguous there: whole runs
//   fill         the source repeats one element
//   transpose    the source is contiguous along another dimension: tiles of one cache line by one, turned in registers 16 bytes at a time,
//                collected in a buffer and written line by line, so that neither side is touched twice and a line may be streamed
//   elements     anything else
#include <string.h>

#include "plugins/shape/move/box.h"
#include "plugins/support/simd.hpp"

namespace {

using tenon::shape::Box;
constexpr std::size_t kLine = 64;

// Elements of 16 bytes.
struct Sixteen {
  std::uint64_t low, high;
};

template <class T>
inline T get(const char* p) {
  T value;
  memcpy(&value, p, sizeof value);
  return value;
}
template <class T>
inline void put(char* p, T value) {
  memcpy(p, &value, sizeof value);
}

// ---- Runs ----

// Two overlapping words where one would be too long.
template <class T>
inline void copy_ends(char* to, const char* from, std::size_t bytes) {
  const T first = get<T>(from), last = get<T>(from + bytes - sizeof(T));
  put(to, first);
  put(to + bytes - sizeof(T), last);
}
inline void copy_short(char* to, const char* from, std::size_t bytes) {  // below 4 * 16
  if (bytes >= 16) {
    for (std::size_t i = 0; i + 16 < bytes; i += 16) put(to + i, get<Sixteen>(from + i));
    return put(to + bytes - 16, get<Sixteen>(from + bytes - 16));
  }
  if (bytes >= 8) return copy_ends<std::uint64_t>(to, from, bytes);
  if (bytes >= 4) return copy_ends<std::uint32_t>(to, from, bytes);
  for (std::size_t i = 0; i < bytes; ++i) to[i] = from[i];
}

TENON_SIMD_NOINLINE void copy_streaming(char* to, const char* from, std::size_t bytes) {
  using namespace simd;
  const std::size_t over = reinterpret_cast<std::uintptr_t>(to) % kVectorBytes, head = over == 0 ? 0 : kVectorBytes - over;
  if (bytes < head + 4 * kVectorBytes) {
    memcpy(to, from, bytes);
    return;
  }
  memcpy(to, from, head);
  std::size_t i = head;
  for (; bytes - i >= 4 * kVectorBytes; i += 4 * kVectorBytes) {
    prefetch(from + i + 512);
    prefetch(from + i + 576);
#pragma GCC unroll 4
    for (std::size_t v = 0; v < 4; ++v) stream(to + i + v * kVectorBytes, from_bits(load_bits(from + i + v * kVectorBytes)));
  }
  memcpy(to + i, from + i, bytes - i);
}

inline void copy_run(char* to, const char* from, std::size_t bytes, bool stream) {
  if (bytes < 64)
    copy_short(to, from, bytes);
  else if (stream)
    copy_streaming(to, from, bytes);
  else
    memcpy(to, from, bytes);
}

template <class T>
TENON_SIMD_NOINLINE void fill_run(char* to, const char* from, std::size_t count) {
  const T value = get<T>(from);
  for (std::size_t i = 0; i < count; ++i) put(to + i * sizeof(T), value);
}

template <class T>
TENON_SIMD_NOINLINE void copy_elements(char* to, std::int64_t to_step, const char* from, std::int64_t from_step, std::size_t count) {
  constexpr auto kSize = static_cast<std::int64_t>(sizeof(T));
  const auto n = static_cast<std::int64_t>(count);
  if (to_step == kSize && from_step == -kSize) {  // known steps: the compiler reverses vectors
    for (std::int64_t i = 0; i < n; ++i) put(to + i * kSize, get<T>(from - i * kSize));
  } else if (to_step == kSize && from_step == 2 * kSize) {
    for (std::int64_t i = 0; i < n; ++i) put(to + i * kSize, get<T>(from + i * 2 * kSize));
  } else {
    for (std::int64_t i = 0; i < n; ++i) put(to + i * to_step, get<T>(from + i * from_step));
  }
}

// ---- Transpose ----

// Vectors of 16 bytes, and the two halves of a pair of them taken alternately.
template <class T>
struct Vector;
#define TENON_VECTOR(type, low, high)                                           \
  template <>                                                                   \
  struct Vector<type> {                                                         \
    typedef type V __attribute__((vector_size(16)));                            \
    static V zip_low(V a, V b) { return __builtin_shufflevector(a, b, low); }   \
    static V zip_high(V a, V b) { return __builtin_shufflevector(a, b, high); } \
  };
#define TENON_LIST(...) __VA_ARGS__
#define TENON_ZIP_1_LOW 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define TENON_ZIP_1_HIGH 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
TENON_VECTOR(std::uint8_t, TENON_LIST(TENON_ZIP_1_LOW), TENON_LIST(TENON_ZIP_1_HIGH))
TENON_VECTOR(std::uint16_t, TENON_LIST(0, 8, 1, 9, 2, 10, 3, 11), TENON_LIST(4, 12, 5, 13, 6, 14, 7, 15))
TENON_VECTOR(std::uint32_t, TENON_LIST(0, 4, 1, 5), TENON_LIST(2, 6, 3, 7))
TENON_VECTOR(std::uint64_t, TENON_LIST(0, 2), TENON_LIST(1, 3))

// A square of 16 / sizeof(T) rows of 16 bytes. Zipping row i with row i + n/2 moves one bit of an element's column into its row; after
// log2(n) rounds the two are swapped.
template <class T>
inline void turn_square(const char* from, std::int64_t from_step, char* to, std::size_t to_step) {
  using V = typename Vector<T>::V;
  constexpr std::size_t kN = 16 / sizeof(T);
  V a[kN], b[kN];
#pragma GCC unroll 16
  for (std::size_t i = 0; i < kN; ++i) memcpy(&a[i], from + static_cast<std::int64_t>(i) * from_step, 16);
#pragma GCC unroll 4
  for (std::size_t round = 1; round < kN; round *= 2) {
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kN / 2; ++i) {
      b[2 * i] = Vector<T>::zip_low(a[i], a[i + kN / 2]);
      b[2 * i + 1] = Vector<T>::zip_high(a[i], a[i + kN / 2]);
    }
#pragma GCC unroll 16
    for (std::size_t i = 0; i < kN; ++i) a[i] = b[i];
  }
#pragma GCC unroll 16
  for (std::size_t i = 0; i < kN; ++i) memcpy(to + i * to_step, &a[i], 16);
}

// rows x columns elements, at most a line of each. Source: columns lie `from_step` apart, rows side by side. Target: the other way round.
template <class T>
void turn_tile(const char* from, std::int64_t from_step, char* to, std::int64_t to_step, std::size_t rows, std::size_t columns,
               bool stream) {
  constexpr std::size_t kN = 16 / sizeof(T);
  alignas(64) char buffer[kLine / sizeof(T) * kLine];
  const std::size_t whole_rows = rows / kN * kN, whole_columns = columns / kN * kN;
  for (std::size_t j = 0; j < whole_columns; j += kN)
    for (std::size_t i = 0; i < whole_rows; i += kN)
      turn_square<T>(from + static_cast<std::int64_t>(j) * from_step + i * sizeof(T), from_step, buffer + i * kLine + j * sizeof(T), kLine);
  const auto one = [&](std::size_t i, std::size_t j) {
    put(buffer + i * kLine + j * sizeof(T), get<T>(from + static_cast<std::int64_t>(j) * from_step + i * sizeof(T)));
  };
  for (std::size_t j = 0; j < columns; ++j)
    for (std::size_t i = j < whole_columns ? whole_rows : 0; i < rows; ++i) one(i, j);
  const std::size_t bytes = columns * sizeof(T);
  for (std::size_t i = 0; i < rows; ++i, to += to_step) {
    const char* const line = buffer + i * kLine;
    if (bytes != kLine) {
      copy_short(to, line, bytes);
    } else {
#pragma GCC unroll 4
      for (std::size_t v = 0; v < kLine; v += simd::kVectorBytes) {
        const simd::F data = simd::from_bits(simd::load_bits(line + v));
        if (stream)
          simd::stream(to + v, data);
        else
          simd::store_bits(to + v, data);
      }
    }
  }
}

// A plane: `rows` along which the source is contiguous, `columns` along which the target is.
template <class T>
void turn_plane(const char* from, std::int64_t from_step, char* to, std::int64_t to_step, std::size_t rows, std::size_t columns,
                bool stream) {
  constexpr std::size_t kTile = kLine / sizeof(T), kBand = 32 * kTile;  // a band of columns: so many pages of the source at once
  // Lines of the target begin where its columns are aligned; before that is a narrower tile.
  const std::size_t over = reinterpret_cast<std::uintptr_t>(to) % kLine,
                    head = over % sizeof(T) == 0 ? (kLine - over) % kLine / sizeof(T) : 0;
  const bool aligned = over % sizeof(T) == 0 && to_step % static_cast<std::int64_t>(kLine) == 0;
  std::size_t band = 0;
  while (band < columns) {
    const std::size_t first = band == 0 && aligned && head != 0 ? head : kBand;
    const std::size_t end = band + (first < columns - band ? first : columns - band);
    for (std::size_t i = 0; i < rows; i += kTile) {
      const std::size_t height = rows - i < kTile ? rows - i : kTile;
      for (std::size_t j = band; j < end; j += kTile) {
        const char* const tile = from + i * sizeof(T) + static_cast<std::int64_t>(j) * from_step;
        // Lines a step apart are no stream that the processor foresees. Into the second level: in the first they may share a set.
        for (std::size_t next = j + kTile; next < j + 2 * kTile && next < end; ++next)
          __builtin_prefetch(tile + static_cast<std::int64_t>(next - j) * from_step, 0, 2);
        if (!(stream && aligned) && j + kTile < end)
          for (std::size_t row = i; row < i + height; ++row)
            __builtin_prefetch(to + static_cast<std::int64_t>(row) * to_step + (j + kTile) * sizeof(T), 1, 2);
        turn_tile<T>(tile, from_step, to + static_cast<std::int64_t>(i) * to_step + j * sizeof(T), to_step, height,
                     end - j < kTile ? end - j : kTile, stream && aligned);
      }
    }
    band = end;
  }
}

// ---- Boxes ----

// visit(from, to) for every place of the dimensions below `rank`, the last of them fastest; `skip` is left out.
template <class Visit>
inline void walk(const Box& box, int rank, int skip, Visit visit) {
  std::int64_t index[2 * TENON_MAX_RANK] = {};
  const char* from = box.from;
  char* to = box.to;
  for (;;) {
    visit(from, to);
    int d = rank - 1;
    for (; d >= 0; --d) {
      if (d == skip) continue;
      from += box.from_steps[d];
      to += box.to_steps[d];
      if (++index[d] < box.sizes[d]) break;
      from -= box.from_steps[d] * box.sizes[d];
      to -= box.to_steps[d] * box.sizes[d];
      index[d] = 0;
    }
    if (d < 0) return;
  }
}

template <class T>
void run_elements(const Box& box) {
  const int last = box.rank - 1;
  const auto size = static_cast<std::int64_t>(sizeof(T));
  const std::int64_t from_step = box.from_steps[last], to_step = box.to_steps[last];
  const auto count = static_cast<std::size_t>(box.sizes[last]);
  if (to_step == size && from_step == 0) return walk(box, last, -1, [=](const char* from, char* to) { fill_run<T>(to, from, count); });
  if constexpr (sizeof(T) <= 8) {
    if (to_step == size)
      for (int d = last - 1; d >= 0; --d)
        if (box.from_steps[d] == size && box.sizes[d] * size >= 16 && box.sizes[last] * size >= 16) {
          const bool stream = box.stream;
          const std::int64_t rows_step = box.to_steps[d];
          const auto rows = static_cast<std::size_t>(box.sizes[d]);
          return walk(box, last, d,
                      [=](const char* from, char* to) { turn_plane<T>(from, from_step, to, rows_step, rows, count, stream); });
        }
  }
  // A short loop inside a long one the other way round.
  int inner = last;
  if (count < 16)
    for (int d = 0; d < last; ++d)
      if (box.sizes[d] > box.sizes[inner]) inner = d;
  const std::int64_t inner_from = box.from_steps[inner], inner_to = box.to_steps[inner];
  const auto length = static_cast<std::size_t>(box.sizes[inner]);
  walk(box, box.rank, inner, [=](const char* from, char* to) { copy_elements<T>(to, inner_to, from, inner_from, length); });
}

void run(const Box& box) {
  const int last = box.rank - 1;
  const auto size = static_cast<std::int64_t>(box.element);
  if (last < 0) {
    copy_short(box.to, box.from, box.element);
  } else if (box.from_steps[last] == size && box.to_steps[last] == size) {
    const std::size_t bytes = static_cast<std::size_t>(box.sizes[last]) * box.element;
    const bool stream = box.stream;
    walk(box, last, -1, [=](const char* from, char* to) { copy_run(to, from, bytes, stream); });
  } else {
    switch (box.element) {
      case 1:
        run_elements<std::uint8_t>(box);
        break;
      case 2:
        run_elements<std::uint16_t>(box);
        break;
      case 4:
        run_elements<std::uint32_t>(box);
        break;
      case 8:
        run_elements<std::uint64_t>(box);
        break;
      default:
        run_elements<Sixteen>(box);
        break;
    }
  }
  if (box.stream) simd::stream_fence();
}

}  // namespace

namespace tenon::shape::TENON_SIMD_NAMESPACE {
extern const MoveTable move_table;
const MoveTable move_table = {run};
}  // namespace tenon::shape::TENON_SIMD_NAMESPACE
