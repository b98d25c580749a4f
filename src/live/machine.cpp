#include "live/machine.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace xedgesim::live {
namespace {

namespace fs = std::filesystem;

constexpr size_t kTail = 2000;           // bytes of the console that are looked at after an end
constexpr uint64_t kMostShortBoots = 3;  // resets before its agent ever answered
constexpr Duration kReaped = Duration::ms(500);

}  // namespace

Machine::Machine(EventLoop& loop, Config config, Outside outside)
    : Guest(config.setup.id, config.console, std::move(outside)),
      loop_(loop),
      config_(std::move(config)),
      agent_([this](const std::string& text) {
        if (port_ && port_->send(text)) port_->flush();
      }),
      frames_([this](sim::Bytes frame) { outside_.frame(std::move(frame)); }) {
  agent_.on_ready = [this] {
    short_boots_ = 0;
    if (state_ == State::starting) set_state(State::up);
  };
}

Machine::~Machine() {
  stop();
  std::error_code ec;
  fs::remove(variables(), ec);
}

fs::path Machine::variables() const { return config_.folder / (config_.setup.id + ".nvram"); }

/// Like a board's flash, its variables outlast resets and losses of power.
std::optional<vm::UefiFirmware> Machine::uefi() const {
  std::optional<vm::UefiFirmware> own = config_.setup.uefi;
  if (!own) return own;
  if (boots_ == 0) vm::copy_sparse(own->variables, variables());
  own->variables = variables();
  return own;
}

void Machine::describe(nlohmann::json& out) const {
  const MachineSetup& s = config_.setup;
  nlohmann::json disks = nlohmann::json::array();
  for (const auto& d : s.disks) disks.push_back(d.file.string());
  out["kind"] = "vm";
  out["arch"] = vm::to_string(s.machine.arch);
  out["vcpus"] = s.machine.vcpus;
  out["memory"] = s.machine.memory;
  out["accelerator"] = s.kvm ? "kvm" : "tcg";
  out["disks"] = disks;
  if (s.machine.kernel.empty()) out["firmware"] = s.uefi ? "uefi" : "bios";
  out["data_disk"] = s.data_disk;
  if (!s.kvm && !s.no_kvm.empty()) out["no_kvm"] = s.no_kvm;
  if (!s.unlimited.empty()) out["without_limits"] = s.unlimited;
}

