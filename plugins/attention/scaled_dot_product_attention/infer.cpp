// Types and shapes of scaled_dot_product_attention.
#include "plugins/attention/scaled_dot_product_attention/attention.h"

namespace tenon::attention::sdpa {

using namespace plugin;

namespace {

void expect_equal(const Node& node, const char* what, const char* name, std::int64_t have, const char* other, std::int64_t want) {
  if (!compatible(have, want))
    node.fail(TENON_INVALID_ARGUMENT, cat(name, " must have the ", what, " of ", other, ", ", want, ", got ", have));
}

void expect_known(const Node& node, const char* operand, const char* what, std::int64_t size) {
  if (size == TENON_DYNAMIC) node.fail(TENON_UNIMPLEMENTED, cat("the ", what, " of ", operand, " must be known, got ?"));
  if (size == 0) node.fail(TENON_INVALID_ARGUMENT, cat("the ", what, " of ", operand, " must not be 0"));
}

void expect_float(const Node& node, const char* operand, tenon_dtype have, tenon_dtype like) {
  if (have != like && have != TENON_F32)
    node.fail(TENON_INVALID_ARGUMENT, cat(operand, " must have the query's dtype ", dtype_name(like), " or f32, got ", dtype_name(have)));
}

void check_mask(const Node& node, const Attention& a, const Type& mask) {
  if (mask.dtype != TENON_I1) expect_float(node, "mask", mask.dtype, node.operand(kQuery).dtype);
  Dims full{a.batch, a.query_heads, a.queries, a.keys};
  if (!a.has_heads) full.erase(full.begin() + 1);
  bool fits = mask.rank() <= static_cast<std::int64_t>(full.size());
  for (std::int64_t i = 1; fits && i <= mask.rank(); ++i) {
    const std::int64_t have = mask.dims[at(mask.rank() - i)];
    fits = have == 1 || compatible(have, full[full.size() - at(i)]);
  }
  if (!fits)
    node.fail(TENON_INVALID_ARGUMENT, cat("mask must broadcast to ", text(full), ", got ", text(mask.dims)),
              "its dimensions are batch, query heads, queries, keys, counted from the last one");
  if (a.grouped() && mask.rank() >= 3 && mask.dims[at(mask.rank() - 3)] == TENON_DYNAMIC)
    node.fail(TENON_UNIMPLEMENTED, cat("the heads of mask must be known where heads share a key, got ", text(mask.dims)));
}

}  // namespace

Attention read(const Node& node) {
  const Type query = node.operand(kQuery), key = node.operand(kKey), value = node.operand(kValue);
  if (query.rank() != 3 && query.rank() != 4)
    node.fail(TENON_INVALID_ARGUMENT, cat("query must have rank 4, or 3 for one head, got ", text(query.dims)));
  for (const auto& [name, type] : {std::pair<const char*, const Type&>{"key", key}, {"value", value}})
    if (type.rank() != query.rank())
      node.fail(TENON_INVALID_ARGUMENT, cat(name, " must have the query's rank ", query.rank(), ", got ", text(type.dims)));
  Attention a;
  a.has_heads = query.rank() == 4;
  a.bsnh = a.has_heads && node.string("layout") == "bsnh";
  const std::size_t sequence = at(a.sequence_axis()), head = at(a.head_axis()), last = at(query.rank() - 1);
  a.batch = query.dims[0];
  a.queries = query.dims[sequence];
  a.size = query.dims[last];
  a.keys = key.dims[sequence];
  a.value_size = value.dims[last];
  if (a.keys == TENON_DYNAMIC) a.keys = value.dims[sequence];
  expect_equal(node, "batch", "key", key.dims[0], "query", a.batch);
  expect_equal(node, "batch", "value", value.dims[0], "query", a.batch);
  if (key.dims[0] != a.batch || value.dims[0] != a.batch)
    node.fail(TENON_UNIMPLEMENTED, cat("the batch must be known for all of query, key and value or for none, got ", text(query.dims), ", ",
                                       text(key.dims), " and ", text(value.dims)));
  expect_equal(node, "sequence length", "value", value.dims[sequence], "key", a.keys);
  expect_equal(node, "head size", "key", key.dims[last], "query", a.size);
  expect_known(node, "query", "head size", a.size);
  expect_known(node, "key", "head size", key.dims[last]);
  if (a.value_size == TENON_DYNAMIC) node.fail(TENON_UNIMPLEMENTED, "the head size of value must be known, got ?");
  if (a.has_heads) {
    a.query_heads = query.dims[head];
    a.heads = key.dims[head];
    expect_equal(node, "heads", "value", value.dims[head], "key", a.heads);
    expect_known(node, "query", "number of heads", a.query_heads);
    expect_known(node, "key", "number of heads", a.heads);
    expect_known(node, "value", "number of heads", value.dims[head]);
    if (a.query_heads % a.heads != 0)
      node.fail(TENON_INVALID_ARGUMENT, cat("query's ", a.query_heads, " heads must be a multiple of key's ", a.heads),
                a.bsnh ? "with layout bsnh, heads are dimension 2" : "with layout bnsh, heads are dimension 1");
  }

  a.causal = node.flag("causal");
  a.bottom_right = node.string("causal_alignment") == "bottom_right";
  a.window = node.integer("window");
  a.return_log_sum_exp = node.flag("return_log_sum_exp");
  a.scale = node.has_attribute("scale") ? node.real("scale") : 1 / std::sqrt(static_cast<double>(a.size));
  if (!std::isfinite(a.scale)) node.fail(TENON_OUT_OF_RANGE, cat("scale must be finite, got ", a.scale));
  a.softcap = node.real("softcap");
  if (a.softcap != 0) check_cap(node, "softcap", query.dtype);

  if (const Type mask = node.operand(kMask)) check_mask(node, a, mask);
  if (const Type lengths = node.operand(kKeyLengths); lengths && (lengths.rank() != 1 || !compatible(lengths.dims[0], a.batch)))
    node.fail(TENON_INVALID_ARGUMENT, cat("key_lengths must have shape ", text(Dims{a.batch}), ", got ", text(lengths.dims)),
              "one length for each row of the batch");
  if (const Type sinks = node.operand(kSinks)) {
    expect_float(node, "sinks", sinks.dtype, query.dtype);
    if (sinks.rank() != 1 || !compatible(sinks.dims[0], a.query_heads))
      node.fail(TENON_INVALID_ARGUMENT, cat("sinks must have shape ", text(Dims{a.query_heads}), ", got ", text(sinks.dims)),
                "one logit for each head of the query");
  }
  return a;
}

void infer(const Node& node) {
  const Attention a = read(node);
  Type output = node.operand(kQuery);
  output.dims.back() = a.value_size;
  node.set_result(kOutput, output);
  if (!a.return_log_sum_exp) return;
  node.set_result(kLogSumExp, {TENON_F32, a.has_heads ? Dims{a.batch, a.query_heads, a.queries} : Dims{a.batch, a.queries}});
}

}  // namespace tenon::attention::sdpa
