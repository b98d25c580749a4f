#pragma once
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "base/error.h"
#include "libvirt/connection.h"
#include "up_fixture.h"
#include "vm/image/image_store.h"
#include "vm/process.h"

namespace xedgesim::testing {

inline constexpr uid_t kNobody = 65534;

/// A libvirtd with nothing in it: sockets, settings and logs lie in a folder of its own. It runs as nobody
/// when the test is root's, since a daemon of root's keeps its files in /var/lib; it goes with this object.
class OwnLibvirt {
 public:
  OwnLibvirt() {
    std::filesystem::create_directories(folder_ / "run");
    std::filesystem::create_directories(folder_ / "home/.config/libvirt");
    std::ofstream(folder_ / "home/.config/libvirt/qemu.conf") << "stdio_handler = \"file\"\n";  // no virtlogd
    std::ofstream(folder_ / "libvirtd.conf")
        << "unix_sock_dir = \"" << (folder_ / "run").string() << "\"\nauth_unix_rw = \"none\"\n"
        << "auth_unix_ro = \"none\"\nlog_outputs = \"3:file:" << (folder_ / "log").string() << "\"\n";
    give_away(folder_.path());
    std::vector<std::string> command = user();
    command.insert(command.end(), {"libvirtd", "-f", (folder_ / "libvirtd.conf").string(), "-p",
                                   (folder_ / "pid").string()});
    process_ = std::make_unique<vm::Process>(vm::Process::Config{.command = command,
                                                                 .environment = environment(),
                                                                 .output = "/dev/null",
                                                                 .inherited = {},
                                                                 .folder = folder_.path()});
    for (int i = 0; i < 200 && !runs_ && !process_->wait(Duration::ms(50)); ++i) {
      try {
        libvirt::Connection c(uri());
        runs_ = true;
      } catch (const Error&) {
        // Not yet.
      }
    }
  }
  ~OwnLibvirt() {
    try {
      libvirt::Connection c(uri());
      for (const auto& [name, owner] : c.owned())
        if (const auto d = c.find(name)) d->remove();
    } catch (const Error&) {
      // It does not run.
    }
    kill(process_->pid(), SIGTERM);
    process_->finish(Duration::s(10));
  }
  bool runs() const { return runs_; }
  std::string log() const { return read_file(folder_ / "log"); }
  std::string uri() const { return "qemu+unix:///session?socket=" + (folder_ / "run/libvirt-sock").string(); }
  std::vector<std::string> environment() const {
    return {"HOME=" + (folder_ / "home").string(), "XDG_RUNTIME_DIR=" + (folder_ / "run").string(),
            "XDG_CONFIG_HOME=" + (folder_ / "home/.config").string(),
            "XDG_CACHE_HOME=" + (folder_ / "home/.cache").string()};
  }
  /// Who runs it, as the beginning of a command.
  static std::vector<std::string> user() {
    if (geteuid() != 0) return {};
    return {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"};
  }
  /// To who runs it, when that is not us.
  static void give_away(const std::filesystem::path& folder) {
    if (geteuid() != 0) return;
    const auto give = [](const std::filesystem::path& p) {
      EXPECT_EQ(lchown(p.c_str(), kNobody, kNobody), 0);
    };
    give(folder);
    for (const auto& e : std::filesystem::recursive_directory_iterator(folder)) give(e.path());
  }

 private:
  TemporaryFolder folder_;
  std::unique_ptr<vm::Process> process_;
  bool runs_ = false;
};

}  // namespace xedgesim::testing
