#pragma once
#include <span>
#include <string>
#include <string_view>

namespace xedgesim {

/// The text as one word of a POSIX shell, whatever is in it.
std::string shell_quoted(std::string_view text);
/// All words, each quoted, with spaces between.
std::string shell_quoted(std::span<const std::string> words);

}  // namespace xedgesim
