#pragma once

namespace xedgesim::cli {

/// The whole program: parses the command line, runs one command, returns its exit code (base/error.h).
int run(int argc, char** argv);

}  // namespace xedgesim::cli
