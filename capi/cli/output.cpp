#include "output.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "errors.h"

namespace tenon::cli {
namespace {

// 0, or the errno of the write that failed.
int write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

std::string temporary_name(const std::string& path) {
  static std::atomic<unsigned> number = 0;
  const std::filesystem::path file(path);
  const std::string name = "." + file.filename().string().substr(0, 200) + "." + std::to_string(getpid()) + "." + std::to_string(number++);
  return (file.parent_path() / name).string();
}

}  // namespace

void write_stdout(std::string_view text) {
  const int error = write_all(STDOUT_FILENO, text);
  if (error != 0)
    throw Failure("UNAVAILABLE", "writing to stdout failed: " + std::string(std::strerror(error)), "check the disk or the reading program");
}

void write_stderr(std::string_view text) { (void)write_all(STDERR_FILENO, text); }  // nobody is left to tell

void OutputFile::fail(const char* what) const {
  const int error = errno;
  const std::string code = error == EACCES || error == EPERM || error == EROFS ? "PERMISSION_DENIED"
                           : error == ENOENT                                   ? "NOT_FOUND"
                           : error == ENOSPC || error == EDQUOT                ? "RESOURCE_EXHAUSTED"
                                                                               : "UNAVAILABLE";
  throw Failure(code, std::string(what) + ": " + std::strerror(error),
                error == ENOENT ? "make the folder first" : "check the folder, its permissions and the disk")
      .at("file", path_);
}

OutputFile::OutputFile(std::string path) : path_(std::move(path)) {
  if (path_ == "-") return;
  // A link keeps pointing where it points: the file behind it is the one that is replaced.
  std::error_code code;
  const std::filesystem::path real = std::filesystem::canonical(path_, code);
  const std::string place = code ? path_ : real.string();
  struct stat old {};
  const bool exists = ::stat(place.c_str(), &old) == 0;
  if (exists && S_ISDIR(old.st_mode)) {
    errno = EISDIR;
    fail("cannot write the file");
  }
  if (exists && !S_ISREG(old.st_mode)) {
    descriptor_ = ::open(place.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor_ < 0) fail("cannot write the file");
    return;
  }
  if (!code) path_ = place;
  temporary_ = temporary_name(path_);
  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor_ < 0) {
    temporary_.clear();
    fail("cannot write the file");
  }
  if (exists) (void)::fchmod(descriptor_, old.st_mode & 07777);
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void OutputFile::write(std::string_view text) {
  if (path_ == "-") return write_stdout(text);
  const int error = write_all(descriptor_, text);
  if (error != 0) {
    errno = error;
    fail("cannot write the file");
  }
}

void OutputFile::commit() {
  if (path_ == "-") return;
  const int descriptor = std::exchange(descriptor_, -1);
  if (::close(descriptor) != 0) fail("cannot write the file");
  if (temporary_.empty()) return;
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail("cannot put the file into its place");
  temporary_.clear();
}

void write_file(const std::string& path, std::string_view text) {
  OutputFile file(path);
  file.write(text);
  file.commit();
}

}  // namespace tenon::cli
