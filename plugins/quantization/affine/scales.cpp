#include "plugins/quantization/affine/scales.h"

namespace tenon::quantization {

using namespace plugin;

namespace {

bool whole(const Type& scale) {
  for (std::int64_t size : scale.dims)
    if (size != 1) return false;
  return scale.rank() < 2;
}

std::int64_t blocks_of(std::int64_t size, std::int64_t block) { return (size + block - 1) / block; }

std::int64_t axis_of(const Node& node) {
  if (!node.has_attribute("axis"))
    node.fail(TENON_INVALID_ARGUMENT, cat("a scale of shape ", text(node.operand(kScale).dims), " needs axis"),
              "give the axis of the input that the scale belongs to");
  return node.axis("axis", node.operand(kInput).rank());
}

// One scale per block of the axis: repeat every element of the scale's axis, and cut what the last block has too much.
Value spread_blocks(Builder& b, Value scale, const Dims& to, std::int64_t axis, std::int64_t block) {
  const std::size_t at = static_cast<std::size_t>(axis);
  const Dims from = b.type(scale).dims;
  Dims repeated = from, places, joined = from, none(to.size(), 0), ones(to.size(), 1);
  repeated.insert(repeated.begin() + axis + 1, block);
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(from.size()); ++i) places.push_back(i > axis ? i + 1 : i);
  joined[at] *= block;
  const Value wide = b.reshape(b.broadcast_in_dim(scale, repeated, places), joined);
  return joined[at] == to[at] ? wide : b.slice(wide, none, to, ones);
}

}  // namespace

void check_scales(const Node& node) {
  const Type input = node.operand(kInput), scale = node.operand(kScale), zero_point = node.operand(kZeroPoint);
  if (zero_point && zero_point.dims != scale.dims)
    node.fail(TENON_INVALID_ARGUMENT, cat("zero_point must have the scale's shape ", text(scale.dims), ", got ", text(zero_point.dims)));
  const std::int64_t block = node.integer("block_size");
  if (block == 0) {
    if (node.has_attribute("axis")) (void)axis_of(node);
    if (whole(scale)) return;
    const std::int64_t size = input.dims[static_cast<std::size_t>(axis_of(node))];
    if (scale.rank() != 1 || !compatible(scale.dims[0], size))
      node.fail(
          TENON_INVALID_ARGUMENT,
          cat("scale must have one element or one per index of the axis, shape [", text(Dims{size}).substr(1), ", got ", text(scale.dims)),
          "a scale per block needs block_size");
    return;
  }
  if (!input.is_static())
    node.fail(TENON_UNIMPLEMENTED, cat("block_size with an input of dynamic shape ", text(input.dims)),
              "give every dimension a size; a scale per axis takes any");
  const std::size_t axis = static_cast<std::size_t>(axis_of(node));
  Dims expected = input.dims;
  expected[axis] = blocks_of(expected[axis], block);
  if (scale.dims != expected)
    node.fail(TENON_INVALID_ARGUMENT, cat("scale must have shape ", text(expected), " for blocks of ", block, " on axis ", axis,
                                          " of the input ", text(input.dims), ", got ", text(scale.dims)));
}

Value spread(Builder& b, Value scale, Value like) {
  const Node& node = b.node();
  const Type type = b.type(scale);
  if (node.integer("block_size") > 0) return spread_blocks(b, scale, b.type(like).dims, axis_of(node), node.integer("block_size"));
  if (!whole(type)) return b.broadcast_like(scale, like, {axis_of(node)});
  return b.broadcast_like(type.rank() == 0 ? scale : b.reshape(scale, {}), like, {});
}

Value to_float(Builder& b, Value value, tenon_dtype to) {
  const tenon_dtype dtype = b.type(value).dtype;
  if (dtype == TENON_I4) value = b.convert(value, TENON_I8);
  if (dtype == TENON_UI4) value = b.convert(value, TENON_UI8);
  return b.convert(value, to);
}

}  // namespace tenon::quantization
