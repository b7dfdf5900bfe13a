// The kernels of rms_norm against float64, at every level that this machine has: the bounds that kernels.h promises (4 ulp in f32, the
// rounded exact value in f16 and bf16), results that do not depend on threads, addresses or path, and nothing read or written outside.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "plugins/support/test_kernel.h"

extern "C" const tenon_operator tenon_operator_rms_norm;

namespace {

namespace host = tenon::test_host;
using namespace tenon;                // NOLINT
using namespace tenon::test_kernel;   // NOLINT
using namespace tenon::test_numbers;  // NOLINT

struct Case {
  tenon_dtype dtype = TENON_F32;
  Dims input = {4, 640};
  std::int64_t axis = -1;
  Dims normalized_shape;  // instead of axis, if not empty
  tenon_dtype scale = TENON_DTYPE_INVALID;
  bool unit_offset = false, residual = false;
  bool multiplied = false;
  Dims multiplicand;
  double epsilon = 1e-6;
  Lay lay = Lay::Compact, result_lay = Lay::Compact;
  bool in_place = false;  // the output is the input's memory, the sum the residual's
  double magnitude = 1;   // of the values drawn
  unsigned seed = 1;
};

struct Outcome {
  std::vector<double> output, sum;       // what the kernel wrote
  std::vector<double> exact, exact_sum;  // in float64 from the rounded inputs
  std::string note;
  bool guards = true;
};

const tenon_kernel* kernel_for(tenon_dtype dtype, const std::string& level) {
  return dtype == TENON_F64 ? find_kernel(tenon_operator_rms_norm, "rms_norm_f64", "")
                            : find_kernel(tenon_operator_rms_norm, "rms_norm", level);
}

// The reference: the definition, in float64, from the same inputs. Rows are found by coordinates, not by the kernel's arithmetic.
void compute_exact(const Case& c, Tensor& x, Tensor* scale, Tensor* residual, Tensor* m, Outcome& out) {
  const std::size_t n = x.elements(), rank = c.input.size();
  const std::size_t count = c.normalized_shape.empty() ? 1 : c.normalized_shape.size();
  const std::size_t first =
      !c.normalized_shape.empty() ? rank - count : static_cast<std::size_t>(c.axis < 0 ? c.axis + static_cast<int>(rank) : c.axis);
  std::vector<double> value(n);
  for (std::size_t i = 0; i < n; ++i) value[i] = residual != nullptr ? rounded(c.dtype, x.get(i) + residual->get(i)) : x.get(i);
  if (residual != nullptr) out.exact_sum = value;
  std::vector<double> squares(n);  // by row number
  std::vector<std::size_t> row(n), in_row(n), in_m(n);
  double length = 1;
  for (std::size_t d = first; d < first + count; ++d) length *= static_cast<double>(c.input[d]);
  std::vector<std::size_t> at(rank);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t d = 0; d < rank; ++d) {
      const auto size = static_cast<std::size_t>(c.input[d]);
      std::size_t& place = d >= first && d < first + count ? in_row[i] : row[i];
      place = place * size + at[d];
    }
    for (std::size_t d = 0; m != nullptr && d < c.multiplicand.size(); ++d) {
      const auto size = static_cast<std::size_t>(c.multiplicand[d]);
      in_m[i] = in_m[i] * size + (size == 1 ? 0 : at[rank - c.multiplicand.size() + d]);
    }
    squares[row[i]] += value[i] * value[i];
    for (std::size_t d = rank; d-- > 0;) {  // the next element's coordinates
      if (++at[d] < static_cast<std::size_t>(c.input[d])) break;
      at[d] = 0;
    }
  }
  // In f32 the epsilon is a float.
  const double epsilon = c.dtype == TENON_F64 ? c.epsilon : static_cast<double>(static_cast<float>(c.epsilon));
  out.exact.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    double y = value[i] / std::sqrt(squares[row[i]] / length + epsilon);
    if (scale != nullptr) y *= (c.unit_offset ? 1 : 0) + scale->get(in_row[i]);
    if (m != nullptr) y *= m->get(in_m[i]);
    out.exact[i] = y;
  }
}

