// Where results go: stdout, or files that appear whole or not at all. Notes for people go to stderr.
#pragma once

#include <string>
#include <string_view>

namespace tenon::cli {

// Results. Throws Failure when they cannot be written (a full disk); an error of the reader's (a closed pipe) ends the process as usual.
void write_stdout(std::string_view text);
// Notes, tables about what was done, warnings.
void write_stderr(std::string_view text);

// A file that is written beside its final place and renamed there by commit(); without commit nothing remains and an old file is as it
// was. "-" is stdout. A path that is no regular file (a device, a pipe) is written directly.
class OutputFile {
 public:
  explicit OutputFile(std::string path);  // throws Failure
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile();
  void write(std::string_view text);
  void commit();

 private:
  [[noreturn]] void fail(const char* what) const;
  std::string path_, temporary_;
  int descriptor_ = -1;
};

void write_file(const std::string& path, std::string_view text);

}  // namespace tenon::cli
