// Rows that lie side by side, of f32, f16 and bf16: group_norm with channels last, and l2_norm over a dimension that is not the last. A
// vector goes across columns; nothing is gathered. Sums of a column are corrected (Kahan), those of a group's columns are added in f64, so
// that mean and variance need no further correction. The numbers depend on shapes and level alone.
#include "plugins/normalization/norm_job.h"
#include "plugins/support/simd.hpp"
#include "plugins/support/simd_columns.hpp"

namespace {

using namespace simd;
using namespace tenon::normalization;
using tenon::rows::View;

constexpr std::size_t kMost = kMostUnits * kUnit;

template <class T>
inline T* row_of(const Job& job, const View& view, std::size_t row) {
  return reinterpret_cast<T*>(view.data) + tenon::rows::offset_of(job.space, view, row);
}

// Numbers of a tile's columns, unit by unit.
struct Columnwise {
  alignas(64) float at[kMost];
  void fill(std::size_t width, float value) {
    for (std::size_t i = 0; i < units_of(width) * kUnit; ++i) at[i] = value;
  }
  Pair operator[](std::size_t u) const { return RowF32::load(at + u * kUnit); }
};

// Adds term(unit number, unit) to the sums, for every element of the columns.
template <class Row, class Term>
inline void sum_columns(const Job& job, const typename Row::T* x, std::size_t width, Columnwise& sum, Columnwise& lost, Term term) {
  sum.fill(width, 0.0f);
  lost.fill(width, 0.0f);
  for (std::size_t p = 0; p < job.positions; ++p, x += job.columns.step[0])
    across<Row>(x, width, [&](std::size_t u, Pair v) { add_corrected<true>(term(u, v), sum.at + u * kUnit, lost.at + u * kUnit); });
}

// y = value(unit number, unit).
template <class Row, class Value>
inline void write_columns(const Job& job, const typename Row::T* x, typename Row::T* y, std::size_t width, Value value) {
  for (std::size_t p = 0; p < job.positions; ++p, x += job.columns.step[0], y += job.columns.step[1])
    across<Row>(x, width, [&](std::size_t u, Pair v) { Row::store(y + unit_begin(u, width), value(u, v)); });
}

// ---- l2_norm ----

template <class Row>
void lengths(const Job& job, std::size_t begin, std::size_t end, std::size_t) {
  using T = typename Row::T;
  const float epsilon = static_cast<float>(job.epsilon);
  Columnwise sum, lost;
  for (std::size_t tile = begin; tile < end; ++tile) {
    const std::size_t row = tenon::columns::first_row(job.columns, tile), width = tenon::columns::width(job.columns, tile);
    const T* const x = row_of<T>(job, job.x, row);
    T* const y = row_of<T>(job, job.y, row);
    sum_columns<Row>(job, x, width, sum, lost, [](std::size_t, Pair v) { return Pair{v.a * v.a, v.b * v.b}; });
    bool small = false;
    for (std::size_t i = 0; i < units_of(width) * kUnit; ++i) {
      const float length = square_root(sum.at[i]), divisor = length < epsilon ? epsilon : length;
      small = small || divisor < 0x1p-100f;
      sum.at[i] = divisor;
      lost.at[i] = 1.0f / divisor;
    }
    if (small)  // 1 / divisor may not be finite
      write_columns<Row>(job, x, y, width, [&](std::size_t u, Pair v) {
        const Pair d = sum[u];
        return Pair{divide(v.a, d.a), divide(v.b, d.b)};
      });
    else
      write_columns<Row>(job, x, y, width, [&](std::size_t u, Pair v) {
        const Pair k = lost[u];
        return Pair{v.a * k.a, v.b * k.b};
      });
  }
}

// ---- group_norm ----

constexpr std::size_t kMostGroups = kMostColumns;  // of one tile

struct Group {
  double sum;
  float mean, correction, k;
  bool overflows;
};

// Blocks of columns of one tile: visit(first column, width). A group may be wider than what is handled at once.
template <class Visit>
inline void in_blocks(std::size_t width, Visit visit) {
  const std::size_t blocks = tenon::columns::tile_count(width, kMostColumns / 2);
  for (std::size_t b = 0; b < blocks; ++b) {
    const std::size_t first = b * (kMostColumns / 2);
    visit(first, b + 1 == blocks ? width - first : kMostColumns / 2);
  }
}

template <class Row>
class Tile {
 public:
  using T = typename Row::T;
  Tile(const Job& job, const T* x, T* y, std::size_t column, std::size_t width)
      : job_(job), x_(x), y_(y), column_(column), width_(width), groups_(width / job.channels) {}

  void run() {
    const double count = static_cast<double>(job_.positions) * static_cast<double>(job_.channels);
    add_up([](std::size_t, Pair v) { return v; });
    for (std::size_t g = 0; g < groups_; ++g) {
      const double mean = group_[g].sum / count;
      group_[g].mean = static_cast<float>(mean);
      group_[g].correction = static_cast<float>(mean - static_cast<double>(group_[g].mean));
      group_[g].overflows = !(__builtin_fabsf(static_cast<float>(group_[g].sum)) < __builtin_inff());
    }
    add_up([this](std::size_t u, Pair v) {
      const Pair d = centred(u, v);
      return Pair{d.a * d.a, d.b * d.b};
    });
    const float epsilon = static_cast<float>(job_.epsilon);
    for (std::size_t g = 0; g < groups_; ++g) {
      const double variance = group_[g].sum / count;
      group_[g].k = 1.0f / square_root(static_cast<float>(variance) + epsilon);
      if (group_[g].overflows || !(static_cast<float>(group_[g].sum) < __builtin_inff())) as_lowered(g, epsilon);
    }
    write();
  }

