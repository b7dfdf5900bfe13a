// Libraries read without being opened: a real one, and a small one made here, whole, damaged and with each thing that is refused.
#include "core/plugin/elf.h"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <link.h>

#include <bit>
#include <cstring>
#include <fstream>
#include <iterator>

#include "core/plugin/dynamic.h"

namespace tenon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string file_content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
Result<ElfFacts> read(const std::string& image) { return read_elf(MemoryElf(std::as_bytes(std::span(image))), "x.so"); }

// A shared library with nothing but headers, a dynamic section, its strings and a note; addresses are file offsets.
struct SmallElf {
  std::vector<ElfW(Dyn)> dynamic;
  std::string strings = std::string(1, '\0');
  std::string note;  // content of the Tenon note; empty: none
  unsigned stack_flags = PF_R | PF_W;
  bool stack = true;

  std::uint64_t text(const std::string& name) {
    strings += name + '\0';
    return strings.size() - name.size() - 1;
  }
  void add(std::int64_t tag, std::uint64_t value) {
    ElfW(Dyn) entry{};
    entry.d_tag = static_cast<decltype(entry.d_tag)>(tag);
    entry.d_un.d_val = static_cast<decltype(entry.d_un.d_val)>(value);
    dynamic.push_back(entry);
  }

  std::string build() {
    std::string notes;
    if (!note.empty()) {
      const std::uint32_t words[3] = {6, static_cast<std::uint32_t>(note.size()), 1};
      notes.append(reinterpret_cast<const char*>(words), sizeof words);
      notes += std::string("Tenon\0\0\0", 8) + note;
      notes.resize((notes.size() + 3) / 4 * 4);
    }
    const std::size_t count = 4;
    const std::size_t note_at = sizeof(ElfW(Ehdr)) + count * sizeof(ElfW(Phdr));
    const std::size_t strings_at = note_at + notes.size();
    const std::size_t dynamic_at = (strings_at + strings.size() + 7) / 8 * 8;
    std::vector<ElfW(Dyn)> entries = dynamic;
    entries.push_back({});
    entries.back().d_tag = DT_STRTAB;
    entries.back().d_un.d_val = strings_at;
    entries.push_back({});
    entries.back().d_tag = DT_STRSZ;
    entries.back().d_un.d_val = strings.size();
    entries.push_back({});
    const std::size_t end = dynamic_at + entries.size() * sizeof(ElfW(Dyn));

    ElfW(Ehdr) header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
    header.e_ident[EI_DATA] = std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_DYN;
#if defined(__x86_64__)
    header.e_machine = EM_X86_64;
#elif defined(__aarch64__)
    header.e_machine = EM_AARCH64;
#endif
    header.e_phoff = sizeof header;
    header.e_phentsize = sizeof(ElfW(Phdr));
    header.e_phnum = count;
    ElfW(Phdr) rows[count] = {};
    const auto fill = [](ElfW(Phdr) & row, unsigned type, std::size_t offset, std::size_t size) {
      row.p_type = type;
      row.p_offset = row.p_vaddr = offset;
      row.p_filesz = row.p_memsz = size;
      row.p_align = 4;
    };
    fill(rows[0], PT_LOAD, 0, end);
    fill(rows[1], PT_DYNAMIC, dynamic_at, end - dynamic_at);
    fill(rows[2], PT_NOTE, note_at, notes.size());
    fill(rows[3], stack ? PT_GNU_STACK : PT_NULL, 0, 0);
    rows[3].p_flags = stack_flags;
    std::string image(reinterpret_cast<const char*>(&header), sizeof header);
    image.append(reinterpret_cast<const char*>(rows), sizeof rows);
    image += notes + strings;
    image.resize(dynamic_at);
    image.append(reinterpret_cast<const char*>(entries.data()), entries.size() * sizeof(ElfW(Dyn)));
    return image;
  }
};

std::string note_content(const std::string& name, const std::string& version) {
  const std::uint32_t words[8] = {1, 1, 1, 0, 3, static_cast<std::uint32_t>(name.size()), static_cast<std::uint32_t>(version.size()), 0};
  std::string content(reinterpret_cast<const char*>(words), sizeof words);
  for (int i = 0; i < 32; ++i) content += static_cast<char>(i);
  return content + name + version;
}

