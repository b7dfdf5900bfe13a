// The only file that knows yaml-cpp. Its events come in here, are checked, and become a Document.
#include "core/yaml/document.h"

#include <dlfcn.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cstring>
#include <istream>
#include <new>
#include <numeric>
#include <streambuf>

namespace tenon::yaml {

namespace {

constexpr int kBracketSlack = 4096;
constexpr const char* kAliasMessage = "an alias (*name) is not allowed";
constexpr const char* kAliasAdvice = "write the value out, or put it in quotes if it is a text";

Error byte_error(const std::string& file, int line, int column, std::string message, std::string advice) {
  return fail(Code::InvalidArgument, std::move(message)).file(file, line, column).advise(std::move(advice));
}

Error limit_error(const std::string& file, int line, int column, std::string message) {
  return fail(Code::ResourceExhausted, std::move(message)).file(file, line, column).advise("split the file, or make it simpler");
}

// The number of the control character at a place, those of U+0080 to U+009F too (a terminal obeys them), or -1.
int control_at(std::string_view text, std::size_t i) {
  const auto byte = static_cast<unsigned char>(text[i]);
  if (byte < 0x20 || byte == 0x7f) return byte;
  if (byte != 0xc2 || i + 1 == text.size()) return -1;
  const auto next = static_cast<unsigned char>(text[i + 1]);
  return next >= 0x80 && next <= 0x9f ? next : -1;
}

// What yaml-cpp would accept without a word. It runs before the parser, so that the parser only ever sees plain UTF-8 text.
Status check_bytes(std::string_view text, const std::string& file, const Limits& limits) {
  if (text.size() > limits.bytes) return limit_error(file, 0, 0, cat("the file has ", text.size(), " bytes, the limit is ", limits.bytes));
  if (text.substr(0, 3) == "\xef\xbb\xbf")
    return byte_error(file, 1, 1, "the file starts with a byte-order mark", "save it as UTF-8 without a byte-order mark");
  int line = 1;
  std::size_t start = 0;  // of the line
  // yaml-cpp scans a whole bracketed part before it reports its first event, so brackets are counted here, roughly: those in text count
  // too, and therefore the depth has room to spare. It keeps a file of brackets from filling the memory.
  std::size_t opened = 0;
  int open = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const int column = static_cast<int>(i - start) + 1;
    if (i == start) {
      const std::string_view head = text.substr(i, 3);
      if (byte == '%') return byte_error(file, line, 1, "a line starts with %: directives are not allowed", "remove the line");
      if (head == "---" || head == "...")
        return byte_error(file, line, 1, cat("a line starts with ", head, ": a file is one document without markers"), "remove the line");
    }
    if (byte == '\n') {
      ++line;
      start = i + 1;
    } else if (byte == '\t') {
      return byte_error(file, line, column, "a tab is not allowed", "use spaces, and \\t in a double-quoted text");
    } else if (byte == '\r') {
      return byte_error(file, line, column, "a carriage return is not allowed", "save the file with line ends of Unix (LF)");
    } else if (const int control = control_at(text, i); control >= 0) {
      return byte_error(file, line, column, cat("the control character ", control, " is not allowed"), "remove it");
    } else if (byte == '[' || byte == '{') {
      ++open;
      if (++opened > limits.events) return limit_error(file, line, column, cat("more than ", limits.events, " brackets"));
      if (open > limits.depth + kBracketSlack)
        return limit_error(file, line, column, cat("brackets are nested deeper than ", limits.depth, " levels"));
    } else if (byte == ']' || byte == '}') {
      open = std::max(0, open - 1);
    }
  }
  if (is_valid_utf8(text)) return {};
  // Find the first line that is wrong: a character never spans lines.
  line = 1;
  for (const std::string& part : split(text, '\n')) {
    if (!is_valid_utf8(part)) break;
    ++line;
  }
  return byte_error(file, line, 0, "the file is not valid UTF-8", "save it as UTF-8");
}

// Reads the text where it lies; a string stream would copy it.
class TextBuffer : public std::streambuf {
 public:
  explicit TextBuffer(std::string& text) { setg(text.data(), text.data(), text.data() + text.size()); }
};

// The file whose YAML::Parser we call, if that is not the library's: a program that exports a yaml-cpp of its own comes before Debian's
// library, whose symbols have no version, and would read our files with whatever it has. Empty: all is well.
std::string foreign_parser() {
  const auto file_of = [](const void* address) {
    Dl_info info{};
    return dladdr(address, &info) != 0 && info.dli_fname != nullptr ? std::string(info.dli_fname) : std::string();
  };
  // Not virtual: by the Itanium ABI the first word of the pointer is the function's address.
  const auto member = &YAML::Parser::HandleNextDocument;
  const void* called = nullptr;
  static_assert(sizeof member >= sizeof called);
  std::memcpy(&called, &member, sizeof called);
  const std::string file = file_of(called);
  const bool library = std::string_view(file).substr(file.rfind('/') + 1).starts_with("libyaml-cpp.");
  const bool linked_in = file == file_of(reinterpret_cast<const void*>(&control_at));
  return library || linked_in ? std::string() : file;
}

// Leaves yaml-cpp's recursion from inside a handler. Thrown and caught in this file only.
struct Refused {
  Error error;
};

class Builder : public YAML::EventHandler {
 public:
  Builder(const std::string& text, const std::string& file, const Limits& limits, Node& root)
      : text_(text), file_(file), limits_(limits), root_(root) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    // Without markers a second document can only be something left over after the first.
    if (started_) refuse(mark, "unexpected content after the end of the document", "check the indentation and the brackets before it");
    started_ = true;
  }
  void OnDocumentEnd() override {}

