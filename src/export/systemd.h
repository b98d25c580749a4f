#pragma once
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace xedgesim::exporter {

/// A word of ExecStart=, or a value of Environment=: quoted, with systemd's specifiers (%) taken literally.
/// Throws ConfigError for control characters other than newline and tab, which systemd refuses.
std::string systemd_word(const std::string& text);

/// A unit file. Values come as they are to stand there.
struct Unit {
  std::string description;
  std::vector<std::pair<std::string, std::string>> unit, service;  ///< in order
  std::vector<std::string> command;                                ///< ExecStart, each word quoted here
  std::map<std::string, std::string> environment;
  std::string wanted_by = "multi-user.target";

  std::string text() const;
};

}  // namespace xedgesim::exporter
