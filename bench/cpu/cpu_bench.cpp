// Interpreter speed in guest instructions a second of CPU time, one JSON object a line.
#include <time.h>

#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

#include "isa/arm/cortex_m.h"

namespace {

using namespace xedgesim::isa;

class Nothing : public Host {
 public:
  bool read(uint32_t, unsigned, uint32_t&) override { return false; }
  bool write(uint32_t, unsigned, uint32_t) override { return false; }
};

double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

uint32_t word(const std::vector<uint8_t>& bytes, size_t at) {
  uint32_t v;
  std::memcpy(&v, &bytes[at], 4);
  return v;
}

void print(const char* metric, double value, const char* unit) {
  std::cout << "{\"bench\":\"cpu\",\"metric\":\"" << metric << "\",\"value\":" << value << ",\"unit\":\""
            << unit << "\"}\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "give the file with the guest kernels\n";
    return 3;
  }
  std::ifstream file(argv[1], std::ios::binary);
  std::vector<uint8_t> flash((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (flash.size() < 16) {
    std::cerr << argv[1] << ": cannot be read or holds no kernels\n";
    return 3;
  }
  flash.resize((flash.size() + 3) / 4 * 4);
  const CortexMConfig config;
  const auto image = make_code_image(config, 0, flash);
  std::vector<uint8_t> large;
  while (large.size() < 1 << 20) large.insert(large.end(), flash.begin(), flash.end());
  large.resize(1 << 20);
  const double before = cpu_seconds();
  make_code_image(config, 0, large);
  print("decode_image_ms_per_mib", (cpu_seconds() - before) * 1e3, "ms/MiB");
  const char* names[] = {"interpreter_mips_mixed", "interpreter_mips_float", "interpreter_mips_load_store"};
  for (unsigned k = 0; k < 3; ++k) {
    std::vector<uint8_t> ram(0x10000);
    Nothing host;
    auto core = make_cortex_m(config, host,
                              {{0x20000000, static_cast<uint32_t>(ram.size()), ram.data(), true},
                               {0, static_cast<uint32_t>(flash.size()), flash.data(), false}},
                              image);
    core->reset();
    // The guest enables its FPU: str r1, [r0] at the start of RAM.
    ram[0] = 0x01, ram[1] = 0x60;
    Registers r = core->registers();
    r.r[0] = 0xE000ED88, r.r[1] = 0xF << 20, r.r[15] = 0x20000000;
    core->set_registers(r);
    core->run(core->cycles() + 1);
    ram[0] = ram[1] = 0;
    r.r[15] = word(flash, 4 + 4 * k) & ~1u;
    core->set_registers(r);
    core->run(core->cycles() + 10'000'000);
    const uint64_t first = core->instructions();
    const double start = cpu_seconds();
    if (core->run(core->cycles() + 200'000'000) != Stop::limit) {
      std::cerr << names[k] << ": the kernel stopped: " << core->fault_status() << "\n";
      return 1;
    }
    print(names[k], static_cast<double>(core->instructions() - first) / (cpu_seconds() - start) * 1e-6,
          "MIPS");
  }
  return 0;
}
