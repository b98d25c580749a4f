// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once
#include <cstdint>
#include <deque>
#include <string>

#include "connection.h"
#include "qemu.h"

/// Takes over a character device of the kind `null` (`-chardev null,id=ID -serial chardev:ID`): what the
/// guest prints is stamped with the virtual time of the instruction that printed it, and what is typed
/// reaches the guest at its virtual time, at the pace of a 115,200 baud line.
class Console {
 public:
  /// Null, or why it cannot be had. At most one console a process.
  static const char* create(const char* id, const qemu::Functions& f, Connection& connection, Console*& made);
  void type(int64_t time, const uint8_t* data, size_t length);
  /// Bytes to be typed.
  size_t waiting() const { return typed_.size(); }
  /// Adds a record of what has been printed since the last end of line.
  void tell_partial();
  /// The line under way is this so far.
  void begin_line(const uint8_t* data, size_t length) { line_.assign(data, data + length); }

 private:
  Console(const qemu::Functions& f, Connection& connection, void* device)
      : f_(f), connection_(connection), device_(device) {}
  void printed(const uint8_t* data, size_t length);
  void feed();

  const qemu::Functions& f_;
  Connection& connection_;
  void* device_;
  bool trial_ = true, trial_passed_ = false;
  std::string line_;
  struct Typed {
    int64_t time;
    uint8_t byte;
  };
  std::deque<Typed> typed_;
  qemu::Timer timer_;
  bool armed_ = false;

  static int write_entry(void* chr, const uint8_t* data, int length);
  static Console* only;  // QEMU's class functions carry no pointer of ours
};
