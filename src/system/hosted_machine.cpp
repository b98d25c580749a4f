#include "system/hosted_machine.h"

#include "bus/device.h"
#include "net/link/link.h"

namespace xedgesim::system {
namespace {

constexpr size_t kShortestCardFrame = 60;  // bytes, without FCS

}  // namespace

void HostedMachine::handle(const sim::Event& e, sim::EventContext&) {
  if (e.kind == sim::EventKind::control) {
    if (control) control(static_cast<nodes::ControlCode>(e.code));
  } else if (e.code == net::kFrameCode) {
    const auto card = static_cast<size_t>(e.args[0]);
    if (to_machine && to_machine(card, *e.data)) {
      ++counters_.frames_in;
      counters_.bytes_in += e.data->size();
      ++cards_[card].frames_in;
      cards_[card].bytes_in += e.data->size();
    } else {
      ++counters_.frames_missed;
      ++cards_[card].frames_missed;
    }
  } else if (e.code == net::kCarrierCode) {
    if (carrier) carrier(static_cast<size_t>(e.args[0]), e.args[1] != 0);
  } else if (e.code == bus::kSerialInput && typed) {
    typed({reinterpret_cast<const char*>(e.data->data()), e.data->size()});
  }
}

sim::Event HostedMachine::frame(size_t card, sim::Bytes bytes, SimTime when) {
  ++counters_.frames_out;
  counters_.bytes_out += bytes.size();
  ++cards_[card].frames_out;
  cards_[card].bytes_out += bytes.size();
  if (bytes.size() < kShortestCardFrame) bytes.resize(kShortestCardFrame);
  return net::frame_event(std::make_shared<const sim::Bytes>(std::move(bytes)), when, config_.cables[card],
                          static_cast<int64_t>(card));
}

sim::Event HostedMachine::line(std::string_view text, SimTime when) {
  ++counters_.lines;
  return {.time = when,
          .kind = sim::EventKind::state,
          .target = config_.observer,
          .code = static_cast<uint32_t>(nodes::ObserverCode::console_line),
          .data = std::make_shared<sim::Bytes>(text.begin(), text.end())};
}

}  // namespace xedgesim::system
