// Headers as other programs write them, as attackers write them, and as broken disks leave them.
#include "core/params/npy_header.h"

#include "core/params/test_support.h"

namespace tenon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A version 1.0 file with this dict and so many zero bytes of data.
std::string file_of(std::string_view dict, std::size_t data = 0) {
  std::string file("\x93NUMPY\x01\x00", 8);
  file += packed<std::uint16_t>({static_cast<std::uint16_t>(dict.size())});
  return file.append(dict).append(data, '\0');
}

std::string dict(std::string_view descr, std::string_view shape) {
  return cat("{'descr': '", descr, "', 'fortran_order': False, 'shape': ", shape, ", }");
}

std::string read(std::string_view file) {
  const Bytes bytes(file);
  return outcome(read_npy_header(bytes, "x.npy"));
}

Dims shape_of(std::string_view file) {
  const Bytes bytes(file);
  const Result<NpyHeader> header = read_npy_header(bytes, "x.npy");
  EXPECT_TRUE(header.ok()) << outcome(header);
  return header.ok() ? header->info.dims : Dims{-1};
}

TEST(NpyHeader, KeysInAnyOrderAndSpaceAnywhere) {
  EXPECT_THAT(shape_of(file_of("{'shape': (2, 3), 'descr': '|u1', 'fortran_order': False}", 6)), ElementsAre(2, 3));
  EXPECT_THAT(shape_of(file_of("\n{ \"fortran_order\" :True,\t\"shape\":(2 ,3, ),'descr':'|u1',}  \n\n", 6)), ElementsAre(2, 3));
  EXPECT_THAT(shape_of(file_of(dict("<f4", "()"), 4)), IsEmpty());
  EXPECT_THAT(shape_of(file_of(dict("<f4", "(3,)"), 12)), ElementsAre(3));
  EXPECT_THAT(shape_of(file_of(dict("<f4", "(3L, 2L)"), 24)), ElementsAre(3, 2));  // Python 2
}

TEST(NpyHeader, MalformedDictsAreRefused) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "'{' expected"},
      {"[]", "'{' expected"},
      {"{", "a string expected"},
      {"{}", "it has no 'descr'"},
      {"{'descr': '<f4', 'shape': ()}", "it has no 'fortran_order'"},
      {"{'descr': '<f4', 'fortran_order': False}", "it has no 'shape'"},
      {"{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': ()}", "the key 'descr' occurs twice"},
      {"{'descr': '<f4', 'fortran_order': False, 'fortran_order': True, 'shape': ()}", "the key 'fortran_order' occurs twice"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (), 'shape': ()}", "the key 'shape' occurs twice"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (), 'x': 1}", "the key 'x' is none of descr, fortran_order, shape"},
      {"{'descr': '<f4', 'fortran_order': 0, 'shape': ()}", "True or False expected"},
      {"{'descr': '<f4', 'fortran_order': Falsehood, 'shape': ()}", "a ',' or '}' is missing"},
      {"{'descr': '<f4' 'fortran_order': False, 'shape': ()}", "a ',' or '}' is missing"},
      {"{'descr': '<f4', , 'fortran_order': False, 'shape': ()}", "a string expected"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': ()} x", "something follows the dict"},
      {"{'descr' '<f4', 'fortran_order': False, 'shape': ()}", "':' expected"},
      {"{'descr': '<f4", "a string does not end"},
      {"{'descr': '\\x3cf4', 'fortran_order': False, 'shape': ()}", "a string has an escape"},
      {"{'descr': , 'fortran_order': False, 'shape': ()}", "a dtype expected"},
      {"{'descr': ], 'fortran_order': False, 'shape': ()}", "a bracket closes that was not opened"},
      {"{descr: '<f4', 'fortran_order': False, 'shape': ()}", "a string expected"},
  };
  for (const auto& [text, message] : cases) EXPECT_THAT(read(file_of(text, 4)), HasSubstr(message)) << text;
}

TEST(NpyHeader, MalformedShapesAreRefused) {
  const std::pair<const char*, const char*> cases[] = {
      {"3", "'(' expected"},
      {"[3]", "'(' expected"},
      {"(3)", "a shape of one dimension is written (n,)"},
      {"(-3,)", "a dimension is not a number of 0 or more"},
      {"(+3,)", "a dimension is not a number of 0 or more"},
      {"(,)", "a dimension is not a number of 0 or more"},
      {"(3.0,)", "a ',' or ')' is missing in the shape"},
      {"(0x3,)", "a ',' or ')' is missing in the shape"},
      {"(3 3)", "a ',' or ')' is missing in the shape"},
      {"(03,)", "a dimension begins with 0"},
      {"(9223372036854775808,)", "a dimension is too large"},
      {"(99999999999999999999999999,)", "a dimension is too large"},
      {"((3,),)", "a dimension is not a number of 0 or more"},
  };
  for (const auto& [shape, message] : cases) EXPECT_THAT(read(file_of(dict("<f4", shape), 12)), HasSubstr(message)) << shape;
}