Outcome run(const Case& c, const std::string& level) {
  tenon::plugin::host_table = &host::api();
  std::mt19937 random(c.seed);
  std::normal_distribution<double> normal;
  const auto tensor = [&](tenon_dtype dtype, Dims dims, double magnitude) {
    Tensor t({dtype, std::move(dims)}, c.lay);
    for (std::size_t i = 0; i < t.elements(); ++i) t.set(i, magnitude * normal(random));
    return t;
  };
  const std::size_t rank = c.input.size();
  const Dims normalized = !c.normalized_shape.empty()
                              ? c.normalized_shape
                              : Dims{c.input[static_cast<std::size_t>(c.axis < 0 ? c.axis + static_cast<int>(rank) : c.axis)]};
  Tensor x = tensor(c.dtype, c.input, c.magnitude);
  Tensor scale = c.scale == TENON_DTYPE_INVALID ? Tensor() : tensor(c.scale, normalized, 1);
  Tensor residual = c.residual ? tensor(c.dtype, c.input, c.magnitude) : Tensor();
  Tensor m = c.multiplied ? tensor(c.dtype, c.multiplicand, 1) : Tensor();
  Tensor y({c.dtype, c.input}, c.in_place ? c.lay : c.result_lay), sum({c.dtype, c.input}, c.in_place ? c.lay : c.result_lay);

  Outcome out;
  compute_exact(c, x, scale.type ? &scale : nullptr, residual.type ? &residual : nullptr, m.type ? &m : nullptr, out);

  tenon_node node{"rms_norm", {}, {}, {}};
  node.attributes["epsilon"] = host::attribute(c.epsilon);
  node.attributes["unit_offset"] = host::attribute(c.unit_offset);
  node.attributes["axis"] = host::attribute(c.axis);
  if (!c.normalized_shape.empty()) node.attributes["normalized_shape"] = host::attribute(c.normalized_shape);

  const auto given = [](Tensor& t) { return t.type ? &t : nullptr; };
  Tensor *first = c.in_place ? &x : &y, *second = !c.residual ? nullptr : c.in_place ? &residual : &sum;
  const Ran ran = test_kernel::run(kernel_for(c.dtype, level), node, {&x, given(scale), given(residual), given(m)}, {first, second});
  EXPECT_EQ(ran.code, TENON_OK) << ran.message;
  out.note = ran.note;

  Tensor& output = c.in_place ? x : y;
  Tensor& sum_out = c.in_place ? residual : sum;
  for (std::size_t i = 0; i < x.elements(); ++i) {
    out.output.push_back(output.get(i));
    if (c.residual) out.sum.push_back(sum_out.get(i));
  }
  for (Tensor* t : {&x, &scale, &residual, &m, &y, &sum}) out.guards = out.guards && (!t->type || t->guards_hold());
  return out;
}

double largest_error(const Case& c, const Outcome& out) {
  double worst = 0;
  for (std::size_t i = 0; i < out.exact.size(); ++i) worst = std::max(worst, ulps(c.dtype, out.output[i], out.exact[i]));
  return worst;
}

std::string describe(const Case& c, const std::string& level) {
  std::string text = level + " " + tenon::plugin::dtype_name(c.dtype) + " " + tenon::plugin::text(c.input);
  if (c.scale != TENON_DTYPE_INVALID) text += std::string(" scale ") + tenon::plugin::dtype_name(c.scale);
  if (c.unit_offset) text += " unit_offset";
  if (c.residual) text += " residual";
  if (c.multiplied) text += " multiplicand " + tenon::plugin::text(c.multiplicand);
  return text;
}

// What kernels promise: 4 ulp in f32 and f64, the correctly rounded value (as far as f32 can tell) in 16 bits.
void expect_right(const Case& c, const std::string& level) {
  const Outcome out = run(c, level);
  EXPECT_LE(largest_error(c, out), element_bytes(c.dtype) == 2 ? 0.51 : 4) << describe(c, level) << "; " << out.note;
  EXPECT_TRUE(out.guards) << describe(c, level) << ": something outside the tensors was written";
  EXPECT_EQ(out.sum.size(), out.exact_sum.size());
  for (std::size_t i = 0; i < out.sum.size(); ++i) {
    if (!(out.sum[i] == out.exact_sum[i] || (std::isnan(out.sum[i]) && std::isnan(out.exact_sum[i])))) {
      ADD_FAILURE() << describe(c, level) << ": sum[" << i << "] is " << out.sum[i] << ", not " << out.exact_sum[i];
      break;
    }
  }
}

class Level : public LevelTest {};

