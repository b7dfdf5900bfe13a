// Structs of every size, with every tail, kind and chain, in memory that ends where the struct says that it ends: a byte read or written
// beyond it ends the process.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/pipeline/support.h"

namespace tenon_test {

constexpr std::size_t kLargestStruct = 64u << 10;  // tenon/base.h's receivers take no more

// A new seed for each run, printed; TENON_TEST_SEED=N repeats one.
inline unsigned test_seed() {
  static const unsigned seed = [] {
    const char* given = std::getenv("TENON_TEST_SEED");
    const unsigned value = given != nullptr ? static_cast<unsigned>(std::strtoul(given, nullptr, 10)) : std::random_device()();
    std::printf("seed: TENON_TEST_SEED=%u\n", value);
    return value;
  }();
  return seed;
}

// Memory that is followed by a page that nobody may touch.
class Guarded {
 public:
  Guarded() : page_(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))), bytes_(kLargestStruct + page_) {
    void* memory = ::mmap(nullptr, bytes_ + page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || ::mprotect(static_cast<char*>(memory) + bytes_, page_, PROT_NONE) != 0) std::abort();
    memory_ = static_cast<unsigned char*>(memory);
  }
  ~Guarded() { ::munmap(memory_, bytes_ + page_); }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;
  // The last `bytes` bytes; often misaligned, which receivers must bear.
  unsigned char* last(std::size_t bytes) { return memory_ + bytes_ - bytes; }

 private:
  std::size_t page_, bytes_;
  unsigned char* memory_;
};

inline bool is_defined_code(std::int32_t code) { return std::string_view(tenon_code_name(code)) != "UNKNOWN" || code == TENON_UNKNOWN; }

// A struct that a function takes: its default bytes, which the function accepts, and the function.
struct Subject {
  std::string name;
  std::uint32_t kind;
  std::vector<unsigned char> bytes;
  std::function<std::int32_t(const void* given, std::string& message)> call;
};

template <class T>
std::vector<unsigned char> bytes_of(const T& value) {
  const auto* begin = reinterpret_cast<const unsigned char*>(&value);
  return {begin, begin + sizeof value};
}

inline void set_header(void* at, std::uint32_t size, std::uint32_t kind, const void* next) {
  const tenon_header header{size, kind, next};
  std::memcpy(at, &header, sizeof header);
}

class HeaderFuzz {
 public:
  explicit HeaderFuzz(const Subject& subject) : subject_(subject), engine_(test_seed()) {}

  void all() {
    sizes();
    tails();
    kinds();
    chains();
    mixtures();
  }

 private:
  // The rule of base.h, written down a second time.
  static std::int32_t expected(std::uint32_t size, std::size_t v1, bool right_kind, bool zero_tail, bool chain_ends, bool chain_known) {
    if (!right_kind || size < v1 || size > kLargestStruct) return TENON_INVALID_ARGUMENT;
    if (!zero_tail || !chain_known) return TENON_NOT_UNDERSTOOD;
    return chain_ends ? TENON_OK : TENON_INVALID_ARGUMENT;
  }

  // A copy of the subject that claims `size` bytes and has them, and no more.
  unsigned char* make(std::uint32_t size) {
    const std::size_t there = std::max(sizeof(tenon_header), std::min<std::size_t>(size, kLargestStruct));
    unsigned char* at = memory_.last(there);
    std::memset(at, 0, there);
    std::memcpy(at, subject_.bytes.data(), std::min(there, subject_.bytes.size()));
    set_header(at, size, subject_.kind, nullptr);
    return at;
  }
  void expect(const void* given, std::int32_t want, const std::string& what) {
    std::string message;
    const std::int32_t code = subject_.call(given, message);
    EXPECT_EQ(code, want) << subject_.name << ": " << what << ": " << tenon_code_name(code) << ": " << message;
    EXPECT_EQ(code == TENON_OK, message.empty()) << subject_.name << ": " << what;
    last_message_ = message;
  }

