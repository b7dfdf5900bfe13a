#include <cmath>

#include "core/graphfile/values.h"
#include "core/type/convert.h"

namespace tenon::graphfile {
namespace {

using yaml::Document;
using yaml::error_at;
using yaml::Kind;
using yaml::Node;

bool is_symbol(std::string_view text) {
  if (text.empty() || text.size() > 64) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    if (!letter && (i == 0 || c < '0' || c > '9')) return false;
  }
  return true;
}

// One element at `out`, in the dtype's storage.
Status read_element(const Document& document, const Node& node, DType dtype, std::byte* out) {
  if (dtype == DType::I1) {
    TENON_ASSIGN(const bool value, yaml::as_bool(document, node, "value"));
    store_i64(dtype, out, value ? 1 : 0);
    return {};
  }
  const auto no_fit = [&] {
    return error_at(document, node, cat("value ", node.scalar, " is not a value of ", name(dtype)), Code::OutOfRange)
        .advise("use another value, or another dtype");
  };
  if (is_float(dtype)) {
    TENON_ASSIGN(const double value, yaml::as_f64(document, node, "value"));
    store_f64(dtype, out, value);
    const double stored = load_f64(dtype, out);
    const bool lost = std::isnan(value) ? !std::isnan(stored) : std::isinf(value) ? stored != value : !std::isfinite(stored);
    return lost ? Status(no_fit()) : Status();
  }
  if (dtype == DType::UI64 && node.is_scalar())
    if (const auto large = parse_u64(node.scalar); large && *large > static_cast<std::uint64_t>(INT64_MAX)) {
      store_i64(dtype, out, static_cast<std::int64_t>(*large));
      return {};
    }
  TENON_ASSIGN(const std::int64_t value, yaml::as_i64(document, node, "value"));
  if (!fits(dtype, value)) return no_fit();
  store_i64(dtype, out, value);
  return {};
}

// The lists match the shape, so there are as many values as elements: only then
// is memory taken for them.
Status check_lists(const Document& document, const Node& node, const Dims& dims, std::size_t depth) {
  if (depth == dims.size()) return {};
  if (node.kind != Kind::Sequence || node.items.size() != static_cast<std::size_t>(dims[depth])) {
    const std::string got = node.kind == Kind::Sequence ? cat("one of ", node.items.size()) : std::string("a single value");
    return error_at(document, node, cat("value: shape ", dims_text(dims), " needs a list of ", dims[depth], " here, got ", got))
        .advise(
            "write nested lists that match the shape, or one value for all "
            "elements");
  }
  for (const Node& item : node.items) TENON_TRY(check_lists(document, item, dims, depth + 1));
  return {};
}

Status read_lists(const Document& document, const Node& node, const TensorType& type, std::size_t depth, std::byte*& out) {
  if (depth < type.dims.size()) {
    for (const Node& item : node.items) TENON_TRY(read_lists(document, item, type, depth + 1, out));
    return {};
  }
  TENON_TRY(read_element(document, node, type.dtype, out));
  out += storage_size(type.dtype);
  return {};
}

}  // namespace

Result<Attr> read_attribute(const Document& document, const Node& node, const AttrSchema& attr, std::string_view what) {
  if (node.is_null()) return error_at(document, node, cat(what, " has no value")).advise("write a value, or leave the attribute out");
  const bool list = node.kind == Kind::Sequence;
  switch (attr.type) {
    case AttrType::Bool: {
      TENON_ASSIGN(const bool value, yaml::as_bool(document, node, what));
      return Attr(value);
    }
    case AttrType::Int: {
      TENON_ASSIGN(const std::int64_t value, yaml::as_i64(document, node, what));
      return Attr(IntAttr{value});
    }
    case AttrType::F64: {
      TENON_ASSIGN(const double value, yaml::as_f64(document, node, what));
      return Attr(FloatAttr{value});
    }
    case AttrType::String: {
      TENON_ASSIGN(std::string value, yaml::as_string(document, node, what));
      return Attr(std::move(value));
    }
    case AttrType::DType: {
      TENON_ASSIGN(const DType value, read_dtype(document, node));
      return Attr(value);
    }
    case AttrType::Ints: {  // one number is a list of one
      IntsAttr values;
      for (std::size_t i = 0; i < (list ? node.items.size() : 1); ++i) {
        TENON_ASSIGN(const std::int64_t value, yaml::as_i64(document, list ? node.items[i] : node, what));
        values.values.push_back(value);
      }
      return Attr(std::move(values));
    }
    case AttrType::Floats: {
      FloatsAttr values;
      for (std::size_t i = 0; i < (list ? node.items.size() : 1); ++i) {
        TENON_ASSIGN(const double value, yaml::as_f64(document, list ? node.items[i] : node, what));
        values.values.push_back(value);
      }
      return Attr(std::move(values));
    }
  }
  return error_at(document, node, cat(what, " has a type that is not known"), Code::Internal);
}

