// Speed of the core in both engines, one JSON object a line, with QEMU and Unicorn on the same image beside
// it. CPU seconds; instructions are counted by our own core, which counts exactly.
#include <time.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>

#include "isa/arm/cortex_m.h"
#include "peers.h"

namespace xedgesim::bench {

double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

namespace {

using namespace xedgesim::isa;

enum Kernel : unsigned { kMixed, kFloat, kInt8, kChase, kBytecode, kLoadStore, kMmio, kTick };
constexpr uint32_t kRamSize = 0x10000;

void put(uint8_t* at, uint32_t v) { std::memcpy(at, &v, 4); }

struct Node : Host {
  std::vector<uint8_t> ram = std::vector<uint8_t>(kRamSize);
  std::unique_ptr<Core> core;
  uint32_t reads = 0;

  Node(const CortexMConfig& config, std::vector<uint8_t>& flash, std::shared_ptr<const CodeImage> image,
       Kernel kernel, uint64_t rounds) {
    core = make_cortex_m(config, *this,
                         {{0x20000000, kRamSize, ram.data(), true},
                          {0, static_cast<uint32_t>(flash.size()), flash.data(), false}},
                         std::move(image));
    core->reset();
    uint8_t* p = ram.data() + (kParameters - 0x20000000);
    put(p, kernel), put(p + 4, static_cast<uint32_t>(rounds)), put(p + 8, 63'999);
  }
  bool read(uint32_t, unsigned, uint32_t& value) override {
    value = ++reads;
    return true;
  }
  bool write(uint32_t, unsigned, uint32_t) override { return true; }

  /// To the end of the rounds, over all sleep; slices as long as a busy radio's window.
  bool finish() {
    for (;;) {
      const Stop stop = core->run(core->cycles() + 1'000'000);
      if (stop == Stop::breakpoint) return true;
      if (stop == Stop::sleep && core->next_wakeup() != UINT64_MAX)
        core->skip_to(core->next_wakeup());
      else if (stop != Stop::limit)
        return false;
    }
  }
};

class Bench {
 public:
  Bench(std::vector<uint8_t> flash, std::string elf) : flash_(std::move(flash)), elf_(std::move(elf)) {
    interpreter_.engine = Engine::interpreter;
    image_ = make_code_image(CortexMConfig{}, 0, flash_);
  }

  static void print(const std::string& metric, double value, const char* unit) {
    std::cout << "{\"bench\":\"cpu\",\"metric\":\"" << metric << "\",\"value\":" << value << ",\"unit\":\""
              << unit << "\"}" << std::endl;
  }
  static void print(const std::string& metric, double value, const char* unit, const char* peer,
                    double peer_value) {
    std::cout << "{\"bench\":\"cpu\",\"metric\":\"" << metric << "\",\"value\":" << value << ",\"unit\":\""
              << unit << "\",\"peer\":\"" << peer << "\",\"peer_value\":" << peer_value
              << ",\"ratio\":" << value / peer_value << "}" << std::endl;
  }

  struct Result {
    double seconds = 0;
    uint64_t instructions = 0;
  };
  Result measure(const CortexMConfig& config, Kernel kernel, uint64_t rounds) {
    Node node(config, flash_, image_, kernel, rounds);
    const double start = cpu_seconds();
    if (!node.finish()) {
      std::cerr << "kernel " << kernel << " stopped: " << node.core->fault_status() << "\n";
      std::exit(1);
    }
    return {cpu_seconds() - start, node.core->instructions()};
  }

  void kernel(const std::string& name, Kernel k) {
    const Result trial = measure({}, k, 100);
    const uint64_t rounds = 100 * (1 + 800'000'000 / trial.instructions);
    const Result ours = measure({}, k, rounds), slow = measure(interpreter_, k, rounds / 5);
    const auto mips = [](const Result& r) { return static_cast<double>(r.instructions) / r.seconds * 1e-6; };
    print("interpreter_mips_" + name, mips(slow), "MIPS");
    const std::string metric = "mips_" + name;
    bool alone = true;
    const auto beside = [&](const char* peer, std::optional<double> seconds) {
      if (!seconds || *seconds <= 0) return;
      alone = false;
      print(metric, mips(ours), "MIPS", peer, static_cast<double>(ours.instructions) / *seconds * 1e-6);
    };
    for (bool icount : {false, true}) {
      auto all = qemu_seconds(elf_, k, rounds, icount);
      const auto start = qemu_seconds(elf_, k, 0, icount);
      if (all && start) beside(icount ? "qemu-icount" : "qemu", *all - *start);
    }
    if (const auto seconds = unicorn_seconds(flash_, k, rounds / 5)) beside("unicorn", *seconds * 5);
    if (alone) print(metric, mips(ours), "MIPS");
  }

