#pragma once
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace xedgesim::live {

/// What a machine's serial port prints: kept in a file, cut into lines, shown to whoever is attached.
class Console {
 public:
  static constexpr size_t kLongestLine = 4096;                ///< bytes; longer ones are cut into several
  static constexpr int64_t kLongestFile = int64_t{16} << 20;  ///< bytes; then FILE becomes FILE.1

  Console(std::filesystem::path file, std::function<void(std::string_view line)> line);
  void feed(std::string_view bytes);

  using Viewer = std::function<void(std::string_view)>;
  uint64_t attach(Viewer viewer);
  void detach(uint64_t viewer) { viewers_.erase(viewer); }
  const std::filesystem::path& file() const { return file_; }

 private:
  void keep(std::string_view bytes);

  std::filesystem::path file_;
  std::ofstream out_;
  int64_t written_ = 0;
  std::function<void(std::string_view)> line_;
  std::string partial_;
  std::map<uint64_t, Viewer> viewers_;
  uint64_t numbers_ = 0;
};

}  // namespace xedgesim::live
