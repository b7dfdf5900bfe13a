// The kernel of scaled_dot_product_attention against float64, at every level that this machine has.
//
// Bounds: an output is a mean of values, so it is judged by their scale, not by ulps of its own: at most 1e-6 of the largest value, and for
// 16 bits the rounding of the result beside that. Scores of N(0, 1) data with the default scale are N(0, 1) too: their rounding moves a
// weight by a few 2^-24 of itself. Over all of an output, the relative root mean square stays below 3e-7 (f32), 2.1e-4 (f16: 2^-11 /
// sqrt(6), what rounding alone leaves) and 2e-3 (bf16).
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "plugins/support/test_kernel.h"

extern "C" const tenon_operator tenon_operator_scaled_dot_product_attention;

namespace {

namespace host = tenon::test_host;
using namespace tenon;                // NOLINT
using namespace tenon::test_kernel;   // NOLINT
using namespace tenon::test_numbers;  // NOLINT

const double kNan = std::nan(""), kInf = HUGE_VAL;

struct Case {
  tenon_dtype dtype = TENON_F32;
  std::int64_t batch = 2, heads = 2, group = 1, queries = 5, keys = 7, size = 11, value_size = 13;
  bool rank_3 = false, bsnh = false;
  bool causal = false, top_left = false;
  std::int64_t window = 0;
  double scale = 0;  // 0: the default
  double cap = 0;
  tenon_dtype mask = TENON_DTYPE_INVALID;
  Dims mask_dims;
  std::vector<double> lengths;  // empty: none
  tenon_dtype sinks = TENON_DTYPE_INVALID;
  bool log_sum_exp = true;
  Lay lay = Lay::Compact, result_lay = Lay::Compact;
};

std::string describe(const Case& c, const std::string& level) {
  std::string text = plugin::cat(level, " ", plugin::dtype_name(c.dtype), " batch ", c.batch, " heads ", c.heads, " x ", c.group,
                                 " queries ", c.queries, " keys ", c.keys, " sizes ", c.size, " ", c.value_size);
  if (c.rank_3) text += " rank 3";
  if (c.bsnh) text += " bsnh";
  if (c.causal) text += c.top_left ? " causal top left" : " causal";
  if (c.window > 0) text += plugin::cat(" window ", c.window);
  if (c.cap != 0) text += plugin::cat(" cap ", c.cap);
  if (c.mask != TENON_DTYPE_INVALID) text += plugin::cat(" mask ", plugin::dtype_name(c.mask), " ", plugin::text(c.mask_dims));
  if (!c.lengths.empty()) text += " lengths";
  if (c.sinks != TENON_DTYPE_INVALID) text += " sinks";
  return text;
}

// Operands and results of one case.
struct Data {
  Tensor query, key, value, mask, lengths, sinks, output, log_sum_exp;

