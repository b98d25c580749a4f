#include "nodes/model_node.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "nodes/codes.h"

namespace xedgesim::nodes {
namespace {

constexpr uint32_t kReport = 1;                     // args: sequence, changes of the clock before it
constexpr Duration kConversion = Duration::us(12);  // acquisition 10 us + conversion 2 us, nRF52840 PS 6.23

using net::ieee802154::TxReport;
using net::ieee802154::TxStatus;

}  // namespace

ModelNode::ModelNode(Config config)
    : config_(std::move(config)),
      mac_(config_.mac, *this),
      random_(config_.mac.seed, config_.mac.name, "model.jitter") {
  const auto refuse = [&](std::string_view what) {
    throw ConfigError(fmt::format("device '{}': {}", config_.mac.name, what));
  };
  if (config_.interval <= Duration()) refuse("its report_interval must be longer than zero");
  if (config_.jitter >= config_.interval) refuse("its jitter must be shorter than its report_interval");
  if (const size_t bytes =
          config_.payload->fill({.sequence = 0, .begin = SimTime::zero(), .end = SimTime::at(Duration::s(1))})
              .size();
      bytes > 116)
    refuse(fmt::format("its report has {} bytes: an 802.15.4 frame carries 116", bytes));
}

void ModelNode::start(sim::EventContext& context) {
  mac_.start(context);
  clock_.set_deviation(config_.clock_ppb, SimTime::zero());
  reports_due_ = config_.reports != 0;
  if (reports_due_) arm(0, context);
}

void ModelNode::arm(uint32_t sequence, sim::EventContext& context) {
  Duration when = config_.first + config_.interval * int64_t{sequence};
  if (config_.jitter > Duration())
    when += Duration::ns(
        static_cast<int64_t>(random_.uniform() * static_cast<double>(config_.jitter.count_ns())));
  next_sequence_ = sequence;
  next_local_ = 2 * when.count_ns();
  post_report(context);
}

void ModelNode::post_report(sim::EventContext& context) {
  context.post({.time = std::max(clock_.time_of(next_local_), context.now()),
                .kind = sim::EventKind::timer,
                .target = config_.mac.self,
                .code = kReport,
                .args = {next_sequence_, clock_changes_, 0, 0}});
}

void ModelNode::handle(const sim::Event& e, sim::EventContext& context) {
  if (e.kind == sim::EventKind::control) return control(e, context);
  if (e.kind != sim::EventKind::timer || e.code != kReport) {
    if (on_) mac_.handle(e, context);
    return;
  }
  if (e.args[1] != clock_changes_) return;  // posted anew since
  const auto sequence = static_cast<uint32_t>(e.args[0]);
  reports_due_ = config_.reports < 0 || int64_t{sequence} + 1 < config_.reports;
  if (reports_due_) arm(sequence + 1, context);
  if (config_.battery_c && on_ && charge_c(context.now()) >= *config_.battery_c) {
    depleted_ = context.now();
    power(false, context);
  }
  if (on_) report(sequence, context);
}

void ModelNode::report(uint32_t sequence, sim::EventContext& context) {
  const SimTime now = context.now();
  const SimTime end = std::max(SimTime::zero() + Duration::ns(1), now - config_.compute);
  const SimTime begin = end.since_start() > config_.window ? end - config_.window : SimTime::zero();
  ++reported_;
  context_.sequence = sequence;
  context_.begin = begin;
  context_.end = end;
  on_report({.sequence = sequence, .begin = begin, .end = end, .requested = now});
  const sim::Bytes payload = config_.payload->fill(context_);
  current_ = sequence;
  // The report of a full queue comes before send() returns, that of any other frame later.
  const uint64_t dropped = mac_.statistics().queue_drops;
  const uint64_t handle = mac_.send(config_.destination, payload, config_.ack_request, context);
  if (mac_.statistics().queue_drops == dropped) in_mac_.emplace_back(handle, sequence);
}

void ModelNode::mac_confirmed(const TxReport& report, sim::EventContext& context) {
  uint32_t sequence = current_;
  if (report.status != TxStatus::queue_full) {
    XEDGESIM_ASSERT(!in_mac_.empty() && in_mac_.front().first == report.handle);
    sequence = in_mac_.front().second;
    in_mac_.erase(in_mac_.begin());
    last_sequence_ = sequence;
    context_.previous_retries = static_cast<uint8_t>(std::max(0, report.transmissions - 1));
  }
  context_.previous_undelivered = report.status != TxStatus::success;
  on_confirm(sequence, report, context.now());
}

bool ModelNode::holds(uint32_t sequence) const {
  return std::any_of(in_mac_.begin(), in_mac_.end(), [&](const auto& m) { return m.second == sequence; });
}

void ModelNode::power(bool on, sim::EventContext& context) {
  if (on == on_ || (on && depleted_)) return;
  on_ = on;
  if (on) {
    on_since_ = context.now();
    mac_.start(context);
    return;
  }
  was_on_ += context.now() - on_since_;
  in_mac_.clear();
  mac_.stop(context);
}

void ModelNode::control(const sim::Event& e, sim::EventContext& context) {
  switch (static_cast<ControlCode>(e.code)) {
    case ControlCode::power_off:
      return power(false, context);
    case ControlCode::power_on:
      return power(true, context);
    case ControlCode::reset:
      power(false, context);
      return power(true, context);
    case ControlCode::shield_on:
      return mac_.isolate(true);
    case ControlCode::shield_off:
      return mac_.isolate(false);
    case ControlCode::set_clock:
      if (!(e.args[1] & 1)) return;  // what sleeps counts LFCLK
      clock_.set_deviation(e.args[0], context.now());
      ++clock_changes_;
      if (reports_due_) post_report(context);
      return;
    default:
      XEDGESIM_ASSERT(!"a control code for services reached a device");
  }
}

ModelNode::Usage ModelNode::usage(SimTime t) const {
  Usage u;
  u.on = was_on_ + (on_ ? t - on_since_ : Duration());
  u.computing = config_.compute * reported_;
  if (config_.samples_per_s > 0) {
    u.sampling = u.on;
    u.converting = Duration::ns(static_cast<int64_t>(u.on.count_s() * config_.samples_per_s *
                                                     static_cast<double>(kConversion.count_ns())));
  }
  const auto& mac = mac_.statistics();
  u.transmitting = mac.transmitting;
  u.receiving = config_.mac.rx_on_when_idle ? std::max(Duration(), u.on - u.transmitting) : mac.receiving;
  return u;
}

double ModelNode::charge_c(SimTime t) const {
  const Usage u = usage(t);
  const ModelCurrents& c = config_.currents;
  return u.on.count_s() * c.sleep + u.computing.count_s() * (c.cpu - c.sleep) +
         u.sampling.count_s() * c.sampling + u.converting.count_s() * c.conversion +
         u.transmitting.count_s() * c.tx + u.receiving.count_s() * c.rx;
}

}  // namespace xedgesim::nodes
