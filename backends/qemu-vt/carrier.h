// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once
#include <cstdint>
#include <deque>
#include <string>

#include "qemu.h"

/// Whether the network card sees a cable that is plugged in: changed at exact virtual times, as QEMU's
/// monitor does it by `set_link`.
class Carrier {
 public:
  /// `net`: the id of the netdev the card names.
  Carrier(const qemu::Functions& f, std::string net);
  Carrier(const Carrier&) = delete;
  Carrier& operator=(const Carrier&) = delete;
  /// In order of their times.
  void change(int64_t time, bool up);
  /// Changes to come, and one if it is down.
  size_t waiting() const { return changes_.size() + (up_ ? 0 : 1); }

 private:
  struct Change {
    int64_t time;
    bool up;
  };
  void due();

  const qemu::Functions& f_;
  std::string net_;
  qemu::Timer timer_;
  std::deque<Change> changes_;
  bool up_ = true;
};