  explicit Data(const Case& c) {
    const auto sheet = [&](std::int64_t heads, std::int64_t length, std::int64_t size) {
      return c.rank_3 ? Dims{c.batch, length, size} : c.bsnh ? Dims{c.batch, length, heads, size} : Dims{c.batch, heads, length, size};
    };
    const std::int64_t query_heads = c.heads * c.group;
    query = Tensor({c.dtype, sheet(query_heads, c.queries, c.size)}, c.lay).fill_normal(1);
    key = Tensor({c.dtype, sheet(c.heads, c.keys, c.size)}, c.lay).fill_normal(2);
    value = Tensor({c.dtype, sheet(c.heads, c.keys, c.value_size)}, c.lay).fill_normal(3);
    if (c.mask == TENON_I1) {
      mask = Tensor({c.mask, c.mask_dims}, c.lay).fill([](std::size_t i) { return i * 2654435761u % 7 < 4 ? 1 : 0; });
    } else if (c.mask != TENON_DTYPE_INVALID) {
      mask = Tensor({c.mask, c.mask_dims}, c.lay).fill_normal(4);
      for (std::size_t i = 1; i < mask.elements(); i += 5) mask.set(i, -kInf);
    }
    if (!c.lengths.empty()) lengths = Tensor({TENON_I64, {c.batch}}, c.lay).fill([&](std::size_t i) { return c.lengths[i]; });
    if (c.sinks != TENON_DTYPE_INVALID) sinks = Tensor({c.sinks, {query_heads}}, c.lay).fill_normal(5);
    output = Tensor({c.dtype, sheet(query_heads, c.queries, c.value_size)}, c.result_lay);
    if (c.log_sum_exp)
      log_sum_exp = Tensor({TENON_F32, c.rank_3 ? Dims{c.batch, c.queries} : Dims{c.batch, query_heads, c.queries}}, c.result_lay);
  }
  std::vector<Tensor*> all() { return {&query, &key, &value, &mask, &lengths, &sinks, &output, &log_sum_exp}; }
};

Ran run(const Case& c, Data& d, const std::string& level) {
  tenon_node node{"scaled_dot_product_attention", {}, {}, {}};
  static const char *const kLayouts[] = {"bnsh", "bsnh"}, kAlignments[] = {"bottom_right", "top_left"};
  node.attributes["layout"] = host::attribute(kLayouts[c.bsnh ? 1 : 0]);
  node.attributes["causal_alignment"] = host::attribute(kAlignments[c.top_left ? 1 : 0]);
  node.attributes["causal"] = host::attribute(c.causal);
  node.attributes["window"] = host::attribute(c.window);
  node.attributes["softcap"] = host::attribute(c.cap);
  node.attributes["return_log_sum_exp"] = host::attribute(c.log_sum_exp);
  if (c.scale != 0) node.attributes["scale"] = host::attribute(c.scale);
  const auto given = [](Tensor& t) { return t.type ? &t : nullptr; };
  return test_kernel::run(find_kernel(tenon_operator_scaled_dot_product_attention, "attention", level), node,
                          {&d.query, &d.key, &d.value, given(d.mask), given(d.lengths), given(d.sinks)}, {&d.output, given(d.log_sum_exp)});
}

struct Exact {
  std::vector<double> output, log_sum_exp;
};

// The definition, row by row, in float64.
Exact exact(const Case& c, Data& d) {
  const std::vector<double> q = d.query.values(), k = d.key.values(), v = d.value.values();
  const std::vector<double> mask = d.mask.type ? d.mask.values() : std::vector<double>{},
                            sinks = d.sinks.type ? d.sinks.values() : std::vector<double>{};
  const std::int64_t query_heads = c.heads * c.group;
  Exact out{std::vector<double>(d.output.elements()), std::vector<double>(static_cast<std::size_t>(c.batch * query_heads * c.queries))};
  const auto at = [&](std::int64_t heads, std::int64_t length, std::int64_t size, std::int64_t b, std::int64_t h, std::int64_t s) {
    return static_cast<std::size_t>((c.bsnh ? (b * length + s) * heads + h : (b * heads + h) * length + s) * size);
  };
  const auto mask_at = [&](std::int64_t b, std::int64_t h, std::int64_t i, std::int64_t j) {
    std::vector<std::int64_t> index = c.rank_3 ? std::vector<std::int64_t>{b, i, j} : std::vector<std::int64_t>{b, h, i, j};
    std::size_t place = 0;
    for (std::size_t m = 0; m < c.mask_dims.size(); ++m) {
      const std::int64_t own = index[index.size() - c.mask_dims.size() + m];
      place = place * static_cast<std::size_t>(c.mask_dims[m]) + static_cast<std::size_t>(c.mask_dims[m] == 1 ? 0 : own);
    }
    return mask[place];
  };
  const double scale = c.scale != 0 ? c.scale : 1 / std::sqrt(static_cast<double>(c.size));
  std::vector<double> scores(static_cast<std::size_t>(c.keys));
  for (std::int64_t b = 0; b < c.batch; ++b)
    for (std::int64_t h = 0; h < query_heads; ++h)
      for (std::int64_t i = 0; i < c.queries; ++i) {
        const std::int64_t length =
            c.lengths.empty()
                ? c.keys
                : std::min(c.keys, std::max<std::int64_t>(0, static_cast<std::int64_t>(c.lengths[static_cast<std::size_t>(b)])));
        const std::int64_t diagonal = c.top_left ? i : i + length - c.queries;
        double most = sinks.empty() ? -kInf : sinks[static_cast<std::size_t>(h)];
        bool spoiled = std::isnan(most);
        for (std::int64_t j = 0; j < c.keys; ++j) {
          double& s = scores[static_cast<std::size_t>(j)];
          s = -kInf;
          if (j >= length || (c.causal && j > diagonal) || (c.window > 0 && j <= diagonal - c.window)) continue;
          if (c.mask == TENON_I1 && mask_at(b, h, i, j) == 0) continue;
          s = 0;
          for (std::int64_t x = 0; x < c.size; ++x)
            s += q[at(query_heads, c.queries, c.size, b, h, i) + static_cast<std::size_t>(x)] *
                 k[at(c.heads, c.keys, c.size, b, h / c.group, j) + static_cast<std::size_t>(x)];
          s *= scale;
          if (c.cap != 0) s = c.cap * std::tanh(s / c.cap);
          if (d.mask.type && c.mask != TENON_I1) s += mask_at(b, h, i, j);
          spoiled = spoiled || std::isnan(s);
          most = std::max(most, s);
        }
        if (spoiled) most = kNan;
        const double shift = most == -kInf ? 0 : most;
        double sum = sinks.empty() ? 0 : std::exp(sinks[static_cast<std::size_t>(h)] - shift);
        for (double& s : scores) sum += s = std::exp(s - shift);
        for (std::int64_t x = 0; x < c.value_size; ++x) {
          double total = 0;
          for (std::int64_t j = 0; j < length; ++j)
            total +=
                scores[static_cast<std::size_t>(j)] * v[at(c.heads, c.keys, c.value_size, b, h / c.group, j) + static_cast<std::size_t>(x)];
          out.output[at(query_heads, c.queries, c.value_size, b, h, i) + static_cast<std::size_t>(x)] = total / (sum == 0 ? 1 : sum);
        }
        out.log_sum_exp[static_cast<std::size_t>((b * query_heads + h) * c.queries + i)] = std::log(sum) + shift;
      }
  return out;
}

// NaN, infinities and zeros of the reference are exact.
bool close(double got, double want, double bound) {
  if (std::isnan(want) || std::isinf(want)) return std::isnan(want) ? std::isnan(got) : got == want;
  return std::fabs(got - want) <= bound;
}

void expect_right(const Case& c, const std::string& level, const std::function<void(Data&)>& change = {}) {
  Data d(c);
  if (change) change(d);
  const Exact want = exact(c, d);
  const Ran ran = run(c, d, level);
  ASSERT_EQ(ran.code, TENON_OK) << ran.message;
  double largest = 0, squares = 0, errors = 0;
  for (double v : d.value.values()) largest = std::isfinite(v) ? std::max(largest, std::fabs(v)) : largest;
  const std::vector<double> got = d.output.values();
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double half = element_bytes(c.dtype) == 2 ? std::ldexp(std::fabs(want.output[i]), -1 - mantissa_bits(c.dtype)) +
                                                          std::ldexp(1, lowest_exponent(c.dtype) - mantissa_bits(c.dtype))
                                                    : 0;
    if (!close(got[i], want.output[i], 1e-6 * largest + half)) {
      ADD_FAILURE() << describe(c, level) << "; " << ran.note << ": output[" << i << "] is " << got[i] << ", not " << want.output[i];
      break;
    }
    if (!std::isfinite(want.output[i])) continue;
    squares += want.output[i] * want.output[i];
    errors += (got[i] - want.output[i]) * (got[i] - want.output[i]);
  }
  if (got.size() > 500 && squares > 0) {
    EXPECT_LE(std::sqrt(errors / squares), c.dtype == TENON_F32 ? 3e-7 : c.dtype == TENON_F16 ? 2.4e-4 : 2e-3) << describe(c, level);
  }
  if (c.log_sum_exp) {
    const std::vector<double> lse = d.log_sum_exp.values();
    for (std::size_t i = 0; i < lse.size(); ++i)
      if (!close(lse[i], want.log_sum_exp[i], 1e-6 * (1 + std::fabs(want.log_sum_exp[i])))) {
        ADD_FAILURE() << describe(c, level) << ": log_sum_exp[" << i << "] is " << lse[i] << ", not " << want.log_sum_exp[i];
        break;
      }
  }
  for (Tensor* t : change ? std::vector<Tensor*>{&d.output, &d.log_sum_exp} : d.all())
    EXPECT_TRUE(!t->type || t->guards_hold()) << describe(c, level) << ": something outside the tensors was written";
}

