#include "container/network_card.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/error.h"
#include "container/child_report.h"

namespace xedgesim::container {

namespace {

void put_address(sockaddr& to, uint32_t ip) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_addr.s_addr = htonl(ip);
  std::memcpy(&to, &in, sizeof in);
}

void configure(const char* family, const char* device, const char* what, const char* value) {
  char file[96];
  snprintf(file, sizeof file, "/proc/sys/net/%s/conf/%s/%s", family, device, what);
  write_text(file, value);
}

}  // namespace

const char* make_tap(const NetworkCard& card, int& device) {
  device = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (device < 0) return "open /dev/net/tun for";
  ifreq r{};
  strncpy(r.ifr_name, card.name.c_str(), IFNAMSIZ - 1);
  r.ifr_flags = IFF_TAP | IFF_NO_PI;
  if (ioctl(device, TUNSETIFF, &r) != 0) return "make";
  const int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const auto set = [&](unsigned long what) { return s >= 0 && ioctl(s, what, &r) == 0; };
  r.ifr_hwaddr.sa_family = ARPHRD_ETHER;
  std::memcpy(r.ifr_hwaddr.sa_data, card.mac.data(), card.mac.size());
  bool good = set(SIOCSIFHWADDR);
  // Before it is on: its announcements and searches would go into the simulated network.
  configure("ipv6", card.name.c_str(), "disable_ipv6", "1");
  if (card.ip != 0) {
    put_address(r.ifr_addr, card.ip);
    good = good && set(SIOCSIFADDR);
    put_address(r.ifr_addr, 0xffffffffu << (32 - card.prefix));
    good = good && set(SIOCSIFNETMASK);
  } else {
    configure("ipv4", card.name.c_str(), "arp_ignore", "8");
  }
  r.ifr_flags = IFF_UP | IFF_BROADCAST | IFF_MULTICAST;
  good = good && set(SIOCSIFFLAGS);
  const int why = errno;
  if (s >= 0) close(s);
  errno = why;
  return good ? nullptr : "set up";
}

int make_card_here(int report, const NetworkCard& card) {
  configure("ipv6", "all", "disable_ipv6", "1");
  configure("ipv6", "default", "disable_ipv6", "1");
  int tun = -1;
  if (const char* failed = make_tap(card, tun)) {
    char step[64];
    snprintf(step, sizeof step, "%s a network card", failed);
    give_up(report, step);
  }
  const int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (s < 0) give_up(report, "open a socket");
  if (card.gateway != 0) {
    rtentry route{};
    put_address(route.rt_dst, 0);
    put_address(route.rt_genmask, 0);
    put_address(route.rt_gateway, card.gateway);
    route.rt_flags = RTF_UP | RTF_GATEWAY;
    if (ioctl(s, SIOCADDRT, &route) != 0) give_up(report, "set the way out");
  }
  ifreq loopback{};
  strncpy(loopback.ifr_name, "lo", IFNAMSIZ - 1);
  loopback.ifr_flags = IFF_UP | IFF_RUNNING;
  ioctl(s, SIOCSIFFLAGS, &loopback);
  close(s);
  return tun;
}

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

}  // namespace xedgesim::container
