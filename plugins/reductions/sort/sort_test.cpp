// The kernels of sort, argsort and top_k against their definition: an element's place is the number of those that come before it. Exact.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "plugins/support/test_kernel.h"

extern "C" const tenon_operator tenon_operator_sort, tenon_operator_argsort, tenon_operator_top_k;

namespace {

namespace host = tenon::test_host;
using namespace tenon;               // NOLINT
using namespace tenon::test_kernel;  // NOLINT

struct Case {
  tenon_dtype dtype = TENON_F32;
  Dims input;
  std::int64_t axis = -1;
  bool descending = false;
  std::int64_t k = 0;
  int kinds = 30;  // of values: few, so that there are equal ones
};

double value_at(const Case& c, std::size_t i) {
  const auto k = static_cast<int>((i * 2654435761u >> 7) % static_cast<std::size_t>(c.kinds));
  if (c.dtype == TENON_I1) return k % 2;
  const bool is_float = plugin::is_float(c.dtype);
  if (is_float && k == 7) return -0.0;
  if (is_float && k == 8) return i % 3 == 0 ? HUGE_VAL : -HUGE_VAL;
  if (is_float && k == 21) return std::nan("");
  if (is_float && k == 22) return 0x1p-24;
  const bool is_signed = is_float || (c.dtype >= TENON_I8 && c.dtype <= TENON_I64);
  return (k % 19) * 6 - (is_signed ? 50 : 0);
}

// Does u come before v where both are of one row, and u stands first or not?
bool precedes(bool descending, double u, double v, bool first) {
  const bool u_nan = std::isnan(u), v_nan = std::isnan(v);
  const bool less = v_nan ? !u_nan : !u_nan && u < v, greater = u_nan ? !v_nan : !v_nan && u > v;
  return less || greater ? less != descending : first;
}

void expect_right(const Case& c) {
  const auto axis = static_cast<std::size_t>(c.axis < 0 ? c.axis + static_cast<std::int64_t>(c.input.size()) : c.axis);
  Tensor x({c.dtype, c.input});
  x.fill([&](std::size_t i) { return value_at(c, i); });
  std::size_t after = 1;
  for (std::size_t d = axis + 1; d < c.input.size(); ++d) after *= static_cast<std::size_t>(c.input[d]);
  const auto length = static_cast<std::size_t>(c.input[axis]);
  Dims first = c.input;
  first[axis] = c.k;
  Tensor sorted({c.dtype, c.input}), indices({TENON_I64, c.input}), values({c.dtype, first}), places({TENON_I64, first});
  const auto node_of = [&](const char* name) {
    tenon_node node{name, {}, {}, {}};
    node.attributes["axis"] = host::attribute(c.axis);
    node.attributes["descending"] = node.attributes["largest"] = host::attribute(c.descending);
    node.attributes["k"] = host::attribute(c.k);
    return node;
  };
  const auto run_one = [&](const char* name, const tenon_operator& op, const std::vector<Tensor*>& results) {
    tenon_node node = node_of(name);
    const Ran ran = test_kernel::run(find_kernel(op, name, ""), node, {&x}, results);
    ASSERT_EQ(ran.code, TENON_OK) << ran.message;
    EXPECT_TRUE(x.guards_hold());
    for (Tensor* result : results) EXPECT_TRUE(result->guards_hold());
  };
  run_one("sort", tenon_operator_sort, {&sorted});
  run_one("argsort", tenon_operator_argsort, {&indices});
  run_one("top_k", tenon_operator_top_k, {&values, &places});
  const std::string what =
      plugin::cat(plugin::dtype_name(c.dtype), " ", plugin::text(c.input), " axis ", axis, " descending ", c.descending);
  for (std::size_t i = 0; i < x.elements(); ++i) {
    const std::size_t place = i / after % length, base = i - place * after;
    std::size_t before = 0;
    for (std::size_t j = 0; j < length; ++j)
      if (j != place && precedes(c.descending, x.get(base + j * after), x.get(i), j < place)) ++before;
    const std::size_t to = base + before * after;
    ASSERT_EQ(std::memcmp(sorted.at(to), x.at(i), test_numbers::element_bytes(c.dtype)), 0) << what << " element " << i;
    ASSERT_EQ(indices.get(to), static_cast<double>(place)) << what << " element " << i;
    if (before >= static_cast<std::size_t>(c.k)) continue;
    const std::size_t in_first = (i / after / length * static_cast<std::size_t>(c.k) + before) * after + i % after;
    ASSERT_EQ(std::memcmp(values.at(in_first), x.at(i), test_numbers::element_bytes(c.dtype)), 0)
        << what << " element " << i << " k " << c.k;
    ASSERT_EQ(places.get(in_first), static_cast<double>(place)) << what << " element " << i << " k " << c.k;
  }
}

constexpr tenon_dtype kTypes[] = {TENON_F32, TENON_F16, TENON_BF16, TENON_F64,  TENON_I1,   TENON_I8,  TENON_I16,
                                  TENON_I32, TENON_I64, TENON_UI8,  TENON_UI16, TENON_UI32, TENON_UI64};

class Sort : public testing::Test {
 protected:
  void SetUp() override { host::machine.threads = 1; }
};

TEST_F(Sort, EveryTypeAndAxis) {
  for (tenon_dtype dtype : kTypes)
    for (std::int64_t axis : {0, 1, -1})
      for (bool descending : {false, true})
        for (std::int64_t k : {0, 1, 3}) expect_right({dtype, {3, 37, 7}, axis, descending, k});
}

TEST_F(Sort, EveryLength) {
  for (tenon_dtype dtype : {TENON_F32, TENON_BF16, TENON_I64})
    for (std::int64_t n : {1, 2, 16, 17, 33, 257})
      for (std::int64_t k : {std::int64_t{1}, (n + 1) / 2, n}) expect_right({dtype, {2, n}, -1, n % 2 == 0, k, 9});
}

TEST_F(Sort, ThreadsAgree) {
  host::machine.threads = 3;
  for (std::int64_t axis : {0, 1}) expect_right({TENON_F32, {130, 131}, axis, true, 5});
  host::machine.threads = 1;
}

}  // namespace
