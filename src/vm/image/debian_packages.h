#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "vm/machine.h"

namespace xedgesim::vm {

/// "bookworm", "trixie": lower case letters, digits and '-', a letter first. Throws ConfigError, `where`
/// first.
void check_suite_name(std::string_view text, std::string_view where);

/// The addresses of `apt-get update --print-uris` that can be Debian's main archive: those with a folder of
/// this release (VERSION_CODENAME) or of one that has no number (testing, sid, …); without a '/' at the end.
std::vector<std::string> debian_mirrors(const std::string& printed, const std::string& release);

/// Packages of one suite of Debian's main archive for one processor, whatever release the host runs: APT with
/// a state of its own resolves and fetches them from the mirror in the host's sources, and checks Debian's
/// signature. No updates and no security updates, so that all hosts get the same ones between two point
/// releases.
class DebianPackages {
 public:
  struct Config {
    std::filesystem::path folder;  ///< for APT's state, of all suites and processors
    Arch arch = Arch::x86_64;
    std::string suite;
    std::function<void(std::string_view)> log;  ///< a line for a person; may be empty
  };
  explicit DebianPackages(Config config);

  /// Fetches packages with what they depend on, as far as they are not there; returns the names of their
  /// files, sorted. Throws ConfigError (no mirror, no keys, no such suite), SimulationError.
  std::vector<std::string> fetch(const std::vector<std::string>& packages);
  /// A fetched file.
  std::filesystem::path path(const std::string& file) const { return archives_ / file; }

 private:
  std::string apt(const std::filesystem::path& sources, const std::vector<std::string>& arguments) const;
  void update();
  bool download_list(const std::string& mirror, std::string& why) const;

  Config config_;
  std::filesystem::path folder_, archives_, sources_;
};

}  // namespace xedgesim::vm
