#pragma once
#include <gtest/gtest.h>

#include <cstring>
#include <initializer_list>
#include <string>
#include <vector>

#include "isa/arm/cortex_m.h"

namespace xedgesim::isa::test {

/// A core with 64 KiB of flash at 0, 64 KiB of RAM at 0x20000000 and a recording device at 0x40000000,
/// without any SoC: tests place machine code and look at registers.
class Board : public Host {
 public:
  static constexpr uint32_t kRam = 0x20000000, kSize = 0x10000, kDevice = 0x40000000;
  static constexpr uint32_t kStackTop = kRam + 0x8000;
  static constexpr uint32_t kMain = 0x1000,
                            kHandlers = 0x2000;  ///< handler of exception n: kHandlers + 0x40 * n
  static constexpr uint16_t kNop = 0xBF00, kBxLr = 0x4770, kHere = 0xE7FE, kWfi = 0xBF30, kWfe = 0xBF20,
                            kSev = 0xBF40;

  CortexMConfig config;
  std::vector<uint8_t> flash = std::vector<uint8_t>(kSize), ram = std::vector<uint8_t>(kSize);
  std::unique_ptr<Core> core;
  struct Access {
    bool write;
    uint32_t address, value;
    uint64_t cycle;
  };
  std::vector<Access> accesses;
  std::vector<std::string> logs;
  bool reset_requested = false;
  std::string traced;  // ITM and semihosting

  Board() {
    put_word(0, kStackTop);
    put_word(4, kMain | 1);
    for (uint32_t n = 2; n < 64; ++n) {
      put_word(4 * n, (kHandlers + 0x40 * n) | 1);
      code(kHandlers + 0x40 * n, {kBxLr});
    }
    code(kMain, {kHere});
  }

  void put_word(uint32_t address, uint32_t value) { std::memcpy(&flash[address], &value, 4); }
  void code(uint32_t address, std::initializer_list<uint16_t> halfwords) {
    for (uint16_t h : halfwords) {
      flash[address] = static_cast<uint8_t>(h);
      flash[address + 1] = static_cast<uint8_t>(h >> 8);
      address += 2;
    }
  }
  void handler(unsigned exception, std::initializer_list<uint16_t> halfwords) {
    code(kHandlers + 0x40 * exception, halfwords);
  }
  uint32_t ram_word(uint32_t address) const {
    uint32_t v;
    std::memcpy(&v, &ram[address - kRam], 4);
    return v;
  }

  /// Builds the core from what is in flash and resets it. Everything may run without an image, too.
  void start(bool with_image = true) {
    std::shared_ptr<const CodeImage> image;
    if (with_image) image = make_code_image(config, 0, flash);
    core = make_cortex_m(config, *this, {{kRam, kSize, ram.data(), true}, {0, kSize, flash.data(), false}},
                         image);
    core->reset();
  }
  Stop step() { return core->run(core->cycles() + 1); }
  Stop steps(unsigned n) {
    Stop s = Stop::limit;
    while (n-- && s == Stop::limit) s = step();
    return s;
  }
  uint32_t pc() const { return core->registers().r[15]; }
  uint32_t r(unsigned n) const { return core->registers().r[n]; }
  uint32_t ipsr() const { return core->registers().xpsr & 0x1FF; }
  static constexpr uint32_t handler_address(unsigned exception) { return kHandlers + 0x40 * exception; }

  /// The guest's own STR and LDR at the end of RAM, registers restored. Must run at Thread or handler
  /// privilege.
  void write_system(uint32_t address, uint32_t value) {
    const Registers before = core->registers();
    Registers now = before;
    now.r[0] = address, now.r[1] = value, now.r[15] = scratch(0x6001);
    execute_scratch(before, now);
  }
  uint32_t read_system(uint32_t address) {
    const Registers before = core->registers();
    Registers now = before;
    now.r[0] = address, now.r[15] = scratch(0x6801);
    return execute_scratch(before, now).r[1];
  }
  void enable_irq(unsigned irq, uint8_t priority) {
    write_system(0xE000E100 + irq / 32 * 4, 1u << irq % 32);
    set_priority(0xE000E400, irq, priority);
  }
  void set_priority(uint32_t registers, unsigned index, uint8_t priority) {
    const uint32_t address = registers + index / 4 * 4, shift = index % 4 * 8;
    write_system(address, (read_system(address) & ~(0xFFu << shift)) | uint32_t{priority} << shift);
  }
  void enable_fpu() { write_system(0xE000ED88, 0xF << 20); }

  bool read(uint32_t address, unsigned, uint32_t& value) override {
    if (address - kDevice >= 0x1000) return false;
    value = 0x11223344;
    accesses.push_back({false, address, value, core->cycles()});
    return true;
  }
  bool write(uint32_t address, unsigned, uint32_t value) override {
    if (address - kDevice >= 0x1000) return false;
    accesses.push_back({true, address, value, core->cycles()});
    return true;
  }
  void system_reset_requested() override { reset_requested = true; }
  void stimulus(unsigned, uint32_t value, unsigned width, bool enabled) override {
    if (!enabled) return;
    for (unsigned n = 0; n < width; ++n) traced += static_cast<char>(value >> 8 * n);
  }
  void semihosting(uint8_t byte) override { traced += static_cast<char>(byte); }
  void log(const std::string& text) override { logs.push_back(text); }

 private:
  static constexpr uint32_t kScratch = kRam + kSize - 8;
  uint32_t scratch(uint16_t instruction) {
    std::memcpy(&ram[kScratch - kRam], &instruction, 2);
    return kScratch;
  }
  Registers execute_scratch(const Registers& before, const Registers& now) {
    core->set_registers(now);
    step();
    const Registers after = core->registers();
    EXPECT_EQ(after.r[15], kScratch + 2) << "the scratch instruction was interrupted";
    Registers back = before;
    back.control = after.control;
    core->set_registers(back);
    return after;
  }
};

}  // namespace xedgesim::isa::test
