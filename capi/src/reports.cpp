#include "capi/src/handles.h"

using namespace tenon;        // NOLINT: the entry points below are C
using namespace tenon::capi;  // NOLINT

extern "C" {

int32_t tenon_operators_json(tenon_context* context, const char* name, size_t length, tenon_blob** out, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(context);
    TENON_CHECK_ARGUMENT(out);
    TENON_ASSIGN(std::string op, text(name, length, "name"));
    TENON_ASSIGN(std::string json, operators_json(*context->context, op));
    return make_blob(std::move(json), out);
  });
}

int32_t tenon_plugins_json(tenon_context* context, tenon_blob** out, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(context);
    TENON_CHECK_ARGUMENT(out);
    return make_blob(plugins_json(*context->context), out);
  });
}

int32_t tenon_plugin_preload(tenon_context* context, const char* name, size_t length, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(context);
    TENON_ASSIGN(std::string plugin, text(name, length, "name"));
    return context->context->loader().preload(plugin);
  });
}

int32_t tenon_plugin_lint(tenon_context* context, const char* path, size_t length, tenon_blob** out, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(context);
    TENON_CHECK_ARGUMENT(out);
    TENON_ASSIGN(std::string file, text(path, length, "path"));
    TENON_ASSIGN(std::string json, lint_json(*context->context, file));
    return make_blob(std::move(json), out);
  });
}

int32_t tenon_targets_json(tenon_context* context, tenon_blob** out, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(context);
    TENON_CHECK_ARGUMENT(out);
    return make_blob(targets_json(*context->context), out);
  });
}

int32_t tenon_inspect_json(tenon_context* context, const char* path, size_t length, tenon_blob** out, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(context);
    TENON_CHECK_ARGUMENT(out);
    TENON_ASSIGN(std::string file, text(path, length, "path"));
    TENON_ASSIGN(std::string json, inspect_json(*context->context, file));
    return make_blob(std::move(json), out);
  });
}

int32_t tenon_machine_json(tenon_context* context, tenon_blob** out, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(context);
    TENON_CHECK_ARGUMENT(out);
    return make_blob(machine_json(*context->context), out);
  });
}

}  // extern "C"

namespace {

Result<VerifyOptions> read_verify_options(const tenon_verify_options* given) {
  tenon_verify_options options = TENON_VERIFY_OPTIONS_INIT;
  TENON_TRY(receive_options(options, given, TENON_KIND_VERIFY_OPTIONS));
  VerifyOptions out;
  TENON_ASSIGN(out.dtype, text(options.dtype, options.dtype_length, "dtype"));
  if (!out.dtype.empty() && !dtype_from_name(out.dtype))
    return fail(Code::InvalidArgument, "unknown dtype ", out.dtype).advise(cat("use one of: ", dtype_names()));
  if (options.reserved0 != 0) return fail(Code::NotUnderstood, "tenon_verify_options.reserved0 is not 0");
  out.seed = options.seed;
  out.random_cases = options.random_cases;
  TENON_ASSIGN(out.export_folder, text(options.export_folder, options.export_folder_length, "export_folder"));
  return out;
}

Status give(VerifyReport report, tenon_blob** out, std::uint32_t* failed) {
  const std::uint32_t count = report.failed;
  TENON_TRY(make_blob(std::move(report.json), out));
  if (failed != nullptr) *failed = count;
  return {};
}

}  // namespace

extern "C" {

int32_t tenon_verify_operator_json(tenon_context* context, const char* op, size_t length, const tenon_verify_options* options,
                                   tenon_blob** out, uint32_t* failed, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(context);
    TENON_CHECK_ARGUMENT(out);
    TENON_ASSIGN(std::string name, text(op, length, "op"));
    TENON_ASSIGN(VerifyOptions core, read_verify_options(options));
    TENON_ASSIGN(VerifyReport report, verify_operator(*context->context, name, core));
    return give(std::move(report), out, failed);
  });
}

int32_t tenon_verify_graph_json(const tenon_graph* graph, const tenon_params* params, const tenon_verify_options* options, tenon_blob** out,
                                uint32_t* failed, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(graph);
    TENON_CHECK_ARGUMENT(out);
    TENON_ASSIGN(VerifyOptions core, read_verify_options(options));
    if (!core.export_folder.empty()) return fail(Code::InvalidArgument, "export_folder is for an operator's cases; a graph has none");
    TENON_ASSIGN(VerifyReport report,
                 verify_graph(*graph->context->context, graph->graph, params == nullptr ? nullptr : &params->archive, core));
    return give(std::move(report), out, failed);
  });
}

}  // extern "C"
