#include "core/exec/machine.h"

#include <sched.h>

#include <algorithm>
#include <cstring>

#include "core/exec/caches.h"
#include "core/exec/cpu_features.h"

namespace tenon {
namespace {

struct RawLevel {
  const char* name;
  const char* arch;
  const char* features;  // space-separated
};
#include "arch_table.inc"

#if defined(__x86_64__)
constexpr std::string_view kArch = "x86_64";
#elif defined(__aarch64__)
constexpr std::string_view kArch = "aarch64";
#else
constexpr std::string_view kArch = "other";
#endif

std::uint32_t usable_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return static_cast<std::uint32_t>(std::max(1, CPU_COUNT(&set)));
}

// Best first: a level that needs more features is better. The file's order decides between equals.
std::vector<ArchLevel> make_levels() {
  std::vector<ArchLevel> levels;
  for (const RawLevel& raw : kLevels) {
    if (kArch != raw.arch) continue;
    ArchLevel level{raw.name, {}};
    for (std::string& feature : split(raw.features, ' '))
      if (!feature.empty()) level.features.push_back(std::move(feature));
    levels.push_back(std::move(level));
  }
  std::stable_sort(levels.begin(), levels.end(),
                   [](const ArchLevel& a, const ArchLevel& b) { return a.features.size() > b.features.size(); });
  return levels;
}

}  // namespace

const std::vector<std::string>& feature_names() {
  static const std::vector<std::string> names(std::begin(kFeatures), std::end(kFeatures));
  return names;
}

const std::vector<ArchLevel>& arch_levels() {
  static const std::vector<ArchLevel> levels = make_levels();
  return levels;
}

Result<Machine> detect_machine(const std::string& forced, std::uint32_t threads) {
  Machine machine;
  machine.threads = threads != 0 ? threads : usable_processors();
  const Caches caches = detect_caches();
  machine.l1d_bytes = caches.l1d;
  machine.l2_bytes = caches.l2;
  machine.l3_bytes = caches.l3;

  const std::vector<std::string>& names = feature_names();
  for (std::size_t i = 0; i < names.size() && i < 256; ++i)
    if (cpu_has_feature(names[i])) machine.features[i / 64] |= std::uint64_t{1} << (i % 64);

  std::vector<std::string> usable;
  for (const ArchLevel& level : arch_levels())
    if (std::all_of(level.features.begin(), level.features.end(), [](const std::string& f) { return cpu_has_feature(f); }))
      usable.push_back(level.name);

  if (!forced.empty()) {
    const auto found = std::find(usable.begin(), usable.end(), forced);
    if (found == usable.end()) {
      const bool known = std::any_of(arch_levels().begin(), arch_levels().end(), [&](const ArchLevel& l) { return l.name == forced; });
      return fail(Code::CpuUnsupported, "SIMD level ", forced, known ? " is not usable on this machine" : " is not known")
          .advise(cat("choose one of: ", join(usable, ", ")));
    }
    usable.erase(usable.begin(), found);
  }
  machine.level = usable.empty() ? "" : usable.front();
  machine.levels = std::move(usable);
  return machine;
}

}  // namespace tenon
