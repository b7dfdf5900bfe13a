// The kernel of rope against float64, at every level that this machine has.
//
// Bounds. Tables of known positions are rounded doubles, so that in f32 an output is two products and a sum of numbers that are each off by
// half an ulp: 3 ulp of |x cos| + |y sin|, that is 3 * 2^-24 * 2 of it. Computed tables are within 5e-7 (op.yaml). 16 bits add half an ulp
// of the result, once.
#include <gtest/gtest.h>

#include "plugins/support/test_kernel.h"

extern "C" const tenon_operator tenon_operator_rope;

namespace {

namespace host = tenon::test_host;
using namespace tenon;                // NOLINT
using namespace tenon::test_kernel;   // NOLINT
using namespace tenon::test_numbers;  // NOLINT

struct Case {
  tenon_dtype dtype = TENON_F32;
  Dims input = {2, 3, 5, 64};
  bool interleaved = false, bsnh = false;
  std::int64_t rotary = 0;              // 0: all
  std::vector<std::int64_t> positions;  // given if not empty: [S] or [B, S]
  tenon_dtype tables = TENON_DTYPE_INVALID;
  bool batched_tables = false;
  const char* scaling = "none";
  double factor = 0, base = 10000;
  std::int64_t trained = 0;
  Lay lay = Lay::Compact, result_lay = Lay::Compact;
  bool in_place = false;
};

struct Outcome {
  std::vector<double> got, exact, slack;  // slack: what f32 may be off
  std::string note;
  bool guards = true;
};

Outcome run(const Case& c, const std::string& level) {
  Tensor x({c.dtype, c.input}, c.lay), y({c.dtype, c.input}, c.in_place ? c.lay : c.result_lay);
  x.fill_normal(7);
  const std::size_t rank = c.input.size(), sequence_axis = c.bsnh ? 1 : rank - 2;
  const std::int64_t sequence = c.input[sequence_axis], size = c.input.back(), rotary = c.rotary == 0 ? size : c.rotary, pairs = rotary / 2;
  const std::int64_t batch = rank > 2 ? c.input[0] : 1;
  const bool batched = c.positions.size() > static_cast<std::size_t>(sequence);
  Tensor positions, cos, sin;
  if (!c.positions.empty()) {
    positions = Tensor({TENON_I64, batched ? Dims{batch, sequence} : Dims{sequence}}, c.lay);
    positions.fill([&](std::size_t i) { return static_cast<double>(c.positions[i]); });
  }
  if (c.tables != TENON_DTYPE_INVALID) {
    const Dims dims = c.batched_tables ? Dims{batch, sequence, pairs} : Dims{sequence, pairs};
    cos = Tensor({c.tables, dims}, c.lay).fill_normal(3);
    sin = Tensor({c.tables, dims}, c.lay).fill_normal(4);
  }
  // Frequencies from their definition, for the scalings that this test knows.
  std::int64_t length = sequence;
  if (!c.positions.empty()) length = *std::max_element(c.positions.begin(), c.positions.end()) + 1;
  double base = c.base;
  const auto wide = [](std::int64_t v) { return static_cast<double>(v); };
  if (std::string(c.scaling) == "dynamic")
    base *= std::pow(c.factor * wide(std::max(length, c.trained)) / wide(c.trained) - (c.factor - 1), wide(rotary) / wide(rotary - 2));
  const double slower = std::string(c.scaling) == "linear" ? c.factor : 1;

  // Cosine and sine of every position and pair, of each row of the batch if they differ.
  const bool per_row = batched || c.batched_tables;
  std::vector<double> cosines, sines;
  std::vector<long double> frequencies;
  for (std::int64_t pair = 0; pair < pairs; ++pair) frequencies.push_back(powl(base, -2.0L * pair / rotary) / slower);
  for (std::int64_t row = 0; row < (per_row ? batch : 1) * sequence; ++row)
    for (std::int64_t pair = 0; pair < pairs; ++pair) {
      const auto at = static_cast<std::size_t>(row * pairs + pair);
      const std::int64_t p = cos.type ? 0 : c.positions.empty() ? row % sequence : c.positions[static_cast<std::size_t>(row)];
      const long double angle = static_cast<long double>(p) * frequencies[static_cast<std::size_t>(pair)];
      cosines.push_back(cos.type ? cos.get(at) : static_cast<double>(cosl(angle)));
      sines.push_back(cos.type ? sin.get(at) : static_cast<double>(sinl(angle)));
    }

  Outcome out;
  std::vector<std::size_t> place(rank);
  std::vector<double> values = x.values();
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::size_t rest = i;
    for (std::size_t d = rank; d-- > 0;) {
      place[d] = rest % static_cast<std::size_t>(c.input[d]);
      rest /= static_cast<std::size_t>(c.input[d]);
    }
    const auto element = static_cast<std::int64_t>(place[rank - 1]);
    if (element >= rotary) {
      out.exact.push_back(values[i]);
      out.slack.push_back(0);
      continue;
    }
    const std::int64_t pair = c.interleaved ? element / 2 : element % pairs;
    const bool second = c.interleaved ? element % 2 == 1 : element >= pairs;
    const std::int64_t other = c.interleaved ? (second ? -1 : 1) : (second ? -pairs : pairs);
    const double own = values[i], partner = values[i + static_cast<std::size_t>(other)];
    const auto s = static_cast<std::int64_t>(place[sequence_axis]), b = rank > 2 ? static_cast<std::int64_t>(place[0]) : 0;
    const auto table = static_cast<std::size_t>(((per_row ? b * sequence : 0) + s) * pairs + pair);
    const double cosine = cosines[table], sine = sines[table];
    out.exact.push_back(own * cosine + (second ? partner : -partner) * sine);
    const bool computed = !cos.type && (!c.positions.empty() || sequence * pairs > 1 << 20);
    // With dynamic scaling an angle is what f32 gives: its rounding, and that of the frequency.
    const double angle = std::string(c.scaling) == "dynamic" ? wide(length) * 0x1p-21 : 0;
    out.slack.push_back((std::fabs(own * cosine) + std::fabs(partner * sine)) * 0x1p-24 * 6 +
                        (computed ? (5e-7 + angle) * (std::fabs(own) + std::fabs(partner)) : 0));
  }

