#pragma once
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

/// What may be asked of a running simulation or lab from outside, as one JSON object a line each way:
///   {"token":"…","command":"link set","link":"uplink","values":{"latency":"20ms"},"at":"12s"}
///   {"ok":true,…}  or  {"ok":false,"error":"a sentence"}
/// docs/control.md has every command.
namespace xedgesim::control {

/// A request that cannot be done; what() is the sentence of the answer.
class RequestError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Request {
  enum class Command { status, pause, resume, stop, link_set, profile_apply } command = Command::status;
  std::string token{};
  std::string link{};                           ///< link_set: name of a link or a node at its end
  std::map<std::string, std::string> values{};  ///< link_set: keys and values as in YAML
  std::optional<std::string> profile{};         ///< profile_apply
  std::optional<std::string> at{};              ///< a time of the run such as 12s; absent: at once
};

std::string_view to_string(Request::Command command);

/// Throws RequestError for a line that is no request.
Request parse_request(std::string_view line);
nlohmann::json to_json(const Request& request);

}  // namespace xedgesim::control
