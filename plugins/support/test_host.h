// For *_test.cpp beside a kernel: the little of a host that supports, plan and run ask for, so that a kernel is tested at every level
// without libtenon. It defines what plugin.h leaves to the host.
#pragma once

#include <cstdlib>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tenon/plugin.hpp"

struct tenon_node {
  std::string op;
  std::vector<tenon::plugin::Type> operands, results;
  std::map<std::string, tenon_attr> attributes;
};
struct tenon_call {
  std::int32_t code = TENON_OK;
  std::string message;
};

namespace tenon::test_host {

inline tenon_machine machine = TENON_MACHINE_INIT;  // what plans see

inline tenon_attr attribute(bool value) {
  tenon_attr out = TENON_ATTR_INIT;
  out.kind = TENON_ATTR_BOOL;
  out.i64 = value;
  return out;
}
inline tenon_attr attribute(std::int64_t value) {
  tenon_attr out = TENON_ATTR_INIT;
  out.kind = TENON_ATTR_I64;
  out.i64 = value;
  return out;
}
inline tenon_attr attribute(double value) {
  tenon_attr out = TENON_ATTR_INIT;
  out.kind = TENON_ATTR_F64;
  out.f64 = value;
  return out;
}
inline tenon_attr attribute(std::string_view value) {  // borrows
  tenon_attr out = TENON_ATTR_INIT;
  out.kind = TENON_ATTR_STRING;
  out.text = value.data();
  out.count = value.size();
  return out;
}
inline tenon_attr attribute(const char* value) { return attribute(std::string_view(value)); }
inline tenon_attr attribute(const std::vector<std::int64_t>& value) {  // borrows
  tenon_attr out = TENON_ATTR_INIT;
  out.kind = TENON_ATTR_I64S;
  out.i64s = value.data();
  out.count = value.size();
  return out;
}

inline std::int32_t give(const std::vector<plugin::Type>& types, std::size_t index, tenon_type_view* out) {
  *out = TENON_TYPE_VIEW_INIT;
  if (index >= types.size() || !types[index]) return 0;
  *out = types[index].view();
  return 1;
}

// `machine.threads` threads, each with one part: the split is the same in every run.
inline void parallel_for(tenon_call*, std::size_t count, std::size_t grain, tenon_parallel_fn fn, void* argument) {
  const std::size_t parts = std::max<std::size_t>(1, std::min<std::size_t>(machine.threads, count / std::max<std::size_t>(grain, 1)));
  std::vector<std::thread> threads;
  for (std::size_t p = 1; p < parts; ++p) threads.emplace_back([=] { fn(argument, count * p / parts, count * (p + 1) / parts, p); });
  fn(argument, 0, count / parts, 0);
  for (std::thread& thread : threads) thread.join();
}

inline const tenon_host_api& api() {
  static const tenon_host_api table = [] {
    tenon_host_api t{};
    t.header = TENON_HEADER_INIT(tenon_host_api, TENON_KIND_HOST_API);
    t.error_set = [](tenon_call* call, std::int32_t code, const char* text, std::size_t length, const char*, std::size_t) {
      call->code = code;
      call->message.assign(text, length);
      return code;
    };
    t.node_operator = [](const tenon_node* node, std::size_t* length) {
      *length = node->op.size();
      return node->op.c_str();
    };
    t.node_operand_count = [](const tenon_node* node) { return node->operands.size(); };
    t.node_operand = [](const tenon_node* node, std::size_t index, tenon_type_view* out) { return give(node->operands, index, out); };
    t.node_result = [](const tenon_node* node, std::size_t index, tenon_type_view* out) { return give(node->results, index, out); };
    t.node_attr = [](const tenon_node* node, const char* name, std::size_t length, tenon_attr* out) {
      const auto found = node->attributes.find(std::string(name, length));
      if (found != node->attributes.end()) *out = found->second;
      return found != node->attributes.end() ? 1 : 0;
    };
    t.machine = [](tenon_call*, tenon_machine* out) {
      *out = machine;
      return std::int32_t{TENON_OK};
    };
    t.parallel_for = parallel_for;
    return t;
  }();
  return table;
}

}  // namespace tenon::test_host
