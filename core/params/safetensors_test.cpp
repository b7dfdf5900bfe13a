// Good files are packed by tests/data/params/make.py; hostile ones here, from a header's text and some data.
#include "core/params/test_support.h"

namespace tenon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

std::string file_of(std::string_view header, std::size_t data = 0) {
  std::string file = packed<std::uint64_t>({header.size()});
  return file.append(header).append(data, '\0');
}

std::string read(std::string_view file) {
  const Bytes bytes(file);
  return outcome(ParamArchive::parse_safetensors(bytes, "x.safetensors"));
}

TEST(SafetensorsRead, FiveTensorsSortedByName) {
  const Result<ParamArchive> archive = ParamArchive::open(fixture("five.safetensors"));
  ASSERT_TRUE(archive.ok()) << outcome(archive);
  EXPECT_EQ(archive->format(), "safetensors");
  EXPECT_EQ(archive->path(), fixture("five.safetensors"));
  EXPECT_THAT(archive->metadata(), IsEmpty());
  std::vector<std::string> names;
  for (const ParamEntry& entry : archive->entries()) names.push_back(entry.name);
  EXPECT_THAT(names, ElementsAre("blk.0/bias", "flag", "na\u00efve \"q\"", "none", "w"));

  const ParamEntry* w = archive->find("w");
  ASSERT_NE(w, nullptr);
  EXPECT_EQ(w->type, (TensorType{DType::F32, {2, 3}}));
  EXPECT_EQ(w->dtype_text, "F32");
  EXPECT_EQ(text_of(w->bytes), packed<float>({-1, -0.5f, 0, 0.5f, 1, 1.5f}));
  EXPECT_EQ(archive->find("blk.0/bias")->type, (TensorType{DType::BF16, {3}}));
  EXPECT_EQ(text_of(archive->find("blk.0/bias")->bytes), packed<std::uint16_t>({0x3F80, 0xC000, 0x4040}));
  EXPECT_EQ(archive->find("none")->type, (TensorType{DType::I64, {0, 4}}));
  EXPECT_EQ(archive->find("none")->bytes.size(), 0u);
  EXPECT_EQ(archive->find("flag")->type, (TensorType{DType::I1, {2}}));
  EXPECT_EQ(archive->find("na\u00efve \"q\"")->type, (TensorType{DType::F64, {}}));
  EXPECT_EQ(text_of(archive->find("na\u00efve \"q\"")->bytes), packed<double>({2.5}));
  for (const char* name : {"", "a", "W", "w ", "x"}) EXPECT_EQ(archive->find(name), nullptr) << name;
}

TEST(SafetensorsRead, CopiesOfAnArchiveKeepItsBytes) {
  std::optional<ParamArchive> copy;
  {
    Result<ParamArchive> archive = ParamArchive::open(fixture("five.safetensors"));
    ASSERT_TRUE(archive.ok());
    copy = *archive;
  }
  EXPECT_EQ(text_of(copy->find("flag")->bytes), std::string_view("\x01\x00", 2));
}

TEST(SafetensorsRead, MetadataAndNoTensors) {
  const Result<ParamArchive> archive = ParamArchive::open(fixture("metadata.safetensors"));
  ASSERT_TRUE(archive.ok()) << outcome(archive);
  EXPECT_THAT(archive->metadata(), ElementsAre(Pair("format", "pt"), Pair("note", "a\nb")));
  EXPECT_EQ(archive->entries().size(), 1u);
  const Result<ParamArchive> empty = ParamArchive::open(fixture("empty.safetensors"));
  ASSERT_TRUE(empty.ok()) << outcome(empty);
  EXPECT_THAT(empty->entries(), IsEmpty());
  EXPECT_EQ(empty->find("w"), nullptr);
}

