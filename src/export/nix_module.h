#pragma once

namespace xedgesim::exporter {

/// What follows `data = { … };` in the host's module and in a machine's. They hold nothing of a scenario.
extern const char* const kNixHost;
extern const char* const kNixGuest;

}  // namespace xedgesim::exporter
