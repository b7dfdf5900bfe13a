#include "core/base/status.h"

namespace tenon {

std::string_view code_name(std::int32_t code) {
  switch (static_cast<Code>(code)) {
    case Code::Ok:
      return "OK";
    case Code::Cancelled:
      return "CANCELLED";
    case Code::Unknown:
      return "UNKNOWN";
    case Code::InvalidArgument:
      return "INVALID_ARGUMENT";
    case Code::DeadlineExceeded:
      return "DEADLINE_EXCEEDED";
    case Code::NotFound:
      return "NOT_FOUND";
    case Code::AlreadyExists:
      return "ALREADY_EXISTS";
    case Code::PermissionDenied:
      return "PERMISSION_DENIED";
    case Code::ResourceExhausted:
      return "RESOURCE_EXHAUSTED";
    case Code::FailedPrecondition:
      return "FAILED_PRECONDITION";
    case Code::Aborted:
      return "ABORTED";
    case Code::OutOfRange:
      return "OUT_OF_RANGE";
    case Code::Unimplemented:
      return "UNIMPLEMENTED";
    case Code::Internal:
      return "INTERNAL";
    case Code::Unavailable:
      return "UNAVAILABLE";
    case Code::DataLoss:
      return "DATA_LOSS";
    case Code::Unauthenticated:
      return "UNAUTHENTICATED";
    case Code::Incompatible:
      return "INCOMPATIBLE";
    case Code::PluginRejected:
      return "PLUGIN_REJECTED";
    case Code::NotUnderstood:
      return "NOT_UNDERSTOOD";
    case Code::ManifestInvalid:
      return "MANIFEST_INVALID";
    case Code::ManifestMismatch:
      return "MANIFEST_MISMATCH";
    case Code::Untrusted:
      return "UNTRUSTED";
    case Code::CpuUnsupported:
      return "CPU_UNSUPPORTED";
    case Code::DependencyMissing:
      return "DEPENDENCY_MISSING";
    case Code::ProbeFailed:
      return "PROBE_FAILED";
    case Code::FpEnvChanged:
      return "FP_ENV_CHANGED";
  }
  return "UNKNOWN";
}

Error&& Error::file(std::string path, int line, int column) && {
  where.file = std::move(path);
  where.line = line;
  where.column = column;
  return std::move(*this);
}

Error&& Error::node(std::string name) && {
  where.node = std::move(name);
  return std::move(*this);
}

Error&& Error::operand(std::string name) && {
  where.operand = std::move(name);
  return std::move(*this);
}

Error&& Error::plugin(std::string name) && {
  where.plugin = std::move(name);
  return std::move(*this);
}

Error&& Error::advise(std::string sentence) && {
  advice = std::move(sentence);
  return std::move(*this);
}

Error&& Error::because(Error inner) && {
  cause = std::make_shared<const Error>(std::move(inner));
  return std::move(*this);
}

Error fail(Code code, std::string message) {
  Error error;
  error.code = code;
  error.raw_code = static_cast<std::int32_t>(code);
  error.message = std::move(message);
  return error;
}

namespace {

// Messages quote names from files: a control character among them must not reach a terminal. U+0080 to U+009F, which are 0xc2 and one
// more byte, are controls too.
void append_safe(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  const auto byte_at = [text](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto append_hex = [&out, digits](unsigned byte) { out += cat("\\x", digits[byte >> 4], digits[byte & 15]); };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const unsigned byte = byte_at(i);
    if (byte == '\n' || byte == '\t') {
      out += text[i];
    } else if (byte < 0x20 || byte == 0x7f) {
      append_hex(byte);
    } else if (byte == 0xc2 && byte_at(i + 1) >= 0x80 && byte_at(i + 1) < 0xa0) {
      append_hex(byte);
      append_hex(byte_at(++i));
    } else {
      out += text[i];
    }
  }
}

void append_head(std::string& out, const Error& error) {
  const std::string_view known = code_name(error.raw_code);
  out += known;
  // A number from a plugin that is none of ours: show it, it is all there is to search for.
  if (known == "UNKNOWN" && error.raw_code != TENON_UNKNOWN) out += cat(" (", error.raw_code, ")");
  out += ": ";
  append_safe(out, error.message);
}

void append_place(std::string& out, const Where& where) {
  if (!where.file.empty()) {
    out += "\n --> ";
    append_safe(out, where.file);
    if (where.line > 0) out += cat(":", where.line);
    if (where.line > 0 && where.column > 0) out += cat(":", where.column);
  }
  std::string rest;
  const auto add = [&rest](std::string_view kind, const std::string& name) {
    if (!name.empty()) rest += cat(rest.empty() ? "" : ", ", kind, " \"", name, "\"");
  };
  add("node", where.node);
  add("operand", where.operand);
  add("plugin", where.plugin);
  if (rest.empty()) return;
  out += "\n --> ";
  append_safe(out, rest);
}

}  // namespace

std::string to_string(const Error& error) {
  std::string out = "error: ";
  append_head(out, error);
  append_place(out, error.where);
  if (!error.advice.empty()) {
    out += "\n  advice: ";
    append_safe(out, error.advice);
  }
  for (const Error* inner = error.cause.get(); inner != nullptr; inner = inner->cause.get()) {
    out += "\n  because: ";
    append_head(out, *inner);
    append_place(out, inner->where);
    if (!inner->advice.empty()) {
      out += "\n  advice: ";
      append_safe(out, inner->advice);
    }
  }
  return out;
}

}  // namespace tenon
