// The builder's side of the host's table: arguments of a plugin are checked before anything is built, and the first error sticks.
#include <cstring>

#include "core/op/test_support.h"

namespace tenon {
namespace {

using namespace testing;  // NOLINT
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Writes down what it is asked for. Values are numbers from 10 up; operand 1 is absent.
struct Recorder final : tenon_builder {
  std::vector<std::string> calls;
  TensorType shared{DType::F32, {2, 3}};
  tenon_hlo_value next = 10;
  std::function<Status()> nested = [] { return Status(); };

  static std::string list(std::span<const tenon_hlo_value> values) {
    std::string text;
    for (const tenon_hlo_value value : values) text += cat(" ", value);
    return text;
  }
  std::vector<tenon_hlo_value> fresh(std::size_t count) {
    std::vector<tenon_hlo_value> values;
    while (values.size() < count) values.push_back(next++);
    return values;
  }
  Result<tenon_hlo_value> operand(std::size_t index) override {
    if (index > 1) return fail(Code::OutOfRange, "no operand ", index);
    return index == 1 ? TENON_HLO_NONE : next++;
  }
  Result<const TensorType*> type(tenon_hlo_value value) override {
    if (value >= next) return fail(Code::InvalidArgument, "no value ", value);
    return static_cast<const TensorType*>(&shared);
  }
  Result<std::vector<tenon_hlo_value>> op(std::string_view name, std::span<const tenon_hlo_value> operands, Dict attributes,
                                          std::span<const TensorType> types) override {
    std::string text = cat(name, list(operands));
    for (const NamedAttr& attr : attributes) text += cat(" ", attr.name, "=", to_string(attr.value));
    for (const TensorType& each : types) text += cat(" -> ", to_string(each));
    calls.push_back(text);
    if (name == "throw") throw std::bad_alloc();
    return fresh(name == "sort" ? 2 : 1);
  }
  Result<tenon_hlo_value> constant(const TensorType& given, std::span<const std::byte> bytes) override {
    calls.push_back(cat("constant ", to_string(given), " ", bytes.size()));
    return next++;
  }
  Result<std::vector<tenon_hlo_value>> region_begin(std::span<const TensorType> arguments) override {
    calls.push_back(cat("region ", arguments.size()));
    return fresh(arguments.size());
  }
  Status region_end(std::span<const tenon_hlo_value> results) override {
    calls.push_back(cat("end", list(results)));
    return {};
  }
  Result<std::vector<tenon_hlo_value>> use_operator(std::string_view name, std::span<const tenon_hlo_value> operands,
                                                    const Dict& attributes, bool carrier) override {
    calls.push_back(cat("use ", name, list(operands), " attributes ", attributes.size(), " carrier ", carrier));
    TENON_TRY(nested());
    return fresh(1);
  }
  Status finish(std::span<const tenon_hlo_value> results) override {
    calls.push_back(cat("return", list(results)));
    return {};
  }
};

class HostBuilder : public ::testing::Test {
 protected:
  Status lower(const std::function<std::int32_t(tenon_call*)>& body) {
    tenon_call frame;
    return invoke(provider, environment, "[op] lower", frame, body);
  }
  static tenon_hlo_op named(const char* name) {
    tenon_hlo_op op = TENON_HLO_OP_INIT;
    op.name = name;
    op.name_length = std::strlen(name);
    return op;
  }
  static tenon_operator_use use_of(const char* name) {
    tenon_operator_use use = TENON_OPERATOR_USE_INIT;
    use.name = name;
    use.name_length = std::strlen(name);
    return use;
  }
  FakeProvider provider;
  Environment environment;
  Recorder builder;
  const tenon_host_api& api = host_api();
};

TEST_F(HostBuilder, ALoweringFromOperandToReturn) {
  const Status done = lower([&](tenon_call* c) {
    tenon_hlo_value x = 0, none = 0, sum = 0, half = 0, arguments[2] = {}, mean = 0;
    EXPECT_EQ(api.build_operand(c, &builder, 0, &x), TENON_OK);
    EXPECT_EQ(api.build_operand(c, &builder, 1, &none), TENON_OK);
    EXPECT_EQ(x, 10u);
    EXPECT_EQ(none, TENON_HLO_NONE);
    tenon_type_view type = TENON_TYPE_VIEW_INIT;
    EXPECT_EQ(api.build_type(c, &builder, x, &type), TENON_OK);
    EXPECT_EQ(type.rank, 2);

    const std::int64_t dims[] = {2};
    const tenon_type_view vector{dims, 1, TENON_F32}, scalar{nullptr, 0, TENON_F32};
    const float value = 0.5f, values[2] = {1, 2};
    EXPECT_EQ(api.build_constant(c, &builder, &vector, &value, 4, &half), TENON_OK);  // a splat
    EXPECT_EQ(api.build_constant(c, &builder, &vector, values, 8, &half), TENON_OK);

    const tenon_type_view both[] = {scalar, scalar};
    EXPECT_EQ(api.build_region_begin(c, &builder, both, 2, arguments), TENON_OK);
    EXPECT_EQ(api.build_region_end(c, &builder, arguments, 2), TENON_OK);

    tenon_hlo_op op = named("stablehlo.reduce");
    const tenon_hlo_value operands[] = {x, half};
    const std::int64_t axes[] = {1};
    tenon_attr attr = TENON_ATTR_INIT;
    attr.name = "dimensions";
    attr.name_length = 10;
    attr.kind = TENON_ATTR_I64S;
    attr.i64s = axes;
    attr.count = 1;
    op.operands = operands;
    op.operand_count = 2;
    op.attributes = &attr;
    op.attribute_count = 1;
    op.result_types = &vector;
    op.result_type_count = 1;
    std::size_t count = 0;
    EXPECT_EQ(api.build_op(c, &builder, &op, &sum, 1, &count), TENON_OK);
    EXPECT_EQ(count, 1u);

    tenon_operator_use use = use_of("row_mean");
    use.operands = &sum;
    use.operand_count = 1;
    use.carrier = 1;
    EXPECT_EQ(api.build_operator(c, &builder, &use, &mean, 1, nullptr), TENON_OK);
    return api.build_return(c, &builder, &mean, 1);
  });
  EXPECT_TRUE(done.ok()) << error_of(done);
  EXPECT_TRUE(builder.finished);
  EXPECT_THAT(builder.calls,
              ElementsAre("constant f32[2] 4", "constant f32[2] 8", "region 2", "end 13 14", "reduce 10 12 dimensions=[1] -> f32[2]",
                          "use row_mean 15 attributes 0 carrier true", "return 16"));
}

TEST_F(HostBuilder, ResultsBeyondTheCapacityAreCountedOnly) {
  EXPECT_TRUE(lower([&](tenon_call* c) {
                const tenon_hlo_op op = named("sort");
                tenon_hlo_value results[2] = {0, 99};
                std::size_t count = 0;
                EXPECT_EQ(api.build_op(c, &builder, &op, results, 1, &count), TENON_OK);
                EXPECT_EQ(count, 2u);
                EXPECT_EQ(results[1], 99u);
                return api.build_op(c, &builder, &op, nullptr, 0, nullptr);
              }).ok());
}

TEST_F(HostBuilder, TheFirstErrorSticks) {
  const Status failed = lower([&](tenon_call* c) {
    tenon_hlo_value out = 0;
    EXPECT_EQ(api.build_operand(c, &builder, 5, &out), TENON_OUT_OF_RANGE);
    const tenon_hlo_op op = named("add");
    EXPECT_EQ(api.build_op(c, &builder, &op, &out, 1, nullptr), TENON_OUT_OF_RANGE);
    EXPECT_EQ(api.build_return(c, &builder, &out, 1), TENON_OUT_OF_RANGE);
    return TENON_OK;  // the plugin does not look
  });
  EXPECT_EQ(code_of(failed), Code::OutOfRange);
  EXPECT_EQ(failed.error().message, "no operand 5");
  EXPECT_TRUE(builder.calls.empty());
}

TEST_F(HostBuilder, NothingFollowsBuildReturnOrACancel) {
  EXPECT_THAT(error_of(lower([&](tenon_call* c) {
                EXPECT_EQ(api.build_return(c, &builder, nullptr, 0), TENON_OK);
                return api.build_return(c, &builder, nullptr, 0);
              })),
              HasSubstr("build_return: nothing may follow build_return"));
  builder.finished = false;
  const volatile std::int32_t cancel = 1;
  tenon_call frame;
  frame.cancel = &cancel;
  EXPECT_EQ(
      code_of(invoke(provider, environment, "[op] lower", frame, [&](tenon_call* c) { return api.build_return(c, &builder, nullptr, 0); })),
      Code::Cancelled);
}

TEST_F(HostBuilder, WrongArgumentsAreNamed) {
  const auto refuse = [&](Code code, std::string_view what, const std::function<std::int32_t(tenon_call*)>& body) {
    const Status failed = lower(body);
    EXPECT_EQ(code_of(failed), code) << what;
    EXPECT_THAT(error_of(failed), HasSubstr(std::string(what)));
  };
  tenon_hlo_value out = 0;
  const std::int64_t dims[] = {2};
  const tenon_type_view vector{dims, 1, TENON_F32};
  refuse(Code::InvalidArgument, "build_operand: the builder is NULL",
         [&](tenon_call* c) { return api.build_operand(c, nullptr, 0, &out); });
  refuse(Code::InvalidArgument, "build_operand: out is NULL", [&](tenon_call* c) { return api.build_operand(c, &builder, 0, nullptr); });
  refuse(Code::InvalidArgument, "build_type: out is NULL", [&](tenon_call* c) { return api.build_type(c, &builder, 0, nullptr); });
  refuse(Code::InvalidArgument, "is NULL", [&](tenon_call* c) { return api.build_op(c, &builder, nullptr, &out, 1, nullptr); });
  const auto bad_op = [&](Code code, std::string_view what, const std::function<void(tenon_hlo_op&)>& spoil,
                          tenon_hlo_value* results = nullptr, std::size_t capacity = 0) {
    tenon_hlo_op op = named("add");
    spoil(op);
    refuse(code, what, [&](tenon_call* c) { return api.build_op(c, &builder, &op, results, capacity, nullptr); });
  };
  bad_op(Code::InvalidArgument, "the name is missing", [](tenon_hlo_op& op) { op.name_length = 0; });
  bad_op(Code::InvalidArgument, "the name is missing", [](tenon_hlo_op& op) { op.name = nullptr; });
  bad_op(Code::InvalidArgument, "a name of 257 bytes", [](tenon_hlo_op& op) { op.name_length = 257; });
  bad_op(Code::InvalidArgument, "not UTF-8", [](tenon_hlo_op& op) { op.name = "\xff\xff\xff"; });
  bad_op(Code::InvalidArgument, "build_op add: the list of values is NULL", [](tenon_hlo_op& op) { op.operand_count = 2; });
  bad_op(Code::InvalidArgument, "at most 65536", [](tenon_hlo_op& op) { op.operand_count = SIZE_MAX; });
  bad_op(Code::InvalidArgument, "build_op add: attributes is NULL", [](tenon_hlo_op& op) { op.attribute_count = 1; });
  bad_op(Code::InvalidArgument, "at most 4096", [](tenon_hlo_op& op) { op.attribute_count = SIZE_MAX; });
  bad_op(Code::InvalidArgument, "the list of types is NULL", [](tenon_hlo_op& op) { op.result_type_count = 1; });
  bad_op(
      Code::InvalidArgument, "results is NULL with a capacity of 3", [](tenon_hlo_op&) {}, nullptr, 3);
  bad_op(Code::InvalidArgument, "of kind", [](tenon_hlo_op& op) { op.header.struct_kind = TENON_KIND_OPERATOR_USE; });
  bad_op(Code::InvalidArgument, "has size 8", [](tenon_hlo_op& op) { op.header.struct_size = 8; });
  bad_op(Code::InvalidArgument, "claims", [](tenon_hlo_op& op) { op.header.struct_size = 1u << 17; });
  tenon_attr twice[2] = {TENON_ATTR_INIT, TENON_ATTR_INIT};
  for (tenon_attr& attr : twice) {
    attr.name = "a";
    attr.name_length = 1;
    attr.kind = TENON_ATTR_I64;
  }
  const auto attributes = [&](tenon_hlo_op& op) {
    op.attributes = twice;
    op.attribute_count = 2;
  };
  bad_op(Code::InvalidArgument, "attribute a is given twice", attributes);
  twice[1].kind = 77;
  twice[1].name = "b";
  bad_op(Code::InvalidArgument, "kind 77", attributes);

  const auto bad_constant = [&](std::string_view what, const tenon_type_view* type, const void* data, std::size_t bytes) {
    refuse(Code::InvalidArgument, what, [&](tenon_call* c) { return api.build_constant(c, &builder, type, data, bytes, &out); });
  };
  const float value[4] = {};
  const std::int64_t dynamic[] = {TENON_DYNAMIC};
  const tenon_type_view open{dynamic, 1, TENON_F32}, unknown{dims, 1, 99}, deep{dims, 33, TENON_F32}, negative{dims, -1, TENON_F32};
  bad_constant("the type is NULL", nullptr, value, 4);
  bad_constant("data is NULL", &vector, nullptr, 4);
  bad_constant("has 8 bytes (or one element of 4), got 12", &vector, value, 12);
  bad_constant("got 0", &vector, value, 0);
  bad_constant("dynamic dimension", &open, value, 4);
  bad_constant("dtype number 99", &unknown, value, 4);
  bad_constant("rank 33", &deep, value, 4);
  bad_constant("rank -1", &negative, value, 4);
  refuse(Code::InvalidArgument, "build_region_end: the list of values is NULL",
         [&](tenon_call* c) { return api.build_region_end(c, &builder, nullptr, 1); });
  refuse(Code::InvalidArgument, "build_region_begin: results is NULL",
         [&](tenon_call* c) { return api.build_region_begin(c, &builder, &vector, 1, nullptr); });
  refuse(Code::InvalidArgument, "build_return: the list of values is NULL",
         [&](tenon_call* c) { return api.build_return(c, &builder, nullptr, 1); });

  const auto bad_use = [&](Code code, std::string_view what, const std::function<void(tenon_operator_use&)>& spoil) {
    tenon_operator_use use = use_of("row_mean");
    spoil(use);
    refuse(code, what, [&](tenon_call* c) { return api.build_operator(c, &builder, &use, nullptr, 0, nullptr); });
  };
  bad_use(Code::NotUnderstood, "carrier must be 0 or 1, got 2", [](tenon_operator_use& use) { use.carrier = 2; });
  bad_use(Code::NotUnderstood, "reserved0 must be 0", [](tenon_operator_use& use) { use.reserved0 = 1; });
  bad_use(Code::InvalidArgument, "version 1 has", [](tenon_operator_use& use) { use.header.struct_size = 0; });
  EXPECT_TRUE(builder.calls.empty());  // nothing wrong got through
}

TEST_F(HostBuilder, StructsOfANewerPlugin) {
  struct Newer {
    tenon_hlo_op op;
    std::uint64_t later;
  };
  Newer newer{named("add"), 0};
  newer.op.header.struct_size = sizeof newer;
  const auto build = [&] { return lower([&](tenon_call* c) { return api.build_op(c, &builder, &newer.op, nullptr, 0, nullptr); }); };
  EXPECT_TRUE(build().ok());
  newer.later = 1;
  const Status set = build();
  EXPECT_EQ(code_of(set), Code::NotUnderstood);
  EXPECT_THAT(error_of(set), HasSubstr(cat("at byte ", sizeof(tenon_hlo_op))));
}

TEST_F(HostBuilder, OutOfMemoryInTheBuilderIsAnError) {
  EXPECT_EQ(code_of(lower([&](tenon_call* c) {
              const tenon_hlo_op op = named("throw");
              return api.build_op(c, &builder, &op, nullptr, 0, nullptr);
            })),
            Code::ResourceExhausted);
}

// A lowering may use operators of its own plugin: their callbacks run inside this one.
TEST_F(HostBuilder, NestedCallbacksOfOnePluginDoNotDeadlock) {
  builder.nested = [&] { return lower([](tenon_call*) { return TENON_OK; }); };
  const tenon_operator_use use = use_of("row_mean");
  const auto body = [&](tenon_call* c) { return api.build_operator(c, &builder, &use, nullptr, 0, nullptr); };
  EXPECT_TRUE(lower(body).ok());
  builder.nested = [&] { return lower([&](tenon_call* c) { return api.error_set(c, TENON_UNIMPLEMENTED, "inner", 5, nullptr, 0); }); };
  const Status inner = lower(body);
  EXPECT_EQ(code_of(inner), Code::Unimplemented);
  EXPECT_EQ(inner.error().message, "inner");
}

}  // namespace
}  // namespace tenon