TEST(Elf, TheCLibraryIsRead) {
  std::string path;
  for (const char* candidate :
       {"/lib/x86_64-linux-gnu/libm.so.6", "/lib/aarch64-linux-gnu/libm.so.6", "/lib64/libm.so.6", "/usr/lib/libm.so.6"})
    if (path.empty() && std::ifstream(candidate).good()) path = candidate;
  ASSERT_FALSE(path.empty());
  const Result<ElfFacts> facts = read(file_content(path));
  ASSERT_TRUE(facts.ok()) << to_string(facts.error());
  EXPECT_EQ(facts->machine, host_machine());
  EXPECT_THAT(facts->needed, ::testing::Contains("libc.so.6"));
  EXPECT_FALSE(facts->executable_stack);
  EXPECT_FALSE(facts->note.has_value());
  EXPECT_TRUE(check_elf(*facts, path).ok());
}

TEST(Elf, ExportsOfTheCLibrary) {
  for (const char* path :
       {"/lib/x86_64-linux-gnu/libm.so.6", "/lib/aarch64-linux-gnu/libm.so.6", "/lib64/libm.so.6", "/usr/lib/libm.so.6"}) {
    if (!std::ifstream(path).good()) continue;
    const std::string content = file_content(path);
    const Result<std::vector<std::string>> names = read_exports(MemoryElf(std::as_bytes(std::span(content))), path);
    ASSERT_TRUE(names.ok()) << to_string(names.error());
    EXPECT_THAT(*names, ::testing::Contains("cosf"));
    EXPECT_THAT(*names, ::testing::Not(::testing::Contains("malloc")));  // used there, not defined
    return;
  }
  FAIL() << "no libm.so.6 was found";
}

TEST(Elf, ProgramsAreNoLibraries) {
  const Result<ElfFacts> facts = read(file_content("/proc/self/exe"));
  ASSERT_FALSE(facts.ok());
  EXPECT_EQ(facts.error().code, Code::PluginRejected);
  EXPECT_THAT(facts.error().message, HasSubstr("not a shared library"));
}

TEST(Elf, NeededRunPathsAndNote) {
  SmallElf elf;
  elf.add(DT_NEEDED, elf.text("libm.so.6"));
  elf.add(DT_NEEDED, elf.text("libgomp.so.1"));
  elf.add(DT_RUNPATH, elf.text("$ORIGIN:${ORIGIN}"));
  elf.note = note_content("org.example.norm", "1.2");
  const Result<ElfFacts> facts = read(elf.build());
  ASSERT_TRUE(facts.ok()) << to_string(facts.error());
  EXPECT_THAT(facts->needed, ElementsAre("libm.so.6", "libgomp.so.1"));
  EXPECT_THAT(facts->run_paths, ElementsAre("$ORIGIN", "${ORIGIN}"));
  ASSERT_TRUE(facts->note.has_value());
  EXPECT_EQ(facts->note->name, "org.example.norm");
  EXPECT_EQ(facts->note->version, "1.2");
  EXPECT_EQ(facts->note->kind, "operators");
  EXPECT_EQ(facts->note->api_major, 1u);
  EXPECT_EQ(facts->note->api_built_minor, 3u);
  EXPECT_EQ(facts->note->body_digest[31], 31);
  EXPECT_TRUE(check_elf(*facts, "x.so").ok());
}

Error refused(SmallElf elf) {
  const std::string image = elf.build();
  const Result<ElfFacts> facts = read(image);
  if (!facts.ok()) return facts.error();
  Status status = check_elf(*facts, "x.so");
  if (status.ok()) {
    ADD_FAILURE() << "accepted";
    return fail(Code::Ok, "");
  }
  return status.take_error();
}