  void sizes() {
    std::vector<std::uint32_t> sizes;
    for (std::uint32_t size = 0; size <= v1() + 128; ++size) sizes.push_back(size);
    for (std::uint32_t size : {4096u, 65535u, 65536u, 65537u, 1u << 20, 0x7FFFFFFFu, 0x80000000u, 0xFFFFFFFFu}) sizes.push_back(size);
    for (std::uint32_t size : sizes) expect(make(size), expected(size, v1(), true, true, true, true), "size " + std::to_string(size));
  }
  void tails() {
    for (std::uint32_t extra = 1; extra <= 128; ++extra) {
      unsigned char* at = make(v1() + extra);
      const std::size_t set = v1() + random_() % extra;
      at[set] = static_cast<unsigned char>(1 + random_() % 255);
      expect(at, TENON_NOT_UNDERSTOOD, "byte " + std::to_string(set) + " of " + std::to_string(v1() + extra));
      EXPECT_NE(last_message_.find("byte " + std::to_string(set)), std::string::npos) << subject_.name << ": " << last_message_;
    }
  }
  void kinds() {
    for (int i = 0; i < 64; ++i) {
      const std::uint32_t kind = i < 32 ? 1u << i : random_();
      unsigned char* at = make(v1());
      set_header(at, v1(), kind, nullptr);
      expect(at, kind == subject_.kind ? TENON_OK : TENON_INVALID_ARGUMENT, "kind " + std::to_string(kind));
    }
  }
  void chains() {
    for (std::size_t links : {1u, 2u, 7u, 60u, 1000u}) {
      for (int must : {0, 1}) {
        for (int ring : {0, 1}) {
          if (must && links > 60) continue;  // which of two refusals comes first is nobody's business
          std::vector<tenon_header> chain(links);
          for (std::size_t i = 0; i < links; ++i) {
            chain[i] = {sizeof(tenon_header), 0x00770000u + random_() % 0x10000u,
                        i + 1 < links ? &chain[i + 1]
                        : ring        ? &chain[0]
                                      : nullptr};
          }
          if (must) chain[random_() % links].struct_kind |= TENON_KIND_MUST_UNDERSTAND;
          unsigned char* at = make(v1());
          set_header(at, v1(), subject_.kind, chain.data());
          expect(at, expected(v1(), v1(), true, true, !ring && links <= 64, !must),
                 std::to_string(links) + " extensions" + (must ? ", one to be understood" : "") + (ring ? ", in a ring" : ""));
        }
      }
    }
  }
  void mixtures() {
    for (int i = 0; i < 300; ++i) {
      const std::uint32_t size = random_() % 4 == 0 ? random_() : v1() - 8 + random_() % 200;
      unsigned char* at = make(size);
      bool zero_tail = true;
      for (std::size_t b = v1(); b < std::min<std::size_t>(size, kLargestStruct); ++b) {
        at[b] = random_() % 50 != 0 ? 0 : static_cast<unsigned char>(random_());
        zero_tail = zero_tail && at[b] == 0;
      }
      const bool right_kind = random_() % 8 != 0;
      tenon_header extension{sizeof(tenon_header), random_() | 0x00800000u, nullptr};
      const bool chained = random_() % 2 != 0;
      set_header(at, size, right_kind ? subject_.kind : subject_.kind + 1, chained ? &extension : nullptr);
      const bool known = !chained || (extension.struct_kind & TENON_KIND_MUST_UNDERSTAND) == 0;
      expect(at, expected(size, v1(), right_kind, zero_tail, true, known), "mixture " + std::to_string(i));
    }
  }

  std::uint32_t random_() { return static_cast<std::uint32_t>(engine_()); }  // the result type is wider
  std::uint32_t v1() const { return static_cast<std::uint32_t>(subject_.bytes.size()); }
  const Subject& subject_;
  std::mt19937 engine_;
  Guarded memory_;
  std::string last_message_;
};

}  // namespace tenon_test
