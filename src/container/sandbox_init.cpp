#include "container/sandbox_init.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "container/child_report.h"

extern char** environ;

namespace xedgesim::container {
namespace {

class SandboxInit {
 public:
  explicit SandboxInit(const Prepared& p) : p_(p) {}

  [[noreturn]] void run() {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);
    close_others(p_.control, p_.input, p_.output);
    await();  // our identity has been mapped
    mount_files();
    // The control socket tells nothing more once the parent is gone.
    for (const NetworkCard& card : *p_.cards) say_done(p_.control, make_card_here(p_.control, card));
    if (!p_.root.empty()) change_root();
    if (sethostname(p_.hostname.c_str(), p_.hostname.size()) != 0) give_up(p_.control, "set the host name");
    if (chdir(p_.work.c_str()) != 0) give_up(p_.control, "enter its working folder");
    say_done(p_.control);
    await();  // control groups are set
    start();
    tend();
  }

 private:
  void await() const {
    char c = 0;
    if (recv(p_.control, &c, 1, 0) != 1) _exit(127);
  }

  void bind(const Prepared::Bind& b) const {
    if (::mount(b.from.c_str(), b.to.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0) {
      if (b.optional) return;
      give_up(p_.control, "mount a volume");
    }
    if (b.read_only && ::mount(nullptr, b.to.c_str(), nullptr,
                               MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV, nullptr) != 0)
      give_up(p_.control, "make a volume read-only");
  }

  void mount_files() const {
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
      give_up(p_.control, "keep its mounts apart");
    if (!p_.root.empty() &&
        ::mount(p_.root.c_str(), p_.root.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0)
      give_up(p_.control, "mount its root");
    for (const auto& b : p_.binds) bind(b);
    const std::string proc = p_.root + "/proc", sys = p_.root + "/sys";
    if (::mount("proc", proc.c_str(), "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0)
      give_up(p_.control, "mount /proc");
    ::mount("sysfs", sys.c_str(), "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, nullptr);
    if (p_.root.empty()) return;
    const std::string dev = p_.root + "/dev", pts = dev + "/pts", shm = dev + "/shm";
    if (::mount("dev", dev.c_str(), "tmpfs", MS_NOSUID, "mode=755,size=65536k") != 0)
      give_up(p_.control, "mount /dev");
    for (const auto& d : p_.devices) {
      const int fd = open(d.to.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
      if (fd >= 0) close(fd);
      bind(d);
    }
    mkdir(pts.c_str(), 0755);
    mkdir(shm.c_str(), 01777);
    ::mount("devpts", pts.c_str(), "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666");
    [[maybe_unused]] int r = symlink("pts/ptmx", (dev + "/ptmx").c_str());
    r = symlink("/proc/self/fd", (dev + "/fd").c_str());
    r = symlink("/proc/self/fd/1", (dev + "/stdout").c_str());
    r = symlink("/proc/self/fd/2", (dev + "/stderr").c_str());
  }

  void change_root() const {
    if (syscall(SYS_pivot_root, p_.root.c_str(), p_.old_root.c_str()) != 0)
      give_up(p_.control, "change its root");
    if (chdir("/") != 0 || umount2("/.xedgesim-host", MNT_DETACH) != 0)
      give_up(p_.control, "leave the host's files");
    rmdir("/.xedgesim-host");
  }

  /// The command itself. That it could not be executed is told on the control socket.
  void start() {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, nullptr);  // taken one by one in tend()
    command_ = fork();
    if (command_ < 0) give_up(p_.control, "start a process");
    if (command_ > 0) {
      close(p_.control);
      dup2(open("/dev/null", O_RDWR | O_CLOEXEC), 0);
      dup2(0, 1);
      dup2(0, 2);
      close(p_.input);
      close(p_.output);
      return;
    }
    setsid();
    signal(SIGPIPE, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    if (dup2(p_.input, 0) < 0 || dup2(p_.output, 1) < 0 || dup2(p_.output, 2) < 0)
      give_up(p_.control, "connect its console");
    environ = const_cast<char**>(p_.envp.data());
    execvp(p_.argv[0], p_.argv.data());
    give_up(p_.control, "execute it");
  }

  [[noreturn]] void tend() const {
    sigset_t all;
    sigfillset(&all);
    int status = 0;
    for (;;) {
      pid_t gone = 0;
      while ((gone = waitpid(-1, &status, WNOHANG)) > 0)
        if (gone == command_) _exit(shell_status(status));
      if (gone < 0 && errno == ECHILD) _exit(127);
      const int number = sigwaitinfo(&all, nullptr);
      if (number == SIGTERM || number == SIGINT || number == SIGHUP || number == SIGUSR1 || number == SIGUSR2)
        kill(command_, number);
    }
  }

  const Prepared& p_;
  pid_t command_ = -1;
};

}  // namespace

void run_sandbox_init(const Prepared& prepared) { SandboxInit(prepared).run(); }

}  // namespace xedgesim::container