/// The data disk is a file of our own: empty, and as large on the host as what was written to it.
std::vector<vm::WallDisk> Machine::disks() const {
  std::vector<vm::WallDisk> disks = config_.setup.disks;
  if (config_.setup.data_disk == 0) return disks;
  const fs::path file = config_.folder / (config_.setup.id + ".disk");
  const Descriptor fd(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (fd.get() < 0 || ftruncate(fd.get(), config_.setup.data_disk) != 0)
    throw SimulationError(
        fmt::format("machine '{}': cannot make a disk of {} bytes at {}: choose a smaller "
                    "extra_disk_size, or another file system",
                    config_.setup.id, config_.setup.data_disk, file.string()));
  disks.push_back({.file = file});
  return disks;
}

void Machine::start() {
  if (qemu_) return;
  std::error_code ec;
  fs::create_directories(config_.folder, ec);
  vm::Machine machine = config_.setup.machine;
  if (!machine.kernel.empty()) {
    machine.initrd = config_.folder / (config_.setup.id + ".initrd");
    vm::write_initrd(machine.initrd, config_.setup.machine.initrd, config_.setup.settings);
  }
  auto [network, their_network] = vm::socket_pair();
  auto [serial, their_serial] = vm::socket_pair();
  auto [port, their_port] = vm::socket_pair();
  const vm::WallSockets sockets{
      .network = their_network.get(), .console = their_serial.get(), .agent = their_port.get()};
  qemu_ = std::make_unique<vm::QemuProcess>(vm::QemuProcess::Config{
      .name = config_.setup.id,
      .binary = config_.setup.qemu.binary,
      .arguments = vm::wall_arguments(machine, config_.setup.kvm, disks(), sockets, uefi()),
      .folder = config_.folder,
      .console = console_.file(),
      .inherited = {sockets.network, sockets.console, sockets.agent}});
  qemu_->watch_events();
  frames_ = FrameSplitter([this](sim::Bytes frame) { outside_.frame(std::move(frame)); });
  broken_ = printed_ = nothing_boots_ = false;
  firmware_ = machine.kernel.empty() ? std::make_optional<FirmwareWords>() : std::nullopt;
  network_ = std::make_unique<ByteChannel>(
      loop_, std::move(network), [this](std::string_view b) { broken_ = broken_ || !frames_.feed(b); },
      nullptr);
  serial_ = std::make_unique<ByteChannel>(
      loop_, std::move(serial),
      [this](std::string_view b) {
        // From now on QEMU's monitor answers at once, and tells how the guest ended.
        if (!std::exchange(printed_, true)) first_words();
        console_.feed(b);
        if (!nothing_boots_ && firmware_ && firmware_->feed(b)) give_up();
      },
      nullptr);
  port_ = std::make_unique<ByteChannel>(
      loop_, std::move(port), [this](std::string_view b) { agent_.feed(b); }, nullptr);
  loop_.watch(qemu_->process().pidfd(), [this](short) { ended(); });
  ++boots_;
  reason_.clear();
  if (config_.setup.limits.any()) {
    std::string missed;
    cgroups_ = vm::CgroupHost().apply(fmt::format("{}-{}", config_.group, pid()), config_.setup.limits, pid(),
                                      missed);
  }
  set_state(State::starting);
}

void Machine::close() noexcept {
  if (!qemu_) return;
  loop_.forget(qemu_->process().pidfd());
  qemu_->end();
  network_.reset();
  serial_.reset();
  port_.reset();
  qemu_.reset();
  vm::remove_cgroups(std::exchange(cgroups_, {}));
  std::error_code ec;
  fs::remove(config_.folder / (config_.setup.id + ".initrd"), ec);
}

void Machine::stop() noexcept {
  if (!qemu_) return;
  close();
  agent_.reset();
  set_state(State::off);
}

void Machine::first_words() {
  // A card begins with its cable plugged in; what boots has not looked at it yet.
  if (!carrier_) tell("set_link", {{"name", "net0"}, {"up", false}});
}

/// Its firmware found nothing to boot; how it ended is told when it has.
void Machine::give_up() {
  nothing_boots_ = true;
  tell("quit", nlohmann::json::object());
}

void Machine::tell(const char* command, const nlohmann::json& arguments) {
  try {
    if (vm::QmpClient* m = monitor()) m->execute(command, arguments);
  } catch (const SimulationError&) {
    // It is on its way out; its end is told then.
  }
}

/// QEMU ended by itself: the guest switched off or reset, or something went wrong.
void Machine::ended() {
  if (serial_) serial_->receive();
  if (port_) port_->receive();
  vm::Process& process = qemu_->process();
  process.wait(kReaped);
  std::string reason = "unknown";
  if (process.exit_status() == 0) try {
      for (const auto& event : qemu_->qmp().take_events())
        if (event.value("event", "") == "SHUTDOWN" && event.contains("data"))
          reason = event["data"].value("reason", "unknown");
    } catch (const SimulationError&) {
      // It ended before it listened.
    }
  const std::string tail = vm::tail_of(console_.file(), kTail);
  const bool panicked = tail.find("Kernel panic") != std::string::npos;
  if (nothing_boots_)
    return crash("the firmware found nothing to boot on its disk image: make that anew, with a boot loader");
  if (process.exit_status() != 0) return crash("QEMU " + process.obituary());
  if (panicked && reason != "guest-shutdown") return crash("the guest's kernel panicked");
  close();
  agent_.reset();
  if (reason == "guest-reset" && ++short_boots_ <= kMostShortBoots) {
    set_state(State::off);
    return start();
  }
  if (reason == "guest-reset") return crash("the guest resets itself over and over");
  set_state(State::off);
}

void Machine::crash(const std::string& why) {
  close();
  agent_.reset();
  tell_crash(why);
}

/// Null before the machine runs: until then QEMU would not answer at once.
vm::QmpClient* Machine::monitor() {
  if (!qemu_) return nullptr;
  try {
    return &qemu_->qmp();
  } catch (const SimulationError&) {
    return nullptr;
  }
}

std::string Machine::no_input() const {
  return agent_.takes_input() ? "" : "its image is older than that: xedgesim image build makes it anew";
}

void Machine::ask_off() noexcept {
  if (!qemu_) return;
  try {
    if (agent_.ready()) return agent_.power_off();
    if (vm::QmpClient* m = monitor()) m->execute("system_powerdown");
  } catch (const Error&) {
    // It is on its way out already.
  }
}

void Machine::pause(bool paused) {
  vm::QmpClient* m = monitor();
  if (!m || (state_ == State::paused) == paused) return;
  m->execute(paused ? "stop" : "cont");
  set_state(paused ? State::paused : agent_.ready() ? State::up : State::starting);
}

void Machine::set_carrier(bool up) {
  vm::QmpClient* m = carrier_ == up ? nullptr : monitor();
  carrier_ = up;
  if (m) m->execute("set_link", {{"name", "net0"}, {"up", up}});
}

bool Machine::to_network(const sim::Bytes& frame) {
  if (!network_ || state_ == State::paused) return false;
  return network_->send(frame_head(frame.size()),
                        {reinterpret_cast<const char*>(frame.data()), frame.size()});
}

void Machine::to_console(std::string_view bytes) {
  if (serial_ && serial_->send(bytes)) serial_->flush();
}

void Machine::flush() {
  if (network_) network_->flush();
}

}  // namespace xedgesim::live
