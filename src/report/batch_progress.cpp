#include "report/batch_progress.h"

#include <fmt/format.h>

#include <algorithm>

#include "metrics/run_directory.h"
#include "report/text_table.h"

namespace xedgesim::report {
namespace {

constexpr int64_t kTableRedrawNs = 200'000'000;
constexpr size_t kMostLines = 16;
constexpr int kBarCells = 20;

std::string progress_bar(int percent) {
  std::string bar;
  for (int i = 0; i < kBarCells; ++i) bar += i * 100 < percent * kBarCells ? "█" : "·";
  return bar;
}

}  // namespace

std::string outcome_text(const experiment::RunRecord& run) {
  using experiment::RunStatus;
  const std::string why = run.reason.empty() ? "" : ": " + run.reason;
  switch (run.status) {
    case RunStatus::passed:
      return run.reused ? "passed (results of an earlier run)" : "passed";
    case RunStatus::assertion_failed:
      return (run.reused ? "assertion failed (results of an earlier run)" : "assertion failed") + why;
    case RunStatus::failed:
      return "failed" + why;
    case RunStatus::config_error:
      return "cannot run" + why;
    case RunStatus::interrupted:
      return "interrupted" + why;
    case RunStatus::waiting:
      return "waiting";
    case RunStatus::running:
      return "running";
  }
  return "";
}

BatchProgress::BatchProgress(std::FILE* out, bool terminal, WallClock clock)
    : out_(out), terminal_(terminal), clock_(std::move(clock)), begun_ns_(clock_()) {}

BatchProgress::~BatchProgress() { clear(); }

void BatchProgress::clear() {
  if (lines_ > 0) fmt::print(out_, "\x1b[{}A\x1b[J", lines_);
  lines_ = 0;
  std::fflush(out_);
}

void BatchProgress::log(const std::string& text) {
  clear();
  fmt::print(out_, "[{}] {}\n", metrics::utc_text(clock_() / 1'000'000'000), text);
  std::fflush(out_);
}

void BatchProgress::finished(const std::vector<experiment::RunRecord>& runs, size_t index) {
  const auto& r = runs[index];
  const auto done = std::count_if(runs.begin(), runs.end(), [](const auto& run) { return run.done(); });
  std::string text = fmt::format("{} [{}/{}] {}: {}", r.status == experiment::RunStatus::passed ? "✅" : "❌",
                                 done, runs.size(), r.name, outcome_text(r));
  if (r.wall_s > 0 && !r.reused) text += fmt::format(" ({:.1f} s)", r.wall_s);
  log(text);
  drawn_ns_ = 0;
}

void BatchProgress::tick(const std::vector<experiment::RunRecord>& runs) {
  const int64_t now = clock_();
  if (!terminal_ || now - drawn_ns_ < kTableRedrawNs) return;
  clear();
  drawn_ns_ = now;
  size_t done = 0, running = 0, widest = 0;
  for (const auto& r : runs) {
    done += r.done();
    running += r.status == experiment::RunStatus::running;
    if (r.status == experiment::RunStatus::running) widest = std::max(widest, text_width(r.name));
  }
  widest = std::min<size_t>(widest, 40);
  for (const auto& r : runs) {
    if (r.status != experiment::RunStatus::running || lines_ >= kMostLines) continue;
    fmt::print(out_, "  {:<{}} {} {:>3}% {:>6.1f} s\n", r.name.substr(0, widest), widest,
               progress_bar(r.percent), r.percent, r.wall_s);
    ++lines_;
  }
  fmt::print(out_, "  {} of {} done, {} running, {:.0f} s\n", done, runs.size(), running,
             static_cast<double>(now - begun_ns_) * 1e-9);
  ++lines_;
  std::fflush(out_);
}

}  // namespace xedgesim::report
