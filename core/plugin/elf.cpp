#include "core/plugin/elf.h"

#include <elf.h>
#include <link.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

#include "core/plugin/manifest.h"

namespace tenon {
namespace {

using Ehdr = ElfW(Ehdr);
using Phdr = ElfW(Phdr);
using Shdr = ElfW(Shdr);
using Dyn = ElfW(Dyn);
using Sym = ElfW(Sym);

constexpr std::uint64_t kMaxHeaders = 4096;
constexpr std::uint64_t kMaxDynamic = 1u << 16;  // bytes
constexpr std::uint64_t kMaxNotes = 64u << 10;
constexpr std::uint64_t kMaxSymbols = 1u << 16;

constexpr unsigned char kHostClass = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
constexpr unsigned char kHostOrder = std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;

std::string machine_name(unsigned machine, bool wide, bool little) {
  switch (machine) {
    case EM_X86_64:
      return wide ? "x86_64" : "x32";
    case EM_386:
      return "i386";
    case EM_AARCH64:
      return "aarch64";
    case EM_ARM:
      return "arm";
    case EM_RISCV:
      return wide ? "riscv64" : "riscv32";
    case EM_S390:
      return wide ? "s390x" : "s390";
    case EM_PPC64:
      return little ? "ppc64le" : "ppc64";
    case 258:  // EM_LOONGARCH, newer than some elf.h
      return "loongarch64";
    default:
      return cat("machine ", machine);
  }
}

class Parser {
 public:
  Parser(const ElfSource& source, const std::string& file) : source_(source), file_(file) {}

  Result<ElfFacts> parse() {
    TENON_TRY(read_header());
    TENON_TRY(read_program_headers());
    TENON_TRY(check_sections());
    TENON_TRY(read_dynamic());
    for (const Phdr& header : headers_)
      if (header.p_type == PT_NOTE) TENON_TRY(read_notes(header));
    return std::move(facts_);
  }

  Result<std::vector<std::string>> exports() {
    TENON_TRY(read_header());
    TENON_TRY(read_program_headers());
    TENON_TRY(check_sections());
    std::vector<std::string> names;
    for (unsigned i = 0; header_.e_shoff != 0 && i < header_.e_shnum; ++i) {
      Shdr table, strings;
      TENON_TRY(read_object(section_offset(i), table, "a section header"));
      if (table.sh_type != SHT_DYNSYM) continue;
      if (table.sh_entsize != sizeof(Sym) || table.sh_size > kMaxSymbols * sizeof(Sym) || table.sh_link >= header_.e_shnum)
        return reject("the table of dynamic symbols is unusable");
      TENON_TRY(read_object(section_offset(table.sh_link), strings, "a section header"));
      if (strings.sh_type != SHT_STRTAB) return reject("the dynamic symbols have no string table");
      std::vector<Sym> symbols(table.sh_size / sizeof(Sym));
      if (!source_.read(table.sh_offset, std::as_writable_bytes(std::span(symbols)))) return reject("cannot read the dynamic symbols");
      for (const Sym& symbol : symbols) {
        const unsigned binding = symbol.st_info >> 4;
        if (symbol.st_shndx == SHN_UNDEF || binding == STB_LOCAL || symbol.st_name == 0) continue;
        TENON_TRY(read_string(strings.sh_offset, strings.sh_size, symbol.st_name, names.emplace_back()));
      }
    }
    std::sort(names.begin(), names.end());
    return names;
  }

 private:
  Error reject(std::string message) const {
    return fail(Code::PluginRejected, std::move(message)).file(file_).advise("install the library again: the file is damaged or no plugin");
  }
  Error truncated(std::string_view what, std::uint64_t end) const {
    return reject(cat("the file is truncated: ", what, " ends at byte ", end, ", the file has ", source_.size()));
  }

  std::uint64_t section_offset(unsigned index) const { return header_.e_shoff + std::uint64_t{index} * sizeof(Shdr); }

  // Within the file, without overflow.
  bool fits(std::uint64_t offset, std::uint64_t length) const { return offset <= source_.size() && length <= source_.size() - offset; }

