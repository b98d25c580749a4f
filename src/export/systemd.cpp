#include "export/systemd.h"

#include <fmt/format.h>

#include "base/error.h"
#include "export/shell.h"

namespace xedgesim::exporter {
namespace {

/// systemd.syntax(7), "Quoting". `dollars`: in command lines $ starts a variable, in Environment= it does
/// not.
std::string quoted(const std::string& text, bool dollars) {
  std::string out = "\"";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (c == '"' || c == '\\')
      (out += '\\') += c;
    else if (c == '%' || (c == '$' && dollars))
      (out += c) += c;
    else if (code < 0x20 || code == 0x7f)
      throw ConfigError(
          fmt::format("'{}' holds a control character (0x{:02x}), which systemd refuses: remove it",
                      one_line(text), code));
    else
      out += c;
  }
  return out + "\"";
}

}  // namespace

std::string systemd_word(const std::string& text) { return quoted(text, true); }

std::string Unit::text() const {
  std::string plain;
  for (const char c : one_line(description)) plain += c == '%' ? "%%" : std::string(1, c);
  // A backslash at the end of a line would take the next line in.
  while (!plain.empty() && (plain.back() == '\\' || plain.back() == ' ')) plain.pop_back();
  std::string out = "# Made by xedgesim export.\n[Unit]\nDescription=" + plain + "\n";
  for (const auto& [key, value] : unit) out += key + "=" + value + "\n";
  out += "\n[Service]\n";
  for (const auto& [key, value] : service) out += key + "=" + value + "\n";
  for (const auto& [key, value] : environment)
    out += "Environment=" + quoted(key + "=" + value, false) + "\n";
  if (!command.empty()) {
    out += "ExecStart=";
    for (size_t i = 0; i < command.size(); ++i) out += (i ? " " : "") + systemd_word(command[i]);
    out += "\n";
  }
  return out + "\n[Install]\nWantedBy=" + wanted_by + "\n";
}

}  // namespace xedgesim::exporter