TEST(SafetensorsRead, EveryDType) {
  const std::pair<const char*, DType> cases[] = {
      {"BOOL", DType::I1},        {"I8", DType::I8},    {"I16", DType::I16},   {"I32", DType::I32},  {"I64", DType::I64},
      {"U8", DType::UI8},         {"U16", DType::UI16}, {"U32", DType::UI32},  {"U64", DType::UI64}, {"F8_E4M3", DType::F8E4M3FN},
      {"F8_E5M2", DType::F8E5M2}, {"F16", DType::F16},  {"BF16", DType::BF16}, {"F32", DType::F32},  {"F64", DType::F64}};
  for (const auto& [text, dtype] : cases) {
    const std::size_t bytes = 3 * storage_size(dtype);
    const Bytes file(file_of(cat(R"({"t":{"dtype":")", text, R"(","shape":[1,3],"data_offsets":[0,)", bytes, "]}}"), bytes));
    const Result<ParamArchive> archive = ParamArchive::parse_safetensors(file, "x");
    ASSERT_TRUE(archive.ok()) << outcome(archive);
    EXPECT_EQ(archive->entries()[0].type, (TensorType{dtype, {1, 3}}));
    EXPECT_EQ(archive->entries()[0].bytes.size(), bytes);
  }
}

TEST(SafetensorsRead, AnUnknownDTypeIsListedWithoutAType) {
  const Bytes file(
      file_of(R"({"t":{"dtype":"F8_E8M0","shape":[5],"data_offsets":[0,5]},"u":{"dtype":"U8","shape":[1],"data_offsets":[5,6]}})", 6));
  const Result<ParamArchive> archive = ParamArchive::parse_safetensors(file, "x");
  ASSERT_TRUE(archive.ok()) << outcome(archive);
  EXPECT_EQ(archive->find("t")->type, std::nullopt);
  EXPECT_EQ(archive->find("t")->dtype_text, "F8_E8M0");
  EXPECT_EQ(archive->find("t")->bytes.size(), 5u);
  EXPECT_TRUE(archive->find("u")->type.has_value());
}

TEST(SafetensorsRead, AnyOrderAndSpaceInTheHeader) {
  EXPECT_EQ(read(file_of("{ \"b\" : {\"data_offsets\":[1,3] , \"shape\":[2],\n\"dtype\":\"U8\"},"
                         "\"a\":{\"shape\":[ ],\"dtype\":\"I8\",\"data_offsets\":[0,1]},"
                         "\"c\":{\"shape\":[7,0],\"dtype\":\"F64\",\"data_offsets\":[1,1]}}   \n",
                         3)),
            "fine");
}

TEST(SafetensorsRead, PlacesMustCoverTheDataOnce) {
  const auto two = [](std::string_view a, std::string_view b, std::size_t data) {
    return read(file_of(
        cat(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":)", a, R"(},"b":{"dtype":"U8","shape":[4],"data_offsets":)", b, "}}"), data));
  };
  EXPECT_EQ(two("[0,4]", "[4,8]", 8), "fine");
  EXPECT_EQ(two("[4,8]", "[0,4]", 8), "fine");
  EXPECT_THAT(two("[0,4]", "[3,7]", 7), HasSubstr("tensor \"b\": its data_offsets 3 to 7 overlap another tensor"));
  EXPECT_THAT(two("[0,4]", "[0,4]", 4), HasSubstr("overlap another tensor"));
  EXPECT_THAT(two("[0,4]", "[5,9]", 9), HasSubstr("tensor \"b\": its data_offsets 5 to 9 leave a hole after byte 4"));
  EXPECT_THAT(two("[1,5]", "[5,9]", 9), HasSubstr("leave a hole after byte 0"));
  EXPECT_THAT(two("[0,4]", "[4,8]", 9), HasSubstr("the last 1 bytes of the file belong to no tensor"));
  EXPECT_THAT(two("[0,4]", "[4,8]", 7), HasSubstr("error: DATA_LOSS: tensor \"b\": its data_offsets 4 to 8 lie outside of the file"));
  EXPECT_THAT(two("[0,4]", "[8,4]", 8), HasSubstr("data_offsets 8 to 4 run backwards"));
  EXPECT_THAT(two("[0,4]", "[4,18446744073709551615]", 8), HasSubstr("lie outside of the file"));
  EXPECT_THAT(two("[0,4]", "[18446744073709551612,18446744073709551615]", 8), HasSubstr("lie outside of the file"));
  EXPECT_THAT(two("[0,4]", "[4,18446744073709551616]", 8), HasSubstr("found a number that is no 64-bit integer"));
  EXPECT_THAT(two("[0,4]", "[4,1e999]", 8), HasSubstr("the header is no valid JSON"));
  EXPECT_THAT(two("[0,4]", "[4,5]", 5), HasSubstr("tensor \"b\": ui8[4] takes 4 bytes, its data_offsets give 1"));
}

