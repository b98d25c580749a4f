// Disks by ATA over Ethernet, by the offsets of AoEr11 and ATA/ATAPI-7; Linux's own driver is tried in
// test_system.
#include "nodes/aoe_target.h"

#include <gtest/gtest.h>

#include <random>

#include "base/error.h"

namespace xedgesim::nodes {
namespace {

using Frame = sim::Bytes;

Frame request(uint8_t command, uint16_t major, uint8_t minor, std::vector<uint8_t> body) {
  Frame f{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x52, 0x54, 0, 0x12, 0x34, 0x56, 0x88, 0xa2, 0x10, 0};
  f.insert(f.end(), {static_cast<uint8_t>(major >> 8), static_cast<uint8_t>(major), minor, command});
  f.insert(f.end(), {0xde, 0xad, 0xbe, 0xef});  // tag
  f.insert(f.end(), body.begin(), body.end());
  return f;
}

Frame ata(uint8_t command, int64_t lba, uint8_t count, std::vector<uint8_t> data = {}, uint8_t slot = 0) {
  std::vector<uint8_t> body{0x40, 0, count, command};
  for (int i = 0; i < 6; ++i) body.push_back(static_cast<uint8_t>(lba >> (8 * i)));
  body.resize(12);
  body.insert(body.end(), data.begin(), data.end());
  return request(0, 0, slot, std::move(body));
}

class Aoe : public ::testing::Test {
 protected:
  Frame only(const Frame& f) {
    EXPECT_TRUE(AoeTarget::is_request(f));
    const auto a = target_.answers(f);
    EXPECT_EQ(a.size(), 1u);
    return a.empty() ? Frame(64) : a.front();
  }
  std::shared_ptr<vm::SparseDisk> first_ = std::make_shared<vm::SparseDisk>(int64_t{10} << 30),
                                  second_ = std::make_shared<vm::SparseDisk>(3 * 512 + 1);
  AoeTarget target_{{first_, second_}};
};

TEST_F(Aoe, EveryDiskAnswersADiscovery) {
  const auto answers = target_.answers(request(1, 0xffff, 0xff, {0, 0, 0, 0, 0, 0x10, 0, 0}));
  ASSERT_EQ(answers.size(), 2u);
  for (uint8_t slot = 0; slot < 2; ++slot) {
    const Frame& a = answers[slot];
    EXPECT_EQ(Frame(a.begin(), a.begin() + 6), (Frame{0x52, 0x54, 0, 0x12, 0x34, 0x56}));
    EXPECT_EQ(a[14], 0x18);  // version 1, a response
    EXPECT_EQ(a[16] << 8 | a[17], 0);
    EXPECT_EQ(a[18], slot);
    EXPECT_EQ(Frame(a.begin() + 20, a.begin() + 24), (Frame{0xde, 0xad, 0xbe, 0xef}));
    EXPECT_GT(a[24] << 8 | a[25], 0);  // buffers
    EXPECT_EQ(a[28], 2);               // sectors a frame
  }
  EXPECT_TRUE(target_.answers(request(1, 7, 0, {0, 0, 0, 0, 0, 0x10, 0, 0})).empty());
  EXPECT_TRUE(target_.answers(request(1, 0, 2, {0, 0, 0, 0, 0, 0x10, 0, 0})).empty());
}

TEST_F(Aoe, ADiskTellsItsSize) {
  const Frame a = only(ata(0xec, 0, 1));
  ASSERT_EQ(a.size(), 36u + 512);
  EXPECT_EQ(a[27], 0x40);
  const auto word = [&](size_t i) { return a[36 + 2 * i] | a[37 + 2 * i] << 8; };
  EXPECT_TRUE(word(83) & 1 << 10);  // 48-bit addresses
  EXPECT_EQ(word(100) | int64_t{word(101)} << 16, (int64_t{10} << 30) / 512);
  EXPECT_EQ(word(27), 'x' << 8 | 'e');
  EXPECT_EQ(second_->sectors(), 4);  // rounded up
}

TEST_F(Aoe, WhatIsWrittenIsRead) {
  std::mt19937 random(5);
  std::vector<uint8_t> data(1024);
  for (auto& b : data) b = static_cast<uint8_t>(random());
  const int64_t lba = (int64_t{10} << 30) / 512 - 2;
  EXPECT_EQ(only(ata(0x34, lba, 2, data))[27], 0x40);
  const Frame back = only(ata(0x24, lba, 2));
  EXPECT_EQ(Frame(back.begin() + 36, back.end()), data);
  const Frame half = only(ata(0x24, lba + 1, 1));
  EXPECT_EQ(Frame(half.begin() + 36, half.end()), Frame(data.begin() + 512, data.end()));
  const Frame empty = only(ata(0x20, 77, 1));
  EXPECT_EQ(Frame(empty.begin() + 36, empty.end()), Frame(512, 0));
  EXPECT_LE(first_->bytes_written(), size_t{32768});
  EXPECT_EQ(target_.counters().sectors_written, 2u);
}

TEST_F(Aoe, WhatDoesNotFitIsRefused) {
  EXPECT_EQ(only(ata(0x24, 3, 2, {}, 1))[27] & 1, 1);                      // behind the end
  EXPECT_EQ(only(ata(0x24, int64_t{1} << 47, 1))[27] & 1, 1);              // far behind it
  EXPECT_EQ(only(ata(0x34, 0, 2, std::vector<uint8_t>(512)))[27] & 1, 1);  // half of the data
  EXPECT_EQ(only(ata(0x24, 0, 0))[27] & 1, 1);                             // nothing
  EXPECT_EQ(only(ata(0x24, 0, 9))[27] & 1, 1);                             // more than a frame holds
  EXPECT_EQ(only(ata(0xb0, 0, 1))[27] & 1, 1);                             // SMART
  EXPECT_EQ(only(request(2, 0, 0, std::vector<uint8_t>(16)))[15], 1);      // MAC mask list
  EXPECT_EQ(only(request(0, 0, 0, {1, 2, 3}))[15], 1);                     // cut short
  EXPECT_FALSE(AoeTarget::is_request(Frame(60)));
  EXPECT_EQ(target_.counters().refused, 8u);
}

TEST_F(Aoe, AnyBytesAreAnsweredOrLeft) {
  std::mt19937 random(6);
  for (int i = 0; i < 20000; ++i) {
    Frame f = ata(0x24, 0, 1);
    f.resize(20 + random() % 600);
    for (int k = 0; k < 4; ++k) f[14 + random() % (f.size() - 14)] = static_cast<uint8_t>(random());
    if (!AoeTarget::is_request(f)) continue;
    for (const Frame& a : target_.answers(f)) EXPECT_LE(a.size(), 36u + 1024);
  }
}

}  // namespace
}  // namespace xedgesim::nodes