TEST(NpyHeader, SizesThatOverflowAndAbsurdRanksAreRefusedWithoutMemory) {
  EXPECT_THAT(read(file_of(dict("<f4", "(4294967296, 4294967296)"), 16)), HasSubstr("more bytes than a 64-bit size can count"));
  // Nothing to read, but strides that would overflow.
  EXPECT_THAT(read(file_of(dict("<f8", "(9223372036854775807, 0)"))), HasSubstr("more bytes than a 64-bit size can count"));
  EXPECT_THAT(read(file_of(dict("<V2", "(9223372036854775807,)"), 16)), HasSubstr("more bytes than a 64-bit size can count"));
  EXPECT_THAT(read(file_of(dict("|u1", "(9223372036854775807,)"), 16)), HasSubstr("the .npy file is truncated"));
  std::string ones = "(";
  for (int i = 0; i < kMaxRank; ++i) ones += "1,";
  EXPECT_EQ(read(file_of(dict("|u1", ones + ")"), 1)), "fine");
  EXPECT_THAT(read(file_of(dict("|u1", ones + "1)"), 1)), HasSubstr("the rank is above 32"));
}

TEST(NpyHeader, DescriptionsOfElements) {
  for (const char* descr : {"|b1", "<b1", "|i1", ">u1", "<u2", ">i8", "<f2", "<V1", "|V1", ">V1", "<f1"})
    EXPECT_EQ(read(file_of(dict(descr, "(0,)"))), "fine") << descr;
  for (const char* descr : {"",    "f4",   "<",   "=f4", "<f",  "<f3",  "<f16", "<i3", "<f4 ", "<f04", "<b2",
                            "|i4", "|V2x", ">V2", "<V0", "<V8", "<c16", "<U10", "|S0", "|O8",  "<e2",  "<float32"}) {
    const std::string error = read(file_of(dict(descr, "(0,)")));
    EXPECT_THAT(error, HasSubstr("error: UNIMPLEMENTED: the .npy file has dtype '" + std::string(descr) + "': ")) << descr;
    EXPECT_THAT(error, HasSubstr("advice: ")) << descr;
  }
  EXPECT_THAT(read(file_of("{'descr': ('<f4', (2,)), 'fortran_order': False, 'shape': ()}")), HasSubstr("('<f4', (2,))': a structured"));
}

TEST(NpyHeader, NotAnNpyFile) {
  for (const char* text : {"", "PK\x03\x04", "\x93NUMPX\x01", "{\"a\": 1}"})
    EXPECT_THAT(read(text), HasSubstr("not an .npy file: it does not begin with")) << text;
  std::string file = file_of(dict("<f4", "()"), 4);
  file[6] = 4;
  EXPECT_THAT(read(file), HasSubstr("the .npy file has version 4.0, only 1.0, 2.0 and 3.0 are known"));
  file[6] = 1, file[7] = 1;
  EXPECT_THAT(read(file), HasSubstr("version 1.1"));
}

TEST(NpyHeader, HugeHeadersAreRefused) {
  const auto version2 = [](std::uint32_t length, std::size_t present) {
    std::string file("\x93NUMPY\x02\x00", 8);
    file += packed<std::uint32_t>({length});
    std::string text = dict("|u1", "()");
    text.resize(present, ' ');
    return file + text + "x";
  };
  EXPECT_EQ(read(version2(65536, 65536)), "fine");
  EXPECT_THAT(read(version2(65537, 65537)), HasSubstr("the .npy header has 65537 bytes, the limit is 65536"));
  EXPECT_THAT(read(version2(0xFFFFFFFF, 100)), HasSubstr("the .npy header has 4294967295 bytes"));
  EXPECT_THAT(read(version2(65536, 100)), HasSubstr("the .npy file ends inside its header"));
}

TEST(NpyHeader, BytesThatAreNoTextAreRefused) {
  for (const char byte : {'\0', '\x1b', '\x7f', '\xe9'}) {
    std::string text = dict("<f4", "()");
    text.back() = byte;
    EXPECT_THAT(read(file_of(text + "}", 4)), HasSubstr("no printable character"));
  }
}

TEST(NpyHeader, EveryTruncationAndEveryByteTooMuchIsAnError) {
  for (const char* name : {"f32.npy", "f32_version2.npy", "i16_cube_fortran_big_endian.npy", "scalar.npy"}) {
    const std::string whole = content(fixture(name));
    EXPECT_EQ(read(whole), "fine");
    for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_NE(read(whole.substr(0, size)), "fine") << name << " " << size;
    EXPECT_THAT(read(whole + '\0'), HasSubstr("the .npy file has 1 bytes after its data"));
  }
  const std::string whole = content(fixture("f32.npy"));
  EXPECT_THAT(read(whole.substr(0, whole.size() - 1)),
              HasSubstr("error: DATA_LOSS: the .npy file is truncated: '<f4' [2,3] has 24 bytes, the file has 23 of them\n --> x.npy"));
}

}  // namespace
}  // namespace tenon
