// For the kernel tests of layer_norm, group_norm and l2_norm: one case, its value in float64 and what a kernel may be off.
//
// Bounds of the f32 numbers, of which 16-bit outputs are the rounded ones (half an ulp more): 4 ulp of the output and of what is added to
// make it, x - mean scaled and the bias; and, because the mean is a rounded sum of deviations, 2^-24 of what a deviation of one sigma
// becomes, however large the mean is: the kernels correct it. (Of elements close to the mean no number of ulps can be promised.)
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "plugins/support/test_kernel.h"

namespace tenon::norm_test {

namespace host = test_host;
using namespace test_kernel;   // NOLINT
using namespace test_numbers;  // NOLINT

constexpr tenon_dtype kSimdTypes[] = {TENON_F32, TENON_F16, TENON_BF16};

struct Case {
  tenon_dtype dtype = TENON_F32;
  Dims input = {4, 640};
  std::int64_t axis = -1;   // layer_norm, l2_norm
  std::int64_t groups = 0;  // group_norm
  std::int64_t channel_axis = 1;
  tenon_dtype scale = TENON_DTYPE_INVALID, bias = TENON_DTYPE_INVALID;
  double epsilon = 1e-5;
  Lay lay = Lay::Compact, result_lay = Lay::Compact;
  bool in_place = false;
  double magnitude = 1, mean = 0;  // of the input
};

struct Operator {
  const char* name;
  const tenon_operator* table;
  bool length;  // l2_norm
};

inline std::string describe(const Operator& op, const Case& c, const std::string& level) {
  std::string text = level + " " + op.name + " " + plugin::dtype_name(c.dtype) + " " + plugin::text(c.input) + " axis " +
                     std::to_string(c.axis) + " groups " + std::to_string(c.groups) + " channels " + std::to_string(c.channel_axis);
  if (c.scale != TENON_DTYPE_INVALID) text += std::string(" scale ") + plugin::dtype_name(c.scale);
  if (c.bias != TENON_DTYPE_INVALID) text += std::string(" bias ") + plugin::dtype_name(c.bias);
  return text + " layouts " + std::to_string(static_cast<int>(c.lay)) + std::to_string(static_cast<int>(c.result_lay)) +
         (c.in_place ? " in place" : "");
}

// Of each element: the number of its row and the parameter that belongs to it.
struct Places {
  std::vector<std::size_t> row, parameter;
  Dims parameters;
};

inline Places places_of(const Operator& op, const Case& c) {
  const std::size_t rank = c.input.size();
  const auto positive = [&](std::int64_t axis) {
    return static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(rank) : axis);
  };
  const std::size_t axis = positive(c.axis), channels = positive(c.channel_axis);
  Places out;
  std::size_t elements = 1;
  for (std::int64_t d : c.input) elements *= static_cast<std::size_t>(d);
  for (std::size_t i = 0; i < elements; ++i) {
    std::vector<std::size_t> at(rank);
    std::size_t rest = i;
    for (std::size_t d = rank; d-- > 0;) {
      at[d] = rest % static_cast<std::size_t>(c.input[d]);
      rest /= static_cast<std::size_t>(c.input[d]);
    }
    std::size_t row = 0, parameter = 0;
    for (std::size_t d = 0; d < rank; ++d) {
      const auto size = static_cast<std::size_t>(c.input[d]);
      const bool inside = op.length ? d == axis : d >= axis;
      if (c.groups == 0) (inside ? parameter : row) = (inside ? parameter : row) * size + at[d];
    }
    if (c.groups != 0) {
      const auto all = static_cast<std::size_t>(c.input[channels]), groups = static_cast<std::size_t>(c.groups);
      row = at[0] * groups + at[channels] / (all / groups);
      parameter = at[channels];
    }
    out.row.push_back(row);
    out.parameter.push_back(parameter);
  }
  if (c.groups != 0)
    out.parameters = {c.input[channels]};
  else
    out.parameters.assign(c.input.begin() + static_cast<std::ptrdiff_t>(axis), c.input.end());
  return out;
}

struct Outcome {
  std::vector<double> output, exact, allowed;
  std::string note;
};

inline Outcome exact_of(const Operator& op, const Case& c, Tensor& x, Tensor* scale, Tensor* bias, const Places& places) {
  const std::size_t n = x.elements();
  std::size_t rows = 0;
  for (std::size_t row : places.row) rows = std::max(rows, row + 1);
  // Elements less the first one of their row: a large mean would cost even a long double its last places.
  std::vector<long double> first(rows), mean(rows), squares(rows), count(rows);
  for (std::size_t i = n; i-- > 0;) first[places.row[i]] = op.length || !std::isfinite(x.get(i)) ? 0 : x.get(i);
  const auto shifted = [&](std::size_t i) { return x.get(i) - first[places.row[i]]; };
  for (std::size_t i = 0; i < n; ++i) {
    mean[places.row[i]] += shifted(i);
    count[places.row[i]] += 1;
  }
  for (std::size_t r = 0; r < rows; ++r) mean[r] = op.length ? 0 : mean[r] / count[r];
  for (std::size_t i = 0; i < n; ++i) {
    const long double d = shifted(i) - mean[places.row[i]];
    squares[places.row[i]] += d * d;
  }
  const double epsilon = c.dtype == TENON_F64 ? c.epsilon : static_cast<double>(static_cast<float>(c.epsilon));
  const double eps = c.dtype == TENON_F64 ? 0x1p-53 : 0x1p-24;
  const tenon_dtype wide = c.dtype == TENON_F64 ? TENON_F64 : TENON_F32;
  const auto ulp = [](tenon_dtype dtype, double v) {
    if (!std::isfinite(v)) return 0.0;
    return std::ldexp(1, std::max(v == 0 ? -2000 : std::ilogb(v), lowest_exponent(dtype)) - mantissa_bits(dtype));
  };
  Outcome out;
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t r = places.row[i];
    const double root = std::sqrt(static_cast<double>(squares[r]));
    const double sigma = std::sqrt(static_cast<double>(squares[r] / count[r]));
    const double divisor = op.length ? (root < epsilon ? epsilon : root) : std::sqrt(sigma * sigma + epsilon);
    const double d = static_cast<double>(shifted(i) - mean[r]);
    const double w = scale != nullptr ? scale->get(places.parameter[i]) : 1, b = bias != nullptr ? bias->get(places.parameter[i]) : 0;
    const double product = d / divisor * w, y = product + b;
    out.exact.push_back(y);
    double allowed = 4 * std::max({ulp(wide, y), ulp(wide, product)});
    if (!op.length) allowed += eps * sigma / divisor * std::fabs(w);
    if (element_bytes(c.dtype) == 2) allowed += 0.5 * ulp(c.dtype, y);
    out.allowed.push_back(allowed);
  }
  return out;
}

