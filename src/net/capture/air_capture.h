#pragma once
#include <deque>

#include "net/capture/pcapng_writer.h"
#include "net/radio/medium.h"

namespace xedgesim::net {

/// Writes every frame of a medium to a pcapng interface, in order of begin, stamped with its first preamble
/// symbol. A frame waits here until it and those begun before it have ended, so that its comment can say what
/// became of it where it was addressed to ("collision", "half duplex", ...). Aborted frames are written as
/// announced, with a comment. Must outlive the run of the medium; the writer must outlive it.
class AirCapture {
 public:
  AirCapture(Medium& medium, PcapngWriter& writer, std::string_view interface_name = "air");
  /// Writes what still waits: frames on the air when the run ended.
  void finish();

 private:
  struct Waiting {
    TransmissionRecord record;
    std::string comment;
    bool ended = false;
  };
  Waiting* find(uint64_t id);
  void write_front();

  PcapngWriter& writer_;
  uint32_t interface_;
  std::deque<Waiting> waiting_;
};

}  // namespace xedgesim::net
