// The shapers against the kernel's: the same packets through tc tbf and htb on a veth pair between two
// network namespaces, which the test makes and removes, and through a Link.
#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "line.h"

namespace xedgesim::net {
namespace {

using namespace literals;

constexpr int kHeaders = 14 + 20 + 8;

bool shell(const std::string& command) { return std::system((command + " >/dev/null 2>&1").c_str()) == 0; }

/// Two namespaces "a" and "b" with a cable between them, gone with the object.
class Namespaces {
 public:
  Namespaces() {
    if (::geteuid() != 0) {
      why_not = "not root: network namespaces cannot be made";
    } else if (!shell("ip -V") || !shell("tc -V")) {
      why_not = "ip and tc are missing: install Debian's package iproute2";
    } else if (!shell(fmt::format("ip netns add {} && ip netns add {}", a, b))) {
      why_not = "this host does not allow network namespaces";
    } else if (!shell(fmt::format("ip -n {0} link add w type veth peer name w netns {1} && ip -n {0} addr "
                                  "add 10.99.0.1/24 dev w && "
                                  "ip -n {1} addr add 10.99.0.2/24 dev w && ip -n {0} link set w up && ip -n "
                                  "{1} link set w up",
                                  a, b))) {
      why_not = "this kernel has no veth devices";
    } else {
      shell(
          fmt::format("ip netns exec {0} sysctl -w net.ipv6.conf.all.disable_ipv6=1; ip netns exec {0} ping "
                      "-c 1 -W 1 10.99.0.2",
                      a));
      shell(
          fmt::format("MAC=$(ip netns exec {1} cat /sys/class/net/w/address) && ip -n {0} neigh replace "
                      "10.99.0.2 lladdr $MAC dev w nud permanent",
                      a, b));
    }
  }
  ~Namespaces() {
    shell("ip netns del " + a);
    shell("ip netns del " + b);
  }
  /// tc arguments with DEV for the sender's device. False and why_not when the kernel refuses.
  bool tc(std::string arguments) {
    for (size_t at; (at = arguments.find("DEV")) != std::string::npos;) arguments.replace(at, 3, "dev w");
    if (shell(fmt::format("tc -n {} {}", a, arguments))) return true;
    why_not = fmt::format("the kernel refuses 'tc {}' (sch_tbf, sch_htb or cls_u32 missing)", arguments);
    return false;
  }
  /// A UDP socket of the namespace; -1 when there is none.
  static int socket_in(const std::string& name) {
    int fd = -1;
    // A thread of its own, because a namespace belongs to a thread.
    std::thread([&] {
      const int ns = ::open(("/run/netns/" + name).c_str(), O_RDONLY | O_CLOEXEC);
      if (ns >= 0 && ::setns(ns, CLONE_NEWNET) == 0) fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
      if (ns >= 0) ::close(ns);
    }).join();
    const int room = 64 << 20;
    ::setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    return fd;
  }
  const std::string a = fmt::format("xs_{}_a", ::getpid()), b = fmt::format("xs_{}_b", ::getpid());
  std::string why_not;
};

struct Arrival {
  double time_s;  // after the first one
  int flow;
};

sockaddr_in address(const char* ip, int port) {
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_port = htons(static_cast<uint16_t>(port));
  ::inet_pton(AF_INET, ip, &a.sin_addr);
  return a;
}

/// Sends `rounds` times one packet of each flow (to port 7000 + flow) as fast as the host can, and receives
/// until nothing has come for 300 ms.
///
/// Repeated when the host was busy elsewhere while it should have sent. `sending_s`: how long that took.
std::vector<Arrival> through_kernel(const Namespaces& ns, int rounds, int flows, int frame_bytes,
                                    double* sending_s = nullptr, int tries = 6) {
  std::vector<int> in;
  for (int f = 0; f < flows; ++f) {
    in.push_back(Namespaces::socket_in(ns.b));
    const auto self = address("10.99.0.2", 7000 + f);
    EXPECT_EQ(::bind(in.back(), reinterpret_cast<const sockaddr*>(&self), sizeof self), 0);
    const timeval wait{.tv_sec = 0, .tv_usec = 300'000};
    ::setsockopt(in.back(), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    const int on = 1;
    ::setsockopt(in.back(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
  }
  const int out = Namespaces::socket_in(ns.a);
  const std::vector<char> payload(static_cast<size_t>(frame_bytes - kHeaders));
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < rounds; ++i)
    for (int f = 0; f < flows; ++f) {
      const auto to = address("10.99.0.2", 7000 + f);
      ::sendto(out, payload.data(), payload.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    }
  const std::chrono::duration<double> sending = std::chrono::steady_clock::now() - begun;
  std::vector<Arrival> arrivals;
  double first = 0;
  for (int f = 0; f < flows; ++f) {
    for (;;) {
      char data[2048], control[256];
      iovec piece{data, sizeof data};
      msghdr m{};
      m.msg_iov = &piece;
      m.msg_iovlen = 1;
      m.msg_control = control;
      m.msg_controllen = sizeof control;
      if (::recvmsg(in[static_cast<size_t>(f)], &m, 0) < 0) break;
      for (cmsghdr* c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
        if (c->cmsg_type != SO_TIMESTAMPNS) continue;
        timespec t{};
        std::memcpy(&t, CMSG_DATA(c), sizeof t);
        const double s = static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
        if (first == 0 || s < first) first = s;
        arrivals.push_back({s, f});
      }
    }
    ::close(in[static_cast<size_t>(f)]);
  }
  ::close(out);
  if (sending.count() > 0.004 + 10e-6 * rounds * flows && tries > 1)
    return through_kernel(ns, rounds, flows, frame_bytes, sending_s, tries - 1);
  if (sending_s) *sending_s = sending.count();
  for (Arrival& x : arrivals) x.time_s -= first;
  std::sort(arrivals.begin(), arrivals.end(),
            [](const Arrival& x, const Arrival& y) { return x.time_s < y.time_s; });
  return arrivals;
}

/// The same packets, all at once, through our link; a flow is a priority.
std::vector<Arrival> through_link(const LinkParameters& p, int rounds, int flows, int frame_bytes) {
  TestLine line(p);
  for (int i = 0; i < rounds; ++i)
    for (int f = 0; f < flows; ++f)
      line.frame(SimTime::zero(), f, static_cast<size_t>(frame_bytes), static_cast<uint8_t>(f));
  line.run();
  std::vector<Arrival> arrivals;
  for (const auto& e : line.b.events)
    arrivals.push_back({(e.time - line.b.events.front().time).count_s(), static_cast<int>(tag_of(e))});
  return arrivals;
}

TEST(KernelShaper, TokenBucketFilterPassesTheSamePacketsAtTheSameTimes) {
  Namespaces ns;
  if (!ns.why_not.empty()) GTEST_SKIP() << ns.why_not;
  if (!ns.tc("qdisc add DEV root tbf rate 10mbit burst 20000 limit 400000")) GTEST_SKIP() << ns.why_not;
  double sending_s = 0;
  const auto kernel = through_kernel(ns, 600, 1, 1042, &sending_s);
  const auto ours =
      through_link({.rate_bps = 10'000'000, .queue_bytes = 400'000, .burst_bytes = 20'000}, 600, 1, 1042);
  RecordProperty("kernel_packets", static_cast<int>(kernel.size()));
  RecordProperty("our_packets", static_cast<int>(ours.size()));
  // Ours all come at once; what the kernel passes on while the host is still sending makes room for more.
  const double room = sending_s * 10e6 / (8 * 1042);
  EXPECT_GE(static_cast<double>(kernel.size()), 0.98 * static_cast<double>(ours.size()));
  EXPECT_LE(static_cast<double>(kernel.size()), 1.02 * static_cast<double>(ours.size()) + room);
  const size_t n = std::min(kernel.size(), ours.size());
  ASSERT_GT(n, 300u);
  for (size_t i = n / 4; i < n; i += n / 8)
    EXPECT_NEAR(kernel[i].time_s, ours[i].time_s, 0.03 * ours[i].time_s + 0.004) << "packet " << i;
}

TEST(KernelShaper, PeakRateOfTheTokenBucketFilter) {
  Namespaces ns;
  if (!ns.why_not.empty()) GTEST_SKIP() << ns.why_not;
  if (!ns.tc("qdisc add DEV root tbf rate 4mbit burst 100000 limit 1000000 peakrate 16mbit mtu 1542"))
    GTEST_SKIP() << ns.why_not;
  const auto kernel = through_kernel(ns, 250, 1, 1042);
  const auto ours = through_link({.rate_bps = 4'000'000,
                                  .queue_bytes = 1'000'000,
                                  .burst_bytes = 100'000,
                                  .peak_rate_bps = 16'000'000,
                                  .mtu_bytes = 1542},
                                 250, 1, 1042);
  ASSERT_EQ(kernel.size(), ours.size());
  // The burst flows at the peak rate, the rest at the rate.
  for (const size_t i : {60, 100, 150, 200, 249})
    EXPECT_NEAR(kernel[i].time_s, ours[i].time_s, 0.04 * ours[i].time_s + 0.004) << "packet " << i;
}

TEST(KernelShaper, HierarchicalTokenBucketSharesAlike) {
  Namespaces ns;
  if (!ns.why_not.empty()) GTEST_SKIP() << ns.why_not;
  struct Case {
    const char* name;
    int64_t rate[3], ceil[3], priority[3];
  };
  for (const Case& c : {Case{"guaranteed", {1, 6, 3}, {10, 10, 10}, {0, 0, 0}},
                        Case{"borrowed", {1, 1, 2}, {10, 10, 3}, {0, 1, 2}}}) {
    ns.tc("qdisc del DEV root");
    bool ok = ns.tc("qdisc add DEV root handle 1: htb default 12") &&
              ns.tc("class add DEV parent 1: classid 1:1 htb rate 10mbit ceil 10mbit burst 4000 cburst 4000");
    for (int f = 0; ok && f < 3; ++f)
      ok = ns.tc(fmt::format(
               "class add DEV parent 1:1 classid 1:1{} htb rate {}mbit ceil {}mbit prio {} burst 4000 cburst "
               "4000 quantum 3000",
               f, c.rate[f], c.ceil[f], c.priority[f])) &&
           ns.tc(fmt::format("qdisc add DEV parent 1:1{} pfifo limit 1000", f)) &&
           ns.tc(fmt::format("filter add DEV parent 1: protocol ip u32 match ip dport {} 0xffff flowid 1:1{}",
                             7000 + f, f));
    if (!ok) GTEST_SKIP() << ns.why_not;
    LinkParameters p{.rate_bps = 10'000'000, .burst_bytes = 4000};
    for (int f = 0; f < 3; ++f)
      p.classes.push_back({.name = std::to_string(f),
                           .rate_bps = c.rate[f] * 1'000'000,
                           .ceil_bps = c.ceil[f] * 1'000'000,
                           .burst_bytes = 4000,
                           .priority = c.priority[f],
                           .quantum = 3000,
                           .pcps = {f}});
    const auto kernel = through_kernel(ns, 900, 3, 1042), ours = through_link(p, 900, 3, 1042);
    // Bytes each class got while all were backlogged: the first second.
    const auto first_second = [](const std::vector<Arrival>& v) {
      std::array<double, 3> sum{};
      for (const Arrival& a : v)
        if (a.time_s < 1) sum[static_cast<size_t>(a.flow)] += 1042 * 8 / 1e6;
      return sum;
    };
    const auto k = first_second(kernel), o = first_second(ours);
    for (size_t f = 0; f < 3; ++f) EXPECT_NEAR(k[f], o[f], 0.05 * o[f] + 0.1) << c.name << " class " << f;
    EXPECT_NEAR(k[0] + k[1] + k[2], 10, 0.5) << c.name;
  }
}

}  // namespace
}  // namespace xedgesim::net
