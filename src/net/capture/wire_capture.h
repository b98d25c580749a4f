#pragma once
#include "net/capture/pcapng_writer.h"
#include "net/link/link.h"

namespace xedgesim::net {

/// Which packets of a link are written.
struct WireFilter {
  bool forward = true, backward = true;
  std::vector<int64_t> vlans{}, types{};  ///< outer VLANs, EtherTypes; empty: all
  bool only_dropped = false;
  size_t snap = SIZE_MAX;
};

/// Writes the packets of one link to a pcapng interface named after it, stamped with the time at which their
/// last bit was on the wire (dropped ones: at which they were dropped). The comment says what became of a
/// packet that did not arrive as it was: "loss", "queue full", "duplicated", "corrupted", …, and its
/// direction stands in the flags. Messages that are no frames are written as link type USER0.
class WireCapture {
 public:
  WireCapture(Link& link, PcapngWriter& writer, LinkType type, WireFilter filter = {});

 private:
  void write(const LinkRecord& record, std::string comment, bool dropped);
  PcapngWriter& writer_;
  uint32_t interface_;
  LinkType type_;
  WireFilter filter_;
};

}  // namespace xedgesim::net
