#include "metrics/span_recorder.h"

#include <algorithm>

#include "base/error.h"

namespace xedgesim::metrics {
namespace {

constexpr std::array<std::string_view, kStages> kStageNames{
    "sense_begin",  "sense_end",       "tx_request",    "first_cca", "tx_start",     "rx_gateway",
    "edge_arrival", "inference_begin", "inference_end", "result",    "cloud_stored", "cloud_answer"};

std::vector<std::string> columns() {
  std::vector<std::string> c{"device",   "sequence",        "outcome",    "cause",
                             "attempts", "predicted_class", "true_class", "confidence"};
  for (const std::string_view stage : kStageNames) c.push_back(std::string(stage) + "_us");
  c.emplace_back("e2e_us");
  c.emplace_back("age_us");
  for (const Hop& hop : kHops) c.push_back("hop_" + std::string(hop.name) + "_us");
  c.emplace_back("ran_at");
  return c;
}

std::optional<int64_t> class_cell(int32_t c) { return c < 0 ? std::nullopt : std::optional<int64_t>(c); }

std::optional<Decimal> duration_cell(std::optional<Duration> d) {
  return d ? std::optional(microseconds(*d)) : std::nullopt;
}

}  // namespace

std::string_view name(RanAt r) {
  constexpr std::array<std::string_view, 5> kNames{"edge", "device", "cloud", "hybrid", ""};
  return kNames[static_cast<size_t>(r)];
}

std::string_view name(Stage s) { return kStageNames[static_cast<size_t>(s)]; }

std::optional<Duration> Span::between(Stage from, Stage to) const {
  if (!has(from) || !has(to) || time(to) < time(from)) return std::nullopt;
  return time(to) - time(from);
}

std::optional<Duration> Span::hop(const Hop& h) const {
  const bool before_sending =
      has(Stage::inference_begin) &&
      (!has(Stage::tx_request) || time(Stage::inference_begin) < time(Stage::tx_request));
  if (before_sending && h.to == Stage::tx_request) return between(h.from, Stage::inference_begin);
  if (before_sending && h.from >= Stage::tx_request && h.to <= Stage::edge_arrival) return std::nullopt;
  return between(h.from, h.to);
}

SimTime Span::born() const {
  return has(Stage::sense_end) ? time(Stage::sense_end) : *std::min_element(at.begin(), at.end());
}

SpanRecorder::SpanRecorder(RunDirectory& directory, SpanOptions options,
                           const std::vector<std::string>& names)
    : options_(options), names_(names) {
  if (options_.file) table_ = std::make_unique<TableWriter>(directory, "spans", columns(), options_.formats);
}

SpanRecorder::~SpanRecorder() = default;

void SpanRecorder::mark(DeviceIndex device, uint32_t sequence, Stage stage, SimTime t) {
  Entry* e = find(device, sequence);
  if (e == nullptr) return;
  Span& s = e->span;
  SimTime& at = s.at[static_cast<size_t>(stage)];
  if (stage == Stage::tx_start) {
    ++s.attempts;
    if (!s.has(Stage::rx_gateway)) at = t;
    return;
  }
  if (!at.is_never()) return;
  if (stage == Stage::result && e->decided) {  // it was given up for lost
    ++late_marks_;
    return;
  }
  at = t;
  if (stage == Stage::result) decide(*e);
  if (stage == options_.final_stage || (stage == Stage::result && e->no_final)) enqueue(*e, t);
}

void SpanRecorder::truth(DeviceIndex device, uint32_t sequence, int32_t true_class) {
  if (Entry* e = find(device, sequence)) e->span.truth = true_class;
}

void SpanRecorder::prediction(DeviceIndex device, uint32_t sequence, int32_t predicted_class,
                              double confidence, std::vector<float> probabilities) {
  if (Entry* e = find(device, sequence)) {
    e->span.predicted = predicted_class;
    e->span.confidence = confidence;
    e->span.probabilities = std::move(probabilities);
  }
}

void SpanRecorder::ran_at(DeviceIndex device, uint32_t sequence, RanAt where) {
  if (Entry* e = find(device, sequence)) e->span.ran_at = where;
}

void SpanRecorder::lost(DeviceIndex device, uint32_t sequence, Stage missed, std::string_view cause,
                        SimTime t) {
  Entry* e = find(device, sequence);
  if (e == nullptr || e->span.has(missed) || !e->span.cause.empty()) return;
  if (missed <= Stage::result && e->span.has(Stage::result)) return;
  e->span.cause = cause;
  if (missed <= Stage::result) {
    decide(*e);
    enqueue(*e, t);
  } else {
    e->no_final = true;
    if (e->decided) enqueue(*e, t);
  }
}

void SpanRecorder::settle(SimTime now) {
  while (!finished_.empty() && finished_.front().first + options_.grace <= now) {
    const Key k = finished_.front().second;
    finished_.pop_front();
    close(k);
  }
}

void SpanRecorder::finish() {
  settle(SimTime::never());
  std::vector<Key> keys;
  keys.reserve(open_.size());
  for (const auto& [k, entry] : open_) keys.push_back(k);
  std::sort(keys.begin(), keys.end());
  for (const Key k : keys) {
    Entry& e = open_.at(k);
    if (!e.decided) {
      if (e.span.cause.empty()) e.span.cause = kInFlight;
      decide(e);
    }
    close(k);
  }
  flush();
}

void SpanRecorder::flush() {
  if (table_) table_->flush();
}

SpanRecorder::Entry* SpanRecorder::find(DeviceIndex device, uint32_t sequence) {
  XEDGESIM_ASSERT(raw(device) < names_.size());
  const auto [place, fresh] = open_.try_emplace(key(device, sequence));
  if (fresh) {
    if (was_closed(device, sequence)) {
      open_.erase(place);
      ++late_marks_;
      return nullptr;
    }
    place->second.span.device = device;
    place->second.span.sequence = sequence;
  }
  return &place->second;
}

void SpanRecorder::decide(Entry& e) {
  if (e.decided) return;
  e.decided = true;
  outcome(e.span);
}

void SpanRecorder::enqueue(Entry& e, SimTime t) {
  if (e.queued) return;
  e.queued = true;
  finished_.emplace_back(t, key(e.span.device, e.span.sequence));
}

void SpanRecorder::close(Key k) {
  const auto place = open_.find(k);
  Entry& e = place->second;
  if (!e.decided) {
    // The final stage came without a result.
    if (e.span.cause.empty()) e.span.cause = "no_result";
    decide(e);
  }
  // Forgotten before it is written: a full disk must not bring it back.
  const Span span = std::move(e.span);
  open_.erase(place);
  remember_closed(span.device, span.sequence);
  closed(span);
  write(span);
}

void SpanRecorder::write(const Span& s) {
  if (!table_) return;
  cells_.clear();
  cells_.emplace_back(names_[raw(s.device)]);
  cells_.emplace_back(s.sequence);
  cells_.emplace_back(s.outcome_name());
  cells_.emplace_back(s.cause);
  cells_.emplace_back(s.attempts);
  cells_.emplace_back(class_cell(s.predicted));
  cells_.emplace_back(class_cell(s.truth));
  cells_.emplace_back(s.confidence < 0 ? std::nullopt : std::optional(rounded(s.confidence, 6)));
  for (const SimTime t : s.at) {
    cells_.emplace_back(t.is_never() ? std::nullopt : std::optional(microseconds(t.since_start())));
  }
  cells_.emplace_back(duration_cell(s.e2e()));
  cells_.emplace_back(duration_cell(s.age()));
  for (const Hop& hop : kHops) cells_.emplace_back(duration_cell(s.hop(hop)));
  cells_.emplace_back(name(s.ran_at));
  table_->row(cells_);
}

void SpanRecorder::remember_closed(DeviceIndex device, uint32_t sequence) {
  if (closed_.size() < names_.size()) closed_.resize(names_.size());
  auto& ranges = closed_[raw(device)];
  const auto next = ranges.upper_bound(sequence);
  const bool joins_next = next != ranges.end() && next->first - 1 == sequence;
  const auto before = next == ranges.begin() ? ranges.end() : std::prev(next);
  const bool joins_before = before != ranges.end() && sequence > 0 && before->second == sequence - 1;
  const uint32_t last = joins_next ? next->second : sequence;
  if (joins_next) ranges.erase(next);
  if (joins_before) {
    before->second = last;
  } else {
    ranges.emplace(sequence, last);
  }
}

bool SpanRecorder::was_closed(DeviceIndex device, uint32_t sequence) const {
  if (raw(device) >= closed_.size()) return false;
  const auto& ranges = closed_[raw(device)];
  const auto next = ranges.upper_bound(sequence);
  return next != ranges.begin() && std::prev(next)->second >= sequence;
}

}  // namespace xedgesim::metrics
