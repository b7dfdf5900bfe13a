#include "plugins/normalization/group_norm/group_norm.h"

#include "plugins/normalization/norms.h"

namespace tenon::normalization {

using namespace plugin;

Groups read_groups(const Node& node) {
  Groups g;
  g.input = node.operand(0);
  if (g.input.rank() < 2)
    node.fail(TENON_INVALID_ARGUMENT, cat("input must have at least the dimensions [N, C], got ", text(g.input.dims)));
  g.channel_axis = node.axis("channel_axis", g.input.rank());
  if (g.channel_axis != 1 && g.channel_axis != g.input.rank() - 1)
    node.fail(TENON_INVALID_ARGUMENT, cat("channel_axis must be 1 or the last, got ", node.integer("channel_axis")));
  g.groups = node.integer("num_groups");
  if (g.channels() == TENON_DYNAMIC) node.fail(TENON_UNIMPLEMENTED, cat("the channels of input must be known, got ", text(g.input.dims)));
  if (g.channels() == 0 || g.channels() % g.groups != 0)
    node.fail(TENON_INVALID_ARGUMENT, cat("the ", g.channels(), " channels of input must be a multiple of num_groups, ", g.groups));
  return g;
}

namespace {

enum : std::size_t { kInput, kScale, kBias };

void infer(const Node& node) {
  const Groups g = read_groups(node);
  for (std::int64_t i = 1; i < g.input.rank(); ++i)
    if (g.input.dims[at(i)] == 0)
      node.fail(TENON_INVALID_ARGUMENT, cat("a normalized dimension must not be empty, got input ", text(g.input.dims)));
  check_epsilon(node, g.input.dtype);
  check_parameter(node, "scale", node.operand(kScale), g.input, {g.channels()});
  check_parameter(node, "bias", node.operand(kBias), g.input, {g.channels()});
  node.set_result(0, g.input);
}

// The dimensions of a value with one of them replaced by some others. The dynamic ones are found by their place.
Value replace(Builder& b, Value x, std::int64_t first, std::int64_t count, const Dims& by) {
  const Type from = b.type(x);
  Dims dims(from.dims.begin(), from.dims.begin() + first);
  dims.insert(dims.end(), by.begin(), by.end());
  dims.insert(dims.end(), from.dims.begin() + first + count, from.dims.end());
  if (Type(from.dtype, dims).is_static()) return b.reshape(x, dims);
  Values sizes;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    const auto after = static_cast<std::int64_t>(i) - static_cast<std::int64_t>(by.size()) + count;
    const std::int64_t place = static_cast<std::int64_t>(i) < first ? static_cast<std::int64_t>(i) : after;
    sizes.push_back(dims[i] == TENON_DYNAMIC ? b.reshape(b.size(x, place), {1}) : b.splat({TENON_I32, {1}}, static_cast<double>(dims[i])));
  }
  return b.dynamic_reshape(x, b.concatenate(sizes, 0), dims);
}

void lower(Builder& b) {
  const Node& node = b.node();
  const Groups g = read_groups(node);
  const Value x = b.convert(b.operand(kInput), wide(g.input.dtype));
  const Value split = replace(b, x, g.channel_axis, 1, {g.groups, g.channels() / g.groups});
  Dims axes;  // all but the first and the groups
  for (std::int64_t i = 1; i <= g.input.rank(); ++i)
    if (i != g.channel_axis) axes.push_back(i);
  const Value y = replace(b, normalized(b, split, axes, node.real("epsilon")), g.channel_axis, 2, {g.channels()});
  b.finish({b.convert(scaled(b, y, b.operand(kScale), b.operand(kBias), {g.channel_axis}), g.input.dtype)});
}

// Outside, channels are last, and counted from the front.
void lower_as(Builder& b, std::string_view) {
  const Node& node = b.node();
  const Groups g = read_groups(node);
  if (!node.has(kScale) || !node.has(kBias)) node.decline("the form has a scale and a bias");
  if (g.groups == 1) node.decline("has one group, which a consumer takes for a layer normalization");
  const std::int64_t rank = g.input.rank(), last = rank - 1;
  Dims there, back;
  for (std::int64_t i = 0; i < rank; ++i) {
    if (i != g.channel_axis) there.push_back(i);
    back.push_back(i == 0 ? 0 : i == g.channel_axis ? last : i - 1);
  }
  there.push_back(g.channel_axis);
  const bool moves = g.channel_axis != last;
  const Value x = moves ? b.transpose(b.operand(kInput), there) : b.operand(kInput);
  const Value y = b.carrier("group_norm", {x, b.operand(kScale), b.operand(kBias)},
                            {{"num_groups", g.groups}, {"epsilon", node.real("epsilon")}, {"channel_axis", last}})[0];
  b.finish({moves ? b.transpose(y, back) : y});
}

}  // namespace
}  // namespace tenon::normalization

using namespace tenon::plugin;
using namespace tenon::normalization;
TENON_OPERATOR(group_norm) = Operator("group_norm").infer<infer>().lower<lower>().lower_as<lower_as>().kernels(kGroupNormKernels);