Result<DType> read_dtype(const Document& document, const Node& node) {
  TENON_ASSIGN(const std::string text, yaml::as_string(document, node, "dtype"));
  const auto dtype = dtype_from_name(text);
  if (!dtype) return error_at(document, node, cat("unknown dtype ", text)).advise(cat("use one of: ", dtype_names()));
  return *dtype;
}

Result<SymbolicType> read_type(yaml::Reader& reader) {
  const Document& document = reader.document();
  SymbolicType out;
  TENON_ASSIGN(const Node* dtype, reader.required("dtype"));
  TENON_ASSIGN(out.type.dtype, read_dtype(document, *dtype));
  TENON_ASSIGN(const Node* shape, reader.required("shape"));
  if (shape->kind != Kind::Sequence)
    return error_at(document, *shape, "shape must be a list of dimensions").advise("write shape: [4, 640], or [] for a single value");
  if (shape->items.size() > static_cast<std::size_t>(kMaxRank))
    return error_at(document, *shape, cat("shape has ", shape->items.size(), " dimensions, at most ", kMaxRank, " are taken"));
  bool symbolic = false;
  for (const Node& item : shape->items) {
    out.symbols.emplace_back();
    if (item.is_scalar() && item.scalar.starts_with('?')) {
      out.type.dims.push_back(kDynamic);
      if (item.scalar.size() == 1) continue;
      out.symbols.back() = item.scalar.substr(1);
      symbolic = true;
      if (!is_symbol(out.symbols.back()))
        return error_at(document, item, cat("\"", item.scalar, "\" is no dimension"))
            .advise("a name after ? has letters, digits and _: \"?batch\"");
      continue;
    }
    Result<std::int64_t> size = yaml::as_i64(document, item, "a dimension");
    if (!size.ok()) return std::move(size.take_error()).advise("a dimension is a number, \"?\" or \"?name\"");
    if (*size < 0)
      return error_at(document, item, cat("a dimension must not be negative, got ", *size))
          .advise("write \"?\" for a size that is not known yet");
    out.type.dims.push_back(*size);
  }
  if (!symbolic) out.symbols.clear();
  if (Status status = check_type(out.type); !status.ok()) return error_at(document, *shape, status.error().message, status.error().code);
  return out;
}

Result<ConstantData> read_constant(const Document& document, const Node& node, const TensorType& type) {
  if (!type.is_static())
    return error_at(document, node, cat("a constant has no dynamic dimensions, got ", to_string(type)))
        .advise("give every dimension a size");
  ConstantData out;
  out.splat = node.kind != Kind::Sequence && !type.dims.empty();
  if (!out.splat) TENON_TRY(check_lists(document, node, type.dims, 0));
  const TensorType stored = out.splat ? TensorType{type.dtype, {}} : type;
  Result<Tensor> tensor = Tensor::zeros(stored);
  if (!tensor.ok()) return error_at(document, node, tensor.error().message, tensor.error().code);
  std::byte* at = tensor->data();
  TENON_TRY(read_lists(document, node, stored, 0, at));
  out.data = std::make_shared<const Tensor>(*std::move(tensor));
  return out;
}

}  // namespace tenon::graphfile
