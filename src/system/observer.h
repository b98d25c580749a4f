#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "experiment/console_watcher.h"
#include "metrics/collector.h"
#include "metrics/energy_account.h"
#include "metrics/seed_energy_model.h"
#include "sim/participant.h"
#include "system/system.h"

namespace xedgesim::system {

/// Connects what the models of a System emit to the recorders of a run: energy, counters, consoles, the life
/// of each sample, and the collections at every interval. A participant only so that it sees lines and
/// buffers in the exact order of the run and collects when every node has reached the instant; it changes
/// nothing.
///
/// What is seen from outside the firmware: a sample exists when the ADC has filled its buffer; it is handed
/// to the radio stack when the core first sleeps after that; it is lost when the next buffer is full and the
/// gateway has not received it.
class Observer final : public sim::EventParticipant {
 public:
  struct Options {
    Duration interval = Duration::ms(100);
    bool seed_energy = false;   ///< the seed's energy constants instead of the platform's currents
    bool consoles = true;       ///< write consoles/<node>.log
    int64_t console_limit = 0;  ///< bytes kept of each machine's; further lines are counted
  };
  Observer(System& system, metrics::RunDirectory& directory, metrics::Collector& collector,
           experiment::ConsoleWatcher& watcher, Options options);
  ~Observer() override;

  void start(sim::EventContext& context) override;
  void handle(const sim::Event& e, sim::EventContext& context) override;
  /// The run stopped at `t`: collects what is left and closes the consoles.
  void finish(SimTime t);
  /// Adds how many lines of machines were not kept.
  void add_to(metrics::Json& summary) const;

  /// After the collection at every interval, and at the end.
  sim::Signal<SimTime> on_collect;
  /// Console lines as they come: node, time, text.
  sim::Signal<const std::string&, SimTime, std::string_view> on_line;

 private:
  struct Probe;
  void connect_device(size_t index);
  void connect_model(size_t index);
  void connect_external(size_t index);
  metrics::DeviceCounters read_external(size_t index) const;
  void connect_radio();
  void connect_services();
  void connect_gateways();
  void connect_edge();
  void connect_cloud();
  void connect_wan();
  /// Of the sample a tag names (nodes::sample_tag).
  void mark_sample(int64_t tag, metrics::Stage stage, SimTime t);
  void lose_sample(int64_t tag, metrics::Stage missed, std::string_view cause, SimTime t);
  void classified(const nodes::Classification& r);
  metrics::DeviceCounters read_device(size_t index, SimTime t) const;
  metrics::DeviceCounters read_model(size_t index, SimTime t) const;
  void model_report(size_t index, const nodes::ModelNode::Report& r);
  void model_confirmed(Probe& p, size_t pending, net::ieee802154::TxStatus status, SimTime t);
  void model_lost(Probe& p, uint32_t sequence, SimTime sent_at, const char* cause, SimTime t);
  void model_delivered(Probe& p, uint32_t sequence, SimTime t);
  void measure(size_t index, unsigned port, uint32_t word, SimTime t);
  void trace(size_t index, const sim::Event& e);
  void window_end(size_t index, const sim::Event& e);
  void console(size_t index, const sim::Event& e);
  void machine_console(const sim::Event& e);
  struct MachineConsole {
    std::unique_ptr<metrics::OutputFile> file;
    int64_t bytes = 0;
    uint64_t lines_not_kept = 0;
  };
  void hear(size_t index, const std::string& id, const sim::Event& e);
  /// Returns the bytes it took.
  int64_t keep(const std::string& id, std::unique_ptr<metrics::OutputFile>& file, const sim::Event& e);
  Probe* probe_of(sim::ParticipantId id);
  Probe* probe_of_address(int64_t short_address);

  System& system_;
  metrics::RunDirectory& directory_;
  metrics::Collector& collector_;
  experiment::ConsoleWatcher& watcher_;
  Options options_;
  std::vector<std::unique_ptr<Probe>> probes_;  // by device
  std::unique_ptr<metrics::OutputFile> store_;  // what the cloud service stored
  std::vector<MachineConsole> machine_consoles_;
  std::vector<int32_t> device_of_participant_;
  std::vector<int32_t> device_of_address_;
  std::vector<SimTime> range_times_;
  size_t next_range_ = 0;
};

}  // namespace xedgesim::system
