#include "core/pipeline/context.h"

#include <sys/auxv.h>

#include <cstdio>
#include <cstdlib>
#include <set>

namespace tenon {
namespace {

// Under AT_SECURE no environment variable is honoured; secure_getenv sees to it.
std::string variable(const char* name, const ContextOptions& options) {
  if (options.loader.no_environment) return {};
  const char* value = secure_getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::int32_t level_of(const std::string& text) {
  // TENON_LOG=level[:category]; the category is the sink's business.
  const std::string word = text.substr(0, text.find(':'));
  if (word == "warning" || word == "warn" || word == "2") return TENON_LOG_WARNING;
  if (word == "info" || word == "3") return TENON_LOG_INFO;
  if (word == "debug" || word == "4") return TENON_LOG_DEBUG;
  return TENON_LOG_ERROR;
}

// The default sink: stderr, every text once, so that a loop of failing calls does not flood a terminal.
class StderrSink {
 public:
  void operator()(std::int32_t level, std::string_view category, std::string_view text) {
    {
      const std::lock_guard<std::mutex> lock(state_->mutex);
      if (state_->seen.size() >= 1000 || !state_->seen.insert(std::string(text)).second) return;
    }
    constexpr std::string_view kLevels[] = {"", "error", "warning", "info", "debug"};
    const std::string line = cat("tenon: ", level >= 1 && level <= 4 ? kLevels[level] : "note", ": ", category, ": ", text, "\n");
    std::fwrite(line.data(), 1, line.size(), stderr);
  }

 private:
  struct State {
    std::mutex mutex;
    std::set<std::string> seen;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace

Result<std::unique_ptr<Context>> Context::create(ContextOptions options) {
  auto context = std::unique_ptr<Context>(new Context());
  std::string arch = options.arch.empty() ? variable("TENON_ARCH", options) : options.arch;
  Environment& environment = context->environment_;
  TENON_ASSIGN(environment.machine, detect_machine(arch, options.threads));
  environment.strict_fp = options.strict_fp;
  environment.log_level = options.log_level > 0 ? options.log_level : level_of(variable("TENON_LOG", options));
  environment.log = options.log ? std::move(options.log) : LogSink(StderrSink());
  if (options.allocator != nullptr) environment.allocator = options.allocator.get();
  context->pool_ = options.pool != nullptr ? std::move(options.pool) : make_thread_pool(environment.machine.threads);
  environment.pool = context->pool_.get();
  options.loader.feature_names = feature_names();
  options.loader.host_version = TENON_VERSION_TEXT;
  context->options_ = std::move(options);
  return context;
}

// The loader's plugins are destroyed first: they may use the allocator and the pool.
Context::~Context() { loader_.reset(); }

Status Context::configure(const std::function<Status(LoaderOptions&)>& change) {
  if (in_use_.load())
    return fail(Code::FailedPrecondition, "the context is in use: plugins were already searched")
        .advise("add plugins directly after creating the context");
  return change(options_.loader);
}

void Context::discover() {
  in_use_.store(true);
  // If memory runs out, the next use of the context begins anew.
  registry_ = Registry();
  loader_ = std::make_unique<Loader>();
  loader_->discover(options_.loader, registry_, environment_);
}

const Registry& Context::registry() {
  std::call_once(discovered_, [this] { discover(); });
  return registry_;
}

Loader& Context::loader() {
  registry();
  return *loader_;
}

Status Context::after_fork_child() {
  if (options_.pool != nullptr) return {};
  // The parent's workers do not exist here: the old pool can neither be used nor joined, so it is left behind.
  (void)pool_.release();  // NOLINT: leaked on purpose
  pool_ = make_thread_pool(environment_.machine.threads);
  environment_.pool = pool_.get();
  return {};
}

}  // namespace tenon
