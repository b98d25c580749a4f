// Any bytes as flash contents: decoding them must not fail, executing them must end in a stop of the contract,
// and the run must be the same with decoding as it goes, with the predecoded image, and translated to host code.
#include <cstdlib>
#include <cstring>
#include <vector>

#include "isa/arm/cortex_m.h"

namespace {

using namespace xedgesim::isa;

class Device : public Host {
 public:
  bool read(uint32_t address, unsigned, uint32_t& value) override {
    value = address * 2654435761u;
    return address >> 28 == 4;
  }
  bool write(uint32_t address, unsigned, uint32_t) override { return address >> 28 == 4; }
};

struct Result {
  Registers registers;
  uint64_t cycles = 0, instructions = 0;
  std::vector<uint8_t> ram;
};

enum class How { decode_while_running, image, translated };

Result run(std::vector<uint8_t> flash, How how) {
  Result out;
  out.ram.resize(0x2000);
  CortexMConfig config;
  config.engine = how == How::translated ? Engine::automatic : Engine::interpreter;
  config.translate_after = 1;
  Device device;
  auto core = make_cortex_m(config, device,
                            {{0x20000000, 0x2000, out.ram.data(), true},
                             {0, static_cast<uint32_t>(flash.size()), flash.data(), false}},
                            how == How::decode_while_running ? nullptr : make_code_image(config, 0, flash));
  core->reset();
  for (int i = 0; i < 40; ++i) {
    const Stop stop = core->run(core->cycles() + 50);
    core->set_irq(static_cast<unsigned>(i) % 48, i & 1);
    if (stop == Stop::sleep) {
      core->skip_to(core->cycles() + 50);
      core->set_event();
    }
    if (stop == Stop::lockup) break;
    if (stop == Stop::reset) core->reset();
  }
  (void)core->fault_status();
  out.registers = core->registers();
  out.cycles = core->cycles();
  out.instructions = core->instructions();
  return out;
}

bool same(const Result& a, const Result& b) {
  return a.registers.r == b.registers.r && a.registers.xpsr == b.registers.xpsr && a.registers.s == b.registers.s &&
         a.registers.fpscr == b.registers.fpscr && a.cycles == b.cycles && a.instructions == b.instructions &&
         a.ram == b.ram;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 4096) return 0;
  // A stack and a first instruction behind the vectors; the rest of the table is the fuzzer's, too.
  std::vector<uint8_t> flash(0x100 + (size + 67) / 4 * 4);
  const uint32_t start[] = {0x20002000, 0x101};
  std::memcpy(flash.data(), start, sizeof start);
  for (uint32_t n = 2; n < 64; ++n) {
    const uint32_t vector = 0x101 + 16 * n % static_cast<uint32_t>(flash.size() - 0x100);
    std::memcpy(&flash[4 * n], &vector, 4);
  }
  if (size) std::memcpy(&flash[0x100], data, size);
  const Result image = run(flash, How::image);
  if (!same(image, run(flash, How::decode_while_running))) std::abort();
  if (!same(image, run(flash, How::translated))) std::abort();
  return 0;
}
