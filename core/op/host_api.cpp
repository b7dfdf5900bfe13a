// The host's function table. Every function takes what a plugin may hand over by mistake (NULL, wrong kinds, absurd counts) and turns it
// into an error of the call; nothing here throws across the boundary.
#include <algorithm>
#include <cstring>

#include "core/base/receive.h"
#include "core/op/call.h"

namespace tenon {
namespace {

constexpr std::size_t kMaxCount = 1u << 20;
constexpr std::size_t kMaxText = 64u << 10;

std::int32_t set_error(tenon_call* call, Error error) {
  const std::int32_t code = error.raw_code;
  if (call != nullptr && !call->error) call->error = std::move(error);
  return code;
}

std::string_view text_of(const char* text, std::size_t length) {
  return text == nullptr ? std::string_view() : std::string_view(text, std::min(length, kMaxText));
}

// Runs a body that returns Status; the first error of a call sticks, and every later builder call returns it.
template <class Body>
std::int32_t guarded(tenon_call* call, Body&& body) {
  if (call == nullptr) return TENON_INVALID_ARGUMENT;
  if (call->error) return call->error->raw_code;
  try {
    Status status = body();
    return status.ok() ? TENON_OK : set_error(call, status.take_error());
  } catch (...) {
    try {
      return set_error(call, fail(Code::ResourceExhausted, "out of memory in a call from plugin ", call->plugin));
    } catch (...) {
      return TENON_RESOURCE_EXHAUSTED;
    }
  }
}

bool bad_align(std::size_t align) { return align > 4096 || (align & (align - 1)) != 0; }

void* host_alloc(tenon_call* call, std::size_t bytes, std::size_t align) {
  if (call == nullptr || call->running || bad_align(align)) return nullptr;
  return call->environment->allocator->allocate(bytes, align == 0 ? 16 : align);
}

void* host_realloc(tenon_call* call, void* memory, std::size_t old_bytes, std::size_t new_bytes, std::size_t align) {
  if (call == nullptr || call->running || bad_align(align)) return nullptr;
  return call->environment->allocator->reallocate(memory, old_bytes, new_bytes, align == 0 ? 16 : align);
}

void host_free(tenon_call* call, void* memory, std::size_t bytes, std::size_t align) {
  if (call == nullptr || memory == nullptr) return;
  call->environment->allocator->release(memory, bytes, align == 0 ? 16 : align);
}

void* host_scratch(tenon_call* call, std::size_t bytes, std::size_t align) {
  if (call == nullptr || call->running || bad_align(align) || bytes > (std::size_t{1} << 40)) return nullptr;
  align = std::max<std::size_t>(align, 16);
  std::byte* block = new (std::nothrow) std::byte[bytes + align];
  if (block == nullptr) return nullptr;
  try {
    call->scratch.emplace_back(block);
  } catch (...) {
    delete[] block;
    return nullptr;
  }
  void* start = block;
  std::size_t space = bytes + align;
  return std::align(align, bytes, start, space);
}

std::int32_t host_error_set(tenon_call* call, std::int32_t code, const char* text, std::size_t length, const char* advice,
                            std::size_t advice_length) {
  if (code == TENON_OK) code = TENON_UNKNOWN;
  if (call == nullptr || call->error) return code;
  try {
    Error error = fail(static_cast<Code>(code), std::string(text_of(text, length)));
    error.raw_code = code;
    if (code_name(code) == "UNKNOWN") error.code = Code::Unknown;
    error.advice = std::string(text_of(advice, advice_length));
    call->error = std::move(error);
  } catch (...) {  // no memory for the words: the code still arrives
  }
  return code;
}

std::int32_t host_log_enabled(tenon_call* call, std::int32_t level) {
  return call != nullptr && !call->running && call->environment->log && level <= call->environment->log_level ? 1 : 0;
}

void host_log(tenon_call* call, std::int32_t level, const char* text, std::size_t length) {
  if (host_log_enabled(call, level) == 0) return;
  try {
    call->environment->log(level, call->plugin, text_of(text, length));
  } catch (...) {
  }
}

const char* host_node_operator(const tenon_node* node, std::size_t* length) {
  if (length != nullptr) *length = node == nullptr ? 0 : node->schema->name.size();
  return node == nullptr ? "" : node->schema->name.c_str();
}

const char* host_node_name(const tenon_node* node, std::size_t* length) {
  if (length != nullptr) *length = node == nullptr ? 0 : node->name.size();
  return node == nullptr ? "" : node->name.c_str();
}

std::int32_t give_type(const std::vector<std::optional<TensorType>>& list, std::size_t index, tenon_type_view* out) {
  const bool present = index < list.size() && list[index].has_value();
  if (out != nullptr) {
    *out = TENON_TYPE_VIEW_INIT;
    if (present) *out = {list[index]->dims.data(), list[index]->rank(), static_cast<tenon_dtype>(list[index]->dtype)};
  }
  return present ? 1 : 0;
}

std::size_t host_node_operand_count(const tenon_node* node) { return node == nullptr ? 0 : node->operands.size(); }
std::int32_t host_node_operand(const tenon_node* node, std::size_t index, tenon_type_view* out) {
  return node == nullptr ? 0 : give_type(node->operands, index, out);
}
std::size_t host_node_result_count(const tenon_node* node) { return node == nullptr ? 0 : node->schema->results.size(); }
std::int32_t host_node_result(const tenon_node* node, std::size_t index, tenon_type_view* out) {
  return node == nullptr ? 0 : give_type(node->results, index, out);
}

std::int32_t host_node_attr(const tenon_node* node, const char* name, std::size_t length, tenon_attr* out) {
  if (node == nullptr || name == nullptr) return 0;
  for (const NamedAttr& attr : node->attributes) {
    if (attr.name != text_of(name, length)) continue;
    try {
      // A node's attributes are scalars and flat lists, whose views borrow from the node alone (lists of booleans do not occur).
      AttrViewStorage storage;
      if (out != nullptr) *out = to_c(attr, storage);
      return 1;
    } catch (...) {
      return 0;
    }
  }
  return 0;
}

Status read_type(const tenon_type_view* view, TensorType& out) {
  if (view == nullptr) return fail(Code::InvalidArgument, "a type is NULL");
  if (!is_valid(static_cast<DType>(view->dtype)))
    return fail(Code::InvalidArgument, "dtype number ", view->dtype, " is none of tenon/base.h's");
  if (view->rank < 0 || view->rank > kMaxRank) return fail(Code::InvalidArgument, "rank ", view->rank, " is not in 0..", kMaxRank);
  if (view->rank > 0 && view->dims == nullptr) return fail(Code::InvalidArgument, "dims is NULL with rank ", view->rank);
  out.dtype = static_cast<DType>(view->dtype);
  out.dims.assign(view->dims, view->dims + view->rank);
  return check_type(out);
}

Result<std::vector<TensorType>> read_types(const tenon_type_view* views, std::size_t count) {
  if (count > kMaxCount || (count > 0 && views == nullptr))
    return fail(Code::InvalidArgument, "a list of ", count, " types is NULL or too long");
  std::vector<TensorType> types(count);
  for (std::size_t i = 0; i < count; ++i) TENON_TRY(read_type(&views[i], types[i]));
  return types;
}

Result<Dict> read_attributes(const tenon_attr* attributes, std::size_t count) {
  if (count > 4096 || (count > 0 && attributes == nullptr))
    return fail(Code::InvalidArgument, "a list of ", count, " attributes is NULL or too long");
  Dict dict;
  for (std::size_t i = 0; i < count; ++i) {
    TENON_ASSIGN(NamedAttr attr, from_c(attributes[i]));
    dict.push_back(std::move(attr));
  }
  return dict;
}

Status check_values(const tenon_hlo_value* values, std::size_t count) {
  if (count > kMaxCount || (count > 0 && values == nullptr))
    return fail(Code::InvalidArgument, "a list of ", count, " values is NULL or too long");
  return {};
}

Status give_values(const std::vector<tenon_hlo_value>& values, tenon_hlo_value* results, std::size_t capacity, std::size_t* count) {
  if (results == nullptr && capacity > 0) return fail(Code::InvalidArgument, "results is NULL with capacity ", capacity);
  std::copy_n(values.begin(), std::min(capacity, values.size()), results);
  if (count != nullptr) *count = values.size();
  return {};
}

std::int32_t host_infer_result(tenon_call* call, std::size_t index, const tenon_type_view* type) {
  return guarded(call, [&]() -> Status {
    if (call->inferred == nullptr) return fail(Code::FailedPrecondition, "infer_result is for infer only");
    if (index >= call->inferred->size())
      return fail(Code::InvalidArgument, "infer_result: the manifest lists ", call->inferred->size(), " results, got index ", index);
    TensorType read;
    TENON_TRY(read_type(type, read));
    (*call->inferred)[index] = std::move(read);
    return {};
  });
}

Status check_builder(const tenon_builder* builder) {
  if (builder == nullptr) return fail(Code::InvalidArgument, "the builder is NULL");
  if (builder->finished) return fail(Code::FailedPrecondition, "build_return was called: nothing may follow");
  return {};
}

std::int32_t host_build_operand(tenon_call* call, tenon_builder* builder, std::size_t index, tenon_hlo_value* out) {
  return guarded(call, [&]() -> Status {
    TENON_TRY(check_builder(builder));
    if (out == nullptr) return fail(Code::InvalidArgument, "build_operand: out is NULL");
    TENON_ASSIGN(*out, builder->operand(index));
    return {};
  });
}

std::int32_t host_build_type(tenon_call* call, tenon_builder* builder, tenon_hlo_value value, tenon_type_view* out) {
  return guarded(call, [&]() -> Status {
    if (builder == nullptr || out == nullptr) return fail(Code::InvalidArgument, "build_type: builder or out is NULL");
    TENON_ASSIGN(const TensorType* type, builder->type(value));
    *out = {type->dims.data(), type->rank(), static_cast<tenon_dtype>(type->dtype)};
    return {};
  });
}

std::int32_t host_build_op(tenon_call* call, tenon_builder* builder, const tenon_hlo_op* given, tenon_hlo_value* results,
                           std::size_t capacity, std::size_t* count) {
  return guarded(call, [&]() -> Status {
    TENON_TRY(check_builder(builder));
    tenon_hlo_op op = TENON_HLO_OP_INIT;
    TENON_TRY(receive(&op, sizeof op, TENON_KIND_HLO_OP, sizeof op, given));
    TENON_TRY(check_values(op.operands, op.operand_count));
    TENON_ASSIGN(Dict attributes, read_attributes(op.attributes, op.attribute_count));
    TENON_ASSIGN(std::vector<TensorType> types, read_types(op.result_types, op.result_type_count));
    TENON_ASSIGN(std::vector<tenon_hlo_value> values,
                 builder->op(text_of(op.name, op.name_length), {op.operands, op.operand_count}, std::move(attributes), types));
    return give_values(values, results, capacity, count);
  });
}

std::int32_t host_build_constant(tenon_call* call, tenon_builder* builder, const tenon_type_view* type, const void* data, std::size_t bytes,
                                 tenon_hlo_value* out) {
  return guarded(call, [&]() -> Status {
    TENON_TRY(check_builder(builder));
    if (out == nullptr || (data == nullptr && bytes > 0)) return fail(Code::InvalidArgument, "build_constant: out or data is NULL");
    TensorType read;
    TENON_TRY(read_type(type, read));
    TENON_ASSIGN(*out, builder->constant(read, {static_cast<const std::byte*>(data), bytes}));
    return {};
  });
}

std::int32_t host_build_region_begin(tenon_call* call, tenon_builder* builder, const tenon_type_view* arguments, std::size_t count,
                                     tenon_hlo_value* out) {
  return guarded(call, [&]() -> Status {
    TENON_TRY(check_builder(builder));
    TENON_ASSIGN(std::vector<TensorType> types, read_types(arguments, count));
    TENON_ASSIGN(std::vector<tenon_hlo_value> values, builder->region_begin(types));
    return give_values(values, out, count, nullptr);
  });
}

std::int32_t host_build_region_end(tenon_call* call, tenon_builder* builder, const tenon_hlo_value* results, std::size_t count) {
  return guarded(call, [&]() -> Status {
    TENON_TRY(check_builder(builder));
    TENON_TRY(check_values(results, count));
    return builder->region_end({results, count});
  });
}

std::int32_t host_build_operator(tenon_call* call, tenon_builder* builder, const tenon_operator_use* given, tenon_hlo_value* results,
                                 std::size_t capacity, std::size_t* count) {
  return guarded(call, [&]() -> Status {
    TENON_TRY(check_builder(builder));
    tenon_operator_use use = TENON_OPERATOR_USE_INIT;
    TENON_TRY(receive(&use, sizeof use, TENON_KIND_OPERATOR_USE, sizeof use, given));
    if (use.carrier > 1 || use.reserved0 != 0) return fail(Code::NotUnderstood, "tenon_operator_use: carrier is 0 or 1, reserved0 is 0");
    TENON_TRY(check_values(use.operands, use.operand_count));
    TENON_ASSIGN(Dict attributes, read_attributes(use.attributes, use.attribute_count));
    TENON_ASSIGN(
        std::vector<tenon_hlo_value> values,
        builder->use_operator(text_of(use.name, use.name_length), {use.operands, use.operand_count}, attributes, use.carrier == 1));
    return give_values(values, results, capacity, count);
  });
}

std::int32_t host_build_return(tenon_call* call, tenon_builder* builder, const tenon_hlo_value* results, std::size_t count) {
  return guarded(call, [&]() -> Status {
    TENON_TRY(check_builder(builder));
    TENON_TRY(check_values(results, count));
    TENON_TRY(builder->finish({results, count}));
    builder->finished = true;
    return {};
  });
}

void host_parallel_for(tenon_call* call, std::size_t count, std::size_t grain, tenon_parallel_fn fn, void* argument) {
  if (call == nullptr || fn == nullptr || count == 0) return;
  ThreadPool* pool = call->environment->pool;
  if (pool == nullptr)
    fn(argument, 0, count, 0);
  else
    pool->parallel_for(count, grain, fn, argument);
}

std::int32_t host_cancelled(tenon_call* call) { return call != nullptr && call->cancel != nullptr && *call->cancel != 0 ? 1 : 0; }

std::int32_t host_machine(tenon_call* call, tenon_machine* out) {
  if (call == nullptr || out == nullptr || out->header.struct_kind != TENON_KIND_MACHINE || out->header.struct_size < sizeof(tenon_machine))
    return TENON_INVALID_ARGUMENT;
  const Machine& machine = call->environment->machine;
  out->threads = call->environment->pool == nullptr ? 1 : machine.threads;
  out->l1d_bytes = machine.l1d_bytes;
  out->l2_bytes = machine.l2_bytes;
  out->l3_bytes = machine.l3_bytes;
  out->level = machine.level.c_str();
  return TENON_OK;
}

const void* host_get_extension(const char*, std::size_t, std::uint32_t) { return nullptr; }  // none exist yet

constexpr tenon_host_api kApi = {
    TENON_HEADER_INIT(tenon_host_api, TENON_KIND_HOST_API),
    TENON_PLUGIN_API_MAJOR,
    TENON_PLUGIN_API_MINOR,
    host_alloc,
    host_realloc,
    host_free,
    host_scratch,
    host_error_set,
    host_log_enabled,
    host_log,
    host_node_operator,
    host_node_name,
    host_node_operand_count,
    host_node_operand,
    host_node_result_count,
    host_node_result,
    host_node_attr,
    host_infer_result,
    host_build_operand,
    host_build_type,
    host_build_op,
    host_build_constant,
    host_build_region_begin,
    host_build_region_end,
    host_build_operator,
    host_build_return,
    host_parallel_for,
    host_cancelled,
    host_machine,
    host_get_extension,
};

}  // namespace

const tenon_host_api& host_api() { return kApi; }

}  // namespace tenon
