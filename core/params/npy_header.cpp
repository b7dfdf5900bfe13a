#include "core/params/npy_header.h"

#include <limits>
#include <utility>

#include "core/params/bytes.h"

namespace tenon {

namespace {

constexpr std::string_view kMagic("\x93NUMPY", 6);
constexpr std::size_t kMaxHeader = 64u << 10;
constexpr std::size_t kQuoted = 80;  // as much of a text from the file as a message shows

// A parser of the one dict literal. Whitespace may stand between tokens; strings have no escapes.
class Literal {
 public:
  explicit Literal(std::string_view text) : text_(text) {}

  struct Content {
    std::string descr;
    bool descr_is_text = false;
    bool fortran_order = false;
    Dims shape;
  };

  Result<Content> parse() {
    Content content;
    bool has_descr = false, has_order = false, has_shape = false;
    TENON_TRY(expect('{'));
    while (!accept('}')) {
      TENON_ASSIGN(const std::string key, string());
      TENON_TRY(expect(':'));
      if (key == "descr") {
        if (std::exchange(has_descr, true)) return twice(key);
        TENON_TRY(descr(content));
      } else if (key == "fortran_order") {
        if (std::exchange(has_order, true)) return twice(key);
        TENON_ASSIGN(content.fortran_order, boolean());
      } else if (key == "shape") {
        if (std::exchange(has_shape, true)) return twice(key);
        TENON_ASSIGN(content.shape, shape());
      } else {
        return wrong(cat("the key '", key.substr(0, kQuoted), "' is none of descr, fortran_order, shape"));
      }
      if (accept(',')) continue;
      if (peek() != '}') return wrong("a ',' or '}' is missing");
    }
    skip_space();
    if (position_ != text_.size()) return wrong("something follows the dict");
    if (!has_descr) return wrong("it has no 'descr'");
    if (!has_order) return wrong("it has no 'fortran_order'");
    if (!has_shape) return wrong("it has no 'shape'");
    return content;
  }

 private:
  Error wrong(std::string_view what) const {
    return fail(Code::InvalidArgument, "the .npy header is malformed at its byte ", position_, ": ", what)
        .advise("write the file with numpy.save");
  }
  Error twice(std::string_view key) const { return wrong(cat("the key '", key, "' occurs twice")); }

  static bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }

  void skip_space() {
    while (position_ < text_.size() && is_space(text_[position_])) ++position_;
  }
  char peek() {
    skip_space();
    return position_ < text_.size() ? text_[position_] : '\0';
  }
  bool accept(char c) {
    if (peek() != c) return false;
    ++position_;
    return true;
  }
  Status expect(char c) {
    if (!accept(c)) return wrong(cat("'", c, "' expected"));
    return {};
  }

  Result<std::string> string() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') return wrong("a string expected");
    const std::size_t end = text_.find(quote, position_ + 1);
    if (end == std::string_view::npos) return wrong("a string does not end");
    const std::string_view content = text_.substr(position_ + 1, end - position_ - 1);
    if (content.find('\\') != std::string_view::npos) return wrong("a string has an escape");
    position_ = end + 1;
    return std::string(content);
  }

  Result<bool> boolean() {
    skip_space();
    for (const bool value : {true, false}) {
      const std::string_view word = value ? "True" : "False";
      if (!text_.substr(position_).starts_with(word)) continue;
      position_ += word.size();
      return value;
    }
    return wrong("True or False expected");
  }

  // A structured dtype is a list; its text is kept for the message that refuses it.
  Status descr(Content& content) {
    const char first = peek();
    if (first == '\'' || first == '"') {
      TENON_ASSIGN(content.descr, string());
      content.descr_is_text = true;
      return {};
    }
    const std::size_t start = position_;
    int open = 0;
    for (; position_ < text_.size(); ++position_) {
      const char c = text_[position_];
      if (open == 0 && (c == ',' || c == '}')) break;
      if (c == '(' || c == '[' || c == '{') ++open;
      if ((c == ')' || c == ']' || c == '}') && --open < 0) return wrong("a bracket closes that was not opened");
    }
    if (start == position_) return wrong("a dtype expected");
    content.descr = std::string(text_.substr(start, position_ - start));
    return {};
  }

  Result<std::int64_t> dimension() {
    constexpr std::int64_t limit = std::numeric_limits<std::int64_t>::max();
    if (!is_digit(peek())) return wrong("a dimension is not a number of 0 or more");
    const std::size_t start = position_;
    std::int64_t value = 0;
    for (; position_ < text_.size() && is_digit(text_[position_]); ++position_) {
      const std::int64_t digit = text_[position_] - '0';
      if (value > (limit - digit) / 10) return wrong("a dimension is too large");
      value = value * 10 + digit;
    }
    if (text_[start] == '0' && position_ - start > 1) return wrong("a dimension begins with 0");
    if (position_ < text_.size() && text_[position_] == 'L') ++position_;  // as Python 2 wrote them
    return value;
  }

