#include <arpa/inet.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "scenario/codecs.h"

namespace xedgesim::scenario {
namespace {

using nlohmann::json;

/// Any scalar: ${…} and unquoted numbers are text too.
json scalar_schema() { return {{"type", json::array({"string", "number", "boolean"})}}; }

class TextCodec : public Codec<std::string> {
 public:
  bool load(const Value& value, std::string& out, const Path& path, LoadContext& context) const override {
    const std::string* s = scalar_text(value, path, type(), context);
    if (s == nullptr) return false;
    if (const std::string problem = wrong(*s); !problem.empty()) {
      context.report.error(value.mark, fmt::format("{}: {}", path.text(), problem));
      return false;
    }
    out = *s;
    return true;
  }
  json schema(bool) const override { return scalar_schema(); }
  ValuePtr dump(const std::string& value) const override {
    return value.empty() ? nullptr : make_text(value);
  }
  std::string type() const override { return "text"; }

 protected:
  /// Half a sentence, or nothing.
  virtual std::string wrong(const std::string&) const { return {}; }
};

class IdentifierCodec : public TextCodec {
 public:
  json schema(bool) const override {
    return {{"type", json::array({"string", "integer"})},
            {"pattern", "^([A-Za-z0-9][A-Za-z0-9_.-]{0,63}|.*\\$\\{.*)$"}};
  }
  std::string type() const override { return "name"; }

 protected:
  std::string wrong(const std::string& s) const override {
    const auto fits = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
             c == '-' || c == '.';
    };
    if (s.empty()) return "the name is empty: write one";
    if (s.size() > 64) return "the name is longer than 64 characters: shorten it";
    if (!std::all_of(s.begin(), s.end(), fits) || s[0] == '-' || s[0] == '.' || s[0] == '_')
      return fmt::format(
          "'{}' is no name: use letters, digits, '_', '-' and '.', and begin with a letter or digit", s);
    return {};
  }
};

class KnownNameCodec : public TextCodec {
 public:
  KnownNameCodec(std::string what, std::vector<std::string> names)
      : what_(std::move(what)), names_(std::move(names)) {}
  json schema(bool) const override {
    return {
        {"anyOf", json::array({json{{"enum", names_}}, json{{"type", "string"}, {"pattern", "\\$\\{"}}})}};
  }
  std::string type() const override { return what_; }

 protected:
  std::string wrong(const std::string& s) const override {
    if (std::find(names_.begin(), names_.end(), s) != names_.end()) return {};
    const std::string hint = did_you_mean(s, names_);
    return fmt::format("unknown {} '{}'{}", what_, s, hint.empty() ? " — known: " + name_list(names_) : hint);
  }

 private:
  std::string what_;
  std::vector<std::string> names_;
};

class MacCodec : public TextCodec {
 public:
  json schema(bool) const override {
    return {{"type", "string"}, {"pattern", "^(([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}|.*\\$\\{.*)$"}};
  }
  std::string type() const override { return "MAC address"; }

 protected:
  std::string wrong(const std::string& s) const override {
    bool ok = s.size() == 17;
    for (size_t i = 0; ok && i < s.size(); ++i)
      ok = i % 3 == 2 ? s[i] == ':' : std::isxdigit(static_cast<unsigned char>(s[i])) != 0;
    return ok ? "" : fmt::format("'{}' is no MAC address: write six bytes such as 52:54:00:12:34:01", s);
  }
};

class IpCodec : public TextCodec {
 public:
  json schema(bool) const override {
    return {{"type", "string"}, {"pattern", "^([0-9A-Fa-f:.]+|.*\\$\\{.*)$"}};
  }
  std::string type() const override { return "IP address"; }

 protected:
  std::string wrong(const std::string& s) const override {
    in6_addr out;
    if (inet_pton(AF_INET, s.c_str(), &out) == 1 || inet_pton(AF_INET6, s.c_str(), &out) == 1) return {};
    return fmt::format("'{}' is no IP address: write one such as 192.168.100.10, without a prefix length", s);
  }
};

class BooleanCodec : public Codec<bool> {
 public:
  bool load(const Value& value, bool& out, const Path& path, LoadContext& context) const override {
    const std::string* s = scalar_text(value, path, type(), context);
    if (s == nullptr) return false;
    if (*s == "true" || *s == "True" || *s == "TRUE") {
      out = true;
    } else if (*s == "false" || *s == "False" || *s == "FALSE") {
      out = false;
    } else {
      context.report.error(
          value.mark, fmt::format("{}: '{}' is neither true nor false: write one of them", path.text(), *s));
      return false;
    }
    return true;
  }
  json schema(bool) const override {
    return {
        {"anyOf", json::array({json{{"type", "boolean"}}, json{{"type", "string"}, {"pattern", "\\$\\{"}}})}};
  }
  ValuePtr dump(const bool& value) const override { return make_plain(value ? "true" : "false"); }
  std::string type() const override { return "true or false"; }
};

class FileCodec : public Codec<FilePath> {
 public:
  explicit FileCodec(FileKind kind) : kind_(kind) {}
  bool load(const Value& value, FilePath& out, const Path& path, LoadContext& context) const override {
    const std::string* s = scalar_text(value, path, type(), context);
    if (s == nullptr) return false;
    if (s->empty()) {
      context.report.error(value.mark,
                           fmt::format("{}: the path is empty: write one or remove the key", path.text()));
      return false;
    }
    out = resolve_path(*s, value.mark, context);
    if (kind_ == FileKind::path_or_name && s->find_first_of("/.") == std::string::npos) {
      out.resolved.clear();
      return true;
    }
    return check_exists(out, value.mark, path, context);
  }
  json schema(bool) const override { return scalar_schema(); }
  ValuePtr dump(const FilePath& value) const override {
    return value.empty() ? nullptr : make_text(value.written);
  }
  std::string type() const override { return kind_ == FileKind::must_exist ? "file" : "file or name"; }

