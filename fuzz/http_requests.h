#pragma once
#include <cstdint>
#include <span>
#include <string_view>

#include "base/error.h"
#include "http/access.h"
#include "http/target.h"

/// What a browser, or somebody who is none, sends to `xedgesim serve`; the body of the libFuzzer target and
/// of the test with random bytes.
namespace xedgesim::fuzz {

inline void http_request(std::span<const uint8_t> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (const auto target = http::parse_target(text)) {
    XEDGESIM_ASSERT(target->path.starts_with('/'));
    XEDGESIM_ASSERT(target->path.find('\0') == std::string::npos);
    for (const auto& [name, value] : target->query)
      if (http::valid_id(value) && value != ".")
        XEDGESIM_ASSERT(("/" + value + "/").find("/../") == std::string::npos && value.front() != '/');
    // What is escaped is understood as the same.
    XEDGESIM_ASSERT(http::parse_target(http::escape_path(target->path))->path == target->path);
  }
  const http::Access access("0123456789abcdef", {"lab.example"});
  access.host_allowed(text);
  XEDGESIM_ASSERT(!access.token_given(text) || text == "Bearer 0123456789abcdef");
}

}  // namespace xedgesim::fuzz
