#include "live/console.h"

namespace xedgesim::live {

Console::Console(std::filesystem::path file, std::function<void(std::string_view)> line)
    : file_(std::move(file)), line_(std::move(line)) {
  std::error_code ec;
  std::filesystem::create_directories(file_.parent_path(), ec);
  out_.open(file_, std::ios::binary | std::ios::app);
}

void Console::keep(std::string_view bytes) {
  out_.write(bytes.data(), static_cast<std::streamsize>(bytes.size())).flush();
  written_ += static_cast<int64_t>(bytes.size());
  if (written_ < kLongestFile) return;
  out_.close();
  std::error_code ec;
  std::filesystem::rename(file_, file_.string() + ".1", ec);
  out_.open(file_, std::ios::binary | std::ios::trunc);
  written_ = 0;
}

void Console::feed(std::string_view bytes) {
  keep(bytes);
  const auto viewers = viewers_;  // one may leave
  for (const auto& [number, viewer] : viewers) viewer(bytes);
  for (const char c : bytes) {
    if (c == '\r') continue;
    if (c != '\n') partial_ += c;
    if (c != '\n' && partial_.size() < kLongestLine) continue;
    line_(partial_);
    partial_.clear();
  }
}

uint64_t Console::attach(Viewer viewer) {
  viewers_[++numbers_] = std::move(viewer);
  return numbers_;
}

}  // namespace xedgesim::live
