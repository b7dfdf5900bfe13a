// Kernel selection: one deterministic key per candidate, and the reason for every candidate that was not taken.
#include <algorithm>
#include <tuple>

#include "core/plan/plan.h"

namespace tenon {
namespace {

struct Entry {
  Candidate candidate;
  std::shared_ptr<Provider> provider;
  const tenon_kernel* kernel = nullptr;
  int level_rank = 0;  // 0: the best usable level; higher is lower
  bool removed = false;
};

void remove(Entry& entry, std::string reason, std::string advice = {}) {
  if (entry.removed) return;  // the first rule that removes a candidate is the one to report
  entry.removed = true;
  entry.candidate.reason = std::move(reason);
  entry.candidate.advice = std::move(advice);
}

std::string list(const std::vector<DType>& dtypes) {
  std::string text;
  for (DType dtype : dtypes) text += cat(text.empty() ? "" : " ", name(dtype));
  return text;
}

// What the manifests alone decide: dtype and numeric contracts.
void check_schema(Entry& entry, const OpSchema& schema, const tenon_node& node, const PlanOptions& options) {
  const auto listed =
      std::find_if(schema.kernels.begin(), schema.kernels.end(), [&](const KernelSchema& k) { return k.name == entry.candidate.kernel; });
  const std::optional<TensorType>& first = node.operands.empty() ? std::optional<TensorType>() : node.operands.front();
  if (listed != schema.kernels.end() && !listed->dtypes.empty() && first &&
      std::find(listed->dtypes.begin(), listed->dtypes.end(), first->dtype) == listed->dtypes.end())
    remove(entry, cat("dtype ", name(first->dtype), " is not among ", list(listed->dtypes)));
  if (options.bitwise && schema.numerics.determinism != "bitwise")
    remove(entry, cat("claims determinism ", schema.numerics.determinism, ", bitwise was asked for"));
  if (options.max_ulp && !schema.numerics.max_ulp)
    remove(entry, "claims no max_ulp, and a bound was asked for");
  else if (options.max_ulp && schema.numerics.max_error)
    remove(entry, cat("claims its error by scale (", schema.numerics.scale, "), and a bound in ulp was asked for"));
  else if (options.max_ulp && *schema.numerics.max_ulp > *options.max_ulp)
    remove(entry, cat("claims ", *schema.numerics.max_ulp, " ulp, at most ", *options.max_ulp, " was asked for"));
}

void check_level(Entry& entry, const Machine& machine) {
  const std::string& level = entry.candidate.level;
  if (level.empty()) {
    entry.level_rank = static_cast<int>(machine.levels.size());
    return;
  }
  const auto found = std::find(machine.levels.begin(), machine.levels.end(), level);
  entry.level_rank = static_cast<int>(found - machine.levels.begin());
  if (found == machine.levels.end())
    remove(entry, cat("needs level ", level, "; in force is ", machine.level.empty() ? "none" : machine.level),
           "the machine lacks it, or --arch or TENON_ARCH forces a lower one");
}

Status collect(const KernelSource& source, const OpDef& op, const tenon_node& node, const Environment& environment,
               const PlanOptions& options, std::vector<Entry>& entries) {
  // A pack whose items list no kernels for the operator need not be opened to know that it has none.
  if (source.schema != nullptr && source.schema->kernels.empty()) return {};
  Result<const tenon_operator*> table = source.provider->open(source.index);
  if (!table.ok()) {
    if (source.provider == op.provider) return table.take_error();  // its lowering is needed in any case
    Entry entry{{.kernel = "*", .plugin = source.provider->plugin_name()}, source.provider};
    remove(entry, table.error().message, table.error().advice);
    entries.push_back(std::move(entry));
    return {};
  }
  for (std::size_t i = 0; i < (*table)->kernel_count; ++i) {
    const tenon_kernel* kernel = (*table)->kernels[i];
    Entry entry;
    entry.candidate.kernel = std::string(kernel->name, kernel->name_length);
    entry.candidate.plugin = source.provider->plugin_name();
    entry.candidate.priority = source.provider->priority();
    if (kernel->level != nullptr) entry.candidate.level = std::string(kernel->level, kernel->level_length);
    entry.provider = source.provider;
    entry.kernel = kernel;
    check_level(entry, environment.machine);
    if (source.schema != nullptr) check_schema(entry, *source.schema, node, options);
    entries.push_back(std::move(entry));
  }
  return {};
}

}  // namespace

KernelInstance::~KernelInstance() {
  if (!planned_ || kernel_->plan_destroy == nullptr) return;
  tenon_call frame;
  try {
    (void)invoke(*provider_, environment_, "plan_destroy", frame, [this](tenon_call* call) {
      kernel_->plan_destroy(call, kernel_, plan_.state);
      return TENON_OK;
    });
  } catch (...) {  // the text of a complaint that found no memory
  }
}

Status KernelInstance::make_plan(const tenon_node& node) {
  tenon_call frame;
  TENON_TRY(invoke(*provider_, environment_, "plan", frame, [&](tenon_call* call) {
    const std::int32_t code = kernel_->plan == nullptr ? TENON_OK : kernel_->plan(call, kernel_, &node, &plan_);
    planned_ = code == TENON_OK;
    return code;
  }));
  const auto refuse = [&](const auto&... what) {
    return fail(Code::PluginRejected, "the plan asks for ", what...)
        .advise("report it to the plugin's author")
        .plugin(provider_->plugin_name());
  };
  constexpr std::size_t kMostAlign = 4096, kMostBytes = std::size_t{1} << (sizeof(std::size_t) * 8 - 17);
  if (plan_.workspace_align > kMostAlign || (plan_.workspace_align & (plan_.workspace_align - 1)) != 0)
    return refuse("an alignment of ", plan_.workspace_align, ", which is no power of two up to ", kMostAlign);
  if (plan_.workspace_bytes > kMostBytes) return refuse("a workspace of ", plan_.workspace_bytes, " bytes");
  if (plan_.note == nullptr) plan_.note_length = 0;
  return {};
}

Result<Selection> select_kernel(const OpDef& op, const tenon_node& node, const Registry& registry, const Environment& environment,
                                const PlanOptions& options) {
  std::vector<Entry> entries;
  if (!options.reference)
    for (const KernelSource& source : registry.kernels_of(op)) TENON_TRY(collect(source, op, node, environment, options, entries));

  const auto key = [&](const Entry& e) {
    const bool pinned = !options.pinned_plugin.empty() && e.candidate.plugin == options.pinned_plugin;
    return std::make_tuple(!pinned, e.level_rank, -e.candidate.priority, e.provider->tier());
  };
  std::sort(entries.begin(), entries.end(), [&](const Entry& a, const Entry& b) {
    const auto ka = key(a), kb = key(b);
    if (ka != kb) return ka < kb;
    if (a.provider->version() != b.provider->version()) return a.provider->version() > b.provider->version();
    return std::tie(a.candidate.plugin, a.candidate.kernel) < std::tie(b.candidate.plugin, b.candidate.kernel);
  });

  Selection selection;
  std::string winner;
  for (Entry& entry : entries) {
    if (!entry.removed && !winner.empty()) remove(entry, cat("ranked after ", winner));
    if (!entry.removed) {
      tenon_call frame;
      Status verdict =
          entry.kernel->supports == nullptr ? Status() : invoke(*entry.provider, environment, "supports", frame, [&](tenon_call* call) {
            return entry.kernel->supports(call, entry.kernel, &node);
          });
      if (!verdict.ok()) remove(entry, verdict.error().message, verdict.error().advice);
    }
    if (!entry.removed) {
      auto instance = std::make_unique<KernelInstance>(entry.provider, entry.kernel, environment);
      Status planned = instance->make_plan(node);
      if (planned.ok()) {
        entry.candidate.chosen = true;
        winner = entry.candidate.level.empty() ? cat(entry.candidate.plugin, "/", entry.candidate.kernel)
                                               : cat(entry.candidate.plugin, "/", entry.candidate.kernel, " ", entry.candidate.level);
        entry.candidate.reason = "best of those that take it";
        selection.kernel = std::move(instance);
      } else {
        remove(entry, planned.error().message, planned.error().advice);
      }
    }
    selection.candidates.push_back(std::move(entry.candidate));
  }

  Candidate decomposition{.kernel = "decomposition", .plugin = op.provider->plugin_name()};
  decomposition.chosen = selection.kernel == nullptr;
  decomposition.reason = selection.kernel != nullptr ? "the last candidate: a kernel was chosen"
                         : options.reference         ? "the reference interpreter was asked for"
                         : entries.empty()           ? "no kernel exists for this operator"
                                                     : "no kernel takes it";
  selection.candidates.push_back(std::move(decomposition));
  return selection;
}

}  // namespace tenon
