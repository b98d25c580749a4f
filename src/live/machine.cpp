#include "live/machine.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "live/libvirt_machine.h"
#include "live/qemu_machine.h"
#include "vm/process.h"

namespace xedgesim::live {
namespace {

namespace fs = std::filesystem;

constexpr size_t kTail = 2000;           // bytes of the console that are looked at after an end
constexpr uint64_t kMostShortBoots = 3;  // resets before its agent ever answered
constexpr auto kLookAgain = std::chrono::milliseconds(500);

}  // namespace

Machine::Machine(EventLoop& loop, Config config, Outside outside)
    : Guest(config.setup.id, config.console, std::move(outside)),
      loop_(loop),
      config_(std::move(config)),
      agent_([this](const std::string& text) {
        if (port_ && port_->send(text)) port_->flush();
      }) {
  for (size_t i = 0; i < config_.setup.machine.macs.size(); ++i) cards_.push_back(fresh_card(i));
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
  if (config_.libvirt) {
    out["domain"] = config_.system + "-" + s.id;
    out["libvirt"] = config_.libvirt->uri();
  }
  if (!s.kvm && !s.no_kvm.empty()) out["no_kvm"] = s.no_kvm;
  if (!s.unlimited.empty()) out["without_limits"] = s.unlimited;
}

/// libvirt has no disk whose writes are dropped beside an image that others read: ours is an overlay, fresh
/// at each start.
vm::WallDisk Machine::overlay_of(const vm::WallDisk& disk, size_t index) const {
  const fs::path file = fs::absolute(config_.folder / fmt::format("{}-{}.qcow2", config_.setup.id, index));
  const std::string format = disk.qcow2 ? "qcow2" : "raw";
  if (vm::find_program("qemu-img").empty())
    throw ConfigError(fmt::format(
        "node '{}': a disk image under libvirt needs qemu-img (Debian: apt install qemu-utils)", id()));
  vm::run_to_end({"qemu-img", "create", "-q", "-f", "qcow2", "-F", format, "-b",
                  fs::absolute(disk.file).string(), file.string()},
                 Duration::s(30));
  return {.file = file, .qcow2 = true};
}

/// The data disk is a file of our own: empty, and as large on the host as what was written to it.
std::vector<vm::WallDisk> Machine::disks() const {
  std::vector<vm::WallDisk> disks = config_.setup.disks;
  for (size_t i = 0; config_.libvirt && i < disks.size(); ++i)
    if (disks[i].discard_writes) disks[i] = overlay_of(disks[i], i);
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
  if (runs_) return;
  std::error_code ec;
  fs::create_directories(config_.folder, ec);
  vm::Machine machine = config_.setup.machine;
  if (!machine.kernel.empty()) {
    machine.initrd = config_.folder / (config_.setup.id + ".initrd");
    vm::write_initrd(machine.initrd, config_.setup.machine.initrd, config_.setup.settings);
  }
  MachineSockets sockets;
  if (config_.libvirt)
    runs_ = std::make_unique<LibvirtMachine>(*config_.libvirt, config_.system, config_.setup, machine,
                                             disks(), config_.sockets, sockets);
  else
    runs_ = std::make_unique<QemuMachine>(config_.setup, machine, disks(), config_.folder, console_.file(),
                                          uefi(), sockets);
  connect(std::move(sockets));
  ++boots_;
  reason_.clear();
  if (config_.setup.limits.any() && !config_.libvirt) {
    std::string missed;
    cgroups_ = vm::CgroupHost().apply(fmt::format("{}-{}", config_.group, pid()), config_.setup.limits, pid(),
                                      missed);
  }
  set_state(State::starting);
}

Machine::Card Machine::fresh_card(size_t i) {
  return {.frames = FrameSplitter([this, i](sim::Bytes frame) { outside_.frame(i, std::move(frame)); }),
          .channel = nullptr};
}

void Machine::connect(MachineSockets sockets) {
  printed_ = nothing_boots_ = false;
  firmware_ = config_.setup.machine.kernel.empty() ? std::make_optional<FirmwareWords>() : std::nullopt;
  for (size_t i = 0; i < cards_.size(); ++i) {
    const bool plugged = cards_[i].carrier;
    cards_[i] = fresh_card(i);
    cards_[i].carrier = plugged;
    if (i >= sockets.networks.size() || sockets.networks[i].get() < 0) continue;
    cards_[i].channel = std::make_unique<ByteChannel>(
        loop_, std::move(sockets.networks[i]),
        [this, i](std::string_view b) { cards_[i].broken = cards_[i].broken || !cards_[i].frames.feed(b); },
        nullptr);
  }
  if (sockets.console.get() >= 0)
    serial_ = std::make_unique<ByteChannel>(
        loop_, std::move(sockets.console),
        [this](std::string_view b) {
          if (!std::exchange(printed_, true)) first_words();
          console_.feed(b);
          if (!nothing_boots_ && firmware_ && firmware_->feed(b)) give_up();
        },
        nullptr);
  if (sockets.agent.get() >= 0)
    port_ = std::make_unique<ByteChannel>(
        loop_, std::move(sockets.agent), [this](std::string_view b) { agent_.feed(b); }, nullptr);
  if (runs_->pidfd() >= 0) loop_.watch(runs_->pidfd(), [this](short) { ended(); });
}

void Machine::close() noexcept {
  if (!runs_) return;
  if (runs_->pidfd() >= 0) loop_.forget(runs_->pidfd());
  runs_->kill();
  for (Card& c : cards_) c.channel.reset();
  serial_.reset();
  port_.reset();
  runs_.reset();
  vm::remove_cgroups(std::exchange(cgroups_, {}));
  std::error_code ec;
  fs::remove(config_.folder / (config_.setup.id + ".initrd"), ec);
  for (size_t i = 0; config_.libvirt && i < config_.setup.disks.size(); ++i)
    fs::remove(config_.folder / fmt::format("{}-{}.qcow2", config_.setup.id, i), ec);
}

void Machine::stop() noexcept {
  if (!runs_) return;
  close();
  agent_.reset();
  set_state(State::off);
}

void Machine::first_words() {
  // A card begins with its cable plugged in; what boots has not looked at it yet.
  for (size_t i = 0; i < cards_.size(); ++i)
    if (!cards_[i].carrier) runs_->set_link(i, false);
}

/// Its firmware found nothing to boot; how it ended is told when it has.
void Machine::give_up() {
  nothing_boots_ = true;
  runs_->kill();
}

/// QEMU ended by itself: the guest switched off or reset, or something went wrong.
void Machine::ended() {
  using Kind = RunningMachine::Ending::Kind;
  if (serial_) serial_->receive();
  if (port_) port_->receive();
  const RunningMachine::Ending ending = runs_->ending();
  const std::string tail = vm::tail_of(console_.file(), kTail);
  if (nothing_boots_)
    return crash("the firmware found nothing to boot on its disk image: make that anew, with a boot loader");
  if (ending.kind == Kind::failed) return crash(ending.why);
  const bool own_will = ending.kind == Kind::off && ending.why.empty();
  if (!own_will && tail.find("Kernel panic") != std::string::npos)
    return crash("the guest's kernel panicked");
  close();
  agent_.reset();
  if (ending.kind == Kind::reset && ++short_boots_ <= kMostShortBoots) {
    set_state(State::off);
    return start();
  }
  if (ending.kind == Kind::reset) return crash("the guest resets itself over and over");
  set_state(State::off);
}

void Machine::crash(const std::string& why) {
  close();
  agent_.reset();
  tell_crash(why);
}

std::string Machine::no_input() const {
  return agent_.takes_input() ? "" : "its image is older than that: xedgesim image build makes it anew";
}

void Machine::ask_off() noexcept {
  if (!runs_) return;
  try {
    if (agent_.ready()) return agent_.power_off();
    runs_->press_power_button();
  } catch (const Error&) {
    // It is on its way out already.
  }
}

void Machine::pause(bool paused) {
  if (!runs_ || (state_ == State::paused) == paused || !runs_->pause(paused)) return;
  set_state(paused ? State::paused : agent_.ready() ? State::up : State::starting);
}

void Machine::set_carrier(size_t card, bool up) {
  if (std::exchange(cards_[card].carrier, up) != up && runs_) runs_->set_link(card, up);
}

bool Machine::to_network(size_t card, const sim::Bytes& frame) {
  if (card >= cards_.size() || !cards_[card].channel || state_ == State::paused) return false;
  return cards_[card].channel->send(frame_head(frame.size()),
                                    {reinterpret_cast<const char*>(frame.data()), frame.size()});
}

void Machine::to_console(std::string_view bytes) {
  if (serial_ && serial_->send(bytes)) serial_->flush();
}

void Machine::flush() {
  for (Card& c : cards_)
    if (c.channel) c.channel->flush();
  if (!runs_ || runs_->pidfd() >= 0) return;
  // Nothing of it can be watched: it is asked.
  const auto now = std::chrono::steady_clock::now();
  if (now - looked_ < kLookAgain) return;
  looked_ = now;
  if (runs_->ended()) ended();
}

}  // namespace xedgesim::live
