#include "machine.h"

#include <fmt/format.h>
#include <unicorn/unicorn.h>

#include <cstring>
#include <stdexcept>

namespace xedgesim::isa::test {
namespace {

uc_engine* engine(void* p) { return static_cast<uc_engine*>(p); }
void check(uc_err e) {
  if (e != UC_ERR_OK) throw std::runtime_error(uc_strerror(e));
}
constexpr uint32_t kFlags = 0xF80F0000, kIt = 0x0600FC00;

}  // namespace

Oracle::Oracle() : code_(kCodeSize), ram_(kRamSize) {
  uc_engine* uc = nullptr;
  check(uc_open(UC_ARCH_ARM, static_cast<uc_mode>(UC_MODE_THUMB | UC_MODE_MCLASS), &uc));
  engine_ = uc;
  check(uc_ctl_set_cpu_model(uc, UC_CPU_ARM_CORTEX_M4));
  check(uc_mem_map_ptr(uc, kCodeBase, kCodeSize, UC_PROT_ALL, code_.data()));
  check(uc_mem_map_ptr(uc, kRamBase, kRamSize, UC_PROT_ALL, ram_.data()));
  // The first floating-point instruction opens a context and takes FPSCR from FPDSCR: VMOV s0, s0.
  const uint16_t program[] = {0xEEB0, 0x0A40};
  std::memcpy(code_.data(), program, sizeof program);
  check(uc_emu_start(uc, 1, 4, 0, 1));
  code_changed();
}

Oracle::~Oracle() { uc_close(engine(engine_)); }

void Oracle::code_changed() {
  check(uc_ctl_remove_cache(engine(engine_), uint64_t{kCodeBase}, uint64_t{kCodeBase + kCodeSize}));
}

State Oracle::run(const State& start, uint32_t until, uint64_t instructions, std::string& error) {
  uc_engine* uc = engine(engine_);
  std::memcpy(ram_.data(), start.ram.data(), ram_.size());
  Registers in = start.registers;
  for (int i = 0; i < 13; ++i) uc_reg_write(uc, UC_ARM_REG_R0 + i, &in.r[static_cast<size_t>(i)]);
  uc_reg_write(uc, UC_ARM_REG_SP, &in.r[13]);
  uc_reg_write(uc, UC_ARM_REG_LR, &in.r[14]);
  for (int i = 0; i < 32; ++i) uc_reg_write(uc, UC_ARM_REG_S0 + i, &in.s[static_cast<size_t>(i)]);
  uc_reg_write(uc, UC_ARM_REG_APSR_NZCVQG, &in.xpsr);
  uc_reg_write(uc, UC_ARM_REG_FPSCR, &in.fpscr);
  const uc_err e = uc_emu_start(uc, in.r[15] | 1, until, 0, instructions);
  error = e == UC_ERR_OK ? "" : uc_strerror(e);
  State out;
  for (int i = 0; i < 13; ++i) uc_reg_read(uc, UC_ARM_REG_R0 + i, &out.registers.r[static_cast<size_t>(i)]);
  uc_reg_read(uc, UC_ARM_REG_SP, &out.registers.r[13]);
  uc_reg_read(uc, UC_ARM_REG_LR, &out.registers.r[14]);
  uc_reg_read(uc, UC_ARM_REG_PC, &out.registers.r[15]);
  for (int i = 0; i < 32; ++i) uc_reg_read(uc, UC_ARM_REG_S0 + i, &out.registers.s[static_cast<size_t>(i)]);
  uc_reg_read(uc, UC_ARM_REG_XPSR, &out.registers.xpsr);
  uc_reg_read(uc, UC_ARM_REG_FPSCR, &out.registers.fpscr);
  out.registers.xpsr &= kFlags;
  out.ram = ram_;
  return out;
}

Subject::Subject(bool with_image, const uint8_t* code) : code_(code, code + kCodeSize), ram_(kRamSize) {
  CortexMConfig config;
  std::shared_ptr<const CodeImage> image;
  constexpr uint32_t kImageSize = 0x10000;
  if (with_image) image = make_code_image(config, kSlots, {code_.data() + kSlots, kImageSize});
  core_ = make_cortex_m(
      config, *this, {{kCodeBase, kCodeSize, code_.data(), false}, {kRamBase, kRamSize, ram_.data(), true}},
      image);
  open_fpu();
}

void Subject::open_fpu() {
  core_->reset();
  // The FPU is enabled by the guest: STR r1, [r0] to CPACR, then VMOV s0, s0 opens a context.
  const uint16_t program[] = {0x6001, 0xEEB0, 0x0A40};
  std::memcpy(ram_.data(), program, sizeof program);
  Registers in;
  in.r[0] = 0xE000ED88;
  in.r[1] = 0xF << 20;
  in.r[13] = kRamBase + kRamSize;
  in.r[15] = kRamBase;
  in.xpsr = 0x01000000;
  core_->set_registers(in);
  while (core_->registers().r[15] != kRamBase + sizeof program) core_->run(core_->cycles() + 1);
}

Subject::~Subject() = default;

State Subject::run(const State& start, std::optional<uint32_t> until, std::string& error) {
  std::memcpy(ram_.data(), start.ram.data(), ram_.size());
  Registers in = start.registers;
  in.xpsr = (in.xpsr & kFlags) | 0x01000000;
  in.control = core_->registers().control;
  core_->set_registers(in);
  const uint64_t before = core_->instructions();
  Stop stop = Stop::limit;
  bool handler = false;
  do {
    stop = core_->run(core_->cycles() + 1);
    handler = (core_->registers().xpsr & 0x1FF) != 0;
  } while (until && stop == Stop::limit && !handler && core_->registers().r[15] != *until &&
           core_->instructions() - before < 100);
  State out{core_->registers(), ram_};
  // A fault shows as a pending exception: one more step enters its handler.
  if (!handler && core_->fault_status().find("CFSR=0x00000000") == std::string::npos) handler = true;
  error = stop != Stop::limit ? fmt::format("stop {}", static_cast<int>(stop))
          : handler           ? core_->fault_status()
                              : "";
  if (!error.empty()) {  // leave no exception behind
    open_fpu();
  }
  out.registers.xpsr &= kFlags | kIt;
  return out;
}

std::string compare(const State& ours, const State& theirs) {
  std::string out;
  const auto differ = [&](const char* what, size_t index, uint32_t a, uint32_t b) {
    if (a != b) out += fmt::format("  {}{:x}: ours {:08x}, Unicorn {:08x}\n", what, index, a, b);
  };
  for (size_t i = 0; i < 16; ++i) differ("r", i, ours.registers.r[i], theirs.registers.r[i]);
  differ("APSR", 0, ours.registers.xpsr & kFlags, theirs.registers.xpsr & kFlags);
  for (size_t i = 0; i < 32; ++i) differ("s", i, ours.registers.s[i], theirs.registers.s[i]);
  differ("FPSCR", 0, ours.registers.fpscr, theirs.registers.fpscr);
  for (size_t i = 0; ours.ram != theirs.ram && i < ours.ram.size(); i += 4) {
    uint32_t a, b;
    std::memcpy(&a, &ours.ram[i], 4);
    std::memcpy(&b, &theirs.ram[i], 4);
    differ("memory ", kRamBase + i, a, b);
  }
  return out;
}

}  // namespace xedgesim::isa::test
