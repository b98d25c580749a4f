// What firmware says by its trace marks: where an inference runs, what it costs, how it ends.
#include "system/observer_probe.h"

#include <fmt/format.h>

#include <algorithm>

namespace xedgesim::system {
namespace {

using metrics::Stage;

/// Ports of firmware/hal/trace.h.
enum class Mark : int64_t { inference_begin = 1, inference_end, score, verdict, placement, model };

constexpr const char* kPlacements[] = {"edge", "device", "cloud", "hybrid"};
constexpr const char* kReasons[] = {"conditions are normal", "the battery is low", "the link is poor",
                                    "the deadline was missed"};

}  // namespace

/// On the node's thread: what an inference costs between its two marks.
void Observer::measure(size_t index, unsigned port, uint32_t word, SimTime t) {
  Probe& p = *probes_[index];
  const auto energy = [&] {
    if (!p.account) return int64_t{0};
    p.energy_time = std::max(t, p.energy_time);
    return metrics::total_nanojoules(p.account->by_cause(p.energy_time));
  };
  const uint64_t cycles = system_.devices()[index].mcu->machine().core().cycles();
  switch (static_cast<Mark>(port)) {
    case Mark::inference_begin:
      p.begin_cycles = cycles;
      p.begin_energy = energy();
      break;
    case Mark::inference_end:
      if (p.begin_energy < 0) break;
      ++p.inferences;
      p.inference_cycles += static_cast<int64_t>(cycles - p.begin_cycles);
      p.inference_energy += energy() - p.begin_energy;
      p.begin_energy = -1;
      break;
    case Mark::model:
      p.arena = word;
      break;
    default:
      break;
  }
}

/// In event order: stages and verdicts of samples.
void Observer::trace(size_t index, const sim::Event& e) {
  Probe& p = *probes_[index];
  auto& spans = collector_.spans();
  const auto word = static_cast<uint32_t>(e.args[1]);
  const uint32_t sequence = p.absolute(static_cast<uint16_t>(word));
  const scenario::Device& group = *system_.devices()[index].group;
  // The first layers of a cut model are part of the device's work; the inference is where the rest runs.
  const bool cut = group.ml_placement == scenario::MlPlacement::hybrid;
  switch (static_cast<Mark>(e.args[0])) {
    case Mark::inference_begin:
      p.scores.clear();
      if (!cut) spans.mark(p.device, sequence, Stage::inference_begin, e.time);
      break;
    case Mark::inference_end:
      if (!cut) spans.mark(p.device, sequence, Stage::inference_end, e.time);
      break;
    case Mark::score:
      p.scores.push_back(static_cast<float>(static_cast<int16_t>(word)) / 256.0f);
      break;
    case Mark::verdict: {
      p.has_verdict = true;
      if (!p.scores.empty()) {  // the device's own, not one that came back
        nodes::Classification c = nodes::classify(p.scores);
        spans.ran_at(p.device, sequence, metrics::RanAt::device);
        spans.prediction(p.device, sequence, static_cast<int32_t>(word >> 16), c.confidence(),
                         c.probabilities);
        p.scores.clear();
      }
      spans.mark(p.device, sequence, Stage::result, e.time);
      break;
    }
    case Mark::placement: {
      const uint32_t where = word & 0xff, why = word >> 8 & 0xff;
      if (where >= std::size(kPlacements) || why >= std::size(kReasons)) break;
      // The firmware knows only that its report goes to a service.
      const bool to_cloud = where == 0 && group.ml_remote == scenario::MlRemote::cloud;
      collector_.events().add(e.time, "placement", system_.devices()[index].id,
                              fmt::format("inference moves to {}: {}", to_cloud ? "cloud" : kPlacements[where],
                                          kReasons[why]),
                              {{"sample", p.absolute(static_cast<uint16_t>(word >> 16))}});
      break;
    }
    case Mark::model:
      if (word == 0)
        collector_.events().add(e.time, "model", system_.devices()[index].id,
                                "the firmware refused its model");
      break;
    default:
      break;
  }
}

}  // namespace xedgesim::system