  void OnAnchor(const YAML::Mark& mark, const std::string& name) override {
    refuse(mark, cat("the anchor &", name, " is not allowed"), "write the value out where it is used");
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse(mark, kAliasMessage, kAliasAdvice); }

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    count(mark);
    check_plain(mark, "?", anchor);
    if (expects_key()) refuse(mark, "a key is missing", "write a key before the colon; an empty or null key is not allowed");
    // yaml-cpp takes `key` without a colon as `key:`, and then reports the value at the place of the key (or of its question mark).
    if (in_mapping() && mark.pos <= frames_.back().key_position)
      refuse(mark, cat("the key \"", frames_.back().node->entries.back().key, "\" has no colon"),
             "write \"key: value\", or close the bracket before it");
    Node& node = add(mark, Kind::Null);
    if (!in_mapping()) return;
    // The mark of a value that is not there is the next token, which may be lines away: better the key's.
    const Node::Entry& entry = frames_.back().node->entries.back();
    if (node.line != entry.line) {
      node.line = entry.line;
      node.column = entry.column;
    }
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
    count(mark);
    check_plain(mark, tag, anchor);
    if (value.size() > limits_.scalar_bytes) limit(mark, cat("a text has ", value.size(), " bytes, the limit is ", limits_.scalar_bytes));
    // Escapes in double quotes can spell what the byte check refused.
    for (std::size_t i = 0; i < value.size(); ++i)
      if (const int control = control_at(value, i); control >= 0 && control != '\n' && control != '\t')
        refuse(mark, cat("a text has the control character ", control, " in it"), "remove it");
    // yaml-cpp turns two of the escapes (N and _ after the backslash) into a single byte.
    if (!is_valid_utf8(value)) refuse(mark, "a text has an escape in it that gives no UTF-8", "write the character itself");
    const bool quoted = tag == "!";
    if (quoted && !is_closed(mark)) refuse(mark, "the quote is not closed", "write the closing quote");
    if (expects_key()) {
      if (!quoted && value == "<<") refuse(mark, "the merge key << is not allowed", "write the keys out");
      Frame& frame = frames_.back();
      frame.key_position = mark.pos;
      frame.has_key = true;
      Node::Entry& entry = frame.node->entries.emplace_back();
      entry.key = value;
      entry.line = mark.line + 1;
      entry.column = mark.column + 1;
      return;
    }
    Node& node = add(mark, Kind::Scalar);
    node.quoted = quoted;
    node.scalar = value;
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Kind::Sequence);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Kind::Mapping);
  }
  void OnMapEnd() override {
    check_duplicates(*frames_.back().node);
    close();
  }

 private:
  // A collection that is being read. Only the innermost one grows, so that pointers to the outer ones stay good.
  struct Frame {
    Node* node;
    bool has_key = false;  // Mapping: its last entry waits for the value
    int key_position = -1;
  };

  bool in_mapping() const { return !frames_.empty() && frames_.back().node->kind == Kind::Mapping; }
  bool expects_key() const { return in_mapping() && !frames_.back().has_key; }

  // "ops[3].operands"
  std::string path() const {
    std::string out;
    for (std::size_t i = 0; i < frames_.size(); ++i) {
      const Frame& frame = frames_[i];
      const bool innermost = i + 1 == frames_.size();  // its next item is not added yet
      if (frame.node->kind == Kind::Sequence)
        out += cat('[', frame.node->items.size() - (innermost ? 0 : 1), ']');
      else if (!innermost || frame.has_key)
        out += cat(out.empty() ? "" : ".", frame.node->entries.back().key);
    }
    return out;
  }

  Error place(Error error, int line, int column) const {
    if (const std::string where = path(); !where.empty()) error.message = cat("in ", where, ": ", error.message);
    return std::move(error).file(file_, line, column);
  }
  [[noreturn]] void refuse(const YAML::Mark& mark, std::string message, std::string advice) const {
    throw Refused{place(fail(Code::InvalidArgument, std::move(message)), mark.line + 1, mark.column + 1).advise(std::move(advice))};
  }
  [[noreturn]] void limit(const YAML::Mark& mark, std::string message) const {
    throw Refused{limit_error(file_, mark.line + 1, mark.column + 1, std::move(message))};
  }

  void count(const YAML::Mark& mark) {
    if (++events_ > limits_.events) limit(mark, cat("the file has more than ", limits_.events, " values"));
  }

  // A quoted scalar comes with the tag "!", everything else with "?"; a "!" that somebody wrote stands in the text at the mark.
  void check_plain(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) const {
    const bool written =
        mark.pos >= 0 && static_cast<std::size_t>(mark.pos) < text_.size() && text_[static_cast<std::size_t>(mark.pos)] == '!';
    if ((tag != "?" && tag != "!") || written) refuse(mark, "a tag (!name) is not allowed", "remove it, or put the text in quotes");
    if (anchor != 0) refuse(mark, "an anchor (&name) is not allowed", "write the value out where it is used");
  }

  // At the end of the file yaml-cpp takes a quoted text without its closing quote. (Block texts, | and >, have no end of their own.)
  bool is_closed(const YAML::Mark& mark) const {
    const auto start = static_cast<std::size_t>(mark.pos);
    if (mark.pos < 0 || start >= text_.size() || (text_[start] != '"' && text_[start] != '\'')) return true;
    const char quote = text_[start];
    for (std::size_t i = start + 1; i < text_.size(); ++i) {
      if (quote == '"' && text_[i] == '\\') {
        ++i;
      } else if (text_[i] == quote) {
        if (quote == '"' || i + 1 == text_.size() || text_[i + 1] != quote) return true;
        ++i;  // '' is a quote in the text
      }
    }
    return false;
  }

  Node& add(const YAML::Mark& mark, Kind kind) {
    Node* node = &root_;
    if (in_mapping()) {
      node = &frames_.back().node->entries.back().value;
      frames_.back().has_key = false;
    } else if (!frames_.empty()) {
      node = &frames_.back().node->items.emplace_back();
    }
    node->kind = kind;
    node->line = mark.line + 1;
    node->column = mark.column + 1;
    return *node;
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Kind kind) {
    count(mark);
    check_plain(mark, tag, anchor);
    if (expects_key()) refuse(mark, "a key must be a text", "put the key in quotes, or close the bracket");
    if (frames_.size() >= static_cast<std::size_t>(limits_.depth)) limit(mark, cat("nested deeper than ", limits_.depth, " levels"));
    Node& node = add(mark, kind);
    frames_.push_back({&node});
  }

  void close() { frames_.pop_back(); }

  // By sorting: no choice of keys makes it slow.
  void check_duplicates(const Node& map) const {
    const auto& entries = map.entries;
    if (entries.size() < 2) return;
    std::vector<std::size_t> order(entries.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&entries](std::size_t a, std::size_t b) {
      const int difference = entries[a].key.compare(entries[b].key);
      return difference != 0 ? difference < 0 : a < b;
    });
    std::size_t first = 0, again = entries.size();
    for (std::size_t i = 1; i < order.size(); ++i)
      if (entries[order[i - 1]].key == entries[order[i]].key && order[i] < again) again = order[i], first = order[i - 1];
    if (again == entries.size()) return;
    Error error = fail(Code::InvalidArgument, "the key \"", entries[again].key, "\" stands twice, first in line ", entries[first].line)
                      .advise("remove or rename one of them");
    throw Refused{place(std::move(error), entries[again].line, entries[again].column)};
  }

  const std::string& text_;
  const std::string& file_;
  const Limits& limits_;
  Node& root_;
  std::vector<Frame> frames_;
  std::size_t events_ = 0;
  bool started_ = false;
};

}  // namespace