constexpr tenon_dtype kSimdTypes[] = {TENON_F32, TENON_F16, TENON_BF16};
constexpr std::int64_t kLengths[] = {1, 2, 3, 7, 8, 15, 16, 31, 32, 33, 63, 64, 65, 127, 128, 129, 640, 641, 2047, 2049, 4096, 5003};

TEST_P(Level, EveryLengthAndType) {
  for (tenon_dtype dtype : kSimdTypes)
    for (std::int64_t length : kLengths) {
      expect_right({.dtype = dtype, .input = {3, length}}, GetParam());
      expect_right({.dtype = dtype, .input = {3, length}, .scale = dtype}, GetParam());
    }
}

TEST_P(Level, EveryVariant) {
  for (tenon_dtype dtype : kSimdTypes)
    for (tenon_dtype scale : {tenon_dtype{TENON_DTYPE_INVALID}, dtype, tenon_dtype{TENON_F32}})
      for (int bits = 0; bits < 8; ++bits)
        for (std::int64_t length : {5, 67, 640})
          expect_right({.dtype = dtype,
                        .input = {2, 3, length},
                        .scale = scale,
                        .unit_offset = (bits & 1) != 0,
                        .residual = (bits & 2) != 0,
                        .multiplied = (bits & 4) != 0,
                        .multiplicand = {3, length}},
                       GetParam());
}

TEST_P(Level, MultiplicandsBroadcast) {
  for (tenon_dtype dtype : kSimdTypes)
    for (const Dims& shape : {Dims{}, Dims{1}, Dims{67}, Dims{4, 1}, Dims{4, 67}, Dims{3, 1, 1}, Dims{3, 1, 67}, Dims{3, 4, 67}})
      expect_right({.dtype = dtype, .input = {3, 4, 67}, .scale = dtype, .multiplied = true, .multiplicand = shape}, GetParam());
}

TEST_P(Level, EveryAxisAndLayout) {
  for (tenon_dtype dtype : kSimdTypes)
    for (Lay lay : {Lay::Compact, Lay::Strided, Lay::Misaligned, Lay::Reversed})
      for (Lay result_lay : {Lay::Compact, Lay::Strided, Lay::Misaligned})
        for (std::int64_t axis : {0, 1, 2})
          expect_right({.dtype = dtype,
                        .input = {3, 37, 20},
                        .axis = axis,
                        .scale = TENON_F32,
                        .residual = true,
                        .multiplied = true,
                        .multiplicand = {37, 1},
                        .lay = lay,
                        .result_lay = result_lay},
                       GetParam());
}

TEST_P(Level, SeveralDimensions) {
  for (tenon_dtype dtype : kSimdTypes)
    for (Lay lay : {Lay::Compact, Lay::Strided})
      for (const Dims& shape : {Dims{7}, Dims{5, 7}, Dims{3, 5, 7}})
        expect_right({.dtype = dtype, .input = {3, 5, 7}, .normalized_shape = shape, .scale = dtype, .unit_offset = true, .lay = lay},
                     GetParam());
}

TEST_P(Level, InPlace) {
  for (tenon_dtype dtype : kSimdTypes)
    for (Lay lay : {Lay::Compact, Lay::Strided, Lay::Misaligned})
      for (std::int64_t length : {1, 33, 641})
        for (bool residual : {false, true})
          expect_right({.dtype = dtype, .input = {5, length}, .scale = dtype, .residual = residual, .lay = lay, .in_place = true},
                       GetParam());
}

TEST_P(Level, AnyMagnitude) {
  // f16: its largest numbers, whose squares it cannot hold, and its subnormal ones. f32: near the ends of where squares are finite.
  for (double magnitude : {15000.0, 1e-6}) expect_right({.dtype = TENON_F16, .scale = TENON_F16, .magnitude = magnitude}, GetParam());
  for (double magnitude : {1e17, 1e-15}) {
    expect_right({.dtype = TENON_F32, .epsilon = 1e-36, .magnitude = magnitude}, GetParam());
    expect_right({.dtype = TENON_BF16, .epsilon = 1e-36, .magnitude = magnitude}, GetParam());
  }
}