TEST(Elf, WhatWouldHarmTheProcess) {
  SmallElf stack;
  stack.stack_flags |= PF_X;
  EXPECT_THAT(refused(stack).message, HasSubstr("executable stack"));
  SmallElf no_stack;
  no_stack.stack = false;  // then the loader assumes an executable one
  EXPECT_THAT(refused(no_stack).message, HasSubstr("executable stack"));
  SmallElf textrel;
  textrel.add(DT_TEXTREL, 0);
  EXPECT_THAT(refused(textrel).message, HasSubstr("text relocations"));
  SmallElf flags;
  flags.add(DT_FLAGS, DF_TEXTREL);
  EXPECT_THAT(refused(flags).message, HasSubstr("text relocations"));
  for (const char* path : {"/opt/lib", "$ORIGIN/../lib", "lib", "", "$ORIGIN:/tmp"}) {
    SmallElf rpath;
    rpath.add(DT_RPATH, rpath.text(path));
    EXPECT_THAT(refused(rpath).message, HasSubstr("searches its dependencies")) << path;
  }
  SmallElf needs_path;
  needs_path.add(DT_NEEDED, needs_path.text("/tmp/evil.so"));
  EXPECT_THAT(refused(needs_path).message, HasSubstr("a path"));
  SmallElf filter;
  filter.add(DT_FILTER, filter.text("libother.so"));
  EXPECT_THAT(refused(filter).message, HasSubstr("filter"));
}

TEST(Elf, MalformedNotes) {
  SmallElf elf;
  elf.note = note_content("n", "1").substr(0, 50);
  EXPECT_THAT(refused(elf).message, HasSubstr("too short"));
  elf.note = note_content("n", "1") + "more";
  EXPECT_THAT(refused(elf).message, HasSubstr("malformed"));
  elf.note = note_content("n", "1");
  elf.note[0] = 9;
  EXPECT_EQ(refused(elf).code, Code::Incompatible);
  elf.note = note_content("n", "1");
  elf.note[4] = 7;  // no such kind
  EXPECT_THAT(refused(elf).message, HasSubstr("malformed"));
}

TEST(Elf, EveryTruncationIsRefused) {
  SmallElf elf;
  elf.add(DT_NEEDED, elf.text("libm.so.6"));
  elf.note = note_content("org.example.norm", "1.2");
  const std::string image = elf.build();
  ASSERT_TRUE(read(image).ok());
  for (std::size_t length = 0; length < image.size(); ++length) EXPECT_FALSE(read(image.substr(0, length)).ok()) << length;
}

TEST(Elf, EveryByteChangedIsAnAnswer) {
  SmallElf elf;
  elf.add(DT_NEEDED, elf.text("libm.so.6"));
  elf.note = note_content("org.example.norm", "1.2");
  const std::string image = elf.build();
  for (std::size_t i = 0; i < image.size(); ++i)
    for (const char byte : {'\x00', '\x7f', '\xff'}) {
      std::string changed = image;
      changed[i] = byte;
      if (const Result<ElfFacts> facts = read(changed); !facts.ok()) {
        EXPECT_FALSE(facts.error().message.empty());
      }
    }
}

TEST(Elf, OtherFiles) {
  EXPECT_FALSE(read("").ok());
  EXPECT_THAT(read(std::string(200, 'x')).error().message, HasSubstr("not an ELF file"));
  SmallElf elf;
  std::string image = elf.build();
  image[18] = EM_S390;
  EXPECT_EQ(read(image).error().code, Code::Incompatible);
  image = elf.build();
  image[EI_CLASS] = sizeof(void*) == 8 ? ELFCLASS32 : ELFCLASS64;
  EXPECT_EQ(read(image).error().code, Code::Incompatible);
  image = elf.build();
  image[16] = ET_REL;
  EXPECT_EQ(read(image).error().code, Code::PluginRejected);
}

TEST(Dynamic, ThisProgramIsKnown) {
  const OwnFile own = own_file();
  EXPECT_TRUE(own.is_program);  // linked statically into this test
  EXPECT_THAT(loaded_file_names(), ::testing::Contains("libc.so.6"));
  EXPECT_FALSE(map_library("/nonexistent/x.so", 0, 0).ok());
}

TEST(Dynamic, RuntimesAreClaimedOnce) {
  EXPECT_TRUE(claim_runtime("test-runtime", "/a.so").ok());
  EXPECT_TRUE(claim_runtime("test-runtime", "/a.so").ok());
  const Status second = claim_runtime("test-runtime", "/b.so");
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, Code::Incompatible);
  EXPECT_THAT(second.error().message, HasSubstr("/a.so"));
}

}  // namespace
}  // namespace tenon
