#include "nodes/mcu_node.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "sim/air.h"

namespace xedgesim::nodes {
namespace {

constexpr size_t kLongestLine = 4096;
// A shielded transmitter is this strong: far below every receiver's noise.
constexpr int64_t kShieldedPower = -30000;
// The core's consumers. Where a name lies says which it is, so each has one place.
constexpr std::string_view kCpuActive = "cpu_active", kSleep = "sleep";

}  // namespace

McuNode::McuNode(Config config)
    : config_(std::move(config)),
      feed_(std::exchange(config_.machine.analog, static_cast<bus::AnalogSource*>(this))),
      machine_(*config_.platform, config_.firmware, config_.flash, config_.machine) {
  if (config_.console.empty()) config_.console = config_.platform->console_device;
  if (config_.battery) battery_.emplace(*config_.battery);
  connect_power();
  machine_.on_console.connect([this](std::string_view device, uint8_t byte, SimTime t) {
    if (device != "itm" && device != "semihosting") ++counters_.uart_tx_bytes;
    if (device == config_.console) print(byte, t);
  });
  machine_.on_log.connect(
      [this](std::string_view text, SimTime t) { observe(ObserverCode::log_line, t, {}, text); });
  machine_.on_conversion_end.connect([this](int64_t samples, SimTime t) {
    if (samples < 2) return;  // a spot measurement, such as that of the supply, is no window
    const int64_t buffer = buffers_++;
    if (config_.window_ended) config_.window_ended(samples);
    if ((buffers_ - boot_buffers_) % config_.windows_per_sample != 0) return;
    computing_ = true;
    observe(ObserverCode::window_end, t, {windows_++, samples, boot_window_, buffer});
  });
  machine_.on_sleep.connect([this](bool asleep, SimTime t) {
    if (!asleep || !computing_) return;
    computing_ = false;
    observe(ObserverCode::first_sleep, t, {windows_ - 1, 0, 0, 0});
  });
  machine_.on_trace.connect([this](unsigned port, uint32_t word, SimTime t) {
    observe(ObserverCode::trace, t, {int64_t{port}, int64_t{word}, 0, 0});
  });
  machine_.on_reset.connect([this](SimTime) {
    boot_window_ = windows_;
    boot_buffers_ = buffers_;
    if (config_.restarted) config_.restarted();
  });
  machine_.on_power.connect([this](bool powered, SimTime) {
    if (powered && config_.restarted) config_.restarted();
  });
}

void McuNode::observe(ObserverCode code, SimTime t, std::array<int64_t, 4> args, std::string_view text) {
  if (!outbox_ || config_.observer == sim::kNobody) return;
  // What the firmware prints is an observable result, so it is part of the digest; the rest is commentary.
  const auto kind = code == ObserverCode::console_line ? sim::EventKind::delivery : sim::EventKind::state;
  outbox_->post({.time = t,
                 .kind = kind,
                 .target = config_.observer,
                 .code = static_cast<uint32_t>(code),
                 .args = args,
                 .data = text.empty() ? nullptr : std::make_shared<sim::Bytes>(text.begin(), text.end())});
}

void McuNode::print(uint8_t byte, SimTime t) {
  if (byte == '\n' || line_.size() == kLongestLine) {
    observe(ObserverCode::console_line, t, {}, line_.empty() ? std::string_view(" ") : line_);
    line_.clear();
  }
  if (byte != '\n' && byte != '\r') line_ += static_cast<char>(byte);
}

// ---- supply ---------------------------------------------------------------------------------------------

double McuNode::volts(unsigned ain, SimTime t) { return feed_ ? feed_->volts(ain, t) : 0.0; }

std::optional<double> McuNode::supply_volts(SimTime t) {
  if (battery_) return battery_->volts(t);
  return feed_ ? feed_->supply_volts(t) : std::nullopt;
}

void McuNode::connect_power() {
  const auto& currents = config_.platform->energy_profile("").currents;
  cpu_active_a_ = devices::amperes_of(currents, "cpu_active");
  cpu_sleep_a_ = devices::amperes_of(currents, "cpu_sleep");
  draw(kCpuActive, cpu_active_a_, SimTime::zero());
  machine_.on_current.connect(
      [this](std::string_view consumer, double amperes, SimTime t) { draw(consumer, amperes, t); });
  machine_.on_sleep.connect([this](bool asleep, SimTime t) {
    draw(kCpuActive, asleep ? 0 : cpu_active_a_, t);
    draw(kSleep, asleep ? cpu_sleep_a_ : 0, t);
  });
  machine_.on_power.connect([this](bool powered, SimTime t) {
    if (powered) return draw(kCpuActive, cpu_active_a_, t);
    for (size_t i = 0; i < loads_.size(); ++i) draw(loads_[i].consumer, 0, t);
  });
}

void McuNode::draw(std::string_view consumer, double amperes, SimTime t) {
  // A core stands up to one instruction beyond the instant at which something outside it happens.
  drawn_at_ = t = std::max(t, drawn_at_);
  auto load = std::find_if(loads_.begin(), loads_.end(),
                           [&](const Load& l) { return l.consumer.data() == consumer.data(); });
  if (load == loads_.end()) load = loads_.insert(load, {consumer, 0});
  const int64_t pa = std::llround(amperes * 1e12);
  picoamperes_ += pa - load->picoamperes;
  load->picoamperes = pa;
  on_current(consumer, amperes, t);
  if (!battery_) return;
  battery_->draw(picoamperes_, t);
  // Only an end within the advance that runs concerns the machine; the next one is bounded anyway.
  if (const SimTime end = battery_end(); end < advance_limit_) machine_.return_at(end);
}

SimTime McuNode::battery_end() const {
  return battery_ && machine_.powered() ? battery_->empty_at() : SimTime::never();
}

void McuNode::power_off(SimTime t, sim::Outbox& outbox) {
  if (listening_)
    outbox.post(air::make(air::Code::unlisten, sim::EventKind::state, t, config_.machine.medium));
  listening_ = false;
  outbox.post(air::make(air::Code::tx_abort, sim::EventKind::state, t, config_.machine.medium));
  machine_.power_off(t);
  boot_window_ = windows_;
  boot_buffers_ = buffers_;
  line_.clear();
}

void McuNode::deplete(sim::Outbox& outbox) {
  depleted_at_ = battery_end();
  observe(ObserverCode::battery_empty, depleted_at_, {});
  power_off(depleted_at_, outbox);
}

void McuNode::drain(double fraction, SimTime t, sim::Outbox& outbox) {
  if (!battery_) return;
  const bool was_empty = !machine_.powered() && !depleted_at_.is_never();
  battery_->set_fraction(fraction, t);
  if (machine_.powered() && fraction <= 0) {
    deplete(outbox);
  } else if (was_empty && fraction > 0) {
    depleted_at_ = SimTime::never();
    machine_.power_on(t);
  }
}

SimTime McuNode::advance(SimTime limit, sim::Outbox& outbox) {
  outbox_ = &outbox;
  const size_t first = outbox.events().size();
  advance_limit_ = std::min(limit, battery_end());
  SimTime reached = machine_.advance(advance_limit_, outbox);
  advance_limit_ = SimTime::zero();
  filter(outbox, first);
  if (battery_end() <= reached) {
    deplete(outbox);
    reached = limit;
  }
  outbox_ = nullptr;
  return reached;
}

void McuNode::deliver(const sim::Event& e, sim::Outbox& outbox) {
  outbox_ = &outbox;
  if (e.kind == sim::EventKind::control) {
    control(e, outbox);
    outbox_ = nullptr;
    return;
  }
  const size_t first = outbox.events().size();
  if (e.code == bus::kSerialInput && e.data) counters_.uart_rx_bytes += static_cast<int64_t>(e.data->size());
  if (!shielded_ || e.code == bus::kSerialInput || e.code == static_cast<uint32_t>(air::Code::cca_result) ||
      e.code == static_cast<uint32_t>(air::Code::ed_result) ||
      e.code == static_cast<uint32_t>(air::Code::rssi_result)) {
    machine_.deliver(e, outbox);
  }
  filter(outbox, first);
  outbox_ = nullptr;
}

/// Counts what the radio sends and holds back what a shield holds back.
void McuNode::filter(sim::Outbox& outbox, size_t first) {
  auto& events = outbox.events();
  for (size_t i = first; i < events.size(); ++i) {
    sim::Event& e = events[i];
    if (e.target != config_.machine.medium || e.kind != sim::EventKind::state) continue;
    switch (static_cast<air::Code>(e.code)) {
      case air::Code::tx_start:
        ++counters_.tx_frames;
        counters_.tx_bytes += e.data ? static_cast<int64_t>(e.data->size()) : 0;
        on_transmit(e.args[1], e.data ? static_cast<int64_t>(e.data->size()) : 0);
        if (shielded_) e.args[1] = kShieldedPower;
        break;
      case air::Code::cca_start:
        ++counters_.cca_started;
        break;
      case air::Code::listen:
        listening_ = true;
        listen_args_ = e.args;
        if (shielded_) e.code = static_cast<uint32_t>(air::Code::unlisten);
        break;
      case air::Code::unlisten:
        listening_ = false;
        break;
      default:
        break;
    }
  }
}

void McuNode::shield(bool on, SimTime t, sim::Outbox& outbox) {
  if (on == shielded_) return;
  shielded_ = on;
  if (!listening_) return;
  outbox.post(air::make(on ? air::Code::unlisten : air::Code::listen, sim::EventKind::state, t,
                        config_.machine.medium, listen_args_));
}

void McuNode::control(const sim::Event& e, sim::Outbox& outbox) {
  switch (static_cast<ControlCode>(e.code)) {
    case ControlCode::power_off:
      power_off(e.time, outbox);
      break;
    case ControlCode::power_on:
      if (depleted_at_.is_never()) machine_.power_on(e.time);
      break;
    case ControlCode::set_charge:
      drain(static_cast<double>(e.args[0]) * 1e-9, e.time, outbox);
      break;
    case ControlCode::set_clock:
      if (e.args[1] & 1) config_.machine.lf_ppb = e.args[0];
      if (e.args[1] & 2) config_.machine.hf_ppb = e.args[0];
      machine_.set_clock_deviation(config_.machine.lf_ppb, config_.machine.hf_ppb, e.time);
      break;
    case ControlCode::reset:
      if (!depleted_at_.is_never()) break;
      machine_.power_off(e.time);
      machine_.power_on(e.time);
      boot_window_ = windows_;
      boot_buffers_ = buffers_;
      break;
    case ControlCode::shield_on:
      shield(true, e.time, outbox);
      break;
    case ControlCode::shield_off:
      shield(false, e.time, outbox);
      break;
    default:
      XEDGESIM_ASSERT(!"a control code for services reached a microcontroller");
  }
}

}  // namespace xedgesim::nodes
