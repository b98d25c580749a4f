#pragma once
#include <filesystem>
#include <map>
#include <mutex>
#include <string>

#include "web/json_text.h"
#include "web/results.h"

namespace xedgesim::web {

/// Every run and batch below the folder of results, for the first page. Summaries that have not changed are
/// not read again.
class RunList {
 public:
  static constexpr size_t kMostFolders = 20'000;  ///< looked into
  static constexpr int kDeepest = 5;              ///< folders below the results

  explicit RunList(const Results& results) : results_(results) {}

  /// {"folder", "runs": […newest first], "batches": […], "left_out": sentence or null}. Of a run that cannot
  /// be read there is `problem`, a sentence.
  Json list();

 private:
  struct Known {
    std::filesystem::file_time_type changed;
    uintmax_t size = 0;
    Json line;
  };
  struct Search;
  void look_into(const std::filesystem::path& folder, int depth, const std::string& batch, Search& search);
  Json run_line(const std::filesystem::path& folder);

  const Results& results_;
  std::mutex mutex_;
  std::map<std::filesystem::path, Known> known_;
};

/// Id of a folder: its path below the folder of results.
std::string id_of(const Results& results, const std::filesystem::path& folder);

}  // namespace xedgesim::web
