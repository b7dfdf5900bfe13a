// Operands against a schema: counts, dtypes, shapes. A wrong one is named, with what was expected and what came.
#include "core/op/shapes.h"
#include "core/op/test_support.h"

namespace tenon {
namespace {

using namespace testing;  // NOLINT
using ::testing::HasSubstr;

class CheckNode : public ::testing::Test {
 protected:
  CheckNode() { provider->infer = infer_norm; }
  Result<tenon_node> check(const std::vector<OperandType>& operands, const Dict& attributes = {}) {
    return check_node({schema, provider, 0}, "n", operands, attributes, environment);
  }
  OpSchema schema = norm_schema();
  std::shared_ptr<FakeProvider> provider = std::make_shared<FakeProvider>();
  Environment environment;
};

TEST_F(CheckNode, GivesTheNodeWithEverythingFilledIn) {
  OperandType scale = of(DType::F32, {8});
  scale.is_constant = true;
  const Result<tenon_node> node = check({of(DType::F32, {2, 8}), scale});
  ASSERT_TRUE(node.ok()) << error_of(node);
  EXPECT_EQ(node->name, "n");
  ASSERT_EQ(node->operands.size(), 3u);
  EXPECT_FALSE(node->operands[2].has_value());
  EXPECT_EQ(node->operand_is_constant, (std::vector<bool>{false, true, false}));
  ASSERT_EQ(node->results.size(), 2u);
  EXPECT_EQ(node->results[0], (TensorType{DType::F32, {2, 8}}));
  EXPECT_FALSE(node->results[1].has_value());  // no residual, no sum
  EXPECT_EQ(get_float(node->attributes, "epsilon"), 1e-6);

  const Result<tenon_node> dual = check({of(DType::BF16, {2, 8}), {}, of(DType::BF16, {2, 8})});
  ASSERT_TRUE(dual.ok()) << error_of(dual);
  EXPECT_EQ(dual->results[1], (TensorType{DType::BF16, {2, 8}}));
}

TEST_F(CheckNode, CountsOperands) {
  const OperandType x = of(DType::F32, {2, 8});
  EXPECT_THAT(error_of(check({x, {}, {}, x})), HasSubstr("[test_norm] takes at most 3 operands, got 4"));
  EXPECT_THAT(error_of(check({x, {}, {}, x})), HasSubstr("its operands are input, scale?, residual?"));
  const Result<tenon_node> missing = check({{}, of(DType::F32, {8})});
  EXPECT_EQ(code_of(missing), Code::InvalidArgument);
  EXPECT_THAT(error_of(missing), HasSubstr("[test_norm] operand input is missing"));
  EXPECT_EQ(missing.error().where.operand, "input");
  EXPECT_EQ(missing.error().where.node, "n");
  EXPECT_THAT(error_of(check({})), HasSubstr("operand input is missing"));
  EXPECT_EQ(provider->opened, 0);  // nothing wrong was sent to the plugin
}

TEST_F(CheckNode, NamesTheDtypeThatCameAndThoseAllowed) {
  EXPECT_THAT(error_of(check({of(DType::I32, {8})})), HasSubstr("[test_norm] operand input has dtype i32, expected bf16 or f32"));
  EXPECT_THAT(error_of(check({of(DType::F64, {8})})), HasSubstr("operand input has dtype f64, expected bf16 or f32"));  // of the operator
  EXPECT_THAT(error_of(check({of(DType::F32, {8}), of(DType::I32, {8})})),
              HasSubstr("[test_norm] operand scale has dtype i32, expected f16, bf16, f32 or f64"));
  EXPECT_THAT(error_of(check({of(DType::BF16, {8}), {}, of(DType::F32, {8})})),
              HasSubstr("[test_norm] operand residual has dtype f32, expected bf16 like operand input"));
  EXPECT_TRUE(check({of(DType::BF16, {8}), of(DType::F32, {8})}).ok());  // scale is any float
  EXPECT_FALSE(check({of(static_cast<DType>(99), {8})}).ok());
}

TEST_F(CheckNode, EqualSymbolsAreEqualSizes) {
  const Result<tenon_node> wrong = check({of(DType::F32, {4, 512}), of(DType::F32, {256})});
  EXPECT_EQ(code_of(wrong), Code::InvalidArgument);
  EXPECT_THAT(error_of(wrong), HasSubstr("[test_norm] operand scale must have shape [512] (D is 512 in operand input), got [256]"));
  EXPECT_THAT(error_of(check({of(DType::F32, {4, 512}), of(DType::F32, {1, 512})})),
              HasSubstr("operand scale must have shape [512], got [1,512]"));
  EXPECT_THAT(error_of(check({of(DType::F32, {})})), HasSubstr("operand input must have shape [...,D], got []"));
  EXPECT_TRUE(check({of(DType::F32, {512})}).ok());            // "..." stands for no dimension too
  EXPECT_TRUE(check({of(DType::F32, {1, 2, 3, 0, 7})}).ok());  // or an empty one
  // A dynamic size fits, and does not hide a later contradiction.
  EXPECT_TRUE(check({of(DType::F32, {4, kDynamic}), of(DType::F32, {256})}).ok());
  EXPECT_TRUE(check({of(DType::F32, {4, 256}), of(DType::F32, {kDynamic})}).ok());
  schema.operands[2].shape = {"...", "D"};
  EXPECT_THAT(error_of(check({of(DType::F32, {4, kDynamic}), of(DType::F32, {256}), of(DType::F32, {4, 255})})),
              HasSubstr("operand residual must have shape [...,256] (D is 256 in operand scale), got [4,255]"));
}

TEST_F(CheckNode, NumbersAndRepeatedSymbolsInAShape) {
  schema.operands[0].shape = {"N", "N", "3"};
  EXPECT_TRUE(check({of(DType::F32, {4, 4, 3})}).ok());
  EXPECT_TRUE(check({of(DType::F32, {4, kDynamic, kDynamic})}).ok());
  EXPECT_THAT(error_of(check({of(DType::F32, {4, 4, 2})})), HasSubstr("must have shape [N,N,3], got [4,4,2]"));
  EXPECT_THAT(error_of(check({of(DType::F32, {4, 5, 3})})), HasSubstr("must have shape [N,N,3] with one size for both N, got [4,5,3]"));
}

TEST_F(CheckNode, RefusesTypesThatCannotBe) {
  EXPECT_THAT(error_of(check({of(DType::F32, {2, -3})})), HasSubstr("[test_norm] operand input: "));
  EXPECT_FALSE(check({of(DType::F32, Dims(33, 1))}).ok());
  EXPECT_FALSE(check({of(DType::F32, {INT64_MAX, INT64_MAX})}).ok());
}

TEST_F(CheckNode, OperandsThatBroadcast) {
  schema = {};
  schema.name = "join";
  schema.operands = {operand("a"), operand("b"), operand("c")};
  schema.operands[2].optional = true;
  for (OperandSchema& o : schema.operands) o.broadcast = true;
  schema.results = {result_like("output", "a")};
  schema.infer = StockInfer::Broadcast;
  const auto shape = [&](Dims a, Dims b) {
    const Result<tenon_node> node = check({of(DType::F32, std::move(a)), of(DType::F32, std::move(b))});
    return node.ok() ? dims_text(node->results[0]->dims) : node.error().message;
  };
  // As numpy.broadcast_shapes gives them.
  EXPECT_EQ(shape({4, 1}, {1, 3}), "[4,3]");
  EXPECT_EQ(shape({}, {2, 3}), "[2,3]");
  EXPECT_EQ(shape({5, 1, 4}, {3, 1}), "[5,3,4]");
  EXPECT_EQ(shape({1}, {0}), "[0]");
  EXPECT_EQ(shape({2, 3}, {2, 4}), "[join] operands a [2,3] and b [2,4] do not broadcast");
  EXPECT_EQ(shape({2}, {0}), "[join] operands a [2] and b [0] do not broadcast");
  // A dynamic size can only be 1 or the other one's.
  EXPECT_EQ(shape({kDynamic}, {3}), "[3]");
  EXPECT_EQ(shape({kDynamic}, {1}), "[?]");
  EXPECT_EQ(shape({1}, {kDynamic}), "[?]");
  EXPECT_EQ(shape({kDynamic}, {kDynamic}), "[?]");
  EXPECT_EQ(shape({kDynamic, 2}, {3, 4, 2}), "[3,4,2]");
  EXPECT_EQ(provider->opened, 0);  // a stock rule opens no library
}

TEST_F(CheckNode, AVariadicOperandTakesOneOrMore) {
  schema = {};
  schema.name = "chain";
  schema.operands = {operand("inputs")};
  schema.operands[0].variadic = true;
  schema.operands[0].like = "inputs";
  schema.results = {result_like("output", "inputs")};
  schema.infer = StockInfer::Same;
  EXPECT_TRUE(check({of(DType::F32, {1})}).ok());
  const Result<tenon_node> three = check({of(DType::F32, {1}), of(DType::F32, {2}), of(DType::F32, {3})});
  ASSERT_TRUE(three.ok()) << error_of(three);
  EXPECT_EQ(three->operands.size(), 3u);
  EXPECT_THAT(error_of(check({})), HasSubstr("operand inputs[0] is missing"));
  EXPECT_THAT(error_of(check({of(DType::F32, {1}), {}, of(DType::F32, {3})})), HasSubstr("[chain] operand inputs[1] is missing"));
  EXPECT_THAT(error_of(check({of(DType::F32, {1}), of(DType::F64, {1})})),
              HasSubstr("[chain] operand inputs[1] has dtype f64, expected f32 like operand inputs"));
  EXPECT_THAT(error_of(check({of(DType::I8, {1})})), HasSubstr("operand inputs[0] has dtype i8"));
}

TEST_F(CheckNode, ReportsAttributesAndTheNode) {
  const Result<tenon_node> bad = check({of(DType::F32, {8})}, {{"epsilon", Attr(FloatAttr{-1})}});
  EXPECT_EQ(code_of(bad), Code::OutOfRange);
  EXPECT_EQ(bad.error().where.node, "n");
  EXPECT_EQ(bad.error().where.operand, "epsilon");
}

}  // namespace
}  // namespace tenon
