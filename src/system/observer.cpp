#include "system/observer_probe.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace xedgesim::system {
namespace {

using metrics::Stage;

enum class Timer : uint32_t { collect = 1, ranges };

}  // namespace

Observer::Observer(System& system, metrics::RunDirectory& directory, metrics::Collector& collector,
                   experiment::ConsoleWatcher& watcher, Options options)
    : system_(system),
      directory_(directory),
      collector_(collector),
      watcher_(watcher),
      options_(options),
      machine_consoles_(system.ethernet().machines().size()),
      device_of_participant_(system.scheduler().size(), -1),
      device_of_address_(0x10000, -1) {
  for (size_t i = 0; i < system_.devices().size(); ++i) connect_device(i);
  connect_radio();
  connect_services();
  range_times_ = collector_.extra_times();
  system_.scheduler().attach(system_.observer_id(), *this);
}

Observer::~Observer() = default;

void Observer::connect_device(size_t index) {
  DeviceNode& d = system_.devices()[index];
  device_of_participant_[static_cast<uint32_t>(d.participant)] = static_cast<int32_t>(index);
  device_of_address_[d.short_address] = static_cast<int32_t>(index);
  probes_.push_back(std::make_unique<Probe>());
  Probe& p = *probes_.back();
  const std::string placement = d.truth || d.group->ml_placement != scenario::MlPlacement::none
                                    ? placement_name(*d.group)
                                    : std::string();
  if (d.model) {
    p.device = collector_.add_device(
        d.id, [this, index](SimTime t) { return read_model(index, t); }, placement);
    return connect_model(index);
  }
  if (d.external) {
    p.device = collector_.add_device(
        d.id, [this, index](SimTime) { return read_external(index); }, placement);
    return connect_external(index);
  }
  p.device = collector_.add_device(
      d.id, [this, index](SimTime t) { return read_device(index, t); }, placement);
  p.result_on_device = d.group->ml_result == scenario::MlResult::device;
  d.mcu->machine().on_trace.connect(
      [this, index](unsigned port, uint32_t word, SimTime t) { measure(index, port, word, t); });
  const auto& profile = d.mcu->machine().platform().energy_profile("");
  if (options_.seed_energy) {
    p.seed_model = std::make_unique<metrics::SeedEnergyModel>();
    d.mcu->on_transmit.connect(
        [&p](int64_t power, int64_t bytes) { p.seed_model->transmitted(power, bytes); });
    return;
  }
  p.account = std::make_unique<metrics::EnergyAccount>(d.id, profile.supply_v);
  d.mcu->on_current.connect([&p](std::string_view consumer, double amperes, SimTime t) {
    p.energy_time = t;
    p.account->current(p.consumer(consumer), amperes, t);
  });
  for (const auto& load : d.mcu->loads())
    p.account->current(p.consumer(load.consumer), static_cast<double>(load.picoamperes) * 1e-12,
                       SimTime::zero());
}

Observer::Probe* Observer::probe_of(sim::ParticipantId id) {
  const int32_t i = device_of_participant_[static_cast<uint32_t>(id)];
  return i < 0 ? nullptr : probes_[static_cast<size_t>(i)].get();
}

Observer::Probe* Observer::probe_of_address(int64_t a) {
  const int32_t i = a >= 0 && a < 0x10000 ? device_of_address_[static_cast<size_t>(a)] : -1;
  return i < 0 ? nullptr : probes_[static_cast<size_t>(i)].get();
}

