#pragma once
#include "net/ieee802154/csma_mac.h"
#include "sim/signal.h"

namespace xedgesim::net {

/// A station that only receives (and acknowledges).
class FrameSink final : public sim::EventParticipant, private ieee802154::MacUser {
 public:
  explicit FrameSink(ieee802154::MacConfig config) : mac_(std::move(config), *this) {}
  void start(sim::EventContext& context) override { mac_.start(context); }
  void handle(const sim::Event& e, sim::EventContext& context) override { mac_.handle(e, context); }
  const ieee802154::CsmaMac& mac() const { return mac_; }

  sim::Signal<SimTime, const ieee802154::RxFrame&> received;

 private:
  void mac_received(const ieee802154::RxFrame& frame, sim::EventContext& context) override {
    received(context.now(), frame);
  }
  void mac_confirmed(const ieee802154::TxReport&, sim::EventContext&) override {}
  ieee802154::CsmaMac mac_;
};

}  // namespace xedgesim::net
