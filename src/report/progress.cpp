#include "report/progress.h"

#include <fmt/format.h>

#include <algorithm>

#include "metrics/run_directory.h"

namespace xedgesim::report {
namespace {

constexpr int kStepPercent = 20;
constexpr int64_t kRedrawNs = 100'000'000;

int percent(SimTime reached, Duration whole) {
  if (whole <= Duration()) return 100;
  const double part = reached.since_start().count_s() / whole.count_s();
  return static_cast<int>(std::clamp(part * 100, 0.0, 100.0));
}

/// "4.2 s", "3 min 20 s", "2 h 5 min".
std::string plain_time(double seconds) {
  if (seconds < 60) return fmt::format("{:.0f} s", seconds);
  const auto whole = static_cast<int64_t>(std::min(seconds, 1e15));
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole / 60 % 60);
}

}  // namespace

ProgressPrinter::ProgressPrinter(std::FILE* out, bool terminal, WallClock clock, Duration simulated)
    : out_(out), terminal_(terminal), clock_(std::move(clock)), simulated_(simulated) {}

void ProgressPrinter::log(std::string_view text) {
  clear_line();
  fmt::print(out_, "[{}] {}\n", metrics::utc_text(clock_() / 1'000'000'000), text);
  if (!shown_.empty()) fmt::print(out_, "{}", shown_);
  std::fflush(out_);
}

void ProgressPrinter::update(SimTime reached) {
  const int64_t now = clock_();
  if (begun_ns_ < 0) begun_ns_ = now;
  if (terminal_) {
    if (shown_.empty() || now - drawn_ns_ >= kRedrawNs) draw(reached, now);
    return;
  }
  const int done = percent(reached, simulated_);
  // 100 % is done()'s to say.
  if (done < next_percent_ || next_percent_ >= 100) return;
  const int step = done / kStepPercent * kStepPercent;
  if (step < 100) log(fmt::format("Simulation running... ({}%)", step));
  next_percent_ = step + kStepPercent;
}

void ProgressPrinter::done(SimTime reached) {
  clear_line();
  shown_.clear();
  const int part = percent(reached, simulated_);
  log(part >= 100 ? "Simulation complete (100%)" : fmt::format("Simulation stopped ({}%)", part));
}

void ProgressPrinter::draw(SimTime reached, int64_t now) {
  clear_line();
  drawn_ns_ = now;
  const double wall_s = static_cast<double>(now - begun_ns_) * 1e-9;
  const double simulated_s = reached.count_s();
  shown_ = fmt::format("  {:.1f} s of {:.1f} s simulated  {:3d}%", simulated_s, simulated_.count_s(),
                       percent(reached, simulated_));
  if (wall_s > 0 && simulated_s > 0) {
    const double speed = simulated_s / wall_s;
    shown_ += fmt::format("  {:.1f}x real time  {} left", speed,
                          plain_time(std::max(0.0, simulated_.count_s() - simulated_s) / speed));
  }
  fmt::print(out_, "{}", shown_);
  std::fflush(out_);
}

void ProgressPrinter::clear_line() {
  if (terminal_ && !shown_.empty()) fmt::print(out_, "\r\x1b[K");
}

}  // namespace xedgesim::report
