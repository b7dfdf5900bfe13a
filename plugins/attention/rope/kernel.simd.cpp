// rope over rows of f32, f16 and bf16: for a block of positions the tables of cosines and sines are made once, in the order in which rows
// are read, and then turn every head. x cos - y sin is two products and a difference, each rounded, as the lowering has it: f32 results are
// the lowering's own.
#include <string.h>

#include "plugins/attention/rope/job.h"
#include "plugins/attention/rope/sin_cos.hpp"
#include "plugins/support/simd_rows.hpp"
#include "plugins/support/simd_shuffle.hpp"

namespace {

using namespace simd;
using namespace tenon::attention::rope;

// ---- Tables ----

// Halves: one float per pair, unit by unit. Neighbours: bf16 units split into even and odd elements by themselves; other types read
// cosines twice, and sines with the sign that they have for the element.
std::size_t width_of(const Layout& layout) {
  const auto up = [](std::size_t n, std::size_t to) { return (n + to - 1) / to * to; };
  if (!layout.interleaved) return up(layout.pairs, kUnit);
  return layout.dtype == TENON_BF16 ? up(layout.pairs, kLanes) : up(2 * layout.pairs, kUnit);
}

// f32 data from outside must not meet bf16's rounding with a NaN that carries.
float tamed(float x) { return __builtin_isnan(x) ? __builtin_nanf("") : x; }

TENON_SIMD_NOINLINE void arrange(const Layout& layout, const float* cosines, const float* sines, float* out) {
  const std::size_t n = layout.pairs, width = layout.width;
  float *c = out, *s = out + width;
  if (layout.interleaved && layout.dtype != TENON_BF16) {
    for (std::size_t i = 0; i < n; ++i) {
      c[2 * i] = c[2 * i + 1] = cosines[i];
      s[2 * i] = -sines[i];
      s[2 * i + 1] = sines[i];
    }
    for (std::size_t i = 2 * n; i < width; ++i) c[i] = s[i] = 0;
    return;
  }
  const bool split = layout.dtype == TENON_BF16 && !layout.interleaved;
  if (layout.dtype != TENON_BF16) {
    memcpy(c, cosines, n * sizeof(float));
    memcpy(s, sines, n * sizeof(float));
    for (std::size_t i = n; i < width; ++i) c[i] = s[i] = 0;
    return;
  }
  for (std::size_t unit = 0; unit < width; unit += kUnit)
    for (std::size_t i = unit; i < unit + kUnit && i < width; ++i) {
      const std::size_t to = split ? unit + (i - unit) / 2 + (i % 2 == 0 ? 0 : kLanes) : i;
      c[to] = i < n ? tamed(cosines[i]) : 0;
      s[to] = i < n ? tamed(sines[i]) : 0;
    }
}

void read_given(const GivenTable& table, std::size_t pairs, std::size_t batch, std::size_t position, float* out) {
  const std::int64_t at = static_cast<std::int64_t>(batch) * table.batch + static_cast<std::int64_t>(position) * table.sequence;
  const std::int64_t step = table.pair, n = static_cast<std::int64_t>(pairs);
  if (table.dtype == TENON_F32) {
    const float* p = reinterpret_cast<const float*>(table.data) + at;
    for (std::int64_t i = 0; i < n; ++i) out[i] = p[i * step];
    return;
  }
  const std::uint16_t* p = reinterpret_cast<const std::uint16_t*>(table.data) + at;
  if (table.dtype == TENON_BF16) {
    for (std::int64_t i = 0; i < n; ++i) {
      const std::uint32_t bits = static_cast<std::uint32_t>(p[i * step]) << 16;
      memcpy(out + i, &bits, sizeof bits);
    }
    return;
  }
  for (std::size_t i = 0; i < pairs; i += kUnit) {
    alignas(64) std::uint16_t unit[kUnit] = {};
    for (std::size_t j = 0; j < kUnit && i + j < pairs; ++j) unit[j] = p[static_cast<std::int64_t>(i + j) * step];
    RowF32::store(out + i, RowF16::load(unit));
  }
}

std::int32_t position_at(const Job& job, std::size_t batch, std::size_t position) {
  if (job.positions == nullptr) return static_cast<std::int32_t>(position);
  const std::int64_t at = static_cast<std::int64_t>(batch) * job.position_batch + static_cast<std::int64_t>(position) * job.position_step;
  if (!job.wide_positions) return reinterpret_cast<const std::int32_t*>(job.positions)[at];
  return static_cast<std::int32_t>(reinterpret_cast<const std::int64_t*>(job.positions)[at]);
}

using I = xsimd::batch<std::int32_t, Arch>;

// The angles as tables.cpp has them, step by step.
inline F angle_of_turns(const Job& job, std::size_t i, std::int32_t position) {
  const F wrapped = xsimd::to_float(I::load_unaligned(job.units + i) * I(position));
  const F left = F(static_cast<float>(position)) * load(job.rest + i);
  return (wrapped * F(0x1p-32f) + left) * F(6.283185307179586476925286766559f);
}
inline F angle_reduced(const Job& job, std::size_t i, std::int32_t position) {
  F angle = F(static_cast<float>(position)) * load(job.frequencies + i);
  const F turns = xsimd::nearbyint(angle * F(0.15915494309189533577f));
  angle = angle - turns * F(6.28125f);
  angle = angle - turns * F(0.0019352436065673828f);
  return angle - turns * F(static_cast<float>(6.283185307179586476925286766559 - 6.28125 - 0.0019352436065673828 + 2.4492935982947064e-16));
}

TENON_SIMD_NOINLINE void compute(const Job& job, std::int32_t position, float* cosines, float* sines) {
  const F factor(job.attention_factor);
  for (std::size_t i = 0; i < job.layout.pairs; i += kLanes) {
    sin_cos(job.source == Source::Turns ? angle_of_turns(job, i, position) : angle_reduced(job, i, position), sines + i, cosines + i);
    store(cosines + i, load(cosines + i) * factor);
    store(sines + i, load(sines + i) * factor);
  }
}

// Tables of positions [first, last) into `out`; `row`: room for cosines and sines of one.
void make_tables(const Job& job, std::size_t batch, std::size_t first, std::size_t last, float* out, float* row) {
  float *cosines = row, *sines = row + (job.layout.pairs + kUnit - 1) / kUnit * kUnit;
  for (std::size_t position = first; position < last; ++position, out += 2 * job.layout.width) {
    if (job.source == Source::Given) {
      read_given(job.cos, job.layout.pairs, batch, position, cosines);
      read_given(job.sin, job.layout.pairs, batch, position, sines);
    } else {
      compute(job, position_at(job, batch, position), cosines, sines);
    }
    arrange(job.layout, cosines, sines, out);
  }
}

// ---- Rows ----

inline Pair turn_first(Pair x, Pair y, Pair c, Pair s) { return {x.a * c.a - y.a * s.a, x.b * c.b - y.b * s.b}; }
inline Pair turn_second(Pair x, Pair y, Pair c, Pair s) { return {y.a * c.a + x.a * s.a, y.b * c.b + x.b * s.b}; }

template <class Row, bool kStream>
inline void put(typename Row::T* p, Pair v) {
  if constexpr (kStream)
    Row::stream(p, v);
  else
    Row::store(p, v);
}

template <class Row, bool kStream>
void turn_halves(const typename Row::T* x, typename Row::T* y, const float* c, const float* s, std::size_t n) {
  std::size_t i = 0;
  for (; n - i >= kUnit; i += kUnit) {
    const Pair first = Row::load(x + i), second = Row::load(x + n + i), cosine = RowF32::load(c + i), sine = RowF32::load(s + i);
    put<Row, kStream>(y + i, turn_first(first, second, cosine, sine));
    put<Row, kStream>(y + n + i, turn_second(first, second, cosine, sine));
  }
  if (i == n) return;
  const Pair first = Row::load_part(x + i, n - i), second = Row::load_part(x + n + i, n - i);
  const Pair cosine = RowF32::load(c + i), sine = RowF32::load(s + i);
  Row::store_part(y + i, turn_first(first, second, cosine, sine), n - i);
  Row::store_part(y + n + i, turn_second(first, second, cosine, sine), n - i);
}

// One unit of neighbours.
template <class Row>
inline Pair turn_unit(Pair v, const float* c, const float* s) {
  if constexpr (Row::kInterleaved) {
    const F cosine = load(c), sine = load(s);
    return {v.a * cosine - v.b * sine, v.b * cosine + v.a * sine};
  } else {
    const Pair cosine = RowF32::load(c), sine = RowF32::load(s);
    return {v.a * cosine.a + swap_neighbours(v.a) * sine.a, v.b * cosine.b + swap_neighbours(v.b) * sine.b};
  }
}
template <class Row, bool kStream>
void turn_neighbours(const typename Row::T* x, typename Row::T* y, const float* c, const float* s, std::size_t pairs) {
  constexpr std::size_t kStep = Row::kInterleaved ? kLanes : kUnit;  // of the tables
  const std::size_t n = 2 * pairs;
  std::size_t i = 0;
  for (; n - i >= kUnit; i += kUnit, c += kStep, s += kStep) put<Row, kStream>(y + i, turn_unit<Row>(Row::load(x + i), c, s));
  if (i < n) Row::store_part(y + i, turn_unit<Row>(Row::load_part(x + i, n - i), c, s), n - i);
}

template <class T>
TENON_SIMD_NOINLINE void copy_strided(const T* from, std::int64_t from_step, T* to, std::int64_t to_step, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i, from += from_step, to += to_step) *to = *from;
}

