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
#include <cstring>

#include "base/error.h"
#include "container/child_report.h"

namespace xedgesim::container {

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
