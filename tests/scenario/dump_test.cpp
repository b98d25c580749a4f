#include <gtest/gtest.h>

#include <cstdlib>

#include "base/rng.h"
#include "base/units.h"
#include "support.h"

namespace xedgesim::scenario {
namespace {

const std::vector<std::string> kGood = {"seed_1_3", "seed_2_2", "seed_8_4", "emulator", "everything"};

TEST(Dump, LoadsToTheSameScenario) {
  for (const std::string& name : kGood) {
    const LoadResult first = load_scenario(kData + name + ".yaml", no_files());
    ASSERT_EQ(to_text(first.errors), "") << name;
    const std::string dumped = dump_resolved(first.scenario);
    const LoadResult second =
        load_scenario_text(dumped, "dump.yaml", std::filesystem::path(kData + name).parent_path(), no_files());
    ASSERT_EQ(to_text(second.errors), "") << name << "\n" << dumped;
    EXPECT_TRUE(first.scenario.meta == second.scenario.meta) << name;
    EXPECT_TRUE(first.scenario.devices == second.scenario.devices) << name;
    EXPECT_TRUE(first.scenario.network == second.scenario.network) << name;
    EXPECT_TRUE(first.scenario.nodes == second.scenario.nodes) << name;
    EXPECT_TRUE(first.scenario.edge == second.scenario.edge) << name;
    EXPECT_TRUE(first.scenario.cloud == second.scenario.cloud) << name;
    EXPECT_TRUE(first.scenario.metrics == second.scenario.metrics) << name;
    EXPECT_TRUE(first.scenario.faults == second.scenario.faults) << name;
    EXPECT_TRUE(first.scenario.validation == second.scenario.validation) << name;
    EXPECT_TRUE(first.scenario == second.scenario) << name << "\n" << dumped;
    EXPECT_EQ(dumped, dump_resolved(second.scenario)) << name;
  }
}

TEST(Dump, ShowsDefaultsAndEscapesVariables) {
  const LoadResult r = load_text(
      "scenario: {name: t, duration: 10s, description: \"$${X} 'yes' 12\"}\ndevices: [{id: a, type: "
      "model}]\n");
  ASSERT_EQ(to_text(r.errors), "");
  const std::string dumped = dump_resolved(r.scenario);
  for (const char* part : {"channel: 26", "path_loss_exponent: 3", "collection_interval: 100ms",
                           "output_dir: results/t/", "sensors: []", "seed: 1", "$${X}"})
    EXPECT_NE(dumped.find(part), std::string::npos) << part << "\n" << dumped;
  const auto json = resolved_json(r.scenario);
  EXPECT_EQ(json["network"]["wireless"]["channel"], 26);
  EXPECT_EQ(json["devices"][0]["type"], "model");
}

TEST(Dump, DeviceConfigForModels) {
  const LoadResult r = load_text(kHead +
                                 "devices: [{id: a, type: model, config: {sample_rate: 1kHz, packet_size: "
                                 "64, x-mine: {deep: [1, yes]}}}]\n");
  ASSERT_EQ(to_text(r.errors), "");
  EXPECT_EQ(config_json(r.scenario.devices[0].config).dump(),
            R"({"packet_size":"64B","sample_rate":"1kHz","x-mine":{"deep":[1,"yes"]}})");
}

TEST(Dump, QuantitiesSurviveExactly) {
  for (const char* c : {"225mAh", "1uAh", "0.3mAh", "2.5Ah", "1234.5mAh", "7.77uAh"}) {
    const LoadResult r =
        load_text(kHead + "devices: [{id: a, type: model, battery: {capacity: " + c + "}}]\n");
    ASSERT_EQ(to_text(r.errors), "") << c;
    const LoadResult again = load_text(dump_resolved(r.scenario));
    EXPECT_EQ(r.scenario.devices[0].battery->capacity_c, again.scenario.devices[0].battery->capacity_c) << c;
  }
  for (const char* d : {"1ns", "1.5us", "999999999ns", "0.1s", "26h", "100000000h"}) {
    const LoadResult r = load_text(std::string("scenario: {name: t, duration: ") + d + "}\n");
    if (r.ok()) {
      EXPECT_EQ(load_text(dump_resolved(r.scenario)).scenario.meta.duration, r.scenario.meta.duration) << d;
    } else {
      EXPECT_STREQ(d, "100000000h") << to_text(r.errors);
    }
  }
}

TEST(Reference, MentionsEverySection) {
  const std::string text = reference_markdown();
  for (const char* part :
       {"`devices[]`", "`devices[].config`", "`network.wireless`", "`network.wired.NAME`", "`switches[]`",
        "`nodes[].qos.inbound`", "`faults[]`", "`validation.assertions[]`", "`sample_rate`", "`batch`"})
    EXPECT_NE(text.find(part), std::string::npos) << part;
  // docs/scenario.md carries these tables; they are made anew by `xedgesim schema --markdown`.
  const std::string page = read_file(XEDGESIM_SOURCE_DIR "/docs/scenario.md");
  EXPECT_NE(page.find(text), std::string::npos) << "docs/scenario.md is out of date";
}

/// An independent implementation of JSON Schema judges every shipped file and every bad one.
TEST(Schema, AgreesWithTheLoader) {
  const std::string folder = XEDGESIM_BINARY_DIR;
  const std::string path = folder + "/scenario_schema.json", batch = folder + "/scenario_batch_schema.json";
  std::ofstream(path) << json_schema().dump();
  std::ofstream(batch) << batch_json_schema().dump();
  if (std::system("/usr/bin/python3 -c 'import jsonschema, yaml' 2>/dev/null") != 0)
    GTEST_SKIP() << "needs the packages python3-jsonschema and python3-yaml";
  const std::string command = "/usr/bin/python3 " XEDGESIM_SOURCE_DIR "/tests/scenario/check_schema.py '" +
                              path + "' '" + batch + "' '" XEDGESIM_SOURCE_DIR "'";
  EXPECT_EQ(std::system(command.c_str()), 0);
}

/// Flipped, deleted, doubled and moved bytes: whatever they make of a good file, loading ends with a verdict.
TEST(Mutation, NeverCrashes) {
  RandomStream random(1, "mutation", "bytes");
  std::vector<std::string> texts;
  for (const std::string& name : kGood) texts.push_back(read_file(kData + name + ".yaml"));
  size_t refused = 0;
  constexpr int kRounds = 1500;
  for (int round = 0; round < kRounds; ++round) {
    std::string text = texts[random.below(static_cast<uint32_t>(texts.size()))];
    const uint32_t changes = 1 + random.below(4);
    for (uint32_t c = 0; c < changes; ++c) {
      const size_t at = random.below(static_cast<uint32_t>(text.size()));
      switch (random.below(5)) {
        case 0:
          text[at] = static_cast<char>(text[at] ^ (1 << random.below(8)));
          break;
        case 1:
          text.erase(at, 1 + random.below(20));
          break;
        case 2:
          text.insert(at, 1, "{}[]:,-&*!|>'\"%@`#\t\n \\0"[random.below(24)]);
          break;
        case 3:
          text.insert(at, text.substr(random.below(static_cast<uint32_t>(text.size())), random.below(60)));
          break;
        default:
          text[at] = static_cast<char>(random.below(256));
          break;
      }
    }
    const LoadResult r = load_text(text);
    refused += !r.ok();
    EXPECT_TRUE(!r.ok() || load_text(dump_resolved(r.scenario)).ok()) << text;
    for (const Diagnostic& d : r.errors) EXPECT_FALSE(d.message.empty());
  }
  EXPECT_GT(refused, static_cast<size_t>(kRounds / 3)) << "the mutations should hurt";
}

}  // namespace
}  // namespace xedgesim::scenario