metrics::DeviceCounters Observer::read_device(size_t index, SimTime t) const {
  const Probe& p = *probes_[index];
  const nodes::McuNode& node = *system_.devices()[index].mcu;
  const platforms::Machine& machine = node.machine();
  metrics::DeviceCounters c;
  c.cycles = static_cast<int64_t>(machine.cycles_active());
  c.instructions = static_cast<int64_t>(machine.instructions());
  c.active = machine.time_active();
  c.asleep = std::max(Duration(), t.since_start() - c.active);
  c.tx_bytes = node.counters().tx_bytes;
  c.tx_packets = p.tx_packets;
  c.rx_packets = p.rx_packets;
  c.rx_bytes = p.rx_bytes;
  c.cca_busy = p.cca_busy;
  c.uart_tx_bytes = node.counters().uart_tx_bytes;
  c.uart_rx_bytes = node.counters().uart_rx_bytes;
  c.gpio_changes = static_cast<int64_t>(machine.pin_changes());
  c.wakeups = static_cast<int64_t>(machine.wakeups());
  // A node may stand up to one instruction beyond the instant that is being collected.
  const SimTime reached = std::max(t, p.energy_time);
  if (p.seed_model) {
    p.seed_model->cpu(c.cycles, c.asleep);
    c.energy = p.seed_model->by_cause(t);
  } else {
    c.energy = p.account->by_cause(reached);
  }
  if (const nodes::Battery* battery = node.battery()) {
    c.battery_fraction = battery->fraction(t);
    if (node.depleted_at() <= t) c.depleted_at = node.depleted_at();
    const auto& declared = *system_.devices()[index].group->battery;
    if (p.account) c.battery_life_s = p.account->life_s(declared.capacity_c, reached);
  }
  c.inferences = p.inferences;
  c.inference_cycles = p.inference_cycles;
  c.inference_energy = p.inference_energy;
  c.model_arena = p.arena;
  return c;
}

void Observer::start(sim::EventContext& context) {
  const auto alarm = [&](SimTime t, Timer timer) {
    // A decision, so that every node has reached the instant when it is handled.
    context.post({.time = t,
                  .kind = sim::EventKind::decision,
                  .target = system_.observer_id(),
                  .code = static_cast<uint32_t>(timer)});
  };
  alarm(SimTime::at(options_.interval), Timer::collect);
  for (SimTime t : range_times_) alarm(t, Timer::ranges);
}

void Observer::handle(const sim::Event& e, sim::EventContext& context) {
  if (e.kind == sim::EventKind::decision) {
    if (static_cast<Timer>(e.code) == Timer::ranges) {
      collector_.collect_ranges(context.now());
    } else {
      collector_.collect(context.now());
      on_collect(context.now());
      context.post({.time = context.now() + options_.interval,
                    .kind = sim::EventKind::decision,
                    .target = system_.observer_id(),
                    .code = e.code});
    }
    return;
  }
  using nodes::ObserverCode;
  const auto code = static_cast<ObserverCode>(e.code);
  const std::string_view text =
      e.data ? std::string_view(reinterpret_cast<const char*>(e.data->data()), e.data->size())
             : std::string_view();
  if (code == ObserverCode::fault_begin || code == ObserverCode::fault_end) {
    collector_.events().add(e.time, code == ObserverCode::fault_begin ? "fault" : "fault_end", "", text,
                            {{"fault", e.args[0]}});
    return;
  }
  const int32_t index = device_of_participant_[static_cast<uint32_t>(e.source)];
  if (index < 0) return machine_console(e);
  Probe& p = *probes_[static_cast<size_t>(index)];
  switch (code) {
    case ObserverCode::console_line:
      console(static_cast<size_t>(index), e);
      break;
    case ObserverCode::log_line:
      collector_.events().add(e.time, "log", system_.devices()[static_cast<size_t>(index)].id, text);
      break;
    case ObserverCode::battery_empty:
      collector_.events().add(e.time, "battery_empty", system_.devices()[static_cast<size_t>(index)].id,
                              "the battery ran out, the node is off");
      break;
    case ObserverCode::window_end:
      window_end(static_cast<size_t>(index), e);
      break;
    case ObserverCode::first_sleep:
      if (e.args[0] != p.window || p.handed_over) break;
      p.handed_over = true;
      p.sent_at = e.time;
      p.delivered = false;
      collector_.spans().mark(p.device, static_cast<uint32_t>(p.window), Stage::tx_request, e.time);
      collector_.network().sent(p.device, e.time);
      break;
    case ObserverCode::trace:
      trace(static_cast<size_t>(index), e);
      break;
    default:
      XEDGESIM_ASSERT(!"unknown observer code");
  }
}

