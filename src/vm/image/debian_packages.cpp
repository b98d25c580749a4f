#include "vm/image/debian_packages.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "base/error.h"
#include "base/whole_file.h"
#include "vm/process.h"

namespace xedgesim::vm {
namespace {

namespace fs = std::filesystem;

constexpr Duration kFetching = Duration::s(600);
constexpr const char* kKeys = "/usr/share/keyrings/debian-archive-keyring.gpg";

std::string host_release() {
  std::ifstream in("/etc/os-release");
  constexpr std::string_view kKey = "VERSION_CODENAME=";
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(kKey)) {
      std::erase(line, '"');
      return line.substr(kKey.size());
    }
  return {};
}

}  // namespace

void check_suite_name(std::string_view text, std::string_view where) {
  const auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
  const bool fits = !text.empty() && letter(text[0]) && std::all_of(text.begin(), text.end(), [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || c == '-';
  });
  if (!fits)
    throw ConfigError(
        fmt::format("{}: '{}' is no name of a suite of Debian: write bookworm or trixie, say", where, text));
}

std::vector<std::string> debian_mirrors(const std::string& printed, const std::string& release) {
  std::vector<std::string> out;
  std::istringstream lines(printed);
  for (std::string line; std::getline(lines, line);) {
    constexpr std::string_view kFolder = "/dists/", kFile = "/InRelease'";
    const size_t dists = line.rfind(kFolder), end = line.find(kFile);
    if (!line.starts_with('\'') || dists == std::string::npos || end == std::string::npos || end < dists)
      continue;
    const std::string suite = line.substr(dists + kFolder.size(), end - dists - kFolder.size());
    const std::string mirror = line.substr(1, dists - 1);
    const bool rolling = suite == "stable" || suite == "oldstable" || suite == "testing" ||
                         suite == "unstable" || suite == "sid";
    if ((rolling || suite == release) && std::find(out.begin(), out.end(), mirror) == out.end())
      out.push_back(mirror);
  }
  return out;
}

DebianPackages::DebianPackages(Config config)
    : config_(std::move(config)),
      folder_(config_.folder / fmt::format("apt-{}-{}", config_.suite, debian_name(config_.arch))),
      archives_(folder_ / "cache" / "archives"),
      sources_(folder_ / "sources.list") {}

std::string DebianPackages::apt(const fs::path& sources, const std::vector<std::string>& arguments) const {
  const std::string folder = folder_.string(), name(debian_name(config_.arch));
  std::vector<std::string> command{"apt-get", "-qq", "-y"};
  for (const std::string& option :
       {"APT::Architecture=" + name, "APT::Architectures=" + name, "Dir::State=" + folder,
        "Dir::State::lists=" + folder + "/lists", "Dir::State::status=" + folder + "/status",
        "Dir::Cache=" + folder + "/cache", "Dir::Etc::SourceList=" + sources.string(),
        // Of the host's own settings only how it reaches mirrors is to have an effect.
        std::string("Dir::Etc::SourceParts=-"), std::string("Dir::Etc::Preferences=/dev/null"),
        std::string("Dir::Etc::PreferencesParts=-"), std::string("APT::Default-Release="),
        std::string("APT::Install-Recommends=false"), std::string("APT::Sandbox::User=root"),
        std::string("Debug::NoLocking=true"), std::string("APT::Update::Post-Invoke::=true"),
        // A list that could not be fetched is an error also when there is an older one.
        std::string("APT::Update::Error-Mode=any"), std::string("Acquire::Languages=none"),
        std::string("Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false")})
    command.insert(command.end(), {"-o", option});
  command.insert(command.end(), arguments.begin(), arguments.end());
  return run_to_end(command, kFetching);
}

bool DebianPackages::download_list(const std::string& mirror, std::string& why) const {
  const fs::path trying = folder_ / "sources.trying";
  write_whole_file(trying, fmt::format("deb [signed-by={}] {} {} main\n", kKeys, mirror, config_.suite));
  try {
    apt(trying, {"update"});
  } catch (const SimulationError& e) {
    why = e.what();
    return false;
  }
  fs::rename(trying, sources_);
  return true;
}

/// Leaves a sources_ that APT has the list of.
void DebianPackages::update() {
  if (!fs::exists(kKeys))
    throw ConfigError(fmt::format(
        "{} is missing, the keys of Debian: scripts/setup --with qemu (debian-archive-keyring)", kKeys));
  const std::vector<std::string> mirrors = debian_mirrors(
      run_to_end({"apt-get", "update", "--print-uris", "-o", "Debug::NoLocking=true"}, kFetching),
      host_release());
  std::string why = "APT's sources of this host (/etc/apt) name no mirror of Debian";
  if (std::any_of(mirrors.begin(), mirrors.end(), [&](const auto& m) { return download_list(m, why); }))
    return;
  if (!fs::exists(sources_)) {
    std::error_code ec;
    fs::remove_all(folder_, ec);
    throw ConfigError(fmt::format("cannot get the package list of Debian's suite '{}'{}{}: {}", config_.suite,
                                  mirrors.empty() ? "" : " from ", fmt::join(mirrors, ", "), why));
  }
  if (config_.log)
    config_.log(fmt::format("the package list could not be renewed, the last one is used ({})", why));
}

std::vector<std::string> DebianPackages::fetch(const std::vector<std::string>& packages) {
  std::error_code ec;
  fs::create_directories(folder_ / "lists" / "partial", ec);
  fs::create_directories(archives_ / "partial", ec);
  fs::create_directories(folder_ / "none" / "partial", ec);
  if (ec) throw ConfigError(fmt::format("cannot write to {}: {}", folder_.string(), ec.message()));
  write_whole_file(folder_ / "status", "");
  update();
  std::vector<std::string> install{"install"};
  install.insert(install.end(), packages.begin(), packages.end());
  // 'address' file size hash; files that are there already are not printed, so the cache is looked past here.
  std::vector<std::string> print = install;
  print.insert(print.end(),
               {"--print-uris", "-o", "Dir::Cache::archives=" + (folder_ / "none").string() + "/"});
  std::istringstream lines(apt(sources_, print));
  std::vector<std::string> files;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string address, file;
    if (line.starts_with("'") && words >> address >> file) files.push_back(file);
  }
  if (files.empty()) throw SimulationError("APT names no packages for the image");
  std::sort(files.begin(), files.end());
  if (!std::all_of(files.begin(), files.end(), [&](const auto& f) { return fs::exists(path(f)); })) {
    if (config_.log)
      config_.log(fmt::format("fetching {} packages of {} for {}", files.size(), config_.suite,
                              debian_name(config_.arch)));
    install.push_back("--download-only");
    apt(sources_, install);
  }
  return files;
}

}  // namespace xedgesim::vm
