// max_pool and avg_pool.
#include <algorithm>

#include "plugins/convolution/window/window.h"

namespace tenon::convolution {
namespace {

using namespace plugin;

struct Windows {
  Layout layout;
  Axes axes, given;  // given: with the padding that was asked for, before ceil_mode reached beyond it
};

Windows windows_of(const Node& node, const Type& input) {
  Windows windows{layout_of(node, input, 0), {}, {}};
  windows.axes = read_axes(node, input, windows.layout, per_axis(node, "kernel", windows.layout.spatial));
  for (const Axis& axis : windows.axes)
    if (axis.low >= axis.reach() || axis.high >= axis.reach())
      node.fail(TENON_INVALID_ARGUMENT,
                cat("padding must be below the reach of the kernel, ", axis.reach(), ", got ", axis.low, " and ", axis.high),
                "a window would see nothing but padding");
  windows.given = windows.axes;
  place_windows(node, windows.given, false);
  place_windows(node, windows.axes, node.flag("ceil_mode"));
  return windows;
}

void infer(const Node& node) {
  const Type input = node.operand(0);
  check_static_but_batch(node, input);
  const Windows windows = windows_of(node, input);
  node.set_result(0, {input.dtype, result_dims(input, windows.layout, channels(input, windows.layout), windows.axes)});
}

// One spatial dimension after the other, a window's elements taken together one by one: IREE compiles no window over a dynamic tensor.
template <class Reducer>
Value reduce_taps(Builder& b, Value x, Value start, const Windows& windows, const Reducer& reducer) {
  const std::size_t rank = b.type(x).dims.size();
  Dims low(rank, 0), high(rank, 0);
  for (std::size_t i = 0; i < windows.axes.size(); ++i) {
    low[static_cast<std::size_t>(windows.layout.axis(i))] = windows.axes[i].low;
    high[static_cast<std::size_t>(windows.layout.axis(i))] = windows.axes[i].high;
  }
  x = b.pad(x, start, low, high);
  for (std::size_t i = 0; i < windows.axes.size(); ++i) {
    const Axis& axis = windows.axes[i];
    Value joined;
    for (std::int64_t tap = 0; tap < axis.kernel; ++tap) {
      const std::int64_t first = tap * axis.dilation, end = first + (axis.positions - 1) * axis.stride + 1;
      const Value one =
          b.use1("slice", {x},
                 {{"starts", Dims{first}}, {"ends", Dims{end}}, {"axes", Dims{windows.layout.axis(i)}}, {"steps", Dims{axis.stride}}});
      joined = joined ? reducer(joined, one) : one;
    }
    x = joined;
  }
  return x;
}

template <class Reducer>
Value reduce_windows(Builder& b, Value x, Value start, const Windows& windows, const Reducer& reducer) {
  const Type input = b.type(x);
  if (!input.is_static()) return reduce_taps(b, x, start, windows, reducer);
  const std::size_t rank = input.dims.size();
  Dims sizes(rank, 1), strides(rank, 1), dilations(rank, 1), padding(2 * rank, 0);
  for (std::size_t i = 0; i < windows.axes.size(); ++i) {
    const auto at = static_cast<std::size_t>(windows.layout.axis(i));
    const Axis& axis = windows.axes[i];
    sizes[at] = axis.kernel;
    strides[at] = axis.stride;
    dilations[at] = axis.dilation;
    padding[2 * at] = axis.low;
    padding[2 * at + 1] = axis.high;
  }
  const Type element(input.dtype, {});
  b.region({element, element}, [&](const Values& v) { return Values{reducer(v[0], v[1])}; });
  return b.op1("reduce_window", {x, start},
               {{"window_dimensions", sizes},
                {"window_strides", strides},
                {"base_dilations", Dims(rank, 1)},
                {"window_dilations", dilations},
                {"padding", padding}});
}

void lower_max(Builder& b) {
  const Node& node = b.node();
  const Type input = node.operand(0);
  const Value x = b.operand(0), lowest = b.lowest(input.dtype);
  b.finish({reduce_windows(b, x, lowest, windows_of(node, input), [&](Value left, Value right) { return b.maximum(left, right); })});
}

// How many elements each window sees along one dimension, padding included or not.
Dims counts(const Axis& axis, const Axis& given, bool include_padding) {
  const std::int64_t begin = include_padding ? -given.low : 0, end = axis.size + (include_padding ? given.high : 0);
  Dims counts;
  for (std::int64_t position = 0; position < axis.positions; ++position) {
    const std::int64_t first = position * axis.stride - axis.low;
    std::int64_t count = 0;
    for (std::int64_t tap = 0; tap < axis.kernel; ++tap) {
      const std::int64_t at = first + tap * axis.dilation;
      count += at >= begin && at < end ? 1 : 0;
    }
    counts.push_back(count);
  }
  return counts;
}

Value constant_vector(Builder& b, const Dims& values, tenon_dtype dtype) {
  const Type type(dtype, {static_cast<std::int64_t>(values.size())});
  const auto put = [&](auto zero) {
    std::vector<decltype(zero)> numbers;
    for (std::int64_t value : values) numbers.push_back(static_cast<decltype(zero)>(value));
    return b.constant(type, numbers.data(), numbers.size() * sizeof(zero));
  };
  return dtype == TENON_F64 ? put(0.0) : put(0.0F);
}

// The divisor of every window: the counts of the dimensions, multiplied.
Value divisors(Builder& b, Value like, const Windows& windows) {
  const bool include_padding = b.node().flag("count_include_pad");
  double common = 1;
  Value product;
  for (std::size_t i = 0; i < windows.axes.size(); ++i) {
    Dims sizes = counts(windows.axes[i], windows.given[i], include_padding);
    for (std::int64_t& size : sizes) size = std::max<std::int64_t>(size, 1);  // nothing seen: 0 / 1
    if (std::all_of(sizes.begin(), sizes.end(), [&](std::int64_t size) { return size == sizes.front(); })) {
      common *= static_cast<double>(sizes.front());
      continue;
    }
    const Value factor = b.broadcast_like(constant_vector(b, sizes, b.type(like).dtype), like, {windows.layout.axis(i)});
    product = product ? b.multiply(product, factor) : factor;
  }
  if (!product) return b.splat_like(like, common);
  return common == 1 ? product : b.multiply(product, b.splat_like(like, common));
}

void lower_avg(Builder& b) {
  const Node& node = b.node();
  const Type input = node.operand(0);
  const tenon_dtype wide = input.dtype == TENON_F64 ? TENON_F64 : TENON_F32;
  const Windows windows = windows_of(node, input);
  const Value x = b.convert(b.operand(0), wide), zero = b.scalar(wide, 0);
  const Value sum = reduce_windows(b, x, zero, windows, [&](Value left, Value right) { return b.add(left, right); });
  b.finish({b.convert(b.divide(sum, divisors(b, sum, windows)), input.dtype)});
}

}  // namespace
}  // namespace tenon::convolution

using namespace tenon::plugin;
using namespace tenon::convolution;
TENON_OPERATOR(max_pool) = Operator("max_pool").infer<infer>().lower<lower_max>();
TENON_OPERATOR(avg_pool) = Operator("avg_pool").infer<infer>().lower<lower_avg>();
