#include "devices/nrf/gpio.h"

#include <bit>

namespace xedgesim::devices::nrf {

using namespace bus;

namespace {

constexpr uint32_t kDetectMode = 0x524, kPortStride = 0x300;
constexpr Field kDir{"DIR", 0}, kInput{"INPUT", 1}, kPull{"PULL", 2, 2}, kDrive{"DRIVE", 8, 3},
    kSense{"SENSE", 16, 2};
constexpr uint32_t kCnfReset = 0x2;  // input buffer disconnected
constexpr uint32_t kPullUp = 3, kSenseHigh = 2, kSenseLow = 3;

constexpr uint64_t bit(unsigned pin) { return uint64_t{1} << pin; }
void assign(uint64_t& bits, unsigned pin, bool on) { bits = (bits & ~bit(pin)) | (on ? bit(pin) : 0); }

}  // namespace

const RegisterTable& Gpio::registers() {
  static const RegisterTable table({[] {
    using G = Gpio;
    std::vector<Register> rows = {
        {.offset = 0x504, .name = "OUT", .read = get<&G::read_out>, .write = set<&G::write_out>},
        {.offset = 0x508, .name = "OUTSET", .read = get<&G::read_out>, .write = set<&G::set_out>},
        {.offset = 0x50c, .name = "OUTCLR", .read = get<&G::read_out>, .write = set<&G::clear_out>},
        {.offset = 0x510, .name = "IN", .access = Access::ro, .read = get<&G::read_in>},
        {.offset = 0x514, .name = "DIR", .read = get<&G::read_dir>, .write = set<&G::write_dir>},
        {.offset = 0x518, .name = "DIRSET", .read = get<&G::read_dir>, .write = set<&G::set_dir>},
        {.offset = 0x51c, .name = "DIRCLR", .read = get<&G::read_dir>, .write = set<&G::clear_dir>},
        {.offset = 0x520, .name = "LATCH", .read = get<&G::read_latch>, .write = set<&G::clear_latch>},
        {.offset = kDetectMode,
         .name = "DETECTMODE",
         .fields = {{"DETECTMODE", 0}},
         .write = set<&G::write_detect_mode>},
    };
    for (Register& r : rows) {
      r.count = kPorts;
      r.stride = kPortStride;
    }
    for (uint16_t port = 0; port < kPorts; ++port) {
      rows.push_back({.offset = static_cast<uint16_t>(0x700 + kPortStride * port),
                      .name = port == 0 ? "P0.PIN_CNF" : "P1.PIN_CNF",
                      .reset = kCnfReset,
                      .fields = {kDir, kInput, kPull, kDrive, kSense},
                      .read = get<&G::read_cnf>,
                      .write = set<&G::write_cnf>,
                      .count = 32,
                      .first_index = static_cast<uint16_t>(32 * port)});
    }
    return rows;
  }()});
  return table;
}

Gpio::Gpio(const DeviceParams& params, Board& board, Resources& resources)
    : RegisterDevice(params.name, params.base, params.size, registers(), board),
      observer_(resources.pins),
      power_(resources.power),
      links_(resources.links) {
  links_.pins = this;
  cnf_.fill(kCnfReset);
}

void Gpio::reset() {
  RegisterDevice::reset();
  out_ = dir_ = latch_ = input_connected_ = taken_ = taken_level_ = 0;
  cnf_.fill(kCnfReset);
  update(~uint64_t{0});
}

void Gpio::change(uint64_t& bits, unsigned port, uint32_t v) {
  const uint64_t mask = uint64_t{0xffffffff} << 32 * port;
  const uint64_t updated = (bits & ~mask) | uint64_t{v} << 32 * port;
  const uint64_t pins = bits ^ updated;
  bits = updated;
  if (pins != 0) update(pins);
}

void Gpio::write_dir(unsigned port, uint32_t v) {
  for (unsigned i = 0; i < 32; ++i) {
    uint32_t& cnf = cnf_[32 * port + i];
    cnf = (cnf & ~kDir.mask()) | kDir.put(v >> i);
  }
  change(dir_, port, v);
}

void Gpio::write_cnf(unsigned pin, uint32_t v) {
  cnf_[pin] = v;
  assign(dir_, pin, kDir.of(v) != 0);
  assign(input_connected_, pin, kInput.of(v) == 0);
  update(bit(pin));
}

void Gpio::drive_pin(unsigned pin, bool level) {
  assign(outside_driven_, pin, true);
  assign(outside_level_, pin, level);
  update(bit(pin));
}

void Gpio::release_pin(unsigned pin) {
  assign(outside_driven_, pin, false);
  update(bit(pin));
}

void Gpio::take_over(unsigned pin, bool output, bool level) {
  assign(taken_, pin, output);
  assign(taken_level_, pin, level);
  update(bit(pin));
}

void Gpio::release(unsigned pin) {
  assign(taken_, pin, false);
  update(bit(pin));
}

bool Gpio::driven_level(unsigned pin) const {
  if (taken_ >> pin & 1) return taken_level_ >> pin & 1;
  if (dir_ >> pin & 1) return out_ >> pin & 1;
  if (outside_driven_ >> pin & 1) return outside_level_ >> pin & 1;
  return kPull.of(cnf_[pin]) == kPullUp;
}

void Gpio::update(uint64_t pins) {
  uint64_t changed = 0;
  for (uint64_t rest = pins; rest != 0; rest &= rest - 1) {
    const auto pin = static_cast<unsigned>(std::countr_zero(rest));
    if (driven_level(pin) == level(pin)) continue;
    changed |= bit(pin);
    levels_ ^= bit(pin);
  }
  update_detect(pins);
  for (uint64_t rest = changed; rest != 0; rest &= rest - 1) {
    const auto pin = static_cast<unsigned>(std::countr_zero(rest));
    if (observer_ != nullptr && ((dir_ | taken_) >> pin & 1))
      observer_->pin_changed(pin, level(pin), board().now());
    if (listener_ != nullptr) listener_->pin_edge(pin, level(pin));
  }
}

void Gpio::update_detect(uint64_t pins) {
  for (uint64_t rest = pins; rest != 0; rest &= rest - 1) {
    const auto pin = static_cast<unsigned>(std::countr_zero(rest));
    const uint32_t sense = kSense.of(cnf_[pin]);
    assign(sensed_, pin, (sense == kSenseHigh && level(pin)) || (sense == kSenseLow && !level(pin)));
  }
  latch_ |= sensed_;
  for (unsigned port = 0; port < kPorts; ++port) {
    const bool latched = value(kDetectMode + kPortStride * port) & 1;
    const bool now_detected = half(latched ? latch_ : sensed_, port) != 0;
    const bool rose = now_detected && !detect_[port];
    detect_[port] = now_detected;
    if (!rose) continue;
    if (links_.system_off && power_ != nullptr) return power_->reset(ResetReason::off);
    if (listener_ != nullptr) listener_->detect(port);
  }
}

void Gpio::clear_latch(unsigned port, uint32_t ones) {
  latch_ &= ~(uint64_t{ones} << 32 * port);
  // A bit whose condition still holds is set again, and LDETECT sees the edge (PS 6.9.1).
  detect_[port] = false;
  update_detect(uint64_t{0xffffffff} << 32 * port);
}

}  // namespace xedgesim::devices::nrf
