// A run under way, watched and changed through the server.
#include <chrono>
#include <csignal>

#include "../system/program.h"
#include "served_results.h"

namespace xedgesim::web {
namespace {

using testing::Program;

/// Two machines over one cable; one sends to the other.
constexpr const char* kCable = R"(
scenario: {name: cable, duration: 20s, seed: 5}
nodes:
  - {id: a, type: model, traffic: [{to: b, interval: 10ms, size: 200}]}
  - {id: b, type: model}
links:
  - {id: cable, endpoints: ["a:eth0", "b:eth0"], latency: 2ms}
profiles: {slow: {cable: {latency: 30ms}}}
metrics: {collection_interval: 1s}
)";

class ServedRun : public ServedResults {
 protected:
  std::vector<std::string> arguments(std::vector<std::string> more) {
    results_.write("scenario.yaml", kCable);
    std::vector<std::string> all{"run", (results_.path() / "scenario.yaml").string(), "-q", "--output",
                                 (results_.path() / "live").string()};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  void wait_until_listed_as(const char* status) {
    for (int i = 0; i < 600; ++i) {
      const Json list = get("/api/runs").json();
      if (list["runs"].size() == 1 && list["runs"][0]["status"] == status) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    FAIL() << "never " << status << ": " << get("/api/runs").body;
  }
  std::string run_token() {
    return nlohmann::json::parse(testing::read_file(results_.path() / "live/control.json"))["token"];
  }
};

TEST_F(ServedRun, IsWatchedChangedAndStopped) {
  serve();
  Program run(arguments({"--control", "tcp:127.0.0.1:0", "--paused"}));
  wait_until_listed_as("running");
  Json live = get("/api/live?id=live").json();
  EXPECT_EQ(live["paused"], true);
  EXPECT_EQ(live["links"], Json::array({"cable"}));
  EXPECT_NE(live["profiles"].dump().find("slow"), std::string::npos) << "the scenario's own";

  const HttpReply set = post({{"run", "live"},
                              {"command", "link set"},
                              {"link", "cable"},
                              {"values", {{"latency", "20ms"}}},
                              {"at", "2s"}});
  EXPECT_EQ(set.status, 200u) << set.body;
  EXPECT_EQ(set.json()["applied_at_ns"], 2'000'000'000);
  const HttpReply wrong = post(
      {{"run", "live"}, {"command", "link set"}, {"link", "nothing"}, {"values", {{"latency", "20ms"}}}});
  EXPECT_EQ(wrong.status, 422u);
  EXPECT_NE(wrong.body.find("nothing"), std::string::npos) << "in the run's own words: " << wrong.body;
  EXPECT_EQ(post({{"run", "live"}, {"command", "profile apply"}, {"profile", "slow"}, {"at", "3s"}}).status,
            200u);

  // Its token is in no answer, and its file is not handed out, by whatever key.
  const std::string token = run_token();
  for (const char* target : {"/api/run?id=live", "/api/runs", "/api/live?id=live", "/api/events?id=live"})
    EXPECT_EQ(get(target).body.find(token), std::string::npos) << target;
  EXPECT_EQ(get("/files/live/control.json?key=" + api_->access().file_key("live/control.json"), {}).status,
            404u);

  EXPECT_EQ(post({{"run", "live"}, {"command", "resume"}}).status, 200u);
  const auto result = run.wait();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(get("/api/live?id=live").json()["live"], false);
  EXPECT_EQ(get("/api/run?id=live").json()["status"], "passed");
  EXPECT_EQ(get("/api/events?id=live").json()["events"].size(), 2u) << "both changes stand in events.jsonl";
  EXPECT_EQ(post({{"run", "live"}, {"command", "pause"}}).status, 409u);
}

TEST_F(ServedRun, IsStoppedWithItsResultsKept) {
  serve();
  Program run(arguments({"--control", (results_.path() / "sock").string(), "--paused"}));
  wait_until_listed_as("running");
  EXPECT_EQ(post({{"run", "live"}, {"command", "stop"}}).status, 200u);
  EXPECT_EQ(run.wait().exit_code, 130);
  EXPECT_EQ(get("/api/run?id=live").json()["status"], "interrupted");
}

TEST_F(ServedRun, ThatWasKilledIsNotTakenForOneUnderWay) {
  serve();
  Program run(arguments({"--control", "tcp:127.0.0.1:0", "--paused"}));
  wait_until_listed_as("running");
  kill(run.pid(), SIGKILL);
  run.wait();
  wait_until_listed_as("unfinished");
  EXPECT_EQ(post({{"run", "live"}, {"command", "pause"}}).status, 409u);
  EXPECT_EQ(get("/api/run?id=live").json()["scenario"], "cable") << "from the resolved scenario";
}

}  // namespace
}  // namespace xedgesim::web
