// How lists of boxes are planned, split and run.
#include "plugins/shape/move/moves.h"

#include <cmath>
#include <cstring>
#include <memory>

#include "plugins/shape/move/index.h"

namespace tenon::shape {
namespace {

using namespace kernels;

constexpr double kUnitBytes = 64 << 10;  // of work that threads share out

struct Plan {
  MoveList moves;
  std::vector<std::size_t> first_unit;  // of each piece, and one past the last
  std::vector<std::size_t> split_axis;
  std::size_t element = 1;
  bool stream = false;
  bool ordered = false;  // an update comes after what it changes
  Split split;
  Note note;
};

std::size_t elements_of(const Piece& piece, const Type& result) {
  if (piece.flat) return element_count(result.dims);
  std::size_t count = 1;
  for (const Axis& axis : piece.axes) count *= static_cast<std::size_t>(axis.size);
  return count;
}

// The axis that threads share: the outermost one that has enough to share, else the longest.
std::size_t axis_to_split(const Piece& piece, std::size_t units) {
  std::size_t longest = 0;
  for (std::size_t i = 0; i < piece.axes.size(); ++i) {
    if (piece.axes[i].to >= 0 && static_cast<std::size_t>(piece.axes[i].size) >= units) return i;
    if (piece.axes[i].size > piece.axes[longest].size) longest = i;
  }
  return longest;
}

// As StableHLO clamps the start of a window.
std::int64_t window_start(const tenon_tensor_view& start, std::int64_t size, std::int64_t window) {
  return std::clamp<std::int64_t>(index_at(start.dtype, start.data, 0), 0, size - window);
}

struct Run {
  const Plan* plan;
  const MoveTable* table;
  const tenon_tensor_view *operands, *results;
  std::size_t first = 0;  // the unit that counts as 0
};

void move(const Run& run, Box& box) {
  if (settle(box)) run.table->run(box);
}

// Elements one by one, in row-major order of either shape.
void run_scattered(const Run& run, const tenon_tensor_view& from, const tenon_tensor_view& to, std::size_t count) {
  Box box;
  box.element = run.plan->element;
  box.stream = false;
  const auto at = [&](const tenon_tensor_view& view, std::size_t i) {
    std::int64_t offset = 0;
    for (int d = view.rank; d-- > 0;) {
      const auto size = static_cast<std::size_t>(view.dims[d]);
      offset += static_cast<std::int64_t>(i % size) * view.strides[d];
      i /= size;
    }
    return static_cast<char*>(view.data) + offset * static_cast<std::int64_t>(box.element);
  };
  for (std::size_t i = 0; i < count; ++i) std::memcpy(at(to, i), at(from, i), box.element);
}

bool is_compact(const tenon_tensor_view& view) {
  std::int64_t expected = 1;
  for (int d = view.rank; d-- > 0;) {
    if (view.dims[d] != 1 && view.strides[d] != expected) return false;
    expected *= view.dims[d];
  }
  return true;
}

// The same elements under two shapes. Where one side is compact, it has the other's shape too.
void run_flat(const Run& run, const Piece& piece, std::size_t part, std::size_t end, std::size_t parts) {
  const tenon_tensor_view &from = run.operands[piece.from], &to = run.results[piece.to];
  const bool from_compact = is_compact(from), to_compact = is_compact(to);
  const auto element = static_cast<std::int64_t>(run.plan->element);
  Box box;
  box.element = run.plan->element;
  box.stream = run.plan->stream;
  box.from = static_cast<const char*>(from.data);
  box.to = static_cast<char*>(to.data);
  std::size_t count = 1;
  for (int d = 0; d < to.rank; ++d) count *= static_cast<std::size_t>(to.dims[d]);
  if (from_compact && to_compact) {
    const auto low = static_cast<std::int64_t>(count * part / parts), high = static_cast<std::int64_t>(count * end / parts);
    box.rank = 1;
    box.sizes[0] = high - low;
    box.from_steps[0] = box.to_steps[0] = element;
    box.from += low * element;
    box.to += low * element;
    return move(run, box);
  }
  if (part != 0) return;  // rare: one thread does it
  if (!from_compact && !to_compact) return run_scattered(run, from, to, count);
  const tenon_tensor_view& shaped = from_compact ? to : from;
  std::int64_t compact = element;
  box.rank = shaped.rank;
  for (int d = shaped.rank; d-- > 0;) {
    box.sizes[d] = shaped.dims[d];
    box.from_steps[d] = from_compact ? compact : from.strides[d] * element;
    box.to_steps[d] = from_compact ? to.strides[d] * element : compact;
    compact *= shaped.dims[d];
  }
  move(run, box);
}

// Units [part, end) of `parts` of one piece.
void run_piece(const Run& run, std::size_t number, std::size_t part, std::size_t end, std::size_t parts) {
  const Plan& plan = *run.plan;
  const Piece& piece = plan.moves.pieces[number];
  const tenon_tensor_view& to = run.results[piece.to];
  if (piece.unless_same && run.operands[piece.from].data == to.data) return;
  if (piece.flat) return run_flat(run, piece, part, end, parts);
  const auto element = static_cast<std::int64_t>(plan.element);
  Box box;
  box.element = plan.element;
  box.stream = plan.stream;
  box.to = static_cast<char*>(to.data);
  static constexpr std::int64_t kNone = 0;
  const std::int64_t* from_strides = &kNone;
  if (piece.from == kFill) {
    box.from = reinterpret_cast<const char*>(plan.moves.fill);
  } else {
    const tenon_tensor_view& from = run.operands[piece.from];
    from_strides = from.strides;
    box.from = static_cast<const char*>(from.data);
    for (std::size_t d = 0; d < piece.from_start.size(); ++d) box.from += piece.from_start[d] * from.strides[d] * element;
    if (piece.from_starts >= 0)
      for (int d = 0; d < from.rank; ++d)
        box.from += window_start(run.operands[piece.from_starts + d], from.dims[d], to.dims[d]) * from.strides[d] * element;
    if (piece.to_starts >= 0)
      for (int d = 0; d < to.rank; ++d)
        box.to += window_start(run.operands[piece.to_starts + d], to.dims[d], from.dims[d]) * to.strides[d] * element;
  }
  for (std::size_t d = 0; d < piece.to_start.size(); ++d) box.to += piece.to_start[d] * to.strides[d] * element;
  box.rank = static_cast<int>(piece.axes.size());
  for (std::size_t i = 0; i < piece.axes.size(); ++i) {
    const Axis& axis = piece.axes[i];
    std::int64_t step = 0;
    if (axis.from >= 0) step += axis.from_step * from_strides[axis.from] * element;
    if (axis.from_too >= 0) step += axis.from_step * from_strides[axis.from_too] * element;
    box.sizes[i] = axis.size;
    box.from_steps[i] = step;
    box.to_steps[i] = axis.to < 0 ? 0 : axis.to_step * to.strides[axis.to] * element;
  }
  if (parts > 1) {
    const std::size_t axis = plan.split_axis[number], size = static_cast<std::size_t>(piece.axes[axis].size);
    const auto low = static_cast<std::int64_t>(size * part / parts), high = static_cast<std::int64_t>(size * end / parts);
    box.from += low * box.from_steps[axis];
    box.to += low * box.to_steps[axis];
    box.sizes[axis] = high - low;
  }
  move(run, box);
}

void run_units(const Run& run, std::size_t begin, std::size_t end) {
  const std::vector<std::size_t>& first = run.plan->first_unit;
  begin += run.first;
  end += run.first;
  std::size_t piece = static_cast<std::size_t>(std::upper_bound(first.begin(), first.end(), begin) - first.begin()) - 1;
  for (; begin < end; ++piece) {
    const std::size_t until = std::min(end, first[piece + 1]);
    if (until > begin) run_piece(run, piece, begin - first[piece], until - first[piece], first[piece + 1] - first[piece]);
    begin = until;
  }
}

// ---- Values ----

// A double in a float format of so many bits, half to even, in one rounding.
std::uint16_t to_16_bits(double value, int mantissa, int exponent) {
  const int bias = (1 << (exponent - 1)) - 1, largest = (1 << exponent) - 1;
  const auto sign = static_cast<std::uint16_t>(std::signbit(value) ? 0x8000 : 0);
  const auto with_sign = [sign](int bits) { return static_cast<std::uint16_t>(sign | bits); };
  if (std::isnan(value)) return with_sign(largest << mantissa | 1 << (mantissa - 1));
  if (std::isinf(value)) return with_sign(largest << mantissa);
  const double magnitude = std::fabs(value);
  const int place = std::max(magnitude == 0 ? 1 - bias : std::ilogb(magnitude), 1 - bias);
  // Counted in units of the last place; a number below 2^mantissa is subnormal, and a carry moves into the exponent as it should.
  const double units = std::nearbyint(std::ldexp(magnitude, mantissa - place));
  const double bits = units + std::ldexp(place - 1 + bias, mantissa);
  return with_sign(bits >= std::ldexp(largest, mantissa) ? largest << mantissa : static_cast<int>(bits));
}

}  // namespace

Piece whole_of(int from, const Type& from_type, int to) {
  Piece piece;
  piece.from = from;
  piece.to = to;
  for (std::int64_t d = 0; d < from_type.rank(); ++d) piece.axes.push_back({from_type.dims[at(d)], d, 1, d, 1});
  return piece;
}

void set_fill(const Node& node, tenon_dtype dtype, double value, MoveList& moves) {
  const auto put = [&](auto element) { std::memcpy(moves.fill, &element, sizeof element); };
  switch (dtype) {
    case TENON_F64:
      return put(value);
    case TENON_F32:
      return put(static_cast<float>(value));
    case TENON_F16:
      return put(to_16_bits(value, 10, 5));
    case TENON_BF16:
      return put(to_16_bits(value, 7, 8));
    case TENON_F8E4M3FN:
    case TENON_F8E5M2:
      if (value != 0 || std::signbit(value)) node.decline(cat("fills ", dtype_name(dtype), " with 0 only, not with ", value));
      return;
    case TENON_UI64:
      return put(static_cast<std::uint64_t>(value));
    default:
      return put(static_cast<std::int64_t>(value));  // little-endian: of a narrower integer the first bytes
  }
}

void plan_moves(const Node& node, const tenon_kernel&, tenon_kernel_plan& out, MoveList moves) {
  auto plan = std::make_unique<Plan>();
  plan->moves = std::move(moves);
  plan->element = element_bytes(node.result(0).dtype);
  const tenon_machine machine = machine_of(node);
  std::size_t units = 0, longest = 0;
  double bytes = 0;
  for (const Piece& piece : plan->moves.pieces) {
    const std::size_t elements = elements_of(piece, node.result(static_cast<std::size_t>(piece.to)));
    const double moved = static_cast<double>(elements * plan->element);
    std::size_t parts = static_cast<std::size_t>(moved / kUnitBytes) + 1;
    std::size_t axis = 0;
    if (piece.flat) {
      longest = elements;
    } else if (piece.axes.empty()) {
      longest = 1;
    } else {
      axis = axis_to_split(piece, std::min<std::size_t>(parts, 4 * machine.threads));
      longest = static_cast<std::size_t>(piece.axes[axis].size);
    }
    parts = std::max<std::size_t>(1, std::min(parts, longest));
    plan->first_unit.push_back(units);
    plan->split_axis.push_back(axis);
    units += elements == 0 ? 0 : parts;
    bytes += moved * (piece.from == kFill ? 1 : 2);
  }
  plan->first_unit.push_back(units);
  for (const Piece& piece : plan->moves.pieces) plan->ordered = plan->ordered || piece.unless_same;
  plan->split = split_of(machine, units, bytes / 15 + static_cast<double>(plan->moves.pieces.size()) * 50);
  const Path path = path_for(machine, bytes);
  plan->stream = path == Path::Stream;
  out.bytes = bytes;
  out.result0_may_alias = plan->moves.may_alias;
  plan->note.set("%zu %s, %zu-byte elements, %s, %s", plan->moves.pieces.size(), plan->moves.pieces.size() == 1 ? "piece" : "pieces",
                 plan->element, plan->stream ? "streaming stores" : "in cache", name_of(plan->split));
  plan->note.give(out);
  out.state = plan.release();
}

std::int32_t run_moves(tenon_call* call, const tenon_kernel* self, const void* state, const tenon_tensor_view* operands, std::size_t,
                       const tenon_tensor_view* results, std::size_t, void*) {
  const Plan& plan = *static_cast<const Plan*>(state);
  Run run{&plan, static_cast<const MoveTable*>(self->table), operands, results};
  const std::size_t steps = plan.ordered ? plan.moves.pieces.size() : 1;
  for (std::size_t step = 0; step < steps; ++step) {
    run.first = plan.ordered ? plan.first_unit[step] : 0;
    const std::size_t last = plan.ordered ? plan.first_unit[step + 1] : plan.first_unit.back();
    run_split(call, plan.split, last - run.first, [&](std::size_t begin, std::size_t end, std::size_t) { run_units(run, begin, end); });
  }
  return TENON_OK;
}

void destroy_moves(void* state) { delete static_cast<Plan*>(state); }

}  // namespace tenon::shape
