// tenon plugins new: the templates of configs/project-templates with their @WORDS@ filled in, as a folder that appears whole or not at all.
#include "cmd_plugins_new.h"

#include <sys/stat.h>
#include <CLI/CLI.hpp>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>

#include "output.h"
#include "project_templates.h"
#include "terminal.h"

namespace tenon::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestName = 64;  // of a plugin, in its manifest
constexpr std::string_view kRule =
    "a name is [NAMESPACE.]OPERATOR: parts of small letters, digits, _ and -, each starting with a letter, joined by dots; at most 64 "
    "bytes";

// What the templates call things. Of acme.my_op: that operator of the plugin acme.my-op, in acme-my-op.so.
struct Names {
  std::string name_space, op, plugin, library;
  std::string full() const { return name_space + "." + op; }
};

std::string replaced(std::string text, char from, char to) {
  std::replace(text.begin(), text.end(), from, to);
  return text;
}

bool is_name(std::string_view name) {
  bool starts = true;  // of a part
  for (const char c : name) {
    const bool letter = c >= 'a' && c <= 'z', other = (c >= '0' && c <= '9') || c == '_' || c == '-';
    if (starts ? !letter : !letter && !other && c != '.') return false;
    starts = c == '.';
  }
  return !starts && name.size() <= kLongestName;
}

// The nearest valid name, for advice: "Acme.My Op" -> acme.my_op.
std::string repaired(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const char small = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const bool known = (small >= 'a' && small <= 'z') || (small >= '0' && small <= '9') || small == '.' || small == '-';
    out += known ? small : '_';
  }
  return is_name(out) ? out : std::string();
}

Names names_of(const std::string& name) {
  if (!is_name(name)) {
    const std::string better = repaired(name);
    throw wrong_usage("`" + printable(name) + "` cannot be the name of an operator",
                      better.empty() ? std::string(kRule) : "use " + better + "; " + std::string(kRule));
  }
  Names names;
  const std::string text = replaced(name, '-', '_');
  const std::size_t dot = text.rfind('.');
  names.name_space = dot == std::string::npos ? "local" : text.substr(0, dot);
  names.op = dot == std::string::npos ? text : text.substr(dot + 1);
  names.plugin = replaced(names.full(), '_', '-');
  names.library = replaced(names.plugin, '.', '-');
  if (names.name_space == "tenon" || names.name_space.compare(0, 6, "tenon.") == 0)
    throw wrong_usage("the namespace tenon is for Tenon's own operators", "use one of your own: yours." + names.op);
  if (names.plugin.size() > kLongestName) throw wrong_usage("the name " + names.plugin + " is too long", std::string(kRule));
  return names;
}

std::vector<std::string> languages() {
  std::vector<std::string> out;
  for (const ProjectTemplate& file : project_templates()) {
    const std::string language(file.path.substr(0, file.path.find('/')));
    if (language != "common" && std::find(out.begin(), out.end(), language) == out.end()) out.push_back(language);
  }
  std::sort(out.begin(), out.end());
  return out;
}

void replace_all(std::string& text, std::string_view word, std::string_view with) {
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + with.size()))
    text.replace(at, word.size(), with);
}

// The project's files by their paths. WORD.in is no file of a project but the text for @WORD@.
std::map<std::string, std::string> project_files(const std::string& language, const Names& names) {
  std::map<std::string, std::string> files, words = {{"@NAME@", names.full()},
                                                     {"@NAMESPACE@", names.name_space},
                                                     {"@OPERATOR@", names.op},
                                                     {"@PLUGIN@", names.plugin},
                                                     {"@LIBRARY@", names.library}};
  for (const ProjectTemplate& file : project_templates()) {
    const std::size_t slash = file.path.find('/');
    const std::string_view folder = file.path.substr(0, slash), path = file.path.substr(slash + 1);
    if (folder != "common" && folder != language) continue;
    if (fs::path(path).extension() == ".in")
      words.emplace("@" + fs::path(path).stem().string() + "@", file.text);
    else
      files.emplace(path, file.text);
  }
  for (auto& [path, text] : files)
    for (const auto& [word, with] : words) replace_all(text, word, with);
  return files;
}

