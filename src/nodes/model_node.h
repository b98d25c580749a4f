#pragma once
#include <memory>
#include <optional>

#include "bus/local_clock.h"
#include "net/ieee802154/csma_mac.h"
#include "nodes/report_payload.h"
#include "sim/signal.h"

namespace xedgesim::nodes {

/// What the parts of a behavioural node draw, in amperes, and at which voltage.
struct ModelCurrents {
  double supply_v = 3.0;
  double sleep = 0, cpu = 0;
  double sampling = 0;    ///< timer and clock, as long as it samples
  double conversion = 0;  ///< while one sample is converted
  double tx = 0, rx = 0;  ///< the high-frequency clock included
};

/// A node by its behaviour: it samples, sleeps, and hands a report to its MAC at first + k * interval, late
/// by a random jitter. It costs nothing between reports.
///
/// Energy is current times time by cause, as of the emulated board: sleep, cpu_active, saadc, timer,
/// radio_tx, radio_rx. An empty battery switches the node off at the report at which this is found. Limits:
/// no processor or memory; a clock that deviates shifts the reports, not their windows; the receiver draws during CCA and waits for acknowledgements only
/// (all the time with rx_on_when_idle); takes nothing from received frames.
class ModelNode final : public sim::EventParticipant, private net::ieee802154::MacUser {
 public:
  struct Config {
    net::ieee802154::MacConfig mac{};
    uint16_t destination = 0;
    bool ack_request = true;
    Duration first{};  ///< instant of report 0
    Duration interval = Duration::s(1);
    Duration jitter{};     ///< less than the interval
    int64_t reports = -1;  ///< -1: without end
    Duration window{};     ///< a report looks back on that much time, which ends `compute` before the report
    Duration compute{};
    double samples_per_s = 0;
    std::unique_ptr<ReportPayload> payload;
    ModelCurrents currents{};
    std::optional<double> battery_c;  ///< coulombs at the start
    int64_t clock_ppb = 0;            ///< deviation of its clock at the start
  };
  /// Throws ConfigError on values that make no sense.
  explicit ModelNode(Config config);

  void start(sim::EventContext& context) override;
  void handle(const sim::Event& e, sim::EventContext& context) override;

  struct Report {
    uint32_t sequence = 0;
    SimTime begin, end;  ///< of the sampling window
    SimTime requested;   ///< handed to the MAC
  };
  sim::Signal<const Report&> on_report;
  /// The MAC is through with it. Reports of a node that is switched off are never confirmed.
  sim::Signal<uint32_t, const net::ieee802154::TxReport&, SimTime> on_confirm;

  const net::ieee802154::CsmaMac& mac() const { return mac_; }
  const Config& config() const { return config_; }
  /// Of the report the MAC is sending or has sent last.
  uint32_t current_sequence() const { return in_mac_.empty() ? last_sequence_ : in_mac_.front().second; }

  /// The MAC has that report still.
  bool holds(uint32_t sequence) const;

  struct Usage {
    Duration on, computing, sampling, converting, transmitting, receiving;
  };
  Usage usage(SimTime t) const;
  double charge_c(SimTime t) const;
  std::optional<SimTime> depleted_at() const { return depleted_; }

 private:
  void mac_received(const net::ieee802154::RxFrame&, sim::EventContext&) override {}
  void mac_confirmed(const net::ieee802154::TxReport& report, sim::EventContext& context) override;
  void control(const sim::Event& e, sim::EventContext& context);
  void report(uint32_t sequence, sim::EventContext& context);
  void arm(uint32_t sequence, sim::EventContext& context);
  void post_report(sim::EventContext& context);
  void power(bool on, sim::EventContext& context);

  Config config_;
  net::ieee802154::CsmaMac mac_;
  RandomStream random_;
  bool on_ = true;
  SimTime on_since_;
  Duration was_on_;  // before on_since_
  int64_t reported_ = 0;
  bool reports_due_ = false;  // another one will come
  bus::LocalClock clock_;
  uint32_t next_sequence_ = 0;
  int64_t next_local_ = 0;  // of that report, on the node's clock
  int64_t clock_changes_ = 0;
  uint32_t last_sequence_ = 0, current_ = 0;
  ReportContext context_;
  std::vector<std::pair<uint64_t, uint32_t>> in_mac_;  // handle, sequence; in order
  std::optional<SimTime> depleted_;
};

}  // namespace xedgesim::nodes
