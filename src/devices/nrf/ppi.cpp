#include "devices/nrf/ppi.h"

#include <fmt/format.h>

#include <bit>
#include <cstdio>
#include <sstream>

#include "base/error.h"

namespace xedgesim::devices::nrf {

using namespace bus;

namespace {

constexpr unsigned kMaxHops = 64;
constexpr unsigned block_of(uint32_t address) { return address >> 12 & 63; }
constexpr uint32_t event_mask_of(uint32_t address) { return 1u << (address >> 2 & 31); }

}  // namespace

const TaskEventTable& Ppi::registers() {
  static const TaskEventTable table(
      {
          task(0x000, "TASKS_CHG.EN", run<&Ppi::enable_group>, kGroups, 8),
          task(0x004, "TASKS_CHG.DIS", run<&Ppi::disable_group>, kGroups, 8),
      },
      {},
      {
          {.offset = 0x500, .name = "CHEN", .read = get<&Ppi::read_chen>, .write = set<&Ppi::write_chen>},
          {.offset = 0x504, .name = "CHENSET", .read = get<&Ppi::read_chen>, .write = set<&Ppi::set_chen>},
          {.offset = 0x508, .name = "CHENCLR", .read = get<&Ppi::read_chen>, .write = set<&Ppi::clear_chen>},
          {.offset = 0x510,
           .name = "CH.EEP",
           .read = get<&Ppi::read_eep>,
           .write = set<&Ppi::write_eep>,
           .count = kProgrammable,
           .stride = 8},
          {.offset = 0x514,
           .name = "CH.TEP",
           .read = get<&Ppi::read_tep>,
           .write = set<&Ppi::write_tep>,
           .count = kProgrammable,
           .stride = 8},
          {.offset = 0x800, .name = "CHG", .count = kGroups},
          {.offset = 0x910,
           .name = "FORK.TEP",
           .read = get<&Ppi::read_fork>,
           .write = set<&Ppi::write_fork>,
           .count = kChannels},
      });
  return table;
}

Ppi::Ppi(const DeviceParams& params, Board& board, Resources& resources)
    : Peripheral(params, registers(), board, resources) {
  if (resources.map == nullptr)
    throw ConfigError("device " + params.name + ": needs a memory map to find its tasks");
  parse_fixed(params);
}

void Ppi::parse_fixed(const DeviceParams& params) {
  const auto it = params.params.find("fixed");
  if (it == params.params.end()) return;
  std::istringstream text(it->second);
  std::string pair;
  for (unsigned channel = kProgrammable; text >> pair; ++channel) {
    unsigned event = 0, task = 0;
    char rest = 0;
    if (channel == kChannels || std::sscanf(pair.c_str(), "%x:%x%c", &event, &task, &rest) != 2) {
      throw ConfigError(
          fmt::format("device {}: fixed is wrong at '{}': write at most 12 pairs such as "
                      "0x40008140:0x40001000",
                      params.name, pair));
    }
    event_[channel] = event;
    task_[channel].address = task;
  }
}

void Ppi::reset() {
  Peripheral::reset();
  enabled_ = 0;
  for (unsigned i = 0; i < kChannels; ++i) {
    if (i < kProgrammable) {
      event_[i] = 0;
      task_[i] = {};
    }
    fork_[i] = {};
  }
  rebuild();
}

void Ppi::rebuild() {
  wired_.fill(0);
  for (uint32_t rest = enabled_; rest != 0; rest &= rest - 1) {
    const uint32_t e = event_[static_cast<unsigned>(std::countr_zero(rest))];
    if (e != 0) wired_[block_of(e)] |= event_mask_of(e);
  }
}

void Ppi::write_chen(unsigned, uint32_t v) {
  enabled_ = v;
  rebuild();
}

void Ppi::write_eep(unsigned channel, uint32_t v) {
  event_[channel] = v;
  rebuild();
}

void Ppi::enable_group(unsigned group) { write_chen(0, enabled_ | value(0x800 + 4 * group)); }
void Ppi::disable_group(unsigned group) { write_chen(0, enabled_ & ~value(0x800 + 4 * group)); }

void Ppi::on_event(RegisterAddress event) {
  if (!(wired_[block_of(event)] & event_mask_of(event))) return;
  if (depth_ == kMaxHops) return note(fmt::format("a chain through event 0x{:08x} feeds itself: cut", event));
  ++depth_;
  // Channels enabled when the event happens take part, whatever their tasks do to the groups.
  for (uint32_t rest = enabled_; rest != 0; rest &= rest - 1) {
    const auto i = static_cast<unsigned>(std::countr_zero(rest));
    if (event_[i] != event) continue;
    trigger_endpoint(task_[i]);
    trigger_endpoint(fork_[i]);
  }
  --depth_;
}

void Ppi::trigger_endpoint(Endpoint& endpoint) {
  if (endpoint.address == 0) return;
  if (endpoint.target == nullptr) {
    Device* device = resources().map->find(endpoint.address);
    endpoint.target = dynamic_cast<TaskTarget*>(device);
    if (endpoint.target == nullptr) {
      return note(fmt::format("task address 0x{:08x} belongs to no modelled peripheral", endpoint.address));
    }
    endpoint.offset = endpoint.address - device->base();
  }
  if (!endpoint.target->trigger(endpoint.offset)) {
    note(fmt::format("0x{:08x} is not the address of a task", endpoint.address));
  }
}

}  // namespace xedgesim::devices::nrf
