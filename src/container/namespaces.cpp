#include "container/namespaces.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_tun.h>
#include <linux/sched.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "base/error.h"

extern char** environ;

namespace xedgesim::container {
namespace {

namespace fs = std::filesystem;

constexpr int kStepBytes = 96;
constexpr Duration kPatience = Duration::s(20);

/// What a child tells on a socket: a descriptor with success, or the step that failed and why.
struct Word {
  int error = 0;
  char step[kStepBytes] = {};
};

// Between fork and exec: nothing but system calls and the stack.

[[noreturn]] void give_up(int socket, const char* step) {
  Word w;
  w.error = errno ? errno : EIO;
  strncpy(w.step, step, sizeof w.step - 1);
  [[maybe_unused]] const ssize_t n = send(socket, &w, sizeof w, MSG_NOSIGNAL);
  _exit(127);
}

void say_done(int socket, int descriptor = -1) {
  Word w;
  iovec data{&w, sizeof w};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr m{};
  m.msg_iov = &data;
  m.msg_iovlen = 1;
  if (descriptor >= 0) {
    m.msg_control = control;
    m.msg_controllen = sizeof control;
    cmsghdr* head = CMSG_FIRSTHDR(&m);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(head), &descriptor, sizeof descriptor);
  }
  [[maybe_unused]] const ssize_t n = sendmsg(socket, &m, MSG_NOSIGNAL);
}

void write_text(const char* file, const char* text) {
  const int fd = open(file, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  [[maybe_unused]] const ssize_t n = write(fd, text, std::strlen(text));
  close(fd);
}

/// All but the standard ones and those named (at most three): whoever waits for their other ends must not
/// wait for us.
void close_others(int a, int b, int c) {
  if (a > b) std::swap(a, b);
  if (b > c) std::swap(b, c);
  if (a > b) std::swap(a, b);
  unsigned from = 3;
  for (const int keep : {a, b, c}) {
    if (keep < 3) continue;
    if (static_cast<unsigned>(keep) > from)
      syscall(SYS_close_range, from, static_cast<unsigned>(keep) - 1, 0);
    from = static_cast<unsigned>(keep) + 1;
  }
  syscall(SYS_close_range, from, ~0u, 0);
}

/// In the network namespace we are in; never returns a descriptor that failed.
int make_card_here(int report, const NetworkCard& card) {
  write_text("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
  write_text("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
  const int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (tun < 0) give_up(report, "open /dev/net/tun");
  ifreq r{};
  strncpy(r.ifr_name, card.name.c_str(), IFNAMSIZ - 1);
  r.ifr_flags = IFF_TAP | IFF_NO_PI;
  if (ioctl(tun, TUNSETIFF, &r) != 0) give_up(report, "make a TAP device");
  const int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (s < 0) give_up(report, "open a socket");
  const auto set = [&](unsigned long what, const char* step) {
    strncpy(r.ifr_name, card.name.c_str(), IFNAMSIZ - 1);
    if (ioctl(s, what, &r) != 0) give_up(report, step);
  };
  r.ifr_hwaddr.sa_family = ARPHRD_ETHER;
  std::memcpy(r.ifr_hwaddr.sa_data, card.mac.data(), card.mac.size());
  set(SIOCSIFHWADDR, "set the Ethernet address");
  const auto address = [&](uint32_t ip) {
    std::memset(&r.ifr_addr, 0, sizeof r.ifr_addr);
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_addr.s_addr = htonl(ip);
    std::memcpy(&r.ifr_addr, &in, sizeof in);
  };
  if (card.ip != 0) {
    address(card.ip);
    set(SIOCSIFADDR, "set the address");
    address(0xffffffffu << (32 - card.prefix));
    set(SIOCSIFNETMASK, "set the prefix");
  }
  r.ifr_flags = IFF_UP | IFF_RUNNING;
  set(SIOCSIFFLAGS, "bring the network card up");
  if (card.gateway != 0) {
    rtentry route{};
    const auto put = [](sockaddr& to, uint32_t ip) {
      sockaddr_in in{};
      in.sin_family = AF_INET;
      in.sin_addr.s_addr = htonl(ip);
      std::memcpy(&to, &in, sizeof in);
    };
    put(route.rt_dst, 0);
    put(route.rt_genmask, 0);
    put(route.rt_gateway, card.gateway);
    route.rt_flags = RTF_UP | RTF_GATEWAY;
    if (ioctl(s, SIOCADDRT, &route) != 0) give_up(report, "set the way out");
  }
  strncpy(r.ifr_name, "lo", IFNAMSIZ - 1);
  r.ifr_flags = IFF_UP | IFF_RUNNING;
  ioctl(s, SIOCSIFFLAGS, &r);
  close(s);
  return tun;
}

// On our side.

std::pair<Descriptor, Descriptor> control_sockets() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    throw SimulationError(fmt::format("cannot make a socket: {}", std::strerror(errno)));
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

std::pair<Descriptor, Descriptor> make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    throw SimulationError(fmt::format("cannot make a pipe: {}", std::strerror(errno)));
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

struct Told {
  Word word{};
  Descriptor descriptor{};
  bool heard = false;
};

Told listen_to(int socket) {
  Told told;
  pollfd p{socket, POLLIN, 0};
  if (poll(&p, 1, static_cast<int>(kPatience.count_ns() / 1'000'000)) <= 0) return told;
  iovec data{&told.word, sizeof told.word};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr m{};
  m.msg_iov = &data;
  m.msg_iovlen = 1;
  m.msg_control = control;
  m.msg_controllen = sizeof control;
  told.heard = recvmsg(socket, &m, MSG_CMSG_CLOEXEC) == static_cast<ssize_t>(sizeof told.word);
  for (cmsghdr* head = CMSG_FIRSTHDR(&m); head; head = CMSG_NXTHDR(&m, head))
    if (head->cmsg_type == SCM_RIGHTS) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(head), sizeof fd);
      told.descriptor = Descriptor(fd);
    }
  return told;
}

std::string failure(const Told& told) {
  if (!told.heard) return "the process ended or did not answer";
  const bool refused = told.word.error == EACCES || told.word.error == EPERM;
  return fmt::format("cannot {}: {}{}", told.word.step, std::strerror(told.word.error),
                     refused && geteuid() != 0 ? "; it takes root, or a host that lets you" : "");
}

Descriptor open_pidfd(pid_t pid) { return Descriptor(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))); }

