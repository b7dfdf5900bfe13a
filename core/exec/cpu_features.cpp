#include "core/exec/cpu_features.h"

#include <cstdint>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif

namespace tenon {
namespace {

#if defined(__x86_64__)

struct Leaves {
  std::uint32_t ecx1 = 0, edx1 = 0, ebx7 = 0, ecx7 = 0, edx7 = 0, eax7_1 = 0;
  std::uint64_t xcr0 = 0;
};

Leaves read_leaves() {
  Leaves l;
  std::uint32_t a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d)) l.ecx1 = c, l.edx1 = d;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) l.ebx7 = b, l.ecx7 = c, l.edx7 = d;
  if (__get_cpuid_count(7, 1, &a, &b, &c, &d)) l.eax7_1 = a;
  if (l.ecx1 & (1u << 27)) {  // OSXSAVE: XGETBV may be asked
    std::uint32_t low = 0, high = 0;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    l.xcr0 = (std::uint64_t{high} << 32) | low;
  }
  return l;
}

enum class Register : std::uint8_t { Ecx1, Edx1, Ebx7, Ecx7, Edx7, Eax7_1 };
enum class State : std::uint8_t { Sse, Avx, Avx512 };  // which registers the operating system must save

struct Feature {
  std::string_view name;
  Register where;
  int bit;
  State state;
};

// Intel SDM volume 2A, CPUID; the bit numbers of AMD's manual are the same.
constexpr Feature kTable[] = {
    {"sse", Register::Edx1, 25, State::Sse},           {"sse2", Register::Edx1, 26, State::Sse},
    {"sse3", Register::Ecx1, 0, State::Sse},           {"ssse3", Register::Ecx1, 9, State::Sse},
    {"sse4_1", Register::Ecx1, 19, State::Sse},        {"sse4_2", Register::Ecx1, 20, State::Sse},
    {"popcnt", Register::Ecx1, 23, State::Sse},        {"avx", Register::Ecx1, 28, State::Avx},
    {"f16c", Register::Ecx1, 29, State::Avx},          {"fma", Register::Ecx1, 12, State::Avx},
    {"avx2", Register::Ebx7, 5, State::Avx},           {"bmi", Register::Ebx7, 3, State::Sse},
    {"bmi2", Register::Ebx7, 8, State::Sse},           {"avx512f", Register::Ebx7, 16, State::Avx512},
    {"avx512dq", Register::Ebx7, 17, State::Avx512},   {"avx512ifma", Register::Ebx7, 21, State::Avx512},
    {"avx512cd", Register::Ebx7, 28, State::Avx512},   {"avx512bw", Register::Ebx7, 30, State::Avx512},
    {"avx512vl", Register::Ebx7, 31, State::Avx512},   {"avx512vbmi", Register::Ecx7, 1, State::Avx512},
    {"avx512vbmi2", Register::Ecx7, 6, State::Avx512}, {"avx512vnni", Register::Ecx7, 11, State::Avx512},
    {"avx512fp16", Register::Edx7, 23, State::Avx512}, {"avx512bf16", Register::Eax7_1, 5, State::Avx512},
    {"avxvnni", Register::Eax7_1, 4, State::Avx},
};

bool lookup(std::string_view name) {
  static const Leaves leaves = read_leaves();
  for (const Feature& feature : kTable) {
    if (feature.name != name) continue;
    const std::uint32_t registers[] = {leaves.ecx1, leaves.edx1, leaves.ebx7, leaves.ecx7, leaves.edx7, leaves.eax7_1};
    if (!(registers[static_cast<int>(feature.where)] >> feature.bit & 1u)) return false;
    // XCR0: bit 1 SSE, 2 AVX, 5-7 opmask and the upper ZMM halves.
    const std::uint64_t needed = feature.state == State::Sse ? 0 : feature.state == State::Avx ? 0x6 : 0xE6;
    return (leaves.xcr0 & needed) == needed;
  }
  return false;
}

#elif defined(__aarch64__)

bool lookup(std::string_view name) {
  const unsigned long caps = getauxval(AT_HWCAP);
  if (name == "neon" || name == "asimd") return caps & (1UL << 1);
  if (name == "asimdhp" || name == "fp16") return caps & (1UL << 10);
  if (name == "asimddp" || name == "dotprod") return caps & (1UL << 20);
  if (name == "sve") return caps & (1UL << 22);
  return false;
}

#else
bool lookup(std::string_view) { return false; }
#endif

}  // namespace

bool cpu_has_feature(std::string_view name) { return lookup(name); }

}  // namespace tenon
