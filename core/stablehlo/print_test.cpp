// Modules as text: functions, names, symbols, globals. And numbers: what is printed must read back as the same bits.
#include "core/stablehlo/print.h"

#include <gmock/gmock.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/stablehlo/one_function_test.h"
#include "core/type/convert.h"

namespace tenon::stablehlo {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::string dense(DType dtype, Dims dims, std::vector<double> values) {
  const TensorType type = tensor(dtype, std::move(dims));
  auto bytes = std::make_shared<std::vector<std::byte>>(values.size() * storage_size(dtype));
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::byte* at = bytes->data() + i * storage_size(dtype);
    if (is_float(dtype))
      store_f64(dtype, at, values[i]);
    else
      store_i64(dtype, at, static_cast<std::int64_t>(values[i]));
  }
  Constant constant;
  constant.kind = values.size() == 1 ? Constant::Kind::Splat : Constant::Kind::Inline;
  constant.bytes = bytes;
  return dense_text(type, constant);
}

TEST(PrintModule, FunctionsArgumentsAndResultsWithAttributes) {
  OneFunction main({f32({2, 3}), i32()});
  main.module.name = "jit_f";
  main.module.comments = {"made by hand", "second\nthird"};
  const ValueId sum = *main.b.op1(OpCode::Add, {main.args[0], main.args[0]});
  const std::vector<ValueId> results = {sum, main.args[1]};
  ASSERT_TRUE(main.b.finish(results).ok());
  main.module.funcs[0].argument_attributes = {{{"tenon.name", std::string("x")}, {"jax.buffer_donor", true}}, {}};
  main.module.funcs[0].result_attributes = {{{"jax.result_info", std::string("result")}}, {}};
  ASSERT_TRUE(verify(main.module).ok());
  EXPECT_EQ(*print(main.module),
            "// made by hand\n"
            "// second\n"
            "// third\n"
            "module @jit_f {\n"
            "  func.func public @main(%arg0: tensor<2x3xf32> {jax.buffer_donor = true, tenon.name = \"x\"}, %arg1: tensor<i32>)"
            " -> (tensor<2x3xf32> {jax.result_info = \"result\"}, tensor<i32>) {\n"
            "    %0 = stablehlo.add %arg0, %arg0 : tensor<2x3xf32>\n"
            "    return %0, %arg1 : tensor<2x3xf32>, tensor<i32>\n"
            "  }\n"
            "}\n");
}

TEST(PrintModule, MainComesFirstAndUnusualSymbolsAreQuoted) {
  Module module;
  for (const char* name : {"rms_norm.impl$1", "a-b", "1st", "main", "say \"hi\"\\"}) {
    Builder b(module, add_function(module, name, {}, std::string(name) != "main"));
    ASSERT_TRUE(b.finish({}).ok());
  }
  ASSERT_TRUE(verify(module).ok());
  EXPECT_EQ(*print(module),
            "module {\n"
            "  func.func public @main() {\n    return\n  }\n"
            "  func.func private @rms_norm.impl$1() {\n    return\n  }\n"
            "  func.func private @\"a-b\"() {\n    return\n  }\n"
            "  func.func private @\"1st\"() {\n    return\n  }\n"
            "  func.func private @\"say \\22hi\\22\\5C\"() {\n    return\n  }\n"
            "}\n");
}

TEST(PrintModule, GlobalsNameTheirParameter) {
  Module module;
  module.globals = {{"w0", "model", "blk.0.attn_q.weight", tensor(DType::BF16, {4, 4})}, {"b", "", "key \"only\"", f32({4})}};
  OneFunction main(std::move(module), {});
  const ValueId w = *main.b.op1(OpCode::GlobalLoad, {}, {{"global", SymbolAttr{"w0"}}});
  EXPECT_EQ(main.b.type(w), tensor(DType::BF16, {4, 4}));
  EXPECT_REFUSED(main.b.op1(OpCode::GlobalLoad, {}, {{"global", SymbolAttr{"w1"}}}), "no global @w1");
  ASSERT_TRUE(main.b.finish({&w, 1}).ok());
  ASSERT_TRUE(verify(main.module).ok());
  EXPECT_EQ(*print(main.module),
            "module {\n"
            "  util.global private @w0 = #flow.parameter.named<\"model\"::\"blk.0.attn_q.weight\"> : tensor<4x4xbf16>\n"
            "  util.global private @b = #flow.parameter.named<\"key \\22only\\22\"> : tensor<4xf32>\n"
            "  func.func public @main() -> tensor<4x4xbf16> {\n"
            "    %0 = util.global.load @w0 : tensor<4x4xbf16>\n"
            "    return %0 : tensor<4x4xbf16>\n"
            "  }\n"
            "}\n");
}

