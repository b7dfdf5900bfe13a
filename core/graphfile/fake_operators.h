// Operators for the tests and the fuzzer of core/graphfile: C tables, without a
// library.
//
//   fake_mix (mixer)    input, weight?, bias? -> output, extra? (only with
//   flag); one attribute of every type example.fake_join   inputs.. -> output
#pragma once

#include "core/op/call.h"
#include "core/op/registry.h"

namespace tenon::fake {

class FakeProvider final : public Provider {
 public:
  explicit FakeProvider(tenon_operator table) : table_(table) {}
  const std::string& plugin_name() const override { return name_; }
  const std::string& version() const override { return version_; }
  std::string origin() const override { return "static"; }
  int priority() const override { return 500; }
  int tier() const override { return 1; }
  bool concurrent() const override { return false; }
  bool flushes_denormals() const override { return false; }
  std::recursive_mutex& serial() override { return mutex_; }
  Result<const tenon_operator*> open(std::size_t) override { return &table_; }
  bool is_open() const override { return true; }
  void note_fp_violation() override {}

 private:
  std::string name_ = "org.tenon.fake", version_ = "1.0.0";
  std::recursive_mutex mutex_;
  tenon_operator table_;
};

inline std::int32_t infer_mix(tenon_call* call, const tenon_operator*, const tenon_node* node) {
  tenon_type_view type = TENON_TYPE_VIEW_INIT;
  tenon_attr flag = TENON_ATTR_INIT;
  (void)host_api().node_operand(node, 0, &type);
  if (type.rank == 0) return host_api().error_set(call, TENON_INVALID_ARGUMENT, "[fake_mix] rank 0", 17, nullptr, 0);
  (void)host_api().infer_result(call, 0, &type);
  (void)host_api().node_attr(node, "flag", 4, &flag);
  return flag.i64 != 0 ? host_api().infer_result(call, 1, &type) : TENON_OK;
}

inline Registry make_registry() {
  const auto provide = [](decltype(tenon_operator::infer) infer) {
    tenon_operator table{};
    table.header = TENON_HEADER_INIT(tenon_operator, TENON_KIND_OPERATOR);
    table.infer = infer;
    return std::make_shared<FakeProvider>(table);
  };
  const std::vector<DType> floats{DType::F16, DType::BF16, DType::F32};
  Registry registry;

  OpSchema mix;
  mix.name = "fake_mix";
  mix.op_namespace = "tenon";
  mix.aliases = {"mixer"};
  mix.operands = {{.name = "input", .dtypes = floats},
                  {.name = "weight", .like = "input", .optional = true, .shape = {"...", "D"}},
                  {.name = "bias", .dtypes = {DType::I32, DType::I64}, .optional = true}};
  mix.results = {{.name = "output", .like = "input"}, {.name = "extra", .like = "input", .when = "flag"}};
  mix.attributes = {{.name = "epsilon", .type = AttrType::F64, .fallback = FloatAttr{1e-6}, .above = 0.0},
                    {.name = "axis", .type = AttrType::Int, .fallback = IntAttr{-1}},
                    {.name = "flag", .type = AttrType::Bool, .fallback = false},
                    {.name = "mode", .type = AttrType::String, .fallback = std::string("plain"), .one_of = {"plain", "true"}},
                    {.name = "to", .type = AttrType::DType, .optional = true},
                    {.name = "sizes", .type = AttrType::Ints, .optional = true},
                    {.name = "factors", .type = AttrType::Floats, .optional = true}};
  registry.add(std::move(mix), provide(infer_mix), 0);

  OpSchema join;
  join.name = "fake_join";
  join.op_namespace = "example";
  join.operands = {{.name = "inputs", .dtypes = floats, .variadic = true}};
  join.results = {{.name = "output", .like = "inputs"}};
  join.infer = StockInfer::Same;
  registry.add(std::move(join), provide(nullptr), 0);
  return registry;
}

}  // namespace tenon::fake
