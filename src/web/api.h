#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "http/access.h"
#include "http/message.h"
#include "http/target.h"
#include "web/json_text.h"
#include "web/results.h"
#include "web/run_list.h"

namespace xedgesim::web {

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
  http::Answer answer(const http::Request& request);
  const http::Access& access() const { return access_; }

 private:
  using Route = std::function<Json(const http::Target&)>;
  http::Answer dispatch(const http::Request& request);
  http::Answer page(const http::Target& target) const;
  http::Answer download(const http::Target& target) const;
  Json batch(const std::string& id) const;

  Config config_;
  Results results_;
  http::Access access_;
  RunList list_;
  std::map<std::string, Route, std::less<>> routes_;
};

}  // namespace xedgesim::web
