// Operators for the tests of core/lower and core/target: C tables, as a plugin has them, without a library. None of them means anything.
//
//   fake_half   input -> output (input * 0.5)
//   fake_norm   input, scale?, extra? -> output, sum?   (fake_half(input) + epsilon) * scale; sum = input + extra, only with extra
//   fake_pair   input -> low (negated), high (absolute)
//   fake_turn   input, scale? -> output (input + scale), with a lower_as: it negates the input, and declines axis 5
//   fake_loop   uses itself; fake_ping uses fake_pong, which uses fake_ping; fake_deep uses itself with depth - 1, down to 0
//   fake_bad    goes wrong as its attribute says: silent (no return), type, fail, unknown (operation), custom, absent, region
#pragma once

#include <initializer_list>
#include <string_view>

#include "core/op/add_node.h"
#include "core/op/call.h"

namespace tenon::fake {

using Value = tenon_hlo_value;
using Values = std::initializer_list<Value>;

// One builder call with one result; TENON_HLO_NONE after an error (which sticks to the call).
inline Value emit(tenon_call* call, tenon_builder* builder, std::string_view name, Values operands) {
  tenon_hlo_op op = TENON_HLO_OP_INIT;
  op.name = name.data();
  op.name_length = name.size();
  op.operands = operands.begin();
  op.operand_count = operands.size();
  Value out = TENON_HLO_NONE;
  std::size_t count = 0;
  return host_api().build_op(call, builder, &op, &out, 1, &count) == TENON_OK ? out : TENON_HLO_NONE;
}

inline Value operand(tenon_call* call, tenon_builder* builder, std::size_t index) {
  Value out = TENON_HLO_NONE;
  (void)host_api().build_operand(call, builder, index, &out);
  return out;
}

// A splat of `value` with the type of `like`, which must be f32.
inline Value splat(tenon_call* call, tenon_builder* builder, Value like, double value) {
  tenon_type_view type = TENON_TYPE_VIEW_INIT;
  const auto rounded = static_cast<float>(value);
  Value out = TENON_HLO_NONE;
  if (host_api().build_type(call, builder, like, &type) == TENON_OK)
    (void)host_api().build_constant(call, builder, &type, &rounded, sizeof rounded, &out);
  return out;
}

inline Value use(tenon_call* call, tenon_builder* builder, std::string_view name, Values operands,
                 const std::vector<tenon_attr>& attributes, bool carrier = false) {
  tenon_operator_use request = TENON_OPERATOR_USE_INIT;
  request.name = name.data();
  request.name_length = name.size();
  request.operands = operands.begin();
  request.operand_count = operands.size();
  request.attributes = attributes.data();
  request.attribute_count = attributes.size();
  request.carrier = carrier ? 1 : 0;
  Value out[4] = {TENON_HLO_NONE, TENON_HLO_NONE, TENON_HLO_NONE, TENON_HLO_NONE};
  std::size_t count = 0;
  (void)host_api().build_operator(call, builder, &request, out, 4, &count);
  return out[0];
}

inline std::int32_t give(tenon_call* call, tenon_builder* builder, Values results) {
  return host_api().build_return(call, builder, results.begin(), results.size());
}

inline tenon_attr attribute(const tenon_node* node, std::string_view name) {
  tenon_attr out = TENON_ATTR_INIT;
  (void)host_api().node_attr(node, name.data(), name.size(), &out);
  return out;
}

using Self = const tenon_operator*;

inline std::int32_t lower_half(tenon_call* call, Self, const tenon_node*, tenon_builder* b) {
  const Value x = operand(call, b, 0);
  return give(call, b, {emit(call, b, "multiply", {x, splat(call, b, x, 0.5)})});
}

inline std::int32_t infer_norm(tenon_call* call, Self, const tenon_node* node) {
  tenon_type_view type = TENON_TYPE_VIEW_INIT;
  const std::string_view bad_axis = "[fake_norm] axis must be below 9";
  if (attribute(node, "axis").i64 >= 9)
    return host_api().error_set(call, TENON_OUT_OF_RANGE, bad_axis.data(), bad_axis.size(), "use another", 11);
  (void)host_api().node_operand(node, 0, &type);
  if (const std::int32_t code = host_api().infer_result(call, 0, &type); code != TENON_OK) return code;
  return host_api().node_operand(node, 2, nullptr) == 1 ? host_api().infer_result(call, 1, &type) : TENON_OK;
}

inline std::int32_t lower_norm(tenon_call* call, Self, const tenon_node* node, tenon_builder* b) {
  const Value x = operand(call, b, 0), scale = operand(call, b, 1), extra = operand(call, b, 2);
  Value y = use(call, b, "fake_half", {x}, {});
  y = emit(call, b, "add", {y, splat(call, b, x, attribute(node, "epsilon").f64)});
  if (scale != TENON_HLO_NONE) y = emit(call, b, "multiply", {y, scale});
  if (extra == TENON_HLO_NONE) return give(call, b, {y});
  return give(call, b, {y, emit(call, b, "add", {x, extra})});
}

inline std::int32_t lower_pair(tenon_call* call, Self, const tenon_node*, tenon_builder* b) {
  const Value x = operand(call, b, 0);
  return give(call, b, {emit(call, b, "negate", {x}), emit(call, b, "abs", {x})});
}

inline std::int32_t lower_turn(tenon_call* call, Self, const tenon_node*, tenon_builder* b) {
  const Value x = operand(call, b, 0), scale = operand(call, b, 1);
  return give(call, b, {scale == TENON_HLO_NONE ? emit(call, b, "abs", {x}) : emit(call, b, "add", {x, scale})});
}

inline std::int32_t lower_turn_as(tenon_call* call, Self, const tenon_node* node, const char*, std::size_t, tenon_builder* b) {
  const std::string_view reason = "axis 5 has no form there";
  if (attribute(node, "axis").i64 == 5) return host_api().error_set(call, TENON_UNIMPLEMENTED, reason.data(), reason.size(), nullptr, 0);
  const Value x = emit(call, b, "negate", {operand(call, b, 0)});
  return give(call, b, {use(call, b, "fake_turn", {x, operand(call, b, 1)}, {}, true)});
}

template <const char* const* Name>
std::int32_t lower_to(tenon_call* call, Self, const tenon_node*, tenon_builder* b) {
  return give(call, b, {use(call, b, *Name, {operand(call, b, 0)}, {})});
}
inline constexpr const char* kLoop = "fake_loop";
inline constexpr const char* kPing = "fake_ping";
inline constexpr const char* kPong = "fake_pong";

inline std::int32_t lower_deep(tenon_call* call, Self, const tenon_node* node, tenon_builder* b) {
  tenon_attr depth = attribute(node, "depth");
  if (depth.i64 == 0) return give(call, b, {emit(call, b, "abs", {operand(call, b, 0)})});
  --depth.i64;
  depth.name = "depth";
  depth.name_length = 5;
  return give(call, b, {use(call, b, "fake_deep", {operand(call, b, 0)}, {depth})});
}

inline std::int32_t lower_bad(tenon_call* call, Self, const tenon_node* node, tenon_builder* b) {
  const tenon_attr attr = attribute(node, "how");
  const std::string_view how(attr.text, attr.count);
  const Value x = operand(call, b, 0);
  if (how == "silent") return TENON_OK;
  if (how == "fail") return host_api().error_set(call, 4711, "no luck", 7, nullptr, 0);
  if (how == "unknown") return give(call, b, {emit(call, b, "multipy", {x, x})});
  if (how == "custom") return give(call, b, {emit(call, b, "custom_call", {x})});
  if (how == "absent") return give(call, b, {emit(call, b, "add", {x, TENON_HLO_NONE})});
  if (how == "operand") return give(call, b, {operand(call, b, 7)});
  if (how == "type") return give(call, b, {emit(call, b, "is_finite", {x})});
  if (how == "count") return give(call, b, {x, x});
  if (how == "carrier") return give(call, b, {use(call, b, "fake_half", {x}, {}, true)});
  if (how == "name") return give(call, b, {use(call, b, "fake_halve", {x}, {})});
  if (how == "region") {
    (void)host_api().build_region_begin(call, b, nullptr, 0, nullptr);
    return give(call, b, {x});
  }
  return give(call, b, {x});
}

class FakeProvider final : public Provider {
 public:
  std::vector<tenon_operator> operators;
  int violations = 0;