TEST(PrintModule, ExternalConstantsMustBeResolvedFirst) {
  OneFunction main({});
  const ValueId w = *main.b.parameter(f32({2}), "layer.weight");
  ASSERT_TRUE(main.b.finish({&w, 1}).ok());
  ASSERT_TRUE(verify(main.module).ok());
  const Result<std::string> text = print(main.module);
  ASSERT_FALSE(text.ok());
  EXPECT_EQ(text.error().code, Code::FailedPrecondition);
  EXPECT_THAT(text.error().message, testing::HasSubstr("layer.weight"));
  EXPECT_THAT(dump(main.module), testing::HasSubstr("/* parameter \"layer.weight\" */ : tensor<2xf32>"));
  EXPECT_EQ(dump(main.module.funcs[0], main.module.funcs[0].body.ops[0]),
            "%0 = stablehlo.constant /* parameter \"layer.weight\" */ : tensor<2xf32>");
}

TEST(PrintModule, TheSameModuleGivesTheSameBytes) {
  const auto text = [](bool reversed) {
    OneFunction main({f32({2})});
    Dict own = {{"a", true}, {"b.c", IntAttr{1}}, {"z", std::string("t")}};
    if (reversed) std::reverse(own.begin(), own.end());
    const ValueId value = main.b.op(OpCode::Negate, main.args, {}, {}, own).value()[0];
    return main.body({value}) + *print(main.module);
  };
  EXPECT_EQ(text(false), text(false));
  EXPECT_EQ(text(false), text(true)) << "dictionaries are sorted";
}

TEST(Numbers, FloatsAlwaysHaveAPoint) {
  EXPECT_EQ(float_literal(DType::F32, 1e-6), "1.0e-06");
  EXPECT_EQ(float_literal(DType::F64, 1e-6), "1.0e-06");
  EXPECT_EQ(float_literal(DType::F32, 1), "1.0");
  EXPECT_EQ(float_literal(DType::F32, -0.0), "-0.0");
  EXPECT_EQ(float_literal(DType::F32, 0.1), "0.1");
  EXPECT_EQ(float_literal(DType::F64, 0.1), "0.1");
  EXPECT_EQ(float_literal(DType::F64, 1.0 / 3), "0.3333333333333333");
  EXPECT_EQ(float_literal(DType::BF16, 1.0 / 3), "0.334") << "0.333984375, the nearest bfloat16";
  EXPECT_EQ(float_literal(DType::F32, 3e38), "3.0e+38");
  EXPECT_EQ(float_literal(DType::F32, 16777216), "16777216.0");
  EXPECT_EQ(float_literal(DType::F16, 65504), "65504.0");
  EXPECT_EQ(float_literal(DType::F8E4M3FN, 448), "448.0");
}

TEST(Numbers, InfinityAndNaNAreHexadecimalInEveryWidth) {
  struct Row {
    DType dtype;
    std::string inf, minus_inf, nan;
  };
  const Row rows[] = {{DType::F64, "0x7FF0000000000000", "0xFFF0000000000000", "0x7FF8000000000000"},
                      {DType::F32, "0x7F800000", "0xFF800000", "0x7FC00000"},
                      {DType::F16, "0x7C00", "0xFC00", "0x7E00"},
                      {DType::BF16, "0x7F80", "0xFF80", "0x7FC0"},
                      {DType::F8E5M2, "0x7C", "0xFC", "0x7E"}};
  for (const Row& row : rows) {
    SCOPED_TRACE(name(row.dtype));
    EXPECT_EQ(float_literal(row.dtype, kInf), row.inf);
    EXPECT_EQ(float_literal(row.dtype, -kInf), row.minus_inf);
    EXPECT_EQ(float_literal(row.dtype, kNaN), row.nan);
  }
  EXPECT_EQ(float_literal(DType::F8E4M3FN, kNaN), "0x7F");
  EXPECT_EQ(dense(DType::F32, {3}, {kInf, -kInf, kNaN}), "dense<[0x7F800000, 0xFF800000, 0x7FC00000]>");
}

