// Slices at indices: for a stretch of indices the places of their slices are found first, then the slices are copied.
#include "plugins/shape/gather/kernel.h"

#include <cstring>
#include <memory>

#include "plugins/shape/move/index.h"

namespace tenon::shape {
namespace {

using namespace kernels;

constexpr std::size_t kStretch = 128;  // indices that are looked at together
constexpr std::int64_t kNowhere = INT64_MIN;

struct Plan {
  Slices slices;
  MoveList fill;  // its value alone
  bool fills = false, stream = false;
  std::size_t element = 1, places = 1;
  Split split;  // of places
  Note note;
};

// One run: strides of the places and the settled box of a slice, in bytes (of indices: in elements).
struct Run {
  const Plan* plan;
  const MoveTable* table;
  const tenon_tensor_view* indices;
  const char* data;
  char* result;
  int rank;
  std::int64_t sizes[2 * TENON_MAX_RANK], index_steps[2 * TENON_MAX_RANK], result_steps[2 * TENON_MAX_RANK], data_steps[2 * TENON_MAX_RANK];
  int coordinates;
  std::int64_t coordinate_step, indexed_sizes[TENON_MAX_RANK], indexed_steps[TENON_MAX_RANK];
  Box slice, filling;
};

// Of the slice that the index at `at` means, in bytes from the data's begin; kNowhere: out of range, with mode fill.
inline std::int64_t place_of(const Run& run, std::int64_t at) {
  std::int64_t offset = 0;
  for (int c = 0; c < run.coordinates; ++c) {
    const std::int64_t size = run.indexed_sizes[c];
    std::int64_t index = index_at(run.indices->dtype, run.indices->data, at + c * run.coordinate_step);
    if (index < 0) index += size;
    if (run.plan->fills) {
      if (index < 0 || index >= size) return kNowhere;
    } else {
      index = std::clamp<std::int64_t>(index, 0, size - 1);
    }
    offset += index * run.indexed_steps[c];
  }
  return offset;
}

template <class T>
void copy_elements(const char* data, const std::int64_t* places, char* result, std::int64_t step, std::size_t count, const void* fill) {
  for (std::size_t i = 0; i < count; ++i)
    std::memcpy(result + static_cast<std::int64_t>(i) * step, places[i] == kNowhere ? fill : data + places[i], sizeof(T));
}

void copy_boxes(const Run& run, const std::int64_t* places, char* result, std::int64_t step, std::size_t count) {
  Box slice = run.slice, filling = run.filling;
  const bool plain = slice.rank == 1 && !slice.stream && slice.from_steps[0] == slice.to_steps[0] &&
                     slice.to_steps[0] == static_cast<std::int64_t>(slice.element);
  const std::size_t bytes = plain ? static_cast<std::size_t>(slice.sizes[0]) * slice.element : 0;
  for (std::size_t i = 0; i < count; ++i) {
    char* const to = result + static_cast<std::int64_t>(i) * step;
    if (places[i] == kNowhere) {
      filling.to = to;
      run.table->run(filling);
    } else if (plain) {
      if (i + 1 < count && places[i + 1] != kNowhere) __builtin_prefetch(run.data + places[i + 1]);
      std::memcpy(to, run.data + places[i], bytes);
    } else {
      slice.from = run.data + places[i];
      slice.to = to;
      run.table->run(slice);
    }
  }
}

void copy_slices(const Run& run, const std::int64_t* places, char* result, std::int64_t step, std::size_t count) {
  const void* const fill = run.plan->fill.fill;
  if (run.slice.rank == 0 && run.slice.element == run.plan->element) {
    switch (run.slice.element) {
      case 1:
        return copy_elements<std::uint8_t>(run.data, places, result, step, count, fill);
      case 2:
        return copy_elements<std::uint16_t>(run.data, places, result, step, count, fill);
      case 4:
        return copy_elements<std::uint32_t>(run.data, places, result, step, count, fill);
      default:
        return copy_elements<std::uint64_t>(run.data, places, result, step, count, fill);
    }
  }
  copy_boxes(run, places, result, step, count);
}

// Places [begin, end), in the result's order, a stretch of the last dimension at a time.
void run_places(const Run& run, std::size_t begin, std::size_t end) {
  const int last = run.rank - 1;
  while (begin < end) {
    std::size_t rest = begin;
    std::int64_t at = 0, data = 0, inside = 0;
    char* result = run.result;
    for (int d = last; d >= 0; --d) {
      const auto size = static_cast<std::size_t>(run.sizes[d]);
      const auto index = static_cast<std::int64_t>(rest % size);
      rest /= size;
      at += index * run.index_steps[d];
      data += index * run.data_steps[d];
      result += index * run.result_steps[d];
      if (d == last) inside = index;
    }
    std::size_t count = std::min(end - begin, kStretch);
    if (last >= 0) count = std::min(count, static_cast<std::size_t>(run.sizes[last] - inside));
    std::int64_t places[kStretch];
    for (std::size_t i = 0; i < count; ++i) {
      const auto step = static_cast<std::int64_t>(i);
      places[i] = last < 0 ? place_of(run, at) : place_of(run, at + step * run.index_steps[last]);
      if (places[i] != kNowhere) places[i] += last < 0 ? data : data + step * run.data_steps[last];
    }
    copy_slices(run, places, result, last < 0 ? 0 : run.result_steps[last], count);
    begin += count;
  }
}

}  // namespace

void supports_slices(const Node& node, const tenon_kernel&) {
  MoveList moves;
  if (node.string("mode") == "fill") set_fill(node, node.operand(0).dtype, node.real("fill_value"), moves);
}

void plan_slices(const Node& node, tenon_kernel_plan& out, Slices slices) {
  auto plan = std::make_unique<Plan>();
  const Type data = node.operand(0), result = node.result(0);
  plan->fills = node.string("mode") == "fill";
  if (plan->fills) set_fill(node, data.dtype, node.real("fill_value"), plan->fill);
  plan->element = element_bytes(data.dtype);
  std::size_t slice = plan->element;
  for (const PlaceAxis& axis : slices.places) plan->places *= static_cast<std::size_t>(axis.size);
  for (const SliceAxis& axis : slices.slice) slice *= static_cast<std::size_t>(axis.size);
  plan->slices = std::move(slices);
  const tenon_machine machine = machine_of(node);
  out.bytes = 2 * bytes_of(result) + bytes_of(node.operand(1));
  plan->split = split_of(machine, plan->places, out.bytes / 15 + static_cast<double>(plan->places) * 3);
  plan->stream = path_for(machine, out.bytes) == Path::Stream && slice >= 4096;  // a fence for each slice must not matter
  plan->note.set("%zu slices of %zu bytes, %s, %s", plan->places, slice, plan->stream ? "streaming stores" : "in cache",
                 name_of(plan->split));
  plan->note.give(out);
  out.state = plan.release();
}

std::int32_t run_slices(tenon_call* call, const tenon_kernel* self, const void* state, const tenon_tensor_view* operands, std::size_t,
                        const tenon_tensor_view* results, std::size_t, void*) {
  const Plan& plan = *static_cast<const Plan*>(state);
  const Slices& slices = plan.slices;
  const tenon_tensor_view &data = operands[0], &indices = operands[1], &result = results[0];
  const auto element = static_cast<std::int64_t>(plan.element);
  if (plan.places == 0) return TENON_OK;
  Run run;
  run.plan = &plan;
  run.table = static_cast<const MoveTable*>(self->table);
  run.indices = &indices;
  run.data = static_cast<const char*>(data.data);
  run.result = static_cast<char*>(result.data);
  run.rank = 0;
  for (const PlaceAxis& axis : slices.places) {
    if (axis.size == 1) continue;
    run.sizes[run.rank] = axis.size;
    run.index_steps[run.rank] = axis.indices < 0 ? 0 : indices.strides[axis.indices];
    run.result_steps[run.rank] = result.strides[axis.result] * element;
    run.data_steps[run.rank] = axis.data < 0 ? 0 : data.strides[axis.data] * element;
    ++run.rank;
  }
  run.coordinates = static_cast<int>(slices.indexed.size());
  run.coordinate_step = slices.coordinate_axis < 0 ? 0 : indices.strides[slices.coordinate_axis];
  for (std::size_t c = 0; c < slices.indexed.size(); ++c) {
    run.indexed_sizes[c] = data.dims[slices.indexed[c]];
    run.indexed_steps[c] = data.strides[slices.indexed[c]] * element;
  }
  run.slice.element = plan.element;
  run.slice.stream = plan.stream;
  run.slice.rank = static_cast<int>(slices.slice.size());
  run.slice.from = run.data;
  run.slice.to = run.result;
  for (std::size_t i = 0; i < slices.slice.size(); ++i) {
    run.slice.sizes[i] = slices.slice[i].size;
    run.slice.from_steps[i] = data.strides[slices.slice[i].data] * element;
    run.slice.to_steps[i] = result.strides[slices.slice[i].result] * element;
  }
  run.filling = run.slice;
  for (int d = 0; d < run.filling.rank; ++d) run.filling.from_steps[d] = 0;
  run.filling.from = reinterpret_cast<const char*>(plan.fill.fill);
  if (!settle(run.slice)) return TENON_OK;
  settle(run.filling);
  run_split(call, plan.split, plan.places, [&](std::size_t begin, std::size_t end, std::size_t) { run_places(run, begin, end); });
  return TENON_OK;
}

void destroy_slices(void* state) { delete static_cast<Plan*>(state); }

}  // namespace tenon::shape