// One row, by its tables; rows that are not contiguous go through the two buffers.
template <class Row, bool kStream>
inline void turn_row(const Job& job, const typename Row::T* x, typename Row::T* y, const float* c, char* buffers) {
  using T = typename Row::T;
  const std::int64_t x_step = job.x.inner[2], y_step = job.y.inner[2];
  const std::size_t pairs = job.layout.pairs, width = job.layout.width;
  T* const to = y;
  if (x_step != 1) {
    copy_strided<T>(x, x_step, reinterpret_cast<T*>(buffers), 1, job.size);
    x = reinterpret_cast<T*>(buffers);
  }
  if (y_step != 1) y = reinterpret_cast<T*>(buffers + job.row_bytes);
  if (job.layout.interleaved)
    turn_neighbours<Row, kStream>(x, y, c, c + width, pairs);
  else
    turn_halves<Row, kStream>(x, y, c, c + width, pairs);
  if (x != y && job.size > 2 * pairs) memcpy(y + 2 * pairs, x + 2 * pairs, (job.size - 2 * pairs) * sizeof(T));
  if (y_step != 1) copy_strided<T>(y, 1, to, y_step, job.size);
}

template <class Row, bool kStream>
void run_item(const Job& job, std::size_t item, char* slot) {
  using T = typename Row::T;
  const std::size_t part = item % job.head_parts, blocks = (job.sequence + job.block - 1) / job.block;
  const std::size_t block = item / job.head_parts % blocks, batch = item / job.head_parts / blocks;
  const std::size_t first = block * job.block, last = first + job.block < job.sequence ? first + job.block : job.sequence;
  const std::size_t first_head = job.heads.count * part / job.head_parts, last_head = job.heads.count * (part + 1) / job.head_parts;

  const std::size_t width = job.layout.width, pairs = job.layout.pairs;
  const float* tables = job.source == Source::Known ? job.known + first * 2 * width : nullptr;
  float* const made = reinterpret_cast<float*>(slot);
  char* const rows = slot + (job.block * 2 * width + 2 * ((pairs + kUnit - 1) / kUnit * kUnit)) * sizeof(float);
  if (job.source != Source::Known) {
    make_tables(job, batch, first, last, made, made + job.block * 2 * width);
    tables = made;
  }

  const auto start = [&](const tenon::rows::View& view, std::size_t head) {
    return reinterpret_cast<T*>(view.data) + tenon::rows::offset_of(job.heads, view, head) +
           static_cast<std::int64_t>(batch) * view.inner[0] + static_cast<std::int64_t>(first) * view.inner[1];
  };
  if (job.heads_inside) {
    for (std::size_t p = 0; p < last - first; ++p)
      for (std::size_t head = first_head; head < last_head; ++head) {
        const auto along = static_cast<std::int64_t>(p);
        turn_row<Row, kStream>(job, start(job.x, head) + along * job.x.inner[1], start(job.y, head) + along * job.y.inner[1],
                               tables + p * 2 * width, rows);
      }
    return;
  }
  for (std::size_t head = first_head; head < last_head; ++head) {
    const T* x = start(job.x, head);
    T* y = start(job.y, head);
    for (std::size_t p = 0; p < last - first; ++p, x += job.x.inner[1], y += job.y.inner[1])
      turn_row<Row, kStream>(job, x, y, tables + p * 2 * width, rows);
  }
}

template <class Row>
void run_items(const Job& job, std::size_t begin, std::size_t end, std::size_t slot) {
  char* const buffers = job.buffers + slot * job.slot_bytes;
  const bool stream = job.path == Path::Stream;
  for (std::size_t item = begin; item < end; ++item)
    if (stream)
      run_item<Row, true>(job, item, buffers);
    else
      run_item<Row, false>(job, item, buffers);
  if (stream) stream_fence();
}

void run(const Job& job, std::size_t begin, std::size_t end, std::size_t slot) {
  switch (job.layout.dtype) {
    case TENON_F32:
      return run_items<RowF32>(job, begin, end, slot);
    case TENON_F16:
      return run_items<RowF16>(job, begin, end, slot);
    case TENON_BF16:
      return run_items<RowBF16>(job, begin, end, slot);
    default:
      return;
  }
}

}  // namespace

namespace tenon::attention::rope::TENON_SIMD_NAMESPACE {
extern const Table table;
const Table table = {kVectorBytes, width_of, arrange, run};
}  // namespace tenon::attention::rope::TENON_SIMD_NAMESPACE