int shell_status(int status) { return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status); }

std::vector<char*> c_strings(std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (std::string& s : strings) out.push_back(s.data());
  out.push_back(nullptr);
  return out;
}

}  // namespace

Descriptor make_card(pid_t process, const NetworkCard& card) {
  auto [ours, theirs] = control_sockets();
  const std::string user = fmt::format("/proc/{}/ns/user", process),
                    network = fmt::format("/proc/{}/ns/net", process);
  const pid_t child = fork();
  if (child < 0) throw SimulationError(fmt::format("cannot start a process: {}", std::strerror(errno)));
  if (child == 0) {
    const int net = open(network.c_str(), O_RDONLY | O_CLOEXEC);
    const int users = open(user.c_str(), O_RDONLY | O_CLOEXEC);
    if (net < 0) give_up(theirs.get(), "look at its network namespace");
    // Without root the namespace belongs to a user namespace of ours.
    if (setns(net, CLONE_NEWNET) != 0 &&
        (users < 0 || setns(users, CLONE_NEWUSER) != 0 || setns(net, CLONE_NEWNET) != 0))
      give_up(theirs.get(), "enter its network namespace");
    say_done(theirs.get(), make_card_here(theirs.get(), card));
    _exit(0);
  }
  theirs = Descriptor();
  Told told = listen_to(ours.get());
  kill(child, SIGKILL);
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (told.descriptor.get() < 0) throw SimulationError("no network card: " + failure(told));
  return std::move(told.descriptor);
}

void set_carrier(int card, bool up) {
  int value = up ? 1 : 0;
  ioctl(card, TUNSETCARRIER, &value);
}

