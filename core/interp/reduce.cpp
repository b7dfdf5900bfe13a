// reduce and reduce_window. Elements are taken one by one in row-major order, the accumulator is the region's first argument, and every
// step is rounded to the region's element type; but a reduce that adds up f32 keeps its sums in f64, one that adds up f64 in long double,
// and rounds them once. The order of additions is the engine's to choose, so what the text means is the sum, not the errors of one order;
// kernels are judged by it.
#include <algorithm>

#include "core/interp/ops.h"
#include "core/interp/walk.h"

namespace tenon::interp {
namespace {

// A reduction by any region over N tensors: accumulators, and how elements get in and out of the body.
class Accumulators {
 public:
  Accumulators(const Work& work) : work_(work), n_(work.results.size()), body_(work.context, *work.frame, work.op.regions[0]) {
    Scratch& scratch = work.context.scratch;
    values_ = take<std::uint64_t>(scratch, n_);
    enter_ = take<Loop>(scratch, 2 * n_);
    for (std::size_t k = 0; k < n_; ++k) {
      enter_[k] = entry(work.operands[k].dtype, k + n_);
      enter_[k + n_] = entry(work.operands[k + n_].dtype, k);
    }
  }
  // Starts again from the init values.
  void reset() {
    for (std::size_t k = 0; k < n_; ++k) put(k + n_, work_.operands[k + n_].data, value(k));
  }
  // The element of input k that the next step() takes in.
  void element(std::size_t k, const std::byte* data) { put(k, data, body_.argument(k + n_)); }
  void init_element(std::size_t k) { put(k + n_, work_.operands[k + n_].data, body_.argument(k + n_)); }
  Status step() {
    for (std::size_t k = 0; k < n_; ++k) std::memcpy(body_.argument(k), value(k), size(k));
    TENON_TRY(body_.run());
    for (std::size_t k = 0; k < n_; ++k) std::memcpy(value(k), body_.result(k), size(k));
    return {};
  }
  void write(std::size_t k, std::byte* to) const { std::memcpy(to, value(k), storage_size(work_.results[k].dtype)); }

