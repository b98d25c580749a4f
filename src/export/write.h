#pragma once
#include "export/result.h"

namespace xedgesim::exporter {

/// Writes every file below `folder`, which is made when it is not there. Each file appears whole or not at
/// all, with its mode from the start; a symbolic link in its place is replaced, not followed. Files of an
/// earlier export are replaced, other files stay. Throws ConfigError.
void write(const Result& result, const std::filesystem::path& folder);

}  // namespace xedgesim::exporter
