// What scaled_dot_product_attention means.
#include "plugins/attention/regroup.h"
#include "plugins/attention/scaled_dot_product_attention/attention.h"

namespace tenon::attention::sdpa {

using namespace plugin;

namespace {

// The query as [batch, heads, group, queries, size], so that a group's heads meet their key without a copy of it.
Value grouped_query(Builder& b, const Attention& a) {
  Value query = b.operand(kQuery);
  if (a.bsnh) query = b.transpose(query, {0, 2, 1, 3});
  return a.grouped() ? split(b, query, 1, a.heads, a.group()) : query;
}

// Values beyond a row's length are unused parts of a cache: whatever they hold, NaN included, is not there.
Value values(Builder& b, const Attention& a, tenon_dtype dtype) {
  const Value value = b.convert(b.operand(kValue), dtype);
  const Value lengths = key_lengths(b, a);
  if (!lengths) return value;
  const Value position = iota_over(b, value, {0, a.sequence_axis()}, 1);
  const Value inside = b.compare("LT", position, b.broadcast_like(lengths, position, {0}));
  return b.select(b.broadcast_like(inside, value, {0, a.sequence_axis()}), value, b.splat_like(value, 0));
}

Value scores(Builder& b, const Attention& a, tenon_dtype dtype) {
  const Dims batch = a.has_heads ? Dims{0, 1} : Dims{0}, key_batch = a.has_heads ? Dims{0, a.head_axis()} : Dims{0};
  const Value query = grouped_query(b, a);
  Value x = b.dot_general(query, b.operand(kKey), {batch, key_batch, {a.score_rank() - 1}, {b.type(b.operand(kKey)).rank() - 1}}, dtype);
  if (a.scale != 1) x = b.multiply(x, b.splat_like(x, a.scale));
  if (a.softcap != 0) x = capped(b, x, a.softcap);
  if (const Value mask = b.operand(kMask); mask && b.type(mask).dtype != TENON_I1)
    x = b.add(x, spread_mask(b, a, b.convert(mask, dtype), x));
  const Value seen = visible(b, a, x);
  return seen ? b.select(seen, x, b.splat_like(x, -kInfinity)) : x;
}

// One logit per head of the query, in the shape of the scores' statistics.
Value sinks(Builder& b, const Attention& a, Value like) {
  const Value given = b.operand(kSinks);
  if (!given) return given;
  const Value logits = b.convert(given, b.type(like).dtype);
  if (!a.has_heads) return b.broadcast_like(b.reshape(logits, {}), like, {});
  if (!a.grouped()) return b.broadcast_like(logits, like, {1});
  return b.broadcast_like(b.reshape(logits, {a.heads, a.group()}), like, {1, 2});
}

// Without keys every query sees nothing. Not every engine multiplies matrices over no elements.
Values without_keys(Builder& b, const Attention& a) {
  Type output = b.node().operand(kQuery);
  output.dims.back() = a.value_size;
  const Value zeros = b.splat(output, 0);
  if (!a.return_log_sum_exp) return {zeros};
  const Dims dims = a.has_heads ? Dims{a.batch, a.query_heads, a.queries} : Dims{a.batch, a.queries};
  const Value given = b.operand(kSinks);
  if (!given) return {zeros, b.splat({TENON_F32, dims}, -kInfinity)};
  const Value logits = b.convert(given, TENON_F32);
  return {zeros, a.has_heads ? b.broadcast_in_dim(logits, dims, {1}) : b.broadcast_in_dim(b.reshape(logits, {}), dims, {})};
}

}  // namespace

void lower(Builder& b) {
  const Node& node = b.node();
  const Attention a = read(node);
  if (a.keys == 0 && node.operand(kQuery).is_static()) return b.finish(without_keys(b, a));
  const tenon_dtype dtype = node.operand(kQuery).dtype, computed = wide(dtype);
  const Value x = scores(b, a, computed);
  const Dims key{a.key_axis()};

  Value most = reduce_max(b, x, key);
  const Value sink = sinks(b, a, most);
  if (sink) most = b.maximum(most, sink);
  // Where nothing is seen, -inf - (-inf) would be NaN: 0 in its place makes every weight 0.
  const Value zero = b.splat_like(most, 0);
  most = b.select(b.compare("EQ", most, b.splat_like(most, -kInfinity)), zero, most);
  const Value powers = b.exponential(b.subtract(x, spread_back(b, most, x, a.key_axis())));
  Value sum = b.reduce_add(powers, key);
  if (sink) sum = b.add(sum, b.exponential(b.subtract(sink, most)));
  const Value divisor = b.select(b.compare("EQ", sum, zero), b.splat_like(sum, 1), sum);
  const Value weights = b.divide(powers, spread_back(b, divisor, powers, a.key_axis()));

  const Dims batch = a.has_heads ? Dims{0, 1} : Dims{0}, value_batch = a.has_heads ? Dims{0, a.head_axis()} : Dims{0};
  Value output = b.dot_general(weights, values(b, a, computed), {batch, value_batch, key, {a.sequence_axis()}}, computed);
  output = b.convert(output, dtype);
  if (a.grouped()) output = merge(b, output, 1);
  if (a.bsnh) output = b.transpose(output, {0, 2, 1, 3});
  if (!a.return_log_sum_exp) return b.finish({output});

  Value log_sum_exp = b.add(b.log(sum), most);
  if (a.grouped()) log_sum_exp = merge(b, log_sum_exp, 1);
  b.finish({output, b.convert(log_sum_exp, TENON_F32)});
}

}  // namespace tenon::attention::sdpa
