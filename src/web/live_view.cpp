#include "web/live_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "control/client.h"
#include "live/state_folder.h"
#include "web/refusal.h"
#include "web/run_state.h"

namespace xedgesim::web {
namespace {

using Command = control::Request::Command;

constexpr Duration kPatience = Duration::s(5);
constexpr size_t kMostListed = 10'000;

/// The members that are texts, numbers or truth values; what another program says is not passed on unseen.
Json plain_members(const nlohmann::json& from, std::initializer_list<const char*> names) {
  Json out = Json::object();
  for (const char* name : names)
    if (const auto found = from.find(name); found != from.end() && found->is_primitive()) out[name] = *found;
  return out;
}

Json texts(const nlohmann::json& from, const char* name) {
  Json out = Json::array();
  if (const auto found = from.find(name); found != from.end() && found->is_array())
    for (const auto& item : *found)
      if (item.is_string() && out.size() < kMostListed) out.push_back(item.get<std::string>());
  return out;
}

nlohmann::json ask_point(const ControlPoint& point, control::Request request) {
  request.token = point.token;
  return control::ask(point.address, request, kPatience);
}

Json profiles_of(const std::filesystem::path& run) {
  Json names{"default", "constrained", "lossy"};
  if (const StoredScenario stored = stored_scenario(run); stored.scenario)
    for (const auto& [name, profile] : stored.scenario->profiles)
      if (std::find(names.begin(), names.end(), Json(name)) == names.end()) names.push_back(name);
  return names;
}

Json system_view(const live::StateFolder& folder) {
  Json system{{"name", folder.name()}, {"up", false}, {"machines", Json::array()}, {"problem", nullptr}};
  const auto record = folder.read();
  if (record) system["scenario"] = record->scenario;
  if (!folder.up()) {
    system["problem"] = fmt::format("it has crashed: `xedgesim down {}` removes what it left", folder.name());
    if (record)
      for (const auto& n : record->nodes) system["machines"].push_back({{"id", n.id}, {"state", "gone"}});
    return system;
  }
  system["up"] = true;
  const auto point = control_point(folder.path());
  if (!point) {
    system["problem"] = "it does not listen yet";
    return system;
  }
  try {
    const nlohmann::json status = ask_point(*point, {.command = Command::status});
    system["time_s"] = plain_members(status, {"time_s"}).value("time_s", Json(nullptr));
    system["links"] = texts(status, "links");
    if (const auto machines = status.find("machines"); machines != status.end() && machines->is_array())
      for (const auto& m : *machines)
        if (m.is_object())
          system["machines"].push_back(plain_members(
              m, {"id", "state", "arch", "accelerator", "ip", "pid", "boots", "frames_in", "frames_out"}));
  } catch (const Error& e) {
    system["problem"] = e.what();
  }
  return system;
}

/// The request a page sent, as the run wants it. Throws Refusal.
control::Request understood(Json body) {
  body.erase("run");
  body.erase("system");
  try {
    return control::parse_request(to_text(body));
  } catch (const control::RequestError& e) {
    throw Refusal(400, e.what());
  }
}

}  // namespace

Json live_view(const Results& results, const std::string& id) {
  const std::filesystem::path run = results.folder(id);
  const auto point = control_point(run);
  if (!point) return {{"live", false}};
  try {
    const nlohmann::json status = ask_point(*point, {.command = Command::status});
    Json view{{"live", true}};
    view.update(plain_members(status, {"scenario", "time_s", "duration_s", "paused", "changes"}));
    view["links"] = texts(status, "links");
    view["profiles"] = profiles_of(run);
    return view;
  } catch (const Error& e) {
    return {{"live", false}, {"problem", e.what()}};
  }
}

Json systems_view(const std::filesystem::path& state_root) {
  Json systems = Json::array();
  for (const std::string& name : live::StateFolder::names(state_root)) {
    try {
      systems.push_back(system_view(live::StateFolder(name, state_root)));
    } catch (const Error& e) {
      systems.push_back({{"name", name}, {"up", false}, {"machines", Json::array()}, {"problem", e.what()}});
    }
  }
  return {{"systems", std::move(systems)}};
}

Json pass_on(const Results& results, const std::filesystem::path& state_root, const std::string& body) {
  const Json asked = Json::parse(body, nullptr, false);
  if (!asked.is_object()) throw Refusal(400, "the request is no JSON object");
  const std::string run = text_member(asked, "run"), system = text_member(asked, "system");
  if (run.empty() == system.empty()) throw Refusal(400, "name either a `run` or a `system`");
  const control::Request request = understood(asked);
  std::optional<ControlPoint> point;
  if (!run.empty()) {
    point = control_point(results.folder(run));
  } else {
    if (request.command != Command::link_set && request.command != Command::profile_apply &&
        request.command != Command::status)
      throw Refusal(400,
                    "a system that is up takes `link set` and `profile apply` only; `xedgesim down` ends it");
    const auto names = live::StateFolder::names(state_root);
    if (std::find(names.begin(), names.end(), system) != names.end())
      point = control_point(live::StateFolder(system, state_root).path());
  }
  if (!point)
    throw Refusal(409, fmt::format("'{}' takes no requests: it has ended, or was started without --control",
                                   run.empty() ? system : run));
  try {
    const nlohmann::json answer = ask_point(*point, request);
    if (!answer.value("ok", nlohmann::json(false)).is_boolean() || !answer["ok"].get<bool>())
      throw Refusal(422, text_member(Json(plain_members(answer, {"error"})), "error"));
    return plain_members(answer, {"applied_at_ns", "time_s", "duration_s", "paused", "changes"});
  } catch (const Error& e) {
    throw Refusal(502, e.what());
  }
}

}  // namespace xedgesim::web
