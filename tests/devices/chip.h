#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "devices/factory.h"
#include "fake_board.h"

namespace xedgesim::test {

/// A fake board with devices made through the factory, at the addresses of platforms/nrf52840.yaml.
class Chip {
 public:
  Chip() { resources.map = &board; }
  ~Chip() { board.devices.clear(); }

  bus::Device& add(std::string_view type, std::string name, uint32_t base, int irq = -1,
                   std::map<std::string, std::string> params = {}) {
    devices::DeviceParams p{.name = std::move(name), .base = base, .irq = irq, .params = std::move(params)};
    owned_.push_back(devices::make_device(type, p, board, resources));
    bus::Device& d = *owned_.back();
    board.devices.push_back(&d);
    if (auto* sink = dynamic_cast<bus::EventSink*>(&d)) board.sink = sink;
    d.reset();
    return d;
  }
  bus::Device& add_clock() { return add("nrf.power_clock", "power_clock", 0x40000000, 0); }
  bus::Device& add_ppi() {
    return add("nrf.ppi", "ppi", 0x4001f000, -1, {{"fixed", "0x40008140:0x40001000 0x40008140:0x40001004"}});
  }
  bus::Device& add_timer(int n = 0) {
    constexpr uint32_t bases[] = {0x40008000, 0x40009000, 0x4000a000, 0x4001a000, 0x4001b000};
    constexpr int irqs[] = {8, 9, 10, 26, 27};
    return add("nrf.timer", "timer" + std::to_string(n), bases[n], irqs[n],
               {{"channels", n < 3 ? "4" : "6"}});
  }

  /// Starts HFXO and LFCLK (from the RC oscillator) and waits for both.
  void start_clocks(bus::Device& clock) {
    wr(clock, 0x000, 1);
    wr(clock, 0x008, 1);
    board.run_for(Duration::ms(1));
  }

  FakeBoard board;
  devices::Resources resources;

 private:
  std::vector<std::unique_ptr<bus::Device>> owned_;
};

constexpr SimTime us(int64_t v) { return SimTime::at(Duration::us(v)); }
constexpr SimTime ns(int64_t v) { return SimTime::from_ns(v); }

}  // namespace xedgesim::test
