#include "metrics/network_recorder.h"

#include <algorithm>
#include <utility>

namespace xedgesim::metrics {

void NetworkRecorder::sent(DeviceIndex device, SimTime t) {
  ++totals_.sent;
  on_sent(device, t);
}

void NetworkRecorder::delivered(DeviceIndex device, SimTime sent_at, SimTime t) {
  const Duration latency = t - sent_at;
  ++totals_.delivered;
  totals_.latency_sum += latency;
  latencies_.add(latency);
  max_latency_ = std::max(max_latency_, latency);
  on_outcome({.device = device, .sent_at = sent_at, .delivered = true});
}

void NetworkRecorder::dropped(DeviceIndex device, SimTime sent_at, std::string_view cause) {
  ++totals_.dropped;
  ++drop_causes_[std::string(cause)];
  on_outcome({.device = device, .sent_at = sent_at, .delivered = false});
}

void NetworkRecorder::transmission(int64_t frequency_mhz, SimTime begin, SimTime end) {
  ++totals_.frames;
  begin = std::max(begin, settled_);
  if (begin < end) channels_[frequency_mhz].add(begin, end);
}

void NetworkRecorder::Channel::add(SimTime begin, SimTime end) {
  // Transmissions are told nearly in order, so the place is near the back.
  auto first = open.end();
  while (first != open.begin() && std::prev(first)->second >= begin) --first;
  auto last = first;
  while (last != open.end() && last->first <= end) {
    begin = std::min(begin, last->first);
    end = std::max(end, last->second);
    ++last;
  }
  open.insert(open.erase(first, last), {begin, end});
}

std::map<int64_t, Duration> NetworkRecorder::busy(SimTime t) const {
  std::map<int64_t, Duration> result;
  for (const auto& [frequency, channel] : channels_) {
    Duration sum = channel.settled;
    for (const auto& [begin, end] : channel.open) {
      if (begin < t) sum += std::min(end, t) - begin;
    }
    result[frequency] = sum;
  }
  return result;
}

void NetworkRecorder::settle(SimTime t) {
  if (t <= settled_) return;
  for (auto& [frequency, channel] : channels_) {
    auto& open = channel.open;
    auto keep = open.begin();
    for (; keep != open.end() && keep->first < t; ++keep) {
      channel.settled += std::min(keep->second, t) - keep->first;
      if (keep->second > t) {
        keep->first = t;
        break;
      }
    }
    open.erase(open.begin(), keep);
  }
  settled_ = t;
}

Duration NetworkRecorder::take_max_latency() { return std::exchange(max_latency_, Duration()); }

}  // namespace xedgesim::metrics
