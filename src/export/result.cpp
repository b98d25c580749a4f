#include "export/result.h"

#include <cctype>

#include "base/digest.h"

namespace xedgesim::exporter {

std::string file_name(std::string_view text) {
  constexpr size_t kLongest = 64;
  std::string out;
  bool same = !text.empty() && text.size() <= kLongest;
  for (const char c : text.substr(0, kLongest)) {
    const bool good = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
    out += good ? c : '_';
    same = same && good;
  }
  if (!out.empty() && out[0] == '-') same = false;
  if (same) return out;
  Digest digest;
  digest.add(text);
  return "x" + out + "-" + digest.hex().substr(0, 8);
}

}  // namespace xedgesim::exporter
