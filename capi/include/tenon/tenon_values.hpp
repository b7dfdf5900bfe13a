// tenon/tenon_values.hpp - what tenon.hpp is made of: errors, owners, types, views, attributes. Include tenon.hpp.
#ifndef TENON_TENON_VALUES_HPP_
#define TENON_TENON_VALUES_HPP_

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "tenon/tenon.h"

namespace tenon {
inline namespace v0_1 {

// What a failed call throws. what() is the whole report for a person; the parts are there too.
class Error : public std::runtime_error {
 public:
  // Takes over the error.
  Error(std::int32_t code, tenon_error* error) : Error(code, std::shared_ptr<const tenon_error>(error, release)) {}
  // An error of this header.
  Error(std::int32_t code, const std::string& message)
      : std::runtime_error(std::string("error: ") + tenon_code_name(code) + ": " + message), code_(code), message_(message) {}

  std::int32_t code() const noexcept { return code_; }  // TENON_INVALID_ARGUMENT
  std::string code_name() const { return tenon_code_name(code_); }
  std::string message() const { return error_ == nullptr ? message_ : text(TENON_ERROR_MESSAGE); }
  std::string advice() const { return text(TENON_ERROR_ADVICE); }    // one sentence that someone can act on, or ""
  std::string domain() const { return text(TENON_ERROR_DOMAIN); }    // "core", or a plugin's name and version
  std::string file() const { return text(TENON_ERROR_FILE); }        // with line() and column(), from 1; 0: unknown
  std::string node() const { return text(TENON_ERROR_NODE); }        // of the graph
  std::string operand() const { return text(TENON_ERROR_OPERAND); }  // or attribute, input, output
  std::string plugin() const { return text(TENON_ERROR_PLUGIN); }
  std::int32_t line() const { return position().first; }
  std::int32_t column() const { return position().second; }
  std::string json() const { return error_ == nullptr ? "{}" : tenon_error_get_json(error_.get(), nullptr); }
  // The error behind this one.
  std::optional<Error> cause() const {
    const tenon_error* cause = tenon_error_get_cause(error_.get());
    if (cause == nullptr) return std::nullopt;
    return Error(tenon_error_get_code(cause), std::shared_ptr<const tenon_error>(error_, cause));
  }
  const tenon_error* get() const noexcept { return error_.get(); }

 private:
  Error(std::int32_t code, std::shared_ptr<const tenon_error> error)
      : std::runtime_error(error == nullptr ? tenon_code_name(code) : tenon_error_get_report(error.get(), nullptr)),
        code_(code),
        message_(tenon_code_name(code)),
        error_(std::move(error)) {}
  static void release(const tenon_error* error) { tenon_error_release(const_cast<tenon_error*>(error)); }
  std::string text(std::int32_t field) const {
    std::size_t length = 0;
    const char* data = tenon_error_get_text(error_.get(), field, &length);
    return std::string(data, length);
  }
  std::pair<std::int32_t, std::int32_t> position() const {
    std::pair<std::int32_t, std::int32_t> out;
    tenon_error_get_position(error_.get(), &out.first, &out.second);
    return out;
  }
  std::int32_t code_;
  std::string message_;
  std::shared_ptr<const tenon_error> error_;
};

namespace detail {
// Calls f(.., &error) and throws what it reports.
template <class Function, class... Arguments>
void call(Function function, Arguments&&... arguments) {
  tenon_error* error = nullptr;
  const std::int32_t code = function(std::forward<Arguments>(arguments)..., &error);
  if (code != TENON_OK) throw Error(code, error);
}

inline std::string take(tenon_blob* blob) {
  const std::unique_ptr<tenon_blob, void (*)(tenon_blob*)> owner(blob, tenon_blob_release);
  std::size_t length = 0;
  const char* data = tenon_blob_get_data(blob, &length);
  return std::string(data, length);
}

// The same as call for a function that makes a blob of text.
template <class Function, class... Arguments>
std::string text(Function function, Arguments&&... arguments) {
  tenon_blob* blob = nullptr;
  call(function, std::forward<Arguments>(arguments)..., &blob);
  return take(blob);
}

// Owns one object, alone; the objects that it was made from stay until it is destroyed.
template <class T, void (*Destroy)(T*)>
class Owner {
 public:
  Owner() = default;
  Owner(Owner&&) noexcept = default;
  Owner& operator=(Owner&&) noexcept = default;
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;
  ~Owner() = default;
  T* get() const noexcept { return object_.get(); }
  explicit operator bool() const noexcept { return object_ != nullptr; }
  // A share in the lifetime, for what is made from it.
  std::shared_ptr<T> share() const noexcept { return object_; }

 protected:
  template <class... Parents>
  explicit Owner(T* object, Parents... parents)
      : object_(object, [parents...](T* last) {
          Destroy(last);
          (static_cast<void>(parents), ...);
        }) {}

 private:
  std::shared_ptr<T> object_;
};
}  // namespace detail

// ---- Types and views ----

struct Type {
  tenon_dtype dtype = TENON_DTYPE_INVALID;
  std::vector<std::int64_t> dims;  // TENON_DYNAMIC: not known yet
  Type() = default;
  Type(tenon_dtype element, std::vector<std::int64_t> sizes) : dtype(element), dims(std::move(sizes)) {}
  explicit Type(const tenon_type_view& view) : dtype(view.dtype), dims(view.dims, view.dims + view.rank) {}
  tenon_type_view get() const noexcept { return {dims.data(), static_cast<std::int32_t>(dims.size()), dtype}; }
  friend bool operator==(const Type& a, const Type& b) { return a.dtype == b.dtype && a.dims == b.dims; }
  friend bool operator!=(const Type& a, const Type& b) { return !(a == b); }
};

struct NamedType {
  std::string name;
  Type type;
};

// The dtype of a C++ type; specialise it for a 16-bit float type of your own.
template <class T>
struct DType;
// clang-format off
template <> struct DType<bool> { static constexpr tenon_dtype value = TENON_I1; };
template <> struct DType<std::int8_t> { static constexpr tenon_dtype value = TENON_I8; };
template <> struct DType<std::int16_t> { static constexpr tenon_dtype value = TENON_I16; };
template <> struct DType<std::int32_t> { static constexpr tenon_dtype value = TENON_I32; };
template <> struct DType<std::int64_t> { static constexpr tenon_dtype value = TENON_I64; };
template <> struct DType<std::uint8_t> { static constexpr tenon_dtype value = TENON_UI8; };
template <> struct DType<std::uint16_t> { static constexpr tenon_dtype value = TENON_UI16; };
template <> struct DType<std::uint32_t> { static constexpr tenon_dtype value = TENON_UI32; };
template <> struct DType<std::uint64_t> { static constexpr tenon_dtype value = TENON_UI64; };
template <> struct DType<float> { static constexpr tenon_dtype value = TENON_F32; };
template <> struct DType<double> { static constexpr tenon_dtype value = TENON_F64; };
// clang-format on

// A view of the caller's memory, with dims and strides of its own. strides: in elements; none: compact row-major.
class View {
 public:
  View(void* data, tenon_dtype dtype, std::vector<std::int64_t> dims, std::vector<std::int64_t> strides = {}, std::uint32_t flags = 0)
      : data_(data), type_(dtype, std::move(dims)), strides_(std::move(strides)), flags_(flags) {
    if (!strides_.empty() && strides_.size() != type_.dims.size())
      throw Error(TENON_INVALID_ARGUMENT,
                  "a view of rank " + std::to_string(type_.dims.size()) + " has " + std::to_string(strides_.size()) + " strides");
  }
  const Type& type() const noexcept { return type_; }
  void* data() const noexcept { return data_; }
  // Lent: points into this view.
  tenon_tensor_view get() const noexcept {
    tenon_tensor_view out = TENON_TENSOR_VIEW_INIT;
    out.data = data_;
    out.dims = type_.dims.data();
    out.strides = strides_.empty() ? nullptr : strides_.data();
    out.rank = static_cast<std::int32_t>(type_.dims.size());
    out.dtype = type_.dtype;
    out.flags = flags_;
    return out;
  }

 private:
  void* data_;
  Type type_;
  std::vector<std::int64_t> strides_;
  std::uint32_t flags_;
};

// A view of const elements is read-only.
template <class T>
View view(T* data, std::vector<std::int64_t> dims, std::vector<std::int64_t> strides = {}) {
  using Element = std::remove_const_t<T>;
  return View(const_cast<Element*>(data), DType<Element>::value, std::move(dims), std::move(strides),
              std::is_const_v<T> ? TENON_TENSOR_READ_ONLY : 0u);
}
// A vector or array as a compact tensor; its size must be the dims' product.
template <class Container, class = decltype(std::declval<Container&>().data())>
View view(Container& container, std::vector<std::int64_t> dims) {
  std::size_t elements = 1;
  for (const std::int64_t size : dims) elements *= static_cast<std::size_t>(size);
  if (elements != container.size())
    throw Error(TENON_INVALID_ARGUMENT, "a view of " + std::to_string(elements) + " elements over " + std::to_string(container.size()));
  return view(container.data(), std::move(dims));
}

// An attribute's name, or an alias of it, and its value. What the value must be the operator's schema says; a dtype is its name, "bf16".
class Attr {
 public:
  Attr(std::string name, bool value) : Attr(std::move(name), TENON_ATTR_BOOL, 0) { i64s_ = {value ? 1 : 0}; }
  Attr(std::string name, int value) : Attr(std::move(name), static_cast<std::int64_t>(value)) {}
  Attr(std::string name, std::int64_t value) : Attr(std::move(name), TENON_ATTR_I64, 0) { i64s_ = {value}; }
  Attr(std::string name, double value) : Attr(std::move(name), TENON_ATTR_F64, 0) { f64s_ = {value}; }
  Attr(std::string name, const char* value) : Attr(std::move(name), std::string(value)) {}
  Attr(std::string name, std::string value) : Attr(std::move(name), TENON_ATTR_STRING, 0) { texts_ = {std::move(value)}; }
  Attr(std::string name, std::initializer_list<std::int64_t> value) : Attr(std::move(name), std::vector<std::int64_t>(value)) {}
  Attr(std::string name, std::vector<std::int64_t> value) : Attr(std::move(name), TENON_ATTR_I64S, 0) { i64s_ = std::move(value); }
  Attr(std::string name, std::vector<double> value) : Attr(std::move(name), TENON_ATTR_F64S, 0) { f64s_ = std::move(value); }
  Attr(std::string name, std::vector<std::string> value) : Attr(std::move(name), TENON_ATTR_STRINGS, 0) { texts_ = std::move(value); }

 private:
  friend class Graph;
  Attr(std::string name, tenon_attr_kind kind, int /*tag*/) : name_(std::move(name)), kind_(kind) {}
  // Lent: points into this attribute and `items`.
  tenon_attr get(std::vector<tenon_attr>& items) const {
    tenon_attr out = TENON_ATTR_INIT;
    out.name = name_.data();
    out.name_length = name_.size();
    out.kind = kind_;
    const bool list = kind_ == TENON_ATTR_I64S || kind_ == TENON_ATTR_F64S;
    out.count = list ? i64s_.size() + f64s_.size() : 0;
    if (list) {
      out.i64s = i64s_.data();
      out.f64s = f64s_.data();
    } else if (kind_ == TENON_ATTR_STRING) {
      out.text = texts_[0].data();
      out.count = texts_[0].size();
    } else if (kind_ == TENON_ATTR_STRINGS) {
      for (const std::string& text : texts_) {
        tenon_attr item = TENON_ATTR_INIT;
        item.kind = TENON_ATTR_STRING;
        item.text = text.data();
        item.count = text.size();
        items.push_back(item);
      }
      out.items = items.data();
      out.count = items.size();
    } else {
      out.i64 = i64s_.empty() ? 0 : i64s_[0];
      out.f64 = f64s_.empty() ? 0 : f64s_[0];
    }
    return out;
  }
  std::string name_;
  tenon_attr_kind kind_;
  std::vector<std::int64_t> i64s_;
  std::vector<double> f64s_;
  std::vector<std::string> texts_;
};

}  // namespace v0_1
}  // namespace tenon

#endif  // TENON_TENON_VALUES_HPP_
