#include "experiment/first_difference.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "base/error.h"
#include "temporary_folder.h"

namespace xedgesim::experiment {
namespace {

namespace fs = std::filesystem;

class FirstDifferenceTest : public ::testing::Test {
 protected:
  static std::vector<sim::Event> events(int n) {
    std::vector<sim::Event> all;
    for (int i = 0; i < n; ++i) {
      sim::Event e;
      e.time = SimTime::zero() + Duration::us(100 * i);
      e.source = sim::ParticipantId(static_cast<uint32_t>(i % 2));
      e.target = i % 5 == 0 ? sim::kNobody : sim::ParticipantId{1};
      e.code = 7;
      e.args = {i, -i, std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()};
      if (i % 3 == 0) e.data = std::make_shared<sim::Bytes>(static_cast<size_t>(i), uint8_t(i));
      all.push_back(e);
    }
    return all;
  }
  fs::path write(const char* name, const std::vector<sim::Event>& list) {
    metrics::DeliveryTrace trace(folder_ / name, {"vib_1", "~air"});
    for (const sim::Event& e : list) trace.add(e);
    trace.flush();
    return folder_ / name;
  }
  TemporaryFolder folder_;
};

TEST_F(FirstDifferenceTest, EqualTraces) {
  const auto a = write("a", events(50)), b = write("b", events(50));
  const FirstDifference d = first_difference(a, b);
  EXPECT_TRUE(d.equal_throughout());
  EXPECT_EQ(d.equal, 50u);
}

TEST_F(FirstDifferenceTest, EveryFieldCounts) {
  const auto a = write("a", events(50));
  const auto differs = [&](auto change) {
    auto list = events(50);
    change(list[33]);
    const FirstDifference d = first_difference(a, write("b", list));
    EXPECT_EQ(d.equal, 33u);
    ASSERT_TRUE(d.a && d.b);
    EXPECT_EQ(d.a->time_ns, 3'300'000);
    ASSERT_EQ(d.before.size(), 3u);
    EXPECT_EQ(d.before.back().time_ns, 3'200'000);
  };
  differs([](sim::Event& e) { e.time = e.time + Duration::ns(1); });
  differs([](sim::Event& e) { e.source = sim::ParticipantId{0}; });
  differs([](sim::Event& e) { e.target = sim::kNobody; });
  differs([](sim::Event& e) { e.code = 8; });
  differs([](sim::Event& e) { e.args[3] -= 1; });
  differs([](sim::Event& e) { e.args[2] += 1; });
  differs([](sim::Event& e) { e.data = nullptr; });
  differs([](sim::Event& e) { e.data = std::make_shared<sim::Bytes>(33, uint8_t(32)); });
}

TEST_F(FirstDifferenceTest, OneEndsEarlier) {
  const FirstDifference d = first_difference(write("a", events(10)), write("b", events(12)));
  EXPECT_EQ(d.equal, 10u);
  EXPECT_FALSE(d.a);
  ASSERT_TRUE(d.b);
  EXPECT_EQ(to_text(*d.b),
            "     0.001000000 s  vib_1 -> -  code 7  args 10 -10 -9223372036854775808 9223372036854775807");
}

TEST_F(FirstDifferenceTest, CutAndForeignFiles) {
  const auto whole = write("a", events(40));
  std::ifstream in(whole, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), {});
  for (size_t n = 0; n < bytes.size(); ++n) {
    std::ofstream(folder_ / "cut", std::ios::binary | std::ios::trunc) << bytes.substr(0, n);
    try {
      const FirstDifference d = first_difference(whole, folder_ / "cut");
      EXPECT_FALSE(d.b) << n;
      EXPECT_TRUE(d.a) << n;
    } catch (const ConfigError&) {
      EXPECT_LT(n, 60u);  // cut within the names
    }
    std::string damaged = bytes;
    damaged[n] = static_cast<char>(damaged[n] ^ 0xff);
    std::ofstream(folder_ / "cut", std::ios::binary | std::ios::trunc) << damaged;
    try {
      EXPECT_FALSE(first_difference(whole, folder_ / "cut").equal_throughout()) << n;
    } catch (const ConfigError&) {
    }
  }
  EXPECT_THROW(first_difference(whole, folder_ / "absent"), ConfigError);
}

TEST_F(FirstDifferenceTest, NamesWhatDiffersInTheInputs) {
  const auto run = [&](const char* name, const char* yaml, const char* inputs) {
    fs::create_directory(folder_ / name);
    std::ofstream(folder_ / name / "scenario.resolved.yaml") << yaml;
    std::ofstream(folder_ / name / "inputs.json") << inputs;
    return folder_ / name;
  };
  const auto a = run("x", "scenario: {name: s, seed: 1}\ndevices:\n  - {id: a, count: 2}\n",
                     R"({"key":"1","version":"1","files":{"a.elf":"00","gone":"11"}})");
  const auto b = run("y", "scenario: {name: s, seed: 2}\ndevices:\n  - {id: a, count: 2, firmware: f.elf}\n",
                     R"({"key":"2","version":"1","files":{"a.elf":"ff"}})");
  std::string text;
  for (const InputDifference& d : input_differences(a, b)) text += d.what + ": '" + d.a + "' '" + d.b + "'\n";
  EXPECT_EQ(text,
            "devices[0].firmware: '' 'f.elf'\n"
            "scenario.seed: '1' '2'\n"
            "file a.elf: '00' 'ff'\n"
            "file gone: '11' ''\n");
  EXPECT_TRUE(input_differences(a, a).empty());
}

TEST_F(FirstDifferenceTest, CountsTheEntriesOfAListInTheirOrder) {
  const auto run = [&](const char* name, const std::string& seed) {
    fs::create_directory(folder_ / name);
    std::string yaml = "devices:\n";
    for (int i = 0; i < 12; ++i) yaml += "  - {id: a" + seed + "}\n";
    std::ofstream(folder_ / name / "scenario.resolved.yaml") << yaml;
    return folder_ / name;
  };
  const auto differences = input_differences(run("p", "1"), run("q", "2"));
  ASSERT_EQ(differences.size(), 12u);
  for (size_t i = 0; i < differences.size(); ++i)
    EXPECT_EQ(differences[i].what, "devices[" + std::to_string(i) + "].id");
}

}  // namespace
}  // namespace xedgesim::experiment
