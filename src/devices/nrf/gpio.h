#pragma once
#include <array>

#include "bus/register_device.h"
#include "devices/params.h"

namespace xedgesim::devices::nrf {

/// GPIO ports P0 and P1 (nRF52840 PS v1.1, 6.9) as one block: P1's registers lie 0x300 above P0's. Pins count
/// over both ports, P1.02 is 34.
///
/// A pin's level is what drives it: GPIOTE, else OUT when it is an output, else the outside, else its pull
/// resistor, else low. IN shows the level of pins whose input buffer is connected.
///
/// DETECT of either port wakes the chip from System OFF.
///
/// Limits: drive strength is ignored (an output wins over the outside); open-drain and open-source
/// configurations drive both levels; pins of peripherals (UART, SAADC) are not routed through here.
class Gpio final : public bus::RegisterDevice, public Pins, public bus::PinPort {
 public:
  static constexpr unsigned kPorts = 2, kPins = 64;
  Gpio(const DeviceParams& params, bus::Board& board, Resources& resources);
  void reset() override;

  void drive_pin(unsigned pin, bool level) override;
  void release_pin(unsigned pin) override;
  bool pin_level(unsigned pin) const override { return level(pin); }
  void set_listener(Listener& listener) override { listener_ = &listener; }
  bool level(unsigned pin) const override { return levels_ >> pin & 1; }
  void take_over(unsigned pin, bool output, bool level) override;
  void release(unsigned pin) override;

 private:
  static const bus::RegisterTable& registers();
  uint32_t read_out(unsigned port) { return half(out_, port); }
  void write_out(unsigned port, uint32_t v) { change(out_, port, v); }
  void set_out(unsigned port, uint32_t v) { change(out_, port, half(out_, port) | v); }
  void clear_out(unsigned port, uint32_t v) { change(out_, port, half(out_, port) & ~v); }
  uint32_t read_in(unsigned port) { return half(levels_ & input_connected_, port); }
  uint32_t read_dir(unsigned port) { return half(dir_, port); }
  void write_dir(unsigned port, uint32_t v);
  void set_dir(unsigned port, uint32_t v) { write_dir(port, half(dir_, port) | v); }
  void clear_dir(unsigned port, uint32_t v) { write_dir(port, half(dir_, port) & ~v); }
  uint32_t read_latch(unsigned port) { return half(latch_, port); }
  void clear_latch(unsigned port, uint32_t ones);
  void write_detect_mode(unsigned, uint32_t) { update(~uint64_t{0}); }
  uint32_t read_cnf(unsigned pin) { return cnf_[pin]; }
  void write_cnf(unsigned pin, uint32_t v);

  static uint32_t half(uint64_t bits, unsigned port) { return static_cast<uint32_t>(bits >> 32 * port); }
  void change(uint64_t& bits, unsigned port, uint32_t v);
  bool driven_level(unsigned pin) const;
  void update(uint64_t pins);
  void update_detect(uint64_t pins);

  bus::PinObserver* observer_;
  bus::PowerControl* power_;
  Links& links_;
  Listener* listener_ = nullptr;
  uint64_t out_ = 0, dir_ = 0, latch_ = 0, levels_ = 0;
  uint64_t input_connected_ = 0;
  uint64_t outside_driven_ = 0, outside_level_ = 0;
  uint64_t taken_ = 0, taken_level_ = 0;
  uint64_t sensed_ = 0;  ///< pins whose SENSE condition holds
  std::array<bool, kPorts> detect_{};
  std::array<uint32_t, kPins> cnf_{};
};

}  // namespace xedgesim::devices::nrf
