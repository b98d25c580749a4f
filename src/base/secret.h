#pragma once
#include <string_view>

namespace xedgesim {

/// Compares in a time that does not depend on where they differ. An empty secret equals an empty text.
bool same_secret(std::string_view given, std::string_view secret);

}  // namespace xedgesim
