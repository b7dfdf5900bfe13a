// For kernel.cpp files: what every kernel decides when it plans (how bytes pass the caches, whether a second thread pays) and does when a
// run begins (which tensors are there). SIMD sources do not include it: it uses the library.
#pragma once

#include <algorithm>
#include <cstdarg>
#include <cstdint>
#include <cstdio>

#include "plugins/support/dtypes.h"
#include "plugins/support/path.h"
#include "tenon/plugin.hpp"

namespace tenon::kernels {

constexpr std::size_t round_up(std::size_t value, std::size_t to) { return (value + to - 1) / to * to; }

inline std::size_t element_count(const plugin::Dims& dims) {
  std::size_t count = 1;
  for (std::int64_t d : dims) count *= static_cast<std::size_t>(d);
  return count;
}

// Of a tensor, 0 of an absent one.
inline double bytes_of(const plugin::Type& type) {
  return type ? static_cast<double>(element_count(type.dims)) * static_cast<double>(element_bytes(type.dtype)) : 0;
}

inline tenon_machine machine_of(const plugin::Node& node) {
  tenon_machine machine = TENON_MACHINE_INIT;
  plugin::check(plugin::host().machine(node.call(), &machine));
  return machine;
}

// The path for a run that moves so many bytes.
inline Path path_for(const tenon_machine& machine, double bytes) {
  const std::uint64_t second = machine.l2_bytes != 0 ? machine.l2_bytes : 512u << 10;
  const std::uint64_t last = machine.l3_bytes != 0 ? machine.l3_bytes : std::max<std::uint64_t>(second, 32u << 20);
  return bytes <= static_cast<double>(second) ? Path::Plain : bytes <= static_cast<double>(last) ? Path::Prefetch : Path::Stream;
}
constexpr const char* name_of(Path path) {
  return path == Path::Plain ? "in cache" : path == Path::Prefetch ? "prefetch" : "streaming stores";
}

// How `items` independent pieces of work that take `ns` together on one thread are split. Below about 10 us a second thread costs more
// than it brings; a part is worth 5 us. The number of threads must not reach the numbers: split by outputs only.
struct Split {
  std::size_t grain = 0;    // items of one part, for parallel_for; 0: serial
  std::size_t threads = 1;  // slots that may run at once: what a workspace per thread is multiplied with
};
inline Split split_of(const tenon_machine& machine, std::size_t items, double ns) {
  Split split;
  if (machine.threads > 1 && items > 1 && ns >= 10'000) {
    split.grain = std::max<std::size_t>(1, static_cast<std::size_t>(static_cast<double>(items) * 5'000 / ns));
    split.threads = machine.threads;
  }
  return split;
}

constexpr const char* name_of(const Split& split) { return split.grain == 0 ? "serial" : "parallel"; }

// How rows are handled, for a plan's note. tile: columns that are handled together; 0: none.
constexpr const char* way_of(tenon_dtype dtype, std::size_t tile, Path path) {
  return dtype == TENON_F64 ? "scalar" : tile != 0 ? "as columns where they lie side by side" : name_of(path);
}

// Calls body(begin, end, slot) over [0, items): here, or in parts on the host's threads. body must not throw.
template <class Body>
void run_split(tenon_call* call, const Split& split, std::size_t items, const Body& body) {
  if (items == 0) return;
  if (split.grain == 0) return static_cast<void>(body(std::size_t{0}, items, std::size_t{0}));
  const auto part = [](void* argument, std::size_t begin, std::size_t end, std::size_t slot) {
    (*static_cast<const Body*>(argument))(begin, end, slot);
  };
  plugin::host().parallel_for(call, items, split.grain, part, const_cast<Body*>(&body));
}

// The same with what a level's table has for a job: parts of it, each with a slot of the workspace.
template <class Job>
void run_split(tenon_call* call, const Split& split, std::size_t items, void (*body)(const Job&, std::size_t, std::size_t, std::size_t),
               const Job& job) {
  run_split(call, split, items, [&](std::size_t begin, std::size_t end, std::size_t slot) { body(job, begin, end, slot); });
}

// What a plan says of itself in `tenon run --verbose` and `explain`; lives in the plan.
struct Note {
  char text[96] = {};
  __attribute__((format(printf, 2, 3))) void set(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
  }
  void give(tenon_kernel_plan& out) const {
    out.note = text;
    out.note_length = std::char_traits<char>::length(text);
  }
};

// An operand or result of a run; null if it is absent.
inline const tenon_tensor_view* present(const tenon_tensor_view* views, std::size_t count, std::size_t index) {
  return index < count && views[index].dtype != TENON_DTYPE_INVALID ? &views[index] : nullptr;
}

}  // namespace tenon::kernels
