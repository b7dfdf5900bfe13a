#include "errors.h"

#include "handles.h"
#include "terminal.h"

namespace tenon::cli {

Failure::Failure(std::string_view code, std::string_view message, std::string_view advice) {
  error_ = {{"code", code}, {"message", message}, {"where", Json::object()}, {"advice", advice}, {"domain", "command"}};
}

Failure Failure::take(int code, tenon_error* error) {
  Failure failure(tenon_code_name(code), "the library gave no reason");
  std::size_t length = 0;
  const char* text = tenon_error_get_json(error, &length);
  Json json = Json::parse(text, text + length, nullptr, false);
  if (json.is_object() && json.contains("error") && json["error"].is_object()) {
    failure.error_ = std::move(json["error"]);
    // A list of problems is carried as text among what else is known.
    if (failure.error_.contains("payload") && failure.error_["payload"].contains("problems")) {
      Json problems = Json::parse(field(failure.error_["payload"], "problems"), nullptr, false);
      if (problems.is_array()) failure.error_["problems"] = std::move(problems);
      failure.error_.erase("payload");
    }
    if (!failure.error_.contains("where") || !failure.error_["where"].is_object()) failure.error_["where"] = Json::object();
  }
  tenon_error_release(error);
  return failure;
}

Failure&& Failure::at(std::string_view what, std::string_view name) && {
  if (!error_["where"].contains(what)) error_["where"][std::string(what)] = name;
  return std::move(*this);
}

Failure&& Failure::name_input(std::string_view input) && {
  const std::string words = "input " + std::string(input) + ": ", message = field(error_, "message");
  if (message.compare(0, words.size(), words) != 0) error_["message"] = words + message;
  return std::move(*this).at("operand", input);
}

Failure&& Failure::exit_with(int status) && {
  status_ = status;
  return std::move(*this);
}

Failure wrong_usage(std::string_view message, std::string_view advice) {
  return Failure("INVALID_ARGUMENT", message, advice).exit_with(kWrongUsage);
}

namespace {

void append_head(std::string& out, const Json& error) {
  const std::string code = field(error, "code", "UNKNOWN");
  out += code;
  // A number from a plugin that is none of ours: all there is to search for.
  if (code == "UNKNOWN" && error.contains("number")) out += " (" + dump(error["number"]) + ")";
  out += ": " + printable_lines(field(error, "message")) + "\n";
}

void append_rest(std::string& out, const Json& error) {
  const Json where = error.contains("where") && error["where"].is_object() ? error["where"] : Json::object();
  if (where.contains("file")) {
    out += " --> " + printable(field(where, "file"));
    if (where.contains("line")) out += ":" + field(where, "line");
    if (where.contains("line") && where.contains("column")) out += ":" + field(where, "column");
    out += "\n";
  }
  std::string place;
  for (const char* kind : {"node", "operand", "plugin"})
    if (where.contains(kind)) place += (place.empty() ? "" : ", ") + std::string(kind) + " \"" + printable(field(where, kind)) + "\"";
  if (!place.empty()) out += " --> " + place + "\n";
  const std::string advice = field(error, "advice");
  if (!advice.empty()) out += "  advice: " + printable_lines(advice) + "\n";
}

}  // namespace

std::string Failure::report(bool colour) const {
  std::string out = styled("error:", Style::Red, colour) + " ";
  append_head(out, error_);
  append_rest(out, error_);
  for (const Json* error = &error_; error->contains("cause") && (*error)["cause"].is_object();) {
    error = &(*error)["cause"];
    out += "  because: ";
    append_head(out, *error);
    append_rest(out, *error);
  }
  const Json& problems = list(error_, "problems");  // this one and others
  for (std::size_t i = 1; i < problems.size(); ++i) {
    out += styled("error:", Style::Red, colour) + " ";
    append_head(out, problems[i]);
    append_rest(out, problems[i]);
  }
  if (problems.size() > 1) out += std::to_string(problems.size()) + " problems\n";
  return out;
}

std::string Failure::json() const { return dump(Json{{"error", error_}}) + "\n"; }

std::string dump(const Json& json, int indent) { return json.dump(indent, ' ', false, Json::error_handler_t::replace); }

std::string field(const Json& object, const char* key, std::string_view fallback) {
  if (!object.is_object()) return std::string(fallback);
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return std::string(fallback);
  return found->is_string() ? found->get<std::string>() : dump(*found);
}

const Json& list(const Json& object, const char* key) {
  static const Json empty = Json::array();
  if (!object.is_object()) return empty;
  const auto found = object.find(key);
  return found == object.end() || !found->is_array() ? empty : *found;
}

std::string op_name(const Json& object, const char* key) {
  const std::string name = field(object, key);
  return name.compare(0, 6, "tenon.") == 0 ? name.substr(6) : name;
}

double number(const Json& object, const char* key, double fallback) {
  if (!object.is_object()) return fallback;
  const auto found = object.find(key);
  return found == object.end() || !found->is_number() ? fallback : found->get<double>();
}

Json parse_report(const Blob& blob) {
  const std::string_view text = text_of(blob);
  Json json = Json::parse(text.begin(), text.end(), nullptr, false);
  if (!json.is_object()) throw Failure("INTERNAL", "a report of the library is not a JSON object", "report this as a bug of Tenon");
  return json;
}

}  // namespace tenon::cli
