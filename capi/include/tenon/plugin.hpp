// tenon/plugin.hpp - C++17 over plugin.h, header only. Tenon's own operators are written with it.
//
// An operator is three functions and a table:
//
//   void infer(const Node& node) { node.set_result(0, node.operand(0)); }
//   void lower(Builder& b) { b.finish({b.multiply(b.operand(0), b.operand(0))}); }
//   TENON_OPERATOR(square) = Operator("square").infer<infer>().lower<lower>();
//
// and a plugin is an array of tables and one line:
//
//   constexpr const tenon_operator* kOperators[] = {&tenon_operator_square};
//   TENON_DEFINE_PLUGIN("org.example.square", "0.1.0", kOperators)
//
// Errors: the functions throw (fail(), node.fail(), a refusal of the host, bad_alloc); the thunks behind infer<>, lower<>, .. catch
// everything and report it through error_set, so that no exception reaches the host. A kernel's run is not fenced: it must not throw.
// Tables are constant-initialised: a plugin needs no code at load time. Nothing here may be called from a kernel's run but Run.
#ifndef TENON_PLUGIN_HPP_
#define TENON_PLUGIN_HPP_

#include <cstring>
#include <new>
#include <string_view>

#include "tenon/plugin_builder.hpp"

namespace tenon {
namespace plugin {

// ---- The fence: what lies between the host and a function of the plugin that may throw ----
template <class Body>
int32_t fence(tenon_call* call, const Body& body) {
  const auto report = [call](int32_t code, std::string_view message) {
    return host().error_set(call, code, message.data(), message.size(), nullptr, 0);
  };
  try {
    body();
    return TENON_OK;
  } catch (const Failure& failure) {
    return failure.report(call);
  } catch (const std::bad_alloc&) {
    return report(TENON_RESOURCE_EXHAUSTED, "out of memory");
  } catch (const std::exception& error) {
    return report(TENON_INTERNAL, error.what());
  } catch (...) {
    return report(TENON_INTERNAL, "the plugin threw something that is not a std::exception");
  }
}

template <auto Body>
int32_t infer_thunk(tenon_call* call, const tenon_operator*, const tenon_node* node) {
  return fence(call, [&] { Body(Node(call, node)); });
}
template <auto Body>
int32_t lower_thunk(tenon_call* call, const tenon_operator*, const tenon_node* node, tenon_builder* builder) {
  return fence(call, [&] {
    Builder b(call, node, builder);
    Body(b);
  });
}
template <auto Body>
int32_t lower_as_thunk(tenon_call* call, const tenon_operator*, const tenon_node* node, const char* target, size_t length,
                       tenon_builder* builder) {
  return fence(call, [&] {
    Builder b(call, node, builder);
    Body(b, std::string_view(target, length));
  });
}
template <auto Body>
int32_t supports_thunk(tenon_call* call, const tenon_kernel* self, const tenon_node* node) {
  return fence(call, [&] { Body(Node(call, node), *self); });
}
template <auto Body>
int32_t plan_thunk(tenon_call* call, const tenon_kernel* self, const tenon_node* node, tenon_kernel_plan* out) {
  return fence(call, [&] { Body(Node(call, node), *self, *out); });
}
template <auto Body>
void destroy_thunk(tenon_call* call, const tenon_kernel*, void* state) {
  (void)fence(call, [&] { Body(state); });
}

// ---- Tables, constant-initialised ----
struct Operator : tenon_operator {  // name: as in the manifest
  constexpr explicit Operator(std::string_view op_name, uint32_t op_version = 1)
      : tenon_operator{TENON_HEADER_INIT(tenon_operator, TENON_KIND_OPERATOR),
                       op_name.data(),
                       op_name.size(),
                       op_version,
                       0,
                       nullptr,
                       nullptr,
                       nullptr,
                       nullptr,
                       0,
                       nullptr} {}
  template <auto Body>  // void (const Node&)
  constexpr Operator infer() const {
    Operator out = *this;
    out.tenon_operator::infer = infer_thunk<Body>;
    return out;
  }
  template <auto Body>  // void (Builder&)
  constexpr Operator lower() const {
    Operator out = *this;
    out.tenon_operator::lower = lower_thunk<Body>;
    return out;
  }
  template <auto Body>  // void (Builder&, std::string_view target)
  constexpr Operator lower_as() const {
    Operator out = *this;
    out.tenon_operator::lower_as = lower_as_thunk<Body>;
    return out;
  }
  template <std::size_t Count>
  constexpr Operator kernels(const tenon_kernel* const (&list)[Count]) const {
    Operator out = *this;
    out.tenon_operator::kernels = list;
    out.kernel_count = Count;
    return out;
  }
  constexpr Operator kernels_only() const {
    Operator out = *this;
    out.flags |= TENON_OPERATOR_KERNELS_ONLY;
    return out;
  }
};

struct Kernel : tenon_kernel {  // name: as in the manifest; level: a name of configs/arch.json, empty: none
  constexpr explicit Kernel(std::string_view kernel_name, std::string_view kernel_level = {}, const void* kernel_table = nullptr)
      : tenon_kernel{TENON_HEADER_INIT(tenon_kernel, TENON_KIND_KERNEL),
                     kernel_name.data(),
                     kernel_name.size(),
                     kernel_level.empty() ? nullptr : kernel_level.data(),
                     kernel_level.size(),
                     0,
                     0,
                     kernel_table,
                     nullptr,
                     nullptr,
                     nullptr,
                     nullptr} {}
  constexpr Kernel strided() const {
    Kernel out = *this;
    out.flags |= TENON_KERNEL_STRIDED;
    return out;
  }
  template <auto Body>  // void (const Node&, const tenon_kernel&): throws to decline
  constexpr Kernel supports() const {
    Kernel out = *this;
    out.tenon_kernel::supports = supports_thunk<Body>;
    return out;
  }
  template <auto Body>  // void (const Node&, const tenon_kernel&, tenon_kernel_plan&)
  constexpr Kernel plan() const {
    Kernel out = *this;
    out.tenon_kernel::plan = plan_thunk<Body>;
    return out;
  }
  constexpr Kernel run(decltype(tenon_kernel::run) body) const {
    Kernel out = *this;
    out.tenon_kernel::run = body;
    return out;
  }
  template <auto Body>  // void (void* state)
  constexpr Kernel destroy() const {
    Kernel out = *this;
    out.plan_destroy = destroy_thunk<Body>;
    return out;
  }
};

// ---- The entry point ----
inline int32_t answer_query(const tenon_host_info* info, tenon_plugin_info* out, std::string_view name, std::string_view version,
                            const tenon_operator* const* operators, std::size_t count, uint32_t required_minor) {
  tenon_plugin_info answer = TENON_PLUGIN_INFO_INIT;
  answer.api_minor_built = TENON_PLUGIN_API_MINOR;
  answer.api_minor_required = required_minor;
  answer.api_minor_chosen = info->api_minor_max < answer.api_minor_built ? info->api_minor_max : answer.api_minor_built;
  answer.sanitizer = TENON_SANITIZER_HERE;
  answer.name = name.data();
  answer.name_length = name.size();
  answer.version = version.data();
  answer.version_length = version.size();
  answer.runtime = "none";
  answer.runtime_length = 4;
  answer.operators = operators;
  answer.operator_count = count;
  const uint32_t room = out->header.struct_size;
  if (room < sizeof answer) answer.header.struct_size = room;
  answer.header.next = out->header.next;
  std::memcpy(out, &answer, answer.header.struct_size);
  if (info->api_major != TENON_PLUGIN_API_MAJOR || answer.api_minor_chosen < required_minor ||
      answer.api_minor_chosen < info->api_minor_min)
    return TENON_INCOMPATIBLE;
  if (info->api != nullptr) host_table.store(info->api, std::memory_order_relaxed);
  return TENON_OK;
}

}  // namespace plugin
}  // namespace tenon

// Declares and defines the table of one operator: TENON_OPERATOR(rms_norm) = Operator("rms_norm")...;
#define TENON_OPERATOR(name)                             \
  extern "C" const tenon_operator tenon_operator_##name; \
  constexpr tenon_operator tenon_operator_##name

// Once per plugin: `operators` is a constant array of pointers to tables.
#define TENON_DEFINE_PLUGIN(name, version, operators)                                                                       \
  extern "C" int32_t TENON_PLUGIN_ENTRY(const tenon_host_info* host, tenon_plugin_info* out) {                              \
    return ::tenon::plugin::answer_query(host, out, name, version, operators, sizeof(operators) / sizeof(operators[0]), 0); \
  }

#endif  // TENON_PLUGIN_HPP_
