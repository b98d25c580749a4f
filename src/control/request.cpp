#include "control/request.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace xedgesim::control {
namespace {

using Command = Request::Command;
constexpr std::array<std::pair<Command, std::string_view>, 6> kCommands = {
    {{Command::status, "status"},
     {Command::pause, "pause"},
     {Command::resume, "resume"},
     {Command::stop, "stop"},
     {Command::link_set, "link set"},
     {Command::profile_apply, "profile apply"}}};
constexpr size_t kMostValues = 100;

std::string text_of(const nlohmann::json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end() || !it->is_string())
    throw RequestError(fmt::format("the request needs a text '{}'", key));
  return it->get<std::string>();
}

}  // namespace

std::string_view to_string(Command command) {
  for (const auto& [c, name] : kCommands)
    if (c == command) return name;
  return "?";
}

Request parse_request(std::string_view line) {
  const nlohmann::json object = nlohmann::json::parse(line, nullptr, false);
  if (!object.is_object()) throw RequestError("the request is no JSON object");
  Request r;
  const std::string command = text_of(object, "command");
  bool known = false;
  for (const auto& [c, name] : kCommands) {
    if (command != name) continue;
    r.command = c;
    known = true;
  }
  if (!known)
    throw RequestError("unknown command: write status, pause, resume, stop, link set or profile apply");
  if (object.contains("token")) r.token = text_of(object, "token");
  if (object.contains("at")) r.at = text_of(object, "at");
  if (r.command == Command::link_set) {
    r.link = text_of(object, "link");
    const auto values = object.find("values");
    if (values == object.end() || !values->is_object() || values->empty() || values->size() > kMostValues)
      throw RequestError("link set needs 'values', an object such as {\"latency\": \"20ms\"}");
    for (const auto& [key, value] : values->items()) {
      if (!value.is_string()) throw RequestError(fmt::format("the value of '{}' must be a text", key));
      r.values.emplace(key, value.get<std::string>());
    }
  }
  if (r.command == Command::profile_apply) r.profile = text_of(object, "profile");
  return r;
}

nlohmann::json to_json(const Request& r) {
  nlohmann::json object = {{"token", r.token}, {"command", to_string(r.command)}};
  if (!r.link.empty()) object["link"] = r.link;
  if (!r.values.empty()) object["values"] = r.values;
  if (r.profile) object["profile"] = *r.profile;
  if (r.at) object["at"] = *r.at;
  return object;
}

}  // namespace xedgesim::control
