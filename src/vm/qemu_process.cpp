#include "vm/qemu_process.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace xedgesim::vm {
namespace {

constexpr size_t kConsoleTail = 800;  // bytes

}  // namespace

std::pair<Descriptor, Descriptor> socket_pair() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    throw SimulationError(fmt::format("cannot make a socket: {}", std::strerror(errno)));
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

QemuProcess::QemuProcess(Config config) : config_(std::move(config)), qmp_(Descriptor()) {
  auto [ours, theirs] = socket_pair();
  qmp_ = QmpClient(std::move(ours));
  std::error_code ec;
  std::filesystem::create_directories(config_.folder, ec);
  std::vector<std::string> command{config_.binary.string()};
  command.insert(command.end(), config_.arguments.begin(), config_.arguments.end());
  command.insert(command.end(), {"-chardev", fmt::format("socket,id=qmp,fd={},server=off", theirs.get()),
                                 "-mon", "chardev=qmp,mode=control"});
  std::vector<int> inherited = config_.inherited;
  inherited.push_back(theirs.get());
  // QEMU's idea of local time must not leak into a guest's clock.
  process_ = std::make_unique<Process>(Process::Config{.command = std::move(command),
                                                       .environment = {"TZ=UTC"},
                                                       .output = config_.folder / (config_.name + ".log"),
                                                       .inherited = std::move(inherited),
                                                       .folder = {}});
}

QemuProcess::~QemuProcess() { end(); }

void QemuProcess::watch_events() noexcept {
  try {
    qmp_.announce();
  } catch (const SimulationError&) {
    // It ended at once; its obituary says why.
  }
}

QmpClient& QemuProcess::qmp() {
  if (!greeted_) qmp_.open();
  greeted_ = true;
  return qmp_;
}

void QemuProcess::tell(const std::string& command, const nlohmann::json& arguments) {
  qmp_.tell(command, arguments);
}

void QemuProcess::power_down(Duration grace) {
  try {
    qmp().execute("system_powerdown");
  } catch (const SimulationError&) {
    // It is on its way out already, or about to be killed.
  }
  process_->finish(grace);
}

void QemuProcess::end() noexcept { process_->finish(Duration()); }

std::string QemuProcess::obituary() {
  std::string text = process_->obituary();
  if (text.empty() || config_.console.empty()) return text;
  const std::string tail = tail_of(config_.console, kConsoleTail);
  if (!tail.empty()) text += fmt::format("; the console's last lines:\n{}", tail);
  return text;
}

}  // namespace xedgesim::vm
