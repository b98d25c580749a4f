#pragma once
#include <filesystem>
#include <memory>
#include <vector>

#include "net/capture/air_capture.h"
#include "net/capture/wire_capture.h"
#include "system/system.h"

namespace xedgesim::system {

/// What metrics.capture asks for: the air and links, one interface each, in one pcapng file. Nothing asked
/// for: no file. A name of a node means the links at its ends.
class Capture {
 public:
  Capture(System& system, const std::filesystem::path& directory);
  /// Writes what is still held. Throws SimulationError when that fails.
  void finish();

 private:
  std::unique_ptr<net::PcapngWriter> writer_;
  std::unique_ptr<net::AirCapture> air_;
  std::vector<std::unique_ptr<net::WireCapture>> wires_;
};

}  // namespace xedgesim::system