  Result<Dims> shape() {
    Dims dims;
    TENON_TRY(expect('('));
    while (!accept(')')) {
      if (dims.size() == static_cast<std::size_t>(kMaxRank)) return wrong(cat("the rank is above ", kMaxRank));
      TENON_ASSIGN(const std::int64_t size, dimension());
      dims.push_back(size);
      if (accept(',')) continue;
      if (peek() != ')') return wrong("a ',' or ')' is missing in the shape");
      if (dims.size() == 1) return wrong("a shape of one dimension is written (n,)");
    }
    return dims;
  }

  std::string_view text_;
  std::size_t position_ = 0;
};

Error not_npy() {
  return fail(Code::InvalidArgument, "not an .npy file: it does not begin with \\x93NUMPY").advise("write it with numpy.save");
}

Error truncated(std::string_view what) {
  return fail(Code::DataLoss, "the .npy file ends inside its ", what).advise("copy or write the file again");
}

// The text of the header, and where it ends.
Result<std::string_view> header_text(std::span<const std::byte> file, std::size_t& end) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  if (text.substr(0, kMagic.size()) != kMagic.substr(0, text.size()) || text.empty()) return not_npy();
  if (text.size() < kMagic.size() + 2) return truncated("header");
  const auto major = static_cast<unsigned>(file[6]);
  const auto minor = static_cast<unsigned>(file[7]);
  if (major < 1 || major > 3 || minor != 0)
    return fail(Code::Unimplemented, "the .npy file has version ", major, ".", minor, ", only 1.0, 2.0 and 3.0 are known")
        .advise("write it with numpy.save");
  const std::size_t start = kMagic.size() + 2 + (major == 1 ? 2 : 4);
  if (text.size() < start) return truncated("header");
  const std::size_t length = major == 1 ? load_le<std::uint16_t>(file, 8) : load_le<std::uint32_t>(file, 8);
  if (length > kMaxHeader)
    return fail(Code::InvalidArgument, "the .npy header has ", length, " bytes, the limit is ", kMaxHeader).advise("write a plain array");
  if (!in_range(start, length, text.size())) return truncated("header");
  end = start + length;
  const std::string_view header = text.substr(start, length);
  for (const char c : header) {
    if ((c >= 0x20 && c < 0x7f) || c == '\n' || c == '\t' || c == '\r') continue;
    return fail(Code::InvalidArgument, "the .npy header has a byte that is no printable character")
        .advise("write the file with numpy.save");
  }
  return header;
}

Result<NpyHeader> parse(std::span<const std::byte> file) {
  std::size_t data_start = 0;
  TENON_ASSIGN(const std::string_view text, header_text(file, data_start));
  TENON_ASSIGN(Literal::Content content, Literal(text).parse());
  if (!content.descr_is_text) return unsupported_npy_descr(content.descr.substr(0, kQuoted), "a structured dtype");
  NpyHeader header;
  header.info.descr = content.descr.substr(0, kQuoted);
  TENON_ASSIGN(const NpyDescr descr, parse_npy_descr(header.info.descr));
  header.big_endian = descr.big_endian;
  header.info.dtype = descr.dtype;
  header.info.item_bytes = descr.item_bytes;
  header.info.fortran_order = content.fortran_order;
  header.info.dims = std::move(content.shape);
  header.data = file.subspan(data_start);
  // Raw bytes are counted as the integers of their size.
  DType counted = descr.dtype;
  if (counted == DType::Invalid) counted = descr.item_bytes == 2 ? DType::UI16 : DType::UI8;
  const TensorType type{counted, header.info.dims};
  TENON_ASSIGN([[maybe_unused]] const std::int64_t elements, checked_elements(type));
  if (header.data.size() < type.bytes())
    return fail(Code::DataLoss, "the .npy file is truncated: '", header.info.descr, "' ", dims_text(header.info.dims), " has ",
                type.bytes(), " bytes, the file has ", header.data.size(), " of them")
        .advise("copy or write the file again");
  if (header.data.size() > type.bytes())
    return fail(Code::InvalidArgument, "the .npy file has ", header.data.size() - type.bytes(), " bytes after its data: '",
                header.info.descr, "' ", dims_text(header.info.dims), " has ", type.bytes())
        .advise("one file holds one array: write each to a file of its own");
  return header;
}

}  // namespace

Result<NpyHeader> read_npy_header(std::span<const std::byte> file, const std::string& name) {
  Result<NpyHeader> header = parse(file);
  if (!header.ok()) return std::move(header.take_error()).file(name);
  return header;
}

}  // namespace tenon
