#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <fstream>
#include <set>

#include "base/error.h"
#include "base/units.h"
#include "chip.h"

/// The platform files fit the devices: every type exists, nothing overlaps, every device can be made and
/// reset.
namespace xedgesim::test {
namespace {

YAML::Node load(const std::string& name) { return YAML::LoadFile(XEDGESIM_SOURCE_DIR "/platforms/" + name); }

struct Soc {
  Chip c;
  YAML::Node yaml = load("nrf52840.yaml");
  std::map<std::string, bus::Device*> devices;
  Soc() {
    std::string fixed;
    for (const auto& pair : yaml["ppi_fixed"]) {
      fixed += pair[0].as<std::string>() + ":" + pair[1].as<std::string>() + " ";
    }
    for (const auto& d : yaml["devices"]) {
      std::map<std::string, std::string> params;
      for (const auto& kv : d) params[kv.first.as<std::string>()] = kv.second.as<std::string>();
      if (params["type"] == "nrf.ppi") params["fixed"] = fixed;
      devices[params["name"]] = &c.add(params["type"], params["name"], d["base"].as<uint32_t>(),
                                       d["irq"] ? d["irq"].as<int>() : -1, params);
    }
  }
};

TEST(Platform, EveryDeviceOfTheSocCanBeMade) {
  Soc soc;
  EXPECT_EQ(soc.devices.size(), soc.yaml["devices"].size());
  EXPECT_TRUE(soc.c.board.logs.empty());
  EXPECT_EQ(soc.c.board.alarm_count(), 0u);
  EXPECT_NE(soc.c.board.sink, nullptr);
}

TEST(Platform, BlocksAndInterruptsDoNotOverlap) {
  const auto yaml = load("nrf52840.yaml");
  std::set<uint32_t> bases;
  std::set<int> irqs;
  for (const char* list : {"devices", "unmodelled"}) {
    for (const auto& d : yaml[list]) {
      EXPECT_TRUE(bases.insert(d["base"].as<uint32_t>()).second) << d["name"];
      EXPECT_EQ(d["base"].as<uint32_t>() % 0x1000, 0u);
      if (!d["irq"]) continue;
      EXPECT_TRUE(irqs.insert(d["irq"].as<int>()).second) << d["name"];
      // On nRF chips the interrupt number is the block's place in the address map (PS 6.1.1).
      EXPECT_EQ(d["base"].as<uint32_t>() >> 12 & 0xff, d["irq"].as<uint32_t>()) << d["name"];
    }
  }
}

TEST(Platform, TwelveFixedPpiChannelsBetweenKnownBlocks) {
  const auto yaml = load("nrf52840.yaml");
  EXPECT_EQ(yaml["ppi_fixed"].size(), 12u);
  Soc soc;
  EXPECT_EQ(rd(*soc.devices["ppi"], 0x500), 0u);
}

TEST(Platform, EnergyProfilesParse) {
  const auto energy = load("nrf52840.yaml")["energy"];
  const auto profile = energy["profiles"][energy["default"].as<std::string>()];
  EXPECT_DOUBLE_EQ(parse_voltage(profile["supply"].as<std::string>()), 3.0);
  for (const auto& kv : profile) {
    if (kv.first.as<std::string>() == "supply") continue;
    const double a = parse_current(kv.second.as<std::string>());
    EXPECT_GT(a, 0) << kv.first;
    EXPECT_LT(a, 0.02) << kv.first;
  }
  EXPECT_TRUE(energy["profiles"]["seed"].IsMap());
}

TEST(Platform, BoardNamesItsSoc) {
  const auto board = load("nrf52840dk.yaml");
  EXPECT_EQ(board["soc"].as<std::string>(), "nrf52840");
  EXPECT_EQ(board["leds"].size(), 4u);
  Soc soc;
  EXPECT_TRUE(soc.devices.contains(board["console"].as<std::string>()));
}

TEST(Factory, UnknownTypesAreRefusedWithTheKnownOnes) {
  Chip c;
  try {
    c.add("nrf.tmier", "t", 0x40008000);
    FAIL();
  } catch (const ConfigError& e) {
    EXPECT_NE(std::string(e.what()).find("device t: unknown type 'nrf.tmier': use one of nrf.egu,"),
              std::string::npos);
  }
}

TEST(Factory, MalformedParametersAreRefused) {
  Chip c;
  EXPECT_THROW(c.add("nrf.timer", "t", 0x40008000, 8, {{"channels", "many"}}), ConfigError);
  EXPECT_THROW(c.add("nrf.timer", "t", 0x40008000, 8, {{"channels", "9"}}), ConfigError);
  EXPECT_THROW(c.add("nrf.uarte", "u", 0x40002000, 2, {{"legacy", "yes"}}), ConfigError);
}

TEST(Platform, EveryRegisterOfEveryDeviceTakesAnyAccess) {
  // Fuzz with a fixed pattern: no assertion, no exception, no runaway, whatever the firmware writes.
  Soc soc;
  RandomStream random(1, "platform", "fuzz");
  for (int round = 0; round < 40; ++round) {
    for (auto& [name, device] : soc.devices) {
      for (int i = 0; i < 60; ++i) {
        const uint32_t offset = random.below(0x400) * 4;
        if (random.chance(0.5)) {
          wr(*device, offset, random.chance(0.5) ? random() : random.below(4));
        } else {
          rd(*device, offset);
        }
      }
    }
    soc.c.board.run_for(Duration::us(20));
    soc.c.board.sent.clear();
    soc.c.board.published.clear();
  }
  for (auto& [name, device] : soc.devices) device->reset();
  EXPECT_EQ(soc.c.board.alarm_count(), 0u);
}

}  // namespace
}  // namespace xedgesim::test
