#include "live/uplink.h"

#include "base/error.h"

#ifdef XEDGESIM_SLIRP
#include <arpa/inet.h>
#include <fmt/format.h>
#include <slirp/libslirp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <list>
#include <set>
#include <tuple>

#include "base/descriptor.h"
#include "lan/dns.h"
#include "net/ethernet/network_order.h"
#include "net/ethernet/udp.h"
#endif

namespace xedgesim::live {

#ifndef XEDGESIM_SLIRP

std::string Uplink::missing() {
  return "this build cannot connect machines with the host's sockets: install libslirp-dev (scripts/setup "
         "does) "
         "and build again, or remove `ports` and network.lan.uplink";
}
struct Uplink::Stack {};
Uplink::Uplink(Config, Deliver) { throw ConfigError(missing()); }
void Uplink::take(std::span<const uint8_t>) {}
Duration Uplink::prepare(std::vector<pollfd>&, Duration patience) { return patience; }
void Uplink::serve() {}

#else

namespace {

namespace ethernet = net::ethernet;

constexpr size_t kIpHeader = 20, kToIp = 16, kFromIp = 12, kMacBytes = 6;
constexpr size_t kLongestInput = 65'535;  // bytes
constexpr uint16_t kArpReply = 2;

in_addr network_order(uint32_t ip) { return {.s_addr = htonl(ip)}; }

int64_t now_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

struct FlagPair {
  int slirp;
  short poll;
};
constexpr FlagPair kFlags[] = {{SLIRP_POLL_IN, POLLIN},
                               {SLIRP_POLL_OUT, POLLOUT},
                               {SLIRP_POLL_PRI, POLLPRI},
                               {SLIRP_POLL_ERR, POLLERR},
                               {SLIRP_POLL_HUP, POLLHUP}};

/// UDP sockets of libslirp share a taken port without a word, so it is tried here first.
bool udp_port_free(const Uplink::Forward& f) {
  const Descriptor probe(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_port = htons(f.host_port);
  a.sin_addr = network_order(f.host_ip);
  return bind(probe.get(), reinterpret_cast<const sockaddr*>(&a), sizeof a) == 0;
}

sim::Bytes mac_bytes(ethernet::Mac mac) {
  sim::Bytes out;
  ethernet::append_number(out, static_cast<uint64_t>(mac), kMacBytes);
  return out;
}

}  // namespace

std::string Uplink::missing() { return {}; }

struct Uplink::Stack {
  struct Timer {
    SlirpTimerCb callback = nullptr;
    void* opaque = nullptr;
    int64_t due_ms = -1;  // -1: not set
  };
  Config config;
  Deliver deliver;
  Slirp* slirp = nullptr;
  SlirpCb callbacks{};
  std::list<Timer> timers;
  std::vector<pollfd> fds;
  std::vector<sim::Bytes> arp_answers;
  std::set<std::tuple<uint32_t, uint16_t, uint32_t, uint16_t> > brought_in;  // UDP: machine, then its peer
  uint32_t name_server = 0;  // an unused address: questions for foreign names go there
  uint16_t identification = 0;

  Stack(Config c, Deliver d) : config(std::move(c)), deliver(std::move(d)) {
    const uint32_t mask = 0xffffffffu << (32 - config.prefix);
    name_server = (config.ip | ~mask) - 1;
    while (name_server == config.ip ||
           std::any_of(config.machines.begin(), config.machines.end(),
                       [this](const Neighbour& n) { return n.ip == name_server; }))
      --name_server;
    callbacks.send_packet = [](const void* data, size_t size, void* self) {
      static_cast<Stack*>(self)->send({static_cast<const uint8_t*>(data), size});
      return static_cast<ssize_t>(size);
    };
    callbacks.guest_error = [](const char*, void*) {};
    callbacks.clock_get_ns = [](void*) { return now_ns(); };
    callbacks.timer_new = [](SlirpTimerCb callback, void* opaque, void* self) -> void* {
      return &static_cast<Stack*>(self)->timers.emplace_back(Timer{callback, opaque});
    };
    callbacks.timer_free = [](void* timer, void* self) {
      static_cast<Stack*>(self)->timers.remove_if([timer](const Timer& t) { return &t == timer; });
    };
    callbacks.timer_mod = [](void* timer, int64_t due_ms, void*) {
      static_cast<Timer*>(timer)->due_ms = due_ms;
    };
    callbacks.register_poll_fd = [](int, void*) {};
    callbacks.unregister_poll_fd = [](int, void*) {};
    callbacks.notify = [](void*) {};
    SlirpConfig s{};
    s.version = 4;
    s.in_enabled = true;
    s.vnetwork = network_order(config.ip & mask);
    s.vnetmask = network_order(mask);
    s.vhost = network_order(config.ip);
    s.vdhcp_start = network_order(config.ip);
    s.vnameserver = network_order(name_server);
    // Its own two locks hold back the answers to forwarded datagrams too: let_out() does their work.
    s.restricted = 0;
    s.disable_host_loopback = false;
    s.disable_dns = !config.outside;
    s.disable_dhcp = true;
    slirp = slirp_new(&s, &callbacks, this);
    if (!slirp) throw SimulationError("libslirp could not be started");
    for (const Neighbour& n : config.machines) tell_mac(n);
    feed_arp();
    serve();  // it reads the clock here only: what began before would be as old as the host
  }
  ~Stack() {
    if (slirp) slirp_cleanup(slirp);
  }

