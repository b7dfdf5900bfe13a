// The layout of .irpa, byte for byte: against files packed by tests/data/params/make.py, and against the numbers of IREE's own
// sample file with two parameters.
#include "core/params/bytes.h"
#include "core/params/test_support.h"

namespace tenon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string read(std::string_view file) {
  const Bytes bytes(file);
  return outcome(ParamArchive::parse_irpa(bytes, "x.irpa"));
}

template <class T>
std::string patched(std::string file, std::size_t at, T value) {
  std::memcpy(file.data() + at, &value, sizeof value);
  return file;
}
std::string patched64(std::string file, std::size_t at, std::uint64_t value) { return patched(std::move(file), at, value); }

std::uint64_t u64_at(const std::string& file, std::size_t at) { return load_le<std::uint64_t>(std::as_bytes(std::span(file)), at); }

class IrpaWrite : public TemporaryFolder {};

TEST_F(IrpaWrite, IsByteForByteTheFixture) {
  const Bytes w(packed<float>({-1, -0.5f, 0, 0.5f, 1, 1.5f})), bias(packed<std::uint16_t>({0x3F80, 0xC000, 0x4040}));
  const Bytes flag(std::string_view("\x01\x00", 2)), scalar(packed<double>({2.5}));
  const ParamSource sources[] = {{"w", {DType::F32, {2, 3}}, w},
                                 {"blk.0/bias", {DType::BF16, {3}}, bias},
                                 {"none", {DType::I64, {0, 4}}, {}},
                                 {"flag", {DType::I1, {2}}, flag},
                                 {"na\u00efve \"q\"", {DType::F64, {}}, scalar}};
  ASSERT_TRUE(irpa_write(at("x.irpa"), sources).ok());
  EXPECT_EQ(content(at("x.irpa")), content(fixture("five.irpa")));
  ASSERT_TRUE(irpa_write(at("x.irpa"), {}).ok());
  EXPECT_EQ(content(at("x.irpa")), content(fixture("empty.irpa")));
}

TEST_F(IrpaWrite, HasTheNumbersOfTwoParameters) {
  const Bytes a(packed<std::int32_t>({1, 2, 3})), b(std::string(64, 'b'));
  const ParamSource sources[] = {{"key0", {DType::I32, {3}}, a}, {"key1", {DType::UI8, {64}}, b}};
  ASSERT_TRUE(irpa_write(at("x.irpa"), sources).ok());
  const std::string file = content(at("x.irpa"));
  ASSERT_EQ(file.size(), 4096u);
  EXPECT_EQ(file.substr(0, 8), std::string("IRPA\0\0\0\0", 8));  // magic, version 0.0
  const auto numbers = [&](std::size_t from, std::size_t count) {
    std::vector<std::uint64_t> out;
    for (std::size_t i = 0; i < count; ++i) out.push_back(u64_at(file, from + 8 * i));
    return out;
  };
  // Header size, next header, flags, entry count.
  EXPECT_THAT(numbers(8, 4), ElementsAre(88, 0, 0, 2));
  // Entries at 96 with 76 + 4 of padding + 76 bytes; names directly after them; storage at the next multiple of 64.
  EXPECT_THAT(numbers(40, 6), ElementsAre(96, 156, 252, 8, 320, 128));
  EXPECT_EQ(file.substr(88, 8), std::string(8, '\0'));
  for (const std::size_t entry : {96u, 176u}) {
    const bool second = entry == 176;
    EXPECT_EQ(u64_at(file, entry), 76u);                                  // entry size
    EXPECT_EQ(file.substr(entry + 8, 4), std::string("\x02\0\0\0", 4));   // data
    EXPECT_EQ(u64_at(file, entry + 12), 0u);                              // flags
    EXPECT_THAT(numbers(entry + 20, 2), ElementsAre(second ? 4 : 0, 4));  // name
    EXPECT_THAT(numbers(entry + 36, 2), ElementsAre(0, 0));               // metadata
    EXPECT_EQ(u64_at(file, entry + 52), 64u);                             // alignment
    EXPECT_THAT(numbers(entry + 60, 2), second ? ElementsAre(64, 64) : ElementsAre(0, 12));
  }
  EXPECT_EQ(file.substr(172, 4), std::string(4, '\0'));
  EXPECT_EQ(file.substr(252, 8), "key0key1");
  EXPECT_EQ(file.substr(260, 60), std::string(60, '\0'));
  EXPECT_EQ(file.substr(320, 12), text_of(a));
  EXPECT_EQ(file.substr(332, 52), std::string(52, '\0'));
  EXPECT_EQ(file.substr(384, 64), text_of(b));
  EXPECT_EQ(file.substr(448), std::string(4096 - 448, '\0'));
}

