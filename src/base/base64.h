#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace xedgesim {

/// RFC 4648, section 4, with padding.
std::string base64_encode(std::span<const uint8_t> bytes);
/// None when the text is not exactly such an encoding (wrong character, length or padding, stray bits).
std::optional<std::vector<uint8_t>> base64_decode(std::string_view text);

}  // namespace xedgesim