// MLIR reads a decimal as a double and rounds that to the type: every value of the narrow formats, and many of f32, must survive.
TEST(Numbers, LiteralsReadBackAsTheSameBits) {
  const auto check = [](DType dtype, const std::byte* bits) {
    const double value = load_f64(dtype, bits);
    const std::string text = float_literal(dtype, value);
    if (!std::isfinite(value)) return text.starts_with("0x");
    if (text.find('.') == std::string::npos) return false;
    std::byte back[8] = {};
    store_f64(dtype, back, std::strtod(text.c_str(), nullptr));
    return std::memcmp(back, bits, storage_size(dtype)) == 0;
  };
  for (const DType dtype : {DType::F16, DType::BF16}) {
    for (std::uint32_t i = 0; i < 0x10000; ++i) {
      const auto bits = static_cast<std::uint16_t>(i);
      ASSERT_TRUE(check(dtype, reinterpret_cast<const std::byte*>(&bits))) << name(dtype) << " " << i;
    }
  }
  for (const DType dtype : {DType::F8E4M3FN, DType::F8E5M2}) {
    for (std::uint32_t i = 0; i < 0x100; ++i) {
      const auto bits = static_cast<std::uint8_t>(i);
      ASSERT_TRUE(check(dtype, reinterpret_cast<const std::byte*>(&bits))) << name(dtype) << " " << i;
    }
  }
  std::uint64_t state = 1;
  for (int i = 0; i < 20000; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const auto narrow = static_cast<std::uint32_t>(state >> 32);
    ASSERT_TRUE(check(DType::F32, reinterpret_cast<const std::byte*>(&narrow))) << narrow;
    const std::uint64_t wide = state ^ (state >> 29);
    ASSERT_TRUE(check(DType::F64, reinterpret_cast<const std::byte*>(&wide))) << wide;
  }
}

TEST(Dense, SplatsListsAndNesting) {
  EXPECT_EQ(dense(DType::F32, {2, 3}, {1e-6}), "dense<1.0e-06>");
  EXPECT_EQ(dense(DType::F32, {2, 2}, {1, 2, 3, -4.5}), "dense<[[1.0, 2.0], [3.0, -4.5]]>");
  EXPECT_EQ(dense(DType::I32, {3}, {1, -2, 3}), "dense<[1, -2, 3]>");
  EXPECT_EQ(dense(DType::UI8, {2}, {200, 0}), "dense<[200, 0]>");
  EXPECT_EQ(dense(DType::I4, {2}, {-8, 7}), "dense<[-8, 7]>");
  EXPECT_EQ(dense(DType::UI64, {}, {-1}), "dense<18446744073709551615>");
  EXPECT_EQ(dense(DType::I64, {2}, {-9223372036854775808.0, 5}), "dense<[-9223372036854775808, 5]>");
  EXPECT_EQ(dense(DType::I1, {2}, {1, 0}), "dense<[true, false]>");
  EXPECT_EQ(dense(DType::I1, {}, {1}), "dense<true>");
  EXPECT_EQ(dense(DType::F32, {0}, {}), "dense<>");
  EXPECT_EQ(dense(DType::F32, {0, 4}, {}), "dense<>");
}

TEST(Dense, LongListsAreHexadecimalButForBitsAndNibbles) {
  EXPECT_EQ(dense(DType::F32, {2, 17}, std::vector<double>(34, 1.0)).substr(0, 27), "dense<\"0x0000803F0000803F00");
  EXPECT_EQ(dense(DType::BF16, {33}, std::vector<double>(33, 1.0)).substr(0, 17), "dense<\"0x803F803F");
  const std::string f32_text = dense(DType::F32, {33}, std::vector<double>(33, 2.0));
  EXPECT_EQ(f32_text.size(), std::strlen("dense<\"0x\">") + 33 * 8);
  EXPECT_EQ(dense(DType::I32, {32}, std::vector<double>(32, 7)).substr(0, 12), "dense<[7, 7,");
  EXPECT_EQ(dense(DType::I1, {40}, std::vector<double>(40, 1)).substr(0, 19), "dense<[true, true, ");
  EXPECT_EQ(dense(DType::I4, {40}, std::vector<double>(40, -3)).substr(0, 14), "dense<[-3, -3,");
}

TEST(Dense, NaNPayloadsAreKept) {
  const std::uint32_t bits[] = {0x7FA00001u, 0xFFC12345u};
  Constant constant;
  constant.bytes = std::make_shared<const std::vector<std::byte>>(reinterpret_cast<const std::byte*>(bits),
                                                                  reinterpret_cast<const std::byte*>(bits) + sizeof bits);
  EXPECT_EQ(dense_text(f32({2}), constant), "dense<[0x7FA00001, 0xFFC12345]>");
}

}  // namespace
}  // namespace tenon::stablehlo
