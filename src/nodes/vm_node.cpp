#include "nodes/vm_node.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "bus/device.h"
#include "net/link/link.h"
#include "net/link/message.h"

namespace xedgesim::nodes {
namespace {

constexpr size_t kLastLines = 40;  // a panic prints some thirty behind its name
constexpr size_t kToldLines = 8;
constexpr size_t kShortestFrame = 60;  // bytes, without FCS
constexpr Duration kInstant = Duration::ns(1);

sim::SharedBytes shared(std::vector<uint8_t>& bytes) {
  return std::make_shared<const sim::Bytes>(std::move(bytes));
}

}  // namespace

VmNode::VmNode(Config config)
    : config_(std::move(config)),
      disks_(config_.nvdimm ? decltype(config_.disks){} : config_.disks),
      cables_(config_.cables.size()),
      cards_(config_.cables.size()) {}
VmNode::~VmNode() { shut_down(); }

void VmNode::connect(Host host) {
  host_ = std::move(host);
  if (config_.nvdimm)
    for (const auto& disk : config_.disks)
      config_.machine.nvdimms.push_back(std::make_shared<const vm::MemoryDisk>(*disk));
  boot(SimTime::zero());
}

void VmNode::switch_off() {
  if (machine_) machine_->end();
  machine_.reset();
  recording_.reset();
  if (replay_) held_.clear();
  replay_.reset();
  state_ = State::off;
  wakes_ = SimTime::never();
  inputs_.clear();
}

void VmNode::shut_down() noexcept {
  if (machine_) machine_->wait_for_end();
  machine_.reset();
}

void VmNode::fail(const std::string& what, SimTime t) {
  std::string text = fmt::format("machine '{}': {} at {}", config_.machine.name, what, to_string(t));
  if (machine_)
    if (const std::string end = machine_->obituary(); !end.empty()) text += " (QEMU " + end + ")";
  if (!last_lines_.empty()) text += "; the console's last lines:";
  const size_t skipped = last_lines_.size() - std::min(last_lines_.size(), kToldLines);
  for (size_t i = skipped; i < last_lines_.size(); ++i) text += "\n  " + last_lines_[i];
  throw SimulationError(text);
}

void VmNode::stand(const vm::VtChannel::Standing& s, SimTime reached) {
  counters_.instructions = instructions_before_ + s.instructions;
  reached_ = std::max(reached_, reached);
  wakes_ = awake_at(s, reached_);
  if (s.off) state_ = State::off;
}

SimTime VmNode::awake_at(const vm::VtChannel::Standing& s, SimTime reached) const {
  if (s.off || (s.idle && s.next < 0)) return SimTime::never();
  return s.idle ? std::max(to_run(s.next), reached + kInstant) : reached + kInstant;
}

std::string_view VmNode::state() const {
  constexpr std::string_view kNames[] = {"off", "running", "paused"};
  return kNames[static_cast<size_t>(state_)];
}

SimTime VmNode::next_activity() const {
  SimTime t = state_ == State::running ? wakes_ : SimTime::never();
  if (state_ == State::running && !inputs_.empty()) t = std::min(t, to_run(inputs_.front().time));
  if (!held_.empty()) t = std::min(t, held_.front().time);
  return t.is_never() ? t : std::max(t, reached_ + kInstant);
}

SimTime VmNode::advance(SimTime limit, sim::Outbox& outbox) { return run(limit, std::nullopt, outbox); }

SimTime VmNode::advance_alone(SimTime, SimTime far, Duration window, sim::Outbox& outbox) {
  return run(far, window - kInstant, outbox);
}

SimTime VmNode::run(SimTime limit, std::optional<Duration> window, sim::Outbox& outbox) {
  if (window && !held_.empty()) limit = std::min(limit, held_.front().time + *window);
  // A disk's answer must not be due before the machine stands.
  std::optional<Duration> look = window;
  if (!disks_.disks().empty()) look = std::min(kAccess - kInstant, window.value_or(kAccess));
  if (replay_) replay_to(limit);
  while (state_ == State::running && !replay_ && reached_ < limit) {
    SimTime until = std::min(limit, next_look());
    vm::VtChannel::Standing standing;
    try {
      ++counters_.looks;
      standing = machine_->go({to_machine(until), look ? look->count_ns() : -1}, inputs_, sent_);
      if (look && !sent_.empty()) until = std::min(until, to_run(sent_.front().time) + *look);
      stand(standing, until);
      inputs_.clear();
    } catch (const SimulationError& e) {
      fail(e.what(), until);
    }
    const SimTime said = collect();
    if (window && !said.is_never()) limit = std::min(limit, said + *window);
    if (state_ == State::off)
      ended(until);
    else if (recording_ && recording_->up)
      keep(standing);
  }
  for (; !held_.empty() && held_.front().time <= limit; held_.pop_front()) post(held_.front(), outbox);
  reached_ = std::max(reached_, limit);
  return limit;
}

SimTime VmNode::next_look() const {
  if (config_.boundary == Duration()) return SimTime::never();
  // While it sleeps nothing comes of it that would need a look.
  SimTime awake = std::max(reached_, wakes_);
  if (!inputs_.empty()) awake = std::clamp(to_run(inputs_.front().time), reached_, awake);
  return awake + config_.boundary;
}

void VmNode::ended(SimTime t) {
  recording_.reset();
  if (machine_->wait_for_end() != 0) fail("QEMU ended", t);
  counters_.panics += std::any_of(last_lines_.begin(), last_lines_.end(), [](const std::string& line) {
    return line.find("Kernel panic") != std::string::npos;
  });
  machine_.reset();
}

SimTime VmNode::collect(SimTime after) {
  SimTime first = SimTime::never();
  for (vm::VtChannel::Record& r : sent_) {
    const SimTime t = to_run(r.time);
    const bool frame = r.type == vm::vt::RecordType::frame;
    if (frame && answered_by_disk(r)) continue;
    first = std::min(first, t);
    if (recording_) record(r);
    if (t <= after) continue;
    if (frame)
      hold_frame(r, t);
    else
      hold_line(std::move(r.bytes), t);
  }
  sent_.clear();
  return first;
}

void VmNode::hold_frame(vm::VtChannel::Record& r, SimTime t) {
  if (r.card >= cards_.size()) fail(fmt::format("sent a frame by a card {} it does not have", r.card), t);
  ++counters_.frames_out;
  counters_.bytes_out += r.bytes.size();
  ++cards_[r.card].frames_out;
  cards_[r.card].bytes_out += r.bytes.size();
  if (r.bytes.size() < kShortestFrame) r.bytes.resize(kShortestFrame);  // as a card does
  held_.push_back(net::frame_event(shared(r.bytes), t, config_.cables[r.card], r.card));
}

void VmNode::hold_line(std::vector<uint8_t> text, SimTime t) {
  held_.push_back({.time = t,
                   .kind = sim::EventKind::state,
                   .target = config_.observer,
                   .code = static_cast<uint32_t>(ObserverCode::console_line),
                   .data = shared(text)});
}

void VmNode::post(sim::Event& e, sim::Outbox& outbox) {
  if (e.target == config_.observer) {
    ++counters_.lines;
    last_lines_.emplace_back(e.data->begin(), e.data->end());
    if (last_lines_.size() > kLastLines) last_lines_.pop_front();
  }
  outbox.post(std::move(e));
}

bool VmNode::answered_by_disk(const vm::VtChannel::Record& r) {
  if (r.card != 0 || disks_.disks().empty() || !AoeTarget::is_request(r.bytes)) return false;
  const int64_t due = r.time + kAccess.count_ns();
  for (sim::Bytes& answer : disks_.answers(r.bytes)) {
    if (answer.size() < kShortestFrame) answer.resize(kShortestFrame);
    add_input({due, vm::vt::RecordType::frame, std::move(answer)});
  }
  return true;
}

void VmNode::add_input(vm::VtChannel::Record r) {
  const auto later = [](int64_t t, const vm::VtChannel::Record& other) { return t < other.time; };
  const auto place = std::upper_bound(inputs_.begin(), inputs_.end(), r.time, later);
  inputs_.insert(place, std::move(r));
}

void VmNode::deliver(const sim::Event& e, sim::Outbox&) {
  if (e.kind == sim::EventKind::control) return control(e);
  if (e.code == net::kCarrierCode) return set_carrier(e.time, static_cast<size_t>(e.args[0]), e.args[1] != 0);
  const bool frame = e.code == net::kFrameCode;
  if (!frame && e.code != bus::kSerialInput) return;
  const size_t card = frame ? static_cast<size_t>(e.args[0]) : 0;
  if (state_ != State::running) {
    counters_.frames_missed += frame;
    cards_[card].frames_missed += frame;
    return;
  }
  if (frame) {
    ++counters_.frames_in;
    counters_.bytes_in += e.data->size();
    ++cards_[card].frames_in;
    cards_[card].bytes_in += e.data->size();
  }
  take({to_machine(e.time),
        frame ? vm::vt::RecordType::frame : vm::vt::RecordType::console,
        {e.data->begin(), e.data->end()},
        static_cast<uint32_t>(card)});
}

void VmNode::set_carrier(SimTime t, size_t card, bool up) {
  cables_[card].up = up;
  tell_carriers(t);
}

void VmNode::tell_carriers(SimTime t) {
  if (state_ != State::running) return;
  for (size_t i = 0; i < cables_.size(); ++i) {
    Cable& c = cables_[i];
    if (c.up == c.told) continue;
    c.told = c.up;
    take(
        {to_machine(t), vm::vt::RecordType::carrier, {static_cast<uint8_t>(c.up)}, static_cast<uint32_t>(i)});
  }
}

void VmNode::control(const sim::Event& e) {
  reached_ = std::max(reached_, e.time);
  switch (static_cast<ControlCode>(e.code)) {
    case ControlCode::fail:
      if (state_ != State::running) break;
      if (replay_) boot_in_full();
      recording_.reset();
      state_ = State::paused;
      paused_at_ = e.time;
      // It has not heard of the cable what was on its way.
      for (auto r = inputs_.rbegin(); r != inputs_.rend(); ++r)
        if (r->type == vm::vt::RecordType::carrier) cables_[r->card].told = r->bytes[0] == 0;
      inputs_.clear();
      break;
    case ControlCode::recover:
      if (state_ != State::paused) break;
      state_ = State::running;
      offset_ += e.time - paused_at_;
      wakes_ = wakes_ + (e.time - paused_at_);
      tell_carriers(e.time);
      break;
    case ControlCode::power_off:
      switch_off();
      break;
    case ControlCode::power_on:
      if (state_ == State::off) boot(e.time);
      break;
    case ControlCode::reset:
      switch_off();
      boot(e.time);
      break;
    default:
      XEDGESIM_ASSERT(!"a control code for boards reached a machine");
  }
}

}  // namespace xedgesim::nodes