  void listen(const Forward& f) {
    errno = 0;
    if ((f.udp && !udp_port_free(f)) || slirp_add_hostfwd(slirp, f.udp, network_order(f.host_ip), f.host_port,
                                                          network_order(f.ip), f.port) != 0)
      throw ConfigError(fmt::format(
          "node '{}': cannot listen on the host's {} port {} (ports: \"{}\"): {}; choose another port",
          f.node, f.udp ? "UDP" : "TCP", f.host_port, f.written,
          errno == EADDRINUSE ? "another program has it" : std::strerror(errno)));
  }

  /// An ARP reply for libslirp, which asks before it sends.
  void tell_mac(const Neighbour& n) {
    sim::Bytes p;
    for (const auto& [value, bytes] : {std::pair<uint64_t, int>(1, 2),
                                       {ethernet::ether_type::kIpv4, 2},
                                       {6, 1},
                                       {4, 1},
                                       {kArpReply, 2},
                                       {static_cast<uint64_t>(n.mac), 6},
                                       {n.ip, 4},
                                       {static_cast<uint64_t>(config.mac), 6},
                                       {config.ip, 4}})
      ethernet::append_number(p, value, bytes);
    arp_answers.push_back(
        ethernet::build({.destination = config.mac, .source = n.mac, .type = ethernet::ether_type::kArp}, p));
  }

  bool feed_arp() {
    const auto frames = std::exchange(arp_answers, {});
    for (const sim::Bytes& f : frames) slirp_input(slirp, f.data(), static_cast<int>(f.size()));
    return !frames.empty();
  }

  bool in_network(uint32_t ip) const { return (ip ^ config.ip) >> (32 - config.prefix) == 0; }

  /// From libslirp.
  void send(std::span<const uint8_t> frame) {
    const auto h = ethernet::parse(frame);
    if (!h) return;
    auto payload = frame.subspan(h->size);
    if (h->type == ethernet::ether_type::kArp) {
      constexpr size_t kArpTarget = 24;  // RFC 826: the address it asks for
      if (payload.size() < kArpTarget + 4) return;
      const auto asked = static_cast<uint32_t>(ethernet::number_at(payload, kArpTarget, 4));
      for (const Neighbour& n : config.machines)
        if (n.ip == asked) tell_mac(n);
      return;
    }
    if (h->type != ethernet::ether_type::kIpv4) return;
    sim::Bytes out(frame.begin(), frame.end());
    const auto udp = ethernet::parse_udp(payload);
    if (udp) {
      constexpr size_t kMostConversations = 4096;
      if (brought_in.size() >= kMostConversations) brought_in.clear();
      const auto& a = udp->addresses;
      brought_in.insert({a.to_ip, a.to_port, a.from_ip, a.from_port});
    }
    if (udp && udp->addresses.from_ip == name_server) {
      ethernet::UdpAddresses back = udp->addresses;
      back.from_ip = config.ip;
      out = ethernet::build({.destination = h->destination, .source = config.mac, .type = h->type},
                            ethernet::udp_packet(back, identification++, udp->data));
    } else {
      const sim::Bytes mac = mac_bytes(config.mac);
      std::copy(mac.begin(), mac.end(), out.begin() + kMacBytes);
    }
    deliver(h->destination, out);
  }

