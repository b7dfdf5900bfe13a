// Every registered operator x dtype x SIMD level that this machine has x case: kernel against lowering. The list is what the context knows,
// so a new operator is tested by being there.
#include <nlohmann/json.hpp>

#include "tests/pipeline/support.h"

using namespace tenon_test;
using nlohmann::json;

namespace {

json machine(tenon_context* context) {
  tenon_blob* blob = nullptr;
  must([&](tenon_error** e) { return tenon_machine_json(context, &blob, e); });
  Owned<tenon_blob> owned(blob);
  return json::parse(tenon_blob_get_data(blob, nullptr));
}

TEST(Conformance, EveryOperatorAtEveryLevel) {
  const json levels = machine(make_context().get())["levels"];
  ASSERT_FALSE(levels.empty());
  for (const std::string level : levels) {
    Owned<tenon_context> context = make_context(level.c_str());
    tenon_blob* blob = nullptr;
    must([&](tenon_error** e) { return tenon_operators_json(context.get(), nullptr, 0, &blob, e); });
    Owned<tenon_blob> owned(blob);
    const json operators = json::parse(tenon_blob_get_data(blob, nullptr))["operators"];
    ASSERT_GE(operators.size(), 3u) << "the packs of this build were not found";
    for (const json& op : operators) {
      const std::string name = op["full_name"];
      tenon_verify_options options = TENON_VERIFY_OPTIONS_INIT;
      options.seed = 20;
      options.random_cases = 60;
      tenon_blob* report = nullptr;
      std::uint32_t failed = 0;
      must([&](tenon_error** e) {
        return tenon_verify_operator_json(context.get(), name.c_str(), name.size(), &options, &report, &failed, e);
      });
      Owned<tenon_blob> owned_report(report);
      const json rows = json::parse(tenon_blob_get_data(report, nullptr));
      EXPECT_EQ(failed, 0u) << name << " at " << level;
      EXPECT_GT(rows["passed"].get<int>(), 20) << name << " at " << level;
      for (const json& row : rows["rows"]) {
        EXPECT_NE(row["status"], "failed") << row.dump(1);
        // A kernel that the manifest lists is what ran, at the forced level or without one.
        if (!op["kernels"].empty() && row["status"] == "ok") {
          EXPECT_TRUE(row["level"] == level || row["level"] == "") << row.dump(1);
        }
      }
    }
  }
}

}  // namespace
