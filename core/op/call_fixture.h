// For call_test.cpp and run_call_test.cpp: calls into a plugin that is not there, with what it logs.
#pragma once

#include "core/op/test_support.h"

namespace tenon::testing {

struct LogLine {
  std::int32_t level;
  std::string category, text;
};

class Call : public ::testing::Test {
 protected:
  Call() {
    environment.log_level = TENON_LOG_WARNING;
    environment.log = [this](std::int32_t level, std::string_view category, std::string_view text) {
      lines.push_back({level, std::string(category), std::string(text)});
      if (on_log) on_log();
    };
  }
  Status call(const std::function<std::int32_t(tenon_call*)>& callback) {
    tenon_call frame;
    return invoke(provider, environment, "[op] infer", frame, callback);
  }
  FakeProvider provider;
  Environment environment;
  std::vector<LogLine> lines;
  std::function<void()> on_log;
  const tenon_host_api& api = host_api();
};

}  // namespace tenon::testing
