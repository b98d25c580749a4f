#include "metrics/run_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "base/error.h"

namespace xedgesim::metrics {
namespace fs = std::filesystem;
namespace {

constexpr const char* kReserveName = ".reserve";
constexpr int64_t kReserveBytes = 64 * 1024;
constexpr const char* kFirstSummary =
    "{\n  \"status\": \"interrupted\",\n  \"reason\": \"the run did not reach its end\"\n}\n";

/// What an earlier run may have left in an exact directory.
constexpr std::array kRunFiles{"device_metrics",
                               "network_metrics",
                               "edge_metrics",
                               "cloud_metrics",
                               "cross_tier_metrics",
                               "flow_metrics",
                               "link_metrics",
                               "port_metrics",
                               "spans",
                               "events",
                               "summary.json",
                               "capture.pcapng",
                               "capture.1.pcapng",
                               "consoles",
                               "cloud",
                               "trace.perfetto.json",
                               "deliveries.bin",
                               "inputs.json",
                               "applied.yaml",
                               "control.json",
                               "external",
                               "vm",
                               "REPORT.md",
                               "report.html",
                               "scenario.yaml",
                               "scenario.resolved.yaml"};

struct Utc {
  int year;
  unsigned month, day;
  int64_t hour, minute, second;
};

Utc utc(int64_t unix_seconds) {
  int64_t days = unix_seconds / 86'400, rest = unix_seconds % 86'400;
  if (rest < 0) {
    rest += 86'400;
    --days;
  }
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
  return {static_cast<int>(date.year()),
          static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()),
          rest / 3600,
          rest / 60 % 60,
          rest % 60};
}

[[noreturn]] void cannot_create(const fs::path& path, const std::string& why) {
  throw ConfigError(fmt::format(
      "cannot create the results directory {}: {}; choose another one with --output", path.string(), why));
}

void create_all(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (!error && !fs::is_directory(path, error)) cannot_create(path, "a file of that name exists");
  if (error) cannot_create(path, error.message());
}

fs::path create_named(const fs::path& parent, const std::string& name) {
  for (int i = 1; i < 10'000; ++i) {
    const fs::path path = parent / (i == 1 ? name : fmt::format("{}_{}", name, i));
    std::error_code error;
    // False without an error: it exists, perhaps made by another run this very second.
    if (fs::create_directory(path, error)) return path;
    if (error && error != std::errc::file_exists) cannot_create(path, error.message());
  }
  cannot_create(parent / name, "ten thousand runs began in the same second");
}

void prepare_exact(const fs::path& path) {
  create_all(path);
  std::error_code error;
  const bool empty = fs::is_empty(path, error);
  if (error) cannot_create(path, error.message());
  if (empty) return;
  if (!fs::exists(path / "summary.json", error)) {
    throw ConfigError(fmt::format(
        "the directory {} is not empty and holds no earlier results; empty it or choose another --output",
        path.string()));
  }
  remove_figures(path);
  for (const char* name : kRunFiles) {
    for (const char* suffix : {"", ".csv", ".jsonl"}) {
      fs::remove_all(path / (std::string(name) + suffix), error);
      if (error) cannot_create(path, error.message());
    }
  }
}

/// A convenience: a file system without symbolic links, or a directory of that name, is no reason to stop.
void point_latest_at(const fs::path& run) {
  std::error_code error;
  const fs::path link = run.parent_path() / "latest";
  const fs::path fresh = run.parent_path() / fmt::format(".latest.{}", ::getpid());
  fs::remove(fresh, error);
  fs::create_symlink(run.filename(), fresh, error);
  if (error) return;
  fs::rename(fresh, link, error);
  if (error) fs::remove(fresh, error);
}

}  // namespace

std::string utc_file_name(int64_t unix_seconds) {
  const Utc t = utc(unix_seconds);
  return fmt::format("{:04d}-{:02d}-{:02d}_{:02d}-{:02d}-{:02d}", t.year, t.month, t.day, t.hour, t.minute,
                     t.second);
}

std::string utc_text(int64_t unix_seconds) {
  const Utc t = utc(unix_seconds);
  return fmt::format("{:04d}-{:02d}-{:02d} {:02d}:{:02d}:{:02d}", t.year, t.month, t.day, t.hour, t.minute,
                     t.second);
}

fs::path default_scenario_dir(const fs::path& results, std::string_view scenario) {
  std::string name;
  for (const char c : scenario)
    name += c == '/' || c == '\\' || static_cast<unsigned char>(c) < 0x20 ? '_' : c;
  if (name.empty() || name == "." || name == "..") name = "scenario";
  return results / name.substr(0, 200);
}

void remove_figures(const fs::path& results, const std::vector<std::string>& kept) {
  const fs::path figures = results / "figures";
  std::error_code error;
  std::vector<fs::path> scripts;
  for (const auto& entry : fs::directory_iterator(figures, error))
    if (entry.path().extension() == ".gp" &&
        std::find(kept.begin(), kept.end(), entry.path().stem()) == kept.end())
      scripts.push_back(entry.path());
  for (fs::path drawn : scripts)
    for (const char* ending : {".png", ".svg", ".gp"}) fs::remove(drawn.replace_extension(ending), error);
  if (fs::is_empty(figures, error) && !error) fs::remove(figures, error);
}

RunDirectory::RunDirectory(const RunDirectoryOptions& options) {
  if (options.exact) {
    path_ = *options.exact;
    prepare_exact(path_);
  } else {
    create_all(options.scenario_dir);
    path_ = create_named(options.scenario_dir, utc_file_name(options.started_unix_s));
  }
  const fs::path reserve = path_ / kReserveName;
  const int fd = ::open(reserve.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) cannot_create(path_, std::strerror(errno));
  // Best effort: where it fails, a full disk costs the last summary.
  (void)::posix_fallocate(fd, 0, kReserveBytes);
  ::close(fd);
  replace("summary.json", kFirstSummary);
  if (!options.exact) point_latest_at(path_);
}

RunDirectory::~RunDirectory() { ::unlink((path_ / kReserveName).c_str()); }

std::unique_ptr<OutputFile> RunDirectory::open(const std::string& name, std::string trailer) {
  const fs::path path = path_ / name;
  if (path.parent_path() != path_) create_all(path.parent_path());
  return std::make_unique<OutputFile>(path, disk_, std::move(trailer));
}

void RunDirectory::replace(const std::string& name, std::string_view text) {
  const fs::path part = path_ / fmt::format(".{}.part", name);
  const auto write = [&]() -> int {
    const int fd = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) return errno;
    int error = 0;
    for (std::string_view rest = text; error == 0 && !rest.empty();) {
      const ssize_t n = ::write(fd, rest.data(), rest.size());
      if (n > 0) rest.remove_prefix(static_cast<size_t>(n));
      if (n == 0) error = ENOSPC;
      if (n < 0 && errno != EINTR) error = errno;
    }
    if (error == 0 && ::fsync(fd) != 0) error = errno;
    ::close(fd);
    return error;
  };
  int error = write();
  if (error == ENOSPC || error == EDQUOT) {
    ::unlink((path_ / kReserveName).c_str());
    error = write();
  }
  if (error == 0 && ::rename(part.c_str(), (path_ / name).c_str()) != 0) error = errno;
  if (error == 0) return;
  ::unlink(part.c_str());
  disk_->failed = true;
  throw SimulationError(fmt::format(
      "cannot write {}: {}; free some space or choose another --output, what it held before is kept",
      (path_ / name).string(), std::strerror(error)));
}

}  // namespace xedgesim::metrics