  /// To libslirp. What it would take for the host's loopback is not for everybody.
  void take(std::span<const uint8_t> frame) {
    const auto h = ethernet::parse(frame);
    if (!h || h->tag_count > 0 || h->type != ethernet::ether_type::kIpv4 || frame.size() > kLongestInput ||
        frame.size() < h->size + kIpHeader)
      return;
    const auto packet = frame.subspan(h->size);
    const auto to = static_cast<uint32_t>(ethernet::number_at(packet, kToIp, 4));
    const auto from = static_cast<uint32_t>(ethernet::number_at(packet, kFromIp, 4));
    if (!in_network(from) || to >> 24 == 0 || to >> 24 == 127 || to >> 28 >= 0xe) return;
    if (in_network(to) && to != config.ip) return;
    if (const auto udp = ethernet::parse_udp(packet);
        udp && config.outside && to == config.ip && udp->addresses.to_port == lan::kDnsPort) {
      ethernet::UdpAddresses there = udp->addresses;
      there.to_ip = name_server;
      const sim::Bytes asked =
          ethernet::build({.destination = h->destination, .source = h->source, .type = h->type},
                          ethernet::udp_packet(there, identification++, udp->data));
      slirp_input(slirp, asked.data(), static_cast<int>(asked.size()));
      return;
    }
    if (let_out(packet, to)) slirp_input(slirp, frame.data(), static_cast<int>(frame.size()));
  }

  /// Where they may not begin anything, machines answer what the forwards brought in.
  bool let_out(std::span<const uint8_t> packet, uint32_t to) const {
    constexpr uint8_t kTcp = 6, kSyn = 0x02, kAck = 0x10;
    if (to == config.ip ? config.host_loopback : config.outside) return true;
    if (const auto udp = ethernet::parse_udp(packet)) {
      const auto& a = udp->addresses;
      return brought_in.contains({a.from_ip, a.from_port, a.to_ip, a.to_port});
    }
    const size_t head = size_t{4} * (packet[0] & 0xf), flags = head + 13;
    const bool first = (ethernet::number_at(packet, 6, 2) & 0x1fff) == 0;
    return packet[9] == kTcp && first && flags < packet.size() && (packet[flags] & (kSyn | kAck)) != kSyn;
  }

  Duration prepare(std::vector<pollfd>& waited_for, Duration patience) {
    if (feed_arp()) patience = Duration();
    fds.clear();
    auto timeout = static_cast<uint32_t>(std::clamp<int64_t>(patience.count_ns() / 1'000'000, 0, 1000));
    const uint32_t before = timeout;
    slirp_pollfds_fill(
        slirp, &timeout,
        [](int fd, int events, void* self) {
          auto& all = static_cast<Stack*>(self)->fds;
          short wanted = 0;
          for (const FlagPair& f : kFlags)
            if (events & f.slirp) wanted = static_cast<short>(wanted | f.poll);
          all.push_back({fd, wanted, 0});
          return static_cast<int>(all.size()) - 1;
        },
        this);
    waited_for.insert(waited_for.end(), fds.begin(), fds.end());
    if (timeout < before) patience = std::min(patience, Duration::ms(timeout));
    for (const Timer& t : timers)
      if (t.due_ms >= 0)
        patience = std::clamp(Duration::ms(t.due_ms) - Duration::ns(now_ns()), Duration(), patience);
    return patience;
  }

  void serve() {
    const int ready = fds.empty() ? 0 : poll(fds.data(), fds.size(), 0);
    slirp_pollfds_poll(
        slirp, ready < 0,
        [](int i, void* self) {
          const short happened = static_cast<Stack*>(self)->fds[static_cast<size_t>(i)].revents;
          int out = 0;
          for (const FlagPair& f : kFlags)
            if (happened & f.poll) out |= f.slirp;
          return out;
        },
        this);
    const int64_t ms = now_ns() / 1'000'000;
    for (Timer& t : timers)
      if (t.due_ms >= 0 && t.due_ms <= ms) {
        t.due_ms = -1;
        t.callback(t.opaque);
      }
  }
};

Uplink::Uplink(Config config, Deliver deliver)
    : stack_(std::make_unique<Stack>(std::move(config), std::move(deliver))) {
  for (const Forward& f : stack_->config.forwards) stack_->listen(f);
}
void Uplink::take(std::span<const uint8_t> frame) { stack_->take(frame); }
Duration Uplink::prepare(std::vector<pollfd>& waited_for, Duration patience) {
  return stack_->prepare(waited_for, patience);
}
void Uplink::serve() { stack_->serve(); }

#endif

Uplink::~Uplink() = default;

}  // namespace xedgesim::live
