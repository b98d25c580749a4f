// Systems that are up, as their page shows them.
#include <fcntl.h>
#include <sys/stat.h>

#include "control/server.h"
#include "live/state_folder.h"
#include "served_results.h"

namespace xedgesim::web {
namespace {

class ServedSystems : public ServedResults {
 protected:
  /// The folder of a system that this program keeps up, and what it is asked.
  void begin(const std::string& name) {
    folder_ = std::make_unique<live::StateFolder>(name, state_.path());
    folder_->create();
    live::SystemRecord record;
    record.name = name;
    record.scenario = "lab.yaml";
    record.owner = *live::find_process(getpid());
    record.nodes = {{.id = "a"}};
    folder_->write(record);
    control_ = std::make_unique<control::Server>("unix:" + folder_->control_socket().string(), "their token");
    const auto file = folder_->path() / "control.json";
    std::ofstream(file) << nlohmann::json{
        {"address", control_->address()}, {"token", control_->token()}, {"pid", getpid()}};
    std::filesystem::permissions(file, std::filesystem::perms::owner_read);
    answering_ = std::thread([this] {
      while (!stop_)
        control_->serve(
            [this](const control::Request& r) -> nlohmann::json {
              if (r.command == control::Request::Command::status)
                return {{"time_s", 5.5},
                        {"links", {"cable"}},
                        {"machines", {{{"id", "a"}, {"state", "running"}, {"secret", {{"deep", 1}}}}}}};
              changed_ = r.link;
              return {{"applied_at_ns", 7}};
            },
            Duration::ms(20));
    });
  }
  void TearDown() override {
    ServedResults::TearDown();
    if (answering_.joinable()) answering_.join();
  }
  std::unique_ptr<live::StateFolder> folder_;
  std::unique_ptr<control::Server> control_;
  std::thread answering_;
  std::string changed_;
};

TEST_F(ServedSystems, AreListedWithTheirMachinesAndTakeChangesOfLinks) {
  begin("lab");
  serve();
  const Json systems = get("/api/systems").json()["systems"];
  ASSERT_EQ(systems.size(), 1u);
  EXPECT_EQ(systems[0]["name"], "lab");
  EXPECT_EQ(systems[0]["up"], true);
  EXPECT_EQ(systems[0]["machines"], Json::array({{{"id", "a"}, {"state", "running"}}})) << systems.dump();
  EXPECT_EQ(systems[0]["links"], Json::array({"cable"}));
  const Json change{
      {"system", "lab"}, {"command", "link set"}, {"link", "cable"}, {"values", {{"latency", "1ms"}}}};
  EXPECT_EQ(post(change).json()["applied_at_ns"], 7);
  EXPECT_EQ(changed_, "cable");
  EXPECT_EQ(post({{"system", "lab"}, {"command", "stop"}}).status, 400u) << "a system is not ended from here";
}

TEST_F(ServedSystems, ThatHaveCrashedAreShownAsSuch) {
  live::StateFolder folder("gone", state_.path());
  folder.create();
  live::SystemRecord record;
  record.name = "gone";
  record.owner = {.pid = 1, .started = 1};  // no process that ever was
  record.nodes = {{.id = "a"}};
  folder.write(record);
  serve();
  const Json systems = get("/api/systems").json()["systems"];
  ASSERT_EQ(systems.size(), 1u);
  EXPECT_EQ(systems[0]["up"], false);
  EXPECT_NE(systems[0]["problem"].get<std::string>().find("xedgesim down gone"), std::string::npos);
}

}  // namespace
}  // namespace xedgesim::web
