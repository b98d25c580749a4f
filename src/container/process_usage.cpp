#include "container/process_usage.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace xedgesim::container {
namespace {

std::string process_namespace(const std::string& pid) {
  std::error_code ec;
  return std::filesystem::read_symlink("/proc/" + pid + "/ns/pid", ec).string();
}

}  // namespace

ProcessUsage usage_of_namespace(pid_t member) {
  ProcessUsage usage;
  const std::string wanted = process_namespace(fmt::format("{}", member));
  if (wanted.empty() || wanted == process_namespace("self")) return usage;
  int64_t ticks = 0, pages = 0;
  std::error_code ec;
  for (const auto& e : std::filesystem::directory_iterator("/proc", ec)) {
    const std::string pid = e.path().filename().string();
    if (!std::all_of(pid.begin(), pid.end(), [](char c) { return c >= '0' && c <= '9'; }) ||
        process_namespace(pid) != wanted)
      continue;
    std::ifstream in("/proc/" + pid + "/stat");
    std::string line;
    if (!std::getline(in, line) || line.rfind(')') == std::string::npos) continue;
    std::istringstream words(line.substr(line.rfind(')') + 1));
    constexpr int kUserTime = 14, kChildrenSystemTime = 17, kResident = 24;
    std::string word;
    for (int field = 3; field <= kResident && words >> word; ++field) {
      if (field >= kUserTime && field <= kChildrenSystemTime) ticks += std::stoll(word);
      if (field == kResident) pages += std::stoll(word);
    }
    ++usage.processes;
  }
  usage.cpu = Duration::ns(ticks * (1'000'000'000 / sysconf(_SC_CLK_TCK)));
  usage.memory = pages * sysconf(_SC_PAGESIZE);
  return usage;
}

}  // namespace xedgesim::container