  const std::string& plugin_name() const override { return name_; }
  const std::string& version() const override { return version_; }
  std::string origin() const override { return "static"; }
  int priority() const override { return 500; }
  int tier() const override { return 1; }
  bool concurrent() const override { return false; }
  bool flushes_denormals() const override { return false; }
  std::recursive_mutex& serial() override { return mutex_; }
  Result<const tenon_operator*> open(std::size_t index) override { return &operators[index]; }
  bool is_open() const override { return true; }
  void note_fp_violation() override { ++violations; }

 private:
  std::string name_ = "org.tenon.fake", version_ = "1.0.0";
  std::recursive_mutex mutex_;
};

struct Fakes {
  Registry registry;
  std::shared_ptr<FakeProvider> provider = std::make_shared<FakeProvider>();
  Environment environment;

  void add(OpSchema schema, decltype(tenon_operator::lower) lower, decltype(tenon_operator::infer) infer = nullptr,
           decltype(tenon_operator::lower_as) lower_as = nullptr) {
    tenon_operator table{};
    table.header = TENON_HEADER_INIT(tenon_operator, TENON_KIND_OPERATOR);
    table.infer = infer;
    table.lower = lower;
    table.lower_as = lower_as;
    const std::size_t index = provider->operators.size();
    provider->operators.push_back(table);
    registry.add(std::move(schema), provider, index);
  }

