#include "web/results.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "base/error.h"
#include "temporary_folder.h"
#include "web/refusal.h"

namespace xedgesim::web {
namespace {

namespace fs = std::filesystem;

class ResultsFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_ / "results/a/run");
    fs::create_directories(folder_ / "outside");
    write("results/a/run/summary.json", "{}");
    write("outside/secret", "secret");
  }
  void write(const std::string& name, const std::string& text) { std::ofstream(folder_ / name) << text; }
  unsigned refused(const std::function<void()>& what) {
    try {
      what();
    } catch (const Refusal& e) {
      EXPECT_EQ(std::string(e.what()).find("secret\n"), std::string::npos);
      return e.status();
    }
    return 200;
  }
  TemporaryFolder folder_;
};

TEST_F(ResultsFolder, OpensWhatLiesInIt) {
  const Results results(folder_ / "results");
  EXPECT_EQ(results.open("a/run/summary.json").size, 2u);
  EXPECT_EQ(results.folder("a/run").filename(), "run");
  EXPECT_EQ(results.folder("."), results.path());
  fs::create_directory_symlink("run", folder_ / "results/a/latest");
  EXPECT_EQ(results.folder("a/latest").filename(), "run") << "a link that stays inside is followed";
  EXPECT_EQ(results.open("a/latest/summary.json").size, 2u);
}

TEST_F(ResultsFolder, RefusesWaysOut) {
  const Results results(folder_ / "results");
  fs::create_directory_symlink(folder_ / "outside", folder_ / "results/out");
  fs::create_symlink("/etc/passwd", folder_ / "results/passwd");
  fs::create_symlink("../../../outside/secret", folder_ / "results/a/run/spans.csv");
  for (const char* id : {"../outside/secret", "..", "/etc/passwd", "a/../../outside/secret", ""})
    EXPECT_EQ(refused([&] { results.open(id); }), 400u) << id;
  for (const char* id : {"out/secret", "passwd", "a/run/spans.csv", "nothing", "a", "a/run"})
    EXPECT_EQ(refused([&] { results.open(id); }), 404u) << id;
  EXPECT_EQ(refused([&] { results.folder("out"); }), 404u);
  EXPECT_EQ(refused([&] { results.run_folder("a/run"); }), 403u) << "one of its files is elsewhere";
  // A folder whose name only begins like the root's.
  fs::create_directories(folder_ / "results2");
  fs::create_directory_symlink(folder_ / "results2", folder_ / "results/two");
  EXPECT_EQ(refused([&] { results.folder("two"); }), 404u);
}

TEST_F(ResultsFolder, DoesNotHangOnAPipeOrADevice) {
  const Results results(folder_ / "results");
  ASSERT_EQ(mkfifo((folder_ / "results/pipe").c_str(), 0600), 0);
  EXPECT_EQ(refused([&] { results.open("pipe"); }), 404u);
}

TEST_F(ResultsFolder, AWindowOfAHugeFileBeginsWithALine) {
  const Results results(folder_ / "results");
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "line " + std::to_string(i) + "\n";
  write("results/log", text);
  const auto end = results.window("log", 100);
  EXPECT_EQ(end.end, text.size());
  EXPECT_TRUE(end.text.starts_with("line 9")) << end.text;
  EXPECT_EQ(text.substr(end.begin), end.text);
  const auto before = results.window("log", 100, end.begin);
  EXPECT_EQ(before.end, end.begin);
  EXPECT_EQ(text.substr(before.begin, before.end - before.begin), before.text);
  EXPECT_EQ(results.window("log", 1 << 20).begin, 0u);
  // Sparse, far larger than memory.
  fs::resize_file(folder_ / "results/log", uintmax_t{1} << 40);
  EXPECT_EQ(results.window("log", 1000).text.size(), 1000u);
}

TEST_F(ResultsFolder, MustBeThere) {
  EXPECT_THROW(Results(folder_ / "nothing"), ConfigError);
  EXPECT_THROW(Results(folder_ / "outside/secret"), ConfigError);
}

}  // namespace
}  // namespace xedgesim::web
