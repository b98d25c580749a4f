#include "net/capture/wire_capture.h"

#include <algorithm>

#include "net/ethernet/frame.h"

namespace xedgesim::net {
namespace {

bool allowed(const std::vector<int64_t>& values, int64_t v) {
  return values.empty() || std::find(values.begin(), values.end(), v) != values.end();
}

void append_word(std::string& comment, std::string_view word) {
  if (!comment.empty()) comment += ", ";
  comment += word;
}

}  // namespace

WireCapture::WireCapture(Link& link, PcapngWriter& writer, LinkType type, WireFilter filter)
    : writer_(writer),
      interface_(writer.add_interface(link.config().name, type)),
      type_(type),
      filter_(std::move(filter)) {
  link.on_wire.connect([this](const LinkRecord& r, const WireFate& fate) {
    std::string comment;
    if (fate.lost) append_word(comment, to_string(DropReason::loss));
    if (fate.duplicated && !fate.lost) append_word(comment, "duplicated");
    if (fate.corrupted) append_word(comment, to_string(DropReason::corrupted));
    if (fate.reordered) append_word(comment, "reordered");
    write(r, std::move(comment), fate.lost || fate.corrupted);
  });
  link.dropped.connect([this](const LinkRecord& r, DropReason reason) {
    // Those lost on the wire have been seen there.
    if (reason != DropReason::loss && reason != DropReason::corrupted)
      write(r, std::string(to_string(reason)), true);
  });
}

void WireCapture::write(const LinkRecord& r, std::string comment, bool dropped) {
  const bool forward = r.direction == Direction::a_to_b;
  if (!(forward ? filter_.forward : filter_.backward) || (filter_.only_dropped && !dropped) ||
      !r.message.bytes)
    return;
  const std::span<const uint8_t> bytes(*r.message.bytes);
  if (!filter_.vlans.empty() || !filter_.types.empty()) {
    const auto h = type_ == LinkType::ethernet ? ethernet::parse(bytes) : std::nullopt;
    if (!h || (!filter_.vlans.empty() && (h->tag_count == 0 || !allowed(filter_.vlans, h->tags[0].vid))) ||
        !allowed(filter_.types, h->type))
      return;
  }
  writer_.write(interface_, r.time, bytes, comment, {.snap = filter_.snap, .outbound = forward});
}

}  // namespace xedgesim::net
