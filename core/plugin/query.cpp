#include "core/plugin/query.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <exception>

#include "core/base/receive.h"
#include "core/op/call.h"
#include "core/op/fp_environment.h"

namespace tenon {
namespace {

constexpr std::size_t kMaxKernels = 256;

class Checker {
 public:
  Checker(const Manifest& manifest, const MappedLibrary* library) : manifest_(manifest), library_(library) {}

  Result<PluginTable> check(const tenon_plugin_info& info, std::uint32_t chosen) const {
    PluginTable table;
    table.api_minor = chosen;
    TENON_TRY(check_identity(info, chosen));
    TENON_TRY(function("create", info.create, true));
    TENON_TRY(function("destroy", info.destroy, true));
    TENON_TRY(function("thread_exit", info.thread_exit, true));
    table.create = info.create;
    table.destroy = info.destroy;
    if (info.importer_count != 0 || info.importers != nullptr) return not_understood("importers");
    if (info.operator_count != manifest_.ops.size())
      return mismatch(cat("the library has ", info.operator_count, " operators, the manifest ", manifest_.ops.size()));
    TENON_TRY(array("operators", info.operators, info.operator_count));
    table.operators.assign(manifest_.ops.size(), nullptr);
    for (std::size_t i = 0; i < info.operator_count; ++i) TENON_TRY(check_operator(info.operators[i], i, table));
    return table;
  }

  // A struct of the plugin: its memory, its header, its chain, then the receive rule.
  template <class T>
  Status structure(std::string_view what, const T* source, std::uint32_t kind, T& copy) const {
    TENON_TRY(memory(what, source, sizeof(tenon_header), alignof(T)));
    tenon_header header;
    std::memcpy(&header, source, sizeof header);
    if (header.struct_size > sizeof(tenon_header) && header.struct_size <= kMaxStructSize)
      TENON_TRY(memory(what, source, header.struct_size, alignof(T)));
    return content(what, source, kind, copy);
  }

  // The same for a struct in our memory that the plugin has filled.
  template <class T>
  Status content(std::string_view what, const T* source, std::uint32_t kind, T& copy) const {
    TENON_TRY(chain(what, source->header.next));
    Status status = receive(&copy, sizeof copy, kind, sizeof copy, source);
    if (status.ok()) return {};
    const bool newer = status.error().code == Code::NotUnderstood;
    return fail(newer ? Code::NotUnderstood : Code::PluginRejected, what, ": ", status.error().message)
        .advise(newer ? "upgrade libtenon" : author());
  }

  Error reject(std::string message) const { return fail(Code::PluginRejected, std::move(message)).advise(author()); }
  Error mismatch(std::string message) const {
    return fail(Code::ManifestMismatch, std::move(message))
        .advise("install the plugin again: library and manifest are from different builds");
  }
  Error not_understood(std::string_view what) const {
    return fail(Code::NotUnderstood, "the plugin sets ", what, ", which this libtenon does not know").advise("upgrade libtenon");
  }

 private:
  static std::string author() { return "report it to the plugin's author"; }

  Status memory(std::string_view what, const void* address, std::size_t bytes, std::size_t align) const {
    if (address == nullptr) return reject(cat(what, " is NULL"));
    if (reinterpret_cast<std::uintptr_t>(address) % align != 0) return reject(cat(what, " is not aligned"));
    if (library_ != nullptr && !library_->readable(address, bytes)) return reject(cat(what, " is outside the plugin's library"));
    return {};
  }
  Status array(std::string_view what, const void* address, std::size_t count) const {
    if (count == 0) return {};
    return memory(what, address, count * sizeof(void*), alignof(void*));
  }
  template <class F>
  Status function(std::string_view what, F* address, bool optional) const {
    if (address == nullptr) return optional ? Status() : reject(cat(what, " is NULL"));
    if (library_ != nullptr && !library_->executable(reinterpret_cast<const void*>(address)))
      return reject(cat(what, " is no function of the plugin's library"));
    return {};
  }
  Status text(std::string_view what, const char* address, std::size_t length, std::string_view& out) const {
    out = {};
    if (address == nullptr && length == 0) return {};
    if (length > 256) return reject(cat(what, " has ", length, " bytes, at most 256 are taken"));
    TENON_TRY(memory(what, address, length, 1));
    out = std::string_view(address, length);
    return {};
  }
  Status chain(std::string_view what, const void* next) const {
    for (int links = 0; next != nullptr; ++links) {
      if (links == 64) return reject(cat(what, ": the chain of extensions has no end"));
      TENON_TRY(memory(cat(what, ": an extension"), next, sizeof(tenon_header), alignof(tenon_header)));
      tenon_header header;
      std::memcpy(&header, next, sizeof header);
      next = header.next;
    }
    return {};
  }

