#pragma once
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nodes/aoe_target.h"
#include "nodes/card_counters.h"
#include "nodes/codes.h"
#include "sim/participant.h"
#include "sim/signal.h"
#include "vm/machine.h"
#include "vm/qemu_probe.h"
#include "vm/snapshot_store.h"
#include "vm/vt_machine.h"

namespace xedgesim::nodes {

/// A Linux machine under QEMU in virtual time, at the end of a cable: a running participant like a board.
///
/// Its clock is zero when it is switched on and stands still while it is paused. Frames and console lines
/// carry the nanosecond of the instruction that made them; nothing depends on how far it was let run at a
/// time. A frame that arrives while it is off or paused is lost.
///
/// Its disks answer ATA over Ethernet kAccess after a request, at the machine's own end of its first cable:
/// their frames never travel on it. What was written outlives a reset.
///
/// Limits: one processor; disks of one access time.
class VmNode final : public sim::RunningParticipant {
 public:
  struct Config {
    vm::Machine machine;                         ///< without kernel and initrd
    std::string settings;                        ///< a cpio archive laid over the initrd
    std::vector<sim::ParticipantId> cables{};    ///< of its network cards, as many as the machine has
    sim::ParticipantId observer = sim::kNobody;  ///< gets ObserverCode::console_line
    /// Longest stretch it runs without looking for input; the result does not depend on it. Zero: as far as
    /// the scheduler lets it.
    Duration boundary{};
    Duration patience = Duration::s(60);  ///< wall time for one answer
    std::vector<std::shared_ptr<vm::SparseDisk>> disks{};
    bool nvdimm = false;  ///< the disks are NVDIMMs, made when it is first switched on
  };
  static constexpr Duration kAccess = Duration::us(250);  ///< of a disk: a solid-state one behind a bus
  explicit VmNode(Config config);
  ~VmNode() override;

  /// What of the host it runs on.
  struct Host {
    vm::Qemu qemu;
    std::filesystem::path plugin;
    std::filesystem::path kernel, initrd;          ///< initrd may be empty
    std::filesystem::path folder;                  ///< for QEMU's own files
    const vm::SnapshotStore* snapshots = nullptr;  ///< outlives the node; null: it always boots in full
    bool takes_turns = false;                      ///< while it runs, nothing else of the simulation does
  };
  /// Switches it on. Throws ConfigError, SimulationError.
  void connect(Host host);
  /// The run is over. What is known of it stays.
  void shut_down() noexcept;

  SimTime next_activity() const override;
  SimTime advance(SimTime limit, sim::Outbox& outbox) override;
  SimTime advance_alone(SimTime limit, SimTime far, Duration window, sim::Outbox& outbox) override;
  /// A frame, typed text (bus::kSerialInput), or a ControlCode: fail pauses and recover goes on; power_off
  /// and reset switch off, power_on and reset boot.
  void deliver(const sim::Event& e, sim::Outbox& outbox) override;

  struct Counters {
    uint64_t frames_in = 0, frames_out = 0, bytes_in = 0, bytes_out = 0;
    uint64_t frames_missed = 0;  ///< arrived while it was off or paused
    uint64_t lines = 0;
    uint64_t boots = 0;
    uint64_t panics = 0;       ///< it ended by a panic of its kernel
    int64_t instructions = 0;  ///< of all boots
    uint64_t looks = 0;        ///< times it stood and was asked
    uint64_t restored = 0;     ///< boots that a snapshot took the place of
  };
  /// Read between rounds only.
  const Counters& counters() const { return counters_; }
  const std::vector<CardCounters>& cards() const { return cards_; }
  std::string_view state() const;
  const Config& config() const { return config_; }
  const Host& host() const { return host_; }
  const AoeTarget& disks() const { return disks_; }

 private:
  enum class State : uint8_t { off, running, paused };
  SimTime to_run(int64_t machine) const { return SimTime::from_ns(machine) + offset_; }
  int64_t to_machine(SimTime t) const { return (t - offset_).count_ns(); }
  /// Switches it on: from a snapshot of this boot, if there is one.
  void boot(SimTime t);
  vm::VtMachine::Config machine_config() const;
  void start();
  bool restore();
  /// Before the instant of the snapshot it was restored from something is not as it was then.
  void boot_in_full();
  /// To `limit`, or to the end of the replay.
  void replay_to(SimTime limit);
  /// Keeps a snapshot of its boot, where it stands.
  void keep(const vm::VtChannel::Standing& s);
  void switch_off();
  void stand(const vm::VtChannel::Standing& s, SimTime reached);
  SimTime awake_at(const vm::VtChannel::Standing& s, SimTime reached) const;
  /// To `limit`, and no further than `window` behind the first it sends.
  SimTime run(SimTime limit, std::optional<Duration> window, sim::Outbox& outbox);
  /// Where `boundary` wants it to stand next.
  SimTime next_look() const;
  /// Holds what it sent after that instant; the time of the first since the last call.
  SimTime collect(SimTime after = SimTime::from_ns(-1));
  void record(const vm::VtChannel::Record& r);
  void hold_frame(vm::VtChannel::Record& r, SimTime t);
  void hold_line(std::vector<uint8_t> text, SimTime t);
  void post(sim::Event& e, sim::Outbox& outbox);
  /// It has switched itself off.
  void ended(SimTime t);
  /// Whether the frame was a disk's; the answer is then on its way.
  bool answered_by_disk(const vm::VtChannel::Record& r);
  /// An input from outside.
  void take(vm::VtChannel::Record r);
  /// In the order of their times.
  void add_input(vm::VtChannel::Record r);
  void control(const sim::Event& e);
  /// Of a cable, as far as it runs; what it was not told while paused or off it is told afterwards.
  void set_carrier(SimTime t, size_t card, bool up);
  void tell_carriers(SimTime t);
  [[noreturn]] void fail(const std::string& what, SimTime t);

  Config config_;
  Host host_;
  AoeTarget disks_;
  std::unique_ptr<vm::VtMachine> machine_;
  State state_ = State::off;
  Duration offset_;  // from the machine's clock to the run's
  SimTime paused_at_;
  SimTime reached_ = SimTime::from_ns(-1);
  SimTime wakes_ = SimTime::never();  // when it next acts by itself
  /// Of a boot that may become a snapshot.
  struct Recording {
    explicit Recording(std::string k) : key(std::move(k)) {}
    size_t size() const { return lines.size() + inputs.size(); }
    std::string key;
    std::vector<vm::BootSnapshot::Line> lines;
    std::vector<vm::VtChannel::Record> inputs;
    bool up = false;  // its init has said so
  };
  /// Until the run has come to the instant of the snapshot that QEMU was restored from, where it stands.
  struct Replay {
    Replay(std::string k, SimTime e, std::vector<vm::VtChannel::Record> i)
        : key(std::move(k)), end(e), inputs(std::move(i)) {}
    std::string key;
    SimTime end;
    std::vector<vm::VtChannel::Record> inputs;  // it was handed then; the same ones must come again
    size_t came = 0;
  };
  std::optional<Replay> replay_;
  std::unique_ptr<Recording> recording_;
  std::vector<vm::VtChannel::Record> inputs_;
  std::vector<vm::VtChannel::Record> sent_;
  std::deque<sim::Event> held_;  // to be sent: by an instruction that ended behind the limit, or restored
  std::deque<std::string> last_lines_;
  struct Cable {
    bool up = true, told = true;
  };
  std::vector<Cable> cables_;
  std::vector<CardCounters> cards_;
  int64_t instructions_before_ = 0;
  Counters counters_;
};

}  // namespace xedgesim::nodes
