// The same bits on the device as on the host, and the price in instructions.
#include <elf.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unicorn/unicorn.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "firmware/common/features.h"
#include "ml/vibration_windows.h"

namespace xedgesim::ml {
namespace {

class ArmFeatures {
 public:
  ArmFeatures() {
    EXPECT_EQ(uc_open(UC_ARCH_ARM, static_cast<uc_mode>(UC_MODE_THUMB | UC_MODE_MCLASS), &engine_),
              UC_ERR_OK);
    EXPECT_EQ(uc_ctl_set_cpu_model(engine_, UC_CPU_ARM_CORTEX_M4), UC_ERR_OK);
    uc_mem_map(engine_, 0, 0x100000, UC_PROT_ALL);
    uc_mem_map(engine_, 0x20000000, 0x40000, UC_PROT_ALL);
    uc_mem_map(engine_, 0xE0000000, 0x100000, UC_PROT_ALL);
    load();
    const uint32_t cpacr_full_access = 0xF00000, fpexc_enable = 0x40000000;
    uc_mem_write(engine_, 0xE000ED88, &cpacr_full_access, 4);
    uc_reg_write(engine_, UC_ARM_REG_FPEXC, &fpexc_enable);
    uc_hook hook;
    uc_hook_add(engine_, &hook, UC_HOOK_CODE, reinterpret_cast<void*>(&on_instruction), this, 1, 0);
  }
  ~ArmFeatures() { uc_close(engine_); }

  std::vector<float> run(const std::vector<int16_t>& codes) {
    uc_mem_write(engine_, symbols_.at("samples"), codes.data(), codes.size() * sizeof(int16_t));
    const uint32_t stack = 0x20040000;
    uc_reg_write(engine_, UC_ARM_REG_SP, &stack);
    instructions_ = 0;
    EXPECT_EQ(uc_emu_start(engine_, symbols_.at("entry") | 1, 0, 0, 0), UC_ERR_OK);
    std::vector<float> out(FEATURE_COUNT);
    uc_mem_read(engine_, symbols_.at("out"), out.data(), out.size() * sizeof(float));
    return out;
  }
  uint64_t instructions() const { return instructions_; }

 private:
  static void on_instruction(uc_engine* engine, uint64_t address, uint32_t, void* self) {
    uint16_t opcode = 0;
    uc_mem_read(engine, address, &opcode, sizeof opcode);
    if (opcode == 0xbe00)  // bkpt 0
      uc_emu_stop(engine);
    else
      ++static_cast<ArmFeatures*>(self)->instructions_;
  }

  void load() {
    std::ifstream in(XEDGESIM_FEATURES_ELF, std::ios::binary);
    const std::string file{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    ASSERT_GT(file.size(), sizeof(Elf32_Ehdr));
    const auto at = [&]<typename T>(size_t offset, T) {
      T value;
      std::memcpy(&value, file.data() + offset, sizeof value);
      return value;
    };
    const auto header = at(0, Elf32_Ehdr{});
    for (unsigned i = 0; i < header.e_phnum; ++i) {
      const auto segment = at(header.e_phoff + i * sizeof(Elf32_Phdr), Elf32_Phdr{});
      if (segment.p_type == PT_LOAD)
        uc_mem_write(engine_, segment.p_vaddr, file.data() + segment.p_offset, segment.p_filesz);
    }
    for (unsigned i = 0; i < header.e_shnum; ++i) {
      const auto section = at(header.e_shoff + i * sizeof(Elf32_Shdr), Elf32_Shdr{});
      if (section.sh_type != SHT_SYMTAB) continue;
      const auto names = at(header.e_shoff + section.sh_link * sizeof(Elf32_Shdr), Elf32_Shdr{});
      for (unsigned s = 0; s < section.sh_size / sizeof(Elf32_Sym); ++s) {
        const auto symbol = at(section.sh_offset + s * sizeof(Elf32_Sym), Elf32_Sym{});
        symbols_[file.data() + names.sh_offset + symbol.st_name] = symbol.st_value & ~1u;
      }
    }
  }

  uc_engine* engine_ = nullptr;
  std::map<std::string, uint32_t> symbols_;
  uint64_t instructions_ = 0;
};

TEST(FeaturesOnArm, GiveTheSameBitsAsOnTheHostWithinTheBudget) {
  ArmFeatures arm;
  uint64_t most = 0;
  for (int device = 0; device < 4; ++device) {
    VibrationSignal signal(11, fmt::format("arm_{}", device));
    for (int window = 0; window < 10; ++window) {
      const std::vector<int16_t> codes = vibration_codes(signal, SimTime::at(Duration::s(17 * window)));
      float host[FEATURE_COUNT];
      features_compute(codes.data(), codes.size(), 1000, host);
      const std::vector<float> guest = arm.run(codes);
      for (size_t i = 0; i < FEATURE_COUNT; ++i)
        ASSERT_EQ(std::bit_cast<uint32_t>(guest[i]), std::bit_cast<uint32_t>(host[i]))
            << "feature " << i << " of device " << device << ", window " << window << ": " << guest[i] << ", "
            << host[i];
      most = std::max(most, arm.instructions());
    }
  }
  RecordProperty("instructions", static_cast<int>(most));
  std::cout << "instructions for 1000 samples: at most " << most << '\n';
  EXPECT_GT(most, 20'000u);
  EXPECT_LE(most, 80'000u);
}

}  // namespace
}  // namespace xedgesim::ml
