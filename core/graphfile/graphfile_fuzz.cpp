// Any bytes as a graph file: an error or a graph, never a crash; what was read
// is written and read back as the same text.
#include <cstdio>
#include <cstdlib>

#include "core/graphfile/fake_operators.h"
#include "core/graphfile/graphfile.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tenon;
  static const Registry registry = fake::make_registry();
  static const Environment environment;
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const bool prune : {false, true}) {
    const Result<GraphFile> read = parse_graph(text, "fuzz.yaml", registry, environment, {.prune = prune});
    if (!read.ok()) continue;
    const Result<std::string> written = graph_to_yaml(read->graph, registry);
    if (!written.ok()) continue;  // too large, for one
    const Result<GraphFile> again = parse_graph(*written, "again.yaml", registry, environment);
    const Result<std::string> same = again.ok() ? graph_to_yaml(again->graph, registry) : Result<std::string>(Error(again.error()));
    if (!same.ok() || *same != *written) {
      std::fprintf(stderr, "not read back:\n%s\n%s\n", written->c_str(), same.ok() ? same->c_str() : to_string(same.error()).c_str());
      std::abort();
    }
  }
  return 0;
}
