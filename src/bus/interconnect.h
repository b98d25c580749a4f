#pragma once
#include <cstdint>

#include "bus/device.h"

/// What the devices of one machine know of each other, apart from registers and interrupt lines. The machine
/// finds these roles with dynamic_cast on its devices when it is built.
namespace xedgesim::bus {

/// The machine's memory map, as the interconnect needs it to find a task's device.
class AddressMap {
 public:
  virtual ~AddressMap() = default;
  /// The device whose block holds `address`, or null.
  virtual Device* find(uint32_t address) = 0;
};

/// Takes published events: the PPI. Board::publish hands every event to the machine's sink, if it has one.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void on_event(RegisterAddress event) = 0;
};

/// A device with tasks that the interconnect can trigger.
class TaskTarget {
 public:
  virtual ~TaskTarget() = default;
  /// Triggers the task whose register is at `offset`; false when there is no task there.
  virtual bool trigger(uint32_t offset) = 0;
};

/// Told when the CPU falls asleep in WFI/WFE and wakes (POWER's SLEEPENTER and SLEEPEXIT).
class SleepObserver {
 public:
  virtual ~SleepObserver() = default;
  virtual void cpu_sleep(bool asleep) = 0;
};

enum class ResetReason : uint8_t { power_on, pin, watchdog, soft, lockup, off };

/// Keeps why the chip was reset: the machine calls it after Device::reset() of all devices.
class ResetRecorder {
 public:
  virtual ~ResetRecorder() = default;
  virtual void reset_happened(ResetReason reason) = 0;
};

/// What a device may ask of the machine's power and reset logic. Takes effect at the end of the instruction.
class PowerControl {
 public:
  virtual ~PowerControl() = default;
  /// Resets the CPU and the devices as a watchdog does (reason watchdog) or a wake from System OFF (off).
  virtual void reset(ResetReason reason) = 0;
  /// System OFF: the CPU stops until reset; GPIO SENSE may ask for one.
  virtual void system_off() = 0;
};

/// Digital pins seen from outside the chip. `pin` counts over all ports: P1.02 is 34.
class PinPort {
 public:
  virtual ~PinPort() = default;
  /// The level a button or another chip drives onto the pin from now on.
  virtual void drive_pin(unsigned pin, bool level) = 0;
  /// Nothing drives the pin any more: its pull resistor decides.
  virtual void release_pin(unsigned pin) = 0;
  /// The level on the pin now.
  virtual bool pin_level(unsigned pin) const = 0;
};

/// Told when a pin that the chip drives changes its level (LEDs, chip selects).
class PinObserver {
 public:
  virtual ~PinObserver() = default;
  virtual void pin_changed(unsigned pin, bool level, SimTime t) = 0;
};

}  // namespace xedgesim::bus
