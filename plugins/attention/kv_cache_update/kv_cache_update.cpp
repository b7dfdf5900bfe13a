// What kv_cache_update means. The operator's table stands in kernel.cpp.
#include "plugins/attention/kv_cache_update/kv_cache_update.h"

namespace tenon::attention::kv_cache_update {

using namespace plugin;

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

namespace {

// What all starts have in common, in their type.
struct Window {
  tenon_dtype dtype;
  bool ring;
  Value capacity, length;  // rows of cache and update, scalars
};
Window window(Builder& b) {
  const tenon_dtype dtype = b.type(b.operand(kStart)).dtype;
  const bool ring = b.node().string("mode") == "ring";
  const Value capacity = b.convert(size_of(b, b.operand(kCache), 2), dtype);
  // A cache of no rows divides by nothing.
  return {dtype, ring, ring ? b.maximum(capacity, b.scalar(dtype, 1)) : capacity, b.convert(size_of(b, b.operand(kUpdate), 2), dtype)};
}
Value wrapped(Builder& b, const Window& w, Value x) { return b.remainder(x, b.broadcast_like(w.capacity, x, {})); }

// The row that the update's first one goes to.
Value first_row(Builder& b, const Window& w, Value start) {
  const Value zero = b.scalar(w.dtype, 0);
  if (!w.ring) return b.clamp(zero, start, b.maximum(b.subtract(w.capacity, w.length), zero));
  const Value inside = wrapped(b, w, start);
  return wrapped(b, w, b.add(inside, b.broadcast_like(w.capacity, inside, {})));
}

// One start for all: [N, D] of all rows of the batch are put at the rows [S].
Value scattered(Builder& b, const Window& w) {
  const Value cache = b.operand(kCache), update = b.operand(kUpdate), first = first_row(b, w, b.operand(kStart));
  const Value position = b.convert(iota_over(b, update, {2}, 0), w.dtype);
  Value rows = b.add(position, b.broadcast_like(first, position, {}));
  if (w.ring) rows = wrapped(b, w, rows);
  const Type element(b.type(cache).dtype, {});
  b.region({element, element}, [](const Values& v) { return Values{v[1]}; });
  return b.op1("scatter", {cache, rows, update},
               {{"update_window_dims", Dims{0, 1, 3}},
                {"inserted_window_dims", Dims{2}},
                {"scatter_dims_to_operand_dims", Dims{2}},
                {"index_vector_dim", 1},
                {"unique_indices", true}});
}

// A start for each row of the batch: every row of the cache looks for its row in the update. (A scatter to [batch, row] would touch less,
// but not every engine compiles one whose windows lie between its indices.)
Value looked_up(Builder& b, const Window& w) {
  const Value cache = b.operand(kCache), update = b.operand(kUpdate), first = first_row(b, w, b.operand(kStart));
  const Type type = b.type(cache);
  // [B, C, 1], as the index of a gather holds its components.
  const Type index_type(TENON_I32, {type.dims[0], type.dims[2], 1});
  const Value one = b.splat({TENON_I32, {1}}, 1);
  const auto iota = [&](std::int64_t along) {
    if (index_type.is_static()) return b.iota(index_type, along);
    return b.op1("dynamic_iota", {b.concatenate({sizes_of(b, cache, {0, 2}), one}, 0)}, {{"iota_dimension", along}}, {index_type});
  };
  const Value row = b.convert(iota(1), w.dtype);
  Value from = b.subtract(row, b.broadcast_like(first, row, {0}));  // in the update
  if (w.ring) from = b.select(b.compare("LT", from, b.splat_like(from, 0)), b.add(from, b.broadcast_like(w.capacity, from, {})), from);
  const Value inside =
      b.logical_and(b.compare("GE", from, b.splat_like(from, 0)), b.compare("LT", from, b.broadcast_like(w.length, from, {})));
  const Value index = b.concatenate({b.convert(iota(0), w.dtype), from}, 2);
  const Value found = b.op1("gather", {update, index},
                            {{"offset_dims", Dims{1, 3}},
                             {"collapsed_slice_dims", Dims{0, 2}},
                             {"start_index_map", Dims{0, 2}},
                             {"index_vector_dim", 2},
                             {"slice_sizes", Dims{1, type.dims[1], 1, type.dims[3]}}});
  return b.select(b.broadcast_like(inside, cache, {0, 2, 3}), found, cache);
}

}  // namespace

void lower(Builder& b) {
  const Value cache = b.operand(kCache), update = b.operand(kUpdate), start = b.operand(kStart);
  const Type type = b.type(update);
  for (std::int64_t size : type.dims)
    if (size == 0) return b.finish({cache});
  const Window w = window(b);
  if (b.type(start).rank() == 1) return b.finish({looked_up(b, w)});
  if (w.ring || !type.is_static() || !b.type(cache).is_static()) return b.finish({scattered(b, w)});
  const Value zero = b.scalar(w.dtype, 0);
  b.finish({b.dynamic_update_slice(cache, update, {zero, zero, start, zero})});
}

}  // namespace tenon::attention::kv_cache_update
