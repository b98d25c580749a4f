#include "net/traffic/periodic_sender.h"

#include <fmt/format.h>

#include "base/error.h"

namespace xedgesim::net {
namespace {

constexpr uint32_t kRequest = 1;
constexpr int kNumberBytes = 4;

}  // namespace

PeriodicSender::PeriodicSender(PeriodicSenderConfig config)
    : config_(std::move(config)),
      mac_(config_.mac, *this),
      payload_(static_cast<size_t>(config_.payload_bytes)) {
  const auto refuse = [&](std::string_view what) {
    throw ConfigError(fmt::format("The periodic sender '{}' cannot be set up: {}.", config_.mac.name, what));
  };
  if (config_.period <= Duration()) refuse("its period must be longer than zero");
  if (config_.first < Duration()) refuse("its first request must not lie before the start of the run");
  if (config_.payload_bytes < kNumberBytes || config_.payload_bytes > 116)
    refuse("its payload must have 4 to 116 bytes");
}

void PeriodicSender::start(sim::EventContext& context) {
  mac_.start(context);
  if (config_.count != 0)
    context.post(sim::Event{.time = SimTime::at(config_.first),
                            .kind = sim::EventKind::timer,
                            .target = config_.mac.self,
                            .code = kRequest,
                            .data = nullptr});
}

void PeriodicSender::handle(const sim::Event& e, sim::EventContext& context) {
  if (e.kind != sim::EventKind::timer || e.code != kRequest) {
    mac_.handle(e, context);
    return;
  }
  const int64_t number = next_++;
  if (config_.count < 0 || next_ < config_.count)
    context.post(sim::Event{.time = context.now() + config_.period,
                            .kind = sim::EventKind::timer,
                            .target = config_.mac.self,
                            .code = kRequest,
                            .data = nullptr});
  for (int i = 0; i < kNumberBytes; ++i)
    payload_[static_cast<size_t>(i)] = static_cast<uint8_t>(number >> (8 * (kNumberBytes - 1 - i)));
  requested({context.now(), config_.mac.self, number});
  // The report of a full queue comes before send() returns.
  current_ = number;
  const uint64_t before = mac_.statistics().queue_drops;
  const uint64_t handle = mac_.send(config_.destination, payload_, config_.ack_request, context);
  if (mac_.statistics().queue_drops == before) in_mac_.emplace_back(handle, number);
}

void PeriodicSender::mac_confirmed(const ieee802154::TxReport& report, sim::EventContext& context) {
  int64_t number = current_;
  if (report.status != ieee802154::TxStatus::queue_full) {
    XEDGESIM_ASSERT(!in_mac_.empty() && in_mac_.front().first == report.handle);
    number = in_mac_.front().second;
    in_mac_.pop_front();
  }
  confirmed({context.now(), config_.mac.self, number}, report);
}

}  // namespace xedgesim::net