  Status check_identity(const tenon_plugin_info& info, std::uint32_t chosen) const {
    if (info.api_minor_built != manifest_.api.built_minor || info.api_minor_required != manifest_.api.min_minor)
      return mismatch(cat("the library says API 1.", info.api_minor_required, "-1.", info.api_minor_built, ", the manifest 1.",
                          manifest_.api.min_minor, "-1.", manifest_.api.built_minor));
    if (info.api_minor_chosen != chosen)
      return reject(cat("the plugin chose API 1.", info.api_minor_chosen, " where 1.", chosen, " is the newest that both know"));
    if (info.features != 0) return not_understood(cat("the feature bits ", info.features));
    std::string_view name, version, runtime;
    TENON_TRY(text("the plugin's name", info.name, info.name_length, name));
    TENON_TRY(text("the plugin's version", info.version, info.version_length, version));
    TENON_TRY(text("the plugin's runtime", info.runtime, info.runtime_length, runtime));
    if (name != manifest_.name) return mismatch(cat("the library is ", name, ", the manifest ", manifest_.name));
    if (version != manifest_.version) return mismatch(cat("the library is version ", version, ", the manifest ", manifest_.version));
    if ((runtime.empty() ? "none" : runtime) != manifest_.runtime)
      return mismatch(cat("the library's runtime is ", runtime.empty() ? "none" : runtime, ", the manifest's ", manifest_.runtime));
    if (info.sanitizer != TENON_SANITIZER_HERE)
      return fail(Code::Incompatible, "the plugin is built with sanitizer ", sanitizer_name(info.sanitizer), ", libtenon with ",
                  sanitizer_name(TENON_SANITIZER_HERE))
          .advise("build both with the same sanitizer, or both without");
    return {};
  }

  Status check_operator(const tenon_operator* source, std::size_t position, PluginTable& table) const {
    tenon_operator op{};
    const std::string place = cat("operator ", position);
    TENON_TRY(structure(place, source, TENON_KIND_OPERATOR, op));
    std::string_view name;
    TENON_TRY(text(cat(place, ": name"), op.name, op.name_length, name));
    if ((op.flags & ~TENON_OPERATOR_KERNELS_ONLY) != 0) return not_understood(cat("the flags ", op.flags, " of operator ", name));
    const bool kernels_only = (op.flags & TENON_OPERATOR_KERNELS_ONLY) != 0;
    const auto item = std::find_if(manifest_.ops.begin(), manifest_.ops.end(), [&](const OpSchema& schema) {
      return kernels_only ? schema.kernels_for == name : schema.kernels_for.empty() && schema.name == name;
    });
    if (item == manifest_.ops.end()) return mismatch(cat("the library has an operator ", name, ", which the manifest does not list"));
    if (item->version != op.version)
      return mismatch(cat("the library has operator ", name, " version ", op.version, ", the manifest version ", item->version));
    const tenon_operator*& slot = table.operators[static_cast<std::size_t>(item - manifest_.ops.begin())];
    if (slot != nullptr) return mismatch(cat("the library has operator ", name, " twice"));
    slot = source;
    const bool may_infer = kernels_only || item->infer != StockInfer::None;
    TENON_TRY(function(cat("operator ", name, ": infer"), op.infer, may_infer));
    TENON_TRY(function(cat("operator ", name, ": lower"), op.lower, kernels_only));
    TENON_TRY(function(cat("operator ", name, ": lower_as"), op.lower_as, true));
    return check_kernels(op, name, *item);
  }

  Status check_kernels(const tenon_operator& op, std::string_view name, const OpSchema& item) const {
    if (op.kernel_count > kMaxKernels)
      return reject(cat("operator ", name, " has ", op.kernel_count, " kernels, at most ", kMaxKernels, " are taken"));
    TENON_TRY(array(cat("operator ", name, ": kernels"), op.kernels, op.kernel_count));
    std::vector<bool> seen(item.kernels.size());
    for (std::size_t i = 0; i < op.kernel_count; ++i) {
      tenon_kernel kernel{};
      const std::string place = cat("operator ", name, ": kernel ", i);
      TENON_TRY(structure(place, op.kernels[i], TENON_KIND_KERNEL, kernel));
      std::string_view kernel_name, level;
      TENON_TRY(text(cat(place, ": name"), kernel.name, kernel.name_length, kernel_name));
      TENON_TRY(text(cat(place, ": level"), kernel.level, kernel.level_length, level));
      const auto listed =
          std::find_if(item.kernels.begin(), item.kernels.end(), [&](const KernelSchema& k) { return k.name == kernel_name; });
      if (listed == item.kernels.end())
        return mismatch(cat("operator ", name, " has a kernel ", kernel_name, ", which the manifest does not list"));
      seen[static_cast<std::size_t>(listed - item.kernels.begin())] = true;
      if (!level.empty() && std::find(manifest_.levels.begin(), manifest_.levels.end(), level) == manifest_.levels.end())
        return mismatch(cat("kernel ", kernel_name, " has SIMD level ", level, ", which the manifest's levels do not list"));
      if ((kernel.flags & ~TENON_KERNEL_STRIDED) != 0 || kernel.reserved0 != 0)
        return not_understood(cat("the flags ", kernel.flags, " of kernel ", kernel_name));
      TENON_TRY(function(cat("kernel ", kernel_name, ": supports"), kernel.supports, false));
      TENON_TRY(function(cat("kernel ", kernel_name, ": plan"), kernel.plan, false));
      TENON_TRY(function(cat("kernel ", kernel_name, ": run"), kernel.run, false));
      TENON_TRY(function(cat("kernel ", kernel_name, ": plan_destroy"), kernel.plan_destroy, true));
    }
    for (std::size_t i = 0; i < seen.size(); ++i)
      if (!seen[i])
        return mismatch(cat("the manifest lists kernel ", item.kernels[i].name, " of operator ", name, ", the library has none"));
    return {};
  }