TEST(SafetensorsRead, ShapesThatOverflowAndAbsurdRanksAreRefused) {
  const auto shaped = [](std::string_view shape) {
    return read(file_of(cat(R"({"t":{"dtype":"F32","shape":)", shape, R"(,"data_offsets":[0,4]}})"), 4));
  };
  EXPECT_EQ(shaped("[1,1]"), "fine");
  EXPECT_THAT(shaped("[4294967296,4294967296]"), HasSubstr("more bytes than a 64-bit size can count"));
  EXPECT_THAT(shaped("[9223372036854775808]"), HasSubstr("a dimension is too large"));
  EXPECT_THAT(shaped("[-1]"), HasSubstr("shape must hold numbers of 0 or more, found a negative number"));
  EXPECT_THAT(shaped("[1.0]"), HasSubstr("found a number that is no 64-bit integer"));
  EXPECT_THAT(shaped("[\"1\"]"), HasSubstr("found a string"));
  EXPECT_THAT(shaped("[[1]]"), HasSubstr("found a list"));
  EXPECT_THAT(shaped("[{}]"), HasSubstr("found an object"));
  EXPECT_THAT(shaped("1"), HasSubstr("shape must be a list, not a number"));
  std::string ones = "[1";
  for (int i = 1; i < kMaxRank; ++i) ones += ",1";
  EXPECT_EQ(shaped(ones + "]"), "fine");
  EXPECT_THAT(shaped(ones + ",1]"), HasSubstr("tensor \"t\": the rank is above 32"));
}

TEST(SafetensorsRead, HeadersOfAnotherFormAreRefused) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "its header does not begin with {"},
      {"[]", "its header does not begin with {"},
      {" {}", "its header does not begin with {"},
      {"\xEF\xBB\xBF{}", "its header does not begin with {"},
      {"{", "no valid JSON"},
      {"{}x", "no valid JSON"},
      {"{}{}", "no valid JSON"},
      {"{\"a\":}", "no valid JSON"},
      {"{'a':{}}", "no valid JSON"},
      {"{\"a\xFF\":{}}", "no valid JSON"},
      {"{\"\\ud800\":{}}", "no valid JSON"},
      {"{/*c*/}", "no valid JSON"},
      {R"({"a":1})", "tensor \"a\": an object expected, found a number"},
      {R"({"a":null})", "tensor \"a\": an object expected, found null"},
      {R"({"a":[]})", "tensor \"a\": an object expected, found a list"},
      {R"({"a":{}})", "tensor \"a\": it needs dtype, shape and data_offsets"},
      {R"({"a":{"dtype":"U8","shape":[0]}})", "it needs dtype, shape and data_offsets"},
      {R"({"a":{"dtype":8}})", "dtype must be a string, not a number"},
      {R"({"a":{"dtype":["U8"]}})", "dtype must be a string, not a list"},
      {R"({"a":{"dtype":"U8","dtype":"I8"}})", "the key \"dtype\" occurs twice"},
      {R"({"a":{"shape":[],"shape":[]}})", "the key \"shape\" occurs twice"},
      {R"({"a":{"shape":{}}})", "shape must be a list, not an object"},
      {R"({"a":{"shape":"[]"}})", "shape must be a list, not a string"},
      {R"({"a":{"shape":true}})", "shape must be a list, not a boolean"},
      {R"({"a":{"data_offsets":[0]}})", "data_offsets must have two numbers"},
      {R"({"a":{"data_offsets":[0,0,0]}})", "data_offsets has more than two numbers"},
      {R"({"a":{"offsets":[0,0]}})", "the key \"offsets\" is none of dtype, shape, data_offsets"},
      {R"({"a\u0000b":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}})", "the name has a zero byte in it"},
      {R"({"__metadata__":{"a":1}})", "\"a\" must be a string, not a number"},
      {R"({"__metadata__":{"a":{}}})", "\"a\" must be a string, not an object"},
      {R"({"__metadata__":{"a":"","a":""}})", "the key \"a\" occurs twice"},
      {R"({"__metadata__":{},"__metadata__":{}})", "__metadata__ occurs twice"},
      {R"({"__metadata__":[]})", "an object expected, found a list"},
  };
  for (const auto& [header, message] : cases) {
    const std::string error = read(file_of(header));
    EXPECT_THAT(error, HasSubstr(message)) << header;
    EXPECT_THAT(error, HasSubstr("\n --> x.safetensors\n  advice: ")) << header;
  }
  // A zero byte ends the input of the JSON parser: what follows would be overlooked.
  EXPECT_THAT(read(file_of(std::string_view("{}\0\"a\":{", 9))), HasSubstr("the safetensors header has a zero byte in it"));
}