namespace {

/// All the child of a sandbox needs, prepared before there are two of us.
struct Prepared {
  struct Bind {
    std::string from, to;
    bool read_only = false, optional = false;
  };
  const NetworkCard* card = nullptr;
  std::string hostname{}, root{}, old_root{}, work{};
  std::vector<Bind> binds{};
  std::vector<Bind> devices{};
  std::vector<char*> argv{}, envp{};
  bool users = false;
  int control = -1, input = -1, output = -1;
};

/// The first process of the sandbox.
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
    say_done(p_.control, make_card_here(p_.control, *p_.card));
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

void write_whole(const fs::path& file, const std::string& text) {
  std::ofstream out(file, std::ios::trunc);
  out << text;
  if (!out.flush()) throw SimulationError(fmt::format("cannot write {}: is the disk full?", file.string()));
}

/// Without root: we are root in there, and nobody else is.
void map_identity(pid_t pid) {
  write_text(fmt::format("/proc/{}/setgroups", pid).c_str(), "deny");
  write_text(fmt::format("/proc/{}/uid_map", pid).c_str(), fmt::format("0 {} 1", geteuid()).c_str());
  write_text(fmt::format("/proc/{}/gid_map", pid).c_str(), fmt::format("0 {} 1", getegid()).c_str());
}

void add_files(const Sandbox::Config& c, Prepared& p) {
  std::error_code ec;
  fs::create_directories(c.folder, ec);
  const std::pair<const char*, const std::string*> files[] = {
      {"hosts", &c.hosts}, {"resolv.conf", &c.resolv}, {"hostname", &c.hostname}};
  for (const auto& [name, text] : files) {
    const fs::path inside = fs::path("/etc") / name;
    if (!c.root.empty()) {
      const fs::path to = c.root / "etc" / name;
      fs::create_directories(to.parent_path(), ec);
      fs::remove(to, ec);
      write_whole(to, *text);
    } else if (fs::exists(inside, ec)) {
      write_whole(c.folder / name, *text);
      p.binds.push_back({(c.folder / name).string(), fs::canonical(inside, ec).string(), false, true});
    }
  }
}

void add_volumes(const Sandbox::Config& c, Prepared& p) {
  for (const Volume& v : c.volumes) {
    std::error_code ec;
    if (!fs::exists(v.host, ec))
      throw ConfigError(
          fmt::format("there is nothing at {} to mount as {}", v.host.string(), v.inside.string()));
    fs::path to = c.root.empty() ? v.inside : c.root / v.inside.relative_path();
    if (!c.root.empty() && !fs::exists(to, ec)) {
      fs::create_directories(fs::is_directory(v.host, ec) ? to : to.parent_path(), ec);
      if (!fs::is_directory(v.host, ec)) write_whole(to, "");
    }
    if (!fs::exists(to, ec))
      throw ConfigError(
          fmt::format("{} does not exist on this host: a process sees the host's files, so a volume needs a "
                      "place that is there",
                      to.string()));
    p.binds.push_back({v.host.string(), to.string(), v.read_only, false});
  }
}

}  // namespace

Sandbox::Sandbox(Config config) : config_(std::move(config)) {
  Prepared p{.card = &config_.card, .hostname = config_.hostname, .root = config_.root.string()};
  p.work = config_.work.empty() ? "/" : config_.work.string();
  add_files(config_, p);
  add_volumes(config_, p);
  if (!p.root.empty()) {
    for (const char* folder : {"proc", "sys", "dev", "tmp", "run", ".xedgesim-host"})
      fs::create_directories(config_.root / folder);
    p.old_root = p.root + "/.xedgesim-host";
    for (const char* name : {"null", "zero", "full", "random", "urandom", "tty"})
      p.devices.push_back(
          {fmt::format("/dev/{}", name), fmt::format("{}/dev/{}", p.root, name), false, true});
  }
  p.argv = c_strings(config_.command);
  p.envp = c_strings(config_.environment);
  p.users = geteuid() != 0;
  auto [ours, theirs] = control_sockets();
  auto [output, their_output] = make_pipe();
  auto [their_input, input] = make_pipe();
  p.control = theirs.get();
  p.input = their_input.get();
  p.output = their_output.get();
  clone_args how{};
  how.flags = CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC;
  if (p.users) how.flags |= CLONE_NEWUSER;
  how.exit_signal = SIGCHLD;
  pid_ = static_cast<pid_t>(syscall(SYS_clone3, &how, sizeof how));
  if (pid_ == 0) SandboxInit(p).run();
  if (pid_ < 0)
    throw SimulationError(fmt::format("this host gives no namespaces of their own to processes: {}{}",
                                      std::strerror(errno), p.users ? "; it takes root here" : ""));
  theirs = Descriptor();
  pidfd_ = open_pidfd(pid_);
  if (p.users) map_identity(pid_);
  control_ = std::move(ours);
  const auto step = [&] {
    Told told = listen_to(control_.get());
    if (told.heard && told.word.error == 0) return told;
    const std::string why = failure(told);
    kill(pid_, SIGKILL);
    wait(kPatience);
    throw SimulationError(why);
  };
  send(control_.get(), "m", 1, MSG_NOSIGNAL);
  card_ = std::move(step().descriptor);
  step();
  output_ = std::move(output);
  input_ = std::move(input);
}

