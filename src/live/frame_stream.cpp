#include "live/frame_stream.h"

namespace xedgesim::live {
namespace {

constexpr size_t kLengthBytes = 4;

}  // namespace

bool FrameSplitter::feed(std::string_view bytes) {
  std::string joined;
  if (!rest_.empty()) {
    joined = std::move(rest_);
    joined.append(bytes);
    bytes = joined;
  }
  size_t at = 0;
  while (bytes.size() - at >= kLengthBytes) {
    size_t length = 0;
    for (size_t i = 0; i < kLengthBytes; ++i)
      length = length << 8 | static_cast<unsigned char>(bytes[at + i]);
    if (length == 0 || length > kLongestFrame) return false;
    if (bytes.size() - at - kLengthBytes < length) break;
    const std::string_view frame = bytes.substr(at + kLengthBytes, length);
    frame_(sim::Bytes(frame.begin(), frame.end()));
    at += kLengthBytes + length;
  }
  rest_ = std::string(bytes.substr(at));
  return true;
}

std::string frame_head(size_t bytes) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(bytes >> shift & 0xff);
  return out;
}

}  // namespace xedgesim::live
