#pragma once
#include <map>
#include <string>
#include <vector>

#include "base/rng.h"
#include "net/ethernet/frame.h"
#include "nodes/codes.h"
#include "sim/participant.h"
#include "sim/signal.h"

namespace xedgesim::nodes {

/// A stream of packets from one host to another.
struct TrafficFlow {
  uint32_t id = 0;  ///< unique in the system
  std::string name{};
  enum class Type : uint8_t { udp, ping } type = Type::udp;
  enum class Pattern : uint8_t { constant, poisson, bursty } pattern = Pattern::constant;
  net::ethernet::Mac to{};
  uint32_t to_ip = 0;
  Duration interval = Duration::ms(10);  ///< between two packets; poisson: its mean
  Duration on{}, off{};                  ///< bursty: sends for `on`, is silent for `off`
  int64_t frame_bytes = 1000;            ///< with Ethernet header, without VLAN tag; at least kMinFlowFrame
  SimTime start{}, stop = SimTime::never();
  uint8_t pcp = 0;  ///< sent only in tagged frames
  uint8_t dscp = 0;
};
constexpr int64_t kMinFlowFrame = 66;

/// A host with one Ethernet port that sends flows, answers pings and ARP requests, and says what it gets:
/// enough of IPv4, UDP and ICMP that real programs on the same network understand it. It announces its
/// address (RFC 5227) at the start, after its cable came up, and every minute, so that switches learn it. A
/// frame with a wrong checksum is dropped, as a real stack does. Leaves out: TCP, fragments, IPv6, routing.
class TrafficHost final : public sim::EventParticipant {
 public:
  struct Config {
    sim::ParticipantId self = sim::kNobody;
    std::string name{};
    uint64_t seed = 1;
    net::ethernet::Mac mac{};
    uint32_t ip = 0;
    uint16_t vlan = 0;  ///< 0: untagged frames
    sim::ParticipantId cable = sim::kNobody;
    std::vector<TrafficFlow> flows{};
  };
  explicit TrafficHost(Config config);
  void start(sim::EventContext& context) override;
  void handle(const sim::Event& e, sim::EventContext& context) override;

  const Config& config() const { return config_; }

  struct Sent {
    uint32_t flow = 0;
    uint64_t sequence = 0;
    SimTime time;
    int64_t bytes = 0;  ///< of the frame
  };
  struct Received {
    uint32_t flow = 0;
    uint64_t sequence = 0;
    SimTime sent, time;  ///< of a ping: when it left and when the answer was back
    int64_t bytes = 0;
  };
  sim::Signal<const Sent&> on_sent;
  sim::Signal<const Received&> on_received;
  struct Counters {
    uint64_t frames_in = 0, frames_out = 0, bad_checksum = 0, not_for_us = 0, other = 0;
  };
  const Counters& counters() const { return counters_; }

 private:
  struct Stream {
    TrafficFlow flow;
    RandomStream random;
    uint64_t next = 0;
    SimTime burst_begin{};
  };
  void schedule(size_t stream, SimTime at, sim::EventContext& context);
  void send_packet(size_t stream, sim::EventContext& context);
  SimTime following(Stream& s, SimTime t);
  void transmit(sim::Bytes frame, int64_t tag, sim::EventContext& context);
  void announce(sim::EventContext& context);
  void receive(const sim::Event& e, sim::EventContext& context);
  void receive_arp(std::span<const uint8_t> body, sim::EventContext& context);
  void receive_ip(const sim::Event& e, const net::ethernet::Header& h, sim::EventContext& context);
  void got(std::span<const uint8_t> payload, const sim::Event& e);
  net::ethernet::Header header(net::ethernet::Mac to, uint16_t type, uint8_t pcp) const;

  Config config_;
  std::vector<Stream> streams_;
  Counters counters_;
  uint16_t ip_id_ = 0;
  bool failed_ = false;
};

}  // namespace xedgesim::nodes