TEST_F(IrpaWrite, AFileOfExactlyWholePagesIsNotPadded) {
  const Bytes bytes(std::string(4096 - 192, 'x'));  // storage begins at 192
  const ParamSource source{"k", {DType::UI8, {4096 - 192}}, bytes};
  ASSERT_TRUE(irpa_write(at("x.irpa"), {&source, 1}).ok());
  EXPECT_EQ(content(at("x.irpa")).size(), 4096u);
  const Bytes more(std::string(4096 - 191, 'x'));
  const ParamSource larger{"k", {DType::UI8, {4096 - 191}}, more};
  ASSERT_TRUE(irpa_write(at("x.irpa"), {&larger, 1}).ok());
  EXPECT_EQ(content(at("x.irpa")).size(), 8192u);
}

TEST_F(IrpaWrite, EveryDTypeIsBytes) {
  for (const DTypeInfo& row : all_dtypes()) {
    const Bytes bytes(std::string(5 * row.storage, '\xFF'));
    const ParamSource source{"t", {row.dtype, {5}}, bytes};
    ASSERT_TRUE(irpa_write(at("x.irpa"), {&source, 1}).ok());
    const Result<ParamArchive> archive = ParamArchive::open(at("x.irpa"));
    ASSERT_TRUE(archive.ok()) << outcome(archive);
    EXPECT_EQ(text_of(archive->find("t")->bytes), text_of(bytes));
  }
}

TEST_F(IrpaWrite, WhatCannotBeWrittenLeavesTheOldFile) {
  std::ofstream(at("x.irpa")) << "old";
  const Bytes four("1234");
  const ParamSource twice[] = {{"a", {DType::F32, {1}}, four}, {"a", {DType::F32, {1}}, four}};
  EXPECT_THAT(outcome(irpa_write(at("x.irpa"), twice)), HasSubstr("two tensors have the name \"a\""));
  const ParamSource shorter{"a", {DType::F64, {1}}, four};
  EXPECT_THAT(outcome(irpa_write(at("x.irpa"), {&shorter, 1})), HasSubstr("f64[1] takes 8 bytes, got 4"));
  EXPECT_EQ(content(at("x.irpa")), "old");
}

TEST(IrpaRead, FiveEntriesSortedByNameWithoutTypes) {
  const Result<ParamArchive> archive = ParamArchive::open(fixture("five.irpa"));
  ASSERT_TRUE(archive.ok()) << outcome(archive);
  EXPECT_EQ(archive->format(), "irpa");
  std::vector<std::string> names;
  for (const ParamEntry& entry : archive->entries()) {
    names.push_back(entry.name);
    EXPECT_EQ(entry.type, std::nullopt);
    EXPECT_EQ(entry.dtype_text, "");
  }
  EXPECT_THAT(names, ElementsAre("blk.0/bias", "flag", "na\u00efve \"q\"", "none", "w"));
  EXPECT_EQ(text_of(archive->find("w")->bytes), packed<float>({-1, -0.5f, 0, 0.5f, 1, 1.5f}));
  EXPECT_EQ(text_of(archive->find("na\u00efve \"q\"")->bytes), packed<double>({2.5}));
  EXPECT_EQ(archive->find("none")->bytes.size(), 0u);
  EXPECT_EQ(archive->find("x"), nullptr);
  const Result<ParamArchive> empty = ParamArchive::open(fixture("empty.irpa"));
  ASSERT_TRUE(empty.ok()) << outcome(empty);
  EXPECT_THAT(empty->entries(), IsEmpty());
}

TEST(IrpaRead, PatternsAreExpandedAndLiveAsLongAsACopy) {
  std::optional<ParamArchive> copy;
  {
    Result<ParamArchive> archive = ParamArchive::open(fixture("splat.irpa"));
    ASSERT_TRUE(archive.ok()) << outcome(archive);
    copy = *archive;
  }
  EXPECT_EQ(text_of(copy->find("s")->bytes), packed<float>({1.5f, 1.5f, 1.5f}));
  EXPECT_EQ(text_of(copy->find("b")->bytes), packed<std::int64_t>({1, 2, 3}));
  EXPECT_EQ(text_of(copy->find("bytes")->bytes), "\x07\x07\x07\x07\x07");
  EXPECT_EQ(copy->find("nothing")->bytes.size(), 0u);
}