  template <class T>
  Status read_object(std::uint64_t offset, T& out, std::string_view what) const {
    if (!fits(offset, sizeof out)) return truncated(what, offset + sizeof out);
    if (!source_.read(offset, std::as_writable_bytes(std::span(&out, 1)))) return reject(cat("cannot read ", what));
    return {};
  }

  Status read_header() {
    unsigned char ident[20];  // e_ident, e_type, e_machine: the same place in every class
    TENON_TRY(read_object(0, ident, "the ELF header"));
    if (std::memcmp(ident, ELFMAG, SELFMAG) != 0) return reject("not an ELF file");
    const bool little = ident[EI_DATA] == ELFDATA2LSB;
    const unsigned machine = little ? ident[18] | ident[19] << 8 : ident[19] | ident[18] << 8;
    facts_.machine = machine_name(machine, ident[EI_CLASS] == ELFCLASS64, little);
    if (facts_.machine != host_machine() || ident[EI_CLASS] != kHostClass || ident[EI_DATA] != kHostOrder)
      return fail(Code::Incompatible, "the library is for ", facts_.machine, ", this process is ", host_machine())
          .file(file_)
          .advise(cat("install the plugin built for ", host_machine()));
    TENON_TRY(read_object(0, header_, "the ELF header"));
    if (header_.e_ident[EI_VERSION] != EV_CURRENT || header_.e_type != ET_DYN)
      return reject(cat("not a shared library (ELF type ", header_.e_type, ")"));
    return {};
  }

  Status read_program_headers() {
    if (header_.e_phnum == 0 || header_.e_phnum > kMaxHeaders || header_.e_phentsize != sizeof(Phdr))
      return reject("no usable program headers");
    const std::uint64_t length = std::uint64_t{header_.e_phnum} * sizeof(Phdr);
    if (!fits(header_.e_phoff, length)) return truncated("the program header table", header_.e_phoff + length);
    headers_.resize(header_.e_phnum);
    if (!source_.read(header_.e_phoff, std::as_writable_bytes(std::span(headers_)))) return reject("cannot read the program headers");
    bool stack = false, load = false;
    for (std::size_t i = 0; i < headers_.size(); ++i) {
      const Phdr& header = headers_[i];
      if (header.p_type != PT_GNU_STACK && !fits(header.p_offset, header.p_filesz))
        return truncated(cat("program header ", i), header.p_offset + header.p_filesz);
      if (header.p_type == PT_LOAD) {
        load = true;
        if (header.p_memsz < header.p_filesz || header.p_vaddr + header.p_memsz < header.p_vaddr)
          return reject(cat("program header ", i, " has impossible sizes"));
      }
      if (header.p_type == PT_INTERP) return reject("the file is a program, not a shared library");
      if (header.p_type == PT_GNU_STACK) {
        stack = true;
        facts_.executable_stack = (header.p_flags & PF_X) != 0;
      }
    }
    if (!load) return reject("the library has no content to load");
    if (!stack) facts_.executable_stack = true;  // what the loader assumes without the header
    return {};
  }

  // Sections are not needed to load; they stand at the end of a file, so a half-copied one shows here.
  Status check_sections() const {
    if (header_.e_shoff == 0) return {};
    if (header_.e_shnum > kMaxHeaders || header_.e_shentsize != sizeof(Shdr)) return reject("unusable section headers");
    const std::uint64_t length = std::uint64_t{header_.e_shnum} * sizeof(Shdr);
    if (!fits(header_.e_shoff, length)) return truncated("the section header table", header_.e_shoff + length);
    for (unsigned i = 0; i < header_.e_shnum; ++i) {
      Shdr section;
      TENON_TRY(read_object(section_offset(i), section, "a section header"));
      if (section.sh_type != SHT_NOBITS && section.sh_type != SHT_NULL && !fits(section.sh_offset, section.sh_size))
        return truncated(cat("section ", i), section.sh_offset + section.sh_size);
    }
    return {};
  }