TEST(SafetensorsRead, OneNameTwiceIsAnError) {
  EXPECT_THAT(
      read(file_of(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\u0061":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})", 2)),
      HasSubstr("tensor \"a\" occurs twice"));
}

TEST(SafetensorsRead, ABooleanIsZeroOrOne) {
  std::string file = file_of(R"({"m":{"dtype":"BOOL","shape":[3],"data_offsets":[0,3]}})", 3);
  EXPECT_EQ(read(file), "fine");
  file.back() = 2;
  EXPECT_THAT(read(file), HasSubstr("tensor \"m\": a BOOL is neither 0 nor 1"));
}

TEST(SafetensorsRead, HugeHeadersAreRefusedWithoutMemory) {
  for (const std::uint64_t length : {100'000'001ULL, 0x8000000000000000ULL, 0xFFFFFFFFFFFFFFFFULL})
    EXPECT_THAT(read(packed<std::uint64_t>({length}) + "{}"),
                HasSubstr(cat("its header would have ", length, " bytes, the limit is 100000000")));
  EXPECT_THAT(read(packed<std::uint64_t>({100'000'000}) + "{}"),
              HasSubstr("the safetensors header has 100000000 bytes, the file has 2 of them"));
  // Depth costs nothing: only one form is let through.
  EXPECT_THAT(read(file_of("{\"a\":" + std::string(1 << 20, '['))), HasSubstr("an object expected, found a list"));
  EXPECT_THAT(read(file_of("{\"a\":{\"shape\":" + std::string(1 << 20, '['))), HasSubstr("found a list"));
  // A name of a megabyte is not repeated in the message.
  EXPECT_LT(read(file_of("{\"" + std::string(1 << 20, 'n') + "\":1}")).size(), 500u);
}

TEST(SafetensorsRead, EveryTruncationIsAnError) {
  for (const char* name : {"five.safetensors", "metadata.safetensors", "empty.safetensors"}) {
    const std::string whole = content(fixture(name));
    EXPECT_EQ(read(whole), "fine");
    for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_NE(read(whole.substr(0, size)), "fine") << name << " " << size;
    EXPECT_THAT(read(whole + '\0'), HasSubstr("the last 1 bytes of the file belong to no tensor"));
  }
  EXPECT_THAT(read("1234567"), HasSubstr("error: DATA_LOSS: no safetensors file: it has 7 bytes"));
}

class SafetensorsWrite : public TemporaryFolder {};

