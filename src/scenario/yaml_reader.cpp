#include "scenario/yaml_reader.h"

#include <fmt/format.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <unordered_map>

namespace xedgesim::scenario {
namespace {

constexpr size_t kMostBytes = size_t{8} << 20;
constexpr size_t kMostNodes = 1'000'000;  // counting what aliases repeat
constexpr int kDeepest = 100;

/// A wrong document; reading cannot go on.
struct Refused {
  Mark mark;
  std::string message;
};

/// yaml-cpp counts columns in bytes; users count characters.
class Lines {
 public:
  Lines(std::string_view text, int source) : text_(text), source_(source) {
    starts_.push_back(0);
    for (size_t i = 0; i < text.size(); ++i)
      if (text[i] == '\n') starts_.push_back(i + 1);
  }
  Mark mark(int line, int column) const {
    if (line < 0 || column < 0) return {source_, 1, 1};
    return {source_, line + 1, column + 1 - following_bytes(line, column)};
  }
  std::string_view line(size_t index) const {
    if (index >= starts_.size()) return {};
    const size_t end = index + 1 < starts_.size() ? starts_[index + 1] : text_.size();
    return text_.substr(starts_[index], end - starts_[index]);
  }

  /// False when a quoted text begins here that goes on to the end of the file.
  bool quote_closed(int line, int column) const {
    const size_t start =
        starts_[std::min(static_cast<size_t>(line), starts_.size() - 1)] + static_cast<size_t>(column);
    if (start >= text_.size() || (text_[start] != '"' && text_[start] != '\'')) return true;
    const char quote = text_[start];
    for (size_t i = start + 1; i < text_.size(); ++i) {
      if (quote == '"' && text_[i] == '\\') {
        ++i;
      } else if (text_[i] == quote) {
        if (quote == '"' || i + 1 >= text_.size() || text_[i + 1] != quote) return true;
        ++i;
      }
    }
    return false;
  }

 private:
  /// UTF-8 continuation bytes left of a column. Counts from the place asked for last: a line may be megabytes
  /// long.
  int following_bytes(int line, int column) const {
    const std::string_view bytes = this->line(static_cast<size_t>(line));
    const int end = std::min(column, static_cast<int>(bytes.size()));
    if (line != last_line_) {
      last_line_ = line;
      last_column_ = last_following_ = 0;
    }
    const auto count = [&](int from, int to) {
      int n = 0;
      for (int i = from; i < to; ++i) n += (bytes[static_cast<size_t>(i)] & 0xc0) == 0x80;
      return n;
    };
    last_following_ += end >= last_column_ ? count(last_column_, end) : -count(end, last_column_);
    last_column_ = end;
    return last_following_;
  }

  std::string_view text_;
  int source_;
  std::vector<size_t> starts_;
  mutable int last_line_ = -1, last_column_ = 0, last_following_ = 0;
};

/// Offset of the first byte that is not UTF-8, or npos.
size_t first_bad_utf8(std::string_view s) {
  for (size_t i = 0; i < s.size();) {
    const auto c = static_cast<unsigned char>(s[i]);
    const size_t n = c < 0x80                ? 1
                     : c >= 0xc2 && c < 0xe0 ? 2
                     : c >= 0xe0 && c < 0xf0 ? 3
                     : c >= 0xf0 && c < 0xf5 ? 4
                                             : 0;
    if (n == 0 || i + n > s.size()) return i;
    for (size_t k = 1; k < n; ++k)
      if ((static_cast<unsigned char>(s[i + k]) & 0xc0) != 0x80) return i;
    if (n == 3) {
      const auto second = static_cast<unsigned char>(s[i + 1]);
      if ((c == 0xe0 && second < 0xa0) || (c == 0xed && second >= 0xa0)) return i;
    }
    if (n == 4) {
      const auto second = static_cast<unsigned char>(s[i + 1]);
      if ((c == 0xf0 && second < 0x90) || (c == 0xf4 && second >= 0x90)) return i;
    }
    i += n;
  }
  return std::string_view::npos;
}

class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(const Lines& lines, const std::map<std::string, std::string>& environment, Report& report)
      : lines_(lines), environment_(environment), report_(report) {}