  void device_reads() {
    constexpr uint64_t kRounds = 20'000;
    const Result ours = measure({}, kMmio, kRounds);
    const double ns = ours.seconds * 1e9 / (400.0 * kRounds);
    const auto all = qemu_seconds(elf_, kMmio, kRounds, false), start = qemu_seconds(elf_, kMmio, 0, false);
    if (all && start)
      print("mmio_read", ns, "ns", "qemu", (*all - *start) * 1e9 / (400.0 * kRounds));
    else
      print("mmio_read", ns, "ns");
  }

  void ticks() {
    constexpr uint64_t kTicks = 10'000;
    const Result one = measure({}, kTick, kTicks);
    const auto all = qemu_seconds(elf_, kTick, kTicks, true), start = qemu_seconds(elf_, kTick, 0, true);
    if (all && start)
      print("systick_wfi_10s", one.seconds, "s", "qemu-icount", *all - *start);
    else
      print("systick_wfi_10s", one.seconds, "s");
    std::vector<std::unique_ptr<Node>> nodes;
    for (int n = 0; n < 20; ++n)
      nodes.push_back(std::make_unique<Node>(CortexMConfig{}, flash_, image_, kTick, kTicks));
    const double before = cpu_seconds();
    for (auto& n : nodes) n->finish();
    print("systick_wfi_10s_20_nodes", cpu_seconds() - before, "s");
  }

  void start_up() {
    constexpr int kNodes = 200;
    const auto resident = [] {
      std::ifstream in("/proc/self/statm");
      double pages = 0, in_memory = 0;
      in >> pages >> in_memory;
      return in_memory * 4.0 / 1024;
    };
    std::vector<std::unique_ptr<Node>> nodes;
    nodes.reserve(kNodes);
    nodes.push_back(std::make_unique<Node>(CortexMConfig{}, flash_, image_, kMixed, 1));
    const double memory = resident(), before = cpu_seconds();
    for (int n = 0; n < kNodes; ++n) {
      nodes.push_back(std::make_unique<Node>(CortexMConfig{}, flash_, image_, kMixed, 1));
      nodes.back()->core->run(1);
    }
    print("start_to_first_instruction", (cpu_seconds() - before) / kNodes * 1e3, "ms");
    print("memory_per_further_core", (resident() - memory) / kNodes, "MiB");
  }

  void image() {
    std::vector<uint8_t> large;
    while (large.size() < 1 << 20) large.insert(large.end(), flash_.begin(), flash_.end());
    large.resize(1 << 20);
    const double before = cpu_seconds();
    make_code_image(CortexMConfig{}, 0, large);
    print("decode_image_ms_per_mib", (cpu_seconds() - before) * 1e3, "ms/MiB");
  }

 private:
  std::vector<uint8_t> flash_;
  std::string elf_;
  CortexMConfig interpreter_;
  std::shared_ptr<const CodeImage> image_;
};

int run(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "give the image with the guest kernels, and its ELF for the peers\n";
    return 3;
  }
  std::ifstream file(argv[1], std::ios::binary);
  std::vector<uint8_t> flash((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (flash.size() < 64) {
    std::cerr << argv[1] << ": cannot be read or holds no kernels\n";
    return 3;
  }
  flash.resize((flash.size() + 3) / 4 * 4);
  Bench bench(std::move(flash), argv[2]);
  bench.image();
  bench.start_up();
  bench.kernel("mixed", kMixed);
  bench.kernel("float", kFloat);
  bench.kernel("int8", kInt8);
  bench.kernel("pointer_chase", kChase);
  bench.kernel("bytecode", kBytecode);
  bench.kernel("load_store", kLoadStore);
  bench.device_reads();
  bench.ticks();
  return 0;
}

}  // namespace
}  // namespace xedgesim::bench

int main(int argc, char** argv) { return xedgesim::bench::run(argc, argv); }
