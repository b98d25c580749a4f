#pragma once
#include <filesystem>
#include <string>

namespace xedgesim::live {

/// Runs a shell command in a machine of a system that is up; what it prints goes to our standard output and
/// error; with `input` it reads our standard input. Returns its exit status. Throws ConfigError when that
/// cannot be, SimulationError when the system goes away meanwhile.
int run_in_machine(const std::filesystem::path& session_socket, const std::string& node,
                   const std::string& command, bool input);

/// Connects standard input and output to a machine's console, until Ctrl-] or the end of the input.
void attach_console(const std::filesystem::path& session_socket, const std::string& node);

}  // namespace xedgesim::live