 private:
  FileKind kind_;
};

class FirmwareCodec : public Codec<Firmware> {
 public:
  bool load(const Value& value, Firmware& out, const Path& path, LoadContext& context) const override {
    const std::string* s = scalar_text(value, path, type(), context);
    if (s == nullptr) return false;
    std::string file = *s;
    if (const size_t at = file.rfind('@'); at != std::string::npos) {
      uint64_t address = 0;
      std::string_view digits = std::string_view(*s).substr(at + 1);
      const int base = digits.substr(0, 2) == "0x" ? 16 : 10;
      if (base == 16) digits.remove_prefix(2);
      const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), address, base);
      if (ec != std::errc{} || end != digits.data() + digits.size()) {
        context.report.error(value.mark,
                             fmt::format("{}: '{}' is no address: write a BIN image as image.bin@0x1000",
                                         path.text(), s->substr(at + 1)));
        return false;
      }
      out.address = address;
      file.resize(at);
    }
    if (file.empty()) {
      context.report.error(value.mark,
                           fmt::format("{}: the path is empty: name an ELF, HEX or BIN file", path.text()));
      return false;
    }
    if (file.size() > 4 && file.compare(file.size() - 4, 4, ".bin") == 0 && !out.address) {
      context.report.error(
          value.mark,
          fmt::format("{}: a BIN image does not say where it belongs: write {}@0x0", path.text(), file));
      return false;
    }
    out.file = resolve_path(file, value.mark, context);
    return check_exists(out.file, value.mark, path, context);
  }
  json schema(bool) const override { return {{"type", "string"}}; }
  ValuePtr dump(const Firmware& value) const override {
    return make_text(value.address ? fmt::format("{}@{:#x}", value.file.written, *value.address)
                                   : value.file.written);
  }
  std::string type() const override { return "ELF, HEX or BIN@address"; }
};

/// Where a file of that name is looked for, in this order.
std::vector<std::filesystem::path> candidates(const std::string& written, const Mark& mark,
                                              const LoadContext& context) {
  const std::filesystem::path path(written);
  if (path.is_absolute()) return {path.lexically_normal()};
  std::vector<std::filesystem::path> all{(context.report.source(mark.file).folder / path).lexically_normal()};
  for (const auto& folder : context.options.search_paths) all.push_back((folder / path).lexically_normal());
  return all;
}

FilePath find_file(const std::string& written, const Mark& mark, const LoadContext& context) {
  const std::vector<std::filesystem::path> places = candidates(written, mark, context);
  const auto found = std::ranges::find_if(places, [](const std::filesystem::path& place) {
    std::error_code ec;
    return std::filesystem::exists(place, ec);
  });
  return {written, found == places.end() ? places.front() : *found};
}

}  // namespace

CodecPtr<std::string> text() { return std::make_shared<TextCodec>(); }
CodecPtr<std::string> identifier() { return std::make_shared<IdentifierCodec>(); }
CodecPtr<std::string> known_name(std::string what, std::vector<std::string> names) {
  return std::make_shared<KnownNameCodec>(std::move(what), std::move(names));
}
CodecPtr<std::string> mac_address() { return std::make_shared<MacCodec>(); }
CodecPtr<std::string> ip_address() { return std::make_shared<IpCodec>(); }
CodecPtr<bool> boolean() { return std::make_shared<BooleanCodec>(); }
CodecPtr<FilePath> file_path(FileKind kind) { return std::make_shared<FileCodec>(kind); }
CodecPtr<Firmware> firmware_image() { return std::make_shared<FirmwareCodec>(); }

FilePath resolve_path(const std::string& written, const Mark& mark, const LoadContext& context) {
  FilePath file = find_file(written, mark, context);
  std::error_code ec;
  if (std::filesystem::is_regular_file(file.resolved, ec)) context.report.add_file(written, file.resolved);
  return file;
}

bool check_exists(const FilePath& file, const Mark& mark, const Path& path, LoadContext& context) {
  std::error_code ec;
  if (!context.options.check_files || std::filesystem::is_regular_file(file.resolved, ec)) return true;
  const bool folder = std::filesystem::is_directory(file.resolved, ec);
  std::vector<std::string> places;
  for (const std::filesystem::path& place : candidates(file.written, mark, context))
    if (std::ranges::find(places, place.string()) == places.end()) places.push_back(place.string());
  context.report.error(
      mark, fmt::format("{}: the file '{}' {} (looked for {}): create it or correct the path", path.text(),
                        file.written, folder ? "is a folder" : "does not exist",
                        folder ? file.resolved.string() : fmt::format("{}", fmt::join(places, ", "))));
  return false;
}

nlohmann::json choice_schema(const std::vector<std::string>& names) {
  const nlohmann::json variable = {{"type", "string"}, {"pattern", "\\$\\{"}};
  const nlohmann::json one_of = {{"enum", names}};
  return {{"anyOf", nlohmann::json::array({one_of, variable})}};
}

bool choose(const Value& value, const std::vector<std::string>& names, size_t& chosen, const Path& path,
            LoadContext& context) {
  const std::string* s = scalar_text(value, path, "one of " + name_list(names), context);
  if (s == nullptr) return false;
  const auto found = std::find(names.begin(), names.end(), *s);
  if (found != names.end()) {
    chosen = static_cast<size_t>(found - names.begin());
    return true;
  }
  context.report.error(value.mark, fmt::format("{}: '{}' is not one of {}{}", path.text(), s->substr(0, 60),
                                               name_list(names), did_you_mean(*s, names)));
  return false;
}

}  // namespace xedgesim::scenario
