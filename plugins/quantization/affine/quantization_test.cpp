// The kernels of this pack against their definitions in float64, at every level that this machine has. f32 steps are rounded where the
// operators say so (a quotient, a difference, a product), by this test's own arithmetic, so that results are compared exactly.
#include <gtest/gtest.h>

#include "plugins/support/test_kernel.h"

extern "C" const tenon_operator tenon_operator_quantize;
extern "C" const tenon_operator tenon_operator_dequantize;
extern "C" const tenon_operator tenon_operator_dequantize_blocks;

namespace {

namespace host = tenon::test_host;
using namespace tenon;                // NOLINT
using namespace tenon::test_kernel;   // NOLINT
using namespace tenon::test_numbers;  // NOLINT

const double kNan = std::nan("");

double f32(double value) { return static_cast<double>(static_cast<float>(value)); }

// How scales stand to an input of [3, 5, 70].
struct Scaling {
  std::int64_t axis, block;  // axis < 0: one scale
};
constexpr Scaling kScalings[] = {{-1, 0}, {0, 0}, {1, 0}, {2, 0}, {2, 32}, {1, 2}, {0, 3}, {2, 7}};
const Dims kInput{3, 5, 70};

Dims scale_dims(const Scaling& s) {
  if (s.axis < 0) return {};
  const auto axis = static_cast<std::size_t>(s.axis);
  if (s.block == 0) return {kInput[axis]};
  Dims dims = kInput;
  dims[axis] = (dims[axis] + s.block - 1) / s.block;
  return dims;
}
std::size_t scale_of(const Scaling& s, std::size_t i) {
  if (s.axis < 0) return 0;
  std::size_t place[3] = {i / 350, i / 70 % 5, i % 70};
  const auto axis = static_cast<std::size_t>(s.axis);
  if (s.block == 0) return place[axis];
  place[axis] /= static_cast<std::size_t>(s.block);
  const Dims dims = scale_dims(s);
  return (place[0] * static_cast<std::size_t>(dims[1]) + place[1]) * static_cast<std::size_t>(dims[2]) + place[2];
}

tenon_node node_for(const char* op, const Scaling& s) {
  tenon_node node{op, {}, {}, {}};
  node.attributes["block_size"] = host::attribute(s.block);
  if (s.axis >= 0) node.attributes["axis"] = host::attribute(s.axis);
  return node;
}

// A saturating conversion to an integer type; a NaN is 0.
double saturated(tenon_dtype dtype, double value) {
  const bool is_unsigned = dtype >= TENON_UI4;
  const int bits = dtype == TENON_I4 || dtype == TENON_UI4 ? 4 : element_bytes(dtype) == 1 ? 8 : 16;
  if (std::isnan(value)) return 0;
  return std::clamp(value, is_unsigned ? 0.0 : -std::ldexp(1, bits - 1), std::ldexp(1, is_unsigned ? bits : bits - 1) - 1);
}

// A 4-bit integer lies in a byte of its own, which the test's tensors know as an 8-bit one.
Tensor integers(tenon_dtype dtype, Dims dims) {
  return Tensor({dtype == TENON_I4 ? TENON_I8 : dtype == TENON_UI4 ? TENON_UI8 : dtype, std::move(dims)});
}

class QuantizationLevel : public LevelTest {};
constexpr tenon_dtype kFloats[] = {TENON_F32, TENON_F16, TENON_BF16};
constexpr tenon_dtype kIntegers[] = {TENON_I4, TENON_UI4, TENON_I8, TENON_UI8, TENON_I16, TENON_UI16};

void expect_equal(Tensor& got, const std::vector<double>& want, const std::string& what) {
  EXPECT_TRUE(got.guards_hold()) << what;
  for (std::size_t i = 0; i < want.size(); ++i) {
    const double value = got.get(i);
    if (value == want[i] || (std::isnan(value) && std::isnan(want[i]))) continue;
    ADD_FAILURE() << what << " element " << i << ": " << value << ", not " << want[i];
    return;
  }
}

TEST_P(QuantizationLevel, Quantize) {
  for (tenon_dtype from : kFloats)
    for (tenon_dtype to : kIntegers)
      for (const Scaling& s : kScalings)
        for (bool zeros : {false, true}) {
          Tensor x({from, kInput}), scale({from, scale_dims(s)}), zero = integers(to, scale_dims(s)), y = integers(to, kInput);
          x.fill_normal(1, 60);
          const double special[] = {kNan, HUGE_VAL, -HUGE_VAL, -0.0, 65504, 1e-7};
          for (std::size_t i = 0; i < 6; ++i) x.set(i * 11, special[i]);
          scale.fill([](std::size_t i) { return 0.25 + 0.125 * static_cast<double>(i % 7); });
          zero.fill([&](std::size_t i) { return static_cast<double>(i % 5) + (to == TENON_I8 ? -3 : 2); });
          std::vector<double> want;
          for (std::size_t i = 0; i < x.elements(); ++i) {
            double q = std::nearbyint(f32(x.get(i) / scale.get(scale_of(s, i))));
            if (zeros) q = (std::isnan(q) ? 0 : q) + zero.get(scale_of(s, i));
            want.push_back(saturated(to, q));
          }
          tenon_node node = node_for("quantize", s);
          // The node names the 4-bit type, the tensors its bytes.
          x.type.dtype = from;
          const tenon_dtype stored = y.type.dtype;
          zero.type.dtype = y.type.dtype = to;
          const Ran ran = test_kernel::run(find_kernel(tenon_operator_quantize, "quantize", GetParam()), node,
                                           {&x, &scale, zeros ? &zero : nullptr}, {&y});
          zero.type.dtype = y.type.dtype = stored;
          ASSERT_EQ(ran.code, TENON_OK) << ran.message;
          expect_equal(y, want,
                       plugin::cat(plugin::dtype_name(from), " to ", plugin::dtype_name(to), " axis ", s.axis, " block ", s.block));
        }
}

TEST_P(QuantizationLevel, Dequantize) {
  for (tenon_dtype from : {TENON_I4, TENON_UI4, TENON_I8, TENON_UI8, TENON_I16, TENON_UI16, TENON_I32})
    for (tenon_dtype to : kFloats)
      for (const Scaling& s : kScalings)
        for (bool zeros : {false, true}) {
          if (zeros && from == TENON_I32) continue;
          Tensor x = integers(from, kInput), scale({to, scale_dims(s)}), zero = integers(from, scale_dims(s)), y({to, kInput});
          x.fill([&](std::size_t i) {
            return saturated(from == TENON_I32 ? tenon_dtype{TENON_I16} : from, static_cast<double>(i * 37 % 70000) - 35000);
          });
          if (from == TENON_I32) x.set(9, 123456789);
          scale.fill_normal(2, 0.1);
          scale.set(0, kNan);
          zero.fill([](std::size_t i) { return static_cast<double>(i % 7); });
          std::vector<double> want;
          for (std::size_t i = 0; i < x.elements(); ++i) {
            double v = f32(x.get(i));
            if (zeros) v -= zero.get(scale_of(s, i));
            want.push_back(rounded(to, f32(v * scale.get(scale_of(s, i)))));
          }
          tenon_node node = node_for("dequantize", s);
          const tenon_dtype stored = x.type.dtype;
          x.type.dtype = zero.type.dtype = from;
          const Ran ran = test_kernel::run(find_kernel(tenon_operator_dequantize, "dequantize", GetParam()), node,
                                           {&x, &scale, zeros ? &zero : nullptr}, {&y});
          x.type.dtype = zero.type.dtype = stored;
          ASSERT_EQ(ran.code, TENON_OK) << ran.message;
          expect_equal(y, want,
                       plugin::cat(plugin::dtype_name(from), " to ", plugin::dtype_name(to), " axis ", s.axis, " block ", s.block));
        }
}

// All 256 values of the 8-bit floats, from their definition.
TEST_P(QuantizationLevel, DequantizeSmallFloats) {
  for (tenon_dtype from : {TENON_F8E4M3FN, TENON_F8E5M2}) {
    Tensor x({TENON_UI8, {256}}), scale({TENON_F32, {}}), y({TENON_F32, {256}});
    x.fill([](std::size_t i) { return static_cast<double>(i); });
    scale.set(0, 0.5);
    std::vector<double> want;
    for (int byte = 0; byte < 256; ++byte) {
      const int m = from == TENON_F8E4M3FN ? 3 : 2, bias = m == 3 ? 7 : 15, e = (byte & 127) >> m, f = byte & ((1 << m) - 1);
      double value = e == 0 ? std::ldexp(f, 1 - bias - m) : std::ldexp(1 + std::ldexp(f, -m), e - bias);
      if (m == 2 && e == 31) value = f == 0 ? HUGE_VAL : kNan;
      if (m == 3 && e == 15 && f == 7) value = kNan;
      want.push_back((byte & 128 ? -value : value) / 2);
    }
    tenon_node node = node_for("dequantize", {-1, 0});
    x.type.dtype = from;
    const Ran ran = test_kernel::run(find_kernel(tenon_operator_dequantize, "dequantize", GetParam()), node, {&x, &scale, nullptr}, {&y});
    ASSERT_EQ(ran.code, TENON_OK) << ran.message;
    expect_equal(y, want, plugin::dtype_name(from));
  }
}

TEST_P(QuantizationLevel, Blocks) {
  struct Format {
    const char* name;
    std::size_t length, bytes;
  };
  for (const Format& format : {Format{"q8_0", 32, 34}, {"q4_0", 32, 18}, {"q4_k", 256, 144}})
    for (tenon_dtype to : kFloats)
      for (std::size_t blocks : {0, 1, 7}) {
        Tensor bytes({TENON_UI8, {static_cast<std::int64_t>(blocks * format.bytes)}}),
            y({to, {static_cast<std::int64_t>(blocks * format.length)}});
        bytes.fill([&](std::size_t i) { return static_cast<double>((i * 131 + i / format.bytes * 17 + 7) % 256); });
        std::vector<double> want;
        for (std::size_t block = 0; block < blocks; ++block) {
          const auto byte = [&](std::size_t i) { return static_cast<int>(bytes.get(block * format.bytes + i)); };
          const auto half = [&](std::size_t i) {
            const auto bits = static_cast<std::uint16_t>(byte(i) | byte(i + 1) << 8);
            return read(TENON_F16, reinterpret_cast<const char*>(&bits));
          };
          for (std::size_t i = 0; i < format.length; ++i) {
            double value;
            if (format.bytes == 34) {
              value = half(0) * static_cast<std::int8_t>(byte(2 + i));
            } else if (format.bytes == 18) {
              value = half(0) * ((i < 16 ? byte(2 + i) & 15 : byte(2 + i - 16) >> 4) - 8);
            } else {
              const std::size_t j = i / 32;  // the pair of factors
              const int s = j < 4 ? byte(4 + j) & 63 : (byte(8 + j) & 15) | byte(j) >> 6 << 4;
              const int t = j < 4 ? byte(8 + j) & 63 : byte(8 + j) >> 4 | byte(4 + j) >> 6 << 4;
              const int both = byte(16 + i / 64 * 32 + i % 32), q = i / 32 % 2 == 0 ? both & 15 : both >> 4;
              value = f32(half(0) * s * q - half(2) * t);
            }
            want.push_back(rounded(to, f32(value)));
          }
        }
        tenon_node node{"dequantize_blocks", {}, {}, {}};
        node.attributes["format"] = host::attribute(format.name);
        const Ran ran =
            test_kernel::run(find_kernel(tenon_operator_dequantize_blocks, "dequantize_blocks", GetParam()), node, {&bytes}, {&y});
        ASSERT_EQ(ran.code, TENON_OK) << ran.message;
        expect_equal(y, want, format.name);
      }
}

TEST_P(QuantizationLevel, ThreadsAgree) {
  for (const Scaling& s : {Scaling{-1, 0}, Scaling{0, 0}, Scaling{1, 32}}) {
    const Dims dims{64, 3001}, scales = s.axis < 0 ? Dims{} : s.block == 0 ? Dims{64} : Dims{64, 94};
    Tensor x({TENON_F32, dims}), scale({TENON_F32, scales});
    x.fill_normal(5, 20);
    scale.fill([](std::size_t i) { return 0.1 + static_cast<double>(i % 9); });
    std::vector<double> one;
    for (std::uint32_t threads : {1u, 3u}) {
      host::machine.threads = threads;
      Tensor y({TENON_I8, dims});
      tenon_node node = node_for("quantize", s);
      const Ran ran = test_kernel::run(find_kernel(tenon_operator_quantize, "quantize", GetParam()), node, {&x, &scale, nullptr}, {&y});
      ASSERT_EQ(ran.code, TENON_OK) << ran.message;
      EXPECT_NE(ran.note.find(threads == 1 ? "serial" : "parallel"), std::string::npos) << ran.note;
      if (threads == 1) one = y.values();
      expect_equal(y, one, ran.note);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Levels, QuantizationLevel, testing::ValuesIn(kLevels), level_name);

TEST(QuantizationPlan, Declines) {
  plugin::host_table = &host::api();
  const auto message = [](const tenon_operator& op, tenon_node node) {
    tenon_call call;
    EXPECT_NE(op.kernels[0]->supports(&call, op.kernels[0], &node), TENON_OK);
    return call.message;
  };
  EXPECT_EQ(message(tenon_operator_quantize, {"quantize", {{TENON_F64, {2}}, {TENON_F64, {}}}, {{TENON_I8, {2}}}, {}}),
            "takes scales and inputs of at most 32 bits, not f64");
  EXPECT_EQ(message(tenon_operator_quantize, {"quantize", {{TENON_F32, {2}}, {TENON_F32, {}}}, {{TENON_F8E5M2, {2}}}, {}}),
            "gives integers, not f8e5m2");
  EXPECT_EQ(message(tenon_operator_dequantize_blocks, {"dequantize_blocks", {{TENON_UI8, {34}}}, {{TENON_F64, {32}}}, {}}),
            "gives f16, bf16 and f32, not f64");
}

}  // namespace
