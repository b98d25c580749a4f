#include "devices/factory.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "devices/nrf/egu.h"
#include "devices/nrf/ficr.h"
#include "devices/nrf/gpio.h"
#include "devices/nrf/gpiote.h"
#include "devices/nrf/nvmc.h"
#include "devices/nrf/power_clock.h"
#include "devices/nrf/ppi.h"
#include "devices/nrf/radio.h"
#include "devices/nrf/rng.h"
#include "devices/nrf/rtc.h"
#include "devices/nrf/saadc.h"
#include "devices/nrf/temp.h"
#include "devices/nrf/timer.h"
#include "devices/nrf/uarte.h"
#include "devices/nrf/uicr.h"
#include "devices/nrf/wdt.h"

namespace xedgesim::devices {
namespace {

using Maker = std::unique_ptr<bus::Device> (*)(const DeviceParams&, bus::Board&, Resources&);

template <class D>
std::unique_ptr<bus::Device> make(const DeviceParams& params, bus::Board& board, Resources& resources) {
  return std::make_unique<D>(params, board, resources);
}

struct Type {
  std::string_view name;
  Maker make;
};

constexpr std::array kTypes = {
    Type{"nrf.egu", make<nrf::Egu>},     Type{"nrf.ficr", make<nrf::Ficr>},
    Type{"nrf.gpio", make<nrf::Gpio>},   Type{"nrf.gpiote", make<nrf::Gpiote>},
    Type{"nrf.nvmc", make<nrf::Nvmc>},   Type{"nrf.power_clock", make<nrf::PowerClock>},
    Type{"nrf.ppi", make<nrf::Ppi>},     Type{"nrf.radio", make<nrf::Radio>},
    Type{"nrf.rng", make<nrf::Rng>},     Type{"nrf.rtc", make<nrf::Rtc>},
    Type{"nrf.saadc", make<nrf::Saadc>}, Type{"nrf.temp", make<nrf::Temp>},
    Type{"nrf.timer", make<nrf::Timer>}, Type{"nrf.uarte", make<nrf::Uarte>},
    Type{"nrf.uicr", make<nrf::Uicr>},   Type{"nrf.wdt", make<nrf::Wdt>},
};
static_assert(std::ranges::is_sorted(kTypes, {}, &Type::name));

}  // namespace

std::unique_ptr<bus::Device> make_device(std::string_view type, const DeviceParams& params, bus::Board& board,
                                         Resources& resources) {
  const auto it = std::ranges::find(kTypes, type, &Type::name);
  if (it == kTypes.end()) {
    throw ConfigError(fmt::format("device {}: unknown type '{}': use one of {}", params.name, type,
                                  fmt::join(device_types(), ", ")));
  }
  return it->make(params, board, resources);
}

std::vector<std::string_view> device_types() {
  std::vector<std::string_view> names;
  for (const Type& t : kTypes) names.push_back(t.name);
  return names;
}

}  // namespace xedgesim::devices
