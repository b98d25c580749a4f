#include "net/radio/receiver.h"

#include <algorithm>

#include "net/radio/error_model.h"

namespace xedgesim::net {

namespace {

/// Draws whether any of `bits` is wrong. Above kCertain the probability is above zero and below 2^-53 (4400
/// exp(-10 sinr) for 1,100 bits), so the draw, a multiple of 2^-53, falls below it only when it is zero: the
/// same outcome without fifteen exponentials.
bool chunk_errs(double sinr, int64_t bits, RandomStream& random) {
  constexpr double kCertain = 5, kUnderflow = 65;
  if (bits > 0 && bits <= 1100 && sinr > kCertain && sinr < kUnderflow) return random.uniform() == 0;
  const double per = oqpsk_packet_error_rate(sinr, bits);
  return per > 0 && random.chance(per);
}

}  // namespace

void Receiver::listen(const AirView& air, SimTime now) {
  listening_ = true;
  since_ = now;
  processed_ = air.own().first_from(now);
  locked_ = 0;
}

double Receiver::sinr_at_start(const AirView& air, const ReceiverEnvironment& env,
                               const Transmission& t) const {
  double others = env.noise_mw;
  air.visit_at(t.start, [&](const Transmission& o, int rejection) {
    if (&o != &t && o.node != node_) others += received_mw(env, o, rejection);
  });
  return received_mw(env, t) / others;
}

bool Receiver::reachable(const ReceiverEnvironment& env, const Transmission& t) const {
  return received_cdbm(env, t) >= sensitivity_cdbm_ && received_mw(env, t) > env.noise_mw * env.lock_ratio;
}

bool Receiver::can_lock(const AirView& air, const ReceiverEnvironment& env, const Transmission& t) const {
  return reachable(env, t) && sinr_at_start(air, env, t) > env.lock_ratio;
}

const Transmission* Receiver::locked(const AirView& air, const ReceiverEnvironment& env, SimTime now) {
  if (!listening_) return nullptr;
  const AirLog& log = air.own();
  const uint64_t until = log.first_from(now);
  const uint64_t from = std::max(processed_, log.first());
  if (from < until) {
    // Walk back through the chain of frames that may have overlapped up to now. Whatever began before the
    // chain has no say in it: the receiver was idle in between.
    chain_.clear();
    SimTime earliest = now;
    bool idle_before = false;
    for (uint64_t s = until; s-- > from;) {
      const Transmission& t = log.at(s);
      if (t.start + AirLog::kLongestFrame <= earliest) {
        idle_before = true;
        break;
      }
      if (t.noise() || t.node == node_ || !env.budget.audible(t.node, node_, t.power_cdbm, t.start)) continue;
      if (t.busy_until >= earliest && t.start < earliest) earliest = t.start;
      chain_.push_back(s);
    }
    std::reverse(chain_.begin(), chain_.end());
    // They are in order of start; of those that begin at one instant the strongest counts as first.
    const auto together = [&](uint64_t a, uint64_t b) { return log.at(a).start == log.at(b).start; };
    if (std::adjacent_find(chain_.begin(), chain_.end(), together) != chain_.end())
      std::stable_sort(chain_.begin(), chain_.end(), [&](uint64_t a, uint64_t b) {
        const Transmission &x = log.at(a), &y = log.at(b);
        if (x.start != y.start) return x.start < y.start;
        const int px = received_cdbm(env, x), py = received_cdbm(env, y);
        return px != py ? px > py : x.node < y.node;
      });
    if (idle_before) locked_ = 0;
    for (uint64_t s : chain_) {
      const Transmission& t = log.at(s);
      const bool busy = log.holds(locked_) && t.start < log.at(locked_).busy_until;
      const bool takes =
          busy ? env.capture_ratio > 0 && reachable(env, t) && sinr_at_start(air, env, t) >= env.capture_ratio
               : can_lock(air, env, t);
      if (takes) locked_ = s;
    }
    processed_ = until;
  }
  if (!log.holds(locked_) || log.at(locked_).busy_until < now) return nullptr;
  return &log.at(locked_);
}

Receiver::Quality Receiver::receive(const AirView& air, const ReceiverEnvironment& env, const Transmission& t,
                                    RandomStream& random) {
  Quality q;
  others_.clear();
  cuts_.clear();
  air.visit(t.start, t.end, [&](const Transmission& o, int rejection) {
    if (&o == &t || o.node == node_) return;
    const double mw = received_mw(env, o, rejection);
    if (mw == 0) return;
    q.interfered = true;
    others_.push_back({o.start, o.air_end, mw});
    if (o.start > t.start) cuts_.push_back(o.start);
    if (o.air_end < t.end && !env.forgets_ended_interference) cuts_.push_back(o.air_end);
  });
  std::sort(cuts_.begin(), cuts_.end());
  cuts_.push_back(t.end);

  const double signal = received_mw(env, t);
  q.lowest_sinr = signal / env.noise_mw;
  SimTime from = t.start;
  for (const SimTime to : cuts_) {
    if (to == from) continue;
    double noise = env.noise_mw;
    for (const Interferer& o : others_)
      if (o.start < to && (env.forgets_ended_interference ? o.end >= to : o.end > from)) noise += o.mw;
    const double sinr = signal / noise;
    q.lowest_sinr = std::min(q.lowest_sinr, sinr);
    // A chunk that ends within a bit has seen that bit.
    constexpr Duration kBit = Duration::us(4);
    const int64_t bits = (to - from + kBit - Duration::ns(1)) / kBit;
    if (chunk_errs(sinr, bits, random) && !q.errors) {
      q.errors = true;
      q.error_from = from;
      q.error_to = to;
      q.error_rate = oqpsk_bit_error_rate(sinr);
    }
    from = to;
  }
  return q;
}

double Receiver::mean_power_mw(const AirView& air, const ReceiverEnvironment& env, SimTime from,
                               SimTime to) const {
  double energy = 0;
  air.visit(from, to, [&](const Transmission& o, int rejection) {
    if (o.node == node_) return;
    const Duration overlap = std::min(o.air_end, to) - std::max(o.start, from);
    energy += received_mw(env, o, rejection) * static_cast<double>(overlap.count_ns());
  });
  return env.noise_mw + energy / static_cast<double>((to - from).count_ns());
}

double Receiver::power_at_mw(const AirView& air, const ReceiverEnvironment& env, SimTime t) const {
  double sum = env.noise_mw;
  air.visit_at(t, [&](const Transmission& o, int rejection) {
    if (o.node != node_) sum += received_mw(env, o, rejection);
  });
  return sum;
}

bool Receiver::correlates(const AirView& air, const ReceiverEnvironment& env, SimTime from, SimTime to,
                          Duration shortest) const {
  const double total = mean_power_mw(air, env, from, to);
  bool found = false;
  air.own().visit(from, to, [&](const Transmission& o) {
    if (found || o.noise() || o.node == node_) return;
    const Duration overlap = std::min(o.air_end, to) - std::max(o.start, from);
    if (overlap < shortest) return;
    const double mw = received_mw(env, o);
    const double own =
        mw * static_cast<double>(overlap.count_ns()) / static_cast<double>((to - from).count_ns());
    found = mw / std::max(total - own, env.noise_mw) > env.lock_ratio;
  });
  return found;
}

}  // namespace xedgesim::net
