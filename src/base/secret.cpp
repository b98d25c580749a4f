#include "base/secret.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "base/error.h"

namespace xedgesim {

std::string new_secret(size_t bytes) {
  std::vector<unsigned char> random(bytes);
  if (getentropy(random.data(), random.size()) != 0)
    throw SimulationError(
        fmt::format("the host gives no random bytes for a secret: {}", std::strerror(errno)));
  std::string text;
  for (const unsigned char b : random) text += fmt::format("{:02x}", b);
  return text;
}

bool same_secret(std::string_view given, std::string_view secret) {
  unsigned difference = given.size() != secret.size();
  for (size_t i = 0; i < given.size() && !secret.empty(); ++i)
    difference |=
        static_cast<unsigned char>(given[i]) ^ static_cast<unsigned char>(secret[i % secret.size()]);
  return difference == 0;
}

}  // namespace xedgesim
