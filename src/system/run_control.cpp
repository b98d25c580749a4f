#include "system/run_control.h"

#include <fmt/format.h>

#include <fstream>
#include <stdexcept>

#include "base/error.h"
#include "base/units.h"
#include "scenario/load.h"

namespace xedgesim::system {
namespace {

using control::Request;
using control::RequestError;

constexpr Duration kPatience =
    Duration::ms(100);  // of wall time, between two looks at the stop flag while paused

}  // namespace

RunControl::RunControl(System& system, control::Server& server, std::filesystem::path directory, bool paused)
    : system_(system), server_(server), file_(std::move(directory) / "applied.yaml"), paused_(paused) {}

bool RunControl::between_steps(const std::atomic<bool>* stop) {
  const auto stopping = [&] { return stopped_ || (stop && stop->load(std::memory_order_relaxed)); };
  const auto reply = [this](const Request& r) { return answer(r); };
  do {
    server_.serve(reply, paused_ ? kPatience : Duration());
  } while (paused_ && !stopping());
  return !stopping();
}

nlohmann::json RunControl::status() const {
  nlohmann::json links = nlohmann::json::array();
  for (const System::LinkEnds& l : system_.links()) links.push_back(l.link->config().name);
  return {{"scenario", system_.scenario().meta.name},
          {"time_s", system_.scheduler().now().count_s()},
          {"duration_s", system_.scenario().meta.duration.count_s()},
          {"paused", paused_},
          {"changes", changes_},
          {"links", links}};
}

nlohmann::json RunControl::answer(const Request& request) {
  switch (request.command) {
    case Request::Command::status:
      break;
    case Request::Command::pause:
      paused_ = true;
      break;
    case Request::Command::resume:
      paused_ = false;
      break;
    case Request::Command::stop:
      stopped_ = true;
      break;
    case Request::Command::link_set:
    case Request::Command::profile_apply:
      return change(request);
  }
  return status();
}

SimTime RunControl::time_of_change(const std::optional<std::string>& at) const {
  const int64_t next_us = system_.scheduler().now().count_ns() / 1000 + 1;
  SimTime when = SimTime::from_ns(next_us * 1000);
  if (at) {
    Duration given;
    try {
      given = parse_duration(*at);
    } catch (const std::invalid_argument& e) {
      throw RequestError(e.what());
    }
    if (SimTime::at(given) < when)
      throw RequestError(
          fmt::format("{} is past: the run is at {}", *at, to_string(system_.scheduler().now())));
    when = SimTime::at(given);
  }
  if (when >= SimTime::at(system_.scenario().meta.duration))
    throw RequestError("the run ends before that time");
  return when;
}

nlohmann::json RunControl::change(const Request& request) {
  const SimTime when = time_of_change(request.at);
  const int64_t ns = when.count_ns();
  std::map<std::string, std::string> texts = {
      {"time", ns % 1000 == 0 ? fmt::format("{}us", ns / 1000) : fmt::format("{}ns", ns)}};
  std::string description;
  if (request.command == Request::Command::profile_apply) {
    texts.insert({{"type", "apply_profile"}, {"profile", *request.profile}});
    description = "profile apply " + *request.profile;
  } else {
    texts.insert({{"type", "link_set"}, {"target", request.link}});
    description = "link set " + request.link;
    for (const auto& [key, value] : request.values) {
      if (texts.contains(key) || key == "description")
        throw RequestError(fmt::format("a link has no '{}'", key));
      description += fmt::format(" {}={}", key, value);
    }
  }
  texts["description"] = description;
  const scenario::FaultResult result = scenario::load_fault(texts, request.values, system_.scenario());
  if (!result.errors.empty()) throw RequestError(result.errors.front().message);
  check_fault(system_, result.fault);
  add_fault(system_, result.fault);
  ++changes_;
  record(result.entry);
  return {{"applied_at_ns", ns}, {"time_s", system_.scheduler().now().count_s()}};
}

void RunControl::record(const std::string& entry) {
  const bool first = changes_ == 1;
  std::ofstream out(file_, first ? std::ios::trunc : std::ios::app);
  if (first)
    out << "# What was changed while this run was under way. `xedgesim run SCENARIO --timeline applied.yaml` "
           "repeats it.\n"
           "faults:\n";
  out << "  - " << entry << "\n";
  out.flush();
  if (!out) throw SimulationError(fmt::format("cannot write '{}': is the disk full?", file_.string()));
}

}  // namespace xedgesim::system
