// A decoder's loop: each step appends a key and a value to a cache and attends to all that is in it. Four query heads share two key and
// value heads. Every step is compared with attention in double over the keys so far.
#include <cmath>
#include <cstdio>
#include <random>

#include "tenon/tenon.hpp"

namespace {

constexpr int kHeads = 4, kKvHeads = 2, kSize = 8, kCapacity = 16, kSteps = 6;
using Floats = std::vector<float>;

tenon::Program build(const tenon::Context& context) {
  tenon::Graph graph(context, "decode");
  const tenon_value query = graph.input("query", TENON_F32, {1, kHeads, 1, kSize});
  const tenon_value key = graph.input("key", TENON_F32, {1, kKvHeads, 1, kSize});
  const tenon_value value = graph.input("value", TENON_F32, {1, kKvHeads, 1, kSize});
  const tenon_value keys = graph.input("keys", TENON_F32, {1, kKvHeads, kCapacity, kSize});
  const tenon_value values = graph.input("values", TENON_F32, {1, kKvHeads, kCapacity, kSize});
  const tenon_value start = graph.input("start", TENON_I32, {}), length = graph.input("length", TENON_I32, {1});
  const tenon_value new_keys = graph.node("kv_cache_update", {keys, key, start})[0];
  const tenon_value new_values = graph.node("kv_cache_update", {values, value, start})[0];
  graph.output("y", graph.node("scaled_dot_product_attention", {query, new_keys, new_values, TENON_VALUE_NONE, length})[0]);
  graph.output("new_keys", new_keys);
  graph.output("new_values", new_values);
  return graph.compile();
}

// One query per head over the keys and values so far, each [kv head][size].
std::vector<double> attention(const Floats& query, const std::vector<Floats>& keys, const std::vector<Floats>& values) {
  std::vector<double> out(kHeads * kSize, 0.0);
  for (std::size_t head = 0; head < kHeads; ++head) {
    const std::size_t group = head * kKvHeads / kHeads * kSize;
    std::vector<double> weights;
    double top = -INFINITY, sum = 0;
    for (const Floats& key : keys) {
      double score = 0;
      for (std::size_t i = 0; i < kSize; ++i) score += double{query[head * kSize + i]} * key[group + i];
      weights.push_back(score / std::sqrt(double{kSize}));
      top = std::fmax(top, weights.back());
    }
    for (double& weight : weights) sum += weight = std::exp(weight - top);
    for (std::size_t step = 0; step < values.size(); ++step)
      for (std::size_t i = 0; i < kSize; ++i) out[head * kSize + i] += weights[step] / sum * values[step][group + i];
  }
  return out;
}

}  // namespace

int main() {
  const tenon::Context context;
  const tenon::Program program = build(context);
  Floats query(kHeads * kSize), key(kKvHeads * kSize), value(kKvHeads * kSize), y(kHeads * kSize);
  Floats keys(kKvHeads * kCapacity * kSize), values(keys);
  std::vector<Floats> seen_keys, seen_values;
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  double worst = 0;
  for (std::int32_t step = 0; step < kSteps; ++step) {
    for (Floats* part : {&query, &key, &value})
      for (float& v : *part) v = normal(random);
    const std::int32_t length = step + 1;
    // The caches are inputs and outputs at once: they are updated in place, and nothing is copied.
    const tenon::View cached_keys = tenon::view(keys, {1, kKvHeads, kCapacity, kSize});
    const tenon::View cached_values = tenon::view(values, {1, kKvHeads, kCapacity, kSize});
    program.run(
        {tenon::view(query, {1, kHeads, 1, kSize}), tenon::view(key, {1, kKvHeads, 1, kSize}), tenon::view(value, {1, kKvHeads, 1, kSize}),
         cached_keys, cached_values, tenon::view(&step, {}), tenon::view(&length, {1})},
        {tenon::view(y, {1, kHeads, 1, kSize}), cached_keys, cached_values});

    seen_keys.push_back(key);
    seen_values.push_back(value);
    const std::vector<double> want = attention(query, seen_keys, seen_values);
    for (std::size_t i = 0; i < y.size(); ++i) worst = std::fmax(worst, std::fabs(y[i] - want[i]));
  }
  if (!(worst < 1e-6)) {
    std::fprintf(stderr, "off by %g\n", worst);
    return 1;
  }
  std::printf("%d steps, all within 1e-6 of double\n", kSteps);
  return 0;
}
