// What rope means. The operator's table stands at the end.
#include "plugins/attention/rope/rope.h"

namespace tenon::attention::rope {
namespace {

using namespace plugin;

void infer(const Node& node) { node.set_result(0, read(node).input); }

// The dimensions of `a` but the last, followed by `last`. Each keeps its place, so that a dynamic one is known.
Value with_last(Builder& b, Value a, const Dims& last) {
  Dims dims = b.type(a).dims, from;
  const std::int64_t rank = b.type(a).rank();
  const std::int64_t kept = rank - (last.size() == 2 ? 1 : 2);  // one dimension becomes two, or two become one
  dims.resize(at(kept));
  dims.insert(dims.end(), last.begin(), last.end());
  for (std::size_t i = 0; i < dims.size(); ++i) from.push_back(static_cast<std::int64_t>(i));
  return reshape_to(b, a, std::move(dims), from);
}

void lower(Builder& b) {
  const Rope rope = read(b.node());
  const Tables table = tables(b, rope);
  const Value input = b.operand(kInput);
  const std::int64_t last = rope.rank() - 1, size = rope.input.dims.back();
  const tenon_dtype dtype = rope.input.dtype;

  const Value turned = b.convert(part_of(b, input, last, 0, rope.rotary), wide(dtype));
  Value first, second;
  if (rope.interleaved) {
    const Value pairs = with_last(b, turned, {rope.pairs(), 2});
    first = with_last(b, part_of(b, pairs, last + 1, 0, 1), {rope.pairs()});
    second = with_last(b, part_of(b, pairs, last + 1, 1, 2), {rope.pairs()});
  } else {
    first = part_of(b, turned, last, 0, rope.pairs());
    second = part_of(b, turned, last, rope.pairs(), rope.rotary);
  }
  const Dims axes = rope.table_axes(b.type(table.cos).rank());
  const Value cos = spread(b, table.cos, first, axes), sin = spread(b, table.sin, first, rope.table_axes(b.type(table.sin).rank()));
  const Value x = b.convert(b.subtract(b.multiply(first, cos), b.multiply(second, sin)), dtype);
  const Value y = b.convert(b.add(b.multiply(second, cos), b.multiply(first, sin)), dtype);

  Value output;
  if (rope.interleaved)
    output = with_last(b, b.concatenate({with_last(b, x, {rope.pairs(), 1}), with_last(b, y, {rope.pairs(), 1})}, last + 1), {rope.rotary});
  else
    output = b.concatenate({x, y}, last);
  if (rope.rotary < size) output = b.concatenate({output, part_of(b, input, last, rope.rotary, size)}, last);
  b.finish({output});
}

}  // namespace

// Outside, rope is (x, positions) in [batch, heads, sequence, size], of halves, with one timescale.
void lower_as(Builder& b, std::string_view) {
  const Node& node = b.node();
  const Rope rope = read(node);
  if (rope.rank() != 4) node.decline(cat("has rank ", rope.rank(), ", the form has heads"));
  if (rope.interleaved) node.decline("is interleaved, the form turns halves");
  if (rope.rotary != rope.input.dims.back()) node.decline("turns a part of each head, for which the form has other frequencies");
  if (node.has(kCos)) node.decline("has tables of its own, the form has a base");
  if (node.string("scaling") != "none") node.decline(cat("has scaling ", node.string("scaling"), ", for which the form has no place"));
  Value positions = b.operand(kPositions);
  if (positions && b.type(positions).rank() != 1)
    node.decline("has positions for each row of the batch, consumers read those of the first");
  if (positions && b.type(positions).dtype != TENON_I32) node.decline("has positions of i64, consumers read i32");
  if (!positions) positions = iota_over(b, b.operand(kInput), {rope.sequence_axis}, 0);
  const bool bsnh = node.string("layout") == "bsnh";
  const Value input = bsnh ? b.transpose(b.operand(kInput), {0, 2, 1, 3}) : b.operand(kInput);
  const Value output = b.carrier("rope", {input, positions}, {{"base", node.real("base")}})[0];
  b.finish({bsnh ? b.transpose(output, {0, 2, 1, 3}) : output});
}

}  // namespace tenon::attention::rope

using namespace tenon::plugin;
TENON_OPERATOR(rope) = Operator("rope")
                           .infer<tenon::attention::rope::infer>()
                           .lower<tenon::attention::rope::lower>()
                           .lower_as<tenon::attention::rope::lower_as>();