inline Outcome run(const Operator& op, const Case& c, const std::string& level, Tensor* given = nullptr, bool compare = true) {
  const Places places = places_of(op, c);
  Tensor x({c.dtype, c.input}, c.lay);
  if (given != nullptr) {
    x.fill([&](std::size_t i) { return given->get(i); });
  } else {
    x.fill_normal(1, c.magnitude);
    x.fill([&](std::size_t i) { return x.get(i) + c.mean; });
  }
  Tensor scale({c.scale, places.parameters}, c.lay), bias({c.bias, places.parameters}, c.lay), y({c.dtype, c.input}, c.result_lay);
  if (scale.type) scale.fill_normal(2);
  if (bias.type) bias.fill_normal(3);
  Tensor* const scale_or_null = scale.type ? &scale : nullptr;
  Tensor* const bias_or_null = bias.type ? &bias : nullptr;
  Outcome out;
  if (compare) out = exact_of(op, c, x, scale_or_null, bias_or_null, places);

  tenon_node node{op.name, {}, {}, {}};
  node.attributes["epsilon"] = host::attribute(c.epsilon);
  node.attributes["axis"] = host::attribute(c.axis);
  node.attributes["num_groups"] = host::attribute(c.groups);
  node.attributes["channel_axis"] = host::attribute(c.channel_axis);
  const std::string name = std::string(op.name) + (c.dtype == TENON_F64 ? "_f64" : "");
  std::vector<Tensor*> operands{&x};
  if (!op.length) operands.insert(operands.end(), {scale_or_null, bias_or_null});
  const Ran ran = test_kernel::run(find_kernel(*op.table, name, c.dtype == TENON_F64 ? "" : level), node, operands, {c.in_place ? &x : &y});
  EXPECT_EQ(ran.code, TENON_OK) << ran.message;
  out.output = c.in_place ? x.values() : y.values();
  out.note = ran.note;
  for (Tensor* t : {&x, &scale, &bias, &y})
    EXPECT_TRUE(!t->type || t->guards_hold()) << describe(op, c, level) << ": something outside the tensors was written";
  return out;
}

inline void expect_right(const Operator& op, const Case& c, const std::string& level, Tensor* given = nullptr) {
  const Outcome out = run(op, c, level, given);
  double worst = 0;
  std::size_t at = 0;
  for (std::size_t i = 0; i < out.output.size(); ++i) {
    const double got = out.output[i], want = out.exact[i];
    const bool equal = std::isnan(want) ? std::isnan(got) : got == want || got == rounded(c.dtype, want);
    const double off = equal ? 0 : std::isfinite(got) && std::isfinite(want) ? std::fabs(got - want) / out.allowed[i] : HUGE_VAL;
    if (off > worst) {
      worst = off;
      at = i;
    }
  }
  EXPECT_LE(worst, 1) << describe(op, c, level) << "; " << out.note << ": element " << at << " is " << out.output[at] << ", not "
                      << out.exact[at];
}

// One thread in the caches, and every other path and number of threads: the same bits.
inline void expect_same_bits(const Operator& op, const Case& c, const std::string& level) {
  on_every_path([&] { return run(op, c, level, nullptr, false); },
                [&](const Outcome& other, const Outcome& plain, bool, std::uint32_t) {
                  EXPECT_EQ(other.output, plain.output) << describe(op, c, level) << "; " << other.note;
                });
}

// `special` at some places of rows that are ordinary otherwise: the row follows the definition, the others are as ever.
inline void expect_special(const Operator& op, const Case& c, const std::string& level, double special) {
  Tensor x({c.dtype, c.input});
  x.fill_normal(1);
  for (std::size_t i = 0; i < x.elements(); i += 701) x.set(i, special);
  expect_right(op, c, level, &x);
}

inline void expect_declined(const Operator& op) {
  plugin::host_table = &host::api();
  tenon_call call;
  tenon_node node{op.name, {{TENON_F32, {2, 2}}}, {}, {}};
  const tenon_kernel* f64 = find_kernel(*op.table, std::string(op.name) + "_f64", "");
  ASSERT_NE(f64, nullptr);
  EXPECT_NE(f64->supports(&call, f64, &node), TENON_OK);
  EXPECT_EQ(call.message, "takes f64, not f32");
  node.operands[0].dtype = TENON_F64;
  EXPECT_NE(op.table->kernels[0]->supports(&call, op.table->kernels[0], &node), TENON_OK);
  EXPECT_EQ(call.message, "takes f16, bf16 and f32, not f64");
}

}  // namespace tenon::norm_test
