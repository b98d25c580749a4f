// How a machine in virtual time boots: in full, or from the snapshot of an earlier boot.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "nodes/vm_node.h"

namespace xedgesim::nodes {
namespace {

constexpr size_t kMostRecorded = 5000;  // lines and inputs of a boot: one that has more is not kept

}  // namespace

void VmNode::boot(SimTime t) {
  offset_ = t.since_start();
  state_ = State::running;
  inputs_.clear();
  last_lines_.clear();
  ++counters_.boots;
  instructions_before_ = counters_.instructions;
  for (Cable& c : cables_) c.told = true;  // what QEMU begins with
  recording_.reset();
  if (host_.snapshots && config_.disks.empty())
    recording_ = std::make_unique<Recording>(vm::VtMachine::boot_key(machine_config()));
  if (!recording_ || !restore()) start();
  tell_carriers(t);
}

vm::VtMachine::Config VmNode::machine_config() const {
  vm::VtMachine::Config c{.machine = config_.machine,
                          .settings = config_.settings,
                          .qemu = host_.qemu,
                          .plugin = host_.plugin,
                          .folder = host_.folder,
                          .boot_second = offset_.count_ns() / 1'000'000'000,
                          .patience = config_.patience,
                          .takes_turns = host_.takes_turns};
  c.machine.kernel = host_.kernel;
  c.machine.initrd = host_.initrd;
  return c;
}

void VmNode::start() {
  const SimTime t = SimTime::at(offset_);
  machine_.reset();
  machine_ = std::make_unique<vm::VtMachine>(machine_config());
  try {
    stand(machine_->meet(sent_), t);
  } catch (const SimulationError& e) {
    fail(e.what(), t);
  }
  if (state_ == State::off) fail("ended before it began", t);
}

bool VmNode::restore() {
  auto found = host_.snapshots->find(recording_->key);
  if (!found) return false;
  vm::BootSnapshot snapshot = found->snapshot;
  vm::VtChannel::Standing s;
  try {
    machine_ = std::make_unique<vm::VtMachine>(machine_config(), std::move(*found));
    s = machine_->meet(sent_);
    if (s.off) throw SimulationError("is off");
  } catch (const SimulationError&) {
    // Of no use, whatever it is: this boot makes another.
    machine_.reset();
    host_.snapshots->remove(recording_->key);
    sent_.clear();
    return false;
  }
  for (const vm::BootSnapshot::Line& l : snapshot.lines)
    hold_line({l.text.begin(), l.text.end()}, to_run(l.time));
  replay_.emplace(recording_->key, to_run(snapshot.reached), std::move(snapshot.inputs));
  recording_.reset();
  counters_.instructions = instructions_before_ + s.instructions;
  wakes_ = awake_at(s, replay_->end);
  ++counters_.restored;
  return true;
}

void VmNode::boot_in_full() {
  const Replay past = *std::exchange(replay_, std::nullopt);
  recording_ = std::make_unique<Recording>(past.key);
  recording_->inputs.assign(past.inputs.begin(), past.inputs.begin() + static_cast<long>(past.came));
  held_.clear();
  --counters_.restored;
  start();
  if (state_ == State::off) return;
  inputs_ = recording_->inputs;
  if (reached_ <= SimTime::at(offset_)) return;
  try {
    stand(machine_->go({.until = to_machine(reached_)}, inputs_, sent_), reached_);
  } catch (const SimulationError& e) {
    fail(e.what(), reached_);
  }
  inputs_.clear();
  collect(reached_);  // what it did up to here has been told
}

void VmNode::keep(const vm::VtChannel::Standing& s) {
  if (s.waiting) return;  // perhaps the next time
  const auto recording = std::move(recording_);
  try {
    machine_->keep(*host_.snapshots, recording->key,
                   {.reached = to_machine(reached_),
                    .lines = recording->lines,
                    .inputs = recording->inputs,
                    .partial = {}});
  } catch (const SimulationError&) {
    // The next run boots again. If QEMU is gone, the next look says so.
  }
}

void VmNode::record(const vm::VtChannel::Record& r) {
  if (r.type == vm::vt::RecordType::frame || recording_->size() >= kMostRecorded) return recording_.reset();
  recording_->lines.push_back({r.time, {r.bytes.begin(), r.bytes.end()}});
  recording_->up |= recording_->lines.back().text == fmt::format("xedgesim: {} is up", config_.machine.name);
}

void VmNode::replay_to(SimTime limit) {
  const bool all_came = replay_->came == replay_->inputs.size();
  if (!all_came && to_run(replay_->inputs[replay_->came].time) < limit) return boot_in_full();
  if (limit < replay_->end) return;
  if (!all_came) return boot_in_full();
  reached_ = std::max(reached_, replay_->end);
  replay_.reset();
}

void VmNode::take(vm::VtChannel::Record r) {
  if (replay_) {
    const bool awaited = replay_->came < replay_->inputs.size();
    if (awaited && replay_->inputs[replay_->came] == r) {
      ++replay_->came;
      return;
    }
    if (awaited || to_run(r.time) < replay_->end) boot_in_full();
  }
  if (recording_) {
    recording_->inputs.push_back(r);
    if (recording_->size() > kMostRecorded) recording_.reset();
  }
  add_input(std::move(r));
}

}  // namespace xedgesim::nodes