Result<Document> parse(std::string text, std::string file, const Limits& limits) {
  TENON_TRY(check_bytes(text, file, limits));
  static const std::string* const foreign = new std::string(foreign_parser());  // never destroyed: files are read until the last moment
  if (!foreign->empty())
    return fail(Code::FailedPrecondition, "the yaml-cpp that reads this file is the one in ", *foreign, ", not libyaml-cpp")
        .file(file)
        .advise(
            "the program exports a yaml-cpp of its own: compile that with -fvisibility=hidden, or link its archive with "
            "-Wl,--exclude-libs,ALL");
  Document document;
  document.root.line = document.root.column = 1;
  try {
    TextBuffer buffer(text);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    Builder builder(text, file, limits, document.root);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (Refused& refused) {
    return std::move(refused.error);
  } catch (const YAML::Exception& error) {
    const bool alias = error.msg == YAML::ErrorMsg::UNKNOWN_ANCHOR;  // found before any event tells of the alias
    if (alias) return byte_error(file, error.mark.line + 1, error.mark.column + 1, kAliasMessage, kAliasAdvice);
    return fail(Code::InvalidArgument, "this is not YAML: ", error.msg)
        .file(file, error.mark.line + 1, error.mark.column + 1)
        .advise("check the indentation, the colons, the quotes and the brackets here and in the lines before");
  } catch (const std::bad_alloc&) {
    throw;  // it says nothing about the file
  } catch (const std::exception& error) {
    return fail(Code::InvalidArgument, "this is not YAML: ", std::string_view(error.what())).file(file).advise("check the file");
  }
  document.file = std::move(file);
  return document;
}

}  // namespace tenon::yaml
