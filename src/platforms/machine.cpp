#include "platforms/machine.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "isa/arm/cortex_m.h"

namespace xedgesim::platforms {

Machine::Machine(const Platform& platform, std::shared_ptr<const FirmwareImage> firmware,
                 std::shared_ptr<const FlashTemplate> flash, MachineConfig config)
    : platform_(platform),
      firmware_(std::move(firmware)),
      flash_template_(std::move(flash)),
      config_(std::move(config)),
      clock_(platform.frequency_hz) {
  std::vector<isa::MemoryBlock> blocks;
  for (const Platform::Memory& m : platform.memories) {
    if (m.flash) {
      flash_ = flash_template_->map();
      flash_base_ = m.base;
      blocks.push_back({m.base, m.size, flash_.bytes(), false});
    } else {
      rams_.push_back({m.base, HostMemory::anonymous(m.size)});
      blocks.push_back({m.base, m.size, rams_.back().memory.bytes(), true});
    }
  }
  build_devices(*firmware_);
  isa::CortexMConfig core = platform.core;
  core.semihosting = config_.semihosting;
  core_ = isa::make_cortex_m(core, *this, std::move(blocks), flash_template_->code());
  if (config_.lf_ppb != 0 || config_.hf_ppb != 0)
    set_clock_deviation(config_.lf_ppb, config_.hf_ppb, SimTime::zero());
  reset_now(bus::ResetReason::power_on);
}

Machine::~Machine() = default;

void Machine::build_devices(const FirmwareImage& firmware) {
  resources_.map = &space_;
  resources_.analog = config_.analog;
  resources_.flash = this;
  resources_.power = this;
  resources_.pins = &pins_;
  resources_.identity = config_.identity;
  resources_.uicr = platform_.uicr_words(firmware);
  resources_.uicr.insert(resources_.uicr.end(), config_.uicr.begin(), config_.uicr.end());
  resources_.currents = platform_.energy_profile(config_.energy_profile).currents;
  for (const Platform::DeviceEntry& entry : platform_.devices) {
    devices_.push_back(devices::make_device(entry.type, entry.params, *this, resources_));
    bus::Device* d = devices_.back().get();
    space_.add(*d);
    if (auto* p = dynamic_cast<bus::EventSink*>(d)) event_sink_ = p;
    if (auto* p = dynamic_cast<bus::FlashController*>(d)) flash_controller_ = p;
    if (auto* p = dynamic_cast<bus::SleepObserver*>(d)) sleep_observers_.push_back(p);
    if (auto* p = dynamic_cast<bus::ResetRecorder*>(d)) reset_recorders_.push_back(p);
    if (entry.params.name == platform_.air_device) air_device_ = d;
    if (entry.params.name == platform_.console_device) console_device_ = d;
    if (entry.type == "nrf.saadc") {
      constexpr uint32_t kSaadcEventsEnd = 0x104;
      adc_ = d;
      conversion_end_ = d->base() + kSaadcEventsEnd;
    }
  }
  for (const Platform::Hole& h : platform_.unmodelled) space_.add_unmodelled(h.base, h.size);
}

// ---- time -----------------------------------------------------------------------------------------------

SimTime Machine::now() const { return in_event_ ? event_time_ : clock_.time_of(core_->cycles()); }

bool Machine::awake() const { return powered_ && !system_off_ && !locked_up_ && core_->awake(); }

SimTime Machine::next_activity() const {
  if (!powered_) return SimTime::never();
  const SimTime alarm = alarms_.next_time();
  if (system_off_ || locked_up_) return alarm;
  if (core_->awake()) return std::min(alarm, clock_.time_of(core_->cycles()));
  return std::min(alarm, clock_.time_of(core_->next_wakeup()));
}

SimTime Machine::advance(SimTime limit, sim::Outbox& outbox) {
  outbox_ = &outbox;
  if (debugger_) debugger_->between_stretches(*this);
  while (powered_) {
    const SimTime bound = std::min(limit, sync_);
    const SimTime alarm = alarms_.next_time();
    if (awake()) {
      const uint64_t run_to = std::min(clock_.cycle_after(bound), clock_.cycle_at(alarm));
      if (core_->cycles() < run_to) {
        run_core(run_to);
        continue;
      }
    } else if (const uint64_t wake = core_->next_wakeup();
               !system_off_ && !locked_up_ && wake != ClockGrid::kNever) {
      const SimTime t = clock_.time_of(wake);
      if (t <= bound && t < alarm) {
        core_->skip_to(wake);
        continue;
      }
    }
    if (alarm > bound) break;
    run_alarm();
  }
  outbox_ = nullptr;
  const SimTime reached = std::min(limit, sync_);
  if (sync_ <= reached) sync_ = SimTime::never();
  return reached;
}

void Machine::run_core(uint64_t cycle_limit) {
  if (asleep_) set_asleep(false, clock_.time_of(core_->cycles()));
  const uint64_t before = core_->cycles();
  in_core_ = true;
  const isa::Stop stop = debugger_ ? run_attended(cycle_limit) : core_->run(cycle_limit);
  in_core_ = false;
  wait_for_flash();
  active_cycles_ += core_->cycles() - before;
  switch (stop) {
    case isa::Stop::limit:
      break;
    case isa::Stop::sleep:
      set_asleep(true, clock_.time_of(core_->cycles()));
      break;
    case isa::Stop::reset:
      reset_now(bus::ResetReason::soft);
      break;
    case isa::Stop::exit:
      log("ended itself by semihosting", true);
      locked_up_ = true;  // asleep for the rest of the run
      set_asleep(true, clock_.time_of(core_->cycles()));
      break;
    case isa::Stop::breakpoint:
      log(fmt::format("BKPT without a debugger at pc=0x{:08x}: treated as lock-up", core_->registers().r[15]),
          true);
      [[fallthrough]];
    case isa::Stop::lockup:
      locked_up_ = true;
      if (config_.stop_on_lockup) report_lockup();
      set_asleep(true, clock_.time_of(core_->cycles()));
      break;
  }
  if (reset_pending_) reset_now(reset_reason_);
}

/// One instruction at a time where the debugger wants to see each: the outcome is the same.
isa::Stop Machine::run_attended(uint64_t cycle_limit) {
  interrupted_ = false;
  isa::Stop stop = isa::Stop::limit;
  while (stop == isa::Stop::limit && !interrupted_ && core_->cycles() < cycle_limit) {
    in_core_ = false;
    if (debugger_->steps()) debugger_->before_instruction(*this);
    in_core_ = true;
    stop = core_->run(debugger_->steps() ? core_->cycles() + 1 : cycle_limit);
    if (!debugger_->steps()) break;
  }
  if (stop == isa::Stop::breakpoint || stop == isa::Stop::lockup) {
    in_core_ = false;
    if (debugger_->stopped(*this, stop)) stop = isa::Stop::limit;
  }
  return stop;
}

/// The CPU fetches from the flash that is being written or erased: it stands still until that is done.
void Machine::wait_for_flash() {
  if (!flash_controller_ || flash_controller_->busy_until() <= now()) return;
  if (const uint64_t cycle = clock_.cycle_at(flash_controller_->busy_until()); cycle > core_->cycles())
    core_->skip_to(cycle);
}

void Machine::run_alarm() {
  in_event_ = true;
  event_time_ = alarms_.next_time();
  const AlarmQueue::Alarm alarm = alarms_.pop();
  alarm.device->on_alarm(alarm.code);
  in_event_ = false;
  if (reset_pending_) reset_now(reset_reason_);
}

void Machine::deliver(const sim::Event& e, sim::Outbox& outbox) {
  bus::Device* target = e.code == bus::kSerialInput ? console_device_ : air_device_;
  if (!powered_ || !target) return;
  outbox_ = &outbox;
  in_event_ = true;
  event_time_ = e.time;
  target->on_delivery(e);
  in_event_ = false;
  outbox_ = nullptr;
}

void Machine::interrupt_run() {
  interrupted_ = true;
  if (in_core_) core_->set_cycle_limit(0);
}

void Machine::set_asleep(bool asleep, SimTime t) {
  if (asleep == asleep_) return;
  asleep_ = asleep;
  if (!asleep) ++wakeups_;
  on_sleep(asleep, t);
  in_event_ = true;
  event_time_ = t;
  for (bus::SleepObserver* o : sleep_observers_) o->cpu_sleep(asleep);
  in_event_ = false;
}

void Machine::set_clock_deviation(int64_t lf_ppb, int64_t hf_ppb, SimTime t) {
  in_event_ = true;
  event_time_ = t;
  resources_.links.set_deviation(lf_ppb, hf_ppb, t);
  in_event_ = false;
  // The core goes on from where it stands, which may be an instruction beyond t.
  if (const uint64_t cycle = clock_.cycle_at(t); cycle > core_->cycles()) core_->skip_to(cycle);
  counted_active_ = time_active();
  counted_cycles_ = active_cycles_;
  clock_.set_deviation(hf_ppb, core_->cycles());
}

// ---- reset and power ------------------------------------------------------------------------------------

void Machine::reset(bus::ResetReason reason) {
  reset_pending_ = true;
  reset_reason_ = reason;
  interrupt_run();
}

void Machine::reset_now(bus::ResetReason reason) {
  reset_pending_ = false;
  system_off_ = locked_up_ = false;
  const SimTime t = now();
  alarms_.clear();
  in_event_ = true;
  event_time_ = t;
  for (auto& d : devices_) d->reset();
  for (bus::ResetRecorder* r : reset_recorders_) r->reset_happened(reason);
  in_event_ = false;
  const uint64_t cycle = clock_.cycle_at(t);
  core_->reset();
  if (cycle > core_->cycles()) core_->skip_to(cycle);
  asleep_ = false;
  on_sleep(false, t);
  if (reason != bus::ResetReason::power_on) on_reset(t);
}

void Machine::system_off() {
  system_off_ = true;
  interrupt_run();
}

void Machine::power_off(SimTime t) {
  powered_ = false;
  on_power(false, t);
  alarms_.clear();
  sync_ = SimTime::never();
}

void Machine::power_on(SimTime t) {
  for (Ram& r : rams_) r.memory.discard();
  powered_ = true;
  on_power(true, t);
  if (const uint64_t cycle = clock_.cycle_at(t); cycle > core_->cycles()) core_->skip_to(cycle);
  reset_now(bus::ResetReason::power_on);
}

void Machine::report_lockup() {
  const isa::Registers r = core_->registers();
  std::string text =
      fmt::format("node '{}' locked up at {}: pc=0x{:08x}", config_.name, to_string(now()), r.r[15]);
  if (const std::string symbol = firmware_->symbolize(r.r[15]); !symbol.empty()) text += " (" + symbol + ")";
  text += fmt::format(" lr=0x{:08x}", r.r[14]);
  if (const std::string symbol = firmware_->symbolize(r.r[14] & ~1u); !symbol.empty())
    text += " (" + symbol + ")";
  text += fmt::format(" sp=0x{:08x} xpsr=0x{:08x}", r.r[13], r.xpsr);
  for (unsigned i = 0; i < 13; ++i) text += fmt::format(" r{}=0x{:08x}", i, r.r[i]);
  throw SimulationError(text + " " + core_->fault_status() +
                        "; set on_lockup: continue to let the run go on");
}

}  // namespace xedgesim::platforms
