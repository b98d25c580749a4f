#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "devices/params.h"

namespace xedgesim::devices {

/// Creates the device named by a platform file's `type`. Throws ConfigError for an unknown type (naming the
/// known ones) and for missing or malformed parameters. The machine resets the devices once all of them
/// exist.
std::unique_ptr<bus::Device> make_device(std::string_view type, const DeviceParams& params, bus::Board& board,
                                         Resources& resources);

/// All known types, sorted.
std::vector<std::string_view> device_types();

}  // namespace xedgesim::devices
