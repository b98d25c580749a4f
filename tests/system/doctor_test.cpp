// `xedgesim doctor` on this host, and on one that has nothing in its PATH.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "program.h"

namespace xedgesim::testing {
namespace {

std::map<std::string, nlohmann::json> checks() {
  const ProgramResult r = run_program({"doctor", "--format", "json"});
  EXPECT_EQ(r.exit_code, 0) << r.err;
  std::map<std::string, nlohmann::json> out;
  for (const auto& c : nlohmann::json::parse(r.out)) out[c.at("name")] = c;
  return out;
}

class WithoutPath : public ::testing::Test {
 protected:
  WithoutPath() {
    if (const char* path = std::getenv("PATH")) path_ = path;
    setenv("PATH", folder_.path().c_str(), 1);
  }
  ~WithoutPath() override { setenv("PATH", path_.c_str(), 1); }
  TemporaryFolder folder_;
  std::string path_;
};

TEST(Doctor, TellsWhatIsThereAndWhatToDoForTheRest) {
  const auto all = checks();
  for (const char* name : {"system", "translator", "ONNX Runtime", "QEMU for aarch64", "KVM", "limits"})
    EXPECT_TRUE(all.contains(name)) << name;
  for (const auto& [name, c] : all) {
    EXPECT_FALSE(c.at("found").get<std::string>().empty()) << name;
    EXPECT_FALSE(c.at("purpose").get<std::string>().empty()) << name;
    EXPECT_EQ(c.at("state") == "yes", c.at("remedy").get<std::string>().empty()) << c;
  }
}

TEST(Doctor, PrintsATable) {
  const ProgramResult r = run_program({"doctor"});
  EXPECT_EQ(r.exit_code, 0) << r.err;
  EXPECT_NE(r.out.find("virtual"), std::string::npos) << r.out;
  EXPECT_NE(r.out.find("│ ONNX Runtime"), std::string::npos) << r.out;
}

TEST_F(WithoutPath, NamesEveryProgramThatIsMissing) {
  const auto all = checks();
  for (const char* name : {"arm-none-eabi-gcc", "gnuplot", "tshark", "QEMU for x86_64", "QEMU for aarch64"}) {
    EXPECT_EQ(all.at(name).at("state"), "no") << name;
    EXPECT_NE(all.at(name).at("remedy").get<std::string>().find("scripts/setup"), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace xedgesim::testing
