#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "sim/event.h"

namespace xedgesim::live {

/// Frames out of QEMU's stream: each behind its length in four bytes, highest first (net/stream.c).
class FrameSplitter {
 public:
  static constexpr size_t kLongestFrame = 68 << 10;  ///< QEMU's NET_BUFSIZE

  explicit FrameSplitter(std::function<void(sim::Bytes)> frame) : frame_(std::move(frame)) {}
  /// False when the stream makes no sense: then it cannot be read any further.
  bool feed(std::string_view bytes);

 private:
  std::function<void(sim::Bytes)> frame_;
  std::string rest_;
};

/// What stands before a frame of that many bytes.
std::string frame_head(size_t bytes);

}  // namespace xedgesim::live
