#include "http/access.h"

#include <arpa/inet.h>
#include <strings.h>

#include <algorithm>

#include "base/secret.h"
#include "base/sha256.h"

namespace xedgesim::http {
namespace {

bool digits_only(std::string_view text) {
  return text.size() <= 5 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// The host without its port; empty for what is no host.
std::string host_name(std::string_view host) {
  std::string_view name = host, rest;
  if (host.starts_with('[')) {
    const size_t end = host.find(']');
    if (end == std::string_view::npos) return {};
    name = host.substr(1, end - 1);
    rest = host.substr(end + 1);
  } else if (const size_t colon = host.find(':'); colon != std::string_view::npos) {
    name = host.substr(0, colon);
    rest = host.substr(colon);
  }
  if (!rest.empty() && (rest.front() != ':' || rest.size() < 2 || !digits_only(rest.substr(1)))) return {};
  return std::string(name);
}

bool is_address(const std::string& name) {
  in_addr v4{};
  in6_addr v6{};
  return inet_pton(AF_INET, name.c_str(), &v4) == 1 || inet_pton(AF_INET6, name.c_str(), &v6) == 1;
}

/// SHA-256 as a function of a key (HMAC, RFC 2104); the inner digest enters as hexadecimal digits.
std::string keyed_digest(std::string key, std::string_view text) {
  constexpr size_t kBlock = 64;
  if (key.size() > kBlock) {
    Sha256 shorter;
    shorter.add(key);
    key = shorter.hex();
  }
  key.resize(kBlock, '\0');
  std::string inner_pad = key, outer_pad = key;
  for (char& c : inner_pad) c = static_cast<char>(c ^ 0x36);
  for (char& c : outer_pad) c = static_cast<char>(c ^ 0x5c);
  Sha256 inner, outer;
  inner.add(inner_pad);
  inner.add(text);
  outer.add(outer_pad);
  outer.add(inner.hex());
  return outer.hex();
}

}  // namespace

bool Access::host_allowed(std::string_view host) const {
  const std::string name = host_name(host);
  if (name.empty()) return false;
  if (is_address(name) || strcasecmp(name.c_str(), "localhost") == 0) return true;
  return std::any_of(host_names_.begin(), host_names_.end(),
                     [&](const std::string& known) { return strcasecmp(known.c_str(), name.c_str()) == 0; });
}

bool Access::token_given(std::string_view authorization) const {
  constexpr std::string_view kScheme = "Bearer ";
  return authorization.starts_with(kScheme) && same_secret(authorization.substr(kScheme.size()), token_);
}

bool Access::same_origin(std::string_view origin, std::string_view site, std::string_view host) {
  if (!site.empty() && site != "same-origin" && site != "none") return false;
  return origin.empty() || origin == "http://" + std::string(host);
}

std::string Access::file_key(std::string_view file) const { return keyed_digest(token_, file); }

bool Access::file_key_fits(std::string_view file, std::string_view key) const {
  return same_secret(key, file_key(file));
}

}  // namespace xedgesim::http
