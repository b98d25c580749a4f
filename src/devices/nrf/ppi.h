#pragma once
#include <array>

#include "devices/nrf/peripheral.h"

namespace xedgesim::devices::nrf {

/// PPI (nRF52840 PS v1.1, 6.16): twenty programmable and twelve fixed channels, a fork task each, six groups.
/// Parameter `fixed`: the fixed channels as "event:task event:task ...", hexadecimal addresses, channel 20
/// first.
///
/// An event reaches its tasks in zero time (the chip needs one 16 MHz cycle). A chain that feeds itself,
/// which would oscillate on the chip, is cut after 64 hops and logged.
class Ppi final : public Peripheral, public bus::EventSink {
 public:
  static constexpr unsigned kChannels = 32, kProgrammable = 20, kGroups = 6;
  Ppi(const DeviceParams& params, bus::Board& board, Resources& resources);
  void reset() override;
  void on_event(bus::RegisterAddress event) override;

 private:
  struct Endpoint {
    uint32_t address = 0;
    bus::TaskTarget* target = nullptr;
    uint32_t offset = 0;
  };

  static const bus::TaskEventTable& registers();
  void enable_group(unsigned group);
  void disable_group(unsigned group);
  uint32_t read_chen(unsigned) { return enabled_; }
  void write_chen(unsigned, uint32_t v);
  void set_chen(unsigned, uint32_t v) { write_chen(0, enabled_ | v); }
  void clear_chen(unsigned, uint32_t v) { write_chen(0, enabled_ & ~v); }
  uint32_t read_eep(unsigned channel) { return event_[channel]; }
  void write_eep(unsigned channel, uint32_t v);
  uint32_t read_tep(unsigned channel) { return task_[channel].address; }
  void write_tep(unsigned channel, uint32_t v) { task_[channel] = Endpoint{.address = v}; }
  uint32_t read_fork(unsigned channel) { return fork_[channel].address; }
  void write_fork(unsigned channel, uint32_t v) { fork_[channel] = Endpoint{.address = v}; }
  void parse_fixed(const DeviceParams& params);
  void trigger_endpoint(Endpoint& endpoint);
  void rebuild();

  uint32_t enabled_ = 0;
  std::array<uint32_t, kChannels> event_{};
  std::array<Endpoint, kChannels> task_{}, fork_{};
  /// A filter in front of the search: bit = event of a peripheral (index: address bits 12-17) wired to some
  /// enabled channel. Most published events are wired to nothing.
  std::array<uint32_t, 64> wired_{};
  unsigned depth_ = 0;
};

}  // namespace xedgesim::devices::nrf
