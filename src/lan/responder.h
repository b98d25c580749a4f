#pragma once
#include <map>
#include <string>
#include <vector>

#include "lan/dhcp.h"
#include "lan/dns.h"

namespace xedgesim::lan {

/// Addresses and names for the machines of a network: what dnsmasq would do with static leases. Sits at the
/// machine's end of every cable, so that neither impairments nor VLANs keep a machine from its address; what
/// is meant for it never reaches the cable.
///
/// Takes frames for its own address, DHCP broadcasts, and ARP questions for its address; answers DHCP, DNS,
/// ARP and pings; other IPv4 for its MAC, and questions for foreign names where `foreign_names` is set, are
/// for an uplink behind it. Leaves out: IPv6, DNS over TCP, leases for anybody not listed.
class Responder {
 public:
  struct Host {
    std::string name{};
    ethernet::Mac mac{};
    uint32_t ip = 0;
    uint32_t router = 0;  ///< its way to other networks, told by DHCP; 0: the gateway, if there is one
  };
  struct Config {
    uint32_t ip = 0;  ///< its own
    int prefix = 24;
    std::string domain{};        ///< "local"; may be empty
    bool gateway = false;        ///< the way out of the network: told by DHCP
    bool foreign_names = false;  ///< somebody else answers for names outside the network
    std::vector<Host> hosts{};
    std::vector<Host> elsewhere{};  ///< names of machines of other networks
  };
  explicit Responder(Config config);
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;

  /// What became of a frame that a machine sent.
  struct Outcome {
    bool taken = false;                 ///< it was meant for the responder, and goes nowhere else
    bool outward = false;               ///< taken, but for somebody behind it
    std::vector<sim::Bytes> answers{};  ///< frames for the machine
  };
  Outcome take(std::span<const uint8_t> frame);

  const Config& config() const { return config_; }
  ethernet::Mac mac() const;
  /// Times a machine was given its address, by its MAC.
  uint64_t leases(ethernet::Mac mac) const;
  bool in_network(uint32_t ip) const;

 private:
  bool foreign(std::span<const uint8_t> query) const;
  void add_name(const Host& host);
  std::optional<sim::Bytes> datagram(std::span<const uint8_t> packet);
  std::optional<sim::Bytes> dhcp_answer(std::span<const uint8_t> datagram);
  std::optional<sim::Bytes> echo(std::span<const uint8_t> packet) const;
  sim::Bytes framed(ethernet::Mac to, uint16_t type, std::span<const uint8_t> payload) const;

  Config config_;
  std::map<ethernet::Mac, const Host*> by_mac_;
  std::map<std::string, uint32_t> by_name_;
  std::map<uint32_t, std::string> by_ip_;
  std::map<ethernet::Mac, uint64_t> leases_;
  DnsTable table_;
  uint16_t identification_ = 0;
};

}  // namespace xedgesim::lan
