// scaled_dot_product_attention as other systems know it: [batch, sequence, heads, size], an additive mask, a scale and a cap.
#include "plugins/attention/scaled_dot_product_attention/attention.h"

namespace tenon::attention::sdpa {

using namespace plugin;

namespace {

// Whether causal and window leave every query a key. Elsewhere a query that sees nothing is NaN, which the operator's is not.
bool leaves_a_key(const Attention& a) {
  if (a.keys < 1) return false;
  if (a.causal && a.bottom_right && a.keys < a.queries) return false;
  return a.window == 0 || a.bottom_right || a.window > a.queries - a.keys;
}

// -inf where causal and window hide a key, together with the given mask: [batch or 1, heads or 1, queries, keys].
Value explicit_mask(Builder& b, const Attention& a) {
  const Node& node = b.node();
  const Type given = node.operand(kMask);
  const bool hides = a.causal || a.window > 0;
  if (!given && !hides) return {};
  if (a.queries == TENON_DYNAMIC || a.keys == TENON_DYNAMIC) node.decline("an explicit mask needs known numbers of queries and keys");
  Type type(node.operand(kQuery).dtype, {1, 1, a.queries, a.keys});
  Value mask;
  if (given) {
    if (given.dtype == TENON_I1)
      node.decline("the mask is boolean, and one that hides a whole row has no additive form", "give an additive mask");
    if (given.dtype != type.dtype) node.decline(cat("the mask has dtype ", dtype_name(given.dtype), ", the form has the query's"));
    for (std::int64_t i = 3; i <= given.rank(); ++i) type.dims[at(4 - i)] = given.dims[at(given.rank() - i)];
    if (!type.is_static() || !given.is_static()) node.decline("the mask has a size that is not known");
    Dims dimensions;
    for (std::int64_t i = 4 - given.rank(); i < 4; ++i) dimensions.push_back(i);
    mask = b.operand(kMask);
    if (given.dims != type.dims) mask = b.broadcast_in_dim(mask, type.dims, dimensions);
  }
  if (!hides) return mask;
  if (!leaves_a_key(a)) node.decline("causal or window leaves a query without a key");
  const Value nothing = b.splat({type.dtype, {1, 1, a.queries, a.keys}}, 0);
  Attention one_head = a;
  one_head.query_heads = one_head.heads = 1;
  const Value hidden = b.select(visible_by_position(b, one_head, nothing), nothing, b.splat_like(nothing, -kInfinity));
  return mask ? b.add(mask, spread(b, hidden, mask, {0, 1, 2, 3})) : hidden;
}

}  // namespace

void lower_as(Builder& b, std::string_view) {
  const Node& node = b.node();
  const Attention a = read(node);
  if (!a.has_heads) node.decline("has rank 3, the form has heads");
  if (node.has(kKeyLengths)) node.decline("has key_lengths, which the form has no place for: a length of 0 has no additive mask");
  if (node.has(kSinks)) node.decline("has sinks, which the form has no place for");
  if (a.return_log_sum_exp) node.decline("returns log_sum_exp, which the form does not");
  if (a.value_size != a.size) node.decline(cat("the head size of value, ", a.value_size, ", is not that of key, ", a.size));
  // A consumer's delegate fails on one key head for several rows of the batch.
  if (a.heads == 1 && a.query_heads > 1 && a.batch != 1) node.decline("all heads share one key and the batch is not 1");
  Values operands{b.operand(kQuery), b.operand(kKey), b.operand(kValue)};
  if (!a.bsnh)
    for (Value& operand : operands) operand = b.transpose(operand, {0, 2, 1, 3});
  operands.push_back(explicit_mask(b, a));
  const Values output =
      b.carrier("scaled_dot_product_attention", operands, {{"scale", a.scale}, {"softcap", a.softcap}, {"layout", "bsnh"}});
  b.finish({a.bsnh ? output[0] : b.transpose(output[0], {0, 2, 1, 3})});
}

}  // namespace tenon::attention::sdpa
