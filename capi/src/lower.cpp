#include "capi/src/handles.h"

using namespace tenon;        // NOLINT: the entry points below are C
using namespace tenon::capi;  // NOLINT

extern "C" {

int32_t tenon_target_find(tenon_context* context, const char* name, size_t length, tenon_target** out, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(context);
    TENON_CHECK_ARGUMENT(out);
    TENON_ASSIGN(std::string target, text(name, length, "name"));
    TENON_ASSIGN(Target found, find_target(target));
    *out = new tenon_target{std::move(found)};
    return {};
  });
}

const char* tenon_target_get_yaml(const tenon_target* target, size_t* length) {
  static const std::string empty;
  const std::string& yaml = target == nullptr ? empty : target->target.yaml;
  if (length != nullptr) *length = yaml.size();
  return yaml.c_str();
}

void tenon_target_release(tenon_target* target) { delete target; }

int32_t tenon_graph_lower(const tenon_graph* graph, const tenon_target* target, const tenon_lower_options* options, tenon_module** out,
                          tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(graph);
    TENON_CHECK_ARGUMENT(target);
    TENON_CHECK_ARGUMENT(out);
    tenon_lower_options given = TENON_LOWER_OPTIONS_INIT;
    TENON_TRY(receive_options(given, options, TENON_KIND_LOWER_OPTIONS));
    TENON_ASSIGN(LoweredGraph lowered, lower_for_target(graph->graph, target->target, *graph->context->context,
                                                        given.params == nullptr ? nullptr : &given.params->archive));
    *out = new tenon_module{std::move(lowered.text), decisions_json(lowered.decisions)};
    return {};
  });
}

int32_t tenon_module_print(const tenon_module* module, tenon_blob** out, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(module);
    TENON_CHECK_ARGUMENT(out);
    return make_blob(module->text, out);
  });
}

int32_t tenon_module_decisions_json(const tenon_module* module, tenon_blob** out, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(module);
    TENON_CHECK_ARGUMENT(out);
    return make_blob(module->decisions, out);
  });
}

void tenon_module_release(tenon_module* module) { delete module; }

}  // extern "C"
