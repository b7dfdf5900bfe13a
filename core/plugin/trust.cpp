#include "core/plugin/trust.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace tenon {
namespace {

std::string error_text(int number) {
  char buffer[128] = "";
  return ::strerror_r(number, buffer, sizeof buffer);
}

bool may_own(const TrustRules& rules, std::uint32_t owner) {
  return owner == 0 || (rules.allow_user && owner == rules.user) || (rules.owner && owner == *rules.owner);
}

std::string owners(const TrustRules& rules) {
  std::string text = "root";
  if (rules.allow_user && rules.user != 0) text += cat(" or user ", rules.user);
  if (rules.owner && *rules.owner != 0 && !(rules.allow_user && *rules.owner == rules.user)) text += cat(" or user ", *rules.owner);
  return text;
}

// sticky_passes: a folder like /tmp, if `child`, what we go to from there, belongs to the right owner: nobody else can rename it.
Status check(const struct stat& entry, const std::string& path, const TrustRules& rules, const struct stat* child = nullptr) {
  if (!may_own(rules, entry.st_uid))
    return fail(Code::Untrusted, path, " belongs to user ", static_cast<std::uint32_t>(entry.st_uid), ", not to ", owners(rules))
        .file(path)
        .advise(cat("chown ", rules.allow_user ? rules.user : rules.owner.value_or(0), " ", path));
  const unsigned loose = entry.st_mode & (S_IWGRP | S_IWOTH);
  if (loose == 0) return {};
  if (S_ISDIR(entry.st_mode) && (entry.st_mode & S_ISVTX) != 0 && child != nullptr && may_own(rules, child->st_uid)) return {};
  const bool group = (loose & S_IWGRP) != 0, others = (loose & S_IWOTH) != 0;
  return fail(Code::Untrusted, path, " may be written by ",
              group && others ? "its group and others"
              : group         ? "its group"
                              : "others")
      .file(path)
      .advise(cat("chmod ", group ? "g" : "", others ? "o" : "", "-w ", path));
}

bool is_below(const std::string& path, const std::string& ancestor) {
  return ancestor.empty() ||
         (path.size() > ancestor.size() && path.compare(0, ancestor.size(), ancestor) == 0 && path[ancestor.size()] == '/');
}

std::string_view kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a named pipe";
  if (S_ISSOCK(mode)) return "a socket";
  if (S_ISLNK(mode)) return "a symbolic link";
  return "a device";
}

}  // namespace

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

Result<TrustedFolder> open_trusted_folder(const std::string& path, const TrustRules& rules) {
  const std::unique_ptr<char, decltype(&::free)> resolved(::realpath(path.c_str(), nullptr), &::free);
  if (resolved == nullptr) {
    const int number = errno;
    return fail(number == EACCES ? Code::PermissionDenied : Code::NotFound, "cannot open the folder ", path, ": ", error_text(number))
        .file(path);
  }
  TrustedFolder folder;
  folder.rules = rules;
  // Downwards, each component opened from the one above: what was checked is what is used.
  Descriptor current(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  struct stat above {};
  if (!current.ok() || ::fstat(current.get(), &above) != 0) return fail(Code::Internal, "cannot open /");
  std::string walked = "/";
  for (const std::string& part : split(resolved.get(), '/')) {
    if (part.empty()) continue;
    // The last one is opened for reading, to be listed.
    const std::string next_path = walked == "/" ? cat("/", part) : cat(walked, "/", part);
    const bool last = next_path == resolved.get();
    Descriptor next(::openat(current.get(), part.c_str(), (last ? O_RDONLY : O_PATH) | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
    struct stat entry {};
    if (!next.ok() || ::fstat(next.get(), &entry) != 0) {
      const int number = errno;
      return fail(number == EACCES ? Code::PermissionDenied : Code::NotFound, "cannot open the folder ", next_path, ": ",
                  error_text(number))
          .file(next_path);
    }
    if (is_below(walked, rules.below)) TENON_TRY(check(above, walked, rules, &entry));
    above = entry;
    walked = next_path;
    current = std::move(next);
  }
  if (is_below(walked, rules.below)) TENON_TRY(check(above, walked, rules));
  if (walked == "/") return fail(Code::InvalidArgument, "/ is no folder of plugins").file(path);
  folder.path = walked;
  folder.descriptor = std::move(current);
  return folder;
}

Result<TrustedFile> open_trusted_file(const TrustedFolder& folder, const std::string& name, std::uint64_t limit, bool may_link) {
  std::string real_name = name;
  std::string path = cat(folder.path, "/", name);
  const auto open = [&] {
    return Descriptor(::openat(folder.descriptor.get(), real_name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  };
  Descriptor descriptor = open();
  if (!descriptor.ok() && errno == ELOOP) {
    char target[NAME_MAX + 1];
    const ssize_t length = ::readlinkat(folder.descriptor.get(), name.c_str(), target, sizeof target);
    const std::string_view text(target, length > 0 ? static_cast<std::size_t>(length) : 0);
    if (!may_link || text.empty() || text.size() == sizeof target || text.find('/') != std::string_view::npos || text == ".." ||
        text == ".")
      return fail(Code::Untrusted, path, " is a symbolic link", may_link ? " to another folder" : "")
          .file(path)
          .advise("put the file itself there");
    real_name = text;
    descriptor = open();
    if (!descriptor.ok() && errno == ELOOP)
      return fail(Code::Untrusted, path, " is a link to a link").file(path).advise("put the file itself there");
  }
  if (!descriptor.ok()) {
    const int number = errno;
    if (number == ENXIO)
      return fail(Code::Untrusted, path, " is a socket or a device, not a regular file").file(path).advise(cat("remove ", path));
    return fail(number == EACCES ? Code::PermissionDenied : Code::NotFound, "cannot open ", path, ": ", error_text(number))
        .file(path)
        .advise(number == EACCES ? cat("chmod a+r ", path) : std::string("install the plugin again: one of its files is missing"));
  }
  struct stat entry {};
  if (::fstat(descriptor.get(), &entry) != 0) return fail(Code::Internal, "cannot read the state of ", path);
  if (!S_ISREG(entry.st_mode))
    return fail(Code::Untrusted, path, " is ", kind_of(entry.st_mode), ", not a regular file").file(path).advise(cat("remove ", path));
  TENON_TRY(check(entry, path, folder.rules));
  if (static_cast<std::uint64_t>(entry.st_size) > limit)
    return fail(Code::ResourceExhausted, path, " has ", static_cast<std::uint64_t>(entry.st_size), " bytes, at most ", limit, " are read")
        .file(path);
  TrustedFile file;
  file.descriptor = std::move(descriptor);
  file.path = std::move(path);
  file.size = static_cast<std::uint64_t>(entry.st_size);
  file.device = entry.st_dev;
  file.inode = entry.st_ino;
  return file;
}

Result<std::string> read_trusted_text(const TrustedFile& file) {
  std::string text(file.size, '\0');
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t got = ::pread(file.descriptor.get(), text.data() + done, text.size() - done, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(Code::DataLoss, "cannot read ", file.path, ": ", error_text(errno)).file(file.path);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  text.resize(done);
  return text;
}

}  // namespace tenon