class AttentionLevel : public LevelTest {};
constexpr tenon_dtype kTypes[] = {TENON_F32, TENON_F16, TENON_BF16};

TEST_P(AttentionLevel, EverySize) {
  for (tenon_dtype dtype : kTypes) {
    for (std::int64_t size : {1, 2, 5, 8, 16, 31, 33, 64, 80, 128}) {
      expect_right({.dtype = dtype, .queries = 19, .keys = 29, .size = size, .value_size = size}, GetParam());
      expect_right({.dtype = dtype, .queries = 3, .keys = 50, .size = 129 - size, .value_size = size, .causal = true}, GetParam());
    }
    for (std::int64_t queries : {1, 2, 7, 8, 15, 16, 17, 32, 33, 70})
      for (std::int64_t keys : {1, 5, 6, 8, 47, 193, 390})
        for (bool causal : {false, true})
          expect_right({.dtype = dtype,
                        .batch = 1,
                        .heads = 1,
                        .group = queries < 8 ? 3 : 1,
                        .queries = queries,
                        .keys = keys,
                        .size = 12,
                        .value_size = 7,
                        .causal = causal},
                       GetParam());
  }
  expect_right({.queries = 70, .keys = 100, .size = 512, .value_size = 500}, GetParam());
  expect_right({.dtype = TENON_F16, .group = 2, .queries = 2, .keys = 3000, .size = 64, .value_size = 64}, GetParam());
}

