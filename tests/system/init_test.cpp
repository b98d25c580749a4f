// `xedgesim init`: what a user begins with runs where he put it.
#include <gtest/gtest.h>

#include "program.h"

namespace xedgesim::testing {
namespace {

TEST(Init, EveryShippedScenarioIsValidWhereItIsCopiedTo) {
  TemporaryFolder folder;
  const ProgramResult all = run_program({"init", "--list", "--format", "json"});
  ASSERT_EQ(all.exit_code, 0) << all.err;
  const auto list = nlohmann::json::parse(all.out);
  EXPECT_GE(list.size(), 20u);
  for (size_t i = 0; i < list.size(); ++i) {
    const std::string name = list[i]["name"], copy = (folder / std::to_string(i)).string();
    EXPECT_FALSE(list[i]["description"].get<std::string>().empty()) << name;
    const ProgramResult made = run_program({"init", copy, "--from", name});
    EXPECT_EQ(made.exit_code, 0) << made.err;
    const ProgramResult valid = run_program({"validate", "--language-only", copy + "/scenario.yaml"});
    EXPECT_EQ(valid.exit_code, 0) << name << ": " << valid.err;
  }
}

TEST(Init, ACopyRunsAsTheOriginal) {
  TemporaryFolder folder;
  const std::string copy = (folder / "a/b").string();
  ASSERT_EQ(run_program({"init", copy, "--from", "hello"}).exit_code, 0);
  const auto digest = [&](const std::string& scenario, const std::string& out) {
    EXPECT_EQ(run_program({"run", scenario, "-q", "-o", (folder / out).string()}).exit_code, 0);
    return nlohmann::json::parse(read_file(folder / out / "summary.json"))["digest"];
  };
  EXPECT_EQ(digest(copy + "/scenario.yaml", "one"), digest(source("scenarios/hello/scenario.yaml"), "two"));
}

TEST(Init, OverwritesNothingAndSaysWhatIsWrong) {
  TemporaryFolder folder;
  const std::string copy = (folder / "lab").string();
  ASSERT_EQ(run_program({"init", copy}).exit_code, 0);
  const ProgramResult again = run_program({"init", copy, "--from", "hello"});
  EXPECT_EQ(again.exit_code, 3);
  EXPECT_NE(again.err.find("is there already: choose another folder"), std::string::npos) << again.err;
  EXPECT_NE(read_file(folder / "lab/scenario.yaml").find("name: vibration-monitoring"), std::string::npos);
  EXPECT_NE(run_program({"init", (folder / "x").string(), "--from", "helo"}).err.find("no such scenario — did you mean 'hello'?"),
            std::string::npos);
  EXPECT_NE(run_program({"init"}).err.find("which folder?"), std::string::npos);
}

}  // namespace
}  // namespace xedgesim::testing