TEST_F(SafetensorsWrite, IsByteForByteTheFixture) {
  const Bytes w(packed<float>({-1, -0.5f, 0, 0.5f, 1, 1.5f})), bias(packed<std::uint16_t>({0x3F80, 0xC000, 0x4040}));
  const Bytes flag(std::string_view("\x01\x00", 2)), scalar(packed<double>({2.5}));
  const ParamSource sources[] = {{"w", {DType::F32, {2, 3}}, w},
                                 {"blk.0/bias", {DType::BF16, {3}}, bias},
                                 {"none", {DType::I64, {0, 4}}, {}},
                                 {"flag", {DType::I1, {2}}, flag},
                                 {"na\u00efve \"q\"", {DType::F64, {}}, scalar}};
  ASSERT_TRUE(safetensors_write(at("x.safetensors"), sources).ok());
  EXPECT_EQ(content(at("x.safetensors")), content(fixture("five.safetensors")));
  ASSERT_TRUE(safetensors_write(at("x.safetensors"), {}).ok());
  EXPECT_EQ(content(at("x.safetensors")), content(fixture("empty.safetensors")));
}

TEST_F(SafetensorsWrite, EveryDTypeThatItHasComesBackAndTheOthersAreErrors) {
  for (const DTypeInfo& row : all_dtypes()) {
    const Bytes bytes(std::string(2 * row.storage, '\x01'));
    const ParamSource source{"t", {row.dtype, {2}}, bytes};
    const Status status = safetensors_write(at("x.safetensors"), {&source, 1});
    if (row.dtype == DType::I4 || row.dtype == DType::UI4) {
      EXPECT_THAT(outcome(status), HasSubstr(cat("tensor \"t\": safetensors has no dtype for ", row.name)));
      continue;
    }
    ASSERT_TRUE(status.ok()) << outcome(status);
    const Result<ParamArchive> archive = ParamArchive::open(at("x.safetensors"));
    ASSERT_TRUE(archive.ok()) << outcome(archive);
    EXPECT_EQ(archive->find("t")->type, source.type);
    EXPECT_EQ(text_of(archive->find("t")->bytes), text_of(bytes));
  }
}

TEST_F(SafetensorsWrite, BitPatternsAreKept) {
  const Bytes bits(packed<std::uint32_t>({0x7FC12345, 0xFFA00001, 0x80000000}));
  const ParamSource source{"nan", {DType::F32, {3}}, bits};
  ASSERT_TRUE(safetensors_write(at("x.safetensors"), {&source, 1}).ok());
  EXPECT_EQ(text_of(ParamArchive::open(at("x.safetensors"))->find("nan")->bytes), text_of(bits));
}

TEST_F(SafetensorsWrite, WhatCannotBeWrittenLeavesTheOldFile) {
  std::ofstream(at("x.safetensors")) << "old";
  const Bytes four("1234");
  const auto write = [&](std::vector<ParamSource> sources) { return outcome(safetensors_write(at("x.safetensors"), sources)); };
  EXPECT_THAT(write({{"a", {DType::F32, {1}}, four}, {"a", {DType::F32, {1}}, four}}), HasSubstr("two tensors have the name \"a\""));
  EXPECT_THAT(write({{"a", {DType::F32, {2}}, four}}), HasSubstr("tensor \"a\": f32[2] takes 8 bytes, got 4"));
  EXPECT_THAT(write({{"a", {DType::F32, {kDynamic}}, four}}), HasSubstr("dynamic"));
  EXPECT_THAT(write({{"__metadata__", {DType::F32, {1}}, four}}), HasSubstr("cannot be named __metadata__"));
  EXPECT_THAT(write({{"\xFF", {DType::F32, {1}}, four}}), HasSubstr("not UTF-8"));
  EXPECT_THAT(write({{std::string("a\0b", 3), {DType::F32, {1}}, four}}), HasSubstr("zero byte"));
  EXPECT_EQ(content(at("x.safetensors")), "old");
}

}  // namespace
}  // namespace tenon
