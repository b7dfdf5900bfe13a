#include "core/plugin/loader.h"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "core/plugin/inspect.h"
#include "core/plugin/provider.h"

namespace tenon {
namespace {

constexpr std::string_view kSuffix = ".tenon.yaml";
constexpr std::size_t kMaxFiles = 4096;  // per folder

class Stopwatch {
 public:
  std::uint64_t nanoseconds() const {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - start_).count());
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// Names of the manifests in a folder, bytewise: the order of a directory is nobody's.
std::vector<std::string> manifest_names(const TrustedFolder& folder) {
  std::vector<std::string> names;
  const int copy = ::dup(folder.descriptor.get());
  DIR* stream = copy < 0 ? nullptr : ::fdopendir(copy);
  if (stream == nullptr) {
    if (copy >= 0) ::close(copy);
    return names;
  }
  ::rewinddir(stream);
  while (const dirent* entry = ::readdir(stream)) {
    const std::string_view file = entry->d_name;
    if (file.size() > kSuffix.size() && file.ends_with(kSuffix) && names.size() < kMaxFiles) names.emplace_back(file);
  }
  ::closedir(stream);
  std::sort(names.begin(), names.end());
  return names;
}

void reject(PluginRecord& record, Error error) {
  record.state = PluginState::Rejected;
  if (error.advice.empty())
    error.advice = error.code == Code::ManifestInvalid ? "correct the manifest there, or report it to the plugin's author"
                                                       : "report it to the plugin's author";
  if (error.where.plugin.empty()) error.where.plugin = record.name;
  record.error = std::move(error);
}

Status read_manifest(const TrustedFolder& folder, const std::string& file_name, PluginRecord& record,
                     std::vector<Error>* problems = nullptr) {
  record.manifest_path = cat(folder.path, "/", file_name);
  TENON_ASSIGN(const TrustedFile file, open_trusted_file(folder, file_name, yaml::kManifestLimits.bytes, false));
  TENON_ASSIGN(std::string text, read_trusted_text(file));
  if (problems != nullptr) {
    record.manifest = std::make_shared<const Manifest>(parse_manifest_all(std::move(text), record.manifest_path, *problems));
  } else {
    TENON_ASSIGN(Manifest manifest, parse_manifest(std::move(text), record.manifest_path));
    record.manifest = std::make_shared<const Manifest>(std::move(manifest));
  }
  record.name = record.manifest->name;
  record.version = record.manifest->version;
  record.warnings = record.manifest->warnings;
  record.state = PluginState::Parsed;
  return {};
}

// Everything that can be known without running the plugin.
Status validate(const TrustedFolder& folder, const Environment& environment, const LoaderOptions& options, DependencyIndex& dependencies,
                bool with_hash, PluginRecord& record, LibraryFile& library, std::vector<Error>* problems = nullptr) {
  const Manifest& manifest = *record.manifest;
  TENON_TRY(check_host(manifest, problems));
  TENON_ASSIGN(const Manifest::Variant* variant, choose_variant(manifest, environment.machine, options.feature_names));
  record.library_path = cat(folder.path, "/", variant->library);
  record.cpu = variant->cpu;
  TENON_ASSIGN(library, check_library(folder, manifest, *variant, dependencies, with_hash, problems));
  record.state = PluginState::Validated;
  return {};
}

// The folder and the file name of a path; "x" is in ".".
std::pair<std::string, std::string> split_path(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {".", path};
  return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

}  // namespace

std::string_view name(PluginState state) {
  constexpr std::string_view kNames[] = {"FOUND",  "PARSED",   "VALIDATED", "PROBED",   "LOADED",
                                         "ACTIVE", "REJECTED", "DENIED",    "SHADOWED", "QUARANTINED"};
  return kNames[static_cast<std::size_t>(state)];
}

Loader::Loader() = default;

Loader::~Loader() {
  // The last created first, found anew each time: a list of them would need memory.
  const auto created_before = [this](std::uint32_t order) {
    PluginProvider* last = nullptr;
    for (const Entry& entry : entries_)
      if (entry.provider != nullptr && entry.provider->is_open() && entry.provider->order() < order &&
          (last == nullptr || entry.provider->order() > last->order()))
        last = entry.provider.get();
    return last;
  };
  for (PluginProvider* provider = created_before(UINT32_MAX); provider != nullptr; provider = created_before(provider->order()))
    provider->destroy();
}

void Loader::log(std::int32_t level, const std::string& text) const {
  if (environment_->log && level <= environment_->log_level) environment_->log(level, "loader", text);
}

void Loader::discover(LoaderOptions options, Registry& registry, const Environment& environment, ProcessView process) {
  options_ = std::move(options);
  process_ = std::move(process);
  registry_ = &registry;
  environment_ = &environment;
  plan_ = plan_search(options_, process_);
  notices_ = plan_.notices;
  skipped_ = plan_.skipped;
  DependencyIndex dependencies(process_.secure);
  for (const LoaderOptions::StaticPlugin& plugin : options_.statics) add_static(plugin);
  for (const SearchPlace& place : plan_.places) add_place(place, dependencies);
  for (const std::string& notice : notices_) log(TENON_LOG_WARNING, notice);
}

void Loader::add_static(const LoaderOptions::StaticPlugin& plugin) {
  const Stopwatch watch;
  PluginRecord record;
  record.manifest_path = record.library_path = "static";
  record.tier = 1;
  Result<Manifest> manifest = parse_manifest(plugin.manifest, "static", ManifestUse::Static);
  if (!manifest.ok()) {
    reject(record, manifest.take_error());
  } else {
    record.manifest = std::make_shared<const Manifest>(*std::move(manifest));
    record.name = record.manifest->name;
    record.version = record.manifest->version;
    record.warnings = record.manifest->warnings;
    record.state = PluginState::Parsed;
    // What is linked in runs on this machine: the manifest's arch is that of the file it may also describe.
    Manifest here = *record.manifest;
    here.arch.clear();
    if (Status status = check_host(here); !status.ok())
      reject(record, status.take_error());
    else
      record.state = PluginState::Validated;
  }
  record.discovery_ns = watch.nanoseconds();
  accept(std::move(record), plugin.query, {}, {});
}

void Loader::add_place(const SearchPlace& place, DependencyIndex& dependencies) {
  const auto [folder_path, file_name] = place.manifest ? split_path(place.path) : std::pair(place.path, std::string());
  Result<TrustedFolder> folder = open_trusted_folder(folder_path, place.rules);
  if (!folder.ok()) {
    // A folder that nobody asked for by name may well not exist.
    const bool absent = folder.error().code == Code::NotFound;
    if (absent && !place.manifest) skipped_.push_back({place.tier, place.path, "there is no such folder"});
    if (absent && !place.named) return;
    if (absent && !place.manifest) {
      notices_.push_back(folder.error().message);
      return;
    }
    PluginRecord record;
    record.manifest_path = place.path;
    record.tier = place.tier;
    reject(record, folder.take_error());
    accept(std::move(record), nullptr, {}, {});
    return;
  }
  const std::string searched = place.manifest ? cat(folder->path, "/", file_name) : folder->path;
  for (const SearchPlace& earlier : places_)
    if (earlier.path == searched) {
      if (earlier.tier != place.tier) skipped_.push_back({place.tier, place.path, cat("searched already, in tier ", earlier.tier)});
      return;
    }
  places_.push_back(place);
  places_.back().path = searched;
  const std::vector<std::string> names = place.manifest ? std::vector<std::string>{file_name} : manifest_names(*folder);
  for (const std::string& name : names) {
    const Stopwatch watch;
    PluginRecord record;
    LibraryFile library;
    record.tier = place.tier;
    if (Status status = read_manifest(*folder, name, record); !status.ok()) {
      reject(record, status.take_error());
    } else if (admit(record)) {
      if (status = validate(*folder, *environment_, options_, dependencies, false, record, library); !status.ok())
        reject(record, status.take_error());
    }
    record.discovery_ns = watch.nanoseconds();
    accept(std::move(record), nullptr, std::move(library), place.rules);
  }
}

// Filters and names: whether the plugin is worth a look at its library.
bool Loader::admit(PluginRecord& record) const {
  if (!passes_filters(options_, plan_, record.name, record.reason)) {
    record.state = PluginState::Denied;
    return false;
  }
  // Only what can be opened takes a name: a broken plugin must not hide a good one.
  for (const Entry& entry : entries_)
    if (entry.provider != nullptr && entry.record.name == record.name) {
      record.state = PluginState::Shadowed;
      record.reason = cat("version ", entry.record.version, " in ", entry.record.manifest_path, " comes first");
      return false;
    }
  return true;
}

void Loader::accept(PluginRecord record, tenon_plugin_query_fn query, LibraryFile library, TrustRules rules) {
  if (query != nullptr && record.state == PluginState::Validated) admit(record);
  const std::string who = record.name.empty() ? record.manifest_path : cat(record.name, " (", record.manifest_path, ")");
  Entry entry;
  if (record.state == PluginState::Rejected) {
    log(TENON_LOG_WARNING, cat("rejected ", who, ": ", code_name(record.error->code), ": ", record.error->message,
                               record.error->advice.empty() ? "" : "; ", record.error->advice));
  } else if (record.state != PluginState::Validated) {
    log(TENON_LOG_INFO, cat(name(record.state), " ", who, ": ", record.reason));
  } else {
    PluginProvider::Setup setup;
    setup.manifest = record.manifest;
    setup.library = std::move(library);
    setup.query = query;
    setup.tier = record.tier;
    setup.rules = std::move(rules);
    setup.host_version = options_.host_version;
    setup.secure = process_.secure;
    setup.environment = environment_;
    setup.serial = &serial_;
    setup.counter = &created_;
    entry.provider = std::make_shared<PluginProvider>(std::move(setup));
    for (std::size_t i = 0; i < record.manifest->ops.size(); ++i) registry_->add(record.manifest->ops[i], entry.provider, i);
  }
  entry.record = std::move(record);
  entries_.push_back(std::move(entry));
}

std::vector<PluginRecord> Loader::records() const {
  std::vector<PluginRecord> list;
  for (const Entry& entry : entries_) {
    list.push_back(entry.record);
    if (entry.provider != nullptr) entry.provider->describe(list.back());
  }
  return list;
}

Status Loader::preload(std::string_view plugin) {
  std::vector<std::string> names;
  const Entry* refused = nullptr;
  for (const Entry& entry : entries_) {
    names.push_back(entry.record.name);
    if (entry.record.name != plugin) continue;
    if (entry.provider != nullptr) return entry.provider->ensure_open();
    if (refused == nullptr) refused = &entry;
  }
  if (refused == nullptr) {
    const std::string nearest = nearest_name(plugin, names);
    return fail(Code::NotFound, "no plugin is called ", plugin)
        .advise(nearest.empty() ? "`tenon plugins` lists what was found" : cat("did you mean ", nearest, "?"));
  }
  if (refused->record.error) return Error(*refused->record.error);
  return fail(Code::PermissionDenied, "plugin ", plugin, " is denied: ", refused->record.reason).plugin(std::string(plugin));
}

Loader::LintResult Loader::lint(const std::string& manifest_path) const {
  const Stopwatch watch;
  TrustRules ours;
  ours.allow_user = true;
  ours.user = process_.user;
  LintResult result;
  PluginRecord& record = result.record;
  record.manifest_path = manifest_path;
  LibraryFile library;
  DependencyIndex dependencies(process_.secure);
  const auto [folder_path, file_name] = split_path(manifest_path);
  const auto run = [&, path = folder_path, file = file_name]() -> Status {
    TENON_ASSIGN(const TrustedFolder folder, open_trusted_folder(path, ours));
    TENON_TRY(read_manifest(folder, file, record, &result.problems));
    // What a manifest with an error says of its library may be the error.
    if (!result.problems.empty()) return {};
    return validate(folder, *environment_, options_, dependencies, true, record, library, &result.problems);
  };
  if (Status status = run(); !status.ok()) result.problems.push_back(status.take_error());
  for (Error& problem : result.problems)
    if (problem.advice.empty() && problem.code == Code::ManifestInvalid) problem.advice = "correct the manifest there";
  if (!result.problems.empty()) reject(record, result.problems.front());
  result.exports = std::move(library.exports);
  record.discovery_ns = watch.nanoseconds();
  return result;
}

}  // namespace tenon
