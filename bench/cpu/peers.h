#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Other emulators on the same image, for comparison in the same run.
namespace xedgesim::bench {

/// CPU seconds of QEMU (mps2-an386) for `rounds` of a kernel, its start included; nothing without QEMU.
std::optional<double> qemu_seconds(const std::string& elf, unsigned kernel, uint64_t rounds, bool icount);

/// CPU seconds of Unicorn for the same; nothing when this build has none or it fails.
std::optional<double> unicorn_seconds(const std::vector<uint8_t>& image, unsigned kernel, uint64_t rounds);

inline constexpr uint32_t kParameters = 0x20008000;  ///< kernel, rounds, SysTick reload
double cpu_seconds();

}  // namespace xedgesim::bench
