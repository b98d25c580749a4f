#include <cmath>

#include "base/units.h"
#include "firmware/common/settings.h"
#include "firmware/common/window_plan.h"
#include "scenario/check.h"

namespace xedgesim::scenario {
namespace {

/// A warning only: a firmware of the user's may read the words otherwise, or not at all.
void warn(Check& check, const std::string& path, const std::string& what) {
  check.warning(path,
                "the shipped firmware takes {}, and its default instead of this; the board's console says so",
                what);
}

bool fits(double v, double least, double most) { return v >= least && v <= most && v == std::trunc(v); }

bool rate_fits(int64_t hz) { return hz >= SETTINGS_MIN_SAMPLE_RATE_HZ && hz <= SETTINGS_MAX_SAMPLE_RATE_HZ; }

/// Only one of the three counts, for boards and for built-in models.
void check_other_intervals(Check& check, const std::string& path, const DeviceConfig& c) {
  const char* const counts = report_interval(c).key;
  for (const ReportInterval& i : report_intervals(c))
    if (i.value && i.key != counts)
      check.warning(fmt::format("{}.{}", path, i.key),
                    "{} is given, too, and goes first, so this one does nothing: remove one of them", counts);
}

/// The interval that counts, against what the shipped firmware takes and what its windows make of it.
void check_interval(Check& check, const std::string& path, const DeviceConfig& c) {
  const ReportInterval interval = report_interval(c);
  if (!interval.value) return;
  const std::string key = fmt::format("{}.{}", path, interval.key);
  const int64_t ns = interval.value->count_ns();
  if (!fits(static_cast<double>(ns) / 1e6, SETTINGS_MIN_REPORT_INTERVAL_MS, SETTINGS_MAX_REPORT_INTERVAL_MS))
    return warn(check, key,
                fmt::format("whole milliseconds from {} to {}", int{SETTINGS_MIN_REPORT_INTERVAL_MS},
                            int{SETTINGS_MAX_REPORT_INTERVAL_MS}));
  const int64_t rate = c.sample_rate_hz.value_or(SETTINGS_DEFAULT_SAMPLE_RATE_HZ);
  if (!rate_fits(rate)) return;  // said at sample_rate
  const window_plan plan = plan_windows(static_cast<uint32_t>(rate), static_cast<uint32_t>(ns / 1'000'000));
  const int64_t samples = int64_t{plan.samples} * plan.windows_per_report;
  if (samples * 1'000'000'000 == ns * rate) return;
  check.warning(
      key,
      "the shipped vib_sensor reports every {} instead: its reports are of {} whole {} of {} samples "
      "at {} Hz",
      format_duration(Duration::ns(samples * 1'000'000'000 / rate)), plan.windows_per_report,
      plan.windows_per_report == 1 ? "window" : "windows", plan.samples, rate);
}

}  // namespace

void check_settings(Check& check) {
  const auto power = [&](const std::string& path, double dbm) {
    if (!fits(dbm, SETTINGS_MIN_TX_POWER_DBM, SETTINGS_MAX_TX_POWER_DBM))
      warn(check, path,
           fmt::format("whole dBm from {} to {}", int{SETTINGS_MIN_TX_POWER_DBM},
                       int{SETTINGS_MAX_TX_POWER_DBM}));
  };
  bool network_power = false;  // some board takes that of the network
  for (size_t i = 0; i < check.s.devices.size(); ++i) {
    const Device& d = check.s.devices[i];
    const std::string path = fmt::format("devices[{}].config", i);
    const DeviceConfig& c = d.config;
    // A program of the user's is handed all of `config` and may use each of them.
    const bool built_in = d.type == Device::Type::model && d.model.resolved.empty();
    if (d.firmware || built_in) check_other_intervals(check, path, c);
    if (!d.firmware) continue;
    if (c.sample_rate_hz && !rate_fits(*c.sample_rate_hz))
      warn(check, path + ".sample_rate",
           fmt::format("{} to {} Hz", int{SETTINGS_MIN_SAMPLE_RATE_HZ}, int{SETTINGS_MAX_SAMPLE_RATE_HZ}));
    check_interval(check, path, c);
    if (c.tx_power_dbm) power(path + ".tx_power", *c.tx_power_dbm);
    network_power |= !c.tx_power_dbm;
  }
  if (network_power) power("network.wireless.tx_power", check.s.network.wireless.tx_power_dbm);
}

}  // namespace xedgesim::scenario