TEST_P(AttentionLevel, EveryVariant) {
  for (int bits = 0; bits < 1 << 7; ++bits) {
    const auto is = [bits](int bit) { return (bits >> bit & 1) != 0; };
    Case c{.dtype = kTypes[bits % 3], .group = is(0) ? 3 : 1, .queries = is(6) ? 4 : 21, .keys = 29, .bsnh = is(1)};
    c.causal = is(2);
    c.window = is(3) ? 6 : 0;
    c.top_left = is(4);
    if (is(5)) c.lengths = {17, 40};
    c.cap = bits % 5 == 0 ? 2 : 0;
    c.scale = bits % 7 == 0 ? -0.4 : 0;
    c.sinks = bits % 4 == 1 ? c.dtype : bits % 4 == 2 ? tenon_dtype{TENON_F32} : tenon_dtype{TENON_DTYPE_INVALID};
    c.mask = bits % 6 == 1   ? tenon_dtype{TENON_I1}
             : bits % 6 == 3 ? c.dtype
             : bits % 6 == 5 ? tenon_dtype{TENON_F32}
                             : tenon_dtype{TENON_DTYPE_INVALID};
    if (c.mask != TENON_DTYPE_INVALID) c.mask_dims = {2, 2 * c.group, c.queries, 29};
    c.log_sum_exp = bits % 9 != 0;
    expect_right(c, GetParam());
    c.rank_3 = true;
    c.bsnh = false;
    c.heads = c.group = 1;
    if (c.mask != TENON_DTYPE_INVALID) c.mask_dims = {2, c.queries, 29};
    expect_right(c, GetParam());
  }
}

TEST_P(AttentionLevel, MasksBroadcast) {
  for (std::int64_t queries : {3, 37})
    for (tenon_dtype mask : {TENON_I1, TENON_F32})
      for (const Dims& dims : {Dims{}, Dims{45}, Dims{1}, Dims{queries, 1}, Dims{queries, 45}, Dims{6, 1, 1}, Dims{6, 1, 45},
                               Dims{6, queries, 45}, Dims{2, 1, 1, 45}, Dims{2, 1, queries, 45}, Dims{1, 6, 1, 45}})
        expect_right({.group = 3, .queries = queries, .keys = 45, .causal = mask == TENON_I1, .mask = mask, .mask_dims = dims}, GetParam());
}

