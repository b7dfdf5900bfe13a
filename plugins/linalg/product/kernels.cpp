#include "plugins/linalg/product/kernels.h"

#include <algorithm>
#include <memory>

#include "plugins/support/planning.h"

namespace tenon::linalg {

using namespace plugin;
using namespace kernels;

namespace {

// ---- From labels to groups ----

enum GroupIndex : int { kBatchGroup, kRowsGroup, kLanesGroup, kDepthGroup, kGroups };

// A dimension of a tensor steps through a dimension of a group; several may step through one (a diagonal).
struct Step {
  int group, dim, tensor, place;
};

// The dimensions of all groups, and who steps through them.
struct Axes {
  std::vector<std::int64_t> sizes[kGroups];
  std::vector<Step> steps;
};

// Everything that run needs and the types decide.
struct Plan {
  Shape shape{};
  tenon_dtype dtype{}, added_dtype{}, output_dtype{};
  double alpha = 1, beta = 1;
  int operands[kTensors] = {};  // by tensor: operand number; kAdded: 0 for none
  Axes axes;
  Split split;
  std::size_t items = 0, workspace_bytes = 0;
  Note note;
};

bool has(const Labels& labels, int label) { return std::find(labels.begin(), labels.end(), label) != labels.end(); }

// What a label's dimension has as size in a tensor; 1 if the tensor lacks it.
std::int64_t size_in(const Labels& labels, const Dims& dims, int label) {
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (labels[i] == label) return dims[i];
  return 1;
}

// The labels of operand `left` then those of the other, each once.
Labels all_labels(const Product& product) {
  Labels out;
  for (const Labels* side : {&product.a, &product.b})
    for (int label : *side)
      if (!has(out, label)) out.push_back(label);
  return out;
}

Axes axes_of(const Request& request, const Type (&types)[kTensors], const Labels* const (&labels)[kTensors]) {
  Axes axes;
  for (int label : all_labels(request.product)) {
    std::int64_t sizes[kTensors], size = 1;
    for (int t = 0; t < kTensors; ++t) {
      sizes[t] = labels[t] == nullptr ? 1 : size_in(*labels[t], types[t].dims, label);
      if (t != kAdded && sizes[t] != 1) size = sizes[t];
    }
    if (size == 1) continue;
    // A side of size 1 is broadcast: for it the label is the other side's own.
    const bool rows = sizes[kRowsSide] != 1, lanes = sizes[kLanesSide] != 1;
    const int group = rows && lanes ? (has(request.product.result, label) ? kBatchGroup : kDepthGroup) : rows ? kRowsGroup : kLanesGroup;
    const int dim = static_cast<int>(axes.sizes[group].size());
    axes.sizes[group].push_back(size);
    for (int t = 0; t < kTensors; ++t)
      for (std::size_t i = 0; labels[t] != nullptr && i < labels[t]->size(); ++i)
        if ((*labels[t])[i] == label && types[t].dims[i] != 1) axes.steps.push_back({group, dim, t, static_cast<int>(i)});
  }
  return axes;
}

std::size_t count_of(const std::vector<std::int64_t>& sizes) {
  std::size_t count = 1;
  for (std::int64_t size : sizes) count *= static_cast<std::size_t>(size);
  return count;
}

// Whether the elements of a side lie side by side along a group, if the tensor is compact: its last dimension is that group's last.
bool runs_along(const Axes& axes, int group, int tensor, std::int64_t rank) {
  const int last = static_cast<int>(axes.sizes[group].size()) - 1;
  return std::any_of(axes.steps.begin(), axes.steps.end(), [&](const Step& step) {
    return step.group == group && step.dim == last && step.tensor == tensor && step.place == rank - 1;
  });
}

Sum sum_of(tenon_dtype accumulator) {
  switch (accumulator) {
    case TENON_F32:
      return Sum::F32;
    case TENON_F64:
      return Sum::F64;
    case TENON_I32:
    case TENON_UI32:
      return Sum::Int32;
    default:
      return Sum::Int64;
  }
}
std::size_t sum_bytes(Sum sum) { return sum == Sum::F32 || sum == Sum::Int32 ? 4 : 8; }

// ---- Choosing roles and blocks ----

// One way to give the roles, and what it costs: vector products, and what packing adds to them.
struct Roles {
  bool left_rows = true;
  Axes axes;
  std::size_t batch = 1, rows = 1, lanes = 1, depth = 1;
  bool lanes_turned = false;  // their elements lie side by side along the depth: packing turns them
  double cost = 0;
};

Roles roles_of(const Request& request, const Type& left, const Type& right, const Type& added, const Type& output, const Table& table,
               Sum sum, bool left_rows) {
  Roles roles;
  roles.left_rows = left_rows;
  const Type types[kTensors] = {left_rows ? left : right, left_rows ? right : left, added, output};
  const Labels* const labels[kTensors] = {left_rows ? &request.product.a : &request.product.b,
                                          left_rows ? &request.product.b : &request.product.a,
                                          request.added != 0 ? &request.added_labels : nullptr, &request.product.result};
  roles.axes = axes_of(request, types, labels);
  roles.batch = count_of(roles.axes.sizes[kBatchGroup]);
  roles.rows = count_of(roles.axes.sizes[kRowsGroup]);
  roles.lanes = count_of(roles.axes.sizes[kLanesGroup]);
  roles.depth = count_of(roles.axes.sizes[kDepthGroup]);
  const TileSize tile = table.tiles[static_cast<int>(sum)];
  const double vector = static_cast<double>(tile.lanes) / 2, depth = static_cast<double>(roles.depth);
  roles.lanes_turned = !runs_along(roles.axes, kLanesGroup, kLanesSide, types[kLanesSide].rank());
  const bool rows_run = runs_along(roles.axes, kDepthGroup, kRowsSide, types[kRowsSide].rank());
  // Packing costs of an element, in vector products: measured, and rough.
  const double pack_lanes = roles.lanes_turned ? 1 : 0.3, pack_rows = rows_run ? 0.3 : 2;
  roles.cost = depth * (static_cast<double>(round_up(roles.rows, tile.rows) * round_up(roles.lanes, tile.lanes)) / vector +
                        pack_lanes * static_cast<double>(roles.lanes) + pack_rows * static_cast<double>(roles.rows));
  return roles;
}

// Few rows with lanes that lie along the depth.
constexpr std::size_t kMostFew = 8, kLeastDotDepth = 16;
bool takes_dots(const Roles& roles, const Table& table, Sum sum, const Type& lanes_type) {
  return sum == Sum::F32 && roles.rows <= kMostFew && roles.lanes >= table.dot_lanes && roles.depth >= kLeastDotDepth &&
         roles.axes.sizes[kDepthGroup].size() == 1 && runs_along(roles.axes, kDepthGroup, kLanesSide, lanes_type.rank());
}

void plan_dots(Plan& plan, const Roles& roles, const Table& table) {
  plan.shape.method = Method::Dots;
  plan.shape.stream_count = (roles.lanes + table.dot_lanes - 1) / table.dot_lanes;
  plan.items = roles.batch * plan.shape.stream_count;
  const std::size_t stride = round_up(roles.depth, table.unit);
  plan.workspace_bytes = round_up(roles.rows * stride * sizeof(float) + 4 * stride * element_bytes(plan.dtype), 64);
}

// The side with fewer elements stays in the second level, a panel of the depth at a time; the other one's tiles pass by. Their sums are
// kept until the depth is through: in the second level or, where the machine says nothing, in half a megabyte.
void plan_tiles(Plan& plan, const Roles& roles, const Table& table, const tenon_machine& machine) {
  const TileSize tile = table.tiles[static_cast<int>(plan.shape.sum)];
  const std::size_t size = sum_bytes(plan.shape.sum), l2 = machine.l2_bytes != 0 ? machine.l2_bytes : 512u << 10;
  const std::size_t row_tiles = (roles.rows + tile.rows - 1) / tile.rows, lane_tiles = (roles.lanes + tile.lanes - 1) / tile.lanes;
  const std::size_t row_bytes = tile.rows * table.stride * size, lane_bytes = tile.lanes * table.depth * size;
  const std::size_t sums_bytes = tile.rows * tile.lanes * size;
  Shape& shape = plan.shape;
  shape.method = Method::Tiles;
  shape.rows_resident = roles.rows <= roles.lanes;
  const std::size_t all = shape.rows_resident ? row_tiles : lane_tiles, bytes = shape.rows_resident ? row_bytes : lane_bytes;
  const std::size_t most = std::max<std::size_t>(1, l2 / 2 / bytes);
  shape.resident_blocks = std::max<std::size_t>(1, (all + most - 1) / most);
  shape.resident_tiles = std::max<std::size_t>(1, (all + shape.resident_blocks - 1) / shape.resident_blocks);
  shape.resident_blocks = (all + shape.resident_tiles - 1) / shape.resident_tiles;
  shape.stream_count = shape.rows_resident ? lane_tiles : row_tiles;
  shape.stream_tiles = std::clamp<std::size_t>(l2 / 2 / (shape.resident_tiles * sums_bytes), 4, 256);
  shape.stream_tiles = std::max<std::size_t>(1, std::min(shape.stream_tiles, shape.stream_count));
  plan.items = roles.batch * shape.resident_blocks * shape.stream_count;
  plan.workspace_bytes = round_up(shape.resident_tiles * bytes + (shape.rows_resident ? lane_bytes : row_bytes) +
                                      shape.resident_tiles * shape.stream_tiles * sums_bytes,
                                  64);
}

}  // namespace

void decline_product(const Node& node, const Request& request) {
  for (const auto& [side, other] : {std::pair{&request.product.a, &request.product.b}, std::pair{&request.product.b, &request.product.a}})
    for (int label : *side)
      if (!has(*other, label) && !has(request.product.result, label))
        node.decline("takes no operand with a dimension that is summed by itself");
  for (std::size_t i = 0; i < 2; ++i)
    if (node.operand(i).dtype == TENON_F8E4M3FN || node.operand(i).dtype == TENON_F8E5M2)
      node.decline(cat("takes no ", dtype_name(node.operand(i).dtype)));
}

void plan_product(const Node& node, const Request& request, const Table& table, tenon_kernel_plan& out) {
  const Type left = node.operand(0), right = node.operand(1), added = request.added != 0 ? node.operand(request.added) : Type();
  const Type output = node.result(0);
  auto plan = std::make_unique<Plan>();
  plan->dtype = left.dtype;
  plan->added_dtype = added.dtype;
  plan->output_dtype = output.dtype;
  plan->alpha = request.alpha;
  plan->beta = request.beta;
  plan->shape.sum = sum_of(accumulator(left.dtype, request.result));

  const tenon_machine machine = machine_of(node);
  const auto roles_as = [&](bool left_rows) { return roles_of(request, left, right, added, output, table, plan->shape.sum, left_rows); };
  Roles roles = roles_as(true), other = roles_as(false);
  const bool dots = takes_dots(roles, table, plan->shape.sum, right), other_dots = takes_dots(other, table, plan->shape.sum, left);
  if (other_dots ? !dots || other.rows < roles.rows : !dots && other.cost < roles.cost) std::swap(roles, other);
  if (dots || other_dots)
    plan_dots(*plan, roles, table);
  else
    plan_tiles(*plan, roles, table, machine);
  plan->operands[kRowsSide] = roles.left_rows ? 0 : 1;
  plan->operands[kLanesSide] = roles.left_rows ? 1 : 0;
  plan->operands[kAdded] = static_cast<int>(request.added);

  out.bytes = bytes_of(left) + bytes_of(right) + bytes_of(added) + bytes_of(output);
  out.flops = 2.0 * static_cast<double>(roles.batch) * static_cast<double>(roles.rows) * static_cast<double>(roles.lanes) *
              static_cast<double>(roles.depth);
  plan->split = split_of(machine, plan->items, out.flops / 60 + out.bytes / 20);  // per ns: 60 operations, 20 bytes
  out.workspace_bytes = plan->split.threads * plan->workspace_bytes;
  out.workspace_align = 64;
  plan->note.set("%zu x %zu x %zu, batch %zu, %s, %s", roles.left_rows ? roles.rows : roles.lanes,
                 roles.left_rows ? roles.lanes : roles.rows, roles.depth, roles.batch,
                 plan->shape.method == Method::Dots ? "dot products"
                 : roles.left_rows                  ? "tiles"
                                                    : "tiles of the transposes",
                 name_of(plan->split));
  plan->axes = std::move(roles.axes);
  plan->note.give(out);
  out.state = plan.release();
}

void destroy_product(void* state) { delete static_cast<Plan*>(state); }

// ---- Running ----

namespace {

// Merges dimensions that all tensors step through evenly, so that mostly one remains; there is at least one afterwards.
void collapse(Group& group) {
  int kept = 0;
  for (int d = 0; d < group.rank; ++d) {
    const std::int64_t size = group.sizes[d];
    bool even = kept > 0;
    for (int t = 0; even && t < kTensors; ++t) even = group.steps[t][kept - 1] == group.steps[t][d] * size;
    if (!even) ++kept;
    group.sizes[kept - 1] = even ? group.sizes[kept - 1] * size : size;
    for (int t = 0; t < kTensors; ++t) group.steps[t][kept - 1] = group.steps[t][d];
  }
  if (kept == 0) {
    group.sizes[0] = 1;
    for (auto& steps : group.steps) steps[0] = 0;
    kept = 1;
  }
  group.rank = kept;
}

}  // namespace

// The job is not initialised as a whole: it is large, and a small run is short.
std::int32_t run_product(tenon_call* call, const tenon_kernel* self, const void* state, const tenon_tensor_view* operands, std::size_t,
                         const tenon_tensor_view* results, std::size_t, void* workspace) {
  const Plan& plan = *static_cast<const Plan*>(state);
  if (plan.items == 0) return TENON_OK;
  const tenon_tensor_view* const tensors[kTensors] = {&operands[plan.operands[kRowsSide]], &operands[plan.operands[kLanesSide]],
                                                      plan.operands[kAdded] != 0 ? &operands[plan.operands[kAdded]] : nullptr, &results[0]};
  Job job;
  job.shape = plan.shape;
  job.dtype = plan.dtype;
  job.added_dtype = plan.added_dtype;
  job.output_dtype = plan.output_dtype;
  job.alpha = plan.alpha;
  job.beta = plan.beta;
  for (int side : {kRowsSide, kLanesSide}) job.data[side] = static_cast<const char*>(tensors[side]->data);
  job.added = tensors[kAdded] == nullptr ? nullptr : static_cast<const char*>(tensors[kAdded]->data);
  job.output = static_cast<char*>(tensors[kOutput]->data);
  job.workspace = static_cast<char*>(workspace);
  job.workspace_bytes = plan.workspace_bytes;
  Group* const groups[kGroups] = {&job.batch, &job.rows, &job.lanes, &job.depth};
  for (int g = 0; g < kGroups; ++g) {
    const std::vector<std::int64_t>& sizes = plan.axes.sizes[g];
    groups[g]->rank = static_cast<int>(sizes.size());
    groups[g]->count = count_of(sizes);
    for (std::size_t d = 0; d < sizes.size(); ++d) {
      groups[g]->sizes[d] = sizes[d];
      for (auto& steps : groups[g]->steps) steps[d] = 0;
    }
  }
  for (const Step& step : plan.axes.steps) groups[step.group]->steps[step.tensor][step.dim] += tensors[step.tensor]->strides[step.place];
  for (Group* group : groups) collapse(*group);
  const Table& table = *static_cast<const Table*>(self->table);
  run_split(call, plan.split, plan.items, table.run, job);
  return TENON_OK;
}

}  // namespace tenon::linalg
