#include "nodes/frame_source.h"

#include <fmt/format.h>

#include <charconv>
#include <fstream>

#include "base/error.h"
#include "ml/data_table.h"

namespace xedgesim::nodes {
namespace {

std::vector<int> read_labels(const std::string& file) {
  std::ifstream in(file);
  if (!in) throw ConfigError(fmt::format("labels '{}' cannot be read", file));
  std::vector<int> labels;
  size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    if (line.empty() || line[0] == '#') continue;
    int label = 0;
    const auto [end, ec] = std::from_chars(line.data(), line.data() + line.size(), label);
    if (ec != std::errc{} || end != line.data() + line.size() || label < 0)
      throw ConfigError(fmt::format("{}:{}: '{}' is no class number", file, number, line.substr(0, 40)));
    labels.push_back(label);
  }
  return labels;
}

}  // namespace

std::shared_ptr<const Frames> read_frames(const std::string& table, const std::string& labels,
                                          double volts_per_unit) {
  ml::DataTable data = ml::read_data_table(table);
  auto frames = std::make_shared<Frames>();
  frames->name = table;
  frames->labels = labels.empty() ? std::move(data.labels) : read_labels(labels);
  if (!labels.empty() && frames->labels.size() != data.rows.size())
    throw ConfigError(fmt::format("labels '{}': there are {} labels for the {} frames of '{}': one a frame", labels,
                                  frames->labels.size(), data.rows.size(), table));
  frames->pixels = std::move(data.rows);
  frames->volts_per_unit = volts_per_unit;
  return frames;
}

double FrameSource::volts(SimTime) {
  const std::vector<float>& frame = frames_->pixels[frame_];
  const size_t i = pixel_++;
  return i < frame.size() ? static_cast<double>(frame[i]) * frames_->volts_per_unit : 0;
}

void FrameSource::window_ended(int64_t samples) {
  const size_t size = frames_->pixels[frame_].size();
  if (samples != static_cast<int64_t>(size))
    throw SimulationError(fmt::format(
        "the firmware read a window of {} samples, but a frame of '{}' has {} pixels: choose sample_rate and "
        "report_interval so that a window is one frame",
        samples, frames_->name, size));
  frame_ = (frame_ + 1) % frames_->pixels.size();
  pixel_ = 0;
}

}  // namespace xedgesim::nodes
