// For the tests of this folder: fixtures, files in a folder of their own, bytes from numbers.
#pragma once

#include <gmock/gmock.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/params/archive.h"
#include "core/params/npy.h"

namespace tenon {

// A file of tests/data/params.
inline std::string fixture(const std::string& name) { return TENON_SOURCE_DIR "/tests/data/params/" + name; }

inline std::string content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in.good()) << path;
  return {std::istreambuf_iterator<char>(in), {}};
}

// Owns exactly these bytes on the heap, so that a sanitizer sees a read behind them.
class Bytes {
 public:
  explicit Bytes(std::string_view text) : data_(text.size()) {
    if (!text.empty()) std::memcpy(data_.data(), text.data(), text.size());
    data_.shrink_to_fit();
  }
  operator std::span<const std::byte>() const { return data_; }  // NOLINT: implicit by design

 private:
  std::vector<std::byte> data_;
};

template <class T>
std::string packed(std::initializer_list<T> values) {
  std::string out;
  for (const T value : values) out.append(reinterpret_cast<const char*>(&value), sizeof value);
  return out;
}

inline std::string_view text_of(std::span<const std::byte> bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

// A folder that is gone at the end of the test.
class TemporaryFolder : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "tenon-params-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string at(const std::string& name) const { return (folder_ / name).string(); }

 private:
  std::filesystem::path folder_;
};

// "error: ..." as a person sees it, or "fine".
template <class T>
std::string outcome(const Result<T>& result) {
  return result.ok() ? "fine" : to_string(result.error());
}
inline std::string outcome(const Status& status) { return status.ok() ? "fine" : to_string(status.error()); }

}  // namespace tenon
