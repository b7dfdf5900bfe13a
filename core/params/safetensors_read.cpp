// A safetensors file: u64 length of the header, the header as a JSON object (name -> dtype, shape, data_offsets), the tensors' bytes
// without holes. https://huggingface.co/docs/safetensors describes it.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/params/archive.h"
#include "core/params/bytes.h"
#include "core/params/safetensors_dtype.h"

namespace tenon {

namespace {

using nlohmann::json;

constexpr std::string_view kMetadata = "__metadata__";

// One tensor as the header describes it; nothing of it was checked against the file yet.
struct Described {
  std::string name, dtype;
  Dims shape;
  std::uint64_t begin = 0, end = 0;
};

// Receives the header's events. Only the one form that a header may have is let through, so the depth is bounded and nothing else is
// ever stored; a second value of a key is an error, where a parsed document would silently keep the last.
class HeaderReader final : public nlohmann::json_sax<json> {
 public:
  std::vector<Described> tensors;
  std::map<std::string, std::string> metadata;

  std::string take_error() { return error_.empty() ? "the header ends early" : std::move(error_); }

  bool null() override { return value("null"); }
  bool boolean(bool) override { return value("a boolean"); }
  bool number_integer(number_integer_t) override { return value("a negative number"); }
  bool number_float(number_float_t, const string_t&) override { return value("a number that is no 64-bit integer"); }
  bool binary(binary_t&) override { return value("binary data"); }

  bool number_unsigned(number_unsigned_t number) override {
    if (state_ == State::Shape) {
      if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return refuse("a dimension is too large");
      if (tensor_.shape.size() == static_cast<std::size_t>(kMaxRank)) return refuse(cat("the rank is above ", kMaxRank));
      tensor_.shape.push_back(static_cast<std::int64_t>(number));
      return true;
    }
    if (state_ == State::Offsets) {
      if (offsets_ == 2) return refuse("data_offsets has more than two numbers");
      (offsets_++ == 0 ? tensor_.begin : tensor_.end) = number;
      return true;
    }
    return value("a number");
  }

  bool string(string_t& text) override {
    if (state_ == State::Metadata) {
      metadata[key_] = std::move(text);
      return true;
    }
    if (state_ != State::Tensor || key_ != "dtype") return value("a string");
    tensor_.dtype = std::move(text);
    return true;
  }

  bool start_object(std::size_t) override {
    if (state_ == State::Start) {
      state_ = State::Root;
      return true;
    }
    if (state_ != State::Root) return value("an object");
    state_ = in_metadata_ ? State::Metadata : State::Tensor;
    fields_ = 0;
    return true;
  }

  bool key(string_t& name) override {
    if (state_ == State::Root) {
      in_metadata_ = name == kMetadata;
      if (in_metadata_ && had_metadata_) return refuse("__metadata__ occurs twice");
      had_metadata_ = had_metadata_ || in_metadata_;
      tensor_ = {};
      tensor_.name = std::move(name);
      if (tensor_.name.find('\0') != std::string::npos) return refuse("the name has a zero byte in it");
      return true;
    }
    key_ = std::move(name);
    if (state_ == State::Metadata)
      return metadata.count(key_) == 0 || refuse(cat("the key \"", key_.substr(0, kQuoted), "\" occurs twice"));
    const unsigned field = key_ == "dtype" ? 1u : key_ == "shape" ? 2u : key_ == "data_offsets" ? 4u : 0u;
    if (field == 0) return refuse(cat("the key \"", key_.substr(0, kQuoted), "\" is none of dtype, shape, data_offsets"));
    if ((fields_ & field) != 0) return refuse(cat("the key \"", key_, "\" occurs twice"));
    fields_ |= field;
    return true;
  }

  bool end_object() override {
    if (state_ == State::Tensor) {
      if (fields_ != 7) return refuse("it needs dtype, shape and data_offsets");
      tensors.push_back(std::move(tensor_));
    }
    state_ = state_ == State::Root ? State::End : State::Root;
    return true;
  }

  bool start_array(std::size_t) override {
    if (state_ != State::Tensor || key_ == "dtype") return value("a list");
    state_ = key_ == "shape" ? State::Shape : State::Offsets;
    offsets_ = 0;
    return true;
  }

  bool end_array() override {
    if (state_ == State::Offsets && offsets_ != 2) return refuse("data_offsets must have two numbers");
    state_ = State::Tensor;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const json::exception&) override {
    error_ = cat("the header is no valid JSON at its byte ", position);
    return false;
  }

 private:
  enum class State { Start, Root, Metadata, Tensor, Shape, Offsets, End };
  static constexpr std::size_t kQuoted = 80;  // as much of a name as a message shows

  bool refuse(std::string_view what) {
    if (state_ == State::Start || state_ == State::End)
      error_ = std::string(what);
    else
      error_ = cat("tensor \"", tensor_.name.substr(0, kQuoted), "\": ", what);
    return false;
  }

  // A value that may not stand where it stands.
  bool value(std::string_view found) {
    switch (state_) {
      case State::Start:
      case State::End:
        return refuse(cat("the header must be an object, not ", found));
      case State::Root:
        return refuse(cat("an object expected, found ", found));
      case State::Metadata:
        return refuse(cat("\"", key_.substr(0, kQuoted), "\" must be a string, not ", found));
      case State::Tensor:
        return refuse(cat(key_, key_ == "dtype" ? " must be a string, not " : " must be a list, not ", found));
      case State::Shape:
      case State::Offsets:
        return refuse(cat(key_, " must hold numbers of 0 or more, found ", found));
    }
    return false;
  }