TEST_P(AttentionLevel, EveryLayout) {
  for (tenon_dtype dtype : kTypes)
    for (Lay lay : kLays)
      for (Lay result_lay : {Lay::Compact, Lay::Strided, Lay::Misaligned})
        for (std::int64_t queries : {2, 23})
          expect_right({.dtype = dtype,
                        .group = 2,
                        .queries = queries,
                        .keys = 31,
                        .size = 34,
                        .value_size = 35,
                        .causal = true,
                        .mask = dtype,
                        .mask_dims = {4, queries, 31},
                        .lengths = {30, 31},
                        .sinks = dtype,
                        .lay = lay,
                        .result_lay = result_lay},
                       GetParam());
}

// One key and one value for the whole batch, by a stride of zero.
TEST_P(AttentionLevel, StrideZero) {
  for (std::int64_t queries : {1, 23})
    expect_right({.queries = queries, .keys = 31}, GetParam(),
                 [](Data& d) { d.key.strides[0] = d.value.strides[0] = d.query.strides[1] = 0; });
}

TEST_P(AttentionLevel, Empty) {
  expect_right({.batch = 0}, GetParam());
  expect_right({.queries = 0}, GetParam());
  expect_right({.keys = 0}, GetParam());
  expect_right({.keys = 0, .sinks = TENON_F32}, GetParam());
  expect_right({.value_size = 0}, GetParam());
  expect_right({.causal = true, .lengths = {0, -3}}, GetParam());
}

TEST_P(AttentionLevel, ThreadsAgree) {
  for (std::int64_t queries : {1, 3, 300})
    for (tenon_dtype dtype : kTypes) {
      const Case c{.dtype = dtype,
                   .group = 2,
                   .queries = queries,
                   .keys = queries == 300 ? 300 : 2500,
                   .size = 64,
                   .value_size = 40,
                   .causal = true};
      Data one(c), three(c);
      const Ran serial = run(c, one, GetParam());
      host::machine.threads = 3;
      const Ran parallel = run(c, three, GetParam());
      host::machine.threads = 1;
      EXPECT_NE(serial.note.find("serial"), std::string::npos) << serial.note;
      EXPECT_NE(parallel.note.find("parallel"), std::string::npos) << parallel.note;
      EXPECT_EQ(one.output.values(), three.output.values());
      EXPECT_EQ(one.log_sum_exp.values(), three.log_sum_exp.values());
    }
}

TEST_P(AttentionLevel, TheWorkspaceDoesNotGrowWithTheKeys) {
  for (std::int64_t queries : {1, 64}) {
    std::size_t bytes = 0;
    for (std::int64_t keys : {16384, 65536}) {
      const Case c{.batch = 1, .heads = 1, .queries = queries, .keys = keys, .size = 2, .value_size = 2};
      Data d(c);
      const Ran ran = run(c, d, GetParam());
      if (bytes != 0) {
        EXPECT_EQ(ran.workspace_bytes, bytes);
      }
      bytes = ran.workspace_bytes;
    }
  }
}

// ---- Special values ----

// NaN and infinities of keys: a score that counts makes the row NaN, one that is hidden does no harm.
TEST_P(AttentionLevel, KeysThatAreNotFinite) {
  for (std::int64_t queries : {1, 3, 40})
    for (double bad : {kNan, kInf, -kInf})
      for (bool causal : {false, true})
        expect_right({.batch = 1, .heads = 1, .queries = queries, .keys = 40, .causal = causal}, GetParam(),
                     [=](Data& d) { d.key.set(11 * 38 + 3, bad); });
}

// A value counts with its weight, which is 0 where a query may not see it: 0 times NaN or an infinity is NaN.
TEST_P(AttentionLevel, ValuesThatAreNotFinite) {
  for (std::int64_t queries : {1, 3, 40})
    for (double bad : {kNan, kInf, -kInf})
      for (int window : {0, 5})
        expect_right({.batch = 1, .heads = 1, .queries = queries, .keys = 400, .causal = true, .window = window}, GetParam(), [=](Data& d) {
          d.value.set(13 * 398 + 3, bad);
          d.value.set(13 * 2 + 7, bad);
        });
  // Beyond a row's length there is none.
  expect_right({.batch = 1, .queries = 3, .keys = 40, .lengths = {20}}, GetParam(), [](Data& d) {
    for (std::size_t j = 20; j < 40; ++j) {
      d.value.set(13 * j, kNan);
      d.key.set(11 * j, kNan);
    }
  });
}