// In splat.irpa: entries at 96 (splat, 85), 192 (data, 76), 272 (splat, 85), 368 (splat, 85).
TEST(IrpaRead, PatternsOfAWrongOrAbsurdSizeAreRefused) {
  const std::string good = content(fixture("splat.irpa"));
  EXPECT_EQ(read(good), "fine");
  for (const char size : {'\0', '\3', '\21', '\x7f', '\xff'})
    EXPECT_THAT(read(patched(good, 96 + 84, size)), HasSubstr("1, 2, 4, 8 and 16 are possible"));
  EXPECT_THAT(read(patched64(good, 96 + 60, 13)), HasSubstr("entry \"s\" has 13 bytes, no multiple of its pattern's 4"));
  for (const std::uint64_t length : {(64ULL << 20) - 4, 64ULL << 20, 1ULL << 62, 0xFFFFFFFFFFFFFFFCULL}) {
    const std::string error = read(patched64(good, 96 + 60, length));
    EXPECT_THAT(error, HasSubstr("error: RESOURCE_EXHAUSTED: entry \"")) << length;
    EXPECT_THAT(error, HasSubstr("may have 67108864 bytes together")) << length;
  }
  EXPECT_EQ(read(patched64(good, 96 + 60, (64ULL << 20) - 8)), "fine");  // 5 more are another entry's
}

// In five.irpa: entries of 80 bytes from 96 on: w, blk.0/bias, none, flag, naïve "q".
TEST(IrpaRead, HeadersOfAnotherFormAreRefused) {
  const std::string good = content(fixture("five.irpa"));
  EXPECT_THAT(read(patched(good, 0, 'i')), HasSubstr("no .irpa file: it does not begin with IRPA"));
  EXPECT_THAT(read(patched<std::uint16_t>(good, 4, 1)), HasSubstr("the .irpa file has version 1.0, only 0.0 is known"));
  EXPECT_THAT(read(patched<std::uint16_t>(good, 6, 1)), HasSubstr("version 0.1"));
  for (const std::uint64_t size : {0ULL, 40ULL, 87ULL, 89ULL, 0xFFFFFFFFFFFFFFFFULL})
    EXPECT_THAT(read(patched64(good, 8, size)), HasSubstr(cat("the .irpa header claims ", size, " bytes instead of 88")));
  for (const std::uint64_t next : {1ULL, 4096ULL}) EXPECT_THAT(read(patched64(good, 16, next)), HasSubstr("links to a second header"));
}

TEST(IrpaRead, SegmentsOutsideOfTheFileOrOverlappingAreRefused) {
  const std::string good = content(fixture("five.irpa"));
  const std::pair<std::size_t, const char*> segments[] = {{40, "entry"}, {56, "metadata"}, {72, "storage"}};
  for (const auto& [at, what] : segments) {
    for (const std::uint64_t value : {4096ULL, 4097ULL, 1ULL << 63, 0xFFFFFFFFFFFFFFFFULL, 0xFFFFFFFFFFFFFFF0ULL}) {
      EXPECT_THAT(read(patched64(good, at, value)), HasSubstr(cat("the ", what, " segment ("))) << value;
      EXPECT_THAT(read(patched64(good, at + 8, value)), HasSubstr(cat("the ", what, " segment ("))) << value;
    }
    // Offset and length that only fit together by overflow.
    EXPECT_THAT(read(patched64(patched64(good, at, 0xFFFFFFFFFFFFFFF0ULL), at + 8, 0x20)), HasSubstr("lies outside of the file"));
    EXPECT_THAT(read(patched64(good, at, 80)), HasSubstr(cat("the ", what, " segment overlaps the header")));
  }
  EXPECT_THAT(read(patched64(good, 56, u64_at(good, 56) - 1)), HasSubstr("two segments of the .irpa file overlap"));
  EXPECT_THAT(read(patched64(good, 72, 96)), HasSubstr("two segments of the .irpa file overlap"));
}

TEST(IrpaRead, EntriesThatPointOutsideAreRefused) {
  const std::string good = content(fixture("five.irpa"));
  for (const std::uint64_t value : {1000ULL, 1ULL << 63, 0xFFFFFFFFFFFFFFFFULL}) {
    EXPECT_THAT(read(patched64(good, 96 + 20, value)), HasSubstr("an entry's name lies outside of the metadata segment"));
    EXPECT_THAT(read(patched64(good, 96 + 28, value)), HasSubstr("an entry's name lies outside of the metadata segment"));
    EXPECT_THAT(read(patched64(good, 96 + 44, value)), HasSubstr("entry \"w\": its metadata lies outside of the metadata segment"));
    EXPECT_THAT(read(patched64(good, 96 + 60, value)), HasSubstr("error: DATA_LOSS: entry \"w\" (24 bytes at "));
    EXPECT_THAT(read(patched64(good, 96 + 68, value)), HasSubstr("lies outside of the storage segment"));
  }
  // An empty tensor's offset is never used.
  EXPECT_EQ(read(patched64(good, 96 + 2 * 80 + 60, 0xFFFFFFFFFFFFFFFFULL)), "fine");
}

