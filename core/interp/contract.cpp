// dot_general and convolution. Both are, for each result element, a sum of products over K pairs in row-major order of the contracted
// dimensions, where every product and every sum is rounded to the result's element type. Both pack up to 32 columns of the right operand
// side by side and compute them together: the order within each sum stays.
#include <algorithm>

#include "core/interp/element.h"
#include "core/interp/ops.h"
#include "core/interp/walk.h"

namespace tenon::interp {
namespace {

using Ints = std::vector<std::int64_t>;

// What the sums of result elements R are computed in, as a dtype that convert_loop can write.
template <class R>
constexpr DType kBuffer = R::kFloat    ? (R::kType == DType::F32 ? DType::F32 : DType::F64)
                          : R::kSigned ? DType::I64
                                       : DType::UI64;

template <class R>
using C = typename R::Compute;

template <class R>
C<R> multiply_add(C<R> sum, C<R> a, C<R> b) {
  if constexpr (R::kBool)
    return sum | (a & b);
  else if constexpr (R::kInteger)  // wraps in 64 bits, so also in the width that is stored
    return static_cast<C<R>>(static_cast<std::uint64_t>(sum) + static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
  else if constexpr (R::kBits >= 32)
    return sum + a * b;
  else
    return R::round(sum + R::round(a * b));
}

// sums[j] = the sum over k of a[k] * columns[k][j].
template <class R, int kColumns>
void sum_products(const C<R>* a, const C<R>* columns, std::int64_t depth, C<R>* sums) {
  C<R> local[kColumns] = {};
  for (std::int64_t k = 0; k < depth; ++k)
    for (int j = 0; j < kColumns; ++j) local[j] = multiply_add<R>(local[j], a[k], columns[k * kColumns + j]);
  std::copy_n(local, kColumns, sums);
}

template <class R>
void sum_products(int width, const C<R>* a, const C<R>* columns, std::int64_t depth, C<R>* sums) {
  if (width == 4)
    sum_products<R, 4>(a, columns, depth, sums);
  else
    sum_products<R, 32>(a, columns, depth, sums);
}

constexpr std::int64_t kWide = 32;
int block_width(std::int64_t columns) { return columns <= 4 ? 4 : static_cast<int>(kWide); }

// Byte offsets of all index combinations of some dimensions of a block, row-major.
struct Offsets {
  std::int64_t count = 1;
  std::ptrdiff_t* at = nullptr;
};
Offsets offsets(Scratch& scratch, const Block& block, std::span<const std::int64_t> dims) {
  Offsets result;
  for (const std::int64_t dim : dims) result.count *= block.dims[dim];
  result.at = take<std::ptrdiff_t>(scratch, static_cast<std::size_t>(result.count));
  if (result.count == 0) return result;
  std::array<std::int64_t, kMaxRank> index{};
  std::ptrdiff_t offset = 0;
  for (std::int64_t i = 0; i < result.count; ++i) {
    result.at[i] = offset;
    for (std::size_t d = dims.size(); d-- > 0;) {
      const auto dim = dims[d];
      offset += block.steps[dim];
      if (++index[d] < block.dims[dim]) break;
      offset -= block.steps[dim] * block.dims[dim];
      index[d] = 0;
    }
  }
  return result;
}

// Converts the elements at data + at[0 .. count) to consecutive (or strided) buffer elements: in one call where they are evenly spaced.
void gather_run(Loop convert, const std::byte* data, const std::ptrdiff_t* at, std::int64_t count, std::byte* to, std::ptrdiff_t to_step) {
  const std::ptrdiff_t step = count > 1 ? at[1] - at[0] : 0;
  bool even = true;
  for (std::int64_t i = 2; i < count && even; ++i) even = at[i] - at[i - 1] == step;
  if (even && count > 0) {
    convert({{data + at[0]}, {step}, to, to_step, count, {}});
    return;
  }
  for (std::int64_t i = 0; i < count; ++i) convert({{data + at[i]}, {0}, to + i * to_step, 0, 1, {}});
}

// Dimensions that are in neither list, in order; returned in `out`, which has room for all.
std::span<const std::int64_t> other_dims(int rank, const Ints& first, const Ints& second, std::array<std::int64_t, kMaxRank>& out) {
  std::size_t n = 0;
  for (int i = 0; i < rank; ++i)
    if (std::find(first.begin(), first.end(), i) == first.end() && std::find(second.begin(), second.end(), i) == second.end()) out[n++] = i;
  return {out.data(), n};
}

template <class R>
void dot_general(const Work& work) {
  Scratch& scratch = work.context.scratch;
  const ScratchScope scope(scratch);
  const Dict& a = work.op.attributes;
  const Ints& lhs_batch = get_ints(a, "lhs_batching_dimensions");
  const Ints& rhs_batch = get_ints(a, "rhs_batching_dimensions");
  const Ints& lhs_depth = get_ints(a, "lhs_contracting_dimensions");
  const Ints& rhs_depth = get_ints(a, "rhs_contracting_dimensions");
  const Block lhs(work.operands[0]), rhs(work.operands[1]), result(work.results[0]);
  std::array<std::int64_t, kMaxRank> lhs_room, rhs_room, result_dims;
  const auto lhs_free = other_dims(lhs.rank, lhs_batch, lhs_depth, lhs_room);
  const auto rhs_free = other_dims(rhs.rank, rhs_batch, rhs_depth, rhs_room);
  for (int i = 0; i < result.rank; ++i) result_dims[i] = i;
  const std::span<const std::int64_t> all(result_dims.data(), static_cast<std::size_t>(result.rank));
  const auto batches = lhs_batch.size();

  const Offsets lhs_batches = offsets(scratch, lhs, lhs_batch), rhs_batches = offsets(scratch, rhs, rhs_batch);
  const Offsets lhs_rows = offsets(scratch, lhs, lhs_free), rhs_columns = offsets(scratch, rhs, rhs_free);
  const Offsets lhs_steps = offsets(scratch, lhs, lhs_depth), rhs_steps = offsets(scratch, rhs, rhs_depth);
  const Offsets to_batches = offsets(scratch, result, all.first(batches));
  const Offsets to_rows = offsets(scratch, result, all.subspan(batches, lhs_free.size()));
  const Offsets to_columns = offsets(scratch, result, all.subspan(batches + lhs_free.size()));
  const std::int64_t depth = lhs_steps.count;
  const Loop lhs_convert = convert_loop(work.operands[0].dtype, kBuffer<R>);
  const Loop rhs_convert = convert_loop(work.operands[1].dtype, kBuffer<R>);

  const int width = block_width(rhs_columns.count);
  auto* row = take<C<R>>(scratch, static_cast<std::size_t>(depth));
  auto* columns = take<C<R>>(scratch, static_cast<std::size_t>(depth * width));
  std::fill_n(columns, depth * width, C<R>{0});
  C<R> sums[kWide];
  constexpr std::ptrdiff_t kSize = sizeof(C<R>);
  for (std::int64_t b = 0; b < lhs_batches.count; ++b) {
    const std::byte* left = lhs.data + lhs_batches.at[b];
    const std::byte* right = rhs.data + rhs_batches.at[b];
    for (std::int64_t start = 0; start < rhs_columns.count; start += width) {
      const std::int64_t count = std::min<std::int64_t>(width, rhs_columns.count - start);
      for (std::int64_t k = 0; k < depth; ++k)
        gather_run(rhs_convert, right + rhs_steps.at[k], rhs_columns.at + start, count, reinterpret_cast<std::byte*>(columns + k * width),
                   kSize);
      for (std::int64_t m = 0; m < lhs_rows.count; ++m) {
        gather_run(lhs_convert, left + lhs_rows.at[m], lhs_steps.at, depth, reinterpret_cast<std::byte*>(row), kSize);
        sum_products<R>(width, row, columns, depth, sums);
        std::byte* to = result.data + to_batches.at[b] + to_rows.at[m];
        for (std::int64_t j = 0; j < count; ++j) R::store(to + to_columns.at[start + j], sums[j]);
      }
    }
  }
}

// The places of one convolution, by spatial dimension.
struct Window {
  int rank = 0;
  std::array<std::int64_t, kMaxRank> strides{}, low{}, lhs_dilation{}, rhs_dilation{}, sizes{};
  std::array<bool, kMaxRank> reversed{};

  explicit Window(const Dict& a, const Block& kernel, const Ints& kernel_spatial) : rank(static_cast<int>(kernel_spatial.size())) {
    const auto list = [&](std::string_view name, int i) {
      const Ints& values = get_ints(a, name);
      return values.empty() ? std::int64_t{1} : values[i];
    };
    const Ints& padding = get_ints(a, "padding");
    const std::vector<bool>& reversal = get_bools(a, "window_reversal");
    for (int i = 0; i < rank; ++i) {
      strides[i] = list("window_strides", i);
      lhs_dilation[i] = list("lhs_dilation", i);
      rhs_dilation[i] = list("rhs_dilation", i);
      low[i] = padding.empty() ? 0 : padding[2 * i];
      reversed[i] = !reversal.empty() && reversal[i];
      sizes[i] = kernel.dims[kernel_spatial[i]];
    }
  }
  // The input's index under kernel element w for output index o, or -1 where padding or dilation puts a zero.
  std::int64_t source(int i, std::int64_t o, std::int64_t w, std::int64_t size) const {
    const std::int64_t place = o * strides[i] + (reversed[i] ? sizes[i] - 1 - w : w) * rhs_dilation[i] - low[i];
    if (place < 0 || place % lhs_dilation[i] != 0) return -1;
    return place / lhs_dilation[i] < size ? place / lhs_dilation[i] : -1;
  }
};

template <class R>
void convolution(const Work& work) {
  Scratch& scratch = work.context.scratch;
  const ScratchScope scope(scratch);
  const Dict& a = work.op.attributes;
  const Block input(work.operands[0]), kernel(work.operands[1]), result(work.results[0]);
  if (result.empty()) return;
  const Ints& input_spatial = get_ints(a, "input_spatial_dimensions");
  const Ints& kernel_spatial = get_ints(a, "kernel_spatial_dimensions");
  const Ints& output_spatial = get_ints(a, "output_spatial_dimensions");
  const auto input_batch = get_int(a, "input_batch_dimension"), input_feature = get_int(a, "input_feature_dimension");
  const auto kernel_in = get_int(a, "kernel_input_feature_dimension"), kernel_out = get_int(a, "kernel_output_feature_dimension");
  const auto output_batch = get_int(a, "output_batch_dimension"), output_feature = get_int(a, "output_feature_dimension");
  const std::int64_t feature_groups = get_int(a, "feature_group_count", 1), batch_groups = get_int(a, "batch_group_count", 1);
  const Window window(a, kernel, kernel_spatial);

  std::array<std::int64_t, kMaxRank> output_sizes{};
  std::int64_t positions = 1;
  for (int i = 0; i < window.rank; ++i) {
    output_sizes[i] = result.dims[output_spatial[i]];
    positions *= window.sizes[i];
  }
  // Groups split the output features into equal parts. A part sees its own input features (feature groups) or batches (batch groups).
  const std::int64_t groups = std::max(feature_groups, batch_groups);
  const std::int64_t group_outputs = kernel.dims[kernel_out] / groups, features = kernel.dims[kernel_in];
  const std::int64_t depth = positions * features;
  const Loop input_convert = convert_loop(work.operands[0].dtype, kBuffer<R>);
  const Loop kernel_convert = convert_loop(work.operands[1].dtype, kBuffer<R>);
  const int width = block_width(group_outputs);
  auto* row = take<C<R>>(scratch, static_cast<std::size_t>(depth));
  auto* columns = take<C<R>>(scratch, static_cast<std::size_t>(depth * width));
  std::fill_n(columns, depth * width, C<R>{0});
  const Offsets kernel_positions = offsets(scratch, kernel, kernel_spatial);
  C<R> sums[kWide];
  constexpr std::ptrdiff_t kSize = sizeof(C<R>);

  for (std::int64_t first = 0; first < groups * group_outputs;) {
    const std::int64_t group = first / group_outputs;
    const std::int64_t count = std::min<std::int64_t>(width, (group + 1) * group_outputs - first);
    for (std::int64_t k = 0; k < positions; ++k) {
      for (std::int64_t f = 0; f < features; ++f) {
        const std::byte* from = kernel.data + kernel_positions.at[k] + f * kernel.steps[kernel_in] + first * kernel.steps[kernel_out];
        kernel_convert(
            {{from}, {kernel.steps[kernel_out]}, reinterpret_cast<std::byte*>(columns + (k * features + f) * width), kSize, count, {}});
      }
    }
    for (std::int64_t b = 0; b < result.dims[output_batch]; ++b) {
      const std::int64_t from_batch = batch_groups > 1 ? group * result.dims[output_batch] + b : b;
      const std::byte* left = input.data + from_batch * input.steps[input_batch];
      if (feature_groups > 1) left += group * features * input.steps[input_feature];
      std::array<std::int64_t, kMaxRank> out{};
      do {
        std::array<std::int64_t, kMaxRank> in{};
        C<R>* to_row = row;
        if (depth > 0) {
          do {
            const std::byte* from = left;
            bool inside = true;
            for (int i = 0; i < window.rank && inside; ++i) {
              const std::int64_t index = window.source(i, out[i], in[i], input.dims[input_spatial[i]]);
              inside = index >= 0;
              from += index * input.steps[input_spatial[i]];
            }
            if (inside)
              input_convert({{from}, {input.steps[input_feature]}, reinterpret_cast<std::byte*>(to_row), kSize, features, {}});
            else
              std::fill_n(to_row, features, C<R>{0});
            to_row += features;
          } while (advance(in, window.sizes, window.rank));
        }
        sum_products<R>(width, row, columns, depth, sums);
        std::byte* to = result.data + b * result.steps[output_batch] + first * result.steps[output_feature];
        for (int i = 0; i < window.rank; ++i) to += out[i] * result.steps[output_spatial[i]];
        for (std::int64_t j = 0; j < count; ++j) R::store(to + j * result.steps[output_feature], sums[j]);
      } while (advance(out, output_sizes, window.rank));
    }
    first += count;
  }
}

}  // namespace

Status run_dot_general(const Work& work) {
  with_dtype(work.results[0].dtype, [&work]<DType D>() { dot_general<Element<D>>(work); });
  return {};
}

Status run_convolution(const Work& work) {
  with_dtype(work.results[0].dtype, [&work]<DType D>() { convolution<Element<D>>(work); });
  return {};
}

}  // namespace tenon::interp