  // The file offset of an address, with `length` bytes behind it in one segment.
  std::optional<std::uint64_t> offset_of(std::uint64_t address, std::uint64_t length) const {
    for (const Phdr& header : headers_)
      if (header.p_type == PT_LOAD && address >= header.p_vaddr && address - header.p_vaddr <= header.p_filesz &&
          length <= header.p_filesz - (address - header.p_vaddr))
        return header.p_offset + (address - header.p_vaddr);
    return std::nullopt;
  }

  Status read_dynamic() {
    const auto found = std::find_if(headers_.begin(), headers_.end(), [](const Phdr& header) { return header.p_type == PT_DYNAMIC; });
    if (found == headers_.end()) return reject("the library has no dynamic section");
    if (found->p_filesz > kMaxDynamic) return reject("the dynamic section is too large");
    std::vector<Dyn> entries(found->p_filesz / sizeof(Dyn));
    if (!source_.read(found->p_offset, std::as_writable_bytes(std::span(entries)))) return reject("cannot read the dynamic section");
    const auto end = std::find_if(entries.begin(), entries.end(), [](const Dyn& entry) { return entry.d_tag == DT_NULL; });
    if (end == entries.end()) return reject("the dynamic section has no end");
    entries.erase(end, entries.end());
    std::uint64_t strings = 0, strings_size = 0;
    for (const Dyn& entry : entries) {
      if (entry.d_tag == DT_STRTAB) strings = entry.d_un.d_ptr;
      if (entry.d_tag == DT_STRSZ) strings_size = entry.d_un.d_val;
      if (entry.d_tag == DT_TEXTREL || (entry.d_tag == DT_FLAGS && (entry.d_un.d_val & DF_TEXTREL) != 0)) facts_.text_relocations = true;
      if (entry.d_tag == DT_FILTER || entry.d_tag == DT_AUXILIARY) facts_.filters = true;
    }
    const std::optional<std::uint64_t> base = offset_of(strings, strings_size);
    if (!base || strings_size == 0) return reject("the dynamic string table is outside the file");
    for (const Dyn& entry : entries) {
      if (entry.d_tag != DT_NEEDED && entry.d_tag != DT_RPATH && entry.d_tag != DT_RUNPATH) continue;
      std::string text;
      TENON_TRY(read_string(*base, strings_size, entry.d_un.d_val, text));
      if (entry.d_tag == DT_NEEDED)
        facts_.needed.push_back(std::move(text));
      else
        for (std::string& part : split(text, ':')) facts_.run_paths.push_back(std::move(part));
    }
    return {};
  }

  Status read_string(std::uint64_t base, std::uint64_t table_size, std::uint64_t at, std::string& out) const {
    char buffer[4096];
    if (at >= table_size) return reject("a name is outside the dynamic string table");
    const std::uint64_t length = std::min<std::uint64_t>(sizeof buffer, table_size - at);
    if (!source_.read(base + at, std::as_writable_bytes(std::span(buffer, length)))) return reject("cannot read the dynamic strings");
    const void* end = std::memchr(buffer, 0, length);
    if (end == nullptr) return reject("a name in the dynamic string table has no end");
    out.assign(buffer, static_cast<std::size_t>(static_cast<const char*>(end) - buffer));
    return {};
  }

  Status read_notes(const Phdr& header) {
    if (header.p_filesz > kMaxNotes) return {};  // not ours: a note of ours is some hundred bytes
    std::vector<std::byte> bytes(header.p_filesz);
    if (!source_.read(header.p_offset, bytes)) return reject("cannot read the notes");
    const std::size_t align = header.p_align == 8 ? 8 : 4;
    const auto padded = [&](std::uint64_t length) { return (length + align - 1) / align * align; };
    std::uint64_t at = 0;
    while (at + 12 <= bytes.size()) {
      std::uint32_t words[3];  // name's length, content's length, type
      std::memcpy(words, bytes.data() + at, sizeof words);
      const std::uint64_t name = at + 12;
      const std::uint64_t content = at + padded(12 + std::uint64_t{words[0]});
      const std::uint64_t end = content + words[1];
      if (content < name || end > bytes.size()) return reject("a note ends outside its segment");
      if (words[0] == 6 && std::memcmp(bytes.data() + name, "Tenon", 6) == 0 && words[2] == 1)
        TENON_TRY(read_note(std::span(bytes).subspan(content, words[1])));
      at = content + padded(words[1]);
    }
    return {};
  }

