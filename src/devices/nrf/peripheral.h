#pragma once
#include <string>
#include <string_view>

#include "bus/task_event_device.h"
#include "devices/params.h"

namespace xedgesim::devices::nrf {

/// What all nRF peripheral models share beyond the register pattern: alarms by handle and the energy account.
class Peripheral : public bus::TaskEventDevice {
 protected:
  Peripheral(const DeviceParams& params, const bus::TaskEventTable& table, bus::Board& board,
             Resources& resources)
      : TaskEventDevice(params.name, params.base, params.size, params.irq, table, board),
        resources_(resources) {}

  SimTime now() const { return board().now(); }
  Resources& resources() const { return resources_; }
  Links& links() const { return resources_.links; }

  /// Moves the alarm to `when`; at never() there is none. on_alarm() must call done() on its handle.
  void arm(bus::AlarmId& alarm, SimTime when, uint32_t code) {
    board().cancel(alarm);
    alarm = when.is_never() ? 0 : board().schedule(*this, when, code);
  }
  /// The same for an alarm that is often set to the instant it already has, kept in `at`.
  void rearm(bus::AlarmId& alarm, SimTime& at, SimTime when, uint32_t code) {
    if (alarm != 0 && at == when) return;
    at = when;
    arm(alarm, when, code);
  }
  void disarm(bus::AlarmId& alarm) {
    board().cancel(alarm);
    alarm = 0;
  }
  static void done(bus::AlarmId& alarm) { alarm = 0; }

  /// The profile's current of `key`, 0 when it names none.
  double amperes(std::string_view key) const { return amperes_of(resources_.currents, key); }
  /// This device draws the profile's current of `key`, or nothing.
  void draw(std::string_view key, bool on) {
    if (on && drawn_key_ != key) {
      drawn_key_ = key;
      drawn_amperes_ = amperes(key);
    }
    if (drawn_amperes_ != 0.0) board().current(name(), on ? drawn_amperes_ : 0.0);
  }

 private:
  Resources& resources_;
  std::string_view drawn_key_;  // a literal; its current is looked up once, not at every sample
  double drawn_amperes_ = 0;
};

}  // namespace xedgesim::devices::nrf
