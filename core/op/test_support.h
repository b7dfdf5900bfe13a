// For tests: a plugin in the test program itself, a Provider and a table of C callbacks, and schemas to go with it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/op/add_node.h"

namespace tenon::testing {

class FakeProvider final : public Provider {
 public:
  explicit FakeProvider(std::string name = "org.example.fake") : name_(std::move(name)) {
    table.header = TENON_HEADER_INIT(tenon_operator, TENON_KIND_OPERATOR);
    table.user = this;
    table.infer = [](tenon_call* call, const tenon_operator* self, const tenon_node* node) {
      return static_cast<const FakeProvider*>(self->user)->infer(call, node);
    };
  }
  const std::string& plugin_name() const override { return name_; }
  const std::string& version() const override { return version_; }
  std::string origin() const override { return "static"; }
  int priority() const override { return 100; }
  int tier() const override { return 1; }
  bool concurrent() const override { return threads_concurrent; }
  bool flushes_denormals() const override { return flushes; }
  std::recursive_mutex& serial() override { return mutex_; }
  Result<const tenon_operator*> open(std::size_t) override {
    ++opened;
    if (broken) return fail(Code::DependencyMissing, "libmissing.so.1 is not there");
    return static_cast<const tenon_operator*>(&table);
  }
  bool is_open() const override { return opened > 0; }
  void note_fp_violation() override { ++fp_violations; }

  tenon_operator table{};
  std::function<std::int32_t(tenon_call*, const tenon_node*)> infer = [](tenon_call*, const tenon_node*) { return TENON_OK; };
  int opened = 0;
  int fp_violations = 0;
  bool broken = false, threads_concurrent = false, flushes = false;

 private:
  std::string name_, version_ = "1.0";
  std::recursive_mutex mutex_;
};

inline const std::vector<DType> kFloats{DType::F16, DType::BF16, DType::F32, DType::F64};

// Sets result `index` to operand 0's type.
inline std::int32_t same_as_operand0(tenon_call* call, const tenon_node* node, std::size_t index = 0) {
  tenon_type_view type = TENON_TYPE_VIEW_INIT;
  host_api().node_operand(node, 0, &type);
  return host_api().infer_result(call, index, &type);
}

inline AttrSchema attribute(std::string name, AttrType type, std::optional<Attr> fallback = std::nullopt) {
  AttrSchema schema;
  schema.name = std::move(name);
  schema.type = type;
  schema.optional = !fallback.has_value();
  schema.fallback = std::move(fallback);
  return schema;
}

inline OperandSchema operand(std::string name, std::vector<DType> dtypes = kFloats) {
  OperandSchema schema;
  schema.name = std::move(name);
  schema.dtypes = std::move(dtypes);
  return schema;
}

inline ResultSchema result_like(std::string name, std::string like, std::string when = {}) {
  ResultSchema schema;
  schema.name = std::move(name);
  schema.like = std::move(like);
  schema.when = std::move(when);
  return schema;
}

// A norm as a manifest would describe it: input [.., D], scale? [D], residual? like input -> output, sum (with residual).
inline OpSchema norm_schema() {
  OpSchema schema;
  schema.name = "test_norm";
  schema.op_namespace = "tenon";
  schema.aliases = {"normalize"};
  schema.dtypes = {DType::BF16, DType::F32};
  schema.operands = {operand("input"), operand("scale"), operand("residual")};
  schema.operands[0].shape = {"...", "D"};
  schema.operands[1].shape = {"D"};
  schema.operands[1].optional = true;
  schema.operands[2].like = "input";
  schema.operands[2].optional = true;
  schema.results = {result_like("output", "input"), result_like("sum", "input", "residual")};
  schema.attributes = {attribute("epsilon", AttrType::F64, Attr(FloatAttr{1e-6})), attribute("axis", AttrType::Int, Attr(IntAttr{-1})),
                       attribute("normalized_shape", AttrType::Ints), attribute("unit_offset", AttrType::Bool, Attr(false))};
  schema.attributes[0].above = 0.0;
  schema.attributes[2].excludes = {"axis"};
  return schema;
}

// output as input, sum too where there is a residual.
inline std::int32_t infer_norm(tenon_call* call, const tenon_node* node) {
  if (const std::int32_t code = same_as_operand0(call, node, 0); code != TENON_OK) return code;
  return host_api().node_operand(node, 2, nullptr) == 1 ? same_as_operand0(call, node, 1) : TENON_OK;
}

inline OperandType of(DType dtype, Dims dims) { return {TensorType{dtype, std::move(dims)}, false}; }

// The message and advice of an error as one text, for matchers.
template <class T>
std::string error_of(const Result<T>& result) {
  return result.ok() ? std::string("no error") : to_string(result.error());
}
inline std::string error_of(const Status& status) { return status.ok() ? std::string("no error") : to_string(status.error()); }
template <class R>
Code code_of(const R& result) {
  return result.ok() ? Code::Ok : result.error().code;
}

}  // namespace tenon::testing
