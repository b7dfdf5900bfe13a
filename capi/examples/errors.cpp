// An error and what to do about it: it says which node, what was wrong and what to try; the graph is as it was before.
#include <cstdio>

#include "tenon/tenon.hpp"

int main() {
  const tenon::Context context;
  tenon::Graph graph(context, "norm");
  const tenon_value x = graph.input("x", TENON_F32, {2, 4});
  try {
    graph.node("rms_norm", {x}, {{"epsilom", 1e-5}}, "first");
    return 1;  // it was accepted
  } catch (const tenon::Error& error) {
    std::printf("%s\n", error.code_name().c_str());                         // INVALID_ARGUMENT
    std::printf("%s\n", error.message().c_str());                           // [rms_norm] has no attribute "epsilom"
    std::printf("%s %s\n", error.node().c_str(), error.operand().c_str());  // first epsilom
    std::printf("%s\n", error.advice().c_str());                            // did you mean epsilon?
  }
  graph.output("y", graph.node("rms_norm", {x}, {{"epsilon", 1e-5}}, "first")[0]);
  std::printf("%zu step\n", graph.compile().step_count());
  return 0;
}
