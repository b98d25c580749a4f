// What a station is told of the channel when it asks: CCA, energy detection, RSSI.
#include <algorithm>

#include "net/radio/channel.h"

namespace xedgesim::net {
namespace {

constexpr Duration kCarrierTime = Duration::us(64);  // Convention::standard

}  // namespace

bool Channel::energy_above(const Receiver& receiver, const Band& band, SimTime now, int64_t threshold_cdbm,
                           int& level) const {
  const SimTime begin = now - air::kCcaTime;
  if (config_.convention == Convention::standard) {
    level = cdbm_from_mw(receiver.mean_power_mw(band.air, environment_, begin, now));
    return level >= threshold_cdbm;
  }
  double mw = receiver.power_at_mw(band.air, environment_, now - Duration::ns(1));
  band.log.visit(begin, now, [&](const Transmission& t) {
    if (t.start > begin) mw = std::max(mw, receiver.power_at_mw(band.air, environment_, t.start));
  });
  level = cdbm_from_mw(mw);
  return mw - environment_.noise_mw >= mw_from_cdbm(static_cast<int>(threshold_cdbm));
}

bool Channel::carrier_seen(Receiver& receiver, const Band& band, SimTime now, bool tuned) const {
  if (tuned) {
    const Transmission* t = receiver.locked(band.air, environment_, now);
    if (t && t->busy_until > now) return true;
    if (config_.convention == Convention::ns3) return false;
  }
  return receiver.correlates(band.air, environment_, now - air::kCcaTime, now, kCarrierTime);
}

void Channel::end_of_cca(const sim::Event& e, sim::EventContext& context) {
  const auto node = static_cast<uint32_t>(e.args[1]);
  const auto mode = static_cast<air::CcaMode>(e.args[1] >> 32);
  Node& n = nodes_[node];
  Band& band = band_of(e.args[0]);
  int level = 0;
  const bool energy = energy_above(n.receiver, band, e.time, e.args[2], level);
  const auto carrier = [&] { return carrier_seen(n.receiver, band, e.time, n.band == &band); };
  bool busy = energy;
  switch (mode) {
    case air::CcaMode::energy:
      break;
    case air::CcaMode::carrier:
      busy = carrier();
      break;
    case air::CcaMode::carrier_and_energy:
      busy = energy && carrier();
      break;
    case air::CcaMode::carrier_or_energy:
      busy = energy || carrier();
      break;
  }
  ++statistics_.cca;
  statistics_.cca_busy += busy;
  context.post(air::make(air::Code::cca_result, sim::EventKind::delivery, e.time, n.station.id,
                         {busy, level, 0, e.args[3]}));
}

void Channel::end_of_energy_detection(const sim::Event& e, sim::EventContext& context) {
  Band& band = band_of(e.args[0]);
  Node& n = nodes_[static_cast<size_t>(e.args[2])];
  const SimTime begin = e.time - Duration::ns(e.args[1]);
  // The highest of the means over eight symbols each (IEEE 802.15.4-2020, 10.2.6); what remains at the end of
  // a duration that is no multiple of it joins the last one.
  double mw = 0;
  for (SimTime t = begin; t + air::kCcaTime <= e.time; t = t + air::kCcaTime) {
    const SimTime end = t + 2 * air::kCcaTime <= e.time ? t + air::kCcaTime : e.time;
    mw = std::max(mw, n.receiver.mean_power_mw(band.air, environment_, t, end));
  }
  band.scans.erase(std::find(band.scans.begin(), band.scans.end(), begin));
  context.post(air::make(air::Code::ed_result, sim::EventKind::delivery, e.time, n.station.id,
                         {cdbm_from_mw(mw), 0, 0, e.args[3]}));
}

void Channel::end_of_rssi_sample(const sim::Event& e, sim::EventContext& context) {
  Band& band = band_of(e.args[0]);
  Node& n = nodes_[static_cast<size_t>(e.args[2])];
  const int level = cdbm_from_mw(n.receiver.power_at_mw(band.air, environment_, e.time));
  context.post(air::make(air::Code::rssi_result, sim::EventKind::delivery, e.time, n.station.id,
                         {level, 0, 0, e.args[3]}));
}

}  // namespace xedgesim::net