void Observer::window_end(size_t index, const sim::Event& e) {
  DeviceNode& d = system_.devices()[index];
  Probe& p = *probes_[index];
  auto& spans = collector_.spans();
  if (p.window >= 0 && p.handed_over && !p.delivered) {
    const char* cause = p.on_air ? "no_ack" : "channel_busy";
    collector_.network().dropped(p.device, p.sent_at, cause);
    const auto sequence = static_cast<uint32_t>(p.window);
    // A verdict of the device itself stands, but nobody stores it.
    spans.lost(p.device, sequence, p.has_verdict ? Stage::cloud_stored : Stage::rx_gateway, cause, e.time);
  } else if (p.window >= 0 && p.handed_over && p.result_on_device && !p.has_verdict) {
    spans.lost(p.device, static_cast<uint32_t>(p.window), Stage::result, "no_verdict", e.time);
  }
  const Duration span = Duration::ns(e.args[1] * 1'000'000'000 / d.sample_rate_hz);
  const SimTime begin = std::max(SimTime::zero(), e.time - span);
  p.window = e.args[0];
  p.boot_window = e.args[2];
  p.window_time = e.time;
  p.handed_over = p.on_air = p.has_verdict = false;
  p.delivered = true;
  const auto sequence = static_cast<uint32_t>(p.window);
  spans.mark(p.device, sequence, Stage::sense_begin, begin);
  spans.mark(p.device, sequence, Stage::sense_end, e.time);
  if (d.truth && begin < e.time)
    spans.truth(p.device, sequence, static_cast<int32_t>(d.truth->label_of_window(begin, e.time).label));
  if (d.frames && !d.frames->labels.empty()) {
    const size_t frame = (d.first_frame + static_cast<size_t>(e.args[3])) % d.frames->labels.size();
    spans.truth(p.device, sequence, d.frames->labels[frame]);
  }
}

void Observer::console(size_t index, const sim::Event& e) {
  const std::string& id = system_.devices()[index].id;
  hear(index, id, e);
  if (options_.consoles) keep(id, probes_[index]->console, e);
}

/// A guest may print without end; the disk has one.
void Observer::machine_console(const sim::Event& e) {
  const auto& machines = system_.ethernet().machines();
  for (size_t i = 0; i < machines.size(); ++i) {
    if (machines[i].participant != e.source) continue;
    hear(system_.devices().size() + i, machines[i].id, e);
    MachineConsole& c = machine_consoles_[i];
    if (!options_.consoles) return;
    if (c.bytes < options_.console_limit)
      c.bytes += keep(machines[i].id, c.file, e);
    else
      ++c.lines_not_kept;
    return;
  }
}

/// `index`: see console_names() in run.cpp.
void Observer::hear(size_t index, const std::string& id, const sim::Event& e) {
  const std::string_view text(reinterpret_cast<const char*>(e.data->data()), e.data->size());
  watcher_.line(index, e.time, text);
  on_line(id, e.time, text);
}

int64_t Observer::keep(const std::string& id, std::unique_ptr<metrics::OutputFile>& file,
                       const sim::Event& e) {
  const std::string line =
      fmt::format("[{:>15.6f}] {}\n", e.time.count_s(),
                  std::string_view(reinterpret_cast<const char*>(e.data->data()), e.data->size()));
  if (!file) file = directory_.open("consoles/" + id + ".log");
  file->append(line);
  return static_cast<int64_t>(line.size());
}

void Observer::add_to(metrics::Json& summary) const {
  const auto& machines = system_.ethernet().machines();
  for (size_t i = 0; i < machines.size(); ++i)
    if (machine_consoles_[i].lines_not_kept > 0)
      summary["machines"][machines[i].id]["lines_not_kept"] = machine_consoles_[i].lines_not_kept;
}

void Observer::finish(SimTime t) {
  collector_.finish(t);
  on_collect(t);
  for (auto& p : probes_)
    if (p->console) p->console->flush();
  for (size_t i = 0; i < machine_consoles_.size(); ++i) {
    const MachineConsole& c = machine_consoles_[i];
    if (c.lines_not_kept > 0)
      c.file->append(
          fmt::format("[{:>15.6f}] xedgesim: {} further lines are not kept (metrics.console_limit)\n",
                      t.count_s(), c.lines_not_kept));
    if (c.file) c.file->flush();
  }
  if (store_) store_->flush();
}

}  // namespace xedgesim::system