  // change: the test's own touch to fake_norm's and fake_turn's schema, such as a form at a target.
  template <class Change>
  explicit Fakes(Change&& change) {
    const std::vector<DType> floats{DType::F16, DType::F32};
    const auto base = [&](std::string name) {
      OpSchema schema;
      schema.name = std::move(name);
      schema.op_namespace = "tenon";
      schema.operands = {{.name = "input", .dtypes = floats}};
      schema.results = {{.name = "output", .like = "input"}};
      schema.infer = StockInfer::Same;
      return schema;
    };
    const OperandSchema scale{.name = "scale", .like = "input", .optional = true},
        extra{.name = "extra", .like = "input", .optional = true};
    const AttrSchema axis{.name = "axis", .type = AttrType::Int, .fallback = IntAttr{-1}};

    add(base("fake_half"), lower_half);

    OpSchema norm = base("fake_norm");
    norm.version = 2;
    norm.infer = StockInfer::None;
    norm.operands.push_back(scale);
    norm.operands.push_back(extra);
    norm.results.push_back({.name = "sum", .like = "input", .when = "extra"});
    norm.attributes = {{.name = "epsilon", .type = AttrType::F64, .fallback = FloatAttr{1e-6}, .above = 0.0},
                       axis,
                       {.name = "sizes", .type = AttrType::Ints, .optional = true, .excludes = {"axis"}},
                       {.name = "to", .type = AttrType::DType, .fallback = DType::BF16}};
    change(norm);
    add(std::move(norm), lower_norm, infer_norm);

    OpSchema pair = base("fake_pair");
    pair.infer = StockInfer::None;
    pair.results = {{.name = "low", .like = "input"}, {.name = "high", .like = "input"}};
    add(std::move(pair), lower_pair, [](tenon_call* call, Self, const tenon_node* node) -> std::int32_t {
      tenon_type_view type = TENON_TYPE_VIEW_INIT;
      (void)host_api().node_operand(node, 0, &type);
      (void)host_api().infer_result(call, 0, &type);
      return host_api().infer_result(call, 1, &type);
    });

    OpSchema turn = base("fake_turn");
    turn.operands.push_back(scale);
    turn.attributes = {axis};
    change(turn);
    add(std::move(turn), lower_turn, nullptr, lower_turn_as);

    add(base("fake_loop"), lower_to<&kLoop>);
    add(base("fake_ping"), lower_to<&kPong>);
    add(base("fake_pong"), lower_to<&kPing>);
    OpSchema deep = base("fake_deep");
    deep.attributes = {{.name = "depth", .type = AttrType::Int}};
    add(std::move(deep), lower_deep);
    OpSchema bad = base("fake_bad");
    bad.attributes = {{.name = "how", .type = AttrType::String}};
    add(std::move(bad), lower_bad);
  }
  Fakes() : Fakes([](OpSchema&) {}) {}

  // Adds a node and returns its first result.
  GraphValueId node(Graph& graph, std::string name, std::string op, std::vector<GraphValueId> operands, Dict attributes = {}) {
    const auto index =
        add_node(graph, registry, environment, {std::move(name), std::move(op), std::move(operands), {}, std::move(attributes)});
    return index.ok() ? graph.nodes()[*index].results.front() : kAbsent;
  }
};

}  // namespace tenon::fake
