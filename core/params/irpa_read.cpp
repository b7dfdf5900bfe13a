// The checks are those of IREE's own parser (runtime/src/iree/io/formats/irpa/irpa_parser.c), done without overflow, and some more.
#include <algorithm>
#include <cstring>

#include "core/params/archive.h"
#include "core/params/bytes.h"
#include "core/params/irpa_format.h"

namespace tenon {

namespace {

using namespace irpa;

struct Range {
  std::uint64_t offset = 0, length = 0;
};

Range load_range(std::span<const std::byte> bytes, std::size_t at) {
  return {load_le<std::uint64_t>(bytes, at), load_le<std::uint64_t>(bytes, at + 8)};
}

// A segment of the file; an empty one may be anywhere.
Result<std::span<const std::byte>> segment(std::span<const std::byte> file, std::size_t at, std::string_view what) {
  const Range range = load_range(file, at);
  if (range.length == 0) return std::span<const std::byte>();
  if (!in_range(range.offset, range.length, file.size()))
    return fail(Code::DataLoss, "the ", what, " segment (", range.length, " bytes at ", range.offset,
                ") lies outside of the file, which has ", file.size(), " bytes");
  if (range.offset < kHeaderBytes) return fail(Code::InvalidArgument, "the ", what, " segment overlaps the header");
  return file.subspan(static_cast<std::size_t>(range.offset), static_cast<std::size_t>(range.length));
}

bool overlap(std::span<const std::byte> a, std::span<const std::byte> b) {
  return !a.empty() && !b.empty() && a.data() < b.data() + b.size() && b.data() < a.data() + a.size();
}

struct Splat {
  std::size_t entry;  // index in Archive::entries
  std::uint64_t length;
  std::span<const std::byte> pattern;
};

struct Archive {
  std::span<const std::byte> metadata, storage;
  std::vector<ParamEntry> entries;
  std::vector<Splat> splats;

  Result<std::string> name(Range range) const {
    if (range.length == 0) return std::string();
    if (!in_range(range.offset, range.length, metadata.size()))
      return fail(Code::InvalidArgument, "an entry's name lies outside of the metadata segment");
    const std::string_view all(reinterpret_cast<const char*>(metadata.data()), metadata.size());
    std::string text(all.substr(static_cast<std::size_t>(range.offset), static_cast<std::size_t>(range.length)));
    if (!is_valid_utf8(text) || text.find('\0') != std::string::npos)
      return fail(Code::InvalidArgument, "an entry's name is not UTF-8, or has a zero byte in it");
    return text;
  }

  Status add_data(std::span<const std::byte> entry, std::string name) {
    if (entry.size() < kDataEntryBytes) return fail(Code::InvalidArgument, "entry \"", name, "\" is too short for a data entry");
    const Range range = load_range(entry, 60);
    if (range.length > 0 && !in_range(range.offset, range.length, storage.size()))
      return fail(Code::DataLoss, "entry \"", name, "\" (", range.length, " bytes at ", range.offset,
                  ") lies outside of the storage segment, which has ", storage.size(), " bytes");
    ParamEntry param;
    param.name = std::move(name);
    if (range.length > 0) param.bytes = storage.subspan(static_cast<std::size_t>(range.offset), static_cast<std::size_t>(range.length));
    entries.push_back(std::move(param));
    return {};
  }

  Status add_splat(std::span<const std::byte> entry, std::string name) {
    if (entry.size() < kSplatEntryBytes) return fail(Code::InvalidArgument, "entry \"", name, "\" is too short for a splat entry");
    const auto length = load_le<std::uint64_t>(entry, 60);
    const auto pattern = static_cast<std::size_t>(entry[84]);
    if (pattern == 0 || pattern > 16 || !std::has_single_bit(pattern))
      return fail(Code::InvalidArgument, "entry \"", name, "\" repeats a pattern of ", pattern, " bytes; 1, 2, 4, 8 and 16 are possible");
    if (length % pattern != 0)
      return fail(Code::InvalidArgument, "entry \"", name, "\" has ", length, " bytes, no multiple of its pattern's ", pattern);
    splats.push_back({entries.size(), length, entry.subspan(68, pattern)});
    ParamEntry param;
    param.name = std::move(name);
    entries.push_back(std::move(param));
    return {};
  }

  // Entries of variable size, one after the other. entry_count may claim anything: each entry takes bytes, and these run out.
  Status read_entries(std::span<const std::byte> table, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto out_of_table = [&] { return fail(Code::InvalidArgument, "entry ", i, " of ", count, " runs out of the entry segment"); };
      if (table.size() < kEntryHeaderBytes) return out_of_table();
      const auto size = load_le<std::uint64_t>(table, 0);
      if (size < kEntryHeaderBytes || size > table.size()) return out_of_table();
      const std::span<const std::byte> entry = table.first(static_cast<std::size_t>(size));
      table = table.subspan(static_cast<std::size_t>(std::min<std::uint64_t>(align_up(size, kEntryAlignment), table.size())));
      TENON_ASSIGN(std::string key, name(load_range(entry, 20)));
      if (const Range blob = load_range(entry, 36); blob.length > 0 && !in_range(blob.offset, blob.length, metadata.size()))
        return fail(Code::InvalidArgument, "entry \"", key, "\": its metadata lies outside of the metadata segment");
      switch (const auto type = load_le<std::uint32_t>(entry, 8); type) {
        case kSkip:
          break;
        case kSplat:
          TENON_TRY(add_splat(entry, std::move(key)));
          break;
        case kData:
          TENON_TRY(add_data(entry, std::move(key)));
          break;
        default:
          return fail(Code::Unimplemented, "entry \"", key, "\" has type ", type, type == kExternal ? " (external)" : "",
                      "; only data and splat entries are read");
      }
    }
    return {};
  }

