// rms_norm: build, lower, run. C++17, needs tenon.hpp and libtenon alone. The result is compared with the formula in double.
#include <cmath>
#include <cstdio>

#include "tenon/tenon.hpp"

int main() {
  tenon::Context context;
  tenon::Graph graph(context, "norm");
  const tenon_value x = graph.input("x", TENON_F32, {2, 4});
  const tenon_value w = graph.input("w", TENON_F32, {4});
  graph.output("y", graph.node("rms_norm", {x, w}, {{"epsilon", 1e-5}})[0]);

  const std::string text = graph.lower("iree");    // StableHLO text for IREE
  const tenon::Program program = graph.compile();  // plan once, run often
  const std::vector<float> rows = {1, 2, 3, 4, -1, 0, 1, 0}, scale = {1, 1, 2, 0.5f};
  std::vector<float> y(8);
  program.run({tenon::view(rows, {2, 4}), tenon::view(scale, {4})}, {tenon::view(y, {2, 4})});

  for (std::size_t row = 0; row < 2; ++row) {
    double sum = 0;
    for (std::size_t i = 0; i < 4; ++i) sum += double{rows[row * 4 + i]} * rows[row * 4 + i];
    for (std::size_t i = 0; i < 4; ++i) {
      const double want = rows[row * 4 + i] / std::sqrt(sum / 4 + 1e-5) * scale[i];
      if (!(std::fabs(y[row * 4 + i] - want) <= 1e-6)) {
        std::fprintf(stderr, "y[%zu,%zu] is %g, the formula gives %g\n", row, i, double{y[row * 4 + i]}, want);
        return 1;
      }
      std::printf("%.4f%s", double{y[row * 4 + i]}, i == 3 ? "\n" : " ");
    }
  }
  std::printf("%s", text.c_str());
  return 0;
}
