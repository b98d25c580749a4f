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
  /// What a node has printed, once that is in it: engines hand it on a moment after it was printed.
  std::string logs_with(const std::string& id, const std::string& text) {
    std::string out;
    for (int i = 0; i < 100 && out.find(text) == std::string::npos; ++i) {
      if (i > 0) std::this_thread::sleep_for(std::chrono::milliseconds(100));
      out = run_program({"logs", id}).out;
    }
    return out;
  }
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
  /// `left` and `right` are up, reach each other by name, and run commands whose status and both outputs
  /// arrive.
  void expect_two_of(const std::string& kind, const std::string& pings_came_back) {
    const nlohmann::json all = machines();
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0]["kind"], kind);
    EXPECT_EQ(all[0]["state"], "up");
    const ProgramResult ping = run_program({"exec", "left", "--", "ping", "-c", "3", "right"});
    EXPECT_EQ(ping.exit_code, 0) << ping.out << ping.err;
    EXPECT_NE(ping.out.find(pings_came_back), std::string::npos) << ping.out;
    const ProgramResult both =
        run_program({"exec", "left", "--", "sh", "-c", "echo one; echo two >&2; exit 7"});
    EXPECT_EQ(both.exit_code, 7);
    EXPECT_EQ(both.out, "one\n");
    EXPECT_EQ(both.err, "two\n");
    EXPECT_EQ(run_program({"exec", "right", "--", "hostname"}).out, "right\n");
    // No other network than ours.
    EXPECT_EQ(run_program({"exec", "left", "--", "sh", "-c", "ls /sys/class/net | tr '\\n' ' '"}).out,
              "eth0 lo ");
  }
  /// Commands in the node read our standard input, as far as they want to.
  void expect_standard_input(const std::string& id) {
    // Bytes of all values, in more pieces than may be on their way at a time.
    std::string bytes;
    for (size_t i = 0; i < 100'000; ++i) bytes += static_cast<char>(i * i >> 3);
    std::ofstream(folder_ / "in", std::ios::binary) << bytes;
    const auto exec = [&](const std::string& arguments) {
      const std::string command = XEDGESIM_BINARY_DIR "/xedgesim exec " + arguments + " <" +
                                  (folder_ / "in").string() + " >" + (folder_ / "out").string();
      return WEXITSTATUS(std::system(command.c_str()));
    };
    EXPECT_EQ(exec("-i " + id + " -- sh -c 'cat; exit 7'"), 7);
    EXPECT_TRUE(read_file(folder_ / "out") == bytes) << read_file(folder_ / "out").size();
    // Podman's own attachment to a command loses what such a one prints, at times.
    for (int i = 0; i < 8; ++i) {
      EXPECT_EQ(exec("-i " + id + " -- sh -c 'head -c 5 >/dev/null; echo had enough'"), 0);
      EXPECT_EQ(read_file(folder_ / "out"), "had enough\n");
    }
    EXPECT_EQ(exec("-i " + id + " -- true"), 0);
    EXPECT_EQ(exec(id + " -- sh -c 'cat; echo end'"), 0);
    EXPECT_EQ(read_file(folder_ / "out"), "end\n");
    std::ofstream(folder_ / "in", std::ios::trunc).close();
    EXPECT_EQ(exec("-i " + id + " -- sh -c 'cat; cat /nothing 2>/dev/null'"), 1);
    EXPECT_EQ(read_file(folder_ / "out"), "");
  }
  bool nothing_left() const { return !std::filesystem::exists(folder_ / "state/lab"); }

  TemporaryFolder folder_;
};

}  // namespace xedgesim::testing