 private:
  std::byte* value(std::size_t k) const { return reinterpret_cast<std::byte*>(values_ + k); }
  std::size_t size(std::size_t k) const { return storage_size(body_.argument_type(k)); }
  // A region may accumulate in a wider type than the operand's; equal types are copied bit by bit.
  Loop entry(DType from, std::size_t argument) const {
    return from == body_.argument_type(argument) ? nullptr : convert_loop(from, body_.argument_type(argument));
  }
  void put(std::size_t operand, const std::byte* from, std::byte* to) const {
    if (enter_[operand] == nullptr)
      std::memcpy(to, from, storage_size(work_.operands[operand].dtype));
    else
      enter_[operand]({{from}, {}, to, 0, 1, {}});
  }
  const Work& work_;
  std::size_t n_;
  Body body_;
  std::uint64_t* values_ = nullptr;
  Loop* enter_ = nullptr;  // by operand
};

bool same_dtype(const Work& work) {
  return work.operands[0].dtype == work.results[0].dtype && work.operands[1].dtype == work.results[0].dtype;
}

// The result with the operand's rank: the steps of reduced dimensions are 0, so that walking the operand visits accumulators.
Block spread(const Work& work, std::size_t k) {
  const auto& dimensions = get_ints(work.op.attributes, "dimensions");
  const Block result(work.results[k]);
  Block out(work.operands[k]);
  out.data = result.data;
  for (int i = 0, j = 0; i < out.rank; ++i)
    out.steps[i] = std::find(dimensions.begin(), dimensions.end(), i) != dimensions.end() ? 0 : result.steps[j++];
  return out;
}

template <class Element, class Sum>
void sum_widely(const Work& work) {
  const TensorView& result = work.results[0];
  const auto& dimensions = get_ints(work.op.attributes, "dimensions");
  Block out(work.operands[0]);  // the sums lie compactly, in the result's order
  std::ptrdiff_t step = sizeof(Sum);
  std::int64_t count = 1;
  for (int i = out.rank; i-- > 0;) {
    const bool kept = std::find(dimensions.begin(), dimensions.end(), i) == dimensions.end();
    out.steps[i] = kept ? step : 0;
    if (kept) step *= out.dims[i];
  }
  for (std::int64_t dim : result.dims) count *= dim;
  auto* sums = take<Sum>(work.context.scratch, static_cast<std::size_t>(count));
  Element start;
  std::memcpy(&start, work.operands[1].data, sizeof start);
  std::fill_n(sums, count, static_cast<Sum>(start));

  Walk<2> walk(work.operands[0].dims);
  walk.set(0, work.operands[0]);
  walk.set(1, reinterpret_cast<std::byte*>(sums), {out.steps.data(), static_cast<std::size_t>(out.rank)});
  walk.rows([](const auto& data, const auto& steps, std::int64_t n) {
    for (std::int64_t i = 0; i < n; ++i) {
      Element element;
      std::memcpy(&element, data[0] + i * steps[0], sizeof element);
      *reinterpret_cast<Sum*>(data[1] + i * steps[1]) += static_cast<Sum>(element);
    }
  });

  Block from(result);
  from.data = reinterpret_cast<std::byte*>(sums);
  step = sizeof(Sum);
  for (int i = from.rank; i-- > 0; step *= from.dims[i]) from.steps[i] = step;
  Walk<2> rounded(result.dims);
  rounded.set(0, result);
  rounded.set(1, from.data, {from.steps.data(), static_cast<std::size_t>(from.rank)});
  rounded.rows([](const auto& data, const auto& steps, std::int64_t n) {
    for (std::int64_t i = 0; i < n; ++i) {
      const auto sum = static_cast<Element>(*reinterpret_cast<const Sum*>(data[1] + i * steps[1]));
      std::memcpy(data[0] + i * steps[0], &sum, sizeof sum);
    }
  });
}

}  // namespace

// operands: N inputs, N init values.
Status run_reduce(const Work& work) {
  const ScratchScope scope(work.context.scratch);
  const std::size_t n = work.results.size();
  const Loop fold = n == 1 && same_dtype(work) ? find_fold(work.func, work.op.regions[0]) : nullptr;
  if (fold != nullptr && fold == fold_loop(stablehlo::OpCode::Add, DType::F32)) return sum_widely<float, double>(work), Status();
  if (fold != nullptr && fold == fold_loop(stablehlo::OpCode::Add, DType::F64)) return sum_widely<double, long double>(work), Status();
  if (fold != nullptr) {  // the accumulators are the result's elements themselves
    Block init(work.results[0]);
    init.data = work.operands[1].data;
    std::fill_n(init.steps.begin(), init.rank, 0);
    copy(init, Block(work.results[0]), storage_size(work.results[0].dtype));
    const Block out = spread(work, 0);
    Walk<2> walk(work.operands[0].dims);
    walk.set(0, work.operands[0]);
    walk.set(1, out.data, {out.steps.data(), static_cast<std::size_t>(out.rank)});
    walk.rows([&](const auto& data, const auto& steps, std::int64_t count) {
      fold({{data[0]}, {steps[0]}, data[1], steps[1], count, {}});
    });
    return {};
  }

  Accumulators accumulators(work);
  const auto& dimensions = get_ints(work.op.attributes, "dimensions");
  auto* inputs = take<Block>(work.context.scratch, n);
  auto* outputs = take<Block>(work.context.scratch, n);
  for (std::size_t k = 0; k < n; ++k) {
    inputs[k] = Block(work.operands[k]);
    outputs[k] = spread(work, k);
  }
  const int rank = inputs[0].rank;
  std::array<std::int64_t, kMaxRank> kept{}, reduced{};  // sizes by dimension, 1 where the other has them
  for (int i = 0; i < rank; ++i) {
    const bool gone = std::find(dimensions.begin(), dimensions.end(), i) != dimensions.end();
    kept[i] = gone ? 1 : inputs[0].dims[i];
    reduced[i] = gone ? inputs[0].dims[i] : 1;
  }
  if (Block(work.results[0]).empty()) return {};
  const bool nothing = std::find(reduced.begin(), reduced.begin() + rank, 0) != reduced.begin() + rank;
  std::array<std::int64_t, kMaxRank> out_at{}, in_at{};
  do {
    accumulators.reset();
    if (!nothing) {
      do {
        for (std::size_t k = 0; k < n; ++k) {
          const std::byte* data = inputs[k].data;
          for (int i = 0; i < rank; ++i) data += (out_at[i] + in_at[i]) * inputs[k].steps[i];
          accumulators.element(k, data);
        }
        TENON_TRY(accumulators.step());
      } while (advance(in_at, reduced, rank));
    }
    for (std::size_t k = 0; k < n; ++k) {
      std::byte* to = outputs[k].data;
      for (int i = 0; i < rank; ++i) to += out_at[i] * outputs[k].steps[i];
      accumulators.write(k, to);
    }
  } while (advance(out_at, kept, rank));
  return {};
}

namespace {

// The windows of reduce_window. Padding and the holes of base dilation hold the init value, and take part as elements.
struct Windows {
  explicit Windows(const Work& work) : input(work.operands[0]), rank(input.rank) {
    const Dict& a = work.op.attributes;
    const auto list = [&](std::string_view name, int i) {
      const auto& values = get_ints(a, name);
      return values.empty() ? std::int64_t{1} : values[i];
    };
    const auto& padding = get_ints(a, "padding");
    for (int i = 0; i < rank; ++i) {
      sizes[i] = get_ints(a, "window_dimensions")[i];
      strides[i] = list("window_strides", i);
      base_dilations[i] = list("base_dilations", i);
      window_dilations[i] = list("window_dilations", i);
      low[i] = padding.empty() ? 0 : padding[2 * i];
    }
  }
  // The index in the input's dimension of window element w of result index o, or -1 if an init value stands there.
  std::int64_t source(int dim, std::int64_t o, std::int64_t w) const {
    const std::int64_t place = o * strides[dim] + w * window_dilations[dim] - low[dim];
    if (place < 0 || place % base_dilations[dim] != 0) return -1;
    const std::int64_t index = place / base_dilations[dim];
    return index < input.dims[dim] ? index : -1;
  }
  Block input;
  int rank;
  std::array<std::int64_t, kMaxRank> sizes{}, strides{}, base_dilations{}, window_dilations{}, low{};
};

// Folds one window: the dimensions but the last are counted, the last is at most three runs: init values, elements, init values.
void fold_window(const Windows& w, const std::array<std::int64_t, kMaxRank>& at, Loop fold, const std::byte* init, std::byte* out) {
  const int last = w.rank - 1;
  const std::int64_t size = w.sizes[last];
  std::int64_t begin = 0, end = size;  // the run of elements, if there is no base dilation
  while (begin < size && w.source(last, at[last], begin) < 0) ++begin;
  while (end > begin && w.source(last, at[last], end - 1) < 0) --end;
  const std::ptrdiff_t step = w.input.steps[last] * w.window_dilations[last];
  std::array<std::int64_t, kMaxRank> in{};
  do {
    const std::byte* row = w.input.data;
    bool inside = true;
    for (int i = 0; i < last && inside; ++i) {
      const std::int64_t index = w.source(i, at[i], in[i]);
      inside = index >= 0;
      row += index * w.input.steps[i];
    }
    if (!inside) {
      fold({{init}, {0}, out, 0, size, {}});
    } else if (w.base_dilations[last] == 1) {
      fold({{init}, {0}, out, 0, begin, {}});
      if (end > begin) fold({{row + w.source(last, at[last], begin) * w.input.steps[last]}, {step}, out, 0, end - begin, {}});
      fold({{init}, {0}, out, 0, size - end, {}});
    } else {
      for (std::int64_t i = 0; i < size; ++i) {
        const std::int64_t index = w.source(last, at[last], i);
        fold({{index < 0 ? init : row + index * w.input.steps[last]}, {0}, out, 0, 1, {}});
      }
    }
  } while (advance(in, w.sizes, last));
}

}  // namespace

Status run_reduce_window(const Work& work) {
  const ScratchScope scope(work.context.scratch);
  const std::size_t n = work.results.size();
  const Windows windows(work);
  const int rank = windows.rank;
  const Block result(work.results[0]);
  if (result.empty()) return {};
  const auto place = [](const Block& block, const auto& at) {
    std::byte* data = block.data;
    for (int i = 0; i < block.rank; ++i) data += at[i] * block.steps[i];
    return data;
  };
  std::array<std::int64_t, kMaxRank> at{};
  const Loop fold = n == 1 && rank > 0 && same_dtype(work) ? find_fold(work.func, work.op.regions[0]) : nullptr;
  if (fold != nullptr) {
    const std::byte* init = work.operands[1].data;
    do {
      std::byte* out = place(result, at);
      std::memcpy(out, init, storage_size(work.results[0].dtype));
      fold_window(windows, at, fold, init, out);
    } while (advance(at, result.dims, rank));
    return {};
  }

  Accumulators accumulators(work);
  auto* inputs = take<Block>(work.context.scratch, n);
  auto* outputs = take<Block>(work.context.scratch, n);
  for (std::size_t k = 0; k < n; ++k) {
    inputs[k] = Block(work.operands[k]);
    outputs[k] = Block(work.results[k]);
  }
  do {
    accumulators.reset();
    std::array<std::int64_t, kMaxRank> in{};
    do {
      std::array<std::int64_t, kMaxRank> index{};
      bool inside = true;
      for (int i = 0; i < rank && inside; ++i) {
        index[i] = windows.source(i, at[i], in[i]);
        inside = index[i] >= 0;
      }
      for (std::size_t k = 0; k < n; ++k) {
        if (inside)
          accumulators.element(k, place(inputs[k], index));
        else
          accumulators.init_element(k);
      }
      TENON_TRY(accumulators.step());
    } while (advance(in, windows.sizes, rank));
    for (std::size_t k = 0; k < n; ++k) accumulators.write(k, place(outputs[k], at));
  } while (advance(at, result.dims, rank));
  return {};
}

}  // namespace tenon::interp
