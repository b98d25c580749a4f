#include "experiment/batch_runner.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <memory>

#include "experiment/child.h"

namespace xedgesim::experiment {
namespace {

constexpr int kTickMs = 200;
constexpr int64_t kPatienceNs = 20'000'000'000;  // for a child that was asked to end

struct Running {
  size_t index = 0;
  std::unique_ptr<Child> child;
  int64_t begun_ns = 0;
  int64_t asked_ns = 0;  // when it got SIGINT
  bool late = false;
};

/// The last line of a log, as a reason.
std::string end_of_log(const std::filesystem::path& log) {
  std::ifstream in(log);
  std::string last;
  for (std::string line; std::getline(in, line);)
    if (!line.empty()) last = line;
  return last.size() > 500 ? last.substr(0, 500) + "…" : last;
}

nlohmann::ordered_json try_read(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  auto j = in ? nlohmann::ordered_json::parse(in, nullptr, false) : nlohmann::ordered_json();
  return j.is_object() ? j : nlohmann::ordered_json::object();
}

std::string failed_assertions(const nlohmann::ordered_json& summary) {
  std::string text;
  const auto list = summary.find("assertions");
  if (list == summary.end() || !list->is_array()) return text;
  for (const auto& a : *list)
    if (a.is_object() && a.value("passed", true) == false)
      text += (text.empty() ? "" : ", ") + a.value("metric", "?");
  return text;
}

class Batch {
 public:
  Batch(std::vector<RunRecord>& runs, const BatchOptions& options) : runs_(runs), options_(options) {}

  void run() {
    for (size_t i = 0; i < runs_.size(); ++i) {
      RunRecord& r = runs_[i];
      if (!r.done() && !options_.force && finished_before(folder(r), r.key, r)) {
        r.reused = true;
        r.percent = 100;
      }
      if (r.done() && options_.finished) options_.finished(runs_, i);
    }
    for (;;) {
      const bool stopping = options_.stop && options_.stop->load(std::memory_order_relaxed);
      if (!stopping) start_waiting();
      if (running_.empty()) break;
      if (stopping) ask_all_to_end();
      wait();
      look();
    }
    for (size_t i = 0; i < runs_.size(); ++i) {
      if (runs_[i].status != RunStatus::waiting) continue;
      finish(i, RunStatus::interrupted, 130, "not begun");
    }
  }

 private:
  std::filesystem::path folder(const RunRecord& r) const { return options_.directory / r.name; }
  std::filesystem::path log(const RunRecord& r) const { return options_.directory / (r.name + ".log"); }

  void finish(size_t i, RunStatus status, int exit_code, const std::string& reason) {
    RunRecord& r = runs_[i];
    r.status = status;
    r.exit_code = exit_code;
    r.reason = reason;
    if (options_.finished) options_.finished(runs_, i);
  }

  void start_waiting() {
    while (running_.size() < options_.parallel && next_ < runs_.size()) {
      const size_t i = next_++;
      RunRecord& r = runs_[i];
      if (r.status != RunStatus::waiting) continue;
      std::vector<std::string> arguments{options_.program.string(), "run", r.scenario};
      for (const std::string& o : r.overrides) {
        arguments.push_back("--set");
        arguments.push_back(o);
      }
      arguments.push_back("--output");
      arguments.push_back(folder(r).string());
      arguments.insert(arguments.end(), options_.run_arguments.begin(), options_.run_arguments.end());
      try {
        running_.push_back(
            {.index = i, .child = std::make_unique<Child>(arguments, log(r)), .begun_ns = options_.clock()});
        r.status = RunStatus::running;
      } catch (const SimulationError& e) {
        finish(i, RunStatus::failed, 1, e.what());
      }
    }
  }

  void ask_all_to_end() {
    for (Running& r : running_) ask_to_end(r);
  }
  void ask_to_end(Running& r) {
    const int64_t now = options_.clock();
    if (r.asked_ns == 0) {
      r.asked_ns = now;
      r.child->send(SIGINT);
    } else if (now - r.asked_ns > kPatienceNs) {
      r.child->send(SIGKILL);
    }
  }

