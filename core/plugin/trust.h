// Who may have written a plugin's file: owners and modes, checked on open descriptors so that nothing can be swapped in between.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "core/base/status.h"

namespace tenon {

// A file descriptor, closed at the end.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor();
  int get() const { return number_; }
  bool ok() const { return number_ >= 0; }

 private:
  int number_;
};

// Root may own everything. allow_user: `user` (this process) too. owner: also that one, for the folder beside libtenon.
// below: folders are checked strictly below this one ("": from the root on): who can replace what stands above needs no plugin.
struct TrustRules {
  bool allow_user = false;
  std::uint32_t user = 0;
  std::optional<std::uint32_t> owner;
  std::string below;
};

struct TrustedFolder {
  Descriptor descriptor;
  std::string path;  // resolved: absolute, without symbolic links
  TrustRules rules;
};

struct TrustedFile {
  Descriptor descriptor;
  std::string path;  // in the folder's resolved path
  std::uint64_t size = 0, device = 0, inode = 0;
};

inline constexpr std::uint64_t kMaxLibraryBytes = 1u << 30;

// NOT_FOUND if there is no such folder; UNTRUSTED, with the chmod or chown that mends it, if it or one above it may be written by someone
// else. A folder that everyone may write passes if it is sticky and what stands below it belongs to root or the user (/tmp).
Result<TrustedFolder> open_trusted_folder(const std::string& path, const TrustRules& rules);

// A regular file of at most `limit` bytes directly in the folder. A symbolic link is UNTRUSTED, unless `may_link` and it leads to a name in
// the same folder. Anything but a regular file is UNTRUSTED and is not waited for (FIFOs).
Result<TrustedFile> open_trusted_file(const TrustedFolder& folder, const std::string& name, std::uint64_t limit, bool may_link);

Result<std::string> read_trusted_text(const TrustedFile& file);

}  // namespace tenon
