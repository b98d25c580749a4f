#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "chip.h"

/// NVMC, UICR and FICR.
namespace xedgesim::test {
namespace {

struct Store : bus::FlashStore {
  std::vector<uint8_t> bytes = std::vector<uint8_t>(0x4000, 0x55);
  uint32_t size() const override { return static_cast<uint32_t>(bytes.size()); }
  void program(uint32_t address, uint32_t value) override {
    for (unsigned i = 0; i < 4; ++i) bytes[address + i] &= static_cast<uint8_t>(value >> 8 * i);
  }
  void erase(uint32_t address, uint32_t length) override {
    std::fill_n(bytes.begin() + address, length, uint8_t{0xff});
  }
};

struct NvmcTest : testing::Test {
  Store store;
  Chip c;
  bus::Device* nvmc = nullptr;
  bus::Device* uicr = nullptr;
  bus::FlashController* controller = nullptr;
  void SetUp() override {
    c.resources.flash = &store;
    c.resources.uicr = {{0x080, 42}, {0x0fc, 7}};
    nvmc = &c.add("nrf.nvmc", "nvmc", 0x4001e000);
    uicr = &c.add("nrf.uicr", "uicr", 0x10001000);
    controller = dynamic_cast<bus::FlashController*>(nvmc);
  }
};

TEST_F(NvmcTest, ErasePageTakes85Milliseconds) {
  EXPECT_EQ(rd(*nvmc, 0x400), 1u);
  wr(*nvmc, 0x504, 2);
  wr(*nvmc, 0x508, 0x1000);
  EXPECT_EQ(store.bytes[0x0fff], 0x55);
  EXPECT_EQ(store.bytes[0x1000], 0xff);
  EXPECT_EQ(store.bytes[0x1fff], 0xff);
  EXPECT_EQ(store.bytes[0x2000], 0x55);
  EXPECT_EQ(rd(*nvmc, 0x400), 0u);
  EXPECT_EQ(controller->busy_until(), us(85'000));
  c.board.run_until(us(85'000));
  EXPECT_EQ(rd(*nvmc, 0x400), 1u);
}

TEST_F(NvmcTest, WritesClearBitsAndTake41Microseconds) {
  EXPECT_FALSE(controller->flash_write(0x100, 4, 0));
  EXPECT_EQ(store.bytes[0x100], 0x55);
  wr(*nvmc, 0x504, 1);
  EXPECT_TRUE(controller->flash_write(0x100, 4, 0xfffffff0));
  EXPECT_EQ(store.bytes[0x100], 0x50);
  EXPECT_EQ(controller->busy_until(), us(41));
  EXPECT_FALSE(controller->flash_write(0x104, 1, 0));
  EXPECT_FALSE(controller->flash_write(0x4000, 4, 0));
}

TEST_F(NvmcTest, ErasingNeedsItsEnable) {
  wr(*nvmc, 0x504, 1);
  wr(*nvmc, 0x508, 0x1000);
  EXPECT_EQ(store.bytes[0x1000], 0x55);
  EXPECT_EQ(c.board.logs.back(), "nvmc: ERASEPAGE ignored: CONFIG does not enable erasing");
  wr(*nvmc, 0x504, 2);
  wr(*nvmc, 0x508, 0x1004);
  EXPECT_EQ(c.board.logs.back(), "nvmc: ERASEPAGE ignored: 0x00001004 is not the start of a flash page");
}

TEST_F(NvmcTest, PartialErasesAddUp) {
  wr(*nvmc, 0x504, 2);
  for (int i = 0; i < 9; ++i) {
    EXPECT_EQ(store.bytes[0x2000], 0x55);
    wr(*nvmc, 0x518, 0x2000);  // 10 ms each
    c.board.run_for(Duration::ms(10));
  }
  EXPECT_EQ(store.bytes[0x2000], 0xff);
}

TEST_F(NvmcTest, EraseAllTakesUicrAlong) {
  wr(*nvmc, 0x504, 2);
  wr(*nvmc, 0x50c, 1);
  EXPECT_EQ(store.bytes[0], 0xff);
  EXPECT_EQ(rd(*uicr, 0x080), 0xffffffffu);
  EXPECT_EQ(controller->busy_until(), us(169'000));
}

TEST_F(NvmcTest, UicrHoldsItsWordsAndIsProgrammedThroughNvmc) {
  EXPECT_EQ(rd(*uicr, 0x080), 42u);
  EXPECT_EQ(rd(*uicr, 0x0fc), 7u);
  EXPECT_EQ(rd(*uicr, 0x084), 0xffffffffu);
  wr(*uicr, 0x084, 5);
  EXPECT_EQ(rd(*uicr, 0x084), 0xffffffffu);
  wr(*nvmc, 0x504, 1);
  wr(*uicr, 0x084, 5);
  EXPECT_EQ(rd(*uicr, 0x084), 5u);
  EXPECT_EQ(rd(*nvmc, 0x400), 0u);
  uicr->reset();
  EXPECT_EQ(rd(*uicr, 0x084), 5u);
}

TEST(Uicr, RefusesWordsItDoesNotHave) {
  Chip c;
  c.resources.uicr = {{0x402, 1}};
  EXPECT_THROW(c.add("nrf.uicr", "uicr", 0x10001000), ConfigError);
}

TEST(Ficr, NamesThePartAndTheNode) {
  Chip c;
  c.resources.identity = {.device_id = 0x1122334455667788, .device_address = 0xc0ffee123456};
  auto& a = c.add("nrf.ficr", "ficr", 0x10000000);
  EXPECT_EQ(rd(a, 0x100), 0x52840u);
  EXPECT_EQ(rd(a, 0x10c), 256u);
  EXPECT_EQ(rd(a, 0x110), 1024u);
  EXPECT_EQ(rd(a, 0x010) * rd(a, 0x014), 1u << 20);
  EXPECT_EQ(rd(a, 0x060), 0x55667788u);
  EXPECT_EQ(rd(a, 0x064), 0x11223344u);
  EXPECT_EQ(rd(a, 0x0a4), 0xee123456u);
  EXPECT_EQ(rd(a, 0x0a8), 0xc0ffu);
  Chip other;
  other.resources.identity = {.device_id = 2, .device_address = 2};
  auto& b = other.add("nrf.ficr", "ficr", 0x10000000);
  EXPECT_NE(rd(a, 0x080), rd(b, 0x080));
}

}  // namespace
}  // namespace xedgesim::test