TEST_P(Level, EmptyAndSmallShapes) {
  for (tenon_dtype dtype : {tenon_dtype{TENON_F32}, tenon_dtype{TENON_F16}, tenon_dtype{TENON_BF16}, tenon_dtype{TENON_F64}}) {
    expect_right({.dtype = dtype, .input = {0, 640}, .scale = dtype, .residual = true}, GetParam());
    expect_right({.dtype = dtype, .input = {2, 0, 4}}, GetParam());
    expect_right({.dtype = dtype, .input = {640}, .scale = dtype}, GetParam());
    expect_right({.dtype = dtype, .input = {1, 1, 1, 1}, .scale = dtype}, GetParam());
    expect_right({.dtype = dtype, .input = {2, 1, 3, 2, 19}, .scale = dtype, .lay = Lay::Strided}, GetParam());
  }
}

// Every size of the caches gives the same bits, with one thread and with three; beyond the last level, streaming stores write from every
// address, and leave what lies before and after a row alone.
TEST_P(Level, PathsAndThreadsAgree) {
  for (tenon_dtype dtype : kSimdTypes)
    for (std::int64_t length : {640, 641, 96})
      for (Lay result_lay : {Lay::Compact, Lay::Misaligned}) {
        Case c{.dtype = dtype,
               .input = {length < 100 ? 300 : 60, length},
               .scale = dtype,
               .residual = true,
               .multiplied = true,
               .multiplicand = {length},
               .result_lay = result_lay};
        on_every_path([&] { return run(c, GetParam()); },
                      [&](const Outcome& other, const Outcome& plain, bool streams, std::uint32_t) {
                        EXPECT_NE(plain.note.find("in cache"), std::string::npos) << plain.note;
                        EXPECT_NE(other.note.find(streams ? "streaming" : "prefetch"), std::string::npos) << other.note;
                        EXPECT_EQ(other.output, plain.output) << describe(c, GetParam()) << "; " << other.note;
                        EXPECT_EQ(other.sum, plain.sum);
                        EXPECT_TRUE(other.guards) << describe(c, GetParam()) << "; " << other.note;
                      });
      }
}

TEST_P(Level, TheAddressDoesNotMatter) {
  for (tenon_dtype dtype : kSimdTypes) {
    Case c{.dtype = dtype, .input = {3, 1003}, .scale = dtype};
    const Outcome aligned = run(c, GetParam());
    c.lay = c.result_lay = Lay::Misaligned;
    EXPECT_EQ(run(c, GetParam()).output, aligned.output);
    c.lay = c.result_lay = Lay::Strided;
    EXPECT_EQ(run(c, GetParam()).output, aligned.output);
  }
}

INSTANTIATE_TEST_SUITE_P(Levels, Level, testing::ValuesIn(kLevels), level_name);

// ---- What does not depend on the level, or is not random ----

TEST(RmsNormF64, EveryVariant) {
  host::machine.threads = 1;
  for (Lay lay : {Lay::Compact, Lay::Strided, Lay::Misaligned, Lay::Reversed})
    for (tenon_dtype scale : {TENON_DTYPE_INVALID, TENON_F64, TENON_F32})
      for (int bits = 0; bits < 8; ++bits)
        for (std::int64_t axis : {0, 1, 2})
          expect_right({.dtype = TENON_F64,
                        .input = {3, 17, 19},
                        .axis = axis,
                        .scale = scale,
                        .unit_offset = (bits & 1) != 0,
                        .residual = (bits & 2) != 0,
                        .multiplied = (bits & 4) != 0,
                        .multiplicand = {17, 1},
                        .lay = lay},
                       "");
}

// Runs a f32 row of given values, through every type that can hold them, at every level.
void for_given(const std::vector<double>& values, double epsilon, const std::vector<double>& expected,
               const std::vector<tenon_dtype>& dtypes = {TENON_F32, TENON_F16, TENON_BF16, TENON_F64}) {
  tenon::plugin::host_table = &host::api();
  std::vector<std::string> levels(std::begin(kLevels), std::end(kLevels));
  levels.emplace_back();  // the scalar kernel
  for (const std::string& level : levels)
    for (tenon_dtype dtype : dtypes) {
      if ((dtype == TENON_F64) != level.empty() || (!level.empty() && !machine_has(level))) continue;
      const Dims dims{1, static_cast<std::int64_t>(values.size())};
      Tensor x({dtype, dims}, Lay::Compact), y({dtype, dims}, Lay::Compact);
      for (std::size_t i = 0; i < values.size(); ++i) x.set(i, values[i]);
      tenon_node node{"rms_norm", {}, {}, {}};
      node.attributes["epsilon"] = host::attribute(epsilon);
      node.attributes["unit_offset"] = host::attribute(false);
      node.attributes["axis"] = host::attribute(std::int64_t{-1});
      const Ran ran = test_kernel::run(kernel_for(dtype, level), node, {&x, nullptr, nullptr, nullptr}, {&y, nullptr});
      ASSERT_EQ(ran.code, TENON_OK) << ran.message;
      for (std::size_t i = 0; i < values.size(); ++i) {
        const double got = y.get(i);
        EXPECT_TRUE(got == rounded(dtype, expected[i]) || (std::isnan(got) && std::isnan(expected[i])))
            << level << " " << tenon::plugin::dtype_name(dtype) << " element " << i << ": " << got << ", not " << expected[i];
      }
    }
}

