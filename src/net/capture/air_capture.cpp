#include "net/capture/air_capture.h"

#include <fmt/format.h>

namespace xedgesim::net {

AirCapture::AirCapture(Medium& medium, PcapngWriter& writer, std::string_view interface_name)
    : writer_(writer),
      interface_(
          writer.add_interface(interface_name, LinkType::ieee802154_with_fcs, "IEEE 802.15.4, 2.4 GHz")) {
  medium.transmission_began.connect([this](const TransmissionRecord& r) {
    waiting_.push_back({r, {}, false});
  });
  medium.reception.connect([this](const ReceptionRecord& r) {
    Waiting* w = r.addressed && r.outcome != Outcome::ok ? find(r.transmission) : nullptr;
    if (w) w->comment += fmt::format("{}{}", w->comment.empty() ? "" : ", ", to_string(r.outcome));
  });
  medium.transmission_ended.connect([this](const TransmissionRecord& r) {
    if (Waiting* w = find(r.id)) {
      w->ended = true;
      if (r.aborted)
        w->comment = fmt::format("transmission aborted after {} us", (r.end - r.start).count_ns() / 1000);
    }
    while (!waiting_.empty() && waiting_.front().ended) write_front();
  });
}

AirCapture::Waiting* AirCapture::find(uint64_t id) {
  // Ids count up without gaps.
  if (waiting_.empty() || id < waiting_.front().record.id) return nullptr;
  const uint64_t i = id - waiting_.front().record.id;
  return i < waiting_.size() ? &waiting_[i] : nullptr;
}

void AirCapture::finish() {
  while (!waiting_.empty()) write_front();
  writer_.flush();
}

void AirCapture::write_front() {
  const Waiting& w = waiting_.front();
  writer_.write(interface_, w.record.start, *w.record.psdu, w.comment);
  waiting_.pop_front();
}

}  // namespace xedgesim::net
