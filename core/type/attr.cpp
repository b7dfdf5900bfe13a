#include "core/type/attr.h"

#include <algorithm>
#include <cstring>

namespace tenon {
namespace {

// Bounds on what comes through the C interface: a wrong count must not make us walk over foreign memory for long.
constexpr std::size_t kMaxItems = 1u << 20;
constexpr std::size_t kMaxText = 1u << 24;
constexpr int kMaxDepth = 4;

bool same_bits(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

template <class List, class Print>
std::string list_text(const List& values, Print print) {
  std::string out = "[";
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out += ", ";
    out += print(values[i]);
  }
  return out + "]";
}

struct KindName {
  std::string operator()(bool) const { return "bool"; }
  std::string operator()(const IntAttr&) const { return "integer"; }
  std::string operator()(const FloatAttr&) const { return "float"; }
  std::string operator()(const std::string&) const { return "string"; }
  std::string operator()(DType) const { return "dtype"; }
  std::string operator()(const IntsAttr&) const { return "list of integers"; }
  std::string operator()(const FloatsAttr&) const { return "list of floats"; }
  std::string operator()(const BoolsAttr&) const { return "list of bools"; }
  std::string operator()(const SymbolAttr&) const { return "symbol"; }
  std::string operator()(const StringsAttr&) const { return "list of strings"; }
  std::string operator()(const DictAttr&) const { return "dictionary"; }
};

struct Print {
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(const IntAttr& attr) const { return cat(attr.value); }
  std::string operator()(const FloatAttr& attr) const {
    return attr.type == DType::F64 ? shortest(attr.value) : shortest(static_cast<float>(attr.value));
  }
  std::string operator()(const std::string& text) const { return quoted(text); }
  std::string operator()(DType dtype) const { return std::string(name(dtype)); }
  std::string operator()(const IntsAttr& attr) const {
    return list_text(attr.values, [](std::int64_t value) { return cat(value); });
  }
  std::string operator()(const FloatsAttr& attr) const {
    return list_text(attr.values, [](double value) { return shortest(value); });
  }
  std::string operator()(const BoolsAttr& attr) const {
    return list_text(attr.values, [](bool value) { return cat(value); });
  }
  std::string operator()(const SymbolAttr& attr) const { return "@" + attr.name; }
  std::string operator()(const StringsAttr& attr) const { return list_text(attr.values, quoted); }
  std::string operator()(const DictAttr& attr) const {
    std::string out = "{";
    for (const NamedAttr& item : attr.items) {
      if (out.size() > 1) out += ", ";
      out += item.name + " = " + to_string(item.value);
    }
    return out + "}";
  }
};

// Fills the value part of a C view.
struct ToC {
  tenon_attr& view;
  AttrViewStorage& storage;

