#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "web/access.h"
#include "web/json_text.h"
#include "web/results.h"
#include "web/run_list.h"
#include "web/target.h"

namespace xedgesim::web {

/// What a request says, without the ways of HTTP.
struct Request {
  std::string method, target;
  std::string host, origin, site, authorization;  ///< headers Host, Origin, Sec-Fetch-Site, Authorization
  std::string content_type, body;
};

struct Answer {
  unsigned status = 200;
  std::string type = "application/json";
  std::string body = {};
  std::optional<OpenFile> file = {};  ///< instead of `body`
  std::vector<std::pair<std::string, std::string>> headers = {};
};

/// Everything the server answers (docs/serve.md). Safe to call from several threads.
class Api {
 public:
  struct Config {
    std::filesystem::path results, state_root;
    std::string token, version;
    std::vector<std::string> host_names;  ///< further names of this host
  };
  /// Throws ConfigError when there is no such folder.
  explicit Api(Config config);
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  /// Never throws; what goes wrong is an answer with a sentence.
  Answer answer(const Request& request);
  const Access& access() const { return access_; }

 private:
  using Route = std::function<Json(const Target&)>;
  Answer dispatch(const Request& request);
  Answer page(const Target& target) const;
  Answer download(const Target& target) const;
  Json batch(const std::string& id) const;

  Config config_;
  Results results_;
  Access access_;
  RunList list_;
  std::map<std::string, Route, std::less<>> routes_;
};

}  // namespace xedgesim::web
