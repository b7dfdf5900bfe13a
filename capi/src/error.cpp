#include "capi/src/handles.h"
#include "core/base/json.h"

namespace tenon::capi {
namespace {

void write_where(JsonWriter& json, const Where& where) {
  json.key("where").begin_object();
  if (!where.file.empty()) json.field("file", where.file);
  if (where.line > 0) json.field("line", where.line);
  if (where.column > 0) json.field("column", where.column);
  if (!where.node.empty()) json.field("node", where.node);
  if (!where.operand.empty()) json.field("operand", where.operand);
  if (!where.plugin.empty()) json.field("plugin", where.plugin);
  json.end_object();
}

void write_error(JsonWriter& json, const Error& error) {
  json.begin_object();
  json.field("code", code_name(error.raw_code)).field("number", error.raw_code).field("message", error.message);
  write_where(json, error.where);
  json.field("advice", error.advice).field("domain", error.domain);
  if (!error.payload.empty()) {
    json.key("payload").begin_object();
    for (const auto& [key, value] : error.payload) json.field(key, value);
    json.end_object();
  }
  if (error.cause != nullptr) {
    json.key("cause");
    write_error(json, *error.cause);
  }
  json.end_object();
}

}  // namespace

std::unique_ptr<tenon_error> make_error(Error error) {
  auto result = std::make_unique<tenon_error>();
  JsonWriter json;
  json.begin_object().key("error");
  write_error(json, error);
  json.end_object();
  result->json = json.take();
  result->report = to_string(error);
  if (error.cause != nullptr) {
    result->cause = make_error(*error.cause);
    result->cause->borrowed = true;
  }
  result->error = std::move(error);
  return result;
}

}  // namespace tenon::capi

namespace {
const char* lend(const std::string& text, std::size_t* length) {
  if (length != nullptr) *length = text.size();
  return text.c_str();
}
const std::string kEmpty;
}  // namespace

extern "C" {

int32_t tenon_error_get_code(const tenon_error* error) { return error == nullptr ? TENON_OK : error->error.raw_code; }

const char* tenon_code_name(int32_t code) { return tenon::code_name(code).data(); }

const char* tenon_error_get_text(const tenon_error* error, int32_t field, size_t* length) {
  if (error == nullptr) return lend(kEmpty, length);
  const tenon::Error& e = error->error;
  switch (field) {
    case TENON_ERROR_MESSAGE:
      return lend(e.message, length);
    case TENON_ERROR_ADVICE:
      return lend(e.advice, length);
    case TENON_ERROR_DOMAIN:
      return lend(e.domain, length);
    case TENON_ERROR_FILE:
      return lend(e.where.file, length);
    case TENON_ERROR_NODE:
      return lend(e.where.node, length);
    case TENON_ERROR_OPERAND:
      return lend(e.where.operand, length);
    case TENON_ERROR_PLUGIN:
      return lend(e.where.plugin, length);
    default:
      return lend(kEmpty, length);
  }
}

void tenon_error_get_position(const tenon_error* error, int32_t* line, int32_t* column) {
  if (line != nullptr) *line = error == nullptr ? 0 : error->error.where.line;
  if (column != nullptr) *column = error == nullptr ? 0 : error->error.where.column;
}

const tenon_error* tenon_error_get_cause(const tenon_error* error) { return error == nullptr ? nullptr : error->cause.get(); }

int32_t tenon_error_get_payload(const tenon_error* error, size_t index, const char** key, const char** value) {
  if (error == nullptr || index >= error->error.payload.size()) return 0;
  if (key != nullptr) *key = error->error.payload[index].first.c_str();
  if (value != nullptr) *value = error->error.payload[index].second.c_str();
  return 1;
}

const char* tenon_error_get_json(const tenon_error* error, size_t* length) { return lend(error == nullptr ? kEmpty : error->json, length); }
const char* tenon_error_get_report(const tenon_error* error, size_t* length) {
  return lend(error == nullptr ? kEmpty : error->report, length);
}

void tenon_error_release(tenon_error* error) {
  if (error != nullptr && !error->borrowed) delete error;
}

const char* tenon_blob_get_data(const tenon_blob* blob, size_t* length) { return lend(blob == nullptr ? kEmpty : blob->bytes, length); }
void tenon_blob_release(tenon_blob* blob) { delete blob; }

}  // extern "C"
