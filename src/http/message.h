#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/descriptor.h"

namespace xedgesim::http {

/// What a request says, as far as anybody here asks.
struct Request {
  std::string method, target;
  std::string host, origin, site, authorization;  ///< headers Host, Origin, Sec-Fetch-Site, Authorization
  std::string content_type, body;
};

/// A file, open for reading.
struct OpenFile {
  Descriptor descriptor;
  uint64_t size = 0;  ///< when it was opened; it may grow
};

struct Answer {
  unsigned status = 200;
  std::string type = "application/json";
  std::string body = {};
  std::optional<OpenFile> file = {};  ///< instead of `body`
  std::vector<std::pair<std::string, std::string>> headers = {};
};

}  // namespace xedgesim::http