const double kNan = std::nan(""), kInf = HUGE_VAL;

TEST(RmsNormValues, ByHand) {
  for_given({3, 4, 0, 0}, 2.75, {1, 4.0 / 3, 0, 0}, {TENON_F16, TENON_BF16});  // mean 6.25, root 3; 1/3 is not exact
  for_given({4, 4, 4, 4}, 20, {4.0 / 6, 4.0 / 6, 4.0 / 6, 4.0 / 6}, {TENON_F16, TENON_BF16});
  for_given({1, -1, 1, -1, 1}, 3, {0.5, -0.5, 0.5, -0.5, 0.5});
  for_given({0, 0, -0.0}, 1e-6, {0, 0, 0});
}

TEST(RmsNormValues, NanAndInfinity) {
  for_given({1, kNan, 2}, 1e-6, {kNan, kNan, kNan});
  for_given({1, kInf, -2}, 1e-6, {0, kNan, 0});
}

TEST(RmsNormValues, OverflowFollowsTheFormula) {
  for_given({65504, -65504}, 1e-6, {1, -1}, {TENON_F16});              // its square is finite in f32
  for_given({1e30, -1, 0}, 1e-6, {0, 0, 0}, {TENON_F32, TENON_BF16});  // there it is not
  for_given({0x1p100, -0x1p100}, 1e-6, {1, -1}, {TENON_F64});
}

TEST(RmsNormPlan, DeclinesWhatIsNotItsType) {
  tenon::plugin::host_table = &host::api();
  tenon_call call;
  const tenon_kernel* f64 = kernel_for(TENON_F64, "");
  tenon_node node{"rms_norm", {{TENON_F32, {2, 2}}}, {}, {}};
  EXPECT_NE(f64->supports(&call, f64, &node), TENON_OK);
  EXPECT_EQ(call.message, "takes f64, not f32");
  const tenon_kernel* simd = tenon_operator_rms_norm.kernels[0];
  node.operands[0].dtype = TENON_F64;
  EXPECT_NE(simd->supports(&call, simd, &node), TENON_OK);
  EXPECT_EQ(call.message, "takes f16, bf16 and f32, not f64");
}

TEST(RmsNormPlan, SaysWhatItMovesAndWhatMayAlias) {
  tenon::plugin::host_table = &host::api();
  host::machine.threads = 2;
  tenon_call call;
  const tenon_kernel* kernel = tenon_operator_rms_norm.kernels[0];
  tenon_node node{"rms_norm", {{TENON_F32, {4, 640}}, {TENON_F32, {640}}, {TENON_F32, {4, 640}}, {TENON_F32, {640}}}, {}, {}};
  node.attributes["epsilon"] = host::attribute(1e-6);
  node.attributes["unit_offset"] = host::attribute(false);
  node.attributes["axis"] = host::attribute(std::int64_t{-1});
  tenon_kernel_plan plan = TENON_KERNEL_PLAN_INIT;
  ASSERT_EQ(kernel->plan(&call, kernel, &node, &plan), TENON_OK) << call.message;
  EXPECT_EQ(plan.bytes, 4 * (4 * 640) * 4 + 640 * 4 + 640 * 4);
  EXPECT_EQ(plan.result0_may_alias, 0b0101u);  // input, residual; the multiplicand belongs to several rows
  EXPECT_EQ(plan.result1_may_alias, 0b0101u);
  EXPECT_NE(std::string(plan.note, plan.note_length).find("serial"), std::string::npos) << "too little work for two threads";
  kernel->plan_destroy(&call, kernel, plan.state);
}

}  // namespace
