#include "live/dnsmasq.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <fstream>

#include "base/error.h"
#include "net/ethernet/udp.h"
#include "system/addresses.h"
#include "vm/process.h"

namespace xedgesim::live {
namespace {

namespace fs = std::filesystem;
namespace ethernet = net::ethernet;

constexpr std::chrono::seconds kPatienceWithDnsmasq{10};
constexpr size_t kMostWords = 2000;  // bytes of what it said last

}  // namespace

std::string Dnsmasq::missing(fs::path& program) {
  program = vm::find_program("dnsmasq");
  std::error_code ec;
  if (program.empty() && fs::exists("/usr/sbin/dnsmasq", ec))
    program = "/usr/sbin/dnsmasq";  // of no user's PATH
  if (program.empty()) return "dnsmasq is not installed (Debian: dnsmasq-base)";
  return container::sandbox_refusal();
}

/// dnsmasq(8); nothing of the host's own configuration is read.
void Dnsmasq::write_configuration(const fs::path& file, const fs::path& leases) const {
  const lan::Responder::Config& lan = responder_.config();
  const uint32_t mask = 0xffffffffu << (32 - lan.prefix);
  std::ofstream out(file);
  out << "keep-in-foreground\nuser=root\ngroup=root\npid-file=\nlog-facility=-\nno-resolv\nno-hosts\nno-"
         "poll\n"
         "interface=eth0\nexcept-interface=lo\nbind-interfaces\ndhcp-authoritative\ndomain-needed\nbogus-"
         "priv\naddress=/#/\n"
      << "dhcp-leasefile=" << leases.string() << '\n'
      << fmt::format("dhcp-range={},static,{},1h\n", system::dotted_ipv4(lan.ip & mask),
                     system::dotted_ipv4(mask))
      << "dhcp-option=option:router\n";  // none
  if (!lan.domain.empty()) out << fmt::format("domain={0}\nlocal=/{0}/\n", lan.domain);
  const auto add_name = [&](const lan::Responder::Host& h) {
    const std::string full = lan.domain.empty() ? "" : fmt::format("{}.{},", h.name, lan.domain);
    out << fmt::format("host-record={}{},{}\n", full, h.name, system::dotted_ipv4(h.ip));
  };
  for (size_t i = 0; i < lan.hosts.size(); ++i) {
    const auto& h = lan.hosts[i];
    out << fmt::format("dhcp-host={},set:host{},{},{}\n", ethernet::to_string(h.mac), i,
                       system::dotted_ipv4(h.ip), h.name);
    if (h.router != 0)
      out << fmt::format("dhcp-option=tag:host{},option:router,{}\n", i, system::dotted_ipv4(h.router));
    add_name(h);
  }
  for (const auto& h : lan.elsewhere) add_name(h);
  if (!out.flush()) throw SimulationError(fmt::format("cannot write {}", file.string()));
}

Dnsmasq::Dnsmasq(EventLoop& loop, const lan::Responder& responder, Config config)
    : loop_(loop), responder_(responder), config_(std::move(config)) {
  const fs::path folder = fs::absolute(config_.folder);
  fs::create_directories(folder);
  write_configuration(folder / "dnsmasq.conf", folder / "dnsmasq.leases");
  log_path_ = folder / "dnsmasq.log";
  log_.open(log_path_, std::ios::binary);
  const container::NetworkCard card{.mac = ethernet::octets(responder_.mac()),
                                    .ip = responder_.config().ip,
                                    .prefix = responder_.config().prefix};
  sandbox_ = std::make_unique<container::Sandbox>(container::Sandbox::Config{
      .hostname = "dnsmasq",
      .cards = {card},
      .command = {config_.program.string(), "--conf-file=" + (folder / "dnsmasq.conf").string()},
      .environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"},
      .folder = folder / "dnsmasq.etc"});
  card_ = std::make_unique<TapPort>(loop_, std::move(sandbox_->take_cards().at(0)), [this](sim::Bytes frame) {
    if (const auto h = ethernet::parse(frame)) config_.frame(h->destination, frame);
  });
  words_ = sandbox_->take_output();
  fcntl(words_.get(), F_SETFL, fcntl(words_.get(), F_GETFL) | O_NONBLOCK);
  sandbox_->go();
  wait_until_there();
  loop_.watch(words_.get(), [this](short) {
    if (take_words()) return;
    loop_.forget(words_.get());
    config_.ended(fmt::format("dnsmasq has ended: {}", last_words()));
  });
}

Dnsmasq::~Dnsmasq() { loop_.forget(words_.get()); }

void Dnsmasq::wait_until_there() {
  const auto end = std::chrono::steady_clock::now() + kPatienceWithDnsmasq;
  while (!there_) {
    pollfd p{.fd = words_.get(), .events = POLLIN, .revents = 0};
    poll(&p, 1, 100);
    if ((p.revents != 0 && !take_words()) || std::chrono::steady_clock::now() > end)
      throw SimulationError(fmt::format("dnsmasq does not start: {}", last_words()));
  }
}

bool Dnsmasq::take_words() {
  std::array<char, 4096> chunk;
  const ssize_t n = read(words_.get(), chunk.data(), chunk.size());
  if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
  if (n == 0) return false;
  log_.write(chunk.data(), n).flush();
  for (const char c : std::string_view(chunk.data(), static_cast<size_t>(n))) {
    if (c != '\n') {
      if (line_.size() < kMostWords) line_ += c;
      continue;
    }
    // "dnsmasq-dhcp: DHCPACK(eth0) 10.7.0.1 52:54:00:00:00:01 left"
    if (const size_t ack = line_.find("DHCPACK("); ack != std::string::npos) {
      const size_t address = line_.find(' ', line_.find(' ', ack) + 1) + 1;
      if (const auto mac = ethernet::parse_mac(std::string_view(line_).substr(address, 17))) ++leases_[*mac];
    }
    there_ = there_ || line_.find(": started, version ") != std::string::npos;
    last_ = std::exchange(line_, {});
  }
  return true;
}

std::string Dnsmasq::last_words() const { return last_.empty() ? "it said nothing" : last_; }

uint64_t Dnsmasq::leases(ethernet::Mac mac) const {
  const auto found = leases_.find(mac);
  return found == leases_.end() ? 0 : found->second;
}

bool Dnsmasq::take(const sim::Bytes& frame) {
  namespace type = ethernet::ether_type;
  const auto h = ethernet::parse(frame);
  if (!h || h->tag_count > 0) return false;
  const auto payload = std::span<const uint8_t>(frame).subspan(h->size);
  const bool asks_for_it =
      h->type == type::kArp && ethernet::answer_arp(payload, responder_.config().ip, responder_.mac());
  const auto udp = h->type == type::kIpv4 ? ethernet::parse_udp(payload) : std::nullopt;
  const bool dhcp = udp && udp->addresses.to_port == lan::dhcp::kServerPort;
  if (h->destination != responder_.mac() && !asks_for_it && !(dhcp && h->destination == ethernet::kBroadcast))
    return false;
  card_->send(frame);  // what it does not take is lost, as on a cable
  return true;
}

}  // namespace xedgesim::live
