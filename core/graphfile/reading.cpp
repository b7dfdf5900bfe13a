#include "core/graphfile/reading.h"

#include <filesystem>

#include "core/type/convert.h"

namespace tenon {
namespace {

using yaml::Document;

Status store(const Document& document, const yaml::Node& node, DType dtype, std::byte* element) {
  if (is_float(dtype)) {
    TENON_ASSIGN(const double number, as_f64(document, node, "value"));
    store_f64(dtype, element, number);
    return {};
  }
  if (dtype == DType::I1) {
    TENON_ASSIGN(const bool flag, as_bool(document, node, "value"));
    store_i64(dtype, element, flag ? 1 : 0);
    return {};
  }
  if (dtype == DType::UI64)
    if (const auto number = parse_u64(node.scalar); number && node.is_scalar()) {
      store_i64(dtype, element, static_cast<std::int64_t>(*number));
      return {};
    }
  TENON_ASSIGN(const std::int64_t number, as_i64(document, node, "value"));
  if (!fits(dtype, number)) return error_at(document, node, cat(number, " does not fit ", name(dtype)), Code::OutOfRange);
  store_i64(dtype, element, number);
  return {};
}

Status fill(const Document& document, const yaml::Node& node, const TensorType& type, std::size_t axis, std::byte*& element) {
  if (axis == type.dims.size()) {
    if (node.kind != yaml::Kind::Scalar)
      return error_at(document, node, cat("expected a number here: the shape is ", dims_text(type.dims)));
    TENON_TRY(store(document, node, type.dtype, element));
    element += storage_size(type.dtype);
    return {};
  }
  if (node.kind != yaml::Kind::Sequence || static_cast<std::int64_t>(node.items.size()) != type.dims[axis])
    return error_at(document, node, cat("expected a list of ", type.dims[axis], " here: the shape is ", dims_text(type.dims)));
  for (const yaml::Node& item : node.items) TENON_TRY(fill(document, item, type, axis + 1, element));
  return {};
}

}  // namespace

Result<TensorType> read_type(yaml::Reader& reader, std::vector<std::string>* symbols) {
  TensorType type;
  TENON_ASSIGN(std::string dtype, reader.string("dtype"));
  const std::optional<DType> known = dtype_from_name(dtype);
  if (!known)
    return error_at(reader.document(), *reader.optional("dtype"), cat("unknown dtype ", dtype)).advise(cat("use one of: ", dtype_names()));
  type.dtype = *known;
  TENON_ASSIGN(const yaml::Node* shape, reader.required("shape"));
  if (shape->kind != yaml::Kind::Sequence)
    return error_at(reader.document(), *shape, "a shape is a list of sizes").advise("write shape: [4, 640]; a scalar has shape: []");
  if (shape->items.size() > static_cast<std::size_t>(kMaxRank))
    return error_at(reader.document(), *shape, cat("rank ", shape->items.size(), " is above ", kMaxRank));
  bool named = false;
  std::vector<std::string> names;
  for (const yaml::Node& item : shape->items) {
    if (item.is_scalar() && item.scalar.starts_with('?')) {
      if (symbols == nullptr) return error_at(reader.document(), item, "only inputs have dynamic dimensions").advise("write a size");
      names.push_back(item.scalar.substr(1));
      named = named || !names.back().empty();
      type.dims.push_back(kDynamic);
      continue;
    }
    TENON_ASSIGN(const std::int64_t size, as_i64(reader.document(), item, "size"));
    if (size < 0)
      return error_at(reader.document(), item, cat("a size is not negative, got ", size)).advise("a dynamic dimension is \"?\"");
    names.emplace_back();
    type.dims.push_back(size);
  }
  if (named && symbols != nullptr) *symbols = std::move(names);
  Status valid = check_type(type);
  if (!valid.ok()) return error_at(reader.document(), *shape, valid.error().message);
  return type;
}

Result<Tensor> read_tensor(const Document& document, const yaml::Node& node, const TensorType& type) {
  const bool splat = node.kind == yaml::Kind::Scalar;
  TENON_ASSIGN(Tensor tensor, Tensor::zeros(splat ? TensorType{type.dtype, {}} : type));
  std::byte* element = tensor.data();
  if (splat) {
    TENON_TRY(store(document, node, type.dtype, element));
  } else {
    TENON_TRY(fill(document, node, type, 0, element));
  }
  return tensor;
}

Result<Attr> read_attribute(const Document& document, const yaml::Node& node) {
  if (node.kind != yaml::Kind::Sequence) {
    TENON_ASSIGN(std::string text, as_string(document, node, "attribute"));
    return Attr(std::move(text));
  }
  IntsAttr ints;
  FloatsAttr floats;
  StringsAttr texts;
  for (const yaml::Node& item : node.items) {
    TENON_ASSIGN(std::string text, as_string(document, item, "item"));
    if (const auto integer = parse_i64(text)) ints.values.push_back(*integer);
    if (const auto number = parse_f64(text)) floats.values.push_back(*number);
    texts.values.push_back(std::move(text));
  }
  if (ints.values.size() == texts.values.size()) return Attr(std::move(ints));
  if (floats.values.size() == texts.values.size()) return Attr(std::move(floats));
  return Attr(std::move(texts));
}

std::string beside(const std::string& file, const std::string& path) {
  const std::filesystem::path given(path);
  if (given.is_absolute()) return path;
  return (std::filesystem::path(file).parent_path() / given).lexically_normal().string();
}

}  // namespace tenon