  tenon_node node{"rope", {}, {}, {}};
  node.attributes["interleaved"] = host::attribute(c.interleaved);
  node.attributes["layout"] = host::attribute(c.bsnh ? "bsnh" : "bnsh");
  node.attributes["base"] = host::attribute(c.base);
  node.attributes["scaling"] = host::attribute(c.scaling);
  if (c.rotary != 0) node.attributes["rotary_dim"] = host::attribute(c.rotary);
  if (c.factor != 0) node.attributes["factor"] = host::attribute(c.factor);
  if (c.trained != 0) node.attributes["original_max_position_embeddings"] = host::attribute(c.trained);
  const auto given = [](Tensor& t) { return t.type ? &t : nullptr; };
  Tensor& result = c.in_place ? x : y;
  const Ran ran =
      test_kernel::run(find_kernel(tenon_operator_rope, "rope", level), node, {&x, given(positions), given(cos), given(sin)}, {&result});
  EXPECT_EQ(ran.code, TENON_OK) << ran.message;
  out.note = ran.note;
  out.got = result.values();
  for (Tensor* t : {&x, &y, &positions, &cos, &sin}) out.guards = out.guards && (!t->type || t->guards_hold());
  return out;
}

void expect_right(const Case& c, const std::string& level) {
  const Outcome out = run(c, level);
  EXPECT_TRUE(out.guards) << out.note;
  for (std::size_t i = 0; i < out.got.size(); ++i) {
    const double ulp =
        out.got[i] == 0 ? 0 : std::ldexp(1, std::max(std::ilogb(out.exact[i]), lowest_exponent(c.dtype)) - mantissa_bits(c.dtype));
    const double bound = out.slack[i] + (c.dtype == TENON_F32 || out.slack[i] == 0 ? 0 : 0.51 * ulp);
    if (!(std::fabs(out.got[i] - out.exact[i]) <= bound)) {
      ADD_FAILURE() << level << " " << plugin::dtype_name(c.dtype) << " " << plugin::text(c.input) << " interleaved " << c.interleaved
                    << " element " << i << ": " << out.got[i] << ", not " << out.exact[i] << " within " << bound << "; " << out.note;
      return;
    }
  }
}

