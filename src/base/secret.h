#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace xedgesim {

/// That many random bytes of the host's as hex digits; 256 bytes at most. Nothing that is simulated may come
/// from it. Throws SimulationError.
std::string new_secret(size_t bytes);
/// Compares in a time that does not depend on where they differ. An empty secret equals an empty text.
bool same_secret(std::string_view given, std::string_view secret);

}  // namespace xedgesim
