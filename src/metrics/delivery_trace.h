#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "sim/event.h"

namespace xedgesim::metrics {

/// deliveries.bin (`metrics.deliveries`): every delivery of a run in order, which is what the run digest is
/// made of. About 20 bytes and the data each.
///
/// Format: the line "xedgesim deliveries 1", a line with the number of participants, their names a line each,
/// then per delivery in LEB128: nanoseconds since the one before, source, target, code, four arguments
/// (zigzag), length of the data + 1 (0: none), the data.
class DeliveryTrace {
 public:
  /// Throws SimulationError when the file cannot be created.
  DeliveryTrace(const std::filesystem::path& file, const std::vector<std::string>& names);
  /// In order of time. Throws SimulationError when the disk is full.
  void add(const sim::Event& e);
  void flush();

 private:
  std::filesystem::path file_;
  std::ofstream out_;
  std::string buffer_;
  int64_t last_ns_ = 0;
};

struct Delivery {
  int64_t time_ns = 0;
  std::string source, target;
  uint64_t code = 0;
  std::array<int64_t, 4> args{};
  bool has_data = false;
  std::string data;
  bool operator==(const Delivery&) const = default;
};

class DeliveryReader {
 public:
  /// Throws ConfigError when the file is missing or no trace.
  explicit DeliveryReader(const std::filesystem::path& file);
  /// None at the end; a cut last record ends the trace too, as an interrupted run leaves it. Throws
  /// ConfigError when a record is impossible.
  std::optional<Delivery> next();
  bool cut() const { return cut_; }

 private:
  std::optional<uint64_t> number();
  std::string participant(uint64_t id) const;
  std::filesystem::path file_;
  std::ifstream in_;
  std::vector<std::string> names_;
  int64_t last_ns_ = 0;
  bool cut_ = false;
};

}  // namespace xedgesim::metrics
