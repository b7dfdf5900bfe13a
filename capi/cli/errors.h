// What the command says when it cannot do what it was asked: one form for errors of the library and of the command itself.
#pragma once

#include <exception>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

struct tenon_error;

namespace tenon::cli {

using Json = nlohmann::ordered_json;

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;      // the request failed
inline constexpr int kWrongUsage = 2;  // the command line was wrong

class Failure : public std::exception {
 public:
  // code: a name of base.h, "INVALID_ARGUMENT".
  Failure(std::string_view code, std::string_view message, std::string_view advice = {});
  // Of an error of the library, which is released. error may be NULL.
  static Failure take(int code, tenon_error* error);

  // Completes where it happened: "file", "node", "operand" or "plugin". What is known already stays.
  Failure&& at(std::string_view what, std::string_view name) &&;
  // For an error that arose while reading an input's file: says which input, unless it does already.
  Failure&& name_input(std::string_view input) &&;
  Failure&& exit_with(int status) &&;

  int status() const { return status_; }
  const char* what() const noexcept override { return "failure"; }
  std::string report(bool colour) const;  // for a person: error: CODE: message, place, advice; ends in a newline
  std::string json() const;               // {"error": {..}} on one line; ends in a newline

 private:
  Json error_;
  int status_ = kFailed;
};

// Wrong usage of the command line: exit status 2.
Failure wrong_usage(std::string_view message, std::string_view advice = {});

// Text of a JSON value that may contain bytes that are not UTF-8 (file names): those are replaced.
std::string dump(const Json& json, int indent = -1);

// A field of a report as text, or the fallback when it is absent: the command shows what a library gives, of whatever version.
std::string field(const Json& object, const char* key, std::string_view fallback = {});
// A list in a report, or an empty one.
const Json& list(const Json& object, const char* key);
// An operator's name as a graph file has it: Tenon's own without their namespace.
std::string op_name(const Json& object, const char* key);
double number(const Json& object, const char* key, double fallback = 0);

}  // namespace tenon::cli
