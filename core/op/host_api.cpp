// The host's function table, and its members that are not about building: memory, errors, log, reading a node, infer, the machine.
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>

#include "core/base/receive.h"
#include "core/op/host_functions.h"

namespace tenon {
namespace host {
namespace {

constexpr std::size_t kMaxText = 64u << 10;
constexpr std::size_t kMaxTypes = 1u << 16;
constexpr std::size_t kMaxAlign = 4096;
// More is a wrong size, and would overflow once aligned.
constexpr std::size_t kMaxBytes = std::size_t{1} << (sizeof(std::size_t) > 4 ? 39 : 31);
constexpr std::size_t kMaxLines = 1000;  // of the log in one callback

// "align is a power of two up to 4096"; 0 means the default of every field, so any alignment.
bool usable_align(std::size_t align) { return align <= kMaxAlign && (align == 0 || std::has_single_bit(align)); }
bool usable(std::size_t bytes, std::size_t align) { return bytes <= kMaxBytes && usable_align(align); }
std::size_t align_of(std::size_t align) { return std::max(align, alignof(std::max_align_t)); }
std::size_t size_of(std::size_t bytes) { return std::max<std::size_t>(bytes, 1); }  // so that NULL means failure alone

bool may_allocate(const tenon_call* call) { return call != nullptr && !call->running && call->environment != nullptr; }

}  // namespace

std::string text_of(const char* text, std::size_t length) {
  if (text == nullptr) return {};
  std::string out(text, std::min(length, kMaxText));
  // A cut may go through a character: leave the rest of it out.
  if (length > kMaxText)
    while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0x80) != 0) out.pop_back();
  if (is_valid_utf8(out)) return out;
  constexpr std::string_view digits = "0123456789abcdef";
  std::string escaped;
  for (const char c : out) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80)
      escaped += c;
    else
      escaped += cat("\\x", digits[byte >> 4], digits[byte & 15]);
  }
  return escaped;
}

std::int32_t keep(tenon_call& call, Error error) noexcept {
  const std::lock_guard<std::mutex> lock(call.mutex);
  if (!call.error) call.error.emplace(std::move(error));
  return call.error->raw_code;
}

std::int32_t keep_out_of_memory(tenon_call& call) noexcept {
  Error error;  // texts short enough to need no memory
  error.code = Code::ResourceExhausted;
  error.raw_code = TENON_RESOURCE_EXHAUSTED;
  error.message = "out of memory";
  return keep(call, std::move(error));
}

std::int32_t sticky(tenon_call& call) noexcept {
  const std::lock_guard<std::mutex> lock(call.mutex);
  return call.error ? call.error->raw_code : TENON_OK;
}

Result<TensorType> read_type(const tenon_type_view* view, std::string_view what) {
  if (view == nullptr) return fail(Code::InvalidArgument, what, ": the type is NULL");
  TensorType type;
  type.dtype = static_cast<DType>(view->dtype);
  if (!is_valid(type.dtype)) return fail(Code::InvalidArgument, what, ": dtype number ", view->dtype, " is none of tenon/base.h's");
  if (view->rank < 0 || view->rank > kMaxRank) return fail(Code::InvalidArgument, what, ": rank ", view->rank, " is not in 0..", kMaxRank);
  if (view->rank > 0 && view->dims == nullptr) return fail(Code::InvalidArgument, what, ": dims is NULL with rank ", view->rank);
  if (view->rank > 0) type.dims.assign(view->dims, view->dims + view->rank);
  Status checked = check_type(type);
  if (!checked.ok()) {
    Error error = checked.take_error();
    error.message = cat(what, ": ", error.message);
    return error;
  }
  return type;
}

Result<std::vector<TensorType>> read_types(const tenon_type_view* views, std::size_t count, std::string_view what) {
  if (count > kMaxTypes) return fail(Code::InvalidArgument, what, ": ", count, " types, at most ", kMaxTypes, " are taken");
  if (views == nullptr && count > 0) return fail(Code::InvalidArgument, what, ": the list of types is NULL with a count of ", count);
  std::vector<TensorType> types;
  types.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    TENON_ASSIGN(TensorType type, read_type(&views[i], what));
    types.push_back(std::move(type));
  }
  return types;
}

void give_type(const TensorType& type, tenon_type_view* out) {
  *out = {type.dims.data(), type.rank(), static_cast<tenon_dtype>(type.dtype)};
}