TEST(IrpaRead, EntriesOfWrongSizesAndCountsAreRefused) {
  const std::string good = content(fixture("five.irpa"));
  for (const std::uint64_t count : {6ULL, 1ULL << 40, 0xFFFFFFFFFFFFFFFFULL})
    EXPECT_THAT(read(patched64(good, 32, count)), HasSubstr(cat("entry 5 of ", count, " runs out of the entry segment")));
  for (const std::uint64_t size : {0ULL, 59ULL, 397ULL, 0xFFFFFFFFFFFFFFF1ULL, 0xFFFFFFFFFFFFFFFFULL})
    EXPECT_THAT(read(patched64(good, 96, size)), HasSubstr("entry 0 of 5 runs out of the entry segment")) << size;
  EXPECT_THAT(read(patched64(good, 96, 75)), HasSubstr("entry \"w\" is too short for a data entry"));
  EXPECT_THAT(read(patched<std::uint32_t>(good, 96 + 8, 1)), HasSubstr("entry \"w\" is too short for a splat entry"));
  EXPECT_THAT(read(patched<std::uint32_t>(good, 96 + 8, 3)),
              HasSubstr("entry \"w\" has type 3 (external); only data and splat entries are read"));
  EXPECT_THAT(read(patched<std::uint32_t>(good, 96 + 8, 77)), HasSubstr("entry \"w\" has type 77; only"));
  const Bytes skipped(patched<std::uint32_t>(good, 96 + 8, 0));
  const Result<ParamArchive> archive = ParamArchive::parse_irpa(skipped, "x");
  ASSERT_TRUE(archive.ok()) << outcome(archive);
  EXPECT_EQ(archive->entries().size(), 4u);
  EXPECT_EQ(archive->find("w"), nullptr);
  EXPECT_EQ(read(patched64(good, 32, 2)), "fine");  // fewer than the segment holds
}

TEST(IrpaRead, NamesMustBeTextAndDifferent) {
  const std::string good = content(fixture("five.irpa"));
  const auto names = static_cast<std::size_t>(u64_at(good, 56));
  EXPECT_THAT(read(patched(good, names, '\xff')), HasSubstr("an entry's name is not UTF-8, or has a zero byte in it"));
  EXPECT_THAT(read(patched(good, names, '\0')), HasSubstr("an entry's name is not UTF-8, or has a zero byte in it"));
  // The second entry takes the first one's name.
  EXPECT_THAT(read(patched64(patched64(good, 176 + 20, 0), 176 + 28, 1)), HasSubstr("tensor \"w\" occurs twice\n --> x.irpa"));
}

TEST(IrpaRead, TwoNamesForTheSameBytesAreFineAndPartialOverlapIsNot) {
  const std::string good = content(fixture("five.irpa"));
  const Bytes tied(patched64(patched64(good, 176 + 60, 0), 176 + 68, 24));  // blk.0/bias is w
  const Result<ParamArchive> archive = ParamArchive::parse_irpa(tied, "x");
  ASSERT_TRUE(archive.ok()) << outcome(archive);
  EXPECT_EQ(archive->find("w")->bytes.data(), archive->find("blk.0/bias")->bytes.data());
  EXPECT_THAT(read(patched64(good, 176 + 60, 20)), HasSubstr("entries \"w\" and \"blk.0/bias\" overlap in part"));
  EXPECT_THAT(read(patched64(good, 176 + 60, 0)), HasSubstr("overlap in part"));
}

TEST(IrpaRead, EveryTruncationIsAnErrorUntilOnlyPaddingIsMissing) {
  for (const char* name : {"five.irpa", "splat.irpa"}) {
    const std::string whole = content(fixture(name));
    const auto end = static_cast<std::size_t>(u64_at(whole, 72) + u64_at(whole, 80));
    for (std::size_t size = 0; size < end; ++size) EXPECT_NE(read(whole.substr(0, size)), "fine") << name << " " << size;
    for (const std::size_t size : {end, end + 1, whole.size()}) EXPECT_EQ(read(whole.substr(0, size)), "fine") << name << " " << size;
  }
  EXPECT_THAT(read("IRP"), HasSubstr("error: DATA_LOSS: no .irpa file: it has 3 bytes"));
}

TEST(ParamArchiveOpen, TheFormatComesFromTheName) {
  EXPECT_THAT(outcome(ParamArchive::open("weights.gguf")),
              HasSubstr("\"weights.gguf\" is no parameter file: its name ends neither in .safetensors nor in .irpa"));
  EXPECT_EQ(ParamArchive::open("none.irpa").error().code, Code::NotFound);
  EXPECT_EQ(ParamArchive::open("none.safetensors").error().code, Code::NotFound);
}

}  // namespace
}  // namespace tenon
