// Errors as values. Nothing in core throws on bad input: a function that can fail returns Status or Result<T>, and the error
// says what was wrong, where, and what to do about it. Exceptions from the standard library (bad_alloc) are fenced in capi/src.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/text.h"
#include "tenon/base.h"

namespace tenon {

// The numbers are those of tenon/base.h.
enum class Code : std::int32_t {
  Ok = TENON_OK,
  Cancelled = TENON_CANCELLED,
  Unknown = TENON_UNKNOWN,
  InvalidArgument = TENON_INVALID_ARGUMENT,
  DeadlineExceeded = TENON_DEADLINE_EXCEEDED,
  NotFound = TENON_NOT_FOUND,
  AlreadyExists = TENON_ALREADY_EXISTS,
  PermissionDenied = TENON_PERMISSION_DENIED,
  ResourceExhausted = TENON_RESOURCE_EXHAUSTED,
  FailedPrecondition = TENON_FAILED_PRECONDITION,
  Aborted = TENON_ABORTED,
  OutOfRange = TENON_OUT_OF_RANGE,
  Unimplemented = TENON_UNIMPLEMENTED,
  Internal = TENON_INTERNAL,
  Unavailable = TENON_UNAVAILABLE,
  DataLoss = TENON_DATA_LOSS,
  Unauthenticated = TENON_UNAUTHENTICATED,
  Incompatible = TENON_INCOMPATIBLE,
  PluginRejected = TENON_PLUGIN_REJECTED,
  NotUnderstood = TENON_NOT_UNDERSTOOD,
  ManifestInvalid = TENON_MANIFEST_INVALID,
  ManifestMismatch = TENON_MANIFEST_MISMATCH,
  Untrusted = TENON_UNTRUSTED,
  CpuUnsupported = TENON_CPU_UNSUPPORTED,
  DependencyMissing = TENON_DEPENDENCY_MISSING,
  ProbeFailed = TENON_PROBE_FAILED,
  FpEnvChanged = TENON_FP_ENV_CHANGED,
};

// "INVALID_ARGUMENT"; "UNKNOWN" for a number that is none of ours. The text lives for the process.
std::string_view code_name(std::int32_t code);
inline std::string_view code_name(Code code) { return code_name(static_cast<std::int32_t>(code)); }

// Where an error arose. Empty fields are unknown. line and column count from 1; 0 is unknown.
struct Where {
  std::string file;
  int line = 0;
  int column = 0;
  std::string node;     // a graph node's name
  std::string operand;  // an operand, attribute or input by name
  std::string plugin;
};

struct Error {
  Code code = Code::Unknown;
  std::int32_t raw_code = TENON_UNKNOWN;  // the number as it came, also when it is none of ours
  std::string message;
  std::string advice;  // one sentence that someone can act on; may be empty
  std::string domain = "core";
  Where where;
  std::vector<std::pair<std::string, std::string>> payload;
  std::shared_ptr<const Error> cause;

  // Fluent completion: return fail(Code::NotFound, "no such file").file(path).advise("check the path");
  Error&& file(std::string path, int line = 0, int column = 0) &&;
  Error&& node(std::string name) &&;
  Error&& operand(std::string name) &&;
  Error&& plugin(std::string name) &&;
  Error&& advise(std::string sentence) &&;
  Error&& because(Error inner) &&;
};

Error fail(Code code, std::string message);

template <class... Parts>
requires(sizeof...(Parts) > 1) Error fail(Code code, const Parts&... parts) { return fail(code, cat(parts...)); }

// "error: CODE: message", then where and advice on lines of their own: the form of every report to a person.
std::string to_string(const Error& error);

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : error_(std::make_unique<Error>(std::move(error))) {}  // NOLINT: implicit by design
  bool ok() const { return error_ == nullptr; }
  explicit operator bool() const { return ok(); }
  const Error& error() const& { return *error_; }
  Error take_error() { return std::move(*error_); }

 private:
  std::unique_ptr<Error> error_;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}                               // NOLINT: implicit by design
  Result(Error error) : state_(std::in_place_index<1>, std::make_unique<Error>(std::move(error))) {}  // NOLINT
  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const { return *std::get<1>(state_); }
  Error take_error() { return std::move(*std::get<1>(state_)); }

 private:
  std::variant<T, std::unique_ptr<Error>> state_;
};

#define TENON_CONCAT_(a, b) a##b
#define TENON_CONCAT(a, b) TENON_CONCAT_(a, b)

// Leaves the function with the error of a Status.
#define TENON_TRY(expression)                                                                                 \
  do {                                                                                                        \
    if (::tenon::Status tenon_status_ = (expression); !tenon_status_.ok()) return tenon_status_.take_error(); \
  } while (0)

// TENON_ASSIGN(auto value, function()): the value of a Result, or leaves the function with its error.
#define TENON_ASSIGN(declaration, expression) TENON_ASSIGN_(TENON_CONCAT(tenon_result_, __LINE__), declaration, expression)
#define TENON_ASSIGN_(result, declaration, expression) \
  auto result = (expression);                          \
  if (!result.ok()) return result.take_error();        \
  declaration = *std::move(result)

}  // namespace tenon
