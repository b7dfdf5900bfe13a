#include "plugins/attention/compose.h"

namespace tenon::attention {
namespace {

using namespace plugin;

enum : std::size_t { kCache, kUpdate, kStart };

void infer(const Node& node) {
  const Type cache = node.operand(kCache), update = node.operand(kUpdate), start = node.operand(kStart);
  if (cache.rank() != 4) node.fail(TENON_INVALID_ARGUMENT, cat("cache must have the dimensions [B, N, C, D], got ", text(cache.dims)));
  bool fits = update.rank() == 4;
  for (std::size_t i = 0; fits && i < 4; ++i) fits = i == 2 || compatible(update.dims[i], cache.dims[i]);
  if (!fits)
    node.fail(TENON_INVALID_ARGUMENT,
              cat("update must have shape ", text(Dims{cache.dims[0], cache.dims[1]}), " + [S] + ", text(Dims{cache.dims[3]}), ", got ",
                  text(update.dims)),
              "all but its sequence length are the cache's");
  for (std::size_t i : {1, 3})
    if (cache.dims[i] == TENON_DYNAMIC || update.dims[i] == TENON_DYNAMIC)
      node.fail(TENON_UNIMPLEMENTED,
                cat("the heads and the head size of cache and update must be known, got ", text(cache.dims), " and ", text(update.dims)));
  if (cache.dims[2] != TENON_DYNAMIC && update.dims[2] != TENON_DYNAMIC && update.dims[2] > cache.dims[2])
    node.fail(TENON_INVALID_ARGUMENT, cat("update has ", update.dims[2], " rows, more than the cache's ", cache.dims[2]));
  if (start.rank() > 1 || (start.rank() == 1 && !compatible(start.dims[0], cache.dims[0])))
    node.fail(TENON_INVALID_ARGUMENT, cat("start must be a scalar or have shape ", text(Dims{cache.dims[0]}), ", got ", text(start.dims)));
  node.set_result(0, cache);
}

// The rows that are written: [S], or [B, S] where each row of the batch has a start of its own.
Value rows(Builder& b, bool ring) {
  const Value cache = b.operand(kCache), update = b.operand(kUpdate), start = b.operand(kStart);
  const tenon_dtype dtype = b.type(start).dtype;
  const Value capacity = b.convert(size_of(b, cache, 2), dtype), length = b.convert(size_of(b, update, 2), dtype);
  const Value zero = b.scalar(dtype, 0);
  const bool batched = b.type(start).rank() == 1;
  const Value position = b.convert(batched ? iota_over(b, update, {0, 2}, 1) : iota_over(b, update, {2}, 0), dtype);
  const Dims from = batched ? Dims{0} : Dims{};
  if (!ring) {
    const Value first = b.clamp(zero, start, b.maximum(b.subtract(capacity, length), zero));
    return b.add(position, b.broadcast_like(first, position, from));
  }
  // Within the cache first, so that the sum cannot overflow. A cache of no rows divides by nothing.
  const Value size = b.maximum(capacity, b.scalar(dtype, 1));
  const auto wrapped = [&](Value x) { return b.remainder(x, b.broadcast_like(size, x, {})); };
  const Value inside = wrapped(start);
  const Value first = wrapped(b.add(inside, b.broadcast_like(size, inside, {})));
  return wrapped(b.add(position, b.broadcast_like(first, position, from)));
}

void lower(Builder& b) {
  const Node& node = b.node();
  const Value cache = b.operand(kCache), update = b.operand(kUpdate), start = b.operand(kStart);
  const Type element(b.type(cache).dtype, {}), type = b.type(update);
  const bool ring = node.string("mode") == "ring", batched = b.type(start).rank() == 1;
  if (type.is_static() && (type.dims[0] == 0 || type.dims[1] == 0 || type.dims[2] == 0 || type.dims[3] == 0)) return b.finish({cache});
  if (!ring && !batched) {
    const Value zero = b.scalar(b.type(start).dtype, 0);
    return b.finish({b.dynamic_update_slice(cache, update, {zero, zero, start, zero})});
  }
  // A window is [N, D] of one row, at [row] or [batch, row].
  Value index = rows(b, ring);
  if (batched) {
    const Dims dims{type.dims[0], type.dims[2], 1}, from{0, 1, 1};
    const Value row_of_batch = b.iota_like(index, b.type(index).dtype, 0);
    index = b.concatenate({reshape_to(b, row_of_batch, dims, from), reshape_to(b, index, dims, from)}, 2);
  }
  b.region({element, element}, [](const Values& v) { return Values{v[1]}; });
  const Dims written = batched ? Dims{0, 2} : Dims{2};
  b.finish({b.op1("scatter", {cache, index, update},
                  {{"update_window_dims", batched ? Dims{1, 3} : Dims{0, 1, 3}},
                   {"inserted_window_dims", written},
                   {"scatter_dims_to_operand_dims", written},
                   {"index_vector_dim", batched ? 2 : 1},
                   {"unique_indices", true}})});
}

}  // namespace
}  // namespace tenon::attention

using namespace tenon::plugin;
TENON_OPERATOR(kv_cache_update) = Operator("kv_cache_update").infer<tenon::attention::infer>().lower<tenon::attention::lower>();
