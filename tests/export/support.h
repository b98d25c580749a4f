#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "../system/program.h"
#include "scenario/load.h"

namespace xedgesim::exporter {

using testing::read_file;
using testing::source;

inline const std::string kData = XEDGESIM_SOURCE_DIR "/tests/export/data/";

inline scenario::Scenario load_text(const std::string& yaml) {
  scenario::LoadOptions options;
  options.check_files = false;
  const auto r = scenario::load_scenario_text(yaml, "s.yaml", kData, options);
  EXPECT_TRUE(r.ok()) << scenario::to_text(r.errors);
  return r.scenario;
}
inline scenario::Scenario chassis() { return load_text(read_file(kData + "chassis.yaml")); }

/// Two networks and a machine with a card in each, the cables plugged in backwards, one of them unplugged.
inline scenario::Scenario router(const std::string& backend = "bridge") {
  return load_text(R"(
scenario: {name: router, duration: 1s}
network: {lan: {host_ip: 10.1.0.100, dhcp_start: 10.1.0.101, dhcp_end: 10.1.0.150}}
nodes:
  - id: gw
    image: disk.img
    firmware: uefi
    qos: {outbound: {average: 10Mbit}}
    interfaces:
      - {name: eth0, ip: 10.1.0.254, mac: "52:54:00:00:00:0a"}
      - {name: eth1, ip: 10.2.0.254, prefix: 24, mac: "52:54:00:00:00:0b", qos: {outbound: {average: 100Mbit}}}
  - {id: office, image: disk.img, ip: 10.1.0.1, gateway: 10.1.0.254}
  - {id: plant, type: container, image: web, ip: 10.2.0.1, prefix: 24, gateway: 10.2.0.254}
  - {id: wall, type: container, image: web, interfaces: [{ip: 10.1.0.9}, {ip: 10.2.0.9, prefix: 24}]}
switches:
  - {id: office_lan, backend: )" +
                   backend + R"(}
  - {id: plant_lan, backend: )" +
                   backend + R"(}
links:
  - {endpoints: ["wall:eth1", "plant_lan:3"]}
  - {endpoints: ["gw:eth1", "plant_lan:1"], up: false}
  - {endpoints: ["gw:eth0", "office_lan:1"], latency: 1ms}
  - {endpoints: ["office:eth0", "office_lan:2"]}
  - {endpoints: ["plant:eth0", "plant_lan:2"]}
  - {endpoints: ["wall:eth0", "office_lan:3"]}
)");
}

/// Runs a program without a shell. exit_code -1: it could not be started.
inline testing::ProgramResult run(const std::vector<std::string>& arguments,
                                  const std::vector<std::string>& variables = {}) {
  TemporaryFolder folder;
  std::vector<std::string> all{"env"};
  all.insert(all.end(), variables.begin(), variables.end());
  all.insert(all.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& a : all) argv.push_back(a.data());
  argv.push_back(nullptr);
  const std::string out = folder / "out", err = folder / "err";
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  posix_spawn_file_actions_addopen(&actions, 2, err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  pid_t pid = -1;
  const int failed = posix_spawnp(&pid, "env", &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return {};
  int status = 0;
  waitpid(pid, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_file(out), read_file(err)};
}

inline bool installed(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::stringstream folders(std::string(path ? path : "") + ":/usr/sbin:/sbin");
  for (std::string folder; std::getline(folders, folder, ':');)
    if (access((folder + "/" + program).c_str(), X_OK) == 0) return true;
  return false;
}

/// Texts that break whatever quotes badly; `canary` is a file they would make.
inline std::vector<std::string> hostile_texts(const std::string& canary) {
  return {"it's \"quoted\"",
          "$(touch " + canary + ")",
          "`touch " + canary + "`",
          "a\nb; touch " + canary + "\n",
          "'; touch " + canary + "; '",
          "\"; touch " + canary + "; \"",
          "${HOME} $HOME %h %% \\n \\",
          "--privileged",
          "-o",
          "''; ${builtins.readFile ./x} ''${y} ${z}",
          "]]> <!-- & </name><x/>",
          "# no comment",
          "{{ x }} : - ? | > & * !tag @",
          " leading and trailing \t",
          "",
          "\xc3\xa9\xe2\x82\xac"};
}

/// A text as a scenario file holds it: quoted, and ${ written as the language wants it.
inline std::string yaml_text(const std::string& text) {
  std::string out = nlohmann::json(text).dump();
  for (size_t at = 0; (at = out.find("${", at)) != std::string::npos; at += 3) out.insert(at, "$");
  return out;
}

#define XEDGESIM_NEEDS(program, package) \
  if (!installed(program))               \
  GTEST_SKIP() << program " is missing: scripts/setup --with export installs " package

}  // namespace xedgesim::exporter
