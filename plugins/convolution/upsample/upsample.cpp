// upsample: one dimension after the other, by indices and weights that are known when the text is written.
#include <algorithm>
#include <cmath>

#include "plugins/convolution/upsample/positions.h"
#include "plugins/convolution/window/window.h"

namespace tenon::convolution {
namespace {

using namespace plugin;

constexpr std::int64_t kLargest = std::int64_t{1} << 24;  // of a dimension: its indices are written into the text

struct Resize {
  std::int64_t size = 0, result = 0;
  double scale = 0;  // 0: the quotient of the sizes
};

std::vector<Resize> resizes(const Node& node, const Type& input, const Layout& layout) {
  const bool by_scale = node.has_attribute("scales");
  if (!by_scale && !node.has_attribute("sizes")) node.fail(TENON_INVALID_ARGUMENT, "one of scales and sizes must be given");
  std::vector<double> scales = by_scale ? node.reals("scales") : std::vector<double>();
  Dims sizes = by_scale ? Dims() : node.ints("sizes");
  const std::size_t have = by_scale ? scales.size() : sizes.size(), spatial = static_cast<std::size_t>(layout.spatial);
  if (have != 1 && have != spatial)
    node.fail(
        TENON_INVALID_ARGUMENT,
        cat(by_scale ? "scales" : "sizes", " must have one entry, or one for each of the ", spatial, " spatial dimensions, got ", have),
        "batch and channels are not resized");
  if (by_scale)
    scales.resize(spatial, scales.front());
  else
    sizes.resize(spatial, sizes.front());
  std::vector<Resize> out;
  for (std::size_t i = 0; i < spatial; ++i) {
    Resize resize;
    resize.size = input.dims[static_cast<std::size_t>(layout.axis(i))];
    if (by_scale) resize.scale = scales[i];
    const double result = by_scale ? std::floor(static_cast<double>(resize.size) * scales[i]) : static_cast<double>(sizes[i]);
    if (!(result >= 1 && result <= static_cast<double>(kLargest)) || resize.size > kLargest)
      node.fail(TENON_OUT_OF_RANGE,
                cat("spatial dimension ", i, " of size ", resize.size, " would get size ", result, ", must be from 1 to ", kLargest));
    if (resize.size == 0) node.fail(TENON_INVALID_ARGUMENT, cat("input must not have an empty spatial dimension, got ", text(input.dims)));
    resize.result = static_cast<std::int64_t>(result);
    out.push_back(resize);
  }
  return out;
}

void infer(const Node& node) {
  Type input = node.operand(0);
  check_static_but_batch(node, input);
  if (node.string("mode") == "linear" && !is_float(input.dtype))
    node.fail(TENON_INVALID_ARGUMENT, cat("mode linear takes floats, got ", dtype_name(input.dtype)), "cast first, or use nearest");
  const Layout layout = layout_of(node, input, 0);
  const std::vector<Resize> sizes = resizes(node, input, layout);
  for (std::size_t i = 0; i < sizes.size(); ++i) input.dims[static_cast<std::size_t>(layout.axis(i))] = sizes[i].result;
  node.set_result(0, input);
}

Value constant_of(Builder& b, const std::vector<double>& values, tenon_dtype dtype) {
  const Type type(dtype, {static_cast<std::int64_t>(values.size())});
  const auto put = [&](auto zero) {
    std::vector<decltype(zero)> numbers;
    for (double value : values) numbers.push_back(static_cast<decltype(zero)>(value));
    return b.constant(type, numbers.data(), numbers.size() * sizeof(zero));
  };
  return dtype == TENON_I32 ? put(std::int32_t{0}) : dtype == TENON_F64 ? put(0.0) : put(0.0F);
}

// The elements at those indices, all of them in range, along one dimension.
Value take(Builder& b, Value x, std::int64_t axis, const Dims& indices) {
  const Type type = b.type(x);
  const auto at = static_cast<std::size_t>(axis);
  const std::int64_t size = type.dims[at], count = static_cast<std::int64_t>(indices.size()), factor = count / size;
  bool same = true, repeats = count % size == 0;
  for (std::int64_t i = 0; i < count; ++i) {
    same = same && indices[static_cast<std::size_t>(i)] == i;
    repeats = repeats && indices[static_cast<std::size_t>(i)] == i / factor;
  }
  if (same && count == size) return x;
  if (!type.is_static())
    return b.use1("gather", {x, constant_of(b, {indices.begin(), indices.end()}, TENON_I32)}, {{"axis", axis}, {"mode", "clamp"}});
  Dims dims = type.dims, places;
  if (repeats) {  // every element `factor` times
    dims.insert(dims.begin() + axis + 1, factor);
    for (std::int64_t i = 0; i < type.rank(); ++i) places.push_back(i > axis ? i + 1 : i);
    Dims joined = type.dims;
    joined[at] = count;
    return b.reshape(b.broadcast_in_dim(x, dims, places), joined);
  }
  for (std::int64_t i = 0; i < type.rank(); ++i)
    if (i != axis) places.push_back(i);
  dims[at] = 1;
  return b.op1("gather", {x, constant_of(b, {indices.begin(), indices.end()}, TENON_I32)},
               {{"offset_dims", places},
                {"collapsed_slice_dims", Dims{axis}},
                {"start_index_map", Dims{axis}},
                {"index_vector_dim", 1},
                {"slice_sizes", dims},
                {"indices_are_sorted", true}});
}

Value nearest(Builder& b, Value x, std::int64_t axis, const std::vector<Position>& places, bool round, std::int64_t size) {
  Dims indices;
  for (const Position& place : places)
    indices.push_back(std::clamp<std::int64_t>(place.index + (round && place.fraction > 0.5 ? 1 : 0), 0, size - 1));
  return take(b, x, axis, indices);
}

Value linear(Builder& b, Value x, std::int64_t axis, const std::vector<Position>& places, std::int64_t size) {
  Dims before, after;
  std::vector<double> left, right;
  bool whole = true, some_whole = false;
  for (const Position& place : places) {
    const bool between = place.index >= 0 && place.index < size - 1 && place.fraction > 0;
    before.push_back(std::clamp<std::int64_t>(place.index, 0, size - 1));
    after.push_back(between ? place.index + 1 : before.back());
    right.push_back(between ? place.fraction : 0);
    left.push_back(1 - right.back());
    whole = whole && !between;
    some_whole = some_whole || !between;
  }
  const Value first = take(b, x, axis, before);
  if (whole) return first;
  const tenon_dtype dtype = b.type(x).dtype;
  const auto weight = [&](const std::vector<double>& weights) { return b.broadcast_like(constant_of(b, weights, dtype), first, {axis}); };
  const Value second = take(b, x, axis, after), weight_before = weight(left), weight_after = weight(right);
  const Value part = b.multiply(first, weight_before);
  const Value sum = b.add(part, b.multiply(second, weight_after));
  if (!some_whole) return sum;
  // The element itself where it has all the weight: an infinity times 0 would be NaN.
  const Value alone = b.compare("EQ", weight_after, b.splat_like(weight_after, 0));
  return b.select(alone, first, sum);
}

void lower(Builder& b) {
  const Node& node = b.node();
  const Type input = node.operand(0);
  const Layout layout = layout_of(node, input, 0);
  const std::vector<Resize> sizes = resizes(node, input, layout);
  const std::string_view coordinates = node.string("coordinates");
  const bool interpolate = node.string("mode") == "linear";
  Value x = b.operand(0);
  if (interpolate) x = b.convert(x, input.dtype == TENON_F64 ? TENON_F64 : TENON_F32);
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const std::vector<Position> places = positions(sizes[i].size, sizes[i].result, sizes[i].scale, coordinates);
    x = interpolate ? linear(b, x, layout.axis(i), places, sizes[i].size)
                    : nearest(b, x, layout.axis(i), places, coordinates != "asymmetric", sizes[i].size);
  }
  b.finish({b.convert(x, input.dtype)});
}

}  // namespace
}  // namespace tenon::convolution

using namespace tenon::plugin;
TENON_OPERATOR(upsample) = Operator("upsample").infer<tenon::convolution::infer>().lower<tenon::convolution::lower>();
