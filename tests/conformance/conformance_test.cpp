// Every registered operator x dtype x case, and every kernel x SIMD level that this machine has: kernel against lowering. The list is what
// the context knows, so a new operator is tested by being there.
#include "tests/conformance/cases.h"

using namespace tenon_test;

namespace {

#if defined(TENON_SANITIZED)
constexpr std::uint32_t kCases = 3, kCasesPerLevel = 2;  // of the paths, not of the numbers
constexpr int kLeastPassed = 10;
#else
constexpr std::uint32_t kCases = 200, kCasesPerLevel = 60;
constexpr int kLeastPassed = 20;
#endif

json verify(tenon_context* context, const std::string& name, std::uint32_t cases) {
  tenon_verify_options options = TENON_VERIFY_OPTIONS_INIT;
  options.seed = 20;
  options.random_cases = cases;
  tenon_blob* report = nullptr;
  std::uint32_t failed = 0;
  must([&](tenon_error** e) { return tenon_verify_operator_json(context, name.c_str(), name.size(), &options, &report, &failed, e); });
  Owned<tenon_blob> owned(report);
  json rows = json::parse(tenon_blob_get_data(report, nullptr));
  EXPECT_EQ(failed, rows["failed"].get<std::uint32_t>());
  for (const json& row : rows["rows"]) EXPECT_NE(row["status"], "failed") << row.dump(1);
  return rows;
}

// The named cases and random ones: inference, lowering through the verifier, the interpreter, and the kernel where there is one.
TEST(Conformance, EveryOperator) {
  Owned<tenon_context> context = make_context();
  const json all = operators_of(context.get());
  ASSERT_GE(all.size(), 100u) << "the packs of this build were not found";
  for (const json& op : all) {
    const json report = verify(context.get(), op["full_name"], kCases);
    EXPECT_EQ(report["drawn"].get<std::uint32_t>(), kCases) << op["full_name"] << ": too few random cases were accepted";
  }
}

// Operators with kernels, at each level.
TEST(Conformance, EveryKernelAtEveryLevel) {
  const std::vector<std::string> levels = usable_levels();
  ASSERT_FALSE(levels.empty()) << "this machine has none of the levels that were built: " << TENON_BUILT_LEVELS;
  for (const std::string& level : levels) {
    Owned<tenon_context> context = make_context(level.c_str());
    std::size_t with_kernels = 0;
    for (const json& op : operators_of(context.get())) {
      if (op["kernels"].empty()) continue;
      ++with_kernels;
      const json report = verify(context.get(), op["full_name"], kCasesPerLevel);
      EXPECT_GT(report["passed"].get<int>(), kLeastPassed) << op["full_name"] << " at " << level;
      // A kernel that the manifest lists is what ran, at the forced level or without one.
      for (const json& row : report["rows"])
        if (row["status"] == "ok") {
          EXPECT_TRUE(row["level"] == level || row["level"] == "") << row.dump(1);
        }
    }
    EXPECT_GE(with_kernels, 1u);
  }
}

}  // namespace
