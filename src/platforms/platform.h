#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "devices/factory.h"
#include "isa/arm/cortex_m.h"
#include "platforms/firmware_image.h"

namespace xedgesim::platforms {

/// A SoC, or a board with its SoC, as data (docs/devices.md describes the file).
struct Platform {
  struct Memory {
    std::string name;
    bool flash = false;
    uint32_t base = 0, size = 0;
  };
  struct DeviceEntry {
    std::string type;
    devices::DeviceParams params;
  };
  struct Hole {
    std::string name;
    uint32_t base = 0, size = 0x1000;
    std::map<uint32_t, uint32_t> reset;  ///< offset -> value
  };
  struct EnergyProfile {
    double supply_v = 3.0;
    devices::Currents currents;
  };

  std::string name, description;
  std::filesystem::path file;
  isa::CortexMConfig core;
  int64_t frequency_hz = 0;
  std::vector<Memory> memories;
  std::vector<DeviceEntry> devices;
  std::vector<Hole> unmodelled;
  std::map<std::string, EnergyProfile> energy;
  std::string default_energy;
  std::string console_device = "uart0";
  std::string air_device = "radio";  ///< device that is attached to the radio medium

  const EnergyProfile& energy_profile(const std::string& profile) const;  ///< empty: the default
  uint32_t unmodelled_reset(uint32_t address) const;
  const Memory& flash() const;
  /// Words that `image` programs into UICR. Throws ConfigError when a segment lies in no memory of the
  /// platform.
  std::vector<std::pair<uint32_t, uint32_t>> uicr_words(const FirmwareImage& image) const;
};

/// Loads PLATFORM.yaml (a SoC, or a board that names one with `soc:` in the same folder).
/// Throws ConfigError with file:line:column.
Platform load_platform(const std::filesystem::path& file);
/// Names of the platforms in a folder, sorted.
std::vector<std::string> platform_names(const std::filesystem::path& folder);

}  // namespace xedgesim::platforms