  const Manifest& manifest_;
  const MappedLibrary* library_;
};

}  // namespace

std::string_view sanitizer_name(std::uint32_t sanitizer) {
  switch (sanitizer) {
    case TENON_SANITIZER_NONE:
      return "none";
    case TENON_SANITIZER_ADDRESS:
      return "address";
    case TENON_SANITIZER_THREAD:
      return "thread";
    case TENON_SANITIZER_MEMORY:
      return "memory";
    default:
      return "of an unknown kind";
  }
}

Result<std::uint32_t> negotiate(const Manifest::Api& plugin, std::uint32_t host_min, std::uint32_t host_max) {
  const std::string ranges = cat("built for plugin API ", plugin.major, ".", plugin.min_minor, "-", plugin.major, ".", plugin.built_minor,
                                 ", this libtenon has ", TENON_PLUGIN_API_MAJOR, ".", host_min, "-", TENON_PLUGIN_API_MAJOR, ".", host_max);
  const std::uint32_t chosen = std::min(host_max, plugin.built_minor);
  if (plugin.major > TENON_PLUGIN_API_MAJOR || (plugin.major == TENON_PLUGIN_API_MAJOR && chosen < plugin.min_minor))
    return fail(Code::Incompatible, ranges).advise(cat("upgrade libtenon to one with plugin API ", plugin.major, ".", plugin.min_minor));
  if (plugin.major < TENON_PLUGIN_API_MAJOR || chosen < host_min)
    return fail(Code::Incompatible, ranges).advise("install a newer build of the plugin");
  return chosen;
}

Result<PluginTable> query_plugin(tenon_plugin_query_fn query, const Manifest& manifest, const MappedLibrary* library,
                                 const Environment& environment, const std::string& host_version) {
  TENON_ASSIGN(const std::uint32_t chosen, negotiate(manifest.api, kHostApiMinorMin, kHostApiMinorMax));
  const Checker checker(manifest, library);
  tenon_host_info host{};
  host.header = TENON_HEADER_INIT(tenon_host_info, TENON_KIND_HOST_INFO);
  host.api_major = TENON_PLUGIN_API_MAJOR;
  host.api_minor_min = kHostApiMinorMin;
  host.api_minor_max = kHostApiMinorMax;
  host.sanitizer = TENON_SANITIZER_HERE;
  host.pointer_bytes = sizeof(void*);
  host.little_endian = std::endian::native == std::endian::little;
  std::copy(std::begin(environment.machine.features), std::end(environment.machine.features), host.cpu_features);
  host.version = host_version.c_str();
  host.version_length = host_version.size();
  host.api = &host_api();

  // Room behind the struct: a plugin that writes more than it was given is found out, instead of writing over our stack.
  struct alignas(64) Answer {
    tenon_plugin_info info = TENON_PLUGIN_INFO_INIT;
    unsigned char beyond[4096] = {};
  } answer;
  std::int32_t code = TENON_OK;
  std::string thrown;
  const FpState before = FpState::read();
  try {
    code = query(&host, &answer.info);
  } catch (const std::exception& exception) {
    thrown = cat("the query threw an exception: ", exception.what());
  } catch (...) {
    thrown = "the query threw an exception";
  }
  const bool fp_changed = !(FpState::read() == before);
  before.write();
  if (!thrown.empty()) return checker.reject(std::move(thrown));
  if (code == TENON_INCOMPATIBLE)
    return fail(Code::Incompatible, "the plugin does not work with this libtenon (plugin API 1.", kHostApiMinorMin, "-1.", kHostApiMinorMax,
                ")")
        .advise("upgrade libtenon or the plugin");
  if (code != TENON_OK) return checker.reject(cat("the query failed with code ", code));
  if (std::any_of(std::begin(answer.beyond), std::end(answer.beyond), [](unsigned char byte) { return byte != 0; }))
    return checker.reject("the query wrote beyond the struct that it was given");
  if (answer.info.header.struct_size > sizeof(tenon_plugin_info))
    return checker.reject(cat("the query says that it filled ", answer.info.header.struct_size, " bytes of ", sizeof(tenon_plugin_info)));
  tenon_plugin_info info = TENON_PLUGIN_INFO_INIT;
  TENON_TRY(checker.content("the plugin's answer", &answer.info, TENON_KIND_PLUGIN_INFO, info));
  TENON_ASSIGN(PluginTable table, checker.check(info, chosen));
  table.fp_changed = fp_changed;
  return table;
}

}  // namespace tenon