  void wait() {
    std::vector<pollfd> descriptors;
    for (const Running& r : running_) descriptors.push_back({r.child->descriptor(), POLLIN, 0});
    ::poll(descriptors.data(), descriptors.size(), kTickMs);
  }

  void look() {
    const int64_t now = options_.clock();
    for (size_t i = 0; i < running_.size();) {
      Running& r = running_[i];
      RunRecord& record = runs_[r.index];
      record.wall_s = static_cast<double>(now - r.begun_ns) * 1e-9;
      if (const auto end = r.child->ended()) {
        const Running gone = std::move(r);
        running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(i));
        judge(gone, *end);
        continue;
      }
      record.percent = percent_in_log(log(record));
      if (options_.timeout_s > 0 && record.wall_s > options_.timeout_s) {
        r.late = true;
        ask_to_end(r);
      }
      ++i;
    }
    if (options_.tick) options_.tick(runs_);
  }

  void judge(const Running& gone, ChildEnd end) {
    const RunRecord& r = runs_[gone.index];
    runs_[gone.index].percent = 100;
    if (gone.late) {
      finish(
          gone.index, RunStatus::failed, 1,
          fmt::format("took longer than {:g} s and was ended; see {}", options_.timeout_s, log(r).string()));
    } else if (end.signal != 0 && gone.asked_ns == 0) {
      finish(gone.index, RunStatus::failed, 1,
             fmt::format("killed by signal {} ({}); see {}", end.signal, strsignal(end.signal),
                         log(r).string()));
    } else if (end.signal != 0) {
      finish(gone.index, RunStatus::interrupted, 130, "killed when the batch was interrupted");
    } else if (end.exit_code == 0) {
      finish(gone.index, RunStatus::passed, 0, "");
    } else if (end.exit_code == 2) {
      finish(gone.index, RunStatus::assertion_failed, 2,
             failed_assertions(try_read(folder(r) / "summary.json")));
    } else if (end.exit_code == 3) {
      finish(gone.index, RunStatus::config_error, 3, end_of_log(log(r)));
    } else {
      const std::string told = try_read(folder(r) / "summary.json").value("reason", "");
      finish(gone.index, end.exit_code == 130 ? RunStatus::interrupted : RunStatus::failed, end.exit_code,
             told.empty() ? end_of_log(log(r)) : told);
    }
  }

  std::vector<RunRecord>& runs_;
  const BatchOptions& options_;
  std::vector<Running> running_;
  size_t next_ = 0;
};

}  // namespace

bool finished_before(const std::filesystem::path& directory, const std::string& key, RunRecord& record) {
  if (key.empty() || try_read(directory / "inputs.json").value("key", "") != key) return false;
  const auto summary = try_read(directory / "summary.json");
  if (summary.value("status", "") != "completed") return false;
  record.reason = failed_assertions(summary);
  record.status = record.reason.empty() ? RunStatus::passed : RunStatus::assertion_failed;
  record.exit_code = record.reason.empty() ? 0 : 2;
  if (const auto host = summary.find("host"); host != summary.end() && host->is_object())
    record.wall_s = host->value("wall_time_s", 0.0);
  return true;
}

int percent_in_log(const std::filesystem::path& log) {
  std::ifstream in(log, std::ios::binary | std::ios::ate);
  if (!in) return 0;
  const std::streamoff size = in.tellg();
  std::string tail(static_cast<size_t>(std::min<std::streamoff>(size, 4096)), '\0');
  in.seekg(size - static_cast<std::streamoff>(tail.size()));
  in.read(tail.data(), static_cast<std::streamsize>(tail.size()));
  for (size_t close = tail.rfind("%)"); close != std::string::npos && close > 0;
       close = tail.rfind("%)", close - 1)) {
    size_t first = close;
    while (first > 0 && tail[first - 1] >= '0' && tail[first - 1] <= '9') --first;
    if (first > 0 && first < close && close - first <= 3 && tail[first - 1] == '(')
      return std::stoi(tail.substr(first, close - first));
  }
  return 0;
}

void run_batch(std::vector<RunRecord>& runs, const BatchOptions& options) { Batch(runs, options).run(); }

}  // namespace xedgesim::experiment
