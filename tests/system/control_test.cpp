// A run under way, changed from outside, and repeated from what it wrote down.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "program.h"

namespace xedgesim::testing {
namespace {

/// Two machines over one cable; one sends to the other.
const std::string kCable = R"(
scenario: {name: t, duration: 20s, seed: 5}
nodes:
  - {id: a, type: model, traffic: [{to: b, interval: 10ms, size: 200}]}
  - {id: b, type: model}
links:
  - {id: cable, endpoints: ["a:eth0", "b:eth0"], latency: 2ms, jitter: 1ms}
metrics: {collection_interval: 10s}
)";

class ControlledRun : public ::testing::Test {
 protected:
  void SetUp() override {
    scenario_ = (folder_ / "scenario.yaml").string();
    socket_ = (folder_ / "run.sock").string();
    std::ofstream(scenario_) << kCable;
  }
  std::vector<std::string> run_arguments(const std::string& to) {
    return {"run", scenario_, "-q", "--output", (folder_ / to).string()};
  }
  ProgramResult ask(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--control", socket_});
    return run_program(arguments);
  }
  /// Waits until the run answers.
  void wait_until_there() {
    for (int i = 0; i < 600 && ask({"status"}).exit_code != 0; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  nlohmann::json summary(const std::string& of) {
    return nlohmann::json::parse(read_file(folder_ / of / "summary.json"));
  }
  /// One line to the socket and what comes back, until the peer closes or a line is there.
  std::string raw(const std::string& text) {
    const int s = socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::copy(socket_.begin(), socket_.end(), name.sun_path);
    EXPECT_EQ(connect(s, reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
    timeval patience{.tv_sec = 60, .tv_usec = 0};
    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    for (size_t sent = 0; sent < text.size();) {
      const ssize_t n = send(s, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) break;
      sent += static_cast<size_t>(n);
    }
    std::string answer;
    for (char c; answer.find('\n') == std::string::npos && recv(s, &c, 1, 0) == 1;) answer += c;
    close(s);
    return answer;
  }
  TemporaryFolder folder_;
  std::string scenario_, socket_;
};

TEST_F(ControlledRun, AChangedRunIsRepeatedFromItsTimeLine) {
  auto arguments = run_arguments("live");
  arguments.insert(arguments.end(), {"--control", socket_, "--paused"});
  Program p(arguments);
  wait_until_there();
  const auto status = nlohmann::json::parse(ask({"status", "--format", "json"}).out);
  EXPECT_EQ(status["paused"], true);
  EXPECT_EQ(status["links"], nlohmann::json::array({"cable"}));
  EXPECT_EQ(status["time_s"], 0);
  const ProgramResult set = ask({"link", "set", "cable", "latency=20ms", "loss_rate=5%"});
  EXPECT_EQ(set.exit_code, 0) << set.err;
  EXPECT_EQ(ask({"profile", "apply", "lossy", "--at", "19s"}).exit_code, 0);
  EXPECT_EQ(nlohmann::json::parse(ask({"status", "--format", "json"}).out)["changes"], 2);
  // The token lies there for its owner only.
  struct stat token {};
  ASSERT_EQ(stat((socket_ + ".token").c_str(), &token), 0);
  EXPECT_EQ(token.st_mode & 0777, 0600u);
  EXPECT_EQ(run_program({"resume", "--run", (folder_ / "live").string()}).exit_code, 0);
  const ProgramResult r = p.wait();
  ASSERT_EQ(r.exit_code, 0) << r.out << r.err;
  EXPECT_FALSE(std::filesystem::exists(socket_ + ".token"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "live/control.json"));

  auto again = run_arguments("again");
  again.insert(again.end(), {"--timeline", (folder_ / "live/applied.yaml").string()});
  ASSERT_EQ(run_program(again).exit_code, 0);
  EXPECT_EQ(summary("again")["digest"], summary("live")["digest"]);
  EXPECT_EQ(read_file(folder_ / "again/events.jsonl"), read_file(folder_ / "live/events.jsonl"));
  // The change did something.
  ASSERT_EQ(run_program(run_arguments("plain")).exit_code, 0);
  EXPECT_NE(summary("plain")["digest"], summary("live")["digest"]);
}

/// A profile with a duration, and another one put in force before its end.
const std::string kTwoProfiles = R"(
scenario: {name: t, duration: 10s, seed: 5}
nodes:
  - {id: a, type: model, traffic: [{id: probe, to: b, interval: 10ms, size: 200}]}
  - {id: b, type: model}
links:
  - {id: cable, endpoints: ["a:eth0", "b:eth0"], latency: 2ms}
profiles:
  slow: {cable: {latency: 50ms}}
  quick: {cable: {latency: 5ms}}
validation:
  assertions:
    - {metric: "flow_delay_ms[probe]", min: 50, max: 51, scope: {from: 2s, to: 3.9s}}
    - {metric: "flow_delay_ms[probe]", min: 5, max: 6, scope: {from: 4s, to: 6s}}
    - {metric: "flow_delay_ms[probe]", min: 5, max: 6, scope: {from: 6s, to: 9.9s}, description: "it stays"}
)";

TEST_F(ControlledRun, AProfileAppliedByHandOutlivesTheOneBeforeIt) {
  std::ofstream(scenario_) << kTwoProfiles
                           << "faults: [{time: 2s, type: apply_profile, profile: slow, duration: 4s}]\n";
  auto arguments = run_arguments("live");
  arguments.insert(arguments.end(), {"--control", socket_, "--paused"});
  Program p(arguments);
  wait_until_there();
  EXPECT_EQ(ask({"profile", "apply", "quick", "--at", "4s"}).exit_code, 0);
  EXPECT_EQ(ask({"resume"}).exit_code, 0);
  const ProgramResult r = p.wait();
  EXPECT_EQ(r.exit_code, 0) << r.out << r.err;
  auto again = run_arguments("again");
  again.insert(again.end(), {"--timeline", (folder_ / "live/applied.yaml").string()});
  EXPECT_EQ(run_program(again).exit_code, 0);
  EXPECT_EQ(summary("again")["digest"], summary("live")["digest"]);
}

TEST_F(ControlledRun, ProfilesOfTheScenarioOutliveThoseBeforeThem) {
  const std::string slow = "  - {time: 2s, type: apply_profile, profile: slow, duration: 4s}\n";
  const std::string quick = "  - {time: 4s, type: apply_profile, profile: quick, duration: 6s}\n";
  for (const std::string& faults : {slow + quick, quick + slow}) {
    std::ofstream(scenario_) << kTwoProfiles << "faults:\n" << faults;
    const ProgramResult r = run_program(run_arguments("run"));
    EXPECT_EQ(r.exit_code, 0) << faults << r.out << r.err;
  }
  // At the same instant the later one in the file; and one that begins as another ends.
  for (const std::string& faults :
       {"  - {time: 4s, type: apply_profile, profile: slow, duration: 2s}\n" + slow + quick,
        slow + "  - {time: 4s, type: apply_profile, profile: quick, duration: 2s}\n"
               "  - {time: 6s, type: apply_profile, profile: quick}\n"}) {
    std::ofstream(scenario_) << kTwoProfiles << "faults:\n" << faults;
    const ProgramResult r = run_program(run_arguments("run"));
    EXPECT_EQ(r.exit_code, 0) << faults << r.out << r.err;
  }
}

TEST_F(ControlledRun, RefusesWhatDoesNotFitAndGoesOn) {
  auto arguments = run_arguments("live");
  arguments.insert(arguments.end(), {"--control", socket_, "--paused"});
  Program p(arguments);
  wait_until_there();
  for (const auto& [command, part] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"link", "set", "cabel", "latency=20ms"}, "cabel"},
           {{"link", "set", "cable", "latency=20"}, "has no unit"},
           {{"link", "set", "cable", "latency"}, "write KEY=VALUE"},
           {{"link", "set", "cable", "burst=2kB"}, "needs a rate"},
           {{"link", "set", "cable", "colour=red"}, "colour"},
           {{"link", "set", "cable", "time=1s"}, "a link has no 'time'"},
           {{"link", "set", "cable", "latency=[1"}, ""},
           {{"link", "set", "cable", "latency=20ms", "--at", "0s"}, "is past"},
           {{"link", "set", "cable", "latency=20ms", "--at", "3000s"}, "the run ends before"},
           {{"profile", "apply", "nonsense"}, "unknown profile 'nonsense'"}}) {
    const ProgramResult r = ask(command);
    EXPECT_EQ(r.exit_code, 3) << command[2] << r.out;
    EXPECT_NE(r.err.find(part), std::string::npos) << r.err;
  }
  const ProgramResult wrong = ask({"stop", "--token", "0123456789abcdef0123456789abcdef"});
  EXPECT_EQ(wrong.exit_code, 3);
  EXPECT_NE(wrong.err.find("the token is wrong"), std::string::npos) << wrong.err;
  EXPECT_NE(raw("nonsense\n").find("the request is no JSON object"), std::string::npos);
  EXPECT_NE(raw("{\"command\":\"stop\"}\n").find("the token is wrong"), std::string::npos);
  EXPECT_NE(raw("{\"command\":[]}\n").find("needs a text 'command'"), std::string::npos);
  EXPECT_EQ(raw(std::string(1 << 20, 'x')), "");  // let go
  EXPECT_EQ(nlohmann::json::parse(ask({"status", "--format", "json"}).out)["changes"], 0);
  EXPECT_EQ(ask({"stop"}).exit_code, 0);
  const ProgramResult r = p.wait();
  EXPECT_EQ(r.exit_code, 130) << r.err;
  EXPECT_EQ(summary("live")["status"], "interrupted");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "live/applied.yaml"));
}

TEST_F(ControlledRun, NobodyThereIsASentence) {
  const ProgramResult r = ask({"status", "--token", "x"});
  EXPECT_EQ(r.exit_code, 3);
  EXPECT_NE(r.err.find("no run listens at"), std::string::npos) << r.err;
  EXPECT_NE(run_program({"status"}).err.find("which run?"), std::string::npos);
}

}  // namespace
}  // namespace xedgesim::testing
