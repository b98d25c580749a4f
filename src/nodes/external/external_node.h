#pragma once
#include "net/ieee802154/csma_mac.h"
#include "sim/signal.h"

namespace xedgesim::nodes {

/// Between an external program and the radio of one of its nodes.
enum class ExternalCode : uint32_t {
  send =
      0x700,  ///< program -> node, EventKind::state. args: destination, ack requested, tag; data: MAC payload
  received,   ///< node -> program, EventKind::delivery. args: source address, rssi_cdbm, lqi, node; data:
              ///< payload
  sent,       ///< likewise. args: tag, TxStatus, transmissions, node
};

/// The radio of a device whose behaviour is an external program: the native MAC, told what to send.
///
/// The result of a request reaches the program no sooner than 128 us after it, so that a program that was let
/// run to the horizon is never told something from its past.
class ExternalNode final : public sim::EventParticipant, private net::ieee802154::MacUser {
 public:
  struct Config {
    net::ieee802154::MacConfig mac{};
    sim::ParticipantId program = sim::kNobody;
    int64_t index = 0;  ///< of the node within the program
  };
  explicit ExternalNode(Config config) : config_(std::move(config)), mac_(config_.mac, *this) {}
  void start(sim::EventContext& context) override { mac_.start(context); }
  void handle(const sim::Event& e, sim::EventContext& context) override;

  /// A frame is handed to the MAC: tag, the sequence number it will have.
  sim::Signal<int64_t, uint8_t, SimTime> on_send;
  sim::Signal<int64_t, const net::ieee802154::TxReport&, SimTime> on_confirm;
  const net::ieee802154::CsmaMac& mac() const { return mac_; }

 private:
  void mac_received(const net::ieee802154::RxFrame& frame, sim::EventContext& context) override;
  void mac_confirmed(const net::ieee802154::TxReport& report, sim::EventContext& context) override;
  void control(const sim::Event& e, sim::EventContext& context);

  Config config_;
  net::ieee802154::CsmaMac mac_;
  bool on_ = true;
  bool scheduler_waits_ = false;  // for the event at hand: nobody has been let run past it
  int64_t current_tag_ = 0;
  std::deque<std::pair<uint64_t, int64_t>> in_mac_;  // handle, tag
};

}  // namespace xedgesim::nodes
