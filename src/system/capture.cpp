#include "system/capture.h"

#include <algorithm>

#include "scenario/expand.h"

namespace xedgesim::system {
namespace {

net::WireFilter filter_of(const scenario::Metrics& m, const std::string& link) {
  using Direction = scenario::CaptureFilter::Direction;
  for (const scenario::CaptureFilter& f : m.capture_filters) {
    if (std::none_of(f.links.begin(), f.links.end(),
                     [&](const std::string& pattern) { return scenario::glob_match(pattern, link); }))
      continue;
    return {.forward = f.direction != Direction::backward,
            .backward = f.direction != Direction::forward,
            .vlans = f.vlan,
            .types = f.type,
            .only_dropped = f.only_dropped,
            .snap = f.snap ? static_cast<size_t>(*f.snap) : SIZE_MAX};
  }
  return {};
}

}  // namespace

Capture::Capture(System& system, const std::filesystem::path& directory) {
  const scenario::Metrics& m = system.scenario().metrics;
  if (m.capture.empty()) return;
  const scenario::NameTable names(system.scenario());
  bool radio = false;
  const auto wanted = [&](const System::LinkEnds& l) {
    for (const std::string& name : m.capture) {
      if (name == "links") return true;
      for (const auto& n : names.resolve(name))
        if (n.id == l.link->config().name || n.id == l.a || n.id == l.b) return true;
    }
    return false;
  };
  for (const std::string& name : m.capture) {
    radio = radio || name == "radio";
    for (const auto& n : names.resolve(name)) radio = radio || n.kind == scenario::NodeClass::device;
  }
  writer_ = std::make_unique<net::PcapngWriter>(
      m.capture_file.empty() ? (directory / "capture.pcapng").string() : m.capture_file,
      m.capture_limit.value_or(0));
  if (radio && system.channel()) air_ = std::make_unique<net::AirCapture>(*system.channel(), *writer_);
  for (const System::LinkEnds& l : system.links()) {
    if (!wanted(l)) continue;
    const auto type = l.link == system.wan() ? net::LinkType::user0 : net::LinkType::ethernet;
    wires_.push_back(
        std::make_unique<net::WireCapture>(*l.link, *writer_, type, filter_of(m, l.link->config().name)));
  }
}

void Capture::finish() {
  if (air_) air_->finish();
  if (writer_) writer_->flush();
}

}  // namespace xedgesim::system
