#include "vm/vt_machine.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "base/digest.h"
#include "base/error.h"
#include "base/whole_file.h"
#include "vm/boot_files.h"
#include "vm/file_identity.h"

namespace xedgesim::vm {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int kSnapshotFormat = 1;
constexpr int kMigratesToFiles = 9;  // from this version of QEMU on, which takes no files as descriptors
/// What a PC executes before the kernel, from Debian's packages seabios and qemu-system-data.
constexpr const char* kRoms[] = {"/usr/share/seabios/bios-256k.bin", "/usr/share/qemu/linuxboot_dma.bin"};
constexpr Duration kFarewell = Duration::s(5);  // wall time to end in good order
constexpr Duration kPollPause = Duration::ms(1);
constexpr int64_t kBrief = 4'000'000;             // ns of the machine: some milliseconds of the host at most
constexpr int64_t kUnlimited = int64_t{1} << 40;  // bytes a second of a migration

int major_version(const Qemu& qemu) { return std::atoi(qemu.version.c_str()); }

fs::path initrd_of(const VtMachine::Config& c) { return c.folder / (c.machine.name + ".initrd"); }

QemuProcess::Config process(const VtMachine::Config& c, int fd, const SnapshotStore::Found* from) {
  Machine m = c.machine;
  m.initrd = initrd_of(c);
  std::error_code ec;
  fs::create_directories(c.folder, ec);
  // What lay in its RAM comes with a snapshot.
  write_initrd(m.initrd, from ? fs::path() : c.machine.initrd, c.settings);
  QemuProcess::Config q{
      .name = m.name,
      .binary = c.qemu.binary,
      .arguments = virtual_time_arguments(m, {.plugin = c.plugin, .fd = fd, .boot_second = c.boot_second}),
      .folder = c.folder,
      .console = {},
      .inherited = {fd}};
  for (const auto& disk : m.nvdimms) q.inherited.push_back(disk->file());
  if (from) {
    q.arguments.insert(q.arguments.end(), {"-incoming", "defer"});
    q.inherited.push_back(from->state.get());
  }
  return q;
}

}  // namespace

std::string VtMachine::boot_key(const Config& c) {
  Digest d;
  d.add(int64_t{kSnapshotFormat});
  d.add(c.qemu.version);
  d.add(identity_of(c.qemu.binary));
  d.add(read_whole_file(c.plugin));
  Machine m = c.machine;
  for (const char* rom : kRoms) d.add(identity_of(rom));
  for (const fs::path& part : {m.kernel, m.initrd}) d.add(part.empty() ? std::string() : identity_of(part));
  d.add(c.settings);
  m.kernel = "kernel";
  m.initrd = "initrd";
  for (const std::string& a :
       virtual_time_arguments(m, {.plugin = "plugin", .fd = 0, .boot_second = c.boot_second})) {
    d.add(static_cast<int64_t>(a.size()));
    d.add(a);
  }
  return d.hex();
}

VtMachine::VtMachine(const Config& config) : VtMachine(config, socket_pair(), nullptr) {}

VtMachine::VtMachine(const Config& config, SnapshotStore::Found from)
    : VtMachine(config, socket_pair(), &from) {
  from_ = std::move(from);
}

// Our copy of QEMU's end closes with the argument: the connection is to close when QEMU ends.
VtMachine::VtMachine(const Config& config, std::pair<Descriptor, Descriptor> sockets,
                     const SnapshotStore::Found* from)
    : patience_(config.patience),
      takes_files_(major_version(config.qemu) >= kMigratesToFiles),
      channel_(std::move(sockets.first), config.patience),
      initrd_(initrd_of(config)),
      qemu_(process(config, sockets.second.get(), from)) {
  if (config.takes_turns) core_.emplace(qemu_.process().pid());
}

VtMachine::~VtMachine() { end(); }

void VtMachine::end() noexcept {
  channel_.quit();
  qemu_.end();
}

int VtMachine::wait_for_end() {
  channel_.quit();
  qemu_.process().finish(kFarewell);
  return qemu_.process().exit_status();
}

VtChannel::Standing VtMachine::meet(std::vector<VtChannel::Record>& sent) {
  if (from_) restore();
  const VtChannel::Standing s = channel_.meet(sent);
  std::error_code ec;
  fs::remove(initrd_, ec);  // QEMU has read it
  return s;
}

VtChannel::Standing VtMachine::go(VtChannel::Leave leave, const std::vector<VtChannel::Record>& inputs,
                                  std::vector<VtChannel::Record>& sent) {
  std::optional<SharedCore::Turn> turn;
  if (core_) turn.emplace(*core_, leave.until - channel_.now() > kBrief);
  if (!from_) return channel_.go(leave, inputs, sent);
  const std::string& partial = from_->snapshot.partial;
  std::vector<VtChannel::Record> first{{.time = from_->snapshot.reached,
                                        .type = vt::RecordType::partial,
                                        .bytes = {partial.begin(), partial.end()}}};
  first.insert(first.end(), inputs.begin(), inputs.end());
  from_.reset();
  return channel_.go(leave, first, sent);
}

void VtMachine::restore() {
  QmpClient& qmp = qemu_.qmp();
  // Frames by which a network card says that it has moved: it has not.
  qmp.execute("migrate-set-parameters", {{"announce-rounds", 0}});
  qmp.execute("migrate-incoming", {{"uri", takes_files_ ? "file:" + from_->file.string()
                                                        : fmt::format("fd:{}", from_->state.get())}});
  await([&] { return qmp.execute("query-status").value("status", "") != "inmigrate"; });
  go_on();
}

void VtMachine::keep(const SnapshotStore& store, const std::string& key, BootSnapshot snapshot) {
  snapshot.partial = channel_.unfinished_line();
  QmpClient& qmp = qemu_.qmp();
  qmp.execute("stop");
  try {
    store.keep(key, snapshot, [&](const fs::path& file, int fd) {
      qmp.execute("migrate-set-parameters", {{"max-bandwidth", kUnlimited}});
      if (!takes_files_) qmp.pass_descriptor("snapshot", fd);
      qmp.execute("migrate", {{"uri", takes_files_ ? "file:" + file.string() : "fd:snapshot"}});
      std::string status;
      await([&] {
        status = qmp.execute("query-migrate").value("status", "");
        return status == "completed" || status == "failed" || status == "cancelled";
      });
      if (status != "completed") throw SimulationError("QEMU did not write its state");
    });
  } catch (...) {
    go_on();
    throw;
  }
  go_on();
}

void VtMachine::go_on() {
  // A migration that is said to be completed is finalized some milliseconds later, and QEMU refuses till
  // then.
  await([&] {
    try {
      qemu_.qmp().execute("cont");
      return true;
    } catch (const SimulationError&) {
      if (qemu_.process().wait(Duration())) throw;
      return false;
    }
  });
}

void VtMachine::await(const std::function<bool()>& done) const {
  for (int64_t polls = patience_ / kPollPause; !done(); --polls) {
    if (polls <= 0)
      throw SimulationError(fmt::format("its snapshot took longer than {:g} s", patience_.count_s()));
    std::this_thread::sleep_for(std::chrono::nanoseconds(kPollPause.count_ns()));
  }
}

}  // namespace xedgesim::vm