TEST_P(AttentionLevel, QueriesAndMasksThatAreNotFinite) {
  for (std::int64_t queries : {1, 3, 40})
    for (double bad : {kNan, kInf, -kInf}) {
      expect_right({.batch = 1, .queries = queries, .keys = 40}, GetParam(), [=](Data& d) { d.query.set(5, bad); });
      expect_right({.batch = 1, .heads = 1, .queries = queries, .keys = 40, .mask = TENON_F32, .mask_dims = {queries, 40}}, GetParam(),
                   [=](Data& d) { d.mask.set(7, bad); });
      expect_right({.batch = 1, .heads = 1, .queries = queries, .keys = 40, .sinks = TENON_F32}, GetParam(),
                   [=](Data& d) { d.sinks.set(0, bad); });
    }
}

// What is computed from given values, with one query of zeros: weights are those of the mask alone.
struct Given {
  std::vector<double> mask, values;
  double expected;
};
TEST_P(AttentionLevel, ByHand) {
  const double lowest = -3.4028234663852886e38;
  for (const Given& g :
       {Given{{0, 0, 0}, {6, 12, 18}, 12}, Given{{-kInf, 0, 0}, {6, 12, 18}, 15}, Given{{-kInf, -kInf, -kInf}, {6, 12, 18}, 0},
        Given{{lowest, lowest, lowest}, {6, 12, 18}, 12}, Given{{lowest, -kInf, lowest}, {6, 12, 18}, 12},
        Given{{lowest, 0, -1e9}, {6, 12, 18}, 12}, Given{{0, kInf, 0}, {6, 12, 18}, kNan}, Given{{0, kNan, 0}, {6, 12, 18}, kNan},
        Given{{-kInf, 0, 0}, {kNan, 12, 18}, kNan}, Given{{3e38, 0, 0}, {6, 12, 18}, 6}, Given{{0, 0, 0}, {1e30, -1e30, 3}, 1}})
    for (tenon_dtype dtype : {TENON_F32, TENON_BF16}) {
      const Case c{
          .dtype = dtype, .batch = 1, .heads = 1, .queries = 1, .keys = 3, .size = 1, .value_size = 1, .mask = TENON_F32, .mask_dims = {3}};
      Data d(c);
      d.query.set(0, 0);
      for (std::size_t j = 0; j < 3; ++j) {
        d.mask.set(j, g.mask[j]);
        d.value.set(j, g.values[j]);
      }
      run(c, d, GetParam());
      EXPECT_TRUE(close(d.output.get(0), g.expected, g.values[0] == 1e30 ? 1e24 : 1e-5))
          << GetParam() << ": " << d.output.get(0) << ", not " << g.expected;
    }
}

// Products beyond f32 follow the text: inf - inf is NaN, and a score of -inf weighs nothing.
TEST_P(AttentionLevel, Overflow) {
  for (std::int64_t queries : {1, 40}) {
    const Case c{.batch = 1, .heads = 1, .queries = queries, .keys = 2, .size = 2, .value_size = 1, .scale = 1};
    Data d(c);
    d.query.fill([](std::size_t) { return 1e30; });
    d.key.fill([](std::size_t i) { return i < 2 ? -1e30 : 1e-30; });
    d.value.fill([](std::size_t i) { return i == 0 ? 5 : 7; });
    run(c, d, GetParam());
    EXPECT_EQ(d.output.get(0), 7);
    d.key.set(1, 1e30);
    run(c, d, GetParam());
    EXPECT_TRUE(std::isnan(d.output.get(0))) << d.output.get(0);
  }
}

INSTANTIATE_TEST_SUITE_P(Levels, AttentionLevel, testing::ValuesIn(kLevels), level_name);

TEST(AttentionPlan, DeclinesF64) {
  plugin::host_table = &host::api();
  tenon_call call;
  const tenon_kernel* kernel = tenon_operator_scaled_dot_product_attention.kernels[0];
  const tenon_node node{"scaled_dot_product_attention", {{TENON_F64, {1, 2, 3}}}, {}, {}};
  EXPECT_NE(kernel->supports(&call, kernel, &node), TENON_OK);
  EXPECT_EQ(call.message, "takes f16, bf16 and f32, not f64");
}

}  // namespace
