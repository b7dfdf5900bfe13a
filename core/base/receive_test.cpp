// Structs of older, newer and broken senders: always a defined code, never a read past what the sender claims.
#include "core/base/receive.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

namespace tenon {
namespace {

constexpr std::uint32_t kKind = 0x4242;

// Version 1 had `a`; this build knows `b` as well.
struct Options {
  tenon_header header;
  std::uint64_t a;
  std::uint64_t b;
};
constexpr std::size_t kV1 = offsetof(Options, b);

Options defaults() { return {TENON_HEADER_INIT(Options, kKind), 1, 2}; }

// A sender's struct in memory of exactly its size, so that a sanitizer sees a read past it.
std::vector<unsigned char> sent(std::size_t size, const void* next = nullptr, unsigned char tail = 0) {
  std::vector<unsigned char> bytes(std::max(size, sizeof(tenon_header)), tail);
  const Options given{{static_cast<std::uint32_t>(size), kKind, next}, 10, 20};
  std::memcpy(bytes.data(), &given, std::min(bytes.size(), sizeof given));
  return bytes;
}

Status read(Options& options, const void* source) { return receive(&options, sizeof options, kKind, kV1, source); }

TEST(Receive, CopiesTheSmallerOfBothSizes) {
  Options same = defaults();
  ASSERT_TRUE(read(same, sent(sizeof(Options)).data()).ok());
  EXPECT_EQ(same.a, 10u);
  EXPECT_EQ(same.b, 20u);
  EXPECT_EQ(same.header.struct_size, sizeof(Options));
  EXPECT_EQ(same.header.next, nullptr);

  Options older = defaults();
  ASSERT_TRUE(read(older, sent(kV1).data()).ok());
  EXPECT_EQ(older.a, 10u);
  EXPECT_EQ(older.b, 2u);  // the default stays

  Options newer = defaults();
  ASSERT_TRUE(read(newer, sent(sizeof(Options) + 40).data()).ok());
  EXPECT_EQ(newer.b, 20u);
}

TEST(Receive, RefusesWhatCannotBe) {
  Options options = defaults();
  EXPECT_EQ(read(options, nullptr).error().code, Code::InvalidArgument);
  EXPECT_EQ(read(options, sent(0).data()).error().code, Code::InvalidArgument);  // = {0}
  EXPECT_EQ(read(options, sent(kV1 - 1).data()).error().code, Code::InvalidArgument);
  EXPECT_EQ(read(options, sent((64u << 10) + 1).data()).error().code, Code::InvalidArgument);
  EXPECT_TRUE(read(options, sent(64u << 10).data()).ok());
  Options wrong = defaults();
  wrong.header.struct_kind = kKind + 1;
  const Status kind = read(options, &wrong);
  EXPECT_EQ(kind.error().code, Code::InvalidArgument);
  EXPECT_NE(kind.error().advice.find("INIT"), std::string::npos);
}

TEST(Receive, ANewerFieldThatIsSetIsNamedByItsByte) {
  for (std::size_t at = sizeof(Options); at < sizeof(Options) + 24; ++at) {
    std::vector<unsigned char> bytes = sent(sizeof(Options) + 24);
    bytes[at] = 0x80;
    Options options = defaults();
    const Status status = read(options, bytes.data());
    ASSERT_EQ(status.error().code, Code::NotUnderstood);
    EXPECT_NE(status.error().message.find(cat("byte ", at)), std::string::npos) << status.error().message;
    EXPECT_EQ(options.a, 1u);  // nothing was taken over
  }
}

TEST(Receive, ExtensionsAreSkippedUnlessTheyMustBeUnderstood) {
  tenon_header last{sizeof(tenon_header), 0x7777, nullptr};
  tenon_header first{sizeof(tenon_header), 0x6666, &last};
  Options options = defaults();
  EXPECT_TRUE(read(options, sent(sizeof(Options), &first).data()).ok());
  EXPECT_EQ(options.header.next, nullptr);
  last.struct_kind |= TENON_KIND_MUST_UNDERSTAND;
  EXPECT_EQ(read(options, sent(sizeof(Options), &first).data()).error().code, Code::NotUnderstood);
  last.struct_kind = 0x7777;
  last.next = &first;  // a ring
  EXPECT_EQ(read(options, sent(sizeof(Options), &first).data()).error().code, Code::InvalidArgument);
}

TEST(Receive, AnySizeAndAnyTailHasADefinedAnswer) {
  std::mt19937 random(7);
  for (std::size_t size = 0; size <= 200; ++size) {
    for (int round = 0; round < 50; ++round) {
      std::vector<unsigned char> bytes = sent(size);
      bool zero_tail = true;
      for (std::size_t i = sizeof(Options); i < bytes.size(); ++i) {
        bytes[i] = round == 0 || random() % 8 != 0 ? 0 : static_cast<unsigned char>(random());
        zero_tail = zero_tail && bytes[i] == 0;
      }
      Options options = defaults();
      const Status status = read(options, bytes.data());
      const Code code = status.ok() ? Code::Ok : status.error().code;
      EXPECT_EQ(code, size < kV1 ? Code::InvalidArgument : zero_tail ? Code::Ok : Code::NotUnderstood) << size;
      EXPECT_EQ(options.a, status.ok() ? 10u : 1u);
    }
  }
}

// Random headers too: sizes and kinds at their edges, memory as large as the size claims.
TEST(Receive, AnyHeaderHasADefinedAnswer) {
  std::mt19937 random(11);
  for (int round = 0; round < 20000; ++round) {
    std::vector<unsigned char> bytes(sizeof(tenon_header) + random() % 128);
    for (unsigned char& byte : bytes) byte = static_cast<unsigned char>(random());
    const tenon_header header{static_cast<std::uint32_t>(random() % 2 != 0 ? bytes.size() : random() % (bytes.size() + 1)),
                              random() % 4 != 0 ? kKind : static_cast<std::uint32_t>(random()), nullptr};
    std::memcpy(bytes.data(), &header, sizeof header);
    Options options = defaults();
    const Status status = read(options, bytes.data());
    EXPECT_TRUE(status.ok() || status.error().code == Code::InvalidArgument || status.error().code == Code::NotUnderstood);
    EXPECT_EQ(options.header.struct_size, sizeof(Options));
    EXPECT_EQ(options.header.struct_kind, kKind);
  }
}

}  // namespace
}  // namespace tenon
