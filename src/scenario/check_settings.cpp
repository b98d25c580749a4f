#include <cmath>

#include "base/units.h"
#include "firmware/common/settings.h"
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
    if (!d.firmware) continue;
    const std::string path = fmt::format("devices[{}].config", i);
    const DeviceConfig& c = d.config;
    if (c.sample_rate_hz && !fits(static_cast<double>(*c.sample_rate_hz), SETTINGS_MIN_SAMPLE_RATE_HZ,
                                  SETTINGS_MAX_SAMPLE_RATE_HZ))
      warn(check, path + ".sample_rate",
           fmt::format("{} to {} Hz", int{SETTINGS_MIN_SAMPLE_RATE_HZ}, int{SETTINGS_MAX_SAMPLE_RATE_HZ}));
    if (c.report_interval && !fits(static_cast<double>(c.report_interval->count_ns()) / 1e6,
                                   SETTINGS_MIN_REPORT_INTERVAL_MS, SETTINGS_MAX_REPORT_INTERVAL_MS))
      warn(check, path + ".report_interval",
           fmt::format("whole milliseconds from {} to {}", int{SETTINGS_MIN_REPORT_INTERVAL_MS},
                       int{SETTINGS_MAX_REPORT_INTERVAL_MS}));
    if (c.tx_power_dbm) power(path + ".tx_power", *c.tx_power_dbm);
    network_power |= !c.tx_power_dbm;
  }
  if (network_power) power("network.wireless.tx_power", check.s.network.wireless.tx_power_dbm);
}

}  // namespace xedgesim::scenario
