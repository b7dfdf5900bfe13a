// Any bytes give facts or an error, reading nothing outside them.
#include <elf.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "core/plugin/dependencies.h"
#include "core/plugin/elf.h"

namespace {

using namespace tenon;

void require(bool condition) {
  if (!condition) std::abort();
}

void run(std::span<const std::byte> bytes) {
  if (const auto exports = read_exports(MemoryElf(bytes), "fuzz.so"); exports.ok()) require(exports->size() <= 2 * bytes.size());
  const Result<ElfFacts> facts = read_elf(MemoryElf(bytes), "fuzz.so");
  if (!facts.ok()) {
    require(facts.error().code == Code::PluginRejected || facts.error().code == Code::Incompatible);
    require(!facts.error().message.empty() && !facts.error().advice.empty());
    return;
  }
  require(facts->machine == host_machine());
  if (facts->note) require(facts->note->name.size() <= 64 && facts->note->version.size() <= 64);
  if (const Status status = check_elf(*facts, "fuzz.so"); !status.ok()) require(!status.error().advice.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::byte> bytes(size);
  if (size > 0) std::memcpy(bytes.data(), data, size);
  run(bytes);
  // Again as a file of this machine, so that the input need not find that out.
  if (size >= 20) {
    const unsigned char ident[] = {0x7f, 'E', 'L', 'F', sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32, ELFDATA2LSB, EV_CURRENT};
    std::memcpy(bytes.data(), ident, sizeof ident);
    const std::uint16_t type = ET_DYN;
    std::memcpy(bytes.data() + 16, &type, sizeof type);
#if defined(__x86_64__)
    const std::uint16_t machine = EM_X86_64;
#else
    const std::uint16_t machine = EM_AARCH64;
#endif
    std::memcpy(bytes.data() + 18, &machine, sizeof machine);
    run(bytes);
  }
  (void)library_cache_names(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
