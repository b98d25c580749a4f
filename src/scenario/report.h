#pragma once
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "scenario/diagnostic.h"
#include "scenario/value.h"

namespace xedgesim::scenario {

/// One text a scenario is made of: a file, or an override.
struct Source {
  std::string name;
  std::filesystem::path folder;  ///< relative paths in it start here
};

/// "devices[0].config" while descending; lives on the stack.
struct Path {
  const Path* parent = nullptr;
  std::string_view key = {};
  long index = -1;  ///< of a list item when >= 0

  Path() = default;
  explicit Path(std::string_view k) : key(k) {}
  Path(const Path& above, std::string_view k) : parent(&above), key(k) {}
  Path(const Path& above, size_t i) : parent(&above), index(static_cast<long>(i)) {}
  std::string text() const;
};

/// Collects what is wrong. One complaint a place: the first one made there, so that a wrong value is not
/// complained about again by the checks that would have used it.
class Report {
 public:
  int add_source(Source source);
  const Source& source(int index) const { return sources_[static_cast<size_t>(index)]; }
  std::vector<std::string> source_names() const;
  const std::vector<Source>& sources() const { return sources_; }

  /// A file that the scenario names: as written and where it was found.
  void add_file(const std::string& written, const std::filesystem::path& found) {
    files_.emplace(written, found);
  }
  const std::map<std::string, std::filesystem::path>& files() const { return files_; }

  void error(const Mark& mark, std::string message);
  void warning(const Mark& mark, std::string message);
  /// So many errors that further ones are only counted: suggestions for them are not worth their time.
  bool full() const { return errors_.size() >= kMostKept; }
  bool has_error_at(const Mark& mark) const;
  bool has_errors() const { return !errors_.empty(); }
  /// Sorted by source (in order of reading), line and column; very many are cut with a count.
  std::vector<Diagnostic> errors() const { return sorted(errors_, further_errors_); }
  std::vector<Diagnostic> warnings() const { return sorted(warnings_, 0); }

 private:
  static constexpr size_t kMostKept = 1000;
  struct Complaint {
    Mark mark;
    std::string message;
  };
  std::vector<Diagnostic> sorted(const std::vector<Complaint>& complaints, size_t further) const;
  std::vector<Source> sources_;
  std::map<std::string, std::filesystem::path> files_;
  std::vector<Complaint> errors_;
  std::vector<Complaint> warnings_;
  std::set<std::tuple<int, int, int>> error_places_;
  size_t further_errors_ = 0;
};

}  // namespace xedgesim::scenario
