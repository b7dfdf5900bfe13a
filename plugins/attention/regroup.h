// Dimensions cut, split and merged, where others may be dynamic. A slice has no way to say "all of a dynamic dimension", and not every
// engine that compiles dynamic shapes has dynamic_reshape; a gather whose indices run over the dynamic dimensions has and does.
#pragma once

#include <vector>

#include "plugins/attention/compose.h"

namespace tenon::attention {

// `by` in place of the `count` dimensions of `a` from `axis` on. tables: for each of those, its index at every element of `by`.
inline plugin::Value regroup(plugin::Builder& b, plugin::Value a, std::int64_t axis, std::int64_t count, const plugin::Dims& by,
                             const std::vector<std::vector<std::int32_t>>& tables) {
  using namespace plugin;
  const Type type = b.type(a);
  Dims indexed, window = type.dims, offset, dims, places;  // places: of the indexed dimensions among the index's
  Values sizes;
  std::int64_t by_place = 0, result = 0;
  const auto add = [&](std::int64_t size, Value value) {
    dims.push_back(size);
    sizes.push_back(b.reshape(value, {1}));
  };
  for (std::int64_t d = 0; d < type.rank(); ++d) {
    const bool replaced = d >= axis && d < axis + count;
    if (d == axis) {
      by_place = static_cast<std::int64_t>(dims.size());
      for (std::int64_t size : by) add(size, b.scalar(TENON_I32, static_cast<double>(size)));
      result += static_cast<std::int64_t>(by.size());
    }
    if (!replaced && type.dims[at(d)] != TENON_DYNAMIC) {
      offset.push_back(result++);
      continue;
    }
    indexed.push_back(d);
    window[at(d)] = 1;
    places.push_back(static_cast<std::int64_t>(dims.size()));
    if (replaced) continue;
    add(TENON_DYNAMIC, b.size(a, d));
    ++result;
  }
  const auto vector_dim = static_cast<std::int64_t>(dims.size());
  add(1, b.scalar(TENON_I32, 1));
  const Value shape = b.concatenate(sizes, 0);
  Dims by_places;
  for (std::size_t i = 0; i < by.size(); ++i) by_places.push_back(by_place + static_cast<std::int64_t>(i));
  Values index;
  for (std::size_t i = 0; i < indexed.size(); ++i) {
    const Type component(TENON_I32, dims);
    if (indexed[i] < axis || indexed[i] >= axis + count) {
      index.push_back(b.op1("dynamic_iota", {shape}, {{"iota_dimension", places[i]}}, {component}));
      continue;
    }
    const std::vector<std::int32_t>& table = tables[at(indexed[i] - axis)];
    const Value constant = b.constant({TENON_I32, by}, table.data(), table.size() * sizeof(std::int32_t));
    index.push_back(b.op1("dynamic_broadcast_in_dim", {constant, shape}, {{"broadcast_dimensions", by_places}}, {component}));
  }
  return b.op1("gather", {a, b.concatenate(index, vector_dim)},
               {{"offset_dims", offset},
                {"collapsed_slice_dims", indexed},
                {"start_index_map", indexed},
                {"index_vector_dim", vector_dim},
                {"slice_sizes", window}});
}

// Elements from, from + step, .. below `to` of a dimension whose size is known.
inline plugin::Value part_of(plugin::Builder& b, plugin::Value a, std::int64_t axis, std::int64_t from, std::int64_t to,
                             std::int64_t step = 1) {
  const plugin::Type type = b.type(a);
  if (from == 0 && to == type.dims[at(axis)] && step == 1) return a;
  if (type.is_static()) {
    plugin::Dims low(type.dims.size(), 0), high = type.dims, steps(type.dims.size(), 1);
    low[at(axis)] = from;
    high[at(axis)] = to;
    steps[at(axis)] = step;
    return b.slice(a, low, high, steps);
  }
  std::vector<std::int32_t> table;
  for (std::int64_t i = from; i < to; i += step) table.push_back(static_cast<std::int32_t>(i));
  return regroup(b, a, axis, 1, {static_cast<std::int64_t>(table.size())}, {table});
}

// A dimension of outer * inner elements as two.
inline plugin::Value split(plugin::Builder& b, plugin::Value a, std::int64_t axis, std::int64_t outer, std::int64_t inner) {
  plugin::Type type = b.type(a);
  if (type.is_static()) {
    type.dims[at(axis)] = inner;
    type.dims.insert(type.dims.begin() + axis, outer);
    return b.reshape(a, type.dims);
  }
  std::vector<std::int32_t> table;
  for (std::int64_t i = 0; i < outer * inner; ++i) table.push_back(static_cast<std::int32_t>(i));
  return regroup(b, a, axis, 1, {outer, inner}, {table});
}

// Two dimensions of known sizes as one.
inline plugin::Value merge(plugin::Builder& b, plugin::Value a, std::int64_t axis) {
  plugin::Type type = b.type(a);
  const std::int64_t outer = type.dims[at(axis)], inner = type.dims[at(axis) + 1];
  if (type.is_static()) {
    type.dims.erase(type.dims.begin() + axis);
    type.dims[at(axis)] = outer * inner;
    return b.reshape(a, type.dims);
  }
  std::vector<std::int32_t> outers, inners;
  for (std::int64_t i = 0; i < outer * inner; ++i) {
    outers.push_back(static_cast<std::int32_t>(i / inner));
    inners.push_back(static_cast<std::int32_t>(i % inner));
  }
  return regroup(b, a, axis, 2, {outer * inner}, {outers, inners});
}

// a[0], b[0], a[1], b[1], .. of the last dimension.
inline plugin::Value interleave(plugin::Builder& b, plugin::Value x, plugin::Value y) {
  plugin::Type type = b.type(x);
  const std::int64_t last = type.rank() - 1, size = type.dims.back();
  if (type.is_static()) {
    type.dims.push_back(1);
    return merge(b, b.concatenate({b.reshape(x, type.dims), b.reshape(y, type.dims)}, last + 1), last);
  }
  std::vector<std::int32_t> table;
  for (std::int64_t i = 0; i < 2 * size; ++i) table.push_back(static_cast<std::int32_t>(i / 2 + (i % 2) * size));
  return regroup(b, b.concatenate({x, y}, last), last, 1, {2 * size}, {table});
}

}  // namespace tenon::attention
