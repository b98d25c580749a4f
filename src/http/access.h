#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace xedgesim::http {

/// Who may ask the server for something.
///
/// - Every request must name the server as its host by an address, `localhost` or a name that was allowed, so
///   that a foreign page cannot reach it under a name of its own (DNS rebinding).
/// - All data needs the token, as `Authorization: Bearer TOKEN`; a browser never sends that by itself, so a
///   foreign page cannot borrow it. There are no cookies.
/// - Files have links of their own, with a key that is good for this file and this server's life only, since
/// a
///   browser cannot send the token when it follows a link.
class Access {
 public:
  Access(std::string token, std::vector<std::string> host_names)
      : token_(std::move(token)), host_names_(std::move(host_names)) {}

  /// `host`: the header Host, with or without a port.
  bool host_allowed(std::string_view host) const;
  /// `authorization`: the header Authorization.
  bool token_given(std::string_view authorization) const;
  /// Whether a request that changes something comes from a page of this server, or from no page at all.
  /// `origin`, `site`: the headers Origin and Sec-Fetch-Site, empty when there is none.
  static bool same_origin(std::string_view origin, std::string_view site, std::string_view host);

  std::string file_key(std::string_view file) const;
  bool file_key_fits(std::string_view file, std::string_view key) const;

  const std::string& token() const { return token_; }

 private:
  std::string token_;
  std::vector<std::string> host_names_;
};

}  // namespace xedgesim::http
