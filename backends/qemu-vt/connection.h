// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "vm/vt_protocol.h"

namespace vt = xedgesim::vm::vt;

/// The socket to xedgesim, and the records that wait for the next report. A failed call means that the other
/// side is gone.
class Connection {
 public:
  explicit Connection(int fd) : fd_(fd) {}
  /// Called with the time of the first record after a report.
  std::function<void(int64_t)> on_first;
  void add(int64_t time, vt::RecordType type, const uint8_t* data, size_t length, uint32_t card = 0);
  /// Sends the report with all records added since the last one.
  bool report(vt::Report report);
  /// Whether there is something to receive, within `milliseconds`; `there` turns false when the other side is
  /// gone.
  bool wait(int milliseconds, bool& there);
  /// Waits for the next order; its records end up in `body`.
  bool receive(vt::Order& order, std::vector<uint8_t>& body);

 private:
  bool send_all(const void* data, size_t length);
  bool receive_all(void* data, size_t length);

  int fd_;
  std::vector<uint8_t> records_;
};
