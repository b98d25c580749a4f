#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "container/engine.h"
#include "lan/responder.h"
#include "libvirt/connection.h"
#include "live/console_pty.h"
#include "live/dnsmasq.h"
#include "live/event_loop.h"
#include "live/guest.h"
#include "live/health_watch.h"
#include "live/host_network.h"
#include "live/open_vswitch.h"
#include "live/wall_clock.h"
#include "system/pacer.h"

namespace xedgesim::live {

/// The machines of a system on the wall clock, and the loop that holds simulation time to the host's: frames
/// are stamped when they arrive here, and everything due is done as soon as the clock has reached it.
class Lab final : public system::Pacer {
 public:
  struct Config {
    std::string name{};        ///< of the system, for its control groups
    std::string k3s_secret{};  ///< of clusters whose token the scenario does not set
    bool crash_ends = true;    ///< a machine that crashes ends the run; else it is only told
    const std::atomic<bool>* stop = nullptr;
    std::function<void(const std::string&)> log{};  ///< a line for a person; may be empty
    std::function<void()> changed{};                ///< a machine was started or ended
    std::filesystem::path programs{};               ///< where container-start lies
    std::filesystem::path
        consoles{};                   ///< folder of <id>.log; empty: beside QEMU's own files, as <id>.console
    std::filesystem::path sockets{};  ///< folder for sockets of machines under libvirt, of a short name
  };
  explicit Lab(Config config);
  ~Lab() override;

  void connect(system::System& system, const std::filesystem::path& folder) override;
  bool run_until(SimTime end) override;
  void shut_down() noexcept override;
  Duration lateness() const override { return lateness_; }

  /// Lets the machines switch themselves off, for at most `grace` of wall time; then ends them.
  void power_off(Duration grace) noexcept;
  /// One round: what is due, then a wait for what comes, for at most `patience`.
  void step(SimTime end, Duration patience, const std::vector<pollfd>& others = {});

  EventLoop& loop() { return loop_; }
  const WallClock& clock() const { return *clock_; }
  const std::vector<std::unique_ptr<Guest>>& machines() const { return machines_; }
  Guest* machine(const std::string& id);
  /// The pseudo-terminal of its console; empty without.
  std::string terminal(const std::string& id) const;
  /// Of Open vSwitch, made for this system.
  std::vector<std::string> bridges() const;
  /// Of the network that a card of a machine is in.
  const lan::Responder& responder(const system::MachineNode& node, size_t card) const;
  /// Times a card of a machine was given its address.
  uint64_t leases(const system::MachineNode& node, size_t card) const;
  const system::HostedMachine::Counters& counters(const std::string& id) const;

 private:
  void start_machines(const std::filesystem::path& folder);
  void add(system::MachineNode& node, const std::filesystem::path& folder);
  std::unique_ptr<Guest> make_guest(system::MachineNode& node, const std::filesystem::path& folder,
                                    Guest::Outside outside);
  std::optional<system::K3sPlan> k3s_of(const system::MachineNode& node,
                                        const std::filesystem::path& folder) const;
  void start_dnsmasq(const std::filesystem::path& folder);
  void crashed(const std::string& why);
  void from_server(size_t network, net::ethernet::Mac to, const sim::Bytes& frame);
  void run_typed(Guest& machine, std::string_view text);
  std::shared_ptr<libvirt::Connection> find_libvirt(const system::MachineNode& node);
  const container::Engine* find_engine(const system::MachineNode& node);
  size_t network_of(const system::MachineNode& node, size_t card) const;
  void from_machine(system::MachineNode& node, size_t card, sim::Bytes frame);
  void control(Guest& machine, nodes::ControlCode code);
  SimTime stamp() const;

  Config config_;
  EventLoop loop_;
  std::unique_ptr<WallClock> clock_;
  system::System* system_ = nullptr;
  std::vector<std::unique_ptr<lan::Responder>> responders_;  // the first one is the host's way in
  std::vector<std::unique_ptr<Dnsmasq>> dnsmasqs_;  // none, or one in place of each responder's answers
  std::unique_ptr<HostNetwork> host_;
  std::vector<std::unique_ptr<OpenVswitch>> switches_;
  std::vector<std::unique_ptr<Guest>> machines_;
  std::vector<std::unique_ptr<HealthWatch>> health_watches_;      // of machines_
  std::map<std::string, std::unique_ptr<ConsolePty>> terminals_;  // of machines_
  std::map<std::string, system::MachineNode*> nodes_;
  std::optional<container::Engine> engine_;
  std::string no_engine_;
  std::shared_ptr<libvirt::Connection> libvirt_;
  std::vector<pollfd> waited_for_;  // of step(), which runs for every frame
  Duration lateness_;
  std::string crash_;
};

}  // namespace xedgesim::live