namespace {

// ---- memory ----

void* alloc(tenon_call* call, std::size_t bytes, std::size_t align) {
  if (!may_allocate(call) || !usable(bytes, align)) return nullptr;
  try {
    return call->environment->allocator->allocate(size_of(bytes), align_of(align));
  } catch (...) {  // the embedding program's own allocator
    return nullptr;
  }
}

void* realloc(tenon_call* call, void* memory, std::size_t old_bytes, std::size_t new_bytes, std::size_t align) {
  if (memory == nullptr) return alloc(call, new_bytes, align);
  if (!may_allocate(call) || !usable(new_bytes, align)) return nullptr;
  try {
    return call->environment->allocator->reallocate(memory, size_of(old_bytes), size_of(new_bytes), align_of(align));
  } catch (...) {
    return nullptr;
  }
}

void free(tenon_call* call, void* memory, std::size_t bytes, std::size_t align) {
  if (call == nullptr || call->environment == nullptr || memory == nullptr || !usable_align(align)) return;
  try {
    call->environment->allocator->release(memory, size_of(bytes), align_of(align));
  } catch (...) {
  }
}

void* scratch(tenon_call* call, std::size_t bytes, std::size_t align) {
  if (!may_allocate(call) || !usable(bytes, align)) return nullptr;
  try {
    std::size_t space = size_of(bytes) + align_of(align);
    call->scratch.push_back(std::unique_ptr<std::byte[]>(new std::byte[space]));
    void* start = call->scratch.back().get();
    return std::align(align_of(align), size_of(bytes), start, space);
  } catch (...) {
    return nullptr;
  }
}

// ---- errors and log ----

std::int32_t error_set(tenon_call* call, std::int32_t code, const char* text, std::size_t length, const char* advice,
                       std::size_t advice_length) {
  if (call == nullptr) return code;
  try {
    Error error = fail(Code::Unknown, text_of(text, length));
    if (error.message.empty())
      error.message =
          cat("plugin ", call->provider == nullptr ? call->plugin : std::string_view(call->provider->plugin_name()), " gave no message");
    error.advice = text_of(advice, advice_length);
    // An unknown number is kept as it came; an error of code 0 is still an error.
    error.raw_code = code == TENON_OK ? TENON_UNKNOWN : code;
    if (code_name(error.raw_code) != "UNKNOWN") error.code = static_cast<Code>(error.raw_code);
    keep(*call, std::move(error));
  } catch (...) {
    keep_out_of_memory(*call);
  }
  return code;
}

std::int32_t log_enabled(tenon_call* call, std::int32_t level) {
  if (!may_allocate(call) || !call->environment->log) return 0;
  return level >= TENON_LOG_ERROR && level <= call->environment->log_level ? 1 : 0;
}

// The sink is the embedding program's code and may take locks of its own: it is never called under ours.
void log(tenon_call* call, std::int32_t level, const char* text, std::size_t length) {
  if (log_enabled(call, level) == 0) return;
  try {
    std::string line = text_of(text, length);
    if (!call->locked) {
      call->environment->log(level, call->plugin, line);
      return;
    }
    const std::lock_guard<std::mutex> lock(call->mutex);
    if (call->lines.size() < kMaxLines) call->lines.emplace_back(level, std::move(line));
  } catch (...) {  // a sink that throws must not end the plugin's call
  }
}

// ---- reading a node ----

const char* give_text(const std::string* text, std::size_t* length) {
  if (length != nullptr) *length = text == nullptr ? 0 : text->size();
  return text == nullptr ? "" : text->c_str();
}

const char* node_operator(const tenon_node* node, std::size_t* length) {
  return give_text(node == nullptr || node->schema == nullptr ? nullptr : &node->schema->name, length);
}

const char* node_name(const tenon_node* node, std::size_t* length) { return give_text(node == nullptr ? nullptr : &node->name, length); }

std::int32_t give_type_at(const std::vector<std::optional<TensorType>>& list, std::size_t index, tenon_type_view* out) {
  const bool present = index < list.size() && list[index].has_value();
  if (out != nullptr) {
    *out = TENON_TYPE_VIEW_INIT;
    if (present) give_type(*list[index], out);
  }
  return present ? 1 : 0;
}

std::int32_t nothing(tenon_type_view* out) {
  if (out != nullptr) *out = TENON_TYPE_VIEW_INIT;
  return 0;
}

std::size_t node_operand_count(const tenon_node* node) { return node == nullptr ? 0 : node->operands.size(); }

std::int32_t node_operand(const tenon_node* node, std::size_t index, tenon_type_view* out) {
  return node == nullptr ? nothing(out) : give_type_at(node->operands, index, out);
}

// In infer the types are not known yet, but how many there may be is.
std::size_t node_result_count(const tenon_node* node) {
  if (node == nullptr) return 0;
  return node->schema != nullptr ? node->schema->results.size() : node->results.size();
}

std::int32_t node_result(const tenon_node* node, std::size_t index, tenon_type_view* out) {
  return node == nullptr ? nothing(out) : give_type_at(node->results, index, out);
}

std::int32_t node_attr(const tenon_node* node, const char* name, std::size_t length, tenon_attr* out) {
  if (out != nullptr) *out = TENON_ATTR_INIT;
  if (node == nullptr || name == nullptr) return 0;
  for (const NamedAttr& attr : node->attributes) {
    if (attr.name != std::string_view(name, length)) continue;
    try {
      // A node's attributes have an AttrType, and the views of all of these borrow from the attribute alone.
      AttrViewStorage storage;
      const tenon_attr view = to_c(attr, storage);
      if (!storage.nested.empty() || !storage.ints.empty()) return 0;
      if (out != nullptr) *out = view;
      return 1;
    } catch (...) {
      return 0;
    }
  }
  return 0;
}

// ---- infer ----

constexpr std::size_t kMaxResults = 4096;  // of a node whose last result is variadic

std::int32_t infer_result(tenon_call* call, std::size_t index, const tenon_type_view* type) {
  return guarded(call, [&]() -> Status {
    if (call->inferred == nullptr) return fail(Code::FailedPrecondition, "infer_result may be called in infer only");
    if (call->variadic_result && index >= call->inferred->size() && index < kMaxResults) call->inferred->resize(index + 1);
    if (index >= call->inferred->size())
      return fail(Code::PluginRejected, "infer_result: there is no result number ", index, ", the manifest lists ", call->inferred->size());
    Result<TensorType> read = read_type(type, cat("infer_result ", index));
    if (!read.ok()) {
      // The user's operands were checked before: a type that cannot be is the plugin's doing.
      Error error = read.error();
      error.code = Code::PluginRejected;
      error.raw_code = TENON_PLUGIN_REJECTED;
      return error;
    }
    (*call->inferred)[index] = *std::move(read);
    return {};
  });
}

// ---- the machine ----

std::int32_t cancelled(tenon_call* call) { return call != nullptr && call->cancel != nullptr && *call->cancel != 0 ? 1 : 0; }

// Writes at most what the caller's struct holds, and stores back how much that was.
std::int32_t machine(tenon_call* call, tenon_machine* out) {
  return guarded(call, [&]() -> Status {
    if (call->environment == nullptr) return fail(Code::FailedPrecondition, "machine: the call has no environment");
    if (out == nullptr) return fail(Code::InvalidArgument, "machine: out is NULL");
    tenon_machine read = TENON_MACHINE_INIT;
    TENON_TRY(receive(&read, sizeof read, TENON_KIND_MACHINE, sizeof(tenon_machine), out));
    const Machine& known = call->environment->machine;
    const ThreadPool* pool = call->environment->pool;
    tenon_machine filled = TENON_MACHINE_INIT;
    filled.threads = pool == nullptr ? 1 : static_cast<std::uint32_t>(std::max(pool->threads(), 1));
    filled.l1d_bytes = known.l1d_bytes;
    filled.l2_bytes = known.l2_bytes;
    filled.l3_bytes = known.l3_bytes;
    filled.level = known.level.empty() ? nullptr : known.level.c_str();
    // By bytes: where a plugin's struct lies is its own affair.
    std::memcpy(&filled.header.next, reinterpret_cast<const char*>(out) + offsetof(tenon_header, next), sizeof filled.header.next);
    std::memcpy(out, &filled, sizeof filled);
    return {};
  });
}

const void* get_extension(const char*, std::size_t, std::uint32_t) { return nullptr; }  // there is none yet

constexpr tenon_host_api kApi = {
    TENON_HEADER_INIT(tenon_host_api, TENON_KIND_HOST_API),
    TENON_PLUGIN_API_MAJOR,
    TENON_PLUGIN_API_MINOR,
    alloc,
    realloc,
    free,
    scratch,
    error_set,
    log_enabled,
    log,
    node_operator,
    node_name,
    node_operand_count,
    node_operand,
    node_result_count,
    node_result,
    node_attr,
    infer_result,
    build_operand,
    build_type,
    build_op,
    build_constant,
    build_region_begin,
    build_region_end,
    build_operator,
    build_return,
    parallel_for,
    cancelled,
    machine,
    get_extension,
};

}  // namespace
}  // namespace host

const tenon_host_api& host_api() { return host::kApi; }

}  // namespace tenon
