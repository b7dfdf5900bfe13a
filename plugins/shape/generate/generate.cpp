// Tensors made from attributes: iota, arange, constant_of_shape; and one_hot.
#include "plugins/shape/move/moves.h"
#include "plugins/shape/take.h"

namespace tenon::shape {
namespace {

bool is_integer(tenon_dtype dtype) { return !is_float(dtype); }

// The dtype in which positions are computed before they become floats.
tenon_dtype counter(std::int64_t count) { return count <= std::int64_t{1} << 31 ? TENON_I32 : TENON_I64; }

// ---- iota ----

void infer_iota(const Node& node) {
  const Type out{node.dtype("dtype"), node.ints("shape")};
  const std::int64_t axis = node.axis("axis", out.rank()), size = out.dims[at(axis)];
  (void)product(node, out.dims);
  if (is_integer(out.dtype) && size > 1) need_exact(node, "position", static_cast<double>(size - 1), out.dtype);
  node.set_result(0, out);
}

void lower_iota(Builder& b) {
  const Type out = b.node().result(0);
  const std::int64_t axis = b.node().axis("axis", out.rank());
  const tenon_dtype dtype = is_integer(out.dtype) ? out.dtype : counter(out.dims[at(axis)]);
  b.finish({b.convert(b.iota({dtype, out.dims}, axis), out.dtype)});
}

// ---- arange ----

void infer_arange(const Node& node) {
  const double start = node.real("start"), stop = node.real("stop"), step = node.real("step");
  const tenon_dtype dtype = node.dtype("dtype");
  const std::string given = cat("start ", start, ", stop ", stop, " and step ", step);
  if (!std::isfinite(start) || !std::isfinite(stop) || !std::isfinite(step) || step == 0)
    node.fail(TENON_INVALID_ARGUMENT, cat("start, stop and step must be finite, and step not 0, got ", given));
  const double count = std::max(0.0, std::ceil((stop - start) / step));
  if (!(count <= 0x1p31)) node.fail(TENON_INVALID_ARGUMENT, cat(given, " give ", count, " values, at most 2^31 are made"));
  if (is_integer(dtype) && count > 0) {
    if (std::trunc(step) != step || std::fabs(step) > 0x1p53)
      node.fail(TENON_INVALID_ARGUMENT, cat("step ", step, " is not exact in ", dtype_name(dtype)));
    need_exact(node, "start", start, dtype);
    need_exact(node, "the last value", start + (count - 1) * step, dtype);
  }
  node.set_result(0, {dtype, {static_cast<std::int64_t>(count)}});
}

void lower_arange(Builder& b) {
  const Type out = b.node().result(0);
  if (out.dims[0] == 0) return b.finish({filled(b, out, 0)});
  const double start = b.node().real("start"), step = b.node().real("step");
  // Integers in i64, where a negative step has a place for unsigned results too and nothing leaves the range.
  const tenon_dtype wide = is_integer(out.dtype)
                               ? (out.dtype == TENON_UI64 || out.dtype == TENON_I64 || out.dtype == TENON_UI32 ? TENON_I64 : TENON_I32)
                           : out.dtype == TENON_F64 ? TENON_F64
                                                    : TENON_F32;
  Value x = b.convert(b.iota({is_integer(wide) ? wide : TENON_I32, out.dims}, 0), wide);
  // A step that is used at most once need not fit.
  if (step != 1 && out.dims[0] > 1) x = b.multiply(x, b.splat_like(x, step));
  if (start != 0) x = b.add(x, b.splat_like(x, start));
  b.finish({b.convert(x, out.dtype)});
}

// ---- constant_of_shape ----

void infer_constant(const Node& node) {
  const Type out{node.dtype("dtype"), node.ints("shape")};
  (void)product(node, out.dims);
  need_exact(node, "value", node.real("value"), out.dtype);
  node.set_result(0, out);
}

void lower_constant(Builder& b) { b.finish({filled(b, b.node().result(0), b.node().real("value"))}); }

MoveList constant_pieces(const Node& node) {
  const Type out = node.result(0);
  MoveList moves;
  set_fill(node, out.dtype, node.real("value"), moves);
  Piece piece = whole_of(kFill, out, 0);
  for (Axis& axis : piece.axes) axis.from = -1;
  moves.pieces.push_back(std::move(piece));
  return moves;
}

// ---- one_hot ----

std::int64_t one_hot_axis(const Node& node) { return node.axis("axis", node.operand(0).rank() + 1); }

void infer_one_hot(const Node& node) {
  Type out{node.dtype("dtype"), node.operand(0).dims};
  out.dims.insert(out.dims.begin() + one_hot_axis(node), node.integer("depth"));
  node.set_result(0, out);
}

void lower_one_hot(Builder& b) {
  const Node& node = b.node();
  const Type given = node.operand(0), out = node.result(0);
  const std::int64_t axis = one_hot_axis(node);
  Extents extents;
  Dims place;
  for (std::int64_t d = 0; d < given.rank(); ++d) {
    extents.push_back(sized(node, given, {d}));
    place.push_back(d < axis ? d : d + 1);
  }
  extents.insert(extents.begin() + axis, fixed(node.integer("depth")));
  const Value index = signed_indices(b, b.operand(0));
  const Value wide = broadcast_to(b, index, b.operand(0), extents, place);
  const Value hit = b.compare("EQ", wide, b.iota_like(wide, b.type(index).dtype, axis));
  b.finish({out.dtype == TENON_I1 ? hit : b.select(hit, filled_like(b, wide, out.dtype, 1), filled_like(b, wide, out.dtype, 0))});
}

}  // namespace
}  // namespace tenon::shape

using namespace tenon::plugin;
using namespace tenon::shape;
TENON_OPERATOR(iota) = Operator("iota").infer<infer_iota>().lower<lower_iota>();
TENON_OPERATOR(arange) = Operator("arange").infer<infer_arange>().lower<lower_arange>();
TENON_OPERATOR(constant_of_shape) =
    Operator("constant_of_shape").infer<infer_constant>().lower<lower_constant>().kernels(Moves<constant_pieces>::kList);
TENON_OPERATOR(one_hot) = Operator("one_hot").infer<infer_one_hot>().lower<lower_one_hot>();
