#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "metrics/latency_set.h"
#include "metrics/table_writer.h"
#include "sim/signal.h"

namespace xedgesim::metrics {

/// A device's place in the order in which devices were added to the collector.
enum class DeviceIndex : uint32_t {};
constexpr uint32_t raw(DeviceIndex d) { return static_cast<uint32_t>(d); }

/// The points in the life of a sample, in the order of the columns of spans.csv. Each is optional.
enum class Stage : uint8_t {
  sense_begin,   ///< first value of the sampling window
  sense_end,     ///< last value of the window: the sample exists
  tx_request,    ///< the firmware asks the radio driver to send it
  first_cca,     ///< first clear channel assessment for it
  tx_start,      ///< first preamble symbol of the attempt that was delivered (of the last one if none was)
  rx_gateway,    ///< the gateway has the frame
  edge_arrival,  ///< the host that runs the model has the message
  inference_begin,
  inference_end,
  result,  ///< the classification is where the scenario wants it
  cloud_stored,
  cloud_answer,
};
constexpr size_t kStages = 12;
std::string_view name(Stage s);

/// The time between two stages; a hop of a sample exists when both its ends do, in that order (Span::hop).
struct Hop {
  std::string_view name;
  Stage from, to;
};
constexpr std::array<Hop, 10> kHops{{
    {"sensing", Stage::sense_begin, Stage::sense_end},
    {"compute", Stage::sense_end, Stage::tx_request},
    {"access", Stage::tx_request, Stage::tx_start},
    {"air", Stage::tx_start, Stage::rx_gateway},
    {"wire", Stage::rx_gateway, Stage::edge_arrival},
    {"queue", Stage::edge_arrival, Stage::inference_begin},
    {"inference", Stage::inference_begin, Stage::inference_end},
    {"reply", Stage::inference_end, Stage::result},
    {"store", Stage::result, Stage::cloud_stored},
    {"answer", Stage::cloud_stored, Stage::cloud_answer},
}};

/// Where the inference on a sample ran.
enum class RanAt : uint8_t { edge, device, cloud, hybrid, unknown };
std::string_view name(RanAt r);

/// The cause of samples that the end of the run overtook.
constexpr std::string_view kInFlight = "in_flight";

/// One sample from sensor to result.
struct Span {
  DeviceIndex device{};
  uint32_t sequence = 0;
  std::array<SimTime, kStages> at;  ///< never() where not reached
  uint32_t attempts = 0;            ///< transmissions begun, the delivering one and later ones included
  int32_t predicted = -1;           ///< class number; -1 none
  int32_t truth = -1;               ///< class number; -1 unknown
  double confidence = -1;           ///< 0 to 1; -1 none
  std::vector<float> probabilities; ///< by class; may be empty
  RanAt ran_at = RanAt::unknown;
  std::string cause;                ///< why it has no result, or why a stage after the result was missed

