#include "capi/src/handles.h"

namespace {

using namespace tenon;        // NOLINT: the entry points below are C
using namespace tenon::capi;  // NOLINT

class HostAllocator final : public Allocator {
 public:
  explicit HostAllocator(const tenon_allocator& host) : host_(host) {}
  void* allocate(std::size_t bytes, std::size_t align) override { return host_.allocate(host_.user, bytes, align); }
  void* reallocate(void* memory, std::size_t old_bytes, std::size_t new_bytes, std::size_t align) override {
    return host_.reallocate(host_.user, memory, old_bytes, new_bytes, align);
  }
  void release(void* memory, std::size_t bytes, std::size_t align) override { host_.release(host_.user, memory, bytes, align); }

 private:
  const tenon_allocator host_;
};

class HostThreadPool final : public ThreadPool {
 public:
  explicit HostThreadPool(const tenon_thread_pool& host) : host_(host) {}
  int threads() const override { return static_cast<int>(host_.threads); }
  void parallel_for(std::size_t count, std::size_t grain, Task task, void* argument) override {
    host_.parallel_for(host_.user, count, grain, task, argument);
  }

 private:
  const tenon_thread_pool host_;
};

Status read_options(const tenon_context_options* given, ContextOptions& out) {
  tenon_context_options options = TENON_CONTEXT_OPTIONS_INIT;
  TENON_TRY(receive_options(options, given, TENON_KIND_CONTEXT_OPTIONS));
  constexpr std::uint32_t kKnown = TENON_CONTEXT_NO_ENV | TENON_CONTEXT_NO_USER_DIR | TENON_CONTEXT_SAFE_MODE | TENON_CONTEXT_STRICT_FP |
                                   TENON_CONTEXT_NO_SYSTEM_DIR | TENON_CONTEXT_USER_DIR_AS_ROOT;
  if ((options.flags & ~kKnown) != 0) return fail(Code::NotUnderstood, "unknown context flags ", options.flags & ~kKnown);
  if (options.reserved0 != 0) return fail(Code::NotUnderstood, "tenon_context_options.reserved0 is not 0");
  if (options.threads > 1024) return fail(Code::InvalidArgument, "threads must be at most 1024, got ", options.threads);
  out.loader.no_environment = (options.flags & TENON_CONTEXT_NO_ENV) != 0;
  out.loader.no_user_dir = (options.flags & TENON_CONTEXT_NO_USER_DIR) != 0;
  out.loader.no_system = (options.flags & TENON_CONTEXT_NO_SYSTEM_DIR) != 0;
  out.loader.safe_mode = (options.flags & TENON_CONTEXT_SAFE_MODE) != 0;
  out.loader.user_dir_as_root = (options.flags & TENON_CONTEXT_USER_DIR_AS_ROOT) != 0;
  out.strict_fp = (options.flags & TENON_CONTEXT_STRICT_FP) != 0;
  out.threads = options.threads;
  TENON_ASSIGN(out.arch, text(options.arch, options.arch_length, "arch"));
  out.log_level = options.log_level;
  if (options.log != nullptr)
    out.log = [fn = options.log, user = options.log_user](std::int32_t level, std::string_view category, std::string_view line) {
      const std::string name(category), copy(line);  // NUL-terminated, as the header promises
      fn(user, level, name.c_str(), copy.c_str(), copy.size());
    };
  if (options.allocator != nullptr) {
    tenon_allocator allocator = TENON_ALLOCATOR_INIT;
    TENON_TRY(receive_options(allocator, options.allocator, TENON_KIND_ALLOCATOR));
    if (allocator.allocate == nullptr || allocator.reallocate == nullptr || allocator.release == nullptr)
      return fail(Code::InvalidArgument, "an allocator needs allocate, reallocate and release");
    out.allocator = std::make_unique<HostAllocator>(allocator);
  }
  if (options.thread_pool != nullptr) {
    tenon_thread_pool pool = TENON_THREAD_POOL_INIT;
    TENON_TRY(receive_options(pool, options.thread_pool, TENON_KIND_THREAD_POOL));
    if (pool.parallel_for == nullptr || pool.threads == 0 || pool.reserved0 != 0)
      return fail(Code::InvalidArgument, "a thread pool needs parallel_for and at least one thread");
    out.threads = pool.threads;
    out.pool = std::make_unique<HostThreadPool>(pool);
  }
  return {};
}

Status add_text(tenon_context* context, const char* data, std::size_t length, std::string_view what,
                std::vector<std::string> LoaderOptions::*list) {
  TENON_ASSIGN(std::string item, text(data, length, what));
  if (item.empty()) return fail(Code::InvalidArgument, what, " is empty");
  return context->context->configure([&](LoaderOptions& options) -> Status {
    (options.*list).push_back(std::move(item));
    return {};
  });
}

}  // namespace

extern "C" {

const char* tenon_version(void) { return TENON_VERSION_TEXT; }

int32_t tenon_context_create(const tenon_context_options* options, tenon_context** out, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(out);
    ContextOptions core;
    TENON_TRY(read_options(options, core));
    TENON_ASSIGN(std::unique_ptr<Context> context, Context::create(std::move(core)));
    *out = new tenon_context{std::move(context)};
    return {};
  });
}

void tenon_context_destroy(tenon_context* context) { delete context; }

int32_t tenon_context_add_plugin_path(tenon_context* context, const char* path, size_t length, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(context);
    return add_text(context, path, length, "path", &LoaderOptions::paths);
  });
}

int32_t tenon_context_add_manifest(tenon_context* context, const char* path, size_t length, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(context);
    return add_text(context, path, length, "path", &LoaderOptions::manifests);
  });
}

int32_t tenon_context_add_static_plugin(tenon_context* context, tenon_plugin_query_fn query, const char* manifest, size_t length,
                                        tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(context);
    TENON_CHECK_ARGUMENT(query);
    TENON_ASSIGN(std::string body, text(manifest, length, "manifest"));
    return context->context->configure([&](LoaderOptions& options) -> Status {
      options.statics.push_back({query, std::move(body)});
      return {};
    });
  });
}

int32_t tenon_context_allow_plugins(tenon_context* context, const char* pattern, size_t length, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(context);
    return add_text(context, pattern, length, "pattern", &LoaderOptions::allow);
  });
}

int32_t tenon_context_deny_plugins(tenon_context* context, const char* pattern, size_t length, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(context);
    return add_text(context, pattern, length, "pattern", &LoaderOptions::deny);
  });
}

int32_t tenon_after_fork_child(tenon_context* context, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(context);
    return context->context->after_fork_child();
  });
}

}  // extern "C"
