// The members of the host's table that write StableHLO: arguments are checked here, meaning in the tenon_builder behind them.
#include <algorithm>

#include "core/base/receive.h"
#include "core/op/host_functions.h"

namespace tenon::host {
namespace {

constexpr std::size_t kMaxValues = 1u << 16;
constexpr std::size_t kMaxAttributes = 4096;
constexpr std::size_t kMaxName = 256;

// Every builder call: no call after an error, after build_return or after a cancel.
template <class Body>
std::int32_t building(tenon_call* call, tenon_builder* builder, std::string_view what, Body&& body) noexcept {
  return guarded(call, [&]() -> Status {
    if (builder == nullptr) return fail(Code::InvalidArgument, what, ": the builder is NULL");
    if (builder->finished) return fail(Code::FailedPrecondition, what, ": nothing may follow build_return");
    if (call->cancel != nullptr && *call->cancel != 0) return fail(Code::Cancelled, what, ": the caller cancelled");
    return body();
  });
}

Result<std::span<const tenon_hlo_value>> read_values(const tenon_hlo_value* values, std::size_t count, std::string_view what) {
  if (count > kMaxValues) return fail(Code::InvalidArgument, what, ": ", count, " values, at most ", kMaxValues, " are taken");
  if (values == nullptr && count > 0) return fail(Code::InvalidArgument, what, ": the list of values is NULL with a count of ", count);
  return std::span<const tenon_hlo_value>(values, count);
}

Result<Dict> read_attributes(const tenon_attr* attributes, std::size_t count, std::string_view what) {
  if (count > kMaxAttributes) return fail(Code::InvalidArgument, what, ": ", count, " attributes, at most ", kMaxAttributes, " are taken");
  if (attributes == nullptr && count > 0) return fail(Code::InvalidArgument, what, ": attributes is NULL with a count of ", count);
  Dict dict;
  for (std::size_t i = 0; i < count; ++i) {
    TENON_ASSIGN(NamedAttr attr, from_c(attributes[i]));
    if (find(dict, attr.name) != nullptr) return fail(Code::InvalidArgument, what, ": attribute ", attr.name, " is given twice");
    dict.push_back(std::move(attr));
  }
  return dict;
}

Result<std::string_view> read_name(const char* name, std::size_t length, std::string_view what) {
  if (name == nullptr || length == 0) return fail(Code::InvalidArgument, what, ": the name is missing");
  if (length > kMaxName) return fail(Code::InvalidArgument, what, ": a name of ", length, " bytes, at most ", kMaxName, " are taken");
  if (!is_valid_utf8({name, length})) return fail(Code::InvalidArgument, what, ": the name is not UTF-8");
  return std::string_view(name, length);
}

Status check_room(const tenon_hlo_value* results, std::size_t capacity, std::string_view what) {
  if (results == nullptr && capacity > 0) return fail(Code::InvalidArgument, what, ": results is NULL with a capacity of ", capacity);
  return {};
}

// The first `capacity` of them; *count says how many there are.
void give_values(const std::vector<tenon_hlo_value>& values, tenon_hlo_value* results, std::size_t capacity, std::size_t* count) {
  std::copy_n(values.begin(), std::min(capacity, values.size()), results);
  if (count != nullptr) *count = values.size();
}

}  // namespace

std::int32_t build_operand(tenon_call* call, tenon_builder* builder, std::size_t index, tenon_hlo_value* out) {
  return building(call, builder, "build_operand", [&]() -> Status {
    if (out == nullptr) return fail(Code::InvalidArgument, "build_operand: out is NULL");
    TENON_ASSIGN(*out, builder->operand(index));
    return {};
  });
}

std::int32_t build_type(tenon_call* call, tenon_builder* builder, tenon_hlo_value value, tenon_type_view* out) {
  return building(call, builder, "build_type", [&]() -> Status {
    if (out == nullptr) return fail(Code::InvalidArgument, "build_type: out is NULL");
    TENON_ASSIGN(const TensorType* type, builder->type(value));
    give_type(*type, out);
    return {};
  });
}

std::int32_t build_op(tenon_call* call, tenon_builder* builder, const tenon_hlo_op* given, tenon_hlo_value* results, std::size_t capacity,
                      std::size_t* count) {
  return building(call, builder, "build_op", [&]() -> Status {
    tenon_hlo_op op = TENON_HLO_OP_INIT;
    TENON_TRY(receive(&op, sizeof op, TENON_KIND_HLO_OP, sizeof(tenon_hlo_op), given));
    TENON_ASSIGN(std::string_view name, read_name(op.name, op.name_length, "build_op"));
    const std::string what = cat("build_op ", name);
    constexpr std::string_view dialect = "stablehlo.";
    if (name.starts_with(dialect)) name.remove_prefix(dialect.size());
    TENON_ASSIGN(const std::span<const tenon_hlo_value> operands, read_values(op.operands, op.operand_count, what));
    TENON_ASSIGN(Dict attributes, read_attributes(op.attributes, op.attribute_count, what));
    TENON_ASSIGN(const std::vector<TensorType> types, read_types(op.result_types, op.result_type_count, what));
    TENON_TRY(check_room(results, capacity, what));
    TENON_ASSIGN(const std::vector<tenon_hlo_value> values, builder->op(name, operands, std::move(attributes), types));
    give_values(values, results, capacity, count);
    return {};
  });
}

std::int32_t build_constant(tenon_call* call, tenon_builder* builder, const tenon_type_view* type, const void* data, std::size_t bytes,
                            tenon_hlo_value* out) {
  return building(call, builder, "build_constant", [&]() -> Status {
    if (out == nullptr) return fail(Code::InvalidArgument, "build_constant: out is NULL");
    if (data == nullptr && bytes > 0) return fail(Code::InvalidArgument, "build_constant: data is NULL with ", bytes, " bytes");
    TENON_ASSIGN(const TensorType read, read_type(type, "build_constant"));
    if (!read.is_static()) return fail(Code::InvalidArgument, "build_constant: ", to_string(read), " has a dynamic dimension");
    if (bytes != read.bytes() && bytes != storage_size(read.dtype))
      return fail(Code::InvalidArgument, "build_constant: ", to_string(read), " has ", read.bytes(), " bytes (or one element of ",
                  storage_size(read.dtype), "), got ", bytes);
    TENON_ASSIGN(*out, builder->constant(read, {static_cast<const std::byte*>(data), bytes}));
    return {};
  });
}

std::int32_t build_region_begin(tenon_call* call, tenon_builder* builder, const tenon_type_view* arguments, std::size_t count,
                                tenon_hlo_value* out) {
  return building(call, builder, "build_region_begin", [&]() -> Status {
    TENON_ASSIGN(const std::vector<TensorType> types, read_types(arguments, count, "build_region_begin"));
    TENON_TRY(check_room(out, count, "build_region_begin"));
    TENON_ASSIGN(const std::vector<tenon_hlo_value> values, builder->region_begin(types));
    give_values(values, out, count, nullptr);
    return {};
  });
}

std::int32_t build_region_end(tenon_call* call, tenon_builder* builder, const tenon_hlo_value* results, std::size_t count) {
  return building(call, builder, "build_region_end", [&]() -> Status {
    TENON_ASSIGN(const std::span<const tenon_hlo_value> values, read_values(results, count, "build_region_end"));
    return builder->region_end(values);
  });
}

std::int32_t build_operator(tenon_call* call, tenon_builder* builder, const tenon_operator_use* given, tenon_hlo_value* results,
                            std::size_t capacity, std::size_t* count) {
  return building(call, builder, "build_operator", [&]() -> Status {
    tenon_operator_use use = TENON_OPERATOR_USE_INIT;
    TENON_TRY(receive(&use, sizeof use, TENON_KIND_OPERATOR_USE, sizeof(tenon_operator_use), given));
    TENON_ASSIGN(const std::string_view name, read_name(use.name, use.name_length, "build_operator"));
    const std::string what = cat("build_operator ", name);
    if (use.carrier > 1) return fail(Code::NotUnderstood, what, ": carrier must be 0 or 1, got ", use.carrier);
    if (use.reserved0 != 0) return fail(Code::NotUnderstood, what, ": reserved0 must be 0");
    TENON_ASSIGN(const std::span<const tenon_hlo_value> operands, read_values(use.operands, use.operand_count, what));
    TENON_ASSIGN(const Dict attributes, read_attributes(use.attributes, use.attribute_count, what));
    TENON_TRY(check_room(results, capacity, what));
    TENON_ASSIGN(const std::vector<tenon_hlo_value> values, builder->use_operator(name, operands, attributes, use.carrier == 1));
    give_values(values, results, capacity, count);
    return {};
  });
}

std::int32_t build_return(tenon_call* call, tenon_builder* builder, const tenon_hlo_value* results, std::size_t count) {
  return building(call, builder, "build_return", [&]() -> Status {
    TENON_ASSIGN(const std::span<const tenon_hlo_value> values, read_values(results, count, "build_return"));
    TENON_TRY(builder->finish(values));
    builder->finished = true;
    return {};
  });
}

}  // namespace tenon::host