void Sandbox::go() {
  send(control_.get(), "g", 1, MSG_NOSIGNAL);
  // The socket closes when the command is executed; else it says why not.
  Told told = listen_to(control_.get());
  control_ = Descriptor();
  if (!told.heard || told.word.error == 0) return;
  kill(pid_, SIGKILL);
  wait(kPatience);
  throw ConfigError(fmt::format("cannot start '{}': {}", config_.command[0], std::strerror(told.word.error)));
}

Sandbox::~Sandbox() {
  if (ended_) return;
  kill(pid_, SIGKILL);
  wait(kPatience);
}

void Sandbox::signal(int number) const {
  if (!ended_) kill(pid_, number);
}

void Sandbox::signal_all(int number) const {
  if (ended_) return;
  const pid_t child = fork();
  if (child == 0) {
    // The process namespace holds for children only.
    if (setns(pidfd_.get(), CLONE_NEWPID | (geteuid() != 0 ? CLONE_NEWUSER : 0)) != 0) _exit(1);
    const pid_t inside = fork();
    if (inside == 0) _exit(kill(-1, number) == 0 ? 0 : 1);
    while (waitpid(inside, nullptr, 0) < 0 && errno == EINTR) {
    }
    _exit(0);
  }
  while (child > 0 && waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
}

bool Sandbox::wait(Duration patience) {
  const auto reap = [&](int how) {
    int status = 0;
    pid_t r = 0;
    do r = waitpid(pid_, &status, how);
    while (r < 0 && errno == EINTR);
    if (r != pid_) return false;
    status_ = shell_status(status);
    return ended_ = true;
  };
  if (ended_ || reap(WNOHANG)) return true;
  pollfd end{pidfd_.get(), POLLIN, 0};
  poll(&end, 1, static_cast<int>(patience.count_ns() / 1'000'000));
  return reap(WNOHANG);
}

EnteredCommand::EnteredCommand(const Sandbox& sandbox, const std::vector<std::string>& command,
                               const std::vector<std::string>& environment) {
  std::vector<std::string> words = command, variables = environment;
  const auto argv = c_strings(words), envp = c_strings(variables);
  auto [output, their_output] = make_pipe();
  auto [error, their_error] = make_pipe();
  const int all = CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC |
                  (geteuid() != 0 ? CLONE_NEWUSER : 0);
  pid_ = fork();
  if (pid_ < 0) throw SimulationError(fmt::format("cannot start a process: {}", std::strerror(errno)));
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);
    dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
    dup2(their_output.get(), 1);
    dup2(their_error.get(), 2);
    if (setns(sandbox.pidfd(), all) != 0) _exit(126);
    close_others(-1, -1, -1);
    const pid_t inside = fork();  // only children are in the other process namespace
    if (inside == 0) {
      signal(SIGPIPE, SIG_DFL);
      environ = const_cast<char**>(envp.data());
      execvp(argv[0], argv.data());
      _exit(127);
    }
    close(1);
    close(2);
    int status = 0;
    while (waitpid(inside, &status, 0) < 0 && errno == EINTR) {
    }
    _exit(shell_status(status));
  }
  pidfd_ = open_pidfd(pid_);
  output_ = std::move(output);
  error_ = std::move(error);
}

EnteredCommand::~EnteredCommand() {
  if (pid_ > 0) kill(-pid_, SIGKILL);
  exit_status();
}

int EnteredCommand::exit_status() {
  if (pid_ < 0) return 255;
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return shell_status(status);
}

std::string sandbox_refusal() {
  try {
    char name[] = "/tmp/xedgesim-XXXXXX";
    if (!mkdtemp(name)) return "cannot write to /tmp";
    const struct Remove {
      const char* path;
      ~Remove() {
        std::error_code ec;
        fs::remove_all(path, ec);
      }
    } remove{name};
    Sandbox trial(
        {.hostname = "trial", .card = {.mac = {2, 0, 0, 0, 0, 1}}, .command = {"true"}, .folder = name});
    return {};
  } catch (const Error& e) {
    return e.what();
  }
}

}  // namespace xedgesim::container
