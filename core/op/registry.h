// The operators and kernels that a context knows. Filled while plugins are discovered, then read without locks.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/op/schema.h"
#include "tenon/plugin.h"

namespace tenon {

// Where an operator's code comes from: a shared library opened on first use, or a table linked into the program. Implemented by
// core/plugin. All members may be called from any thread.
class Provider {
 public:
  virtual ~Provider() = default;
  virtual const std::string& plugin_name() const = 0;
  virtual const std::string& version() const = 0;
  virtual std::string origin() const = 0;  // the library's path, or "static"
  virtual int priority() const = 0;        // 0-999
  virtual int tier() const = 0;            // search tier, 1 first
  virtual bool concurrent() const = 0;     // manifest: threads: concurrent
  virtual bool flushes_denormals() const = 0;
  // Held around infer, lower and plan unless concurrent. One for all plugins of a context, and recursive: a lowering may use operators of
  // other plugins, in any order.
  virtual std::recursive_mutex& serial() = 0;
  // Opens the library if need be. The table entry for the manifest's item number `index`; lives as long as the process.
  virtual Result<const tenon_operator*> open(std::size_t index) = 0;
  // True once open() succeeded: listings must not open anything.
  virtual bool is_open() const = 0;
  // Called by invoke and invoke_run when a callback changed the FP environment (it has been restored).
  virtual void note_fp_violation() = 0;
  // True once: the first violation is logged, later ones only counted.
  bool first_fp_violation() { return !fp_violated_.test_and_set(); }

 private:
  std::atomic_flag fp_violated_ = ATOMIC_FLAG_INIT;
};

struct OpDef {
  OpSchema schema;
  std::shared_ptr<Provider> provider;
  std::size_t index = 0;  // of the item in its manifest

  Result<const tenon_operator*> table() const { return provider->open(index); }
};

struct ShadowedOp {
  std::string full_name, plugin, by_plugin;
};

// A kernel that may run an operator: from the pack that defines it, or one that says kernels_for.
struct KernelSource {
  std::shared_ptr<Provider> provider;
  std::size_t index = 0;             // of the manifest item that lists it
  const OpSchema* schema = nullptr;  // of that item; for the listing of kernels
};

class Registry {
 public:
  // The first definition of a name wins; a later one is listed as shadowed, kernels included.
  void add(OpSchema schema, std::shared_ptr<Provider> provider, std::size_t index);

  // "rms_norm", "RMSNorm" (case and underscores are ignored), an alias, "tenon.rms_norm", "example.my_norm". Names without a namespace are
  // looked up in `home` first where given, then in "tenon".
  const OpDef* find(std::string_view name, std::string_view home = {}) const;
  // The same, or NOT_FOUND that names the operator and the nearest known one.
  Result<const OpDef*> require(std::string_view name, std::string_view home = {}) const;

  std::vector<const OpDef*> all() const;  // sorted by full name
  const std::vector<ShadowedOp>& shadowed() const { return shadowed_; }
  std::vector<KernelSource> kernels_of(const OpDef& op) const;  // the defining pack first

 private:
  std::vector<std::unique_ptr<OpDef>> ops_;
  std::unordered_map<std::string, const OpDef*> by_name_;  // folded "namespace.name" and aliases
  std::unordered_map<std::string, std::vector<KernelSource>> extra_kernels_;
  std::vector<std::unique_ptr<OpSchema>> extra_schemas_;
  std::vector<ShadowedOp> shadowed_;
};

}  // namespace tenon
