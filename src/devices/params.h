#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bus/analog.h"
#include "bus/device.h"
#include "bus/flash.h"
#include "bus/interconnect.h"
#include "devices/nrf/links.h"

namespace xedgesim::devices {

/// One entry of a platform file's `devices:` list. Keys other than name, type, base, size and irq land in
/// `params` as text.
struct DeviceParams {
  std::string name;
  uint32_t base = 0;
  uint32_t size = 0x1000;
  int irq = -1;  ///< NVIC external interrupt number, -1 for none
  std::map<std::string, std::string> params;

  /// The parameter as an unsigned number (decimal or 0x...), `fallback` when absent. Throws ConfigError.
  uint32_t number(const std::string& key, uint32_t fallback) const;
  /// The parameter as true or false, `fallback` when absent. Throws ConfigError.
  bool flag(const std::string& key, bool fallback) const;
};

/// Consumer -> amperes, from the platform's chosen energy profile (docs/devices.md lists the consumers).
/// A consumer that is not listed draws nothing.
using Currents = std::map<std::string, double, std::less<>>;
double amperes_of(const Currents& currents, std::string_view consumer);
/// Of a transmitter at `dbm`: the entry `radio_tx.<n>dBm` of the listed power nearest above; of the strongest
/// one when there is none.
double transmit_amperes(const Currents& currents, double dbm);

/// Who this chip is: the values a factory burns into it.
struct Identity {
  uint64_t device_id = 0;       ///< FICR.DEVICEID, unique for each node
  uint64_t device_address = 0;  ///< FICR.DEVICEADDR, 48 bits
};

/// What the machine lends to its devices. Pointers may be null where a comment says so and outlive the
/// devices; the Resources object itself stays where it is as long as the devices exist.
struct Resources {
  bus::AddressMap* map = nullptr;       ///< nrf.ppi needs it
  bus::AnalogSource* analog = nullptr;  ///< null: all analog inputs are at 0 V
  bus::FlashStore* flash = nullptr;     ///< null: flash cannot be written or erased
  bus::PowerControl* power = nullptr;   ///< null: watchdog resets and SYSTEMOFF are only logged
  bus::PinObserver* pins = nullptr;     ///< may be null
  Identity identity;
  double temperature_c = 25.0;                      ///< of the die
  double supply_volts = 3.0;                        ///< VDD
  std::vector<std::pair<uint32_t, uint32_t>> uicr;  ///< (offset in UICR, word): CUSTOMER[0] is offset 0x080
  Currents currents;
  nrf::Links links;  ///< filled in by the devices themselves
};

}  // namespace xedgesim::devices
