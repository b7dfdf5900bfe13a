// Types and shapes of rope.
#include "plugins/attention/rope/rope.h"

namespace tenon::attention::rope {

using namespace plugin;

Dims Rope::table_axes(std::int64_t rank_of_table) const {
  Dims axes{sequence_axis, rank() - 1};
  if (rank_of_table == 3) axes.insert(axes.begin(), 0);
  return axes;
}

namespace {

// [sequence, ..] or [batch, sequence, ..].
void check_sequence(const Node& node, const char* name, const Type& type, const Rope& rope, const Dims& last) {
  Dims expected{rope.sequence()};
  expected.insert(expected.end(), last.begin(), last.end());
  Dims batched = expected;
  batched.insert(batched.begin(), rope.input.dims[0]);
  const bool has_batch = rope.sequence_axis > 0;
  const bool is_batched = has_batch && type.dims.size() == batched.size();
  const Dims& want = is_batched ? batched : expected;
  bool fits = type.dims.size() == want.size();
  for (std::size_t i = 0; fits && i < want.size(); ++i)
    fits = compatible(type.dims[i], want[i]) || (is_batched && i == 0 && type.dims[0] == 1);
  if (!fits)
    node.fail(TENON_INVALID_ARGUMENT, cat(name, " must have shape ", text(expected), has_batch ? cat(" or ", text(batched)) : std::string(),
                                          ", got ", text(type.dims)));
}

}  // namespace

Rope read(const Node& node) {
  Rope rope;
  rope.input = node.operand(kInput);
  rope.interleaved = node.flag("interleaved");
  const Type& input = rope.input;
  const bool bsnh = node.string("layout") == "bsnh";
  if (bsnh && input.rank() != 4)
    node.fail(TENON_INVALID_ARGUMENT, cat("input must have rank 4 with layout bsnh, got ", text(input.dims)),
              "without heads, leave layout out");
  if (input.rank() < 2) node.fail(TENON_INVALID_ARGUMENT, cat("input must have at least the dimensions [S, D], got ", text(input.dims)));
  rope.sequence_axis = bsnh ? 1 : input.rank() - 2;
  const std::int64_t size = input.dims.back();
  if (size == TENON_DYNAMIC) node.fail(TENON_UNIMPLEMENTED, cat("the head size of input must be known, got ", text(input.dims)));
  rope.rotary = node.has_attribute("rotary_dim") ? node.integer("rotary_dim") : size;
  if (rope.rotary % 2 != 0 || rope.rotary < 2 || rope.rotary > size)
    node.fail(TENON_INVALID_ARGUMENT, cat("rotary_dim must be even and from 2 to the head size ", size, ", got ", rope.rotary));
  if (!std::isfinite(node.real("base"))) node.fail(TENON_OUT_OF_RANGE, cat("base must be finite, got ", node.real("base")));

  check_scaling(node, rope);
  if (const Type positions = node.operand(kPositions)) check_sequence(node, "positions", positions, rope, {});
  const Type cos = node.operand(kCos), sin = node.operand(kSin);
  if (static_cast<bool>(cos) != static_cast<bool>(sin))
    node.fail(TENON_INVALID_ARGUMENT, cat(cos ? "cos" : "sin", " needs ", cos ? "sin" : "cos", " beside it"));
  if (!cos) return rope;
  if (node.has(kPositions))
    node.fail(TENON_INVALID_ARGUMENT, "positions have no meaning beside cos and sin", "gather the tables' rows at the positions first");
  if (node.string("scaling") != "none")
    node.fail(TENON_INVALID_ARGUMENT, cat("scaling ", node.string("scaling"), " has no meaning beside cos and sin"),
              "the tables must have it in them");
  for (const auto& [name, type] : {std::pair<const char*, const Type&>{"cos", cos}, {"sin", sin}}) {
    if (type.dtype != input.dtype && type.dtype != TENON_F32)
      node.fail(TENON_INVALID_ARGUMENT,
                cat(name, " must have the input's dtype ", dtype_name(input.dtype), " or f32, got ", dtype_name(type.dtype)));
    check_sequence(node, name, type, rope, {rope.pairs()});
  }
  return rope;
}

}  // namespace tenon::attention::rope
