#include "live/tap.h"

#include <fmt/format.h>
#include <net/if.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "container/network_card.h"

namespace xedgesim::live {
namespace {

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

Tap::Tap(EventLoop& loop, const Config& c, std::function<void(sim::Bytes)> frame) : name_(c.name) {
  // A device that somebody made to stay would be taken over otherwise.
  if (if_nametoindex(c.name.c_str()) != 0) {
    errno = EBUSY;
    refuse_device(c, "make");
  }
  const container::NetworkCard card{
      .name = c.name, .mac = net::ethernet::octets(c.mac), .ip = c.ip, .prefix = c.prefix};
  int made = -1;
  const char* const failed = container::make_tap(card, made);
  Descriptor device(made);
  if (failed) refuse_device(c, failed);
  port_ = std::make_unique<TapPort>(loop, std::move(device), std::move(frame));
}

}  // namespace xedgesim::live