  Status read_note(std::span<const std::byte> content) {
    std::uint32_t words[8];
    if (facts_.note) return reject("the library has two Tenon notes");
    if (content.size() < sizeof words + 32) return reject("the Tenon note is too short");
    std::memcpy(words, content.data(), sizeof words);
    if (words[0] != 1)
      return fail(Code::Incompatible, "the Tenon note has layout ", words[0], ", this library reads 1")
          .file(file_)
          .advise("upgrade libtenon");
    if (words[5] > 64 || words[6] > 64 || content.size() != sizeof words + 32 + words[5] + words[6] || (words[1] != 1 && words[1] != 2))
      return reject("the Tenon note is malformed");
    ElfNote note;
    note.kind = words[1] == 1 ? "operators" : "importer";
    note.api_major = words[2];
    note.api_min_minor = words[3];
    note.api_built_minor = words[4];
    std::memcpy(note.body_digest.data(), content.data() + sizeof words, 32);
    const char* text = reinterpret_cast<const char*>(content.data()) + sizeof words + 32;
    note.name.assign(text, words[5]);
    note.version.assign(text + words[5], words[6]);
    facts_.note = std::move(note);
    return {};
  }

  const ElfSource& source_;
  const std::string& file_;
  Ehdr header_{};
  std::vector<Phdr> headers_;
  ElfFacts facts_;
};

}  // namespace

bool MemoryElf::read(std::uint64_t offset, std::span<std::byte> out) const {
  if (offset > bytes_.size() || out.size() > bytes_.size() - offset) return false;
  if (!out.empty()) std::memcpy(out.data(), bytes_.data() + offset, out.size());
  return true;
}

bool FileElf::read(std::uint64_t offset, std::span<std::byte> out) const {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t got = ::pread(descriptor_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    done += static_cast<std::size_t>(got);
  }
  return true;
}

std::string_view host_machine() {
#if defined(__x86_64__) && defined(__ILP32__)
  return "x32";
#elif defined(__x86_64__)
  return "x86_64";
#elif defined(__i386__)
  return "i386";
#elif defined(__aarch64__)
  return "aarch64";
#elif defined(__arm__)
  return "arm";
#elif defined(__riscv) && __riscv_xlen == 64
  return "riscv64";
#elif defined(__s390x__)
  return "s390x";
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
  return "ppc64le";
#elif defined(__loongarch64)
  return "loongarch64";
#else
#error "name this architecture as manifests do"
#endif
}

Result<ElfFacts> read_elf(const ElfSource& source, const std::string& file) { return Parser(source, file).parse(); }

Result<std::vector<std::string>> read_exports(const ElfSource& source, const std::string& file) { return Parser(source, file).exports(); }

Status check_elf(const ElfFacts& facts, const std::string& file, std::vector<Error>* problems) {
  const auto reject = [&](std::string message, std::string advice) {
    return keep(fail(Code::PluginRejected, std::move(message)).file(file).advise(std::move(advice)), problems);
  };
  if (facts.executable_stack)
    TENON_TRY(reject("the library asks for an executable stack, for the whole process",
                     "link it with -Wl,-z,noexecstack; an assembly source needs a .note.GNU-stack section"));
  if (facts.text_relocations) TENON_TRY(reject("the library has text relocations", "compile all of it with -fPIC"));
  if (facts.filters) TENON_TRY(reject("the library is a filter for another one", "link without -f and -F"));
  for (const std::string& path : facts.run_paths)
    if (path != "$ORIGIN" && path != "${ORIGIN}" && path != "$ORIGIN/" && path != "${ORIGIN}/")
      TENON_TRY(reject(cat("the library searches its dependencies in \"", path, "\""), "link it with a run path of $ORIGIN, or with none"));
  for (const std::string& name : facts.needed)
    if (name.empty() || name.find('/') != std::string::npos)
      TENON_TRY(reject(cat("the library needs \"", name, "\", a path"), "link it against libraries that have a soname"));
  return {};
}

}  // namespace tenon
