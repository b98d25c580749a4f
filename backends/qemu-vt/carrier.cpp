// SPDX-License-Identifier: GPL-2.0-or-later
#include "carrier.h"

#include <utility>

Carrier::Carrier(const qemu::Functions& f, std::string net) : f_(f), net_(std::move(net)) {
  f_.timer_init_full(
      &timer_, nullptr, qemu::kClockVirtual, qemu::kTimerScaleNs, 0,
      [](void* carrier) { static_cast<Carrier*>(carrier)->due(); }, this);
}

void Carrier::change(int64_t time, bool up) {
  changes_.push_back({time, up});
  if (changes_.size() == 1) f_.timer_mod_ns(&timer_, time);
}

void Carrier::due() {
  // The netdev is there as long as QEMU is: no error to be told.
  up_ = changes_.front().up;
  f_.set_link(net_.c_str(), up_, nullptr);
  changes_.pop_front();
  if (!changes_.empty()) f_.timer_mod_ns(&timer_, changes_.front().time);
}