class RopeLevel : public LevelTest {};
constexpr tenon_dtype kTypes[] = {TENON_F32, TENON_F16, TENON_BF16};

TEST_P(RopeLevel, EverySizeAndType) {
  for (tenon_dtype dtype : kTypes)
    for (std::int64_t size : {2, 6, 14, 16, 30, 32, 34, 62, 64, 66, 96, 128, 130, 256})
      for (bool interleaved : {false, true}) expect_right({.dtype = dtype, .input = {3, 5, size}, .interleaved = interleaved}, GetParam());
}

TEST_P(RopeLevel, EveryLayout) {
  for (tenon_dtype dtype : kTypes)
    for (bool interleaved : {false, true})
      for (bool bsnh : {false, true})
        for (std::int64_t rotary : {0, 34})
          for (Lay lay : kLays)
            for (Lay result_lay : kLays) {
              Case c{.dtype = dtype, .interleaved = interleaved, .bsnh = bsnh, .rotary = rotary, .lay = lay, .result_lay = result_lay};
              if (bsnh) c.input = {2, 5, 3, 64};
              expect_right(c, GetParam());
              c.in_place = true;
              c.positions = {7, 6, 5, 4, 3, 1007, 1006, 1005, 1004, 1003};
              expect_right(c, GetParam());
            }
}

TEST_P(RopeLevel, Positions) {
  for (tenon_dtype dtype : kTypes)
    for (bool interleaved : {false, true}) {
      expect_right({.dtype = dtype, .interleaved = interleaved, .positions = {0, -3, 100000, 131071, 2147483646}}, GetParam());
      expect_right({.dtype = dtype, .interleaved = interleaved, .positions = {5, 4, 3, 900, 1}, .scaling = "linear", .factor = 3},
                   GetParam());
      expect_right({.dtype = dtype,
                    .input = {3, 5, 64},
                    .interleaved = interleaved,
                    .positions = {0, 3, 1, 70, 9},
                    .scaling = "dynamic",
                    .factor = 2,
                    .trained = 16},
                   GetParam());
    }
}

TEST_P(RopeLevel, GivenTables) {
  for (tenon_dtype dtype : kTypes)
    for (tenon_dtype tables : {dtype, tenon_dtype{TENON_F32}})
      for (bool interleaved : {false, true})
        for (bool batched : {false, true})
          for (Lay lay : kLays)
            expect_right(
                {.dtype = dtype, .interleaved = interleaved, .rotary = 38, .tables = tables, .batched_tables = batched, .lay = lay},
                GetParam());
}

TEST_P(RopeLevel, Empty) {
  for (tenon_dtype dtype : kTypes)
    for (const Dims& dims : {Dims{0, 5, 8}, Dims{3, 0, 8}, Dims{2, 0, 5, 8}}) expect_right({.dtype = dtype, .input = dims}, GetParam());
}

// More positions than the plan writes out; the same tables as far as f32 can tell.
TEST_P(RopeLevel, ManyPositions) { expect_right({.input = {70000, 32}, .positions = {}}, GetParam()); }

