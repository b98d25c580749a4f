#pragma once
#include <array>

#include "devices/nrf/peripheral.h"

namespace xedgesim::devices::nrf {

/// GPIOTE (nRF52840 PS v1.1, 6.10): eight channels between pins and tasks or events, and PORT.
class Gpiote final : public Peripheral, public Pins::Listener {
 public:
  static constexpr unsigned kChannels = 8;
  Gpiote(const DeviceParams& params, bus::Board& board, Resources& resources);
  void reset() override;
  void pin_edge(unsigned pin, bool level) override;
  void detect(unsigned port) override;

 private:
  static const bus::TaskEventTable& registers();
  void out(unsigned channel);
  void set_pin(unsigned channel) { drive(channel, true); }
  void clear_pin(unsigned channel) { drive(channel, false); }
  void write_config(unsigned channel, uint32_t value);
  uint32_t config(unsigned channel) const;
  void drive(unsigned channel, bool level);

  std::array<bool, kChannels> level_{};
  std::array<int, kChannels> taken_pin_{};  ///< output pin in use by the channel, -1 for none
};

}  // namespace xedgesim::devices::nrf
