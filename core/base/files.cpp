#include "core/base/files.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <system_error>

namespace tenon {

namespace {

Error system_error(std::string_view action, const std::string& path, int number) {
  Code code = Code::Unavailable;
  std::string advice;
  switch (number) {
    case ENOENT:
    case ENOTDIR:
      code = Code::NotFound;
      advice = "check the path: it, or a folder in it, does not exist";
      break;
    case EACCES:
    case EPERM:
    case EROFS:
      code = Code::PermissionDenied;
      advice = "check the owner and the mode of the file and of its folder";
      break;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      code = Code::ResourceExhausted;
      advice = "free some space, or write to another place";
      break;
    case EMFILE:
    case ENFILE:
      code = Code::ResourceExhausted;
      advice = "close some files, or raise the limit (ulimit -n)";
      break;
    case ENOMEM:
      code = Code::ResourceExhausted;
      advice = "the file does not fit into this process's memory";
      break;
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG:
    case ENXIO:
      code = Code::InvalidArgument;
      advice = "give the path of a regular file";
      break;
    default:
      advice = "see the system's message";
      break;
  }
  return fail(code, "cannot ", action, " \"", path, "\": ", std::generic_category().message(number)).file(path).advise(std::move(advice));
}

Status check_path(std::string_view action, const std::string& path) {
  if (path.empty()) return fail(Code::InvalidArgument, "cannot ", action, " a file: its path is empty").advise("give the path of a file");
  // The system would read the name only up to the zero byte, and open another file.
  if (path.find('\0') != std::string::npos)
    return fail(Code::InvalidArgument, "cannot ", action, " a file: its path has a zero byte in it").advise("give a path without one");
  return {};
}

// An open descriptor that is closed on every way out.
struct Descriptor {
  int fd;
  explicit Descriptor(int number) : fd(number) {}
  Descriptor(Descriptor&& other) noexcept : fd(std::exchange(other.fd, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

struct OpenFile {
  Descriptor descriptor;
  std::size_t size;
};

Result<OpenFile> open_regular(const std::string& path) {
  TENON_TRY(check_path("open", path));
  // O_NONBLOCK: opening a FIFO that nobody writes to would wait for ever. It means nothing for a regular file.
  Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (descriptor.fd < 0) return system_error("open", path, errno);
  struct stat facts;
  if (::fstat(descriptor.fd, &facts) != 0) return system_error("open", path, errno);
  if (S_ISDIR(facts.st_mode))
    return fail(Code::InvalidArgument, "cannot read \"", path, "\": it is a directory").file(path).advise("give the path of a file in it");
  if (!S_ISREG(facts.st_mode))
    return fail(Code::InvalidArgument, "cannot read \"", path, "\": it is not a regular file")
        .file(path)
        .advise("pipes and devices are not read: write the data to a file first");
  return OpenFile{std::move(descriptor), static_cast<std::size_t>(facts.st_size)};
}

}  // namespace

struct MappedFile::Mapping {
  std::string path;
  void* address = nullptr;
  std::size_t size = 0;

  Mapping() = default;
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    if (address != nullptr) ::munmap(address, size);
  }
};

Result<MappedFile> MappedFile::open(const std::string& path) {
  TENON_ASSIGN(const OpenFile file, open_regular(path));
  auto mapping = std::make_shared<Mapping>();
  mapping->path = path;
  if (file.size > 0) {  // mmap refuses a size of 0
    void* address = ::mmap(nullptr, file.size, PROT_READ, MAP_PRIVATE, file.descriptor.fd, 0);
    if (address == MAP_FAILED) return system_error("map", path, errno);
    mapping->address = address;
    mapping->size = file.size;
  }
  MappedFile result;
  result.mapping_ = std::move(mapping);
  return result;
}

std::span<const std::byte> MappedFile::bytes() const {
  if (mapping_ == nullptr) return {};
  return {static_cast<const std::byte*>(mapping_->address), mapping_->size};
}

std::string_view MappedFile::text() const {
  if (mapping_ == nullptr) return {};
  return {static_cast<const char*>(mapping_->address), mapping_->size};
}

const std::string& MappedFile::path() const {
  static const std::string none;
  return mapping_ == nullptr ? none : mapping_->path;
}

Result<std::string> read_text_file(const std::string& path, std::size_t limit) {
  TENON_ASSIGN(const OpenFile file, open_regular(path));
  const auto too_large = [&] {
    return fail(Code::ResourceExhausted, "cannot read \"", path, "\": it is larger than the limit of ", limit, " bytes")
        .file(path)
        .advise("check that this is the file that was meant");
  };
  if (file.size > limit) return too_large();
  std::string text(file.size, '\0');
  std::size_t filled = 0;
  // The file may grow or shrink meanwhile, so the end is where read says so, not where fstat did.
  for (;;) {
    if (filled == text.size()) {
      if (filled > limit) return too_large();
      text.resize(filled + 4096);
    }
    const ssize_t count = ::read(file.descriptor.fd, text.data() + filled, text.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error("read", path, errno);
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  if (filled > limit) return too_large();
  text.resize(filled);
  return text;
}

Result<AtomicFile> AtomicFile::create(const std::string& path) {
  TENON_TRY(check_path("write", path));
  AtomicFile file;
  file.path_ = path;
  struct stat facts;
  if (::stat(path.c_str(), &facts) == 0) {
    if (S_ISDIR(facts.st_mode))
      return fail(Code::InvalidArgument, "cannot write \"", path, "\": it is a directory")
          .file(path)
          .advise("give the path of a file in it");
    if (!S_ISREG(facts.st_mode)) {
      // /dev/null, /dev/stdout, a pipe: there is nothing to keep, and a rename would replace the device itself.
      file.descriptor_ = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
      if (file.descriptor_ < 0) return system_error("write", path, errno);
      return file;
    }
    // A symbolic link stays one: what it points to is replaced.
    if (char* resolved = ::realpath(path.c_str(), nullptr); resolved != nullptr) {
      file.path_ = resolved;
      std::free(resolved);
    }
  }
  const std::size_t slash = file.path_.rfind('/');
  const std::string folder = slash == std::string::npos ? std::string() : file.path_.substr(0, slash + 1);
  auto salt = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  for (int attempt = 0; attempt < 100 && file.descriptor_ < 0; ++attempt, ++salt) {
    // Not derived from the file's own name, which may already be as long as a name can be.
    file.temporary_ = cat(folder, ".tenon-", ::getpid(), "-", salt, ".tmp");
    file.descriptor_ = ::open(file.temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file.descriptor_ < 0 && errno != EEXIST) {
      const int number = errno;
      file.temporary_.clear();
      return system_error("write", path, number);
    }
  }
  if (file.descriptor_ < 0) {
    file.temporary_.clear();
    return system_error("write", path, EEXIST);
  }
  return file;
}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : path_(std::move(other.path_)), temporary_(std::exchange(other.temporary_, {})), descriptor_(std::exchange(other.descriptor_, -1)) {}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Status AtomicFile::write(std::span<const std::byte> bytes) {
  if (descriptor_ < 0) return fail(Code::FailedPrecondition, "\"", path_, "\" was already committed").file(path_);
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error("write", path_, errno);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

Status AtomicFile::write(std::string_view text) { return write(std::as_bytes(std::span(text))); }

Status AtomicFile::commit() {
  if (descriptor_ < 0) return fail(Code::FailedPrecondition, "\"", path_, "\" was already committed").file(path_);
  // Network file systems report a full disk only here.
  if (::close(std::exchange(descriptor_, -1)) != 0) return system_error("write", path_, errno);
  if (temporary_.empty()) return {};
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) return system_error("write", path_, errno);
  temporary_.clear();
  return {};
}

Status write_file(const std::string& path, std::string_view text) {
  TENON_ASSIGN(AtomicFile file, AtomicFile::create(path));
  TENON_TRY(file.write(text));
  return file.commit();
}

}  // namespace tenon
