#include "net/traffic/interferer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "sim/air.h"

namespace xedgesim::net {
namespace {

constexpr uint32_t kBurst = 1, kGoOn = 2;
constexpr Duration kLongestPiece = Duration::ms(4);  // the channel takes noise in pieces
constexpr Duration kShortestBurst = Duration::us(200), kLongestBurst = Duration::ms(2);

}  // namespace

Interferer::Interferer(InterfererConfig config)
    : config_(std::move(config)), random_(config_.seed, config_.name, "interferer") {
  const auto refuse = [&](std::string_view what) {
    throw ConfigError(fmt::format("interferer '{}': {}", config_.name, what));
  };
  if (!(config_.duty_cycle >= 0 && config_.duty_cycle <= 1)) refuse("its duty cycle must be 0 to 1");
  if (config_.period < Duration::us(1)) refuse("its period must be at least a microsecond");
}

void Interferer::start(sim::EventContext& context) {
  if (config_.duty_cycle == 0) return;
  for (const auto& [from, to] : config_.windows)
    context.post({.time = from,
                  .kind = sim::EventKind::timer,
                  .target = config_.self,
                  .code = kBurst,
                  .args = {to.is_never() ? -1 : to.count_ns(), 0, 0, 0}});
  if (!config_.windows.empty()) return;
  context.post(
      {.time = config_.start, .kind = sim::EventKind::timer, .target = config_.self, .code = kBurst});
}

void Interferer::handle(const sim::Event& e, sim::EventContext& context) {
  const SimTime now = context.now();
  if (e.kind != sim::EventKind::timer || now >= config_.stop) return;
  if (e.code == kBurst && !config_.windows.empty())
    burst_end_ = e.args[0] < 0 ? SimTime::never() : SimTime::from_ns(e.args[0]);
  else if (e.code == kBurst)
    begin_burst(context);
  const SimTime end = std::min(burst_end_, config_.stop);
  const Duration piece = std::min(kLongestPiece, end - now);
  if (piece <= Duration()) return;
  for (const int64_t f : config_.frequencies_mhz)
    context.post(air::make(air::Code::noise, sim::EventKind::state, now, config_.channel,
                           {f, std::lround(config_.power_dbm * 100), piece.count_ns(), 0}));
  if (now + piece < end)
    context.post({.time = now + piece, .kind = sim::EventKind::timer, .target = config_.self, .code = kGoOn});
}

/// Draws how long it is on and when it comes again.
void Interferer::begin_burst(sim::EventContext& context) {
  const SimTime now = context.now();
  const double d = config_.duty_cycle;
  SimTime next = SimTime::never();
  switch (config_.shape) {
    case InterfererConfig::Shape::constant:
      burst_end_ = config_.stop.is_never() ? SimTime::never() : config_.stop;
      break;
    case InterfererConfig::Shape::wifi: {
      const Duration on =
          Duration::seconds(random_.uniform(kShortestBurst.count_s(), kLongestBurst.count_s()));
      const double mean_on = (kShortestBurst.count_s() + kLongestBurst.count_s()) / 2;
      const double off = d < 1 ? random_.exponential(mean_on * (1 - d) / d) : 0;
      burst_end_ = now + on;
      next = burst_end_ + Duration::seconds(off);
      break;
    }
    case InterfererConfig::Shape::periodic:
      burst_end_ = now + Duration::ns(std::max<int64_t>(
                             1, std::llround(d * static_cast<double>(config_.period.count_ns()))));
      next = now + config_.period;
      break;
  }
  if (!next.is_never())
    context.post({.time = next, .kind = sim::EventKind::timer, .target = config_.self, .code = kBurst});
}

}  // namespace xedgesim::net
