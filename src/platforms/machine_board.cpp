// What devices and the core ask of their machine.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "platforms/machine.h"

namespace xedgesim::platforms {

// ---- board ----------------------------------------------------------------------------------------------

bus::AlarmId Machine::schedule(bus::Device& device, SimTime when, uint32_t code) {
  XEDGESIM_ASSERT(when >= now());
  const bool sooner = when < alarms_.next_time();
  const bus::AlarmId id = alarms_.schedule(device, when, code);
  if (sooner) interrupt_run();
  return id;
}

void Machine::set_irq(unsigned irq, bool level) {
  // A sleeping core stands at the cycle it fell asleep; SysTick and the wake-up count from the real one.
  if (!in_core_) {
    const uint64_t cycle = clock_.cycle_at(now());
    if (cycle > core_->cycles()) core_->skip_to(cycle);
  }
  core_->set_irq(irq, level);
}

void Machine::publish(bus::RegisterAddress event) {
  constexpr uint32_t kSaadcResultAmount = 0x634;
  // Told first: what the event triggers may start the next buffer.
  if (event == conversion_end_ && adc_) on_conversion_end(adc_->read(kSaadcResultAmount, 4), now());
  if (event_sink_) event_sink_->on_event(event);
}

uint8_t* Machine::ram_at(uint32_t address, size_t length) {
  for (Ram& r : rams_) {
    const uint32_t offset = address - r.base;
    if (offset <= r.memory.size() && length <= r.memory.size() - offset) return r.memory.bytes() + offset;
  }
  return nullptr;
}

bool Machine::dma_read(uint32_t address, std::span<uint8_t> out) {
  const uint8_t* p = ram_at(address, out.size());
  if (!p) {
    log(fmt::format("EasyDMA read of {} bytes at 0x{:08x} outside RAM", out.size(), address), true);
    return false;
  }
  std::memcpy(out.data(), p, out.size());
  return true;
}

bool Machine::dma_write(uint32_t address, std::span<const uint8_t> in) {
  uint8_t* p = ram_at(address, in.size());
  if (!p) {
    log(fmt::format("EasyDMA write of {} bytes at 0x{:08x} outside RAM", in.size(), address), true);
    return false;
  }
  std::memcpy(p, in.data(), in.size());
  return true;
}

void Machine::transmit(bus::Device&, sim::Event e) {
  if (config_.medium == sim::kNobody || !outbox_) return;
  e.target = config_.medium;
  outbox_->post(std::move(e));
}

void Machine::sync_at(SimTime when) {
  sync_ = std::min(sync_, when);
  interrupt_run();
}

uint32_t Machine::random_bits(std::string_view purpose) {
  for (auto& [name, stream] : random_)
    if (name == purpose) return stream();
  random_.emplace_back(std::string(purpose), RandomStream(config_.seed, config_.name, purpose));
  return random_.back().second();
}

void Machine::log(std::string_view text, bool once) {
  if (once && !logged_.emplace(text).second) return;
  on_log(text, now());
}

// ---- core's accesses ------------------------------------------------------------------------------------

bool Machine::read(uint32_t address, unsigned width, uint32_t& value) {
  if (bus::Device* d = space_.find(address)) {
    value = d->read(address - d->base(), width);
    return true;
  }
  if (!space_.unmodelled(address)) return false;
  value = platform_.unmodelled_reset(address);
  log(fmt::format("read of 0x{:08x}: this peripheral is not modelled", address), true);
  return true;
}

bool Machine::write(uint32_t address, unsigned width, uint32_t value) {
  if (bus::Device* d = space_.find(address)) {
    d->write(address - d->base(), width, value);
    if (reset_pending_ || system_off_ || flash_busy()) interrupt_run();
    return true;
  }
  if (address - flash_base_ < flash_.size() && flash_controller_) {
    if (!flash_controller_->flash_write(address, width, value))
      log(fmt::format("write to flash at 0x{:08x} while NVMC.CONFIG does not enable it", address), true);
    if (flash_busy()) interrupt_run();
    return true;
  }
  if (!space_.unmodelled(address)) return false;
  log(fmt::format("write to 0x{:08x}: this peripheral is not modelled", address), true);
  return true;
}

/// Port 0 is a console of its own. Words are marks for who measures: like a probe, the machine takes them
/// also from a firmware that leaves enabling the ports to it.
void Machine::stimulus(unsigned port, uint32_t value, unsigned width, bool enabled) {
  if (width == 4) on_trace(port, value, now());
  if (port != 0 || !enabled) return;
  for (unsigned n = 0; n < width; ++n) console("itm", static_cast<uint8_t>(value >> 8 * n));
}

void Machine::program(uint32_t address, uint32_t value) {
  uint8_t* p = flash_.bytes() + address;
  uint32_t word;
  std::memcpy(&word, p, sizeof word);
  word &= value;
  std::memcpy(p, &word, sizeof word);
  core_->code_changed(flash_base_ + address, sizeof word);
}

void Machine::erase(uint32_t address, uint32_t length) {
  std::memset(flash_.bytes() + address, 0xff, length);
  core_->code_changed(flash_base_ + address, length);
}

}  // namespace xedgesim::platforms