 private:
  Pair centred(std::size_t u, Pair v) const {
    const Pair m = mean_[u], c = correction_[u];
    return {(v.a - m.a) - c.a, (v.b - m.b) - c.b};
  }
  std::size_t group_of(std::size_t column) const { return column / job_.channels; }

  // of(group) of each column, unit by unit.
  template <class Of>
  void spread(std::size_t first, std::size_t width, Columnwise& out, Of of) {
    for (std::size_t c = 0; c < width; ++c) in_order_[c] = of(first + c);
    to_units<Row>(in_order_, width, out.at);
  }
  void load_means(std::size_t first, std::size_t width) {
    spread(first, width, mean_, [this](std::size_t c) { return group_[group_of(c)].mean; });
    spread(first, width, correction_, [this](std::size_t c) { return group_[group_of(c)].correction; });
  }

  // The sum of term over each group's columns, in `sum`. The means of the block are at hand.
  template <class Term>
  void add_up(Term term) {
    for (std::size_t g = 0; g < groups_; ++g) next_[g] = 0;
    in_blocks(width_, [&](std::size_t first, std::size_t width) {
      load_means(first, width);
      sum_columns<Row>(job_, x_ + first, width, sum_, lost_, term);
      from_units<Row>(sum_.at, width, in_order_);
      for (std::size_t c = 0; c < width; ++c) next_[group_of(first + c)] += static_cast<double>(in_order_[c]);
      from_units<Row>(lost_.at, width, in_order_);
      for (std::size_t c = 0; c < width; ++c) next_[group_of(first + c)] -= static_cast<double>(in_order_[c]);
    });
    for (std::size_t g = 0; g < groups_; ++g) group_[g].sum = next_[g];
  }

  // Which sums overflow depends on their order: here that of the lowering.
  TENON_SIMD_NOINLINE void as_lowered(std::size_t g, float epsilon) {
    const float count = static_cast<float>(job_.positions * job_.channels);
    float sum = 0, squares = 0;
    each(g, [&](float v) { sum += v; });
    const float mean = sum / count;
    each(g, [&](float v) { squares += (v - mean) * (v - mean); });
    group_[g].mean = mean;
    group_[g].correction = 0;
    group_[g].k = 1.0f / square_root(squares / count + epsilon);
  }
  template <class Visit>
  void each(std::size_t g, Visit visit) {
    alignas(64) float unit[kUnit];
    for (std::size_t p = 0; p < job_.positions; ++p)
      for (std::size_t c = 0; c < job_.channels; ++c) {
        const T* const at = x_ + static_cast<std::int64_t>(p) * job_.columns.step[0] + g * job_.channels + c;
        RowF32::store(unit, Row::load_part(at, 1));
        visit(unit[0]);
      }
  }

  void write() {
    const auto* const scales = static_cast<const float*>(job_.scales);
    const auto* const biases = static_cast<const float*>(job_.biases);
    in_blocks(width_, [&](std::size_t first, std::size_t width) {
      load_means(first, width);
      spread(first, width, k_, [&](std::size_t c) { return group_[group_of(c)].k; });
      spread(first, width, scale_, [&](std::size_t c) { return scales == nullptr ? 1.0f : scales[column_ + c]; });
      spread(first, width, bias_, [&](std::size_t c) { return biases == nullptr ? -0.0f : biases[column_ + c]; });
      write_columns<Row>(job_, x_ + first, y_ + first, width, [&](std::size_t u, Pair v) {
        const Pair d = centred(u, v), k = k_[u], w = scale_[u], b = bias_[u];
        return Pair{fma(d.a * k.a, w.a, b.a), fma(d.b * k.b, w.b, b.b)};
      });
    });
  }

  const Job& job_;
  const T* const x_;
  T* const y_;
  const std::size_t column_, width_, groups_;
  Group group_[kMostGroups] = {};
  double next_[kMostGroups];
  alignas(64) float in_order_[kMost];
  Columnwise sum_, lost_, mean_, correction_, k_, scale_, bias_;
};

template <class Row>
void moments(const Job& job, std::size_t begin, std::size_t end, std::size_t) {
  using T = typename Row::T;
  for (std::size_t number = begin; number < end; ++number) {
    const std::size_t column = number % job.columns.tiles * job.columns.tile, line = number / job.columns.tiles;
    const std::size_t row = line * job.groups + column / job.channels;  // the tile's first group
    Tile<Row>(job, row_of<T>(job, job.x, row), row_of<T>(job, job.y, row), column, tenon::columns::width(job.columns, number)).run();
  }
}

void run_lengths(const Job& job, std::size_t begin, std::size_t end, std::size_t slot) {
  if (job.dtype == TENON_F32) return lengths<RowF32>(job, begin, end, slot);
  if (job.dtype == TENON_F16) return lengths<RowF16>(job, begin, end, slot);
  lengths<RowBF16>(job, begin, end, slot);
}
void run_moments(const Job& job, std::size_t begin, std::size_t end, std::size_t slot) {
  if (job.dtype == TENON_F32) return moments<RowF32>(job, begin, end, slot);
  if (job.dtype == TENON_F16) return moments<RowF16>(job, begin, end, slot);
  moments<RowBF16>(job, begin, end, slot);
}

}  // namespace

namespace tenon::normalization::TENON_SIMD_NAMESPACE {
extern const ColumnTable column_table;
const ColumnTable column_table = {kUnit, run_lengths, run_moments};
}  // namespace tenon::normalization::TENON_SIMD_NAMESPACE
