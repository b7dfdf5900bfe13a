// The CPU as the kernels see it: features by CPUID and XGETBV (the operating system must save the registers), SIMD levels of
// configs/arch.json, cache sizes. Detected once per context.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/op/environment.h"

namespace tenon {

struct ArchLevel {
  std::string name;
  std::vector<std::string> features;
};
const std::vector<std::string>& feature_names();  // bit order of Machine::features
const std::vector<ArchLevel>& arch_levels();      // of this architecture, best first

// forced: empty, or a level's name (from `--arch` or TENON_ARCH): unknown or unusable here is an error that lists the usable ones.
// threads 0: as many as the process may use.
Result<Machine> detect_machine(const std::string& forced, std::uint32_t threads);

// The default pool, over pthreadpool. threads - 1 workers are made on first use.
std::unique_ptr<ThreadPool> make_thread_pool(std::uint32_t threads);

}  // namespace tenon
