#include "devices/nrf/gpiote.h"

#include "base/error.h"

namespace xedgesim::devices::nrf {

using namespace bus;

namespace {

constexpr uint32_t kIn = 0x100, kPort = 0x17c, kConfig = 0x510;
constexpr Field kMode{"MODE", 0, 2}, kPin{"PSEL", 8, 6}, kPolarity{"POLARITY", 16, 2},
    kOutInit{"OUTINIT", 20};
constexpr uint32_t kModeEvent = 1, kModeTask = 3;
constexpr uint32_t kLoToHi = 1, kHiToLo = 2, kToggle = 3;

}  // namespace

const TaskEventTable& Gpiote::registers() {
  static const TaskEventTable table(
      {
          task(0x000, "TASKS_OUT", run<&Gpiote::out>, kChannels),
          task(0x030, "TASKS_SET", run<&Gpiote::set_pin>, kChannels),
          task(0x060, "TASKS_CLR", run<&Gpiote::clear_pin>, kChannels),
          event(kIn, "EVENTS_IN", kChannels),
          event(kPort, "EVENTS_PORT"),
      },
      {},
      {
          {.offset = kConfig,
           .name = "CONFIG",
           .fields = {kMode, kPin, kPolarity, kOutInit},
           .write = set<&Gpiote::write_config>,
           .count = kChannels},
      });
  return table;
}

Gpiote::Gpiote(const DeviceParams& params, Board& board, Resources& resources)
    : Peripheral(params, registers(), board, resources) {
  if (links().pins == nullptr)
    throw ConfigError("device " + params.name + ": list the nrf.gpio device before it");
  links().pins->set_listener(*this);
  taken_pin_.fill(-1);
}

void Gpiote::reset() {
  for (unsigned i = 0; i < kChannels; ++i) {
    if (taken_pin_[i] >= 0) links().pins->release(static_cast<unsigned>(taken_pin_[i]));
  }
  taken_pin_.fill(-1);
  level_.fill(false);
  Peripheral::reset();
}

uint32_t Gpiote::config(unsigned channel) const { return value(kConfig + 4 * channel); }

void Gpiote::write_config(unsigned channel, uint32_t v) {
  if (taken_pin_[channel] >= 0) links().pins->release(static_cast<unsigned>(taken_pin_[channel]));
  taken_pin_[channel] = -1;
  if (kMode.of(v) != kModeTask) return;
  taken_pin_[channel] = static_cast<int>(kPin.of(v));
  drive(channel, kOutInit.of(v) != 0);
}

void Gpiote::drive(unsigned channel, bool level) {
  if (taken_pin_[channel] < 0) return;
  level_[channel] = level;
  links().pins->take_over(static_cast<unsigned>(taken_pin_[channel]), true, level);
}

void Gpiote::out(unsigned channel) {
  switch (kPolarity.of(config(channel))) {
    case kLoToHi:
      return drive(channel, true);
    case kHiToLo:
      return drive(channel, false);
    case kToggle:
      return drive(channel, !level_[channel]);
    default:
      return;
  }
}

void Gpiote::pin_edge(unsigned pin, bool level) {
  for (unsigned i = 0; i < kChannels; ++i) {
    const uint32_t c = config(i);
    if (kMode.of(c) != kModeEvent || kPin.of(c) != pin) continue;
    if (kPolarity.of(c) & (level ? kLoToHi : kHiToLo)) generate(kIn + 4 * i);
  }
}

void Gpiote::detect(unsigned) { generate(kPort); }

}  // namespace xedgesim::devices::nrf
