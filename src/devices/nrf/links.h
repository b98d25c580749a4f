#pragma once
#include <vector>

#include "base/time.h"
#include "bus/local_clock.h"

/// The few wires between nRF peripherals that are neither PPI nor interrupts: each device fills in what it
/// offers when it is made, and the others look it up when they need it.
namespace xedgesim::devices::nrf {

/// Told when the low-frequency clock starts or stops.
class LfClockUser {
 public:
  virtual ~LfClockUser() = default;
  virtual void lfclk_changed() = 0;
};

/// Told when the oscillators begin to run at another rate: what it waits for comes at another time.
class DeviationUser {
 public:
  virtual ~DeviationUser() = default;
  virtual void clocks_deviate() = 0;
};

/// CLOCK as the other peripherals see it.
class Clocks {
 public:
  virtual ~Clocks() = default;
  virtual bool hfxo_running() const = 0;
  virtual bool lfclk_running() const = 0;
  /// LFCLK edge 0, in half nanoseconds of Links::lf_clock; edge n is n / 32768 s of that clock later.
  /// Meaningful while the clock runs.
  virtual int64_t lfclk_origin() const = 0;
  /// WDT requests the clock when it is started (PS 6.36).
  virtual void request_lfclk() = 0;
  virtual void add_user(LfClockUser& user) = 0;
};

/// GPIO as GPIOTE sees it. Pins count over both ports: P1.02 is 34.
class Pins {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void pin_edge(unsigned pin, bool level) = 0;
    /// DETECT of `port` rose (any pin met its SENSE condition).
    virtual void detect(unsigned port) = 0;
  };
  virtual ~Pins() = default;
  virtual void set_listener(Listener& listener) = 0;
  virtual bool level(unsigned pin) const = 0;
  /// GPIOTE takes over an output pin: OUT and DIR of the pin no longer matter until released.
  virtual void take_over(unsigned pin, bool output, bool level) = 0;
  virtual void release(unsigned pin) = 0;
};

/// NVMC as UICR sees it.
class WriteGate {
 public:
  virtual ~WriteGate() = default;
  virtual bool write_enabled() const = 0;
  /// A word was programmed: the controller is busy for the write time.
  virtual void word_written() = 0;
};

/// UICR as NVMC sees it.
class Erasable {
 public:
  virtual ~Erasable() = default;
  virtual void erase() = 0;
};

struct Links {
  Clocks* clocks = nullptr;
  Pins* pins = nullptr;
  WriteGate* nvmc = nullptr;
  Erasable* uicr = nullptr;
  unsigned running_timers = 0;  ///< all TIMERs together keep one clock tree alive
  bool system_off = false;      ///< set by POWER; GPIO's DETECT then wakes the chip by a reset
  /// The two oscillators as what counts them sees the time: LFCLK (RTC, WDT) and HFCLK (TIMER; the core has a
  /// ClockGrid).
  bus::LocalClock lf_clock, hf_clock;
  std::vector<DeviationUser*> deviation_users;

  void set_deviation(int64_t lf_ppb, int64_t hf_ppb, SimTime now) {
    lf_clock.set_deviation(lf_ppb, now);
    hf_clock.set_deviation(hf_ppb, now);
    for (DeviationUser* u : deviation_users) u->clocks_deviate();
  }
};

}  // namespace xedgesim::devices::nrf
