#pragma once
#include "net/ieee802154/csma_mac.h"
#include "sim/signal.h"

namespace xedgesim::net {

struct PeriodicSenderConfig {
  ieee802154::MacConfig mac{};
  uint16_t destination = 0;
  Duration first{};  ///< time of request 0
  Duration period = Duration::s(1);
  int64_t count = -1;      ///< requests; -1: without end
  int payload_bytes = 64;  ///< MAC payload; the first four bytes carry the request number, big-endian
  bool ack_request = true;
};

struct RequestRecord {
  SimTime time{};
  sim::ParticipantId sender = sim::kNobody;
  int64_t number = 0;
};

/// A model node that hands a frame to its MAC at first + k * period.
class PeriodicSender final : public sim::EventParticipant, private ieee802154::MacUser {
 public:
  /// Throws ConfigError on a period that is not positive or a payload that does not fit (4..116 bytes).
  explicit PeriodicSender(PeriodicSenderConfig config);
  void start(sim::EventContext& context) override;
  void handle(const sim::Event& e, sim::EventContext& context) override;
  const ieee802154::CsmaMac& mac() const { return mac_; }

  sim::Signal<const RequestRecord&> requested;
  sim::Signal<const RequestRecord&, const ieee802154::TxReport&>
      confirmed;  ///< record.time is that of the confirmation

 private:
  void mac_received(const ieee802154::RxFrame&, sim::EventContext&) override {}
  void mac_confirmed(const ieee802154::TxReport& report, sim::EventContext& context) override;
  PeriodicSenderConfig config_;
  ieee802154::CsmaMac mac_;
  int64_t next_ = 0;
  int64_t current_ = 0;  // number of the request being handed over
  sim::Bytes payload_;
  std::deque<std::pair<uint64_t, int64_t>> in_mac_;  // handle, request number
};

}  // namespace xedgesim::net
