#pragma once
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "../system/program.h"

namespace xedgesim::testing {

inline constexpr const char* kCable = "links:\n  - {id: cable, endpoints: [\"left:eth0\", \"right:eth0\"]}\n";

/// A folder for the state of systems, and a scenario's file in it.
class UpTest : public ::testing::Test {
 protected:
  UpTest() { setenv("XEDGESIM_STATE", (folder_ / "state").c_str(), 1); }
  ~UpTest() override {
    run_program({"down", "--all"});
    unsetenv("XEDGESIM_STATE");
  }
  std::string write(const std::string& nodes, const std::string& rest = kCable) {
    std::ofstream(folder_ / "s.yaml") << "scenario: {name: lab}\nnodes:\n" << nodes << rest;
    return (folder_ / "s.yaml").string();
  }
  nlohmann::json machines() {
    const ProgramResult r = run_program({"ps", "--format", "json"});
    EXPECT_EQ(r.exit_code, 0) << r.err;
    const nlohmann::json systems = nlohmann::json::parse(r.out);
    return systems.empty() ? nlohmann::json::array() : systems[0]["machines"];
  }
  /// Until a machine is in that state, for a minute.
  nlohmann::json wait_for(const std::string& id, const std::string& state) {
    nlohmann::json found;
    for (int i = 0; i < 600; ++i) {
      const nlohmann::json all = machines();
      for (const auto& m : all)
        if (m["id"] == id) found = m;
      if (found.value("state", "") == state) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    EXPECT_EQ(found.value("state", ""), state);
    return found;
  }
  bool nothing_left() const { return !std::filesystem::exists(folder_ / "state/lab"); }

  TemporaryFolder folder_;
};

}  // namespace xedgesim::testing