  State state_ = State::Start;
  bool in_metadata_ = false, had_metadata_ = false;
  std::string key_;
  Described tensor_;
  unsigned fields_ = 0;  // of the tensor, seen so far: 1 dtype, 2 shape, 4 data_offsets
  int offsets_ = 0;
  std::string error_;
};

// The tensor over its bytes in `data`. Its range was checked.
Result<ParamEntry> entry_of(Described described, std::span<const std::byte> data) {
  ParamEntry entry;
  entry.bytes = data.subspan(described.begin, described.end - described.begin);
  for (const SafetensorsDType& row : kSafetensorsDTypes)
    if (row.name == described.dtype) entry.type = TensorType{row.dtype, std::move(described.shape)};
  if (entry.type) {
    const Result<std::int64_t> elements = checked_elements(*entry.type);
    if (!elements.ok()) return fail(Code::InvalidArgument, "tensor \"", described.name, "\": ", elements.error().message);
    if (entry.type->bytes() != entry.bytes.size())
      return fail(Code::InvalidArgument, "tensor \"", described.name, "\": ", to_string(*entry.type), " takes ", entry.type->bytes(),
                  " bytes, its data_offsets give ", entry.bytes.size());
    // Whatever computes with booleans relies on it.
    if (entry.type->dtype == DType::I1 &&
        std::any_of(entry.bytes.begin(), entry.bytes.end(), [](std::byte b) { return static_cast<unsigned>(b) > 1; }))
      return fail(Code::InvalidArgument, "tensor \"", described.name, "\": a BOOL is neither 0 nor 1");
  }
  entry.name = std::move(described.name);
  entry.dtype_text = std::move(described.dtype);
  return entry;
}

// The tensors fill the data one after the other: no holes, no overlap, nothing outside. Sorts by place.
Status check_places(std::vector<Described>& tensors, std::uint64_t data_bytes) {
  std::sort(tensors.begin(), tensors.end(),
            [](const Described& a, const Described& b) { return a.begin != b.begin ? a.begin < b.begin : a.end < b.end; });
  std::uint64_t filled = 0;
  for (const Described& tensor : tensors) {
    const auto wrong = [&](std::string_view what) {
      return fail(Code::InvalidArgument, "tensor \"", tensor.name, "\": its data_offsets ", tensor.begin, " to ", tensor.end, what);
    };
    if (tensor.begin > tensor.end) return wrong(" run backwards");
    if (tensor.end > data_bytes)
      return fail(Code::DataLoss, "tensor \"", tensor.name, "\": its data_offsets ", tensor.begin, " to ", tensor.end,
                  " lie outside of the file, which has ", data_bytes, " bytes of data");
    if (tensor.begin < filled) return wrong(" overlap another tensor");
    if (tensor.begin > filled) return wrong(cat(" leave a hole after byte ", filled));
    filled = tensor.end;
  }
  if (filled < data_bytes) return fail(Code::InvalidArgument, "the last ", data_bytes - filled, " bytes of the file belong to no tensor");
  return {};
}

struct Content {
  std::vector<ParamEntry> entries;
  std::map<std::string, std::string> metadata;
};

Result<Content> parse(std::span<const std::byte> bytes) {
  if (bytes.size() < 8)
    return fail(Code::DataLoss, "no safetensors file: it has ", bytes.size(), " bytes, the header's length alone has 8");
  const auto length = load_le<std::uint64_t>(bytes, 0);
  if (length > ParamArchive::kMaxHeaderBytes)
    return fail(Code::InvalidArgument, "no safetensors file: its header would have ", length, " bytes, the limit is ",
                ParamArchive::kMaxHeaderBytes);
  if (length > bytes.size() - 8)
    return fail(Code::DataLoss, "the safetensors header has ", length, " bytes, the file has ", bytes.size() - 8, " of them");
  const std::span<const std::byte> data = bytes.subspan(8 + static_cast<std::size_t>(length));
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + 8, static_cast<std::size_t>(length));
  if (!text.starts_with('{')) return fail(Code::InvalidArgument, "no safetensors file: its header does not begin with {");
  // The JSON parser takes a zero byte for the end of its input, and would overlook what follows.
  if (text.find('\0') != std::string_view::npos) return fail(Code::InvalidArgument, "the safetensors header has a zero byte in it");
  HeaderReader reader;
  if (!json::sax_parse(text.begin(), text.end(), &reader)) return fail(Code::InvalidArgument, "safetensors: ", reader.take_error());
  TENON_TRY(check_places(reader.tensors, data.size()));
  Content content;
  content.metadata = std::move(reader.metadata);
  content.entries.reserve(reader.tensors.size());
  for (Described& described : reader.tensors) {
    TENON_ASSIGN(ParamEntry entry, entry_of(std::move(described), data));
    content.entries.push_back(std::move(entry));
  }
  return content;
}

}  // namespace

Result<ParamArchive> ParamArchive::read_safetensors(std::span<const std::byte> bytes, std::string name) {
  Result<Content> content = parse(bytes);
  if (!content.ok()) {
    Error error = content.take_error();
    if (error.advice.empty())
      error.advice = error.code == Code::DataLoss ? "copy or download the file again" : "write the file again with the safetensors library";
    return std::move(error).file(std::move(name));
  }
  ParamArchive archive;
  archive.path_ = std::move(name);
  archive.format_ = "safetensors";
  archive.entries_ = std::move(content->entries);
  archive.metadata_ = std::move(content->metadata);
  TENON_TRY(archive.sort_entries());
  return archive;
}

}  // namespace tenon
