// SPDX-License-Identifier: GPL-2.0-or-later
#include "console.h"

#include <algorithm>

namespace {

constexpr int64_t kByteTime = 86'806;  // ns: ten bits at 115,200 baud

}  // namespace

Console* Console::only = nullptr;

int Console::write_entry(void* chr, const uint8_t* data, int length) {
  if (chr == only->device_) {
    if (only->trial_)
      only->trial_passed_ = length == 1 && *data == '?';
    else
      only->printed(data, static_cast<size_t>(length));
  }
  return length;
}

const char* Console::create(const char* id, const qemu::Functions& f, Connection& connection,
                            Console*& made) {
  void* const device = f.chr_find(id);
  void* const type = f.object_class_by_name("chardev-null");
  if (!device || !type) return "there is no character device of that name (-chardev null,id=...)";
  made = only = new Console(f, connection, device);
  static_cast<void**>(type)[qemu::kClassWriteSlot] = reinterpret_cast<void*>(&Console::write_entry);
  // The place of the write function in the class is ours to know; one byte shows whether it still is there.
  const uint8_t mark = '?';
  f.chr_write(only->device_, &mark, 1, false);
  if (!only->trial_passed_) return "the console device of this QEMU is laid out differently";
  only->trial_ = false;
  f.timer_init_full(
      &only->timer_, nullptr, qemu::kClockVirtual, qemu::kTimerScaleNs, 0,
      [](void* console) { static_cast<Console*>(console)->feed(); }, only);
  return nullptr;
}

void Console::printed(const uint8_t* data, size_t length) {
  for (size_t i = 0; i < length; ++i) {
    if (data[i] != '\n') line_ += static_cast<char>(data[i]);
    if (data[i] != '\n' && line_.size() < vt::kLongestLine) continue;
    if (!line_.empty() && line_.back() == '\r') line_.pop_back();
    connection_.add(f_.clock_get_ns(qemu::kClockVirtual), vt::RecordType::console,
                    reinterpret_cast<const uint8_t*>(line_.data()), line_.size());
    line_.clear();
  }
}

void Console::tell_partial() {
  if (!line_.empty())
    connection_.add(f_.clock_get_ns(qemu::kClockVirtual), vt::RecordType::partial,
                    reinterpret_cast<const uint8_t*>(line_.data()), line_.size());
}

void Console::type(int64_t time, const uint8_t* data, size_t length) {
  for (size_t i = 0; i < length; ++i) {
    if (!typed_.empty()) time = std::max(time, typed_.back().time + kByteTime);
    typed_.push_back({time, data[i]});
  }
  if (armed_ || typed_.empty()) return;
  armed_ = true;
  f_.timer_mod_ns(&timer_, typed_.front().time);
}

void Console::feed() {
  armed_ = false;
  const int64_t now = f_.clock_get_ns(qemu::kClockVirtual);
  int64_t next = now + kByteTime;  // again soon when the guest does not read
  if (f_.chr_be_can_write(device_) > 0) {
    const uint8_t byte = typed_.front().byte;
    typed_.pop_front();
    f_.chr_be_write(device_, &byte, 1);
    if (typed_.empty()) return;
    next = std::max(now + kByteTime, typed_.front().time);
  }
  armed_ = true;
  f_.timer_mod_ns(&timer_, next);
}
