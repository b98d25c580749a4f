#include "export/shell.h"

#include <algorithm>

#include "base/shell_words.h"

namespace xedgesim::exporter {

std::string shell_word(std::string_view text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_./:,@%+=").find(c) != std::string_view::npos;
  };
  // '=' in front of a command's name would be an assignment; commands here never begin with one.
  if (!text.empty() && std::all_of(text.begin(), text.end(), plain)) return std::string(text);
  return shell_quoted(text);
}

std::string shell_line(const Command& command) {
  std::string out;
  for (const std::string& word : command) out += (out.empty() ? "" : " ") + shell_word(word);
  return out;
}

std::string one_line(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return out;
}

Script::Script(std::string_view purpose)
    : text_("#!/bin/sh\n# Made by xedgesim export. " + one_line(purpose) + "\nset -eu\n") {}

}  // namespace xedgesim::exporter
