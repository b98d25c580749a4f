#include "live/qemu_machine.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace xedgesim::live {
namespace {

constexpr Duration kReaped = Duration::ms(500);

}  // namespace

QemuMachine::QemuMachine(const MachineSetup& setup, const vm::Machine& machine,
                         const std::vector<vm::WallDisk>& disks, const std::filesystem::path& folder,
                         const std::filesystem::path& console, const std::optional<vm::UefiFirmware>& uefi,
                         MachineSockets& ours) {
  auto [serial, their_serial] = vm::socket_pair();
  auto [port, their_port] = vm::socket_pair();
  vm::WallSockets sockets{.console = their_serial.get(), .agent = their_port.get()};
  std::vector<Descriptor> networks, their_networks;
  for (size_t i = 0; i < machine.macs.size(); ++i) {
    auto [network, their_network] = vm::socket_pair();
    sockets.networks.push_back(their_network.get());
    networks.push_back(std::move(network));
    their_networks.push_back(std::move(their_network));
  }
  std::vector<int> inherited = sockets.networks;
  inherited.insert(inherited.end(), {sockets.console, sockets.agent});
  qemu_ = std::make_unique<vm::QemuProcess>(
      vm::QemuProcess::Config{.name = setup.id,
                              .binary = setup.qemu.binary,
                              .arguments = vm::wall_arguments(machine, setup.kvm, disks, sockets, uefi),
                              .folder = folder,
                              .console = console,
                              .inherited = std::move(inherited)});
  qemu_->watch_events();
  ours = {.networks = std::move(networks), .console = std::move(serial), .agent = std::move(port)};
}

RunningMachine::Ending QemuMachine::ending() {
  using Kind = Ending::Kind;
  vm::Process& process = qemu_->process();
  process.wait(kReaped);
  if (process.exit_status() != 0) return {.kind = Kind::failed, .why = "QEMU " + process.obituary()};
  std::string reason = "unknown";
  try {
    for (const auto& event : qemu_->qmp().take_events())
      if (event.value("event", "") == "SHUTDOWN" && event.contains("data"))
        reason = event["data"].value("reason", "unknown");
  } catch (const SimulationError&) {
    // It ended before it listened.
  }
  if (reason == "guest-reset") return {.kind = Kind::reset};
  return {.kind = Kind::off, .why = reason == "guest-shutdown" ? "" : reason};
}

// The monitor is told, and not asked: a guest that floods its console can keep it from answering for seconds,
// while all else of the system waits.
bool QemuMachine::pause(bool paused) {
  qemu_->tell(paused ? "stop" : "cont");
  return true;
}

void QemuMachine::set_link(size_t card, bool up) {
  try {
    qemu_->tell("set_link", {{"name", fmt::format("net{}", card)}, {"up", up}});
  } catch (const SimulationError&) {
    // It is on its way out; its end is told then.
  }
}

void QemuMachine::press_power_button() { qemu_->tell("system_powerdown"); }

}  // namespace xedgesim::live