[[noreturn]] void fail(int error, const std::string& what, const fs::path& path) {
  const char* code = error == EACCES || error == EPERM || error == EROFS ? "PERMISSION_DENIED"
                     : error == ENOENT                                   ? "NOT_FOUND"
                                                                         : "UNAVAILABLE";
  throw Failure(code, what + ": " + std::strerror(error), "check the folder above it, its permissions and the disk")
      .at("file", path.string());
}
void check(const std::error_code& code, const std::string& what, const fs::path& path) {
  if (code) fail(code.value(), what, path);
}

// A folder beside its final place, renamed there by commit(); without commit nothing remains.
class NewFolder {
 public:
  explicit NewFolder(fs::path final_place) : final_(std::move(final_place)) {
    std::error_code code;
    const fs::file_status status = fs::symlink_status(final_, code);
    if (fs::exists(status) && !(fs::is_directory(status) && fs::is_empty(final_, code)))
      throw Failure("ALREADY_EXISTS", "something is there already, and nothing is overwritten",
                    "choose another folder with --dir, or remove it")
          .at("file", final_.string());
    std::string pattern = (final_.parent_path() / ("." + final_.filename().string() + ".XXXXXX")).string();
    if (::mkdtemp(pattern.data()) == nullptr) fail(errno, "cannot make the project's folder", final_);
    temporary_ = pattern;
  }
  NewFolder(const NewFolder&) = delete;
  NewFolder& operator=(const NewFolder&) = delete;
  ~NewFolder() {
    std::error_code ignored;
    if (!temporary_.empty()) fs::remove_all(temporary_, ignored);
  }
  void write(const std::string& path, std::string_view text) {
    std::error_code code;
    const fs::path file = temporary_ / path;
    fs::create_directories(file.parent_path(), code);
    check(code, "cannot make a folder", file.parent_path());
    write_file(file.string(), text);
    if (file.extension() == ".sh") share(file);
  }
  void commit() {
    share(temporary_);
    std::error_code code;
    fs::rename(temporary_, final_, code);
    check(code, "cannot put the project into its place", final_);
    temporary_.clear();
  }

 private:
  // Executable, or a folder to enter, for those whom the umask lets in.
  static void share(const fs::path& path) {
    const mode_t mask = ::umask(0);
    ::umask(mask);
    std::error_code code;
    fs::permissions(path, static_cast<fs::perms>(0777 & ~mask), code);
    check(code, "cannot set the permissions", path);
  }
  fs::path final_, temporary_;
};

}  // namespace

void add_new_options(CLI::App& verb, NewPlugin& options) {
  const std::string group = "Options of new";
  verb.add_option("--lang", options.language, "the project's language: " + join(languages(), ", "))->type_name("LANG")->group(group);
  verb.add_option("--dir", options.folder, "the folder to make; default: the plugin's name, here")->type_name("DIR")->group(group);
}

int new_plugin(const std::string& name, const NewPlugin& options, const Globals& globals) {
  const std::string known = "languages: " + join(languages(), ", ");
  if (options.language.empty()) throw wrong_usage("tenon plugins new needs --lang", known);
  const std::vector<std::string> all = languages();
  if (std::find(all.begin(), all.end(), options.language) == all.end())
    throw wrong_usage("unknown language " + printable(options.language), did_you_mean(options.language, all, known));
  const Names names = names_of(name);

  // Without a slash at the end, which would make the last part of the path empty.
  fs::path place = fs::path(options.folder.empty() ? names.library : options.folder).lexically_normal();
  if (!place.has_filename()) place = place.parent_path();
  NewFolder folder(place);
  const std::map<std::string, std::string> files = project_files(options.language, names);
  for (const auto& [path, text] : files) folder.write(path, text);
  folder.commit();

  const std::string verify = "tenon verify " + names.full() + " --plugin-path build/tenon/plugins-1";
  if (globals.json) {
    Json written = Json::array();
    for (const auto& [path, text] : files) written.push_back(path);
    return print_json(Json{{"tenon", tenon_version()},
                           {"project", place.string()},
                           {"language", options.language},
                           {"plugin", names.plugin},
                           {"operator", names.full()},
                           {"files", written},
                           {"next", {"cd " + place.string(), "./build.sh", verify}}});
  }
  write_stdout(printable(place.string()) + ": a plugin in " + options.language + " with the operator " + names.full() + "\n");
  if (!globals.quiet)
    write_stderr("next: cd " + printable(place.string()) + "\n      ./build.sh\n      " + verify +
                 "\n      then make it yours: README.md says which file holds what\n");
  return kDone;
}

}  // namespace tenon::cli
