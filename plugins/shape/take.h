// Elements along an axis: by indices, or from a start in equal steps.
#pragma once

#include "plugins/shape/sizes.h"

namespace tenon::shape {

// `indices` of any integer type as i32 or i64, so that arithmetic with sizes is exact. What does not fit stays out of range.
inline Value signed_indices(Builder& b, Value indices) {
  const tenon_dtype dtype = b.type(indices).dtype;
  if (dtype == TENON_UI64) return b.convert(b.minimum(indices, b.splat_like(indices, 0x1p62)), TENON_I64);
  return b.convert(indices, dtype == TENON_I64 || dtype == TENON_UI32 ? TENON_I64 : TENON_I32);
}

// The size of a dimension in the shape and type of `like`.
inline Value size_like(Builder& b, Value x, std::int64_t dimension, Value like) {
  const std::int64_t size = b.type(x).dims[at(dimension)];
  if (size != TENON_DYNAMIC) return b.splat_like(like, static_cast<double>(size));
  return b.broadcast_like(b.convert(b.size(x, dimension), b.type(like).dtype), like, {});
}

// Indices below 0 count from the end.
inline Value from_the_front(Builder& b, Value indices, Value size) {
  return b.select(b.compare("LT", indices, b.splat_like(indices, 0)), b.add(indices, size), indices);
}

// x at indices (i32 or i64; the builder clamps them) along `axis`, whose place in the result their dimensions take. Dimensions of x that
// are dynamic cannot be part of a slice, whose sizes are numbers: they become components of the index.
inline Value take(Builder& b, Value x, std::int64_t axis, Value indices) {
  const Type type = b.type(x), index_type = b.type(indices);
  const std::int64_t extra = index_type.rank() - 1;  // by how much dimensions behind the axis move
  Dims slice_sizes = type.dims, offset_dims, collapsed, map;
  Dims moving;  // dynamic dimensions of x
  for (std::int64_t d = 0; d < type.rank(); ++d) {
    const bool dynamic = d != axis && type.dims[at(d)] == TENON_DYNAMIC;
    if (d == axis || dynamic) {
      slice_sizes[at(d)] = 1;
      collapsed.push_back(d);
      map.push_back(d);
      if (dynamic) moving.push_back(d);
    } else {
      offset_dims.push_back(d < axis ? d : d + extra);
    }
  }
  std::int64_t vector_dim = index_type.rank();
  if (!moving.empty()) {
    // [batch sizes in the result's order, 1]: the dynamic dimensions of x and those of the indices.
    Dims dims, index_place, moving_place(moving.size());
    Values sizes;
    std::size_t next = 0;
    const auto add = [&](std::int64_t size, Value from, std::int64_t d) {
      dims.push_back(size);
      sizes.push_back(size == TENON_DYNAMIC ? b.reshape(b.size(from, d), {1}) : b.splat({TENON_I32, {1}}, static_cast<double>(size)));
    };
    const auto add_moving = [&](bool before) {
      for (; next < moving.size() && (!before || moving[next] < axis); ++next) {
        moving_place[next] = static_cast<std::int64_t>(dims.size());
        add(TENON_DYNAMIC, x, moving[next]);
      }
    };
    add_moving(true);
    for (std::int64_t d = 0; d < index_type.rank(); ++d) {
      index_place.push_back(static_cast<std::int64_t>(dims.size()));
      add(index_type.dims[at(d)], indices, d);
    }
    add_moving(false);
    vector_dim = static_cast<std::int64_t>(dims.size());
    add(1, Value(), 0);
    const Value shape = b.concatenate(sizes, 0);
    const Type component{index_type.dtype, dims};
    Values components;
    for (std::int64_t d : map) {
      if (d == axis) {
        components.push_back(dynamic_broadcast(b, indices, shape, dims, index_place));
      } else {
        const auto number = static_cast<std::size_t>(std::find(moving.begin(), moving.end(), d) - moving.begin());
        components.push_back(b.op1("dynamic_iota", {shape}, {{"iota_dimension", moving_place[number]}}, {component}));
      }
    }
    indices = b.concatenate(components, vector_dim);
  }
  return b.op1("gather", {x, indices},
               {{"offset_dims", offset_dims},
                {"collapsed_slice_dims", collapsed},
                {"start_index_map", map},
                {"index_vector_dim", vector_dim},
                {"slice_sizes", slice_sizes}});
}

// IREE reverses no unsigned integers.
inline Value reversed(Builder& b, Value x, Dims dimensions) {
  const Type type = b.type(x);
  if (type.dtype < TENON_UI4 || type.dtype > TENON_UI64) return b.reverse(x, std::move(dimensions));
  constexpr tenon_dtype kSigned[] = {TENON_I4, TENON_I8, TENON_I16, TENON_I32, TENON_I64};
  const Type as{kSigned[type.dtype - TENON_UI4], type.dims};
  return b.op1("bitcast_convert", {b.reverse(b.op1("bitcast_convert", {x}, {}, {as}), std::move(dimensions))}, {}, {type});
}

// Positions along an axis: start, start + step, .., `count` of them.
struct Range {
  std::int64_t axis = 0, start = 0, count = 0, step = 1;
};

// x at these ranges, one per axis at most.
inline Value cut(Builder& b, Value x, const std::vector<Range>& ranges) {
  const Type type = b.type(x);
  if (!type.is_static()) {
    for (const Range& r : ranges) {
      Value positions = b.iota({TENON_I32, {r.count}}, 0);
      if (r.step != 1) positions = b.multiply(positions, b.splat_like(positions, static_cast<double>(r.step)));
      if (r.start != 0) positions = b.add(positions, b.splat_like(positions, static_cast<double>(r.start)));
      x = take(b, x, r.axis, positions);
    }
    return x;
  }
  // Backwards one by one is a slice, reversed. In longer steps the reverse comes first: IREE does not compile a reversed slice with
  // strides.
  Dims starts(type.dims.size(), 0), limits = type.dims, strides(type.dims.size(), 1), before, after;
  for (const Range& r : ranges) {
    const std::size_t d = at(r.axis);
    const std::int64_t length = (r.count - 1) * std::abs(r.step) + 1;
    const bool backwards = r.step < 0 && r.count > 1;
    const bool first = backwards && r.step < -1;
    const std::int64_t start = first ? type.dims[d] - 1 - r.start : backwards ? r.start - length + 1 : r.start;
    starts[d] = r.count == 0 ? 0 : start;
    limits[d] = r.count == 0 ? 0 : start + length;
    strides[d] = r.count <= 1 ? 1 : std::abs(r.step);
    if (backwards) (first ? before : after).push_back(r.axis);
  }
  if (!before.empty()) x = reversed(b, x, before);
  if (starts != Dims(type.dims.size(), 0) || limits != type.dims || strides != Dims(type.dims.size(), 1))
    x = b.slice(x, starts, limits, strides);
  return after.empty() ? x : reversed(b, x, after);
}

}  // namespace tenon::shape