  ValuePtr take() { return root_ ? root_ : std::make_shared<Value>(); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& m, YAML::anchor_t anchor) override {
    auto v = std::make_shared<Value>();
    v->mark = mark(m);
    add(std::move(v), {1, 1}, anchor);
  }

  void OnAlias(const YAML::Mark& m, YAML::anchor_t anchor) override {
    const auto known = anchors_.find(anchor);
    if (known == anchors_.end())
      throw Refused{mark(m), "this alias stands inside the node it refers to: remove it"};
    add_node(known->second.value, known->second.extent, mark(m));
  }

  void OnScalar(const YAML::Mark& m, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    check_tag(tag, m);
    auto v = std::make_shared<Value>();
    v->kind = Value::Kind::scalar;
    v->mark = mark(m);
    v->quoted = tag == "!" || tag == "tag:yaml.org,2002:str";
    // yaml-cpp takes the end of the file for a closing quote.
    if (v->quoted && !lines_.quote_closed(m.line, m.column))
      throw Refused{v->mark, "this quote is never closed: write the closing one"};
    const bool is_key = !open_.empty() && open_.back().value->is_map() && !open_.back().has_key;
    v->text = is_key ? text : substituted(text, v->mark);
    add(std::move(v), {1, 1}, anchor);
  }

  void OnSequenceStart(const YAML::Mark& m, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Value::Kind::list, m, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& m, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Value::Kind::map, m, tag, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Extent {
    size_t nodes = 1;  // with everything aliases repeat
    int depth = 1;
  };
  struct Open {
    std::shared_ptr<Value> value;
    YAML::anchor_t anchor = 0;
    Extent extent;
    bool has_key = false;
    bool merging = false;  // the value to come belongs to `<<`
    std::string key;
    Mark key_mark;
    std::vector<ValuePtr> merges;
    std::unordered_map<std::string, int> lines;  // keys seen, for duplicates
  };
  struct Anchored {
    ValuePtr value;
    Extent extent;
  };

  Mark mark(const YAML::Mark& m) const { return lines_.mark(m.line, m.column); }

  void check_tag(const std::string& tag, const YAML::Mark& m) const {
    if (tag.empty() || tag == "?" || tag == "!" || tag.rfind("tag:yaml.org,2002:", 0) == 0) return;
    throw Refused{mark(m), fmt::format("the tag '{}' has no meaning here: remove it", tag)};
  }

  void open(Value::Kind kind, const YAML::Mark& m, const std::string& tag, YAML::anchor_t anchor) {
    check_tag(tag, m);
    if (static_cast<int>(open_.size()) >= kDeepest)
      throw Refused{mark(m), fmt::format("nested deeper than {} levels: no scenario needs that", kDeepest)};
    if (!open_.empty() && open_.back().value->is_map() && !open_.back().has_key)
      throw Refused{
          mark(m),
          "a list or map cannot be a key: write plain text before the ':' and close every '[' and '{'"};
    Open o;
    o.value = std::make_shared<Value>();
    o.value->kind = kind;
    o.value->mark = mark(m);
    o.anchor = anchor;
    open_.push_back(std::move(o));
  }

  void close() {
    Open o = std::move(open_.back());
    open_.pop_back();
    if (!o.merges.empty()) merge(o);
    add(std::move(o.value), o.extent, o.anchor);
  }

  void add(std::shared_ptr<Value> value, Extent extent, YAML::anchor_t anchor) {
    const Mark at = value->mark;
    if (!open_.empty() && open_.back().value->is_map() && open_.back().has_key && value->is_null())
      value->mark = open_.back().key_mark;  // an absent value has no place of its own
    const ValuePtr done = std::move(value);
    if (anchor != 0) anchors_[anchor] = {done, extent};
    add_node(done, extent, at);
  }

  void add_node(const ValuePtr& node, Extent extent, const Mark& at) {
    if (open_.empty()) {
      root_ = node;
      return;
    }
    Open& top = open_.back();
    top.extent.nodes += extent.nodes;
    top.extent.depth = std::max(top.extent.depth, extent.depth + 1);
    if (top.extent.nodes > kMostNodes)
      throw Refused{
          at, fmt::format("the aliases of this file expand to more than {} nodes: use fewer", kMostNodes)};
    if (top.extent.depth > kDeepest)
      throw Refused{at, fmt::format("nested deeper than {} levels: no scenario needs that", kDeepest)};
    if (top.value->is_list()) {
      top.value->items.push_back(node);
    } else if (!top.has_key) {
      start_entry(top, *node, at);
    } else {
      finish_entry(top, node, at);
    }
  }

  void start_entry(Open& top, const Value& key, const Mark& at) {
    if (!key.is_scalar()) throw Refused{at, "a key is missing before ':': write one or remove the line"};
    top.has_key = true;
    top.key = key.text;
    top.key_mark = at;
    top.merging = key.text == "<<" && !key.quoted;
  }

  void finish_entry(Open& top, const ValuePtr& node, const Mark& at) {
    top.has_key = false;
    if (top.merging) {
      add_merge(top, node, at);
      return;
    }
    const auto [seen, fresh] = top.lines.emplace(top.key, top.key_mark.line);
    if (!fresh) {
      report_.error(top.key_mark,
                    fmt::format("key '{}' is given twice in this map (first in line {}): remove one", top.key,
                                seen->second));
      return;
    }
    top.value->entries.push_back({std::move(top.key), top.key_mark, node});
  }

  void add_merge(Open& top, const ValuePtr& node, const Mark& at) {
    if (node->is_map()) {
      top.merges.push_back(node);
      return;
    }
    bool maps = node->is_list();
    for (const ValuePtr& item : node->items) maps = maps && item->is_map();
    if (!maps) {
      report_.error(at, "'<<' wants a map or a list of maps: write `<<: *name`");
      return;
    }
    top.merges.insert(top.merges.end(), node->items.begin(), node->items.end());
  }

  /// The map's own keys win, then the earlier of several merged maps.
  void merge(Open& o) {
    for (const ValuePtr& from : o.merges) {
      for (const Entry& e : from->entries) {
        if (!o.lines.emplace(e.key, e.mark.line).second) continue;
        o.value->entries.push_back(e);
      }
    }
  }

  std::string substituted(const std::string& text, const Mark& at) {
    size_t open = text.find("${");
    if (open == std::string::npos) return text;
    std::string out;
    size_t from = 0;
    for (; open != std::string::npos; open = text.find("${", from)) {
      if (open > from && text[open - 1] == '$') {  // $${ stands for ${
        out.append(text, from, open - 1 - from).append("${");
        from = open + 2;
        continue;
      }
      out.append(text, from, open - from);
      const size_t close = text.find('}', open);
      if (close == std::string::npos) {
        report_.error(
            at,
            "'${' is never closed: write ${NAME} or ${NAME:-default}, and $${ for the characters themselves");
        return text;
      }
      out += variable(text.substr(open + 2, close - open - 2), at);
      from = close + 1;
    }
    return out.append(text, from);
  }

  std::string variable(const std::string& inside, const Mark& at) {
    const size_t dash = inside.find(":-");
    const std::string name = inside.substr(0, dash);
    const auto value = environment_.find(name);
    if (value != environment_.end() && !(dash != std::string::npos && value->second.empty()))
      return value->second;
    if (dash != std::string::npos) return inside.substr(dash + 2);
    report_.error(
        at, fmt::format("the environment variable '{}' is not set: set it or write ${{{}:-default}}", name,
                        name));
    return {};
  }

  const Lines& lines_;
  const std::map<std::string, std::string>& environment_;
  Report& report_;
  std::vector<Open> open_;
  std::unordered_map<YAML::anchor_t, Anchored> anchors_;
  ValuePtr root_;
};

/// yaml-cpp's words in a user's.
std::string explained(const YAML::ParserException& e, const Lines& lines) {
  for (int back = 0; back < 2 && e.mark.line >= back; ++back) {
    const std::string_view line = lines.line(static_cast<size_t>(e.mark.line - back));
    const size_t text = line.find_first_not_of(" \t");
    if (line.substr(0, text).find('\t') != std::string_view::npos)
      return "a tab stands in the indentation: YAML wants spaces";
  }
  static const std::map<std::string_view, std::string_view> kSentences = {
      {"illegal map value",
       "a ':' stands where no key can: check the indentation, or put the text in quotes"},
      {"illegal block entry", "a '-' stands where no list can begin: check the indentation"},
      {"illegal map key", "a key stands where none can: check the indentation"},
      {"end of map not found",
       "this does not continue the map above: check the indentation, and that every key has a ':'"},
      {"end of sequence not found", "this does not continue the list above: check the indentation"},
      {"end of sequence flow not found", "'[' is never closed: write ']'"},
      {"end of map flow not found", "'{' is never closed: write '}'"},
      {"the referenced anchor is not defined", "this alias names no anchor: define it above with '&name'"},
      {"illegal EOF in scalar", "a quoted text is never closed"},
      {"unknown escape character: ",
       "unknown escape in a double-quoted text: use single quotes or double the '\\'"},
  };
  for (const auto& [words, sentence] : kSentences)
    if (e.msg.rfind(words, 0) == 0) return std::string(sentence);
  return fmt::format("this is not YAML ({}): check indentation and quotes", e.msg);
}

}  // namespace

ValuePtr read_yaml(std::string_view text, int source, const std::map<std::string, std::string>& environment,
                   Report& report) {
  if (text.size() > kMostBytes) {
    report.error({source, 0, 0},
                 fmt::format("the file is larger than {} MiB: no scenario needs that", kMostBytes >> 20));
    return nullptr;
  }
  if (text.substr(0, 3) == "\xef\xbb\xbf") text.remove_prefix(3);
  const Lines lines(text, source);
  if (size_t bad = std::min(first_bad_utf8(text), text.find('\0')); bad != std::string_view::npos) {
    const auto line = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(bad), '\n');
    const size_t start = bad == 0 ? std::string_view::npos : text.rfind('\n', bad - 1);
    const size_t column = start == std::string_view::npos ? bad : bad - start - 1;
    report.error(lines.mark(static_cast<int>(line), static_cast<int>(column)),
                 "this byte is not UTF-8 text: save the file as UTF-8");
    return nullptr;
  }
  TreeBuilder builder(lines, environment, report);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
    const ValuePtr root = builder.take();
    TreeBuilder rest(lines, environment, report);
    if (parser.HandleNextDocument(rest)) {
      report.error(rest.take()->mark,
                   "a second document begins here: a scenario is one document, remove the '---'");
      return nullptr;
    }
    return root;
  } catch (const Refused& r) {
    report.error(r.mark, r.message);
  } catch (const YAML::DeepRecursion& e) {
    report.error(lines.mark(e.mark.line, e.mark.column),
                 fmt::format("nested deeper than {} levels: no scenario needs that", kDeepest));
  } catch (const YAML::ParserException& e) {
    report.error(lines.mark(e.mark.line, e.mark.column), explained(e, lines));
  } catch (const YAML::Exception& e) {
    report.error({source, 0, 0},
                 fmt::format("this is not YAML ({}): check indentation and quotes", e.what()));
  }
  return nullptr;
}

std::unique_ptr<std::string> read_text_file(const std::filesystem::path& file, const Mark& blame,
                                            Report& report) {
  std::error_code ec;
  if (std::filesystem::is_directory(file, ec)) {
    report.error(blame, fmt::format("'{}' is a folder: name a file", file.string()));
    return nullptr;
  }
  errno = 0;
  const auto unreadable = [&] {
    // The complaint about the main file, which no line names, begins with its name.
    return fmt::format("{}cannot be read ({}): check the path",
                       blame.line > 0 ? fmt::format("'{}' ", file.string()) : "", std::strerror(errno));
  };
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    report.error(blame, unreadable());
    return nullptr;
  }
  auto text = std::make_unique<std::string>();
  std::array<char, 1 << 16> chunk;
  while (text->size() <= kMostBytes && (in.read(chunk.data(), chunk.size()), in.gcount() > 0))
    text->append(chunk.data(), static_cast<size_t>(in.gcount()));
  if (in.bad()) {
    report.error(blame, unreadable());
    return nullptr;
  }
  return text;
}

}  // namespace xedgesim::scenario
