// What rope means. The operator's table stands in kernel.cpp.
#include "plugins/attention/regroup.h"
#include "plugins/attention/rope/rope.h"

namespace tenon::attention::rope {

using namespace plugin;

void infer(const Node& node) { node.set_result(0, read(node).input); }

void lower(Builder& b) {
  const Rope rope = read(b.node());
  const Tables table = tables(b, rope);
  const Value input = b.operand(kInput);
  const std::int64_t last = rope.rank() - 1, size = rope.input.dims.back();
  const tenon_dtype dtype = rope.input.dtype;

  const Value turned = b.convert(part_of(b, input, last, 0, rope.rotary), wide(dtype));
  const std::int64_t pairs = rope.pairs(), rotary = rope.rotary;
  const Value first = rope.interleaved ? part_of(b, turned, last, 0, rotary, 2) : part_of(b, turned, last, 0, pairs);
  const Value second = rope.interleaved ? part_of(b, turned, last, 1, rotary, 2) : part_of(b, turned, last, pairs, rotary);
  const Dims axes = rope.table_axes(b.type(table.cos).rank());
  const Value cos = spread(b, table.cos, first, axes), sin = spread(b, table.sin, first, rope.table_axes(b.type(table.sin).rank()));
  const Value x = b.convert(b.subtract(b.multiply(first, cos), b.multiply(second, sin)), dtype);
  const Value y = b.convert(b.add(b.multiply(second, cos), b.multiply(first, sin)), dtype);

  Value output = rope.interleaved ? interleave(b, x, y) : b.concatenate({x, y}, last);
  if (rope.rotary < size) output = b.concatenate({output, part_of(b, input, last, rope.rotary, size)}, last);
  b.finish({output});
}

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