  // Two names for the same bytes are tied weights; ranges that overlap in part are an error of whoever wrote them.
  Status check_overlaps() const {
    std::vector<const ParamEntry*> order;
    for (const ParamEntry& entry : entries)
      if (!entry.bytes.empty()) order.push_back(&entry);
    std::sort(order.begin(), order.end(), [](const ParamEntry* a, const ParamEntry* b) {
      return a->bytes.data() != b->bytes.data() ? a->bytes.data() < b->bytes.data() : a->bytes.size() < b->bytes.size();
    });
    for (std::size_t i = 1; i < order.size(); ++i) {
      const std::span<const std::byte> a = order[i - 1]->bytes, b = order[i]->bytes;
      const bool same = a.data() == b.data() && a.size() == b.size();
      if (!same && overlap(a, b))
        return fail(Code::InvalidArgument, "entries \"", order[i - 1]->name, "\" and \"", order[i]->name, "\" overlap in part");
    }
    return {};
  }

  // The repeated patterns, all in one buffer.
  Result<std::shared_ptr<const std::vector<std::byte>>> expand() {
    std::uint64_t total = 0;
    for (const Splat& splat : splats) {
      if (splat.length > ParamArchive::kMaxExpandedBytes - total)
        return fail(Code::ResourceExhausted, "entry \"", entries[splat.entry].name, "\" repeats a pattern over ", splat.length,
                    " bytes; all such entries of a file may have ", ParamArchive::kMaxExpandedBytes, " bytes together")
            .advise("write the tensor's bytes into the file");
      total += splat.length;
    }
    auto buffer = std::make_shared<std::vector<std::byte>>(static_cast<std::size_t>(total));
    std::byte* to = buffer->data();
    for (const Splat& splat : splats) {
      const auto length = static_cast<std::size_t>(splat.length);
      for (std::size_t i = 0; i < length; i += splat.pattern.size()) std::memcpy(to + i, splat.pattern.data(), splat.pattern.size());
      entries[splat.entry].bytes = {to, length};
      to += length;
    }
    return std::shared_ptr<const std::vector<std::byte>>(std::move(buffer));
  }
};

Result<Archive> parse(std::span<const std::byte> file) {
  if (file.size() >= 4 && load_le<std::uint32_t>(file, 0) != kMagic)
    return fail(Code::InvalidArgument, "no .irpa file: it does not begin with IRPA");
  if (file.size() < kHeaderBytes)
    return fail(Code::DataLoss, "no .irpa file: it has ", file.size(), " bytes, the header alone has ", kHeaderBytes);
  const auto major = load_le<std::uint16_t>(file, 4), minor = load_le<std::uint16_t>(file, 6);
  if (major != 0 || minor != 0) return fail(Code::Unimplemented, "the .irpa file has version ", major, ".", minor, ", only 0.0 is known");
  if (const auto size = load_le<std::uint64_t>(file, 8); size != kHeaderBytes)
    return fail(Code::InvalidArgument, "the .irpa header claims ", size, " bytes instead of ", kHeaderBytes);
  if (load_le<std::uint64_t>(file, 16) != 0)
    return fail(Code::Unimplemented, "the .irpa file links to a second header").advise("write one archive per file");
  Archive archive;
  TENON_ASSIGN(const std::span<const std::byte> table, segment(file, 40, "entry"));
  TENON_ASSIGN(archive.metadata, segment(file, 56, "metadata"));
  TENON_ASSIGN(archive.storage, segment(file, 72, "storage"));
  if (overlap(table, archive.metadata) || overlap(table, archive.storage) || overlap(archive.metadata, archive.storage))
    return fail(Code::InvalidArgument, "two segments of the .irpa file overlap");
  TENON_TRY(archive.read_entries(table, load_le<std::uint64_t>(file, 32)));
  TENON_TRY(archive.check_overlaps());
  return archive;
}

Error complete(Error error, const std::string& name) {
  if (error.advice.empty())
    error.advice = error.code == Code::DataLoss ? "copy or write the file again" : "write it with IREE's tools or with tenon";
  return std::move(error).file(name);
}

}  // namespace

Result<ParamArchive> ParamArchive::read_irpa(std::span<const std::byte> bytes, std::string name) {
  Result<Archive> parsed = parse(bytes);
  if (!parsed.ok()) return complete(parsed.take_error(), name);
  auto expanded = parsed->expand();
  if (!expanded.ok()) return complete(expanded.take_error(), name);
  ParamArchive archive;
  archive.path_ = std::move(name);
  archive.format_ = "irpa";
  archive.entries_ = std::move(parsed->entries);
  archive.expanded_ = *std::move(expanded);
  TENON_TRY(archive.sort_entries());
  return archive;
}

}  // namespace tenon
