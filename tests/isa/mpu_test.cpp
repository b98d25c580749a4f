// Memory protection (ARMv7-M ARM B3.5) and data watchpoints (C1.8), directed tests from the manual.
#include "board.h"

namespace xedgesim::isa::test {
namespace {

constexpr uint32_t kMpu = 0xE000ED90, kCtrl = kMpu + 4, kRnr = kMpu + 8, kRbar = kMpu + 12, kRasr = kMpu + 16;
constexpr uint32_t kShcsr = 0xE000ED24, kMmfar = 0xE000ED34, kDemcr = 0xE000EDFC;
enum Permission : uint32_t {
  kNone = 0,
  kPrivileged = 1,
  kUserReads = 2,
  kFull = 3,
  kPrivilegedReads = 5,
  kReadOnly = 6
};
constexpr uint32_t kXn = 1u << 28, kOn = 1, kHfNmiEna = 2, kPrivDefEna = 4;
constexpr unsigned kMemManage = 4, kHardFault = 3, kDebugMonitor = 12;
constexpr uint32_t kGuarded = Board::kRam + 0x1000;
constexpr uint16_t kLdrR1R0 = 0x6801, kStrR1R0 = 0x6001;

/// RASR of an enabled region of 2^exponent bytes.
constexpr uint32_t region_of(unsigned exponent, uint32_t permission, uint32_t more = 0) {
  return permission << 24 | (exponent - 1) << 1 | 1 | more;
}

struct MpuBoard : Board {
  void region(unsigned n, uint32_t base, uint32_t rasr) {
    write_system(kRbar, base | 0x10 | n);
    write_system(kRasr, rasr);
  }
  /// Goes on in Thread mode without privilege.
  void drop_privilege() {
    Registers r = core->registers();
    r.control |= 1;
    core->set_registers(r);
  }
  void set(unsigned n, uint32_t value) {
    Registers r = core->registers();
    r.r[n] = value;
    core->set_registers(r);
  }
  /// Starts with the code at main, r0 = address, r1 = 77, MemManage enabled and region 1 as given.
  void begin(std::initializer_list<uint16_t> main, uint32_t address, uint32_t base, uint32_t rasr,
             uint32_t ctrl = kOn | kPrivDefEna) {
    code(kMain, main);
    handler(kMemManage, {kHere});
    handler(kHardFault, {kHere});
    start();
    write_system(kShcsr, 1 << 16);
    region(1, base, rasr);
    write_system(kCtrl, ctrl);
    set(0, address);
    set(1, 77);
  }
};

TEST(Mpu, RegistersAreThoseOfTheManual) {
  MpuBoard b;
  b.start();
  EXPECT_EQ(b.read_system(kMpu), 0x800u);
  b.write_system(kRbar, 0x20001000 | 0x10 | 5);
  EXPECT_EQ(b.read_system(kRnr), 5u) << "VALID selects the region";
  EXPECT_EQ(b.read_system(kRbar), 0x20001005u);
  b.write_system(kRnr, 2);
  b.write_system(kRbar, 0x20002000);
  EXPECT_EQ(b.read_system(kRbar), 0x20002002u);
  b.write_system(kMpu + 0x14, 0x20003000 | 0x10 | 7);  // RBAR_A1, RASR_A1
  b.write_system(kMpu + 0x18, region_of(12, kFull));
  EXPECT_EQ(b.read_system(kRnr), 7u);
  EXPECT_EQ(b.read_system(kRasr), region_of(12, kFull));
  EXPECT_EQ(b.read_system(kCtrl), 0u) << "off after reset";
}

TEST(Mpu, AbsentInArmV6M) {
  MpuBoard b;
  b.config.model = CortexModel::m0;
  b.start();
  EXPECT_EQ(b.read_system(kMpu), 0u);
}

TEST(Mpu, StoreToReadOnlyRegionIsAMemManageFaultAndDoesNotReachTheMemory) {
  MpuBoard b;
  b.begin({kStrR1R0}, kGuarded + 8, kGuarded, region_of(8, kReadOnly));
  b.steps(2);
  EXPECT_EQ(b.ipsr(), kMemManage);
  EXPECT_EQ(b.core->fault_status(), "CFSR=0x00000082 HFSR=0x00000000 MMFAR=0x20001008");
  EXPECT_EQ(b.read_system(kMmfar), kGuarded + 8);
  EXPECT_EQ(b.ram_word(kGuarded + 8), 0u);
  EXPECT_EQ(b.ram_word(b.r(13) + 24), Board::kMain) << "returns to the instruction itself";
}

TEST(Mpu, WithoutMemManageItIsAHardFault) {
  MpuBoard b;
  b.begin({kLdrR1R0}, kGuarded, kGuarded, region_of(8, kNone));
  b.write_system(kShcsr, 0);
  b.steps(2);
  EXPECT_EQ(b.ipsr(), kHardFault);
  EXPECT_EQ(b.core->fault_status(), "CFSR=0x00000082 HFSR=0x40000000 MMFAR=0x20001000");
  EXPECT_EQ(b.r(1), 77u);
}

struct Row {
  uint32_t permission;
  bool privileged_read, privileged_write, user_read, user_write;
};
class Permissions : public testing::TestWithParam<Row> {};

TEST_P(Permissions, AreThoseOfTheTable) {
  const Row& row = GetParam();
  for (const bool user : {false, true})
    for (const bool write : {false, true}) {
      MpuBoard b;
      b.begin({write ? kStrR1R0 : kLdrR1R0, Board::kHere}, kGuarded + 4, kGuarded,
              region_of(10, row.permission));
      b.region(0, 0, region_of(16, kReadOnly));  // code, for both
      if (user) b.drop_privilege();
      b.steps(2);
      const bool allowed = user ? (write ? row.user_write : row.user_read)
                                : (write ? row.privileged_write : row.privileged_read);
      // Stacking of an unprivileged fault goes to memory without a region: HardFault or MemManage, never
      // Thread.
      EXPECT_EQ(b.ipsr() == 0, allowed)
          << "AP " << row.permission << (user ? " user" : " privileged") << (write ? " write" : " read");
    }
}

INSTANTIATE_TEST_SUITE_P(TableB3_15, Permissions,
                         testing::Values(Row{0, false, false, false, false}, Row{1, true, true, false, false},
                                         Row{2, true, true, true, false}, Row{3, true, true, true, true},
                                         Row{5, true, false, false, false}, Row{6, true, false, true, false},
                                         Row{7, true, false, true, false}),
                         [](const auto& row) { return "AP" + std::to_string(row.param.permission); });

TEST(Mpu, HighestRegionWinsAndDisabledSubregionsDoNotCount) {
  MpuBoard b;
  b.begin({kStrR1R0, kStrR1R0, Board::kHere}, kGuarded, kGuarded, region_of(11, kReadOnly));
  // Region 3 over it, 2 KiB writable except for its second eighth.
  b.region(3, kGuarded, region_of(11, kFull, 1u << 9));
  b.set(0, kGuarded + 0xFC);
  b.step();
  EXPECT_EQ(b.ram_word(kGuarded + 0xFC), 77u);
  b.set(0, kGuarded + 0x100);
  b.steps(2);
  EXPECT_EQ(b.ipsr(), kMemManage);
  EXPECT_EQ(b.ram_word(kGuarded + 0x100), 0u);
}

TEST(Mpu, WithoutPrivDefEnaOnlyRegionsMayBeTouched) {
  MpuBoard b;
  b.begin({kLdrR1R0, Board::kHere}, Board::kDevice, Board::kRam, region_of(16, kFull), 0);
  b.region(0, 0, region_of(16, kReadOnly));
  b.write_system(kCtrl, kOn);
  b.steps(2);
  EXPECT_EQ(b.ipsr(), kMemManage);
  EXPECT_TRUE(b.accesses.empty());
}

TEST(Mpu, SystemRegistersAreNeverGuarded) {
  MpuBoard b;
  b.begin({kLdrR1R0, Board::kHere}, kMpu, 0xE0000000, region_of(29, kNone));
  b.step();
  EXPECT_EQ(b.r(1), 0x800u);
}

TEST(Mpu, ExecuteNeverStopsFetchesFromRam) {
  MpuBoard b;
  b.begin({0x4700, Board::kHere}, kGuarded | 1, kGuarded, region_of(8, kFull, kXn));  // bx r0
  b.steps(3);
  EXPECT_EQ(b.ipsr(), kMemManage);
  EXPECT_EQ(b.core->fault_status(), "CFSR=0x00000001 HFSR=0x00000000") << "IACCVIOL, no address";
  EXPECT_EQ(b.ram_word(b.r(13) + 24), kGuarded);
}

TEST(Mpu, ExecuteNeverHoldsForPartOfTheFlash) {
  MpuBoard b;
  b.code(0x1800, {Board::kNop, Board::kHere});
  b.begin({Board::kNop, 0x4700, Board::kHere}, 0x1801, 0x1800, region_of(8, kReadOnly, kXn));
  b.step();
  EXPECT_EQ(b.pc(), Board::kMain + 2) << "the rest of the flash goes on executing";
  b.steps(3);
  EXPECT_EQ(b.ipsr(), kMemManage);
  EXPECT_EQ(b.core->fault_status(), "CFSR=0x00000001 HFSR=0x00000000");
}

TEST(Mpu, FaultHandlersAreExemptUnlessHfNmiEna) {
  for (const bool guarded : {false, true}) {
    MpuBoard b;
    b.code(Board::kMain, {0xDE00});
    b.handler(kHardFault, {kLdrR1R0, Board::kHere});
    b.start();
    b.region(1, kGuarded, region_of(8, kNone));
    b.write_system(kCtrl, kOn | kPrivDefEna | (guarded ? kHfNmiEna : 0));
    b.set(0, kGuarded);
    b.set(1, 77);
    const Stop stop = b.steps(4);
    EXPECT_EQ(stop == Stop::lockup, guarded);
    EXPECT_EQ(b.r(1), guarded ? 77u : 0u);
  }
}

TEST(Mpu, StackingOverAGuardIsADerivedMemManageFault) {
  MpuBoard b;
  b.begin({Board::kNop, Board::kNop, Board::kHere}, 0, kGuarded, region_of(5, kNone));
  b.enable_irq(0, 0x80);
  Registers r = b.core->registers();
  r.msp = r.r[13] = kGuarded + 0x30;  // the frame reaches into the guard
  b.core->set_registers(r);
  b.core->set_irq(0, true);
  b.core->set_irq(0, false);
  b.step();
  EXPECT_EQ(b.ipsr(), kMemManage);
  EXPECT_EQ(b.core->fault_status(), "CFSR=0x00000010 HFSR=0x00000000") << "MSTKERR";
  EXPECT_EQ(b.ram_word(kGuarded + 0x10), 0u);
}

TEST(Mpu, UnprivilegedLoadsAndStoresCountAsTheUsers) {
  MpuBoard b;
  b.begin({0xF850, 0x1E00, Board::kHere}, kGuarded, kGuarded, region_of(8, kPrivileged));  // ldrt r1, [r0]
  b.steps(2);
  EXPECT_EQ(b.ipsr(), kMemManage);
  EXPECT_EQ(b.core->fault_status(), "CFSR=0x00000082 HFSR=0x00000000 MMFAR=0x20001000");
  MpuBoard allowed;
  allowed.begin({0xF850, 0x1E00, kLdrR1R0, Board::kHere}, kGuarded, kGuarded, region_of(8, kUserReads));
  allowed.steps(2);
  EXPECT_EQ(allowed.ipsr(), 0u);
  EXPECT_EQ(allowed.r(1), 0u);
}

TEST(Mpu, UnalignedAccessNamesThePartThatFailed) {
  MpuBoard b;
  b.begin({kLdrR1R0, Board::kHere}, kGuarded - 2, kGuarded, region_of(8, kNone));
  b.steps(2);
  EXPECT_EQ(b.ipsr(), kMemManage);
  EXPECT_EQ(b.core->fault_status(), "CFSR=0x00000082 HFSR=0x00000000 MMFAR=0x20001000");
}

TEST(Watchpoints, StoreRaisesTheDebugMonitorAfterTheInstruction) {
  constexpr uint32_t kDwt = 0xE0001000;
  for (const uint32_t function : {5u, 6u, 7u}) {
    MpuBoard b;
    b.code(Board::kMain, {kLdrR1R0, kStrR1R0, Board::kHere});
    b.handler(kDebugMonitor, {Board::kHere});
    b.start();
    b.write_system(kDemcr, 1u << 24 | 1u << 16);
    b.write_system(kDwt + 0x30, kGuarded);  // comparator 1: 16 bytes
    b.write_system(kDwt + 0x34, 4);
    b.write_system(kDwt + 0x38, function);
    b.set(0, kGuarded + 12);
    b.set(1, 5);
    b.steps(3);
    EXPECT_EQ(b.ipsr(), kDebugMonitor);
    EXPECT_EQ(b.ram_word(b.r(13) + 24), Board::kMain + (function == 6 ? 4 : 2)) << "function " << function;
    EXPECT_EQ(b.read_system(0xE000ED30) & 4, 4u) << "DFSR.DWTTRAP";
    EXPECT_EQ(b.read_system(kDwt + 0x38), function | 1u << 24) << "MATCHED";
    EXPECT_EQ(b.read_system(kDwt + 0x38), function) << "cleared by the read";
  }
}

TEST(Watchpoints, WithoutTheMonitorOnlyMatchedIsSet) {
  constexpr uint32_t kDwt = 0xE0001000;
  MpuBoard b;
  b.code(Board::kMain, {kStrR1R0, Board::kHere});
  b.start();
  b.write_system(kDemcr, 1u << 24);
  b.write_system(kDwt + 0x20, kGuarded);
  b.write_system(kDwt + 0x28, 6);
  b.set(0, kGuarded);
  b.steps(2);
  EXPECT_EQ(b.ipsr(), 0u);
  EXPECT_EQ(b.read_system(kDwt + 0x28), 6u | 1u << 24);
}

}  // namespace
}  // namespace xedgesim::isa::test
