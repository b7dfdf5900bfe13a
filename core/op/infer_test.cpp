// Result types: stock rules against what NumPy gives, and plugins that say something else than their manifest.
#include "core/op/test_support.h"

namespace tenon {
namespace {

using namespace testing;  // NOLINT
using ::testing::HasSubstr;

const std::vector<DType> kAny{DType::I1, DType::I32, DType::I64, DType::F32, DType::F64};

OpSchema unary(StockInfer rule) {
  OpSchema schema;
  schema.name = "op";
  schema.op_namespace = "tenon";
  schema.operands = {operand("input", kAny)};
  schema.results = {result_like("output", "input")};
  schema.infer = rule;
  return schema;
}

Result<tenon_node> check(const OpSchema& schema, const std::vector<OperandType>& operands, const Dict& attributes = {},
                         std::shared_ptr<FakeProvider> provider = std::make_shared<FakeProvider>()) {
  return check_node({schema, std::move(provider), 0}, "n", operands, attributes, Environment());
}

std::string type_text(const Result<tenon_node>& node) { return node.ok() ? to_string(*node->results[0]) : node.error().message; }

TEST(StockInfer, SameIsOperandZero) {
  EXPECT_EQ(type_text(check(unary(StockInfer::Same), {of(DType::F32, {2, kDynamic})})), "f32[2,?]");
  EXPECT_EQ(type_text(check(unary(StockInfer::Same), {of(DType::I1, {})})), "i1[]");
}

TEST(StockInfer, CompareGivesI1) {
  OpSchema schema = unary(StockInfer::Compare);
  schema.operands.push_back(operand("other", kAny));
  schema.results[0] = {"output", {DType::I1}, "", ""};
  EXPECT_EQ(type_text(check(schema, {of(DType::F32, {2, 1}), of(DType::F32, {3})})), "i1[2,3]");
  EXPECT_EQ(type_text(check(schema, {of(DType::F32, {2}), of(DType::F32, {3})})), "[op] the shapes [2] and [3] do not broadcast");
}

class Reduce : public ::testing::Test {
 protected:
  Reduce() {
    schema.attributes = {attribute("axes", AttrType::Ints), attribute("keepdims", AttrType::Bool, Attr(false))};
    schema.attributes[0].aliases = {"axis"};
  }
  Result<tenon_node> reduce(Dims dims, const Dict& attributes = {}) { return check(schema, {of(DType::F32, std::move(dims))}, attributes); }
  OpSchema schema = unary(StockInfer::Reduce);
};

// numpy.zeros(shape).sum(axis, keepdims).shape
TEST_F(Reduce, AxesAndKeepdims) {
  const Attr keep = Attr(true);
  EXPECT_EQ(type_text(reduce({2, 3, 4})), "f32[]");
  EXPECT_EQ(type_text(reduce({2, 3, 4}, {{"keepdims", keep}})), "f32[1,1,1]");
  EXPECT_EQ(type_text(reduce({2, 3, 4}, {{"axes", Attr(IntAttr{1})}})), "f32[2,4]");
  EXPECT_EQ(type_text(reduce({2, 3, 4}, {{"axis", Attr(IntAttr{-1})}, {"keepdim", keep}})), "f32[2,3,1]");
  EXPECT_EQ(type_text(reduce({2, 3, 4}, {{"dims", Attr(IntsAttr{{0, -1}})}})), "f32[3]");
  EXPECT_EQ(type_text(reduce({2, kDynamic, 0}, {{"axes", Attr(IntsAttr{{1, 2}})}})), "f32[2]");
  EXPECT_EQ(type_text(reduce({})), "f32[]");
  EXPECT_EQ(type_text(reduce({2, 3}, {{"axes", Attr(IntsAttr{})}})), "f32[]");  // no `empty_axes`: all
}

TEST_F(Reduce, WhatAnEmptyListMeansIsAnAttribute) {
  schema.attributes.push_back(attribute("empty_axes", AttrType::String, Attr(std::string("all"))));
  schema.attributes.back().one_of = {"all", "none"};
  const Attr none = Attr(std::string("none"));
  EXPECT_EQ(type_text(reduce({2, 3}, {{"axes", Attr(IntsAttr{})}})), "f32[]");
  EXPECT_EQ(type_text(reduce({2, 3}, {{"axes", Attr(IntsAttr{})}, {"empty_axes", none}})), "f32[2,3]");
  EXPECT_EQ(type_text(reduce({2, 3}, {{"axes", Attr(IntsAttr{})}, {"empty_axes", none}, {"keepdims", Attr(true)}})), "f32[2,3]");
  EXPECT_EQ(type_text(reduce({2, 3}, {{"empty_axes", none}})), "f32[]");  // absent axes are all, whatever empty ones mean
}

// An axis out of range is an error that names it, never clamped.
TEST_F(Reduce, WrongAxes) {
  for (const std::int64_t axis : {2, -3, 1000}) {
    const Result<tenon_node> bad = reduce({2, 3}, {{"axes", Attr(IntAttr{axis})}});
    EXPECT_EQ(code_of(bad), Code::OutOfRange);
    EXPECT_EQ(bad.error().message, cat("[op] axis ", axis, " is out of range for rank 2"));
    EXPECT_EQ(bad.error().where.operand, "axes");
  }
  EXPECT_EQ(code_of(reduce({}, {{"axes", Attr(IntAttr{0})}})), Code::OutOfRange);
  const Result<tenon_node> twice = reduce({2, 3}, {{"axes", Attr(IntsAttr{{1, -1}})}});
  EXPECT_EQ(code_of(twice), Code::InvalidArgument);
  EXPECT_THAT(error_of(twice), HasSubstr("axes names axis 1 twice"));
}

TEST_F(Reduce, OneAxisAndAFixedDtype) {
  schema.attributes[0] = attribute("axis", AttrType::Int, Attr(IntAttr{-1}));
  schema.results[0] = {"indices", {DType::I64}, "", ""};
  EXPECT_EQ(type_text(reduce({2, 3})), "i64[2]");
  EXPECT_EQ(type_text(reduce({2, 3}, {{"dim", Attr(IntAttr{0})}, {"keepdims", Attr(true)}})), "i64[1,3]");
  const Result<tenon_node> bad = reduce({2, 3}, {{"axis", Attr(IntAttr{2})}});
  EXPECT_EQ(bad.error().where.operand, "axis");
}

// One result per call of infer_result; a hole among them is the plugin's fault.
TEST(VariadicResults, AreAsManyAsInferSets) {
  OpSchema schema = unary(StockInfer::None);
  schema.results[0].variadic = true;
  auto provider = std::make_shared<FakeProvider>("org.example.parts");
  std::vector<std::size_t> set = {0, 1, 2};
  provider->infer = [&](tenon_call* call, const tenon_node*) {
    for (const std::size_t index : set) {
      const std::int64_t size = static_cast<std::int64_t>(index) + 1;
      const tenon_type_view type{&size, 1, TENON_F32};
      if (const std::int32_t code = host_api().infer_result(call, index, &type); code != TENON_OK) return code;
    }
    return TENON_OK;
  };
  const Result<tenon_node> node = check(schema, {of(DType::F32, {6})}, {}, provider);
  ASSERT_TRUE(node.ok()) << node.error().message;
  ASSERT_EQ(node->results.size(), 3u);
  EXPECT_EQ(to_string(*node->results[2]), "f32[3]");
  EXPECT_EQ(schema.result_name(2), "output_2");
  set = {0, 2};
  EXPECT_THAT(error_of(check(schema, {of(DType::F32, {6})}, {}, provider)), HasSubstr("result output_1 was not set"));
  set = {};
  EXPECT_THAT(error_of(check(schema, {of(DType::F32, {6})}, {}, provider)), HasSubstr("result output_0 was not set"));
  set = {1u << 20};
  EXPECT_THAT(error_of(check(schema, {of(DType::F32, {6})}, {}, provider)), HasSubstr("there is no result number"));
}

class PluginInfer : public ::testing::Test {
 protected:
  Result<tenon_node> infer_with(std::function<std::int32_t(tenon_call*, const tenon_node*)> callback) {
    provider->infer = std::move(callback);
    return check(schema, {of(DType::F32, {2, 3})}, {}, provider);
  }
  static std::int32_t set(tenon_call* call, std::size_t index, DType dtype, const std::vector<std::int64_t>& dims) {
    const tenon_type_view type{dims.data(), static_cast<std::int32_t>(dims.size()), static_cast<tenon_dtype>(dtype)};
    return host_api().infer_result(call, index, &type);
  }
  std::shared_ptr<FakeProvider> provider = std::make_shared<FakeProvider>("org.example.liar");
  OpSchema schema = norm_schema();
};

TEST_F(PluginInfer, ResultsThatBreakTheManifestArePluginRejected) {
  const auto reject = [&](std::string_view what, std::function<std::int32_t(tenon_call*, const tenon_node*)> callback) {
    const Result<tenon_node> bad = infer_with(std::move(callback));
    EXPECT_EQ(code_of(bad), Code::PluginRejected) << what;
    EXPECT_EQ(bad.error().where.plugin, "org.example.liar");
    EXPECT_EQ(bad.error().where.node, "n");
    EXPECT_THAT(error_of(bad), HasSubstr(std::string(what)));
  };
  reject("[test_norm] infer of plugin org.example.liar: result output was not set",
         [](tenon_call*, const tenon_node*) { return TENON_OK; });
  reject("result sum was set, but exists only with residual", [](tenon_call* call, const tenon_node*) {
    set(call, 0, DType::F32, {2, 3});
    return set(call, 1, DType::F32, {2, 3});
  });
  reject("result output has dtype f64, expected f32 like operand input", [](tenon_call* call, const tenon_node*) {
    return set(call, 0, DType::F64, {2, 3});
  });
  reject("there is no result number 2", [](tenon_call* call, const tenon_node*) { return set(call, 2, DType::F32, {}); });
  reject("is negative: -2", [](tenon_call* call, const tenon_node*) { return set(call, 0, DType::F32, {-2}); });
  reject("rank 33", [](tenon_call* call, const tenon_node*) { return set(call, 0, DType::F32, std::vector<std::int64_t>(33, 1)); });
  reject("dtype number 0", [](tenon_call* call, const tenon_node*) { return set(call, 0, DType::Invalid, {}); });
  reject("the type is NULL", [](tenon_call* call, const tenon_node*) { return host_api().infer_result(call, 0, nullptr); });
  reject("dims is NULL with rank 1", [](tenon_call* call, const tenon_node*) {
    const tenon_type_view type{nullptr, 1, TENON_F32};
    return host_api().infer_result(call, 0, &type);
  });
  // An error of the host counts, also when the plugin does not pass it on.
  reject("is negative: -2", [](tenon_call* call, const tenon_node*) {
    set(call, 0, DType::F32, {-2});
    return TENON_OK;
  });
}

TEST_F(PluginInfer, AResultMayDependOnAnAttribute) {
  schema.results[1].when = "unit_offset";
  provider->infer = [](tenon_call* call, const tenon_node*) {
    set(call, 0, DType::F32, {2, 3});
    return set(call, 1, DType::F32, {2, 3});
  };
  EXPECT_TRUE(check(schema, {of(DType::F32, {2, 3})}, {{"unit_offset", Attr(true)}}, provider).ok());
  EXPECT_EQ(code_of(check(schema, {of(DType::F32, {2, 3})}, {{"unit_offset", Attr(false)}}, provider)), Code::PluginRejected);
  schema.results[1].when = "normalized_shape";
  EXPECT_TRUE(check(schema, {of(DType::F32, {2, 3})}, {{"normalized_shape", Attr(IntsAttr{{3}})}}, provider).ok());
  EXPECT_FALSE(check(schema, {of(DType::F32, {2, 3})}, {{"normalized_shape", Attr(IntsAttr{})}}, provider).ok());
  EXPECT_FALSE(check(schema, {of(DType::F32, {2, 3})}, {}, provider).ok());
}

TEST_F(PluginInfer, ThePluginsOwnRefusalIsTheError) {
  const Result<tenon_node> refused = infer_with([](tenon_call* call, const tenon_node* node) {
    std::size_t length = 0;
    EXPECT_STREQ(host_api().node_operator(node, &length), "test_norm");
    EXPECT_EQ(length, 9u);
    EXPECT_STREQ(host_api().node_name(node, nullptr), "n");
    const std::string text = "[test_norm] input must be square", advice = "pad it";
    return host_api().error_set(call, TENON_INVALID_ARGUMENT, text.data(), text.size(), advice.data(), advice.size());
  });
  EXPECT_EQ(code_of(refused), Code::InvalidArgument);
  EXPECT_EQ(refused.error().message, "[test_norm] input must be square");
  EXPECT_EQ(refused.error().advice, "pad it");
  EXPECT_EQ(refused.error().domain, "org.example.liar 1.0");
  EXPECT_EQ(refused.error().where.plugin, "org.example.liar");
  EXPECT_EQ(refused.error().where.node, "n");
}

TEST_F(PluginInfer, ALibraryThatDoesNotOpenAndATableWithoutInfer) {
  provider->broken = true;
  const Result<tenon_node> closed = check(schema, {of(DType::F32, {2, 3})}, {}, provider);
  EXPECT_EQ(code_of(closed), Code::DependencyMissing);
  EXPECT_EQ(closed.error().where.node, "n");
  provider->broken = false;
  provider->table.infer = nullptr;
  EXPECT_THAT(error_of(check(schema, {of(DType::F32, {2, 3})}, {}, provider)),
              HasSubstr("has no infer, and its manifest names no stock rule"));
}

TEST_F(PluginInfer, ReadsItsNode) {
  schema.attributes[1].fallback = Attr(IntAttr{-1});
  const Result<tenon_node> node = infer_with([](tenon_call* call, const tenon_node* n) {
    const tenon_host_api& api = host_api();
    EXPECT_EQ(api.node_operand_count(n), 3u);
    EXPECT_EQ(api.node_result_count(n), 2u);
    tenon_type_view type = TENON_TYPE_VIEW_INIT;
    EXPECT_EQ(api.node_operand(n, 0, &type), 1);
    EXPECT_EQ(type.rank, 2);
    EXPECT_EQ(type.dims[1], 3);
    EXPECT_EQ(api.node_operand(n, 1, &type), 0);
    EXPECT_EQ(type.dtype, TENON_DTYPE_INVALID);
    EXPECT_EQ(api.node_operand(n, 77, &type), 0);
    EXPECT_EQ(api.node_result(n, 0, &type), 0);  // not known before infer has said so
    tenon_attr attr = TENON_ATTR_INIT;
    EXPECT_EQ(api.node_attr(n, "epsilon", 7, &attr), 1);
    EXPECT_EQ(attr.kind, TENON_ATTR_F64);
    EXPECT_EQ(attr.f64, 1e-6);
    EXPECT_EQ(attr.flags, TENON_ATTR_DEFAULTED);
    EXPECT_EQ(api.node_attr(n, "normalized_shape", 16, &attr), 0);
    EXPECT_EQ(attr.kind, TENON_ATTR_NONE);
    EXPECT_EQ(api.node_attr(n, "nothing", 7, nullptr), 0);
    return infer_norm(call, n);
  });
  EXPECT_TRUE(node.ok()) << error_of(node);
}

}  // namespace
}  // namespace tenon