TEST_P(RopeLevel, ThreadsAndPathsAgree) {
  for (tenon_dtype dtype : kTypes)
    for (bool interleaved : {false, true})
      for (bool bsnh : {false, true}) {
        Case c{.dtype = dtype, .input = {2, 6, 97, 128}, .interleaved = interleaved, .bsnh = bsnh};
        if (bsnh) c.input = {2, 97, 6, 128};
        host::machine.threads = 1;
        host::machine.l2_bytes = host::machine.l3_bytes = 1u << 30;
        const Outcome plain = run(c, GetParam());
        for (std::uint32_t threads : {1u, 3u}) {
          host::machine.threads = threads;
          host::machine.l2_bytes = host::machine.l3_bytes = 1u << 10;
          const Outcome other = run(c, GetParam());
          EXPECT_NE(other.note.find("streaming"), std::string::npos) << other.note;
          EXPECT_NE(other.note.find(threads == 1 ? "serial" : "parallel"), std::string::npos) << other.note;
          EXPECT_EQ(other.got, plain.got) << other.note;
          EXPECT_TRUE(other.guards);
        }
      }
}

TEST_P(RopeLevel, NanAndInfinityStayInTheirPairs) {
  for (tenon_dtype dtype : kTypes)
    for (bool interleaved : {false, true}) {
      Tensor x({dtype, {1, 1, 8}}), y({dtype, {1, 1, 8}}), cos({TENON_F32, {1, 3}}), sin({TENON_F32, {1, 3}});
      // Pair 0 turns by a quarter, pair 1 not at all, pair 2 by a NaN whose mantissa is full; the last two elements stay.
      const std::vector<double> halves{1, HUGE_VAL, 1, 2, 3, 4, std::nan(""), 9}, neighbours{1, 2, HUGE_VAL, 3, 1, 4, std::nan(""), 9};
      x.fill([&](std::size_t i) { return (interleaved ? neighbours : halves)[i]; });
      const std::uint32_t nan_bits = 0x7fffffff;
      float nan;
      std::memcpy(&nan, &nan_bits, 4);
      cos.fill([&](std::size_t i) { return i == 1 ? 1.0 : 0.0; });
      sin.fill([&](std::size_t i) { return i == 0 ? 1.0 : 0.0; });
      std::memcpy(cos.at(2), &nan, 4);
      tenon_node node{"rope", {}, {}, {}};
      node.attributes["interleaved"] = host::attribute(interleaved);
      node.attributes["layout"] = host::attribute("bnsh");
      node.attributes["base"] = host::attribute(10000.0);
      node.attributes["scaling"] = host::attribute("none");
      node.attributes["rotary_dim"] = host::attribute(std::int64_t{6});
      const Ran ran = test_kernel::run(find_kernel(tenon_operator_rope, "rope", GetParam()), node, {&x, nullptr, &cos, &sin}, {&y});
      ASSERT_EQ(ran.code, TENON_OK) << ran.message;
      // Inf * 1 - 3 * 0 is Inf, 3 * 1 + Inf * 0 is NaN.
      const double nothing = std::nan("");
      const std::vector<double> want_halves{-2, HUGE_VAL, nothing, 1, nothing, nothing, nothing, 9};
      const std::vector<double> want_neighbours{-2, 1, HUGE_VAL, nothing, nothing, nothing, nothing, 9};
      for (std::size_t i = 0; i < 8; ++i)
        EXPECT_EQ(ulps(dtype, y.get(i), (interleaved ? want_neighbours : want_halves)[i]), 0) << i << ": " << y.get(i);
    }
}

INSTANTIATE_TEST_SUITE_P(Levels, RopeLevel, testing::ValuesIn(kLevels), level_name);

TEST(RopePlan, DeclinesDoubles) {
  plugin::host_table = &host::api();
  tenon_call call;
  tenon_node node{"rope", {{TENON_F64, {2, 4}}}, {}, {}};
  const tenon_kernel* kernel = tenon_operator_rope.kernels[0];
  EXPECT_NE(kernel->supports(&call, kernel, &node), TENON_OK);
  EXPECT_EQ(call.message, "takes f16, bf16 and f32, not f64");
}

}  // namespace
