#include "live/tap.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "net/ethernet/network_order.h"

namespace xedgesim::live {
namespace {

constexpr size_t kLongestHostFrame = 68 << 10;  // bytes
constexpr int kMostHostFrames = 64;             // at a time

ifreq request_for(const std::string& name) {
  ifreq r{};
  name.copy(r.ifr_name, IFNAMSIZ - 1);
  return r;
}

sockaddr address_of(uint32_t ip) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_addr.s_addr = htonl(ip);
  sockaddr out{};
  std::memcpy(&out, &in, sizeof out);
  return out;
}

/// A setting below /proc/sys/net; a kernel without it needs none.
void configure(const std::string& name, char value) {
  const Descriptor setting(open(("/proc/sys/net/" + name).c_str(), O_WRONLY | O_CLOEXEC));
  [[maybe_unused]] const ssize_t written = setting.get() < 0 ? 0 : write(setting.get(), &value, 1);
}

[[noreturn]] void refuse_device(const Tap::Config& c, const std::string& what) {
  const int why = errno;
  std::string advice = std::strerror(why);
  if (why == EPERM || why == EACCES)
    advice =
        "that takes CAP_NET_ADMIN: run as root, or in a network namespace of your own (unshare -rn), or use "
        "`ports` and network.lan.uplink, which need no privileges";
  if (why == EBUSY) advice = "another program has a device of that name: set `interface`";
  if (why == ENOENT || why == ENODEV) advice = "this kernel has no /dev/net/tun";
  throw ConfigError(
      fmt::format("node '{}': cannot {} the network device {}: {}", c.node, what, c.name, advice));
}

}  // namespace

Tap::Tap(EventLoop& loop, const Config& c, std::function<void(sim::Bytes)> frame)
    : loop_(loop),
      name_(c.name),
      frame_(std::move(frame)),
      device_(open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK)) {
  if (device_.get() < 0) refuse_device(c, "make");
  ifreq r = request_for(c.name);
  r.ifr_flags = IFF_TAP | IFF_NO_PI;
  // A device that somebody made to stay would be taken over otherwise.
  if (if_nametoindex(c.name.c_str()) != 0) {
    errno = EBUSY;
    refuse_device(c, "make");
  }
  if (ioctl(device_.get(), TUNSETIFF, &r) != 0) refuse_device(c, "make");
  const Descriptor control(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const auto set = [&](unsigned long what, const ifreq& value) {
    if (ioctl(control.get(), what, &value) != 0) refuse_device(c, "set up");
  };
  r = request_for(c.name);
  r.ifr_hwaddr.sa_family = ARPHRD_ETHER;
  for (int i = 0; i < 6; ++i)
    r.ifr_hwaddr.sa_data[i] = static_cast<char>(static_cast<uint64_t>(c.mac) >> (8 * (5 - i)));
  set(SIOCSIFHWADDR, r);
  // Without IPv6: the host would send its announcements and searches into the simulated network.
  configure(fmt::format("ipv6/conf/{}/disable_ipv6", c.name), '1');
  if (c.ip == 0) {
    configure(fmt::format("ipv4/conf/{}/arp_ignore", c.name), '8');
  } else {
    r = request_for(c.name);
    r.ifr_addr = address_of(c.ip);
    set(SIOCSIFADDR, r);
    r = request_for(c.name);
    r.ifr_netmask = address_of(0xffffffffu << (32 - c.prefix));
    set(SIOCSIFNETMASK, r);
  }
  r = request_for(c.name);
  r.ifr_flags = IFF_UP | IFF_BROADCAST | IFF_MULTICAST;
  set(SIOCSIFFLAGS, r);
  loop_.watch(device_.get(), [this](short) { receive(); });
}

Tap::~Tap() {
  if (device_.get() >= 0) loop_.forget(device_.get());
}

void Tap::receive() {
  static thread_local sim::Bytes buffer(kLongestHostFrame);
  for (int i = 0; i < kMostHostFrames; ++i) {
    const ssize_t n = read(device_.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      // Somebody took the device away: nothing will come any more.
      if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) loop_.forget(device_.get());
      return;
    }
    frame_(sim::Bytes(buffer.begin(), buffer.begin() + n));
  }
}

bool Tap::send(const sim::Bytes& frame) {
  return write(device_.get(), frame.data(), frame.size()) == static_cast<ssize_t>(frame.size());
}

void Tap::set_carrier(bool up) {
  const int value = up ? 1 : 0;
  ioctl(device_.get(), TUNSETCARRIER, &value);
}

}  // namespace xedgesim::live
