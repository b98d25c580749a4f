// `xedgesim serve` as a program: what it prints, how it ends; and its pages in a real browser.
#include <csignal>
#include <regex>

#include "../system/program.h"
#include "served_results.h"

namespace xedgesim::web {
namespace {

namespace fs = std::filesystem;
using testing::Program;
using testing::read_file;
using testing::run_program;

/// The address that was printed: "127.0.0.1:40123" and the token.
struct Printed {
  std::string address, token;
};
std::optional<Printed> printed_by(const Program& p) {
  const std::regex line("http://([0-9.:]+)/#token=([0-9a-f]+)");
  for (int i = 0; i < 400; ++i) {
    const std::string text = p.out();
    if (std::smatch m; std::regex_search(text, m, line)) return Printed{m[1], m[2]};
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
  }
  return std::nullopt;
}

TEST(ServeCommand, PrintsItsAddressAndEndsCleanly) {
  report::ResultFolder results;
  results.run("r", 1, 0.9, 5, 2);
  for (const int signal : {SIGINT, SIGTERM}) {
    Program p({"serve", results.path().string()});
    const auto printed = printed_by(p);
    ASSERT_TRUE(printed);
    EXPECT_EQ(printed->token.size(), 32u);
    EXPECT_EQ(http_request(printed->address, "GET", "/api/runs").status, 401u);
    EXPECT_EQ(
        http_request(printed->address, "GET", "/api/runs", {{"Authorization", "Bearer " + printed->token}})
            .status,
        200u);
    kill(p.pid(), signal);
    const auto end = p.wait();
    EXPECT_EQ(end.exit_code, 0) << end.err;
    EXPECT_EQ(end.err, "");
  }
}

TEST(ServeCommand, ShowsWhatARunPutsIntoTheSameFolder) {
  TemporaryFolder folder;
  const std::string scenario = (folder / "s.yaml").string();
  std::ofstream(scenario) << "scenario: {name: short, duration: 1s}\n"
                             "nodes: [{id: a, type: model}, {id: b, type: model}]\n"
                             "links: [{endpoints: [\"a:eth0\", \"b:eth0\"]}]\n";
  const std::string results = (folder / "all").string();
  ASSERT_EQ(run_program({"run", scenario, "-q", "--results", results}).exit_code, 0);
  Program p({"serve", results});
  const auto printed = printed_by(p);
  ASSERT_TRUE(printed);
  const Json list =
      http_request(printed->address, "GET", "/api/runs", {{"Authorization", "Bearer " + printed->token}})
          .json();
  ASSERT_EQ(list["runs"].size(), 1u) << list.dump();
  EXPECT_TRUE(list["runs"][0]["id"].get<std::string>().starts_with("short/")) << list.dump();
  kill(p.pid(), SIGINT);
  EXPECT_EQ(p.wait().exit_code, 0);
}

TEST(ServeCommand, RefusesWhatItCannotServe) {
  TemporaryFolder folder;
  auto r = run_program({"serve", (folder / "nothing").string()});
  EXPECT_EQ(r.exit_code, 3);
  EXPECT_NE(r.err.find("nothing"), std::string::npos) << r.err;
  r = run_program({"serve", folder.path().string(), "--listen", "here"});
  EXPECT_EQ(r.exit_code, 3);
  EXPECT_NE(r.err.find("127.0.0.1:8080"), std::string::npos) << "says how to write it: " << r.err;
}

std::string browser() {
  for (const char* name : {"/usr/bin/chromium", "/usr/bin/chromium-headless-shell"})
    if (fs::exists(name)) return name;
  return {};
}

/// A page as Chromium has it after its scripts ran, and what its console says.
class Browser {
 public:
  explicit Browser(const std::string& url, const std::vector<std::string>& more = {}) {
    // A profile of its own; a proxy that does not exist, so that anything asked of another host would fail.
    std::vector<std::string> command{browser(),
                                     "--headless",
                                     "--no-sandbox",
                                     "--disable-gpu",
                                     "--disable-dev-shm-usage",
                                     "--proxy-server=127.0.0.1:9",
                                     "--proxy-bypass-list=127.0.0.1",
                                     "--user-data-dir=" + (folder_ / "profile").string(),
                                     "--virtual-time-budget=5000",
                                     "--window-size=1300,2000",
                                     "--enable-logging=stderr",
                                     "--dump-dom"};
    command.insert(command.end(), more.begin(), more.end());
    command.push_back(url);
    std::vector<char*> argv;
    for (std::string& c : command) argv.push_back(c.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, (folder_ / "dom").c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                     0644);
    posix_spawn_file_actions_addopen(&actions, 2, (folder_ / "messages").c_str(),
                                     O_WRONLY | O_CREAT | O_TRUNC, 0644);
    pid_t pid = -1;
    EXPECT_EQ(posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    int status = 0;
    waitpid(pid, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << read_file(folder_ / "messages");
    dom = read_file(folder_ / "dom");
    std::ifstream in(folder_ / "messages");
    for (std::string line; std::getline(in, line);)
      if (line.find("CONSOLE") != std::string::npos) console += line + "\n";
  }
  bool has(const std::string& text) const { return dom.find(text) != std::string::npos; }
  std::string dom, console;

 private:
  TemporaryFolder folder_;
};

TEST(ServeInABrowser, ListRunAndComparison) {
  if (browser().empty())
    GTEST_SKIP() << "chromium is not installed (scripts/setup --with browser); the tests of ServedResults "
                    "look at the answers";
  report::ResultFolder results;
  const std::string out = (results.path() / "hello/2025-01-13_10-00-00").string();
  ASSERT_EQ(
      run_program({"run", testing::source("scenarios/hello/scenario.yaml"), "-q", "--output", out}).exit_code,
      0);
  results.run("demo/<b>&", 1, 0.9, 5, 2);
  results.write("cut/summary.json", "{\"scenario\": ");
  Program p({"serve", results.path().string()});
  const auto printed = printed_by(p);
  ASSERT_TRUE(printed);
  const std::string at = "http://" + printed->address + "/", token = "#token=" + printed->token;

  const Browser list(at + token);
  EXPECT_TRUE(list.has("data-ready=\"yes\"")) << list.dom;
  EXPECT_TRUE(list.has("href=\"/?run=hello%2F2025-01-13_10-00-00\"")) << list.dom;
  EXPECT_TRUE(list.has("demo/&lt;b&gt;&amp;")) << "texts are texts";
  EXPECT_TRUE(list.has("class=\"status unreadable\""));
  EXPECT_EQ(list.console, "");

  const Browser run(at + "?run=hello%2F2025-01-13_10-00-00" + token);
  EXPECT_TRUE(run.has("data-ready=\"yes\"")) << run.dom;
  EXPECT_TRUE(run.has("passed</span>"));
  EXPECT_TRUE(run.has("xedgesim hello on nRF52840")) << "the console's text";
  EXPECT_TRUE(run.has("<svg") && run.has("data-chart=\"energy_by_cause\""));
  EXPECT_TRUE(run.has("href=\"/files/hello/2025-01-13_10-00-00/summary.json?key="));
  EXPECT_EQ(run.console, "");

  const Browser made_up(at + "?run=demo%2F%3Cb%3E%26" + token);
  EXPECT_TRUE(made_up.has("data-ready=\"yes\"")) << made_up.dom;
  EXPECT_TRUE(made_up.has("data-chart=\"energy_over_time\""));
  EXPECT_TRUE(made_up.has("class=\"timeline\"")) << "the fault";
  EXPECT_TRUE(made_up.has("scenario.resolved.yaml")) << "says why there is no topology";
  EXPECT_EQ(made_up.console, "");

  const Browser both(at + "?compare=hello%2F2025-01-13_10-00-00&compare=demo%2F%3Cb%3E%26" + token);
  EXPECT_TRUE(both.has("data-ready=\"yes\"")) << both.dom;
  EXPECT_TRUE(both.has("Inputs that differ") && both.has("ml_accuracy"));
  EXPECT_EQ(both.console, "");

  const Browser stranger(at);
  EXPECT_TRUE(stranger.has("The token is missing") || stranger.has("the token is missing")) << stranger.dom;
  EXPECT_FALSE(stranger.has("hello"));
  kill(p.pid(), SIGINT);
  EXPECT_EQ(p.wait().exit_code, 0);
}

}  // namespace
}  // namespace xedgesim::web
