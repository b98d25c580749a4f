#pragma once
#include <memory>
#include <string>
#include <vector>

#include "nodes/sensor_feed.h"

namespace xedgesim::nodes {

/// Frames of a sensor that is read out pixel by pixel, with what they show.
struct Frames {
  std::string name;                        ///< of the file, for messages
  std::vector<std::vector<float>> pixels;  ///< one row a frame, all of one length
  std::vector<int> labels;                 ///< one a frame, or none at all
  double volts_per_unit = 1;
};

/// A table (ml/data_table.h) with a `label` column, or with a file of labels beside it, one whole number a line. Throws
/// ConfigError with the file (and line) for a missing or wrong file and for another number of labels than frames.
std::shared_ptr<const Frames> read_frames(const std::string& table, const std::string& labels,
                                          double volts_per_unit);

/// The analog output of such a sensor (a thermal or vision array on a multiplexer): each conversion reads the next pixel,
/// and each window begins with the next frame, from `first` on and around. Time plays no part, so frames and windows
/// agree whatever the clock does.
class FrameSource final : public SignalSource {
 public:
  FrameSource(std::shared_ptr<const Frames> frames, size_t first)
      : frames_(std::move(frames)), frame_(first % frames_->pixels.size()) {}
  double volts(SimTime t) override;
  /// The window of so many conversions is over. SimulationError when it was no whole frame.
  void window_ended(int64_t samples);
  /// The board was off or reset: the frame is read out again.
  void restarted() { pixel_ = 0; }

 private:
  std::shared_ptr<const Frames> frames_;
  size_t frame_, pixel_ = 0;
};

}  // namespace xedgesim::nodes
