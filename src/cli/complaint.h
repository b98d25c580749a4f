#pragma once
#include <CLI/CLI.hpp>
#include <string>

namespace xedgesim::cli {

/// One sentence for a command line that `app` could not take: the word that is wrong, the nearest command or
/// option to it, and which --help lists them.
std::string command_line_complaint(const CLI::App& app, const CLI::ParseError& error);

}  // namespace xedgesim::cli
