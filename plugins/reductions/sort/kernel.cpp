// sort, argsort and top_k. Each element becomes an unsigned integer, its key: the order of keys is that of elements, -0 and +0 have the
// same, NaN the largest, and if descending all is reversed. Beside it stands the element's index, which decides among equal ones: no two
// items are equal, so any way of sorting gives one order.
#include "plugins/reductions/sort/kernel.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>

#include "plugins/support/planning.h"

namespace tenon::reductions::sorting {
namespace {

using namespace plugin;
using namespace kernels;

struct Item {
  std::uint64_t key;
  std::int64_t index;
};
bool operator<(const Item& a, const Item& b) { return a.key != b.key ? a.key < b.key : a.index < b.index; }

struct Plan {
  What what{};
  bool descending = false;
  tenon_dtype dtype{};
  std::size_t before = 1, length = 1, after = 1, taken = 0;  // taken: elements of a result's row
  Split split;
  Note note;
};

template <class Bits>
std::uint64_t key_of(const Plan& plan, const char* at) {
  constexpr Bits kTop = static_cast<Bits>(Bits{1} << (8 * sizeof(Bits) - 1));
  Bits bits;
  std::memcpy(&bits, at, sizeof bits);
  if (is_float(plan.dtype)) {
    constexpr int kFraction = sizeof(Bits) == 8 ? 52 : 23;
    const int fraction = plan.dtype == TENON_F16 ? 10 : plan.dtype == TENON_BF16 ? 7 : kFraction;
    const Bits infinity = static_cast<Bits>((kTop - 1) >> fraction << fraction);
    const Bits magnitude = static_cast<Bits>(bits & (kTop - 1));
    bits = static_cast<Bits>(magnitude > infinity ? std::numeric_limits<Bits>::max()
                             : (bits & kTop) != 0 ? kTop - magnitude
                                                  : kTop + magnitude);
  } else if (plan.dtype >= TENON_I8 && plan.dtype <= TENON_I64) {
    bits = static_cast<Bits>(bits ^ kTop);
  }
  return plan.descending ? ~std::uint64_t{bits} : std::uint64_t{bits};
}

// The first plan.taken items in order. `items` has room for as many, which is all of them but for top_k: that one keeps a heap of the first
// ones so far, the last of them on top.
template <class Bits>
void order(const Plan& plan, const char* row, std::size_t step, Item* items) {
  const std::size_t taken = plan.taken;
  for (std::size_t i = 0; i < taken; ++i) items[i] = {key_of<Bits>(plan, row + i * step), static_cast<std::int64_t>(i)};
  if (taken == plan.length) return std::sort(items, items + taken);
  if (taken == 0) return;
  std::make_heap(items, items + taken);
  for (std::size_t i = taken; i < plan.length; ++i) {
    const Item item{key_of<Bits>(plan, row + i * step), static_cast<std::int64_t>(i)};
    if (!(item < items[0])) continue;
    std::pop_heap(items, items + taken);
    items[taken - 1] = item;
    std::push_heap(items, items + taken);
  }
  std::sort_heap(items, items + taken);
}

template <class Bits>
void run_rows(const Plan& plan, const char* x, char* values, char* indices, Item* items, std::size_t begin, std::size_t end) {
  const std::size_t step = plan.after * sizeof(Bits), index_step = plan.after * sizeof(std::int64_t);
  for (std::size_t row = begin; row < end; ++row) {
    const std::size_t outer = row / plan.after, inner = row % plan.after;
    const char* const from = x + (outer * plan.length * plan.after + inner) * sizeof(Bits);
    const std::size_t to = outer * plan.taken * plan.after + inner;
    order<Bits>(plan, from, step, items);
    for (std::size_t i = 0; values != nullptr && i < plan.taken; ++i)
      std::memcpy(values + to * sizeof(Bits) + i * step, from + static_cast<std::size_t>(items[i].index) * step, sizeof(Bits));
    for (std::size_t i = 0; indices != nullptr && i < plan.taken; ++i)
      std::memcpy(indices + to * sizeof(std::int64_t) + i * index_step, &items[i].index, sizeof(std::int64_t));
  }
}

}  // namespace

void supports(const Node& node, const tenon_kernel&) {
  const tenon_dtype dtype = node.operand(0).dtype;
  const bool taken = dtype == TENON_I1 || dtype == TENON_F16 || dtype == TENON_BF16 || dtype == TENON_F32 || dtype == TENON_F64 ||
                     (dtype >= TENON_I8 && dtype <= TENON_I64) || (dtype >= TENON_UI8 && dtype <= TENON_UI64);
  if (!taken) node.decline(cat("takes i1, whole-byte integers, f16, bf16, f32 and f64, not ", dtype_name(dtype)));
}

void plan(const Node& node, const tenon_kernel& kernel, tenon_kernel_plan& out) {
  const Type input = node.operand(0), result = node.result(0);
  auto plan = std::make_unique<Plan>();
  plan->what = static_cast<const Entry*>(kernel.table)->what;
  plan->descending = node.flag(plan->what == What::First ? "largest" : "descending");
  plan->dtype = input.dtype;
  const auto axis = static_cast<std::size_t>(node.axis("axis", input.rank()));
  for (std::size_t d = 0; d < input.dims.size(); ++d)
    (d < axis ? plan->before : d == axis ? plan->length : plan->after) *= static_cast<std::size_t>(input.dims[d]);
  plan->taken = static_cast<std::size_t>(result.dims[axis]);
  const std::size_t rows = plan->before * plan->after;
  out.bytes = bytes_of(input) + bytes_of(result) + (plan->what == What::First ? bytes_of(node.result(1)) : 0);
  out.flops = static_cast<double>(element_count(input.dims));
  // Of an element, in ns: one that is sorted, one that is only looked at.
  const double each = plan->taken == plan->length ? 40 : 2;
  plan->split = split_of(machine_of(node), rows, out.flops * each);
  out.workspace_bytes = plan->split.threads * plan->taken * sizeof(Item);
  out.workspace_align = 64;
  plan->note.set("%zu rows, %zu of %zu, %s", rows, plan->taken, plan->length, plan->split.grain == 0 ? "serial" : "parallel");
  plan->note.give(out);
  out.state = plan.release();
}

void destroy(void* state) { delete static_cast<Plan*>(state); }

std::int32_t run(tenon_call* call, const tenon_kernel*, const void* state, const tenon_tensor_view* operands, std::size_t,
                 const tenon_tensor_view* results, std::size_t, void* workspace) {
  const Plan& plan = *static_cast<const Plan*>(state);
  if (plan.taken == 0) return TENON_OK;
  const char* const x = static_cast<const char*>(operands[0].data);
  char* const values = plan.what == What::Indices ? nullptr : static_cast<char*>(results[0].data);
  char* const indices = plan.what == What::Values ? nullptr : static_cast<char*>(results[plan.what == What::First ? 1 : 0].data);
  run_split(call, plan.split, plan.before * plan.after, [&](std::size_t begin, std::size_t end, std::size_t slot) {
    Item* const items = static_cast<Item*>(workspace) + slot * plan.taken;
    switch (element_bytes(plan.dtype)) {
      case 1:
        return run_rows<std::uint8_t>(plan, x, values, indices, items, begin, end);
      case 2:
        return run_rows<std::uint16_t>(plan, x, values, indices, items, begin, end);
      case 4:
        return run_rows<std::uint32_t>(plan, x, values, indices, items, begin, end);
      default:
        return run_rows<std::uint64_t>(plan, x, values, indices, items, begin, end);
    }
  });
  return TENON_OK;
}

}  // namespace tenon::reductions::sorting