  void text(std::string_view value) const {
    view.kind = TENON_ATTR_STRING;
    view.text = value.data();
    view.count = value.size();
  }
  void items(std::vector<tenon_attr> children, tenon_attr_kind kind) const {
    // The vector's own memory does not move when `nested` grows, so views handed out earlier stay valid.
    storage.nested.push_back(std::move(children));
    view.kind = kind;
    view.items = storage.nested.back().data();
    view.count = storage.nested.back().size();
  }
  void operator()(bool value) const {
    view.kind = TENON_ATTR_BOOL;
    view.i64 = value ? 1 : 0;
  }
  void operator()(const IntAttr& attr) const {
    view.kind = TENON_ATTR_I64;
    view.i64 = attr.value;
  }
  void operator()(const FloatAttr& attr) const {
    view.kind = TENON_ATTR_F64;
    view.f64 = attr.value;
  }
  void operator()(const std::string& value) const { text(value); }
  void operator()(DType dtype) const {
    view.kind = TENON_ATTR_DTYPE;
    view.i64 = static_cast<std::int64_t>(dtype);
  }
  void operator()(const IntsAttr& attr) const {
    view.kind = TENON_ATTR_I64S;
    view.i64s = attr.values.data();
    view.count = attr.values.size();
  }
  void operator()(const FloatsAttr& attr) const {
    view.kind = TENON_ATTR_F64S;
    view.f64s = attr.values.data();
    view.count = attr.values.size();
  }
  void operator()(const BoolsAttr& attr) const {
    storage.ints.emplace_back(attr.values.begin(), attr.values.end());
    view.kind = TENON_ATTR_BOOLS;
    view.i64s = storage.ints.back().data();
    view.count = storage.ints.back().size();
  }
  void operator()(const SymbolAttr& attr) const { text(attr.name); }  // C has no symbols: the name travels as text
  void operator()(const StringsAttr& attr) const {
    std::vector<tenon_attr> children;
    for (const std::string& value : attr.values) {
      tenon_attr child = TENON_ATTR_INIT;
      ToC{child, storage}.text(value);
      children.push_back(child);
    }
    items(std::move(children), TENON_ATTR_STRINGS);
  }
  void operator()(const DictAttr& attr) const {
    std::vector<tenon_attr> children;
    for (const NamedAttr& item : attr.items) children.push_back(to_c(item, storage));
    items(std::move(children), TENON_ATTR_DICT);
  }
};

Error bad(std::string_view name, std::string what) {
  return fail(Code::InvalidArgument, cat("attribute \"", name, "\": ", what)).operand(std::string(name));
}

Result<std::string> read_text(const char* text, std::size_t length, std::string_view what) {
  if (length > kMaxText) return fail(Code::InvalidArgument, cat(what, " has ", length, " bytes, at most ", kMaxText, " are taken"));
  if (text == nullptr && length > 0) return fail(Code::InvalidArgument, cat(what, " is NULL but has a length of ", length));
  std::string out = length == 0 ? std::string() : std::string(text, length);
  if (!is_valid_utf8(out)) return fail(Code::InvalidArgument, cat(what, " is not UTF-8"));
  return out;
}

template <class T>
Status check_list(std::string_view name, const T* data, std::size_t count, std::string_view member) {
  if (count > kMaxItems) return bad(name, cat("a count of ", count, ", at most ", kMaxItems, " are taken"));
  if (data == nullptr && count > 0) return bad(name, cat(member, " is NULL but count is ", count));
  return {};
}

Result<NamedAttr> read(const tenon_attr& attr, int depth);

Result<Attr> read_value(const tenon_attr& attr, std::string_view name, int depth) {
  switch (attr.kind) {
    case TENON_ATTR_BOOL:
      if (attr.i64 != 0 && attr.i64 != 1) return bad(name, cat("a bool must be 0 or 1, got ", attr.i64));
      return Attr(attr.i64 == 1);
    case TENON_ATTR_I64:
      return Attr(IntAttr{attr.i64});
    case TENON_ATTR_F64:
      return Attr(FloatAttr{attr.f64});
    case TENON_ATTR_STRING: {
      TENON_ASSIGN(std::string text, read_text(attr.text, attr.count, cat("attribute \"", name, "\": the text")));
      return Attr(std::move(text));
    }
    case TENON_ATTR_DTYPE: {
      if (attr.i64 < 0 || attr.i64 > INT32_MAX || !is_valid(static_cast<DType>(attr.i64)))
        return bad(name, cat(attr.i64, " is no element type"));
      return Attr(static_cast<DType>(attr.i64));
    }
    case TENON_ATTR_I64S:
      TENON_TRY(check_list(name, attr.i64s, attr.count, "i64s"));
      return Attr(IntsAttr{{attr.i64s, attr.i64s + attr.count}});
    case TENON_ATTR_F64S:
      TENON_TRY(check_list(name, attr.f64s, attr.count, "f64s"));
      return Attr(FloatsAttr{{attr.f64s, attr.f64s + attr.count}});
    case TENON_ATTR_BOOLS: {
      TENON_TRY(check_list(name, attr.i64s, attr.count, "i64s"));
      BoolsAttr list;
      for (std::size_t i = 0; i < attr.count; ++i) {
        if (attr.i64s[i] != 0 && attr.i64s[i] != 1) return bad(name, cat("a bool must be 0 or 1, got ", attr.i64s[i]));
        list.values.push_back(attr.i64s[i] == 1);
      }
      return Attr(std::move(list));
    }
    case TENON_ATTR_STRINGS: {
      TENON_TRY(check_list(name, attr.items, attr.count, "items"));
      StringsAttr list;
      for (std::size_t i = 0; i < attr.count; ++i) {
        if (attr.items[i].kind != TENON_ATTR_STRING)
          return bad(name, cat("item ", i, " of a list of strings has kind ", attr.items[i].kind));
        TENON_ASSIGN(std::string text, read_text(attr.items[i].text, attr.items[i].count, cat("attribute \"", name, "\": item ", i)));
        list.values.push_back(std::move(text));
      }
      return Attr(std::move(list));
    }
    case TENON_ATTR_DICT: {
      if (depth >= kMaxDepth) return bad(name, cat("dictionaries nest deeper than ", kMaxDepth));
      TENON_TRY(check_list(name, attr.items, attr.count, "items"));
      DictAttr dict;
      for (std::size_t i = 0; i < attr.count; ++i) {
        TENON_ASSIGN(NamedAttr item, read(attr.items[i], depth + 1));
        if (find(dict.items, item.name) != nullptr) return bad(name, cat("the name \"", item.name, "\" occurs twice"));
        dict.items.push_back(std::move(item));
      }
      return Attr(std::move(dict));
    }
    default:
      return bad(name, cat("kind ", attr.kind, " is not known"));
  }
}

Result<NamedAttr> read(const tenon_attr& attr, int depth) {
  TENON_ASSIGN(std::string name, read_text(attr.name, attr.name_length, "an attribute's name"));
  if (name.empty()) return fail(Code::InvalidArgument, "an attribute has no name");
  TENON_ASSIGN(Attr value, read_value(attr, name, depth));
  return NamedAttr{std::move(name), std::move(value), (attr.flags & TENON_ATTR_DEFAULTED) != 0};
}

template <class T>
const T* get_as(const Dict& dict, std::string_view name) {
  const Attr* attr = find(dict, name);
  return attr == nullptr ? nullptr : std::get_if<T>(attr);
}

}  // namespace

bool FloatAttr::operator==(const FloatAttr& other) const { return type == other.type && same_bits(value, other.value); }
bool FloatsAttr::operator==(const FloatsAttr& other) const {
  return std::equal(values.begin(), values.end(), other.values.begin(), other.values.end(), same_bits);
}
bool DictAttr::operator==(const DictAttr& other) const { return items == other.items; }

const Attr* find(const Dict& dict, std::string_view name) {
  for (const NamedAttr& item : dict) {
    if (item.name == name) return &item.value;
  }
  return nullptr;
}

void set(Dict& dict, std::string_view name, Attr value) {
  for (NamedAttr& item : dict) {
    if (item.name != name) continue;
    item.value = std::move(value);
    item.defaulted = false;
    return;
  }
  dict.push_back(NamedAttr{std::string(name), std::move(value)});
}

void sort_by_name(Dict& dict) {
  std::stable_sort(dict.begin(), dict.end(), [](const NamedAttr& a, const NamedAttr& b) { return a.name < b.name; });
}

std::int64_t get_int(const Dict& dict, std::string_view name, std::int64_t fallback) {
  const IntAttr* attr = get_as<IntAttr>(dict, name);
  return attr == nullptr ? fallback : attr->value;
}

double get_float(const Dict& dict, std::string_view name, double fallback) {
  if (const FloatAttr* attr = get_as<FloatAttr>(dict, name)) return attr->value;
  if (const IntAttr* attr = get_as<IntAttr>(dict, name)) return static_cast<double>(attr->value);  // "epsilon: 1" is a float too
  return fallback;
}

bool get_bool(const Dict& dict, std::string_view name, bool fallback) {
  const bool* attr = get_as<bool>(dict, name);
  return attr == nullptr ? fallback : *attr;
}

std::string_view get_string(const Dict& dict, std::string_view name, std::string_view fallback) {
  if (const std::string* attr = get_as<std::string>(dict, name)) return *attr;
  if (const SymbolAttr* attr = get_as<SymbolAttr>(dict, name)) return attr->name;
  return fallback;
}

const std::vector<std::int64_t>& get_ints(const Dict& dict, std::string_view name) {
  static const std::vector<std::int64_t> empty;
  const IntsAttr* attr = get_as<IntsAttr>(dict, name);
  return attr == nullptr ? empty : attr->values;
}

const std::vector<bool>& get_bools(const Dict& dict, std::string_view name) {
  static const std::vector<bool> empty;
  const BoolsAttr* attr = get_as<BoolsAttr>(dict, name);
  return attr == nullptr ? empty : attr->values;
}

std::string kind_name(const Attr& attr) { return std::visit(KindName{}, attr); }
std::string to_string(const Attr& attr) { return std::visit(Print{}, attr); }

tenon_attr to_c(const NamedAttr& attr, AttrViewStorage& storage) {
  tenon_attr view = TENON_ATTR_INIT;
  view.name = attr.name.data();
  view.name_length = attr.name.size();
  view.flags = attr.defaulted ? TENON_ATTR_DEFAULTED : 0;
  std::visit(ToC{view, storage}, attr.value);
  return view;
}

Result<NamedAttr> from_c(const tenon_attr& attr) { return read(attr, 0); }

}  // namespace tenon
