#include "devices/nrf/power_clock.h"

namespace xedgesim::devices::nrf {

using namespace bus;

namespace {

// Offsets, PS 5.3.7 and 5.4.3.
constexpr uint32_t kHfclkStarted = 0x100, kLfclkStarted = 0x104, kDone = 0x10c, kCtto = 0x110;
constexpr uint32_t kSleepEnter = 0x114, kSleepExit = 0x118, kCtStarted = 0x128, kCtStopped = 0x12c;
constexpr uint32_t kLfclkSrcCopy = 0x41c, kGpregret = 0x51c, kGpregret2 = 0x520;
constexpr uint32_t kLfclkSrc = 0x518, kHfxoDebounce = 0x528, kCtiv = 0x538, kRamPower = 0x900;
constexpr Field kSrc{"SRC", 0, 2};
constexpr uint32_t kSrcXtal = 1, kSrcSynth = 2;

// Start-up, PS 5.4.4: HFXO 0.36 ms with the reset value of HFXODEBOUNCE (256 us of it).
constexpr Duration kHfxoPowerUp = Duration::us(104), kHfxoDebounceUnit = Duration::us(16);
constexpr Duration kLfrcStart = Duration::us(600), kLfxoStart = Duration::ms(250),
                   kLfsynthStart = Duration::us(100);
constexpr Duration kCalibration = Duration::ms(16);
constexpr Duration kCalibrationTimerUnit = Duration::ms(250);

enum Alarm : uint32_t { hfxo_ready, lfrc_ready, lfclk_ready, calibrated, timer_due };

}  // namespace

const TaskEventTable& PowerClock::registers() {
  using P = PowerClock;
  static const TaskEventTable table(
      {
          task(0x000, "TASKS_HFCLKSTART", run<&P::start_hfxo>),
          task(0x004, "TASKS_HFCLKSTOP", run<&P::stop_hfxo>),
          task(0x008, "TASKS_LFCLKSTART", run<&P::start_lfclk>),
          task(0x00c, "TASKS_LFCLKSTOP", run<&P::stop_lfclk>),
          task(0x010, "TASKS_CAL", run<&P::calibrate>),
          task(0x014, "TASKS_CTSTART", run<&P::start_calibration_timer>),
          task(0x018, "TASKS_CTSTOP", run<&P::stop_calibration_timer>),
          task(0x078, "TASKS_CONSTLAT", run<&P::power_mode>),
          task(0x07c, "TASKS_LOWPWR", run<&P::power_mode>),
          event(kHfclkStarted, "EVENTS_HFCLKSTARTED"),
          event(kLfclkStarted, "EVENTS_LFCLKSTARTED"),
          event(0x108, "EVENTS_POFWARN"),
          event(kDone, "EVENTS_DONE"),
          event(kCtto, "EVENTS_CTTO"),
          event(kSleepEnter, "EVENTS_SLEEPENTER"),
          event(kSleepExit, "EVENTS_SLEEPEXIT"),
          event(0x11c, "EVENTS_USBDETECTED"),
          event(0x120, "EVENTS_USBREMOVED"),
          event(0x124, "EVENTS_USBPWRRDY"),
          event(kCtStarted, "EVENTS_CTSTARTED"),
          event(kCtStopped, "EVENTS_CTSTOPPED"),
      },
      {},
      {
          {.offset = 0x400,
           .name = "RESETREAS",
           .read = get<&P::resetreas>,
           .write = set<&P::clear_resetreas>},
          {.offset = 0x408, .name = "HFCLKRUN", .access = Access::ro, .read = get<&P::hfclkrun>},
          {.offset = 0x40c, .name = "HFCLKSTAT", .access = Access::ro, .read = get<&P::hfclkstat>},
          {.offset = 0x414, .name = "LFCLKRUN", .access = Access::ro, .read = get<&P::lfclkrun>},
          {.offset = 0x418, .name = "LFCLKSTAT", .access = Access::ro, .read = get<&P::lfclkstat>},
          {.offset = kLfclkSrcCopy, .name = "LFCLKSRCCOPY", .access = Access::ro},
          {.offset = 0x428, .name = "RAMSTATUS", .access = Access::ro},
          {.offset = 0x438, .name = "USBREGSTATUS", .access = Access::ro},
          {.offset = 0x500,
           .name = "SYSTEMOFF",
           .access = Access::wo,
           .fields = {{"SYSTEMOFF", 0}},
           .write = set<&P::enter_system_off>},
          {.offset = 0x510,
           .name = "POFCON",
           .fields = {{"POF", 0}, {"THRESHOLD", 1, 4}, {"THRESHOLDVDDH", 8, 4}}},
          {.offset = kLfclkSrc, .name = "LFCLKSRC", .fields = {kSrc, {"BYPASS", 16}, {"EXTERNAL", 17}}},
          {.offset = kGpregret, .name = "GPREGRET", .fields = {{"GPREGRET", 0, 8}}},
          {.offset = kGpregret2, .name = "GPREGRET2", .fields = {{"GPREGRET", 0, 8}}},
          {.offset = kHfxoDebounce,
           .name = "HFXODEBOUNCE",
           .reset = 0x10,
           .fields = {{"HFXODEBOUNCE", 0, 8}}},
          {.offset = kCtiv, .name = "CTIV", .fields = {{"CTIV", 0, 7}}},
          {.offset = 0x524, .name = "RAMON"},  // nRF51; holds its value, all RAM stays on
          {.offset = 0x554, .name = "RAMONB"},
          {.offset = 0x558, .name = "APPROTECT.DISABLE"},  // later silicon; there is no debug port to open
          {.offset = 0x55c, .name = "TRACECONFIG", .fields = {{"TRACEPORTSPEED", 0, 2}, {"TRACEMUX", 16, 2}}},
          {.offset = 0x578, .name = "DCDCEN", .fields = {{"DCDCEN", 0}}},
          {.offset = 0x580, .name = "DCDCEN0", .fields = {{"DCDCEN", 0}}},
          {.offset = 0x5b4, .name = "LFRCMODE", .fields = {{"MODE", 0}}},
          {.offset = 0x640, .name = "MAINREGSTATUS", .access = Access::ro},
          {.offset = kRamPower, .name = "RAM.POWER", .reset = 0xffff, .count = 9, .stride = 0x10},
          {.offset = kRamPower + 4,
           .name = "RAM.POWERSET",
           .access = Access::wo,
           .write = set<&P::set_ram_power>,
           .count = 9,
           .stride = 0x10},
          {.offset = kRamPower + 8,
           .name = "RAM.POWERCLR",
           .access = Access::wo,
           .write = set<&P::clear_ram_power>,
           .count = 9,
           .stride = 0x10},
      });
  return table;
}

PowerClock::PowerClock(const DeviceParams& params, Board& board, Resources& resources)
    : Peripheral(params, registers(), board, resources) {
  links().clocks = this;
}

void PowerClock::reset() {
  // GPREGRET, GPREGRET2 and RESETREAS survive every reset but power-on (PS 5.3.6.7).
  const uint32_t retained = value(kGpregret), retained2 = value(kGpregret2);
  for (AlarmId* a : {&hfxo_alarm_, &lfrc_alarm_, &lfclk_alarm_, &calibration_alarm_, &timer_alarm_})
    disarm(*a);
  const bool was_running = lfclk_running_;
  hfxo_ = lfclk_ = Oscillator::off;
  lfclk_running_ = false;
  links().system_off = false;
  Peripheral::reset();
  set_value(kGpregret, retained);
  set_value(kGpregret2, retained2);
  board().current("hfxo", 0.0);
  board().current("lfclk", 0.0);
  if (was_running) {
    for (LfClockUser* u : users_) u->lfclk_changed();
  }
}

void PowerClock::reset_happened(ResetReason reason) {
  switch (reason) {
    case ResetReason::power_on:
      resetreas_ = 0;
      set_value(kGpregret, 0);
      set_value(kGpregret2, 0);
      break;
    case ResetReason::pin:
      resetreas_ |= 1u << 0;
      break;
    case ResetReason::watchdog:
      resetreas_ |= 1u << 1;
      break;
    case ResetReason::soft:
      resetreas_ |= 1u << 2;
      break;
    case ResetReason::lockup:
      resetreas_ |= 1u << 3;
      break;
    case ResetReason::off:
      resetreas_ |= 1u << 16;
      break;
  }
}

void PowerClock::start_hfxo() {
  if (hfxo_ == Oscillator::running) return generate(kHfclkStarted);
  if (hfxo_ == Oscillator::starting) return;
  hfxo_ = Oscillator::starting;
  board().current("hfxo", amperes("hfxo"));
  arm(hfxo_alarm_, now() + kHfxoPowerUp + kHfxoDebounceUnit * value(kHfxoDebounce), hfxo_ready);
}

void PowerClock::stop_hfxo() {
  hfxo_ = Oscillator::off;
  disarm(hfxo_alarm_);
  board().current("hfxo", 0.0);
}

void PowerClock::start_lfclk() {
  if (lfclk_ != Oscillator::off) {
    if (lfclk_ == Oscillator::running) generate(kLfclkStarted);
    return;
  }
  lfclk_ = Oscillator::starting;
  lfclk_source_ = kSrc.of(value(kLfclkSrc));
  set_value(kLfclkSrcCopy, lfclk_source_);
  board().current("lfclk", amperes("lfclk"));
  switch (lfclk_source_) {
    case kSrcXtal:  // LFRC drives LFCLK until the crystal is stable (PS 5.4.2.2)
      arm(lfrc_alarm_, now() + kLfrcStart, lfrc_ready);
      arm(lfclk_alarm_, now() + kLfxoStart, lfclk_ready);
      break;
    case kSrcSynth:
      arm(lfclk_alarm_, now() + kLfsynthStart, lfclk_ready);
      break;
    default:
      arm(lfclk_alarm_, now() + kLfrcStart, lfclk_ready);
      break;
  }
}

void PowerClock::stop_lfclk() {
  disarm(lfrc_alarm_);
  disarm(lfclk_alarm_);
  lfclk_ = Oscillator::off;
  board().current("lfclk", 0.0);
  if (!lfclk_running_) return;
  lfclk_running_ = false;
  for (LfClockUser* u : users_) u->lfclk_changed();
}

void PowerClock::lfclk_up() {
  if (lfclk_running_) return;
  lfclk_running_ = true;
  lfclk_origin_ = links().lf_clock.at(now());
  for (LfClockUser* u : users_) u->lfclk_changed();
}

uint32_t PowerClock::lfclkstat(unsigned) {
  if (!lfclk_running_) return 0;
  const bool on_rc = lfclk_source_ == kSrcXtal && lfclk_ == Oscillator::starting;
  return 1u << 16 | (on_rc ? 0 : lfclk_source_);
}

void PowerClock::calibrate() {
  if (!hfxo_running()) note("TASKS_CAL without HFXO running: the result would be useless on the chip");
  arm(calibration_alarm_, now() + kCalibration, calibrated);
}

void PowerClock::start_calibration_timer() {
  arm(timer_alarm_, now() + kCalibrationTimerUnit * value(kCtiv), timer_due);
  generate(kCtStarted);
}

void PowerClock::stop_calibration_timer() {
  disarm(timer_alarm_);
  generate(kCtStopped);
}

void PowerClock::on_alarm(uint32_t code) {
  switch (code) {
    case hfxo_ready:
      done(hfxo_alarm_);
      hfxo_ = Oscillator::running;
      return generate(kHfclkStarted);
    case lfrc_ready:
      done(lfrc_alarm_);
      return lfclk_up();
    case lfclk_ready:
      done(lfclk_alarm_);
      lfclk_ = Oscillator::running;
      lfclk_up();
      return generate(kLfclkStarted);
    case calibrated:
      done(calibration_alarm_);
      return generate(kDone);
    default:
      done(timer_alarm_);
      return generate(kCtto);
  }
}

void PowerClock::cpu_sleep(bool asleep) { generate(asleep ? kSleepEnter : kSleepExit); }

void PowerClock::clear_resetreas(unsigned, uint32_t ones) { resetreas_ &= ~ones; }

void PowerClock::enter_system_off(unsigned, uint32_t v) {
  if (v == 0) return;
  if (resources().power == nullptr) return note("SYSTEMOFF ignored: this machine cannot be switched off");
  links().system_off = true;
  resources().power->system_off();
}

void PowerClock::set_ram_power(unsigned block, uint32_t bits) {
  const uint32_t offset = kRamPower + 0x10 * block;
  set_value(offset, value(offset) | bits);
}

void PowerClock::clear_ram_power(unsigned block, uint32_t bits) {
  const uint32_t offset = kRamPower + 0x10 * block;
  set_value(offset, value(offset) & ~bits);
}

}  // namespace xedgesim::devices::nrf