  Span() { at.fill(SimTime::never()); }
  bool has(Stage s) const { return !at[static_cast<size_t>(s)].is_never(); }
  SimTime time(Stage s) const { return at[static_cast<size_t>(s)]; }
  /// None unless both ends exist in that order.
  std::optional<Duration> between(Stage from, Stage to) const;
  /// The hops from compute to reply follow each other and add up to e2e(). Where the device's own model gives
  /// the result before anything is sent, compute ends with its begin, and what becomes of the message on the
  /// air and the wire belongs to store.
  std::optional<Duration> hop(const Hop& h) const;
  /// End-to-end latency: from the last value of the sampling window to the result.
  std::optional<Duration> e2e() const { return between(Stage::sense_end, Stage::result); }
  /// Age of the oldest value behind the result: the latency with the sampling window.
  std::optional<Duration> age() const { return between(Stage::sense_begin, Stage::result); }
  bool in_flight() const { return !has(Stage::result) && cause == kInFlight; }
  bool lost() const { return !has(Stage::result) && cause != kInFlight; }
  /// "result", "lost" or "in_flight"; of a sample with an outcome.
  std::string_view outcome_name() const {
    return has(Stage::result) ? "result" : in_flight() ? "in_flight" : "lost";
  }
  /// When the sample came to be: sense_end, else the earliest stage there is.
  SimTime born() const;
};

struct SpanOptions {
  /// The stage after which nothing more happens to a sample: result, cloud_stored or cloud_answer.
  Stage final_stage = Stage::result;
  /// A finished sample stays open this long, so that late retransmissions still count as its attempts.
  Duration grace = Duration::ms(500);
  bool file = true;  ///< write spans.csv
  Formats formats = {};
};

/// Follows every sample by the key (device, sequence). Samples that are finished are written to spans.csv and
/// forgotten except for their durations. Marks of one stage after the first are ignored (duplicates), except
/// tx_start, which is each attempt's and settles when the gateway has the frame. Marks that arrive after a
/// sample was written are counted and dropped.
class SpanRecorder {
 public:
  /// `names` gives the device column; it is read when rows are written and must outlive the recorder.
  SpanRecorder(RunDirectory& directory, SpanOptions options, const std::vector<std::string>& names);
  ~SpanRecorder();

  void mark(DeviceIndex device, uint32_t sequence, Stage stage, SimTime t);
  void truth(DeviceIndex device, uint32_t sequence, int32_t true_class);
  /// To be called before the result is marked. confidence 0 to 1, or -1.
  void prediction(DeviceIndex device, uint32_t sequence, int32_t predicted_class, double confidence = -1,
                  std::vector<float> probabilities = {});
  void ran_at(DeviceIndex device, uint32_t sequence, RanAt where);
  /// The sample will never reach `missed` because of `cause` ("no_ack", "channel_busy", "queue_full",
  /// "wan_loss", …). Ignored when it has reached it (an ACK was lost, not the frame). Missing a stage after
  /// the result only ends the wait for it.
  void lost(DeviceIndex device, uint32_t sequence, Stage missed, std::string_view cause, SimTime t);

  /// Writes the samples that finished at least the grace time before `now`.
  void settle(SimTime now);
  /// The run is over: what is unfinished gets the cause "in_flight", everything is written.
  void finish();
  void flush();

  /// A sample has its result, is lost, or (in finish()) is in flight. Exactly once a sample.
  sim::Signal<const Span&> outcome;
  /// A sample is written; nothing more will change. Exactly once a sample, after its outcome.
  sim::Signal<const Span&> closed;

  int64_t open_count() const { return static_cast<int64_t>(open_.size()); }
  /// Marks for samples already written (should stay 0 with a sufficient grace time).
  int64_t late_marks() const { return late_marks_; }

 private:
  struct Entry {
    Span span;
    bool decided = false;   ///< outcome was emitted
    bool queued = false;    ///< waits in finished_
    bool no_final = false;  ///< the final stage will not be reached
  };
  using Key = uint64_t;
  static Key key(DeviceIndex device, uint32_t sequence) { return uint64_t{raw(device)} << 32 | sequence; }

  Entry* find(DeviceIndex device, uint32_t sequence);
  void decide(Entry& e);
  void enqueue(Entry& e, SimTime t);
  void close(Key k);
  void write(const Span& s);
  void remember_closed(DeviceIndex device, uint32_t sequence);
  bool was_closed(DeviceIndex device, uint32_t sequence) const;

  SpanOptions options_;
  const std::vector<std::string>& names_;
  std::unique_ptr<TableWriter> table_;
  std::unordered_map<Key, Entry> open_;  // looked up only; never iterated in hash order
  std::deque<std::pair<SimTime, Key>> finished_;
  std::vector<std::map<uint32_t, uint32_t>> closed_;  ///< per device: first -> last of closed sequence ranges
  std::vector<Cell> cells_;
  int64_t late_marks_ = 0;
};

}  // namespace xedgesim::metrics
