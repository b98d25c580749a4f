#include "vm/boot_snapshot.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "../../fuzz/boot_snapshots.h"
#include "spoiled_bytes.h"

namespace xedgesim::vm {
namespace {

using nlohmann::json;

const SnapshotHead kHead{.snapshot = {.reached = 5'000'000'003,
                                      .lines = {{17, "one"}, {4'999, std::string("\xff\0two", 5)}},
                                      .inputs = {{3, vt::RecordType::frame, {1, 2, 0xff}, 1},
                                                 {4, vt::RecordType::carrier, {0}, 1}},
                                      .partial = "login: "},
                         .state_bytes = 100'000'000,
                         .state_digest = "0123456789abcdef0123456789abcdef"};

TEST(BootSnapshot, IsReadAsItWasWritten) {
  EXPECT_EQ(decode_snapshot_head(encode(kHead)), kHead);
  EXPECT_EQ(decode_snapshot_head(encode({})), SnapshotHead());
}

/// kHead with one member changed.
std::string with(const json::json_pointer& where, const json& what) {
  json j = json::from_cbor(encode(kHead));
  j[where] = what;
  const std::vector<uint8_t> cbor = json::to_cbor(j);
  return {cbor.begin(), cbor.end()};
}

TEST(BootSnapshot, WhatNoBootLeavesIsNone) {
  ASSERT_TRUE(decode_snapshot_head(with("/reached"_json_pointer, 7)));
  struct Case {
    const char* where;
    json what;
  };
  const Case cases[] = {{"/reached", -1},
                        {"/reached", 1e300},
                        {"/reached", uint64_t{1} << 63},
                        {"/reached", "soon"},
                        {"/lines", 3},
                        {"/lines/0", json::array()},
                        {"/lines/0/0", 5'000},  // after the second line
                        {"/lines/1/1", "text"},
                        {"/lines/1/1", json::binary(std::vector<uint8_t>(vt::kLongestLine + 1))},
                        {"/inputs/0/0", -3},
                        {"/inputs/0/1", 3},  // a partial line
                        {"/inputs/0/1", 5},
                        {"/inputs/0/2", nullptr},
                        {"/inputs/0/3", uint64_t{1} << 32},
                        {"/partial", json::object()},
                        {"/state_bytes", -1},
                        {"/state_digest", 5}};
  for (const Case& c : cases)
    EXPECT_FALSE(decode_snapshot_head(with(json::json_pointer(c.where), c.what))) << c.where << c.what;
  for (const char* name : {"reached", "lines", "inputs", "partial", "state_bytes", "state_digest"}) {
    json j = json::from_cbor(encode(kHead));
    j.erase(name);
    const std::vector<uint8_t> cbor = json::to_cbor(j);
    EXPECT_FALSE(decode_snapshot_head({reinterpret_cast<const char*>(cbor.data()), cbor.size()})) << name;
  }
}

TEST(BootSnapshot, NestsNoDeeperThanTheStack) {
  EXPECT_FALSE(decode_snapshot_head(std::string(10'000'000, '\x9f'))) << "arrays in arrays";
  EXPECT_FALSE(decode_snapshot_head(std::string(10'000'000, '\x81')));
  std::string maps;
  for (int i = 0; i < 3'000'000; ++i)
    maps +=
        "\xbf\x61"
        "a";
  EXPECT_FALSE(decode_snapshot_head(maps));
}

TEST(BootSnapshot, RandomAndSpoiledBytes) {
  RandomStream r(20, "fuzz", "boot snapshot");
  const std::string good = encode(kHead);
  for (int i = 0; i < 20'000; ++i) {
    fuzz::boot_snapshot(noise(r, 200));
    sim::Bytes b(good.begin(), good.end());
    spoil(b, r);
    fuzz::boot_snapshot(b);
  }
}

}  // namespace
}  // namespace xedgesim::vm
