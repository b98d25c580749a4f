#pragma once
#include <array>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "bus/device.h"
#include "bus/interconnect.h"

namespace xedgesim::test {

/// A machine without a CPU: clock, alarm queue, RAM and records of what the devices did.
class FakeBoard : public bus::Board, public bus::AddressMap {
 public:
  static constexpr uint32_t kRam = 0x20000000, kRamSize = 0x10000;
  FakeBoard() : ram(kRamSize) {}

  SimTime now() const override { return now_; }
  bus::AlarmId schedule(bus::Device& device, SimTime when, uint32_t code) override {
    if (when < now_) throw std::logic_error("alarm in the past");
    if (when.is_never()) throw std::logic_error("alarm at never");
    const bus::AlarmId id = ++last_id_;
    alarms_.emplace(std::pair(when, id), std::pair(&device, code));
    when_of_.emplace(id, when);
    return id;
  }
  void cancel(bus::AlarmId id) override {
    auto it = when_of_.find(id);
    if (it == when_of_.end()) return;
    alarms_.erase(std::pair(it->second, id));
    when_of_.erase(it);
  }
  void set_irq(unsigned irq, bool level) override { irqs[irq] = level; }
  void publish(bus::RegisterAddress event) override {
    published.emplace_back(now_, event);
    if (sink != nullptr) sink->on_event(event);
  }
  bool dma_read(uint32_t address, std::span<uint8_t> out) override {
    if (!in_ram(address, out.size())) return false;
    if (!out.empty()) std::memcpy(out.data(), &ram[address - kRam], out.size());
    return true;
  }
  bool dma_write(uint32_t address, std::span<const uint8_t> in) override {
    if (!in_ram(address, in.size())) return false;
    if (!in.empty()) std::memcpy(&ram[address - kRam], in.data(), in.size());
    return true;
  }
  void transmit(bus::Device&, sim::Event e) override { sent.push_back(std::move(e)); }
  void sync_at(SimTime when) override { syncs.push_back(when); }
  uint32_t random_bits(std::string_view purpose) override {
    auto it = random_.find(purpose);
    if (it == random_.end()) {
      it = random_.emplace(std::string(purpose), RandomStream(7, "node", purpose)).first;
    }
    return it->second();
  }
  void log(std::string_view text, bool once) override {
    if (!once || seen_.insert(std::string(text)).second) logs.emplace_back(text);
  }
  void console(std::string_view, uint8_t byte) override { printed.push_back(static_cast<char>(byte)); }
  void current(std::string_view consumer, double amperes) override {
    currents[std::string(consumer)] = amperes;
  }
  bus::Device* find(uint32_t address) override {
    for (bus::Device* d : devices) {
      if (address - d->base() < d->size()) return d;
    }
    return nullptr;
  }

  /// Handles every alarm due at or before `t` and moves the clock there.
  void run_until(SimTime t) {
    while (!alarms_.empty() && alarms_.begin()->first.first <= t) {
      auto [key, what] = *alarms_.begin();
      alarms_.erase(alarms_.begin());
      when_of_.erase(key.second);
      now_ = key.first;
      what.first->on_alarm(what.second);
    }
    now_ = t;
  }
  void run_for(Duration d) { run_until(now_ + d); }
  size_t alarm_count() const { return alarms_.size(); }
  SimTime next_alarm() const { return alarms_.empty() ? SimTime::never() : alarms_.begin()->first.first; }
  /// Times at which `event` was published.
  std::vector<SimTime> times_of(bus::RegisterAddress event) const {
    std::vector<SimTime> r;
    for (const auto& [t, e] : published) {
      if (e == event) r.push_back(t);
    }
    return r;
  }
  uint32_t ram_word(uint32_t address) const {
    uint32_t v = 0;
    std::memcpy(&v, &ram[address - kRam], 4);
    return v;
  }
  int16_t ram_half(uint32_t address) const {
    int16_t v = 0;
    std::memcpy(&v, &ram[address - kRam], 2);
    return v;
  }

  std::vector<uint8_t> ram;
  std::array<bool, 48> irqs{};
  std::vector<std::pair<SimTime, bus::RegisterAddress>> published;
  std::vector<sim::Event> sent;
  std::vector<SimTime> syncs;
  std::vector<std::string> logs;
  std::string printed;
  std::map<std::string, double> currents;
  std::vector<bus::Device*> devices;
  bus::EventSink* sink = nullptr;

 private:
  static bool in_ram(uint32_t address, size_t n) {
    return address >= kRam && uint64_t{address} + n <= uint64_t{kRam} + kRamSize;
  }
  SimTime now_;
  bus::AlarmId last_id_ = 0;
  std::map<std::pair<SimTime, bus::AlarmId>, std::pair<bus::Device*, uint32_t>> alarms_;
  std::map<bus::AlarmId, SimTime> when_of_;
  std::map<std::string, RandomStream, std::less<>> random_;
  std::set<std::string> seen_;
};

/// Register access by absolute offset, as firmware does it.
inline uint32_t rd(bus::Device& d, uint32_t offset) { return d.read(offset, 4); }
inline void wr(bus::Device& d, uint32_t offset, uint32_t value) { d.write(offset, 4, value); }

}  // namespace xedgesim::test
