// The kernels of argmax and argmin against their definition, at every level: the first (or last) element that no other one beats, where NaN
// beats every number and -0 equals +0. Exact.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "plugins/support/test_kernel.h"

extern "C" const tenon_operator tenon_operator_argmax;
extern "C" const tenon_operator tenon_operator_argmin;

namespace {

namespace host = tenon::test_host;
using namespace tenon;               // NOLINT
using namespace tenon::test_kernel;  // NOLINT

class ArgReduceLevel : public LevelTest {};

struct Case {
  bool smallest = false, last = false, keep = false;
  tenon_dtype dtype = TENON_F32, index = TENON_I64;
  Dims input;
  std::int64_t axis = -1;
  Lay lay = Lay::Compact;
  int kinds = 9;  // of values: few, so that there are equal ones
};

double value_at(const Case& c, std::size_t i) {
  const auto k = static_cast<int>((i * 2654435761u >> 7) % static_cast<std::size_t>(c.kinds));
  if (c.dtype == TENON_I1) return k % 2;
  const bool is_float = plugin::is_float(c.dtype);
  if (is_float && k == 7) return -0.0;
  if (is_float && k == 8) return i % 3 == 0 ? HUGE_VAL : -HUGE_VAL;
  if (is_float && k > 20) return std::nan("");
  const bool is_signed = is_float || (c.dtype >= TENON_I8 && c.dtype <= TENON_I64);
  return (k % 7) * 9 - (is_signed ? 27 : 0);
}

bool beats(bool smallest, double u, double v) {
  if (std::isnan(u) || std::isnan(v)) return std::isnan(u) && !std::isnan(v);
  return smallest ? u < v : u > v;
}

void expect_right(const Case& c, const std::string& level) {
  const auto rank = static_cast<std::int64_t>(c.input.size());
  const auto axis = static_cast<std::size_t>(c.axis < 0 ? c.axis + rank : c.axis);
  Tensor x({c.dtype, c.input}, c.lay);
  x.fill([&](std::size_t i) { return value_at(c, i); });
  Dims result = c.input;
  if (c.keep)
    result[axis] = 1;
  else
    result.erase(result.begin() + static_cast<std::ptrdiff_t>(axis));
  Tensor y({c.index, result}, c.lay == Lay::Compact ? Lay::Compact : Lay::Strided);
  tenon_node node{c.smallest ? "argmin" : "argmax", {}, {}, {}};
  node.attributes["axis"] = host::attribute(c.axis);
  node.attributes["keepdims"] = host::attribute(c.keep);
  node.attributes["select_last"] = host::attribute(c.last);
  const Ran ran =
      test_kernel::run(find_kernel(c.smallest ? tenon_operator_argmin : tenon_operator_argmax, node.op, level), node, {&x}, {&y});
  ASSERT_EQ(ran.code, TENON_OK) << ran.message;
  EXPECT_TRUE(x.guards_hold() && y.guards_hold());
  std::size_t after = 1;
  for (std::size_t d = axis + 1; d < c.input.size(); ++d) after *= static_cast<std::size_t>(c.input[d]);
  const auto length = static_cast<std::size_t>(c.input[axis]);
  for (std::size_t i = 0; i < y.elements(); ++i) {
    const std::size_t base = i / after * length * after + i % after;
    std::size_t want = 0;
    for (std::size_t j = 1; j < length; ++j) {
      const double best = x.get(base + want * after), v = x.get(base + j * after);
      if (beats(c.smallest, v, best) || (c.last && !beats(c.smallest, best, v))) want = j;
    }
    ASSERT_EQ(y.get(i), static_cast<double>(want)) << level << " " << node.op << (c.last ? " last " : " ") << plugin::dtype_name(c.dtype)
                                                   << " " << plugin::text(c.input) << " axis " << c.axis << " [" << i << "]; " << ran.note;
  }
}

constexpr tenon_dtype kTypes[] = {TENON_F32, TENON_F16, TENON_BF16, TENON_F64,  TENON_I1,   TENON_I8,  TENON_I16,
                                  TENON_I32, TENON_I64, TENON_UI8,  TENON_UI16, TENON_UI32, TENON_UI64};

TEST_P(ArgReduceLevel, EveryTypeAxisAndRule) {
  for (tenon_dtype dtype : kTypes)
    for (int bits = 0; bits < 8; ++bits)
      for (std::int64_t axis : {0, 1, 2})
        for (int kinds : {7, 9, 30})
          expect_right({.smallest = (bits & 1) != 0,
                        .last = (bits & 2) != 0,
                        .keep = (bits & 4) != 0,
                        .dtype = dtype,
                        .index = kinds == 7 ? TENON_I32 : TENON_I64,
                        .input = {3, 37, 41},
                        .axis = axis,
                        .kinds = kinds},
                       GetParam());
}

TEST_P(ArgReduceLevel, EveryLength) {
  for (tenon_dtype dtype : {TENON_F32, TENON_BF16, TENON_F64, TENON_I8})
    for (std::int64_t n : {1, 2, 7, 31, 33, 511, 512, 513, 1025, 5003})
      for (bool last : {false, true}) {
        expect_right({.last = last, .dtype = dtype, .input = {3, n}, .kinds = 30}, GetParam());
        expect_right({.last = last, .dtype = dtype, .input = {3, n}, .kinds = 7}, GetParam());
        expect_right({.smallest = true, .last = last, .dtype = dtype, .input = {n, 9}, .axis = 0}, GetParam());
        expect_right({.last = last, .dtype = dtype, .input = {9, n}, .axis = 0}, GetParam());
      }
  expect_right({.dtype = TENON_F16, .input = {40000, 9}, .axis = 0, .kinds = 7}, GetParam());  // an index of more than 15 bits
  expect_right({.dtype = TENON_I8, .input = {300, 20}, .axis = 0, .kinds = 7}, GetParam());
}

TEST_P(ArgReduceLevel, Layouts) {
  for (tenon_dtype dtype : {TENON_F32, TENON_F16, TENON_I64})
    for (Lay lay : kLays)
      for (std::int64_t axis : {0, 1, 2})
        expect_right({.dtype = dtype, .input = {5, 40, 11}, .axis = axis, .lay = lay, .kinds = 30}, GetParam());
}

TEST_P(ArgReduceLevel, ThreadsAgree) {
  host::machine.threads = 3;
  for (std::int64_t axis : {0, 1}) expect_right({.input = {400, 1500}, .axis = axis}, GetParam());
  host::machine.threads = 1;
}

TEST_P(ArgReduceLevel, RowsOfNothingButNanOrTheLowest) {
  for (tenon_dtype dtype : {TENON_F32, TENON_F16, TENON_BF16, TENON_F64})
    for (double only : {std::nan(""), -HUGE_VAL, HUGE_VAL})
      for (bool last : {false, true})
        for (bool columns : {false, true}) {
          const Dims dims = columns ? Dims{700, 20} : Dims{20, 700};
          Tensor x({dtype, dims}), y({TENON_I64, {20}});
          x.fill([=](std::size_t) { return only; });
          tenon_node node{"argmax", {}, {}, {}};
          node.attributes["axis"] = host::attribute(std::int64_t{columns ? 0 : 1});
          node.attributes["keepdims"] = host::attribute(false);
          node.attributes["select_last"] = host::attribute(last);
          ASSERT_EQ(test_kernel::run(find_kernel(tenon_operator_argmax, "argmax", GetParam()), node, {&x}, {&y}).code, TENON_OK);
          EXPECT_EQ(y.get(0), last ? 699 : 0);
          EXPECT_EQ(y.get(19), last ? 699 : 0);
        }
}

INSTANTIATE_TEST_SUITE_P(Levels, ArgReduceLevel, testing::ValuesIn(kLevels), level_name);

}  // namespace
