#include <fmt/format.h>

#include <cmath>

#include "scenario/describe.h"
#include "scenario/fault_types.h"
#include "scenario/metric_names.h"

namespace xedgesim::scenario {
namespace {

const Description<CaptureFilter>& describe_filter() {
  using F = CaptureFilter;
  static const Description<F> kD = [] {
    Description<F> d;
    d.doc =
        "Which packets of some links are captured. Without a filter all are; the first filter of a link "
        "counts.";
    d.add({.key = "links", .doc = "names or patterns", .required = true}, &F::links, one_or_more(text()));
    d.add({.key = "direction", .doc = "forward: from the first end to the second"}, &F::direction,
          choice<F::Direction>({{"both", F::Direction::both},
                                {"forward", F::Direction::forward},
                                {"backward", F::Direction::backward}}));
    d.add({.key = "vlan", .doc = "outer VLANs; absent: all, and untagged frames"}, &F::vlan,
          one_or_more(integer(1, 4094)));
    d.add({.key = "type", .doc = "EtherTypes, such as 0x0800; absent: all"}, &F::type,
          one_or_more(integer(0, 65535)));
    d.add({.key = "only_dropped", .doc = "packets that did not arrive as they were"}, &F::only_dropped,
          boolean());
    d.add({.key = "snap", .doc = "bytes kept of each packet; absent: all"}, &F::snap, bytes(1));
    return d;
  }();
  return kD;
}

const Description<Metrics>& describe_metrics() {
  using M = Metrics;
  static const Description<M> kD = [] {
    Description<M> d;
    d.doc = "What is measured and kept.";
    d.add({.key = "collection_interval", .doc = "simulated time between two rows of the CSV files"},
          &M::collection_interval, positive_duration());
    d.add({.key = "collect", .doc = "metrics kept; absent: all"}, &M::collect,
          list_of(known_name("metric", names_of(collectable_metrics()))));
    d.add({.key = "output_dir", .doc = "folder of the results; absent: results/NAME/"}, &M::output_dir,
          text());
    d.add({.key = "formats", .doc = "files written"}, &M::formats,
          one_or_more(choice<M::Format>({{"csv", M::Format::csv}, {"json", M::Format::json}})));
    d.add({.key = "capture", .doc = "written to capture.pcapng: radio, links, or names of nodes and links"},
          &M::capture, one_or_more(text()));
    d.add({.key = "capture_filters", .doc = "what is captured of single links"}, &M::capture_filters,
          list_of(struct_of(describe_filter())));
    d.add({.key = "capture_limit", .doc = "most bytes kept, the newest ones, in two files; absent: no limit"},
          &M::capture_limit, bytes(65'536));
    d.add({.key = "console_limit",
           .doc = "most bytes kept of what each Linux machine prints, the first ones; further lines are counted"},
          &M::console_limit, bytes(1024));
    d.add({.key = "capture_file", .doc = "file or named pipe in place of capture.pcapng"}, &M::capture_file,
          text());
    d.add({.key = "trace", .doc = "write trace.perfetto.json"}, &M::trace, boolean());
    d.add({.key = "deliveries",
           .doc = "write deliveries.bin: every delivery in order, which compare --exact needs"},
          &M::deliveries, boolean());
    d.add(
        {.key = "energy",
         .doc = "datasheet: currents of the platform file; seed: the constants of the implementation guide"},
        &M::energy, choice<M::Energy>({{"datasheet", M::Energy::datasheet}, {"seed", M::Energy::seed}}));
    return d;
  }();
  return kD;
}

CodecPtr<int64_t> times() { return integer(1, 1'000'000, "a number of times"); }

const Description<Repeat>& describe_repeat() {
  static const Description<Repeat> kD = [] {
    Description<Repeat> d;
    d.doc = "The fault comes again.";
    d.add({.key = "every", .doc = "time from one beginning to the next", .required = true}, &Repeat::every,
          positive_duration());
    d.add({.key = "times", .doc = "how often in all; absent: until the end"}, &Repeat::times, times());
    return d;
  }();
  return kD;
}

const Description<RandomFault>& describe_random() {
  static const Description<RandomFault> kD = [] {
    Description<RandomFault> d;
    d.doc = "The fault comes at random moments after its time.";
    d.add({.key = "mean_interval", .doc = "mean time between two beginnings", .required = true},
          &RandomFault::mean_interval, positive_duration());
    d.add({.key = "times", .doc = "how often at most; absent: until the end"}, &RandomFault::times, times());
    return d;
  }();
  return kD;
}

const Description<Fault>& describe_fault() {
  using F = Fault;
  using S = F::SensorMode;
  static const Description<F> kD = [] {
    std::vector<Option<F::Type>> types;
    for (const FaultType& t : fault_types()) types.push_back({std::string(t.name), t.type});
    for (const FaultType& t : fault_types())
      for (std::string_view other : t.synonyms) types.push_back({std::string(other), t.type});
    Description<F> d;
    d.doc = "Something that goes wrong at a given time.";
    d.add({.key = "time", .doc = "when it begins", .required = true}, &F::time, duration());
    d.add({.key = "type", .doc = "what happens", .required = true}, &F::type, choice<F::Type>(types));
    d.add({.key = "target", .doc = "names, globs (vib_*) or the seed's device_3"}, &F::target,
          one_or_more(text()));
    d.add({.key = "duration", .doc = "how long it lasts; absent: until the end"}, &F::duration,
          positive_duration());
    d.add({.key = "description", .doc = "for people"}, &F::description, text());
    d.flat(&F::impairments, describe_impairments());
    d.add({.key = "profile", .doc = "apply_profile: its name"}, &F::profile, text());
    d.add({.key = "power", .doc = "radio_interference: what the targets receive; absent: -40dBm"}, &F::power_dbm,
          power());
    d.add({.key = "channel", .doc = "radio_interference: channel; absent: the network's"}, &F::channel,
          integer(11, 26, "a channel"));
    d.add(
        {.key = "mode", .doc = "sensor_fault: how it misbehaves"}, &F::mode,
        choice<S>(
            {{"stuck", S::stuck}, {"noise", S::noise}, {"drift", S::drift}, {"disconnect", S::disconnect}}));
    d.add({.key = "value",
           .doc = "sensor_fault: stuck at (absent: the last value), noise of (standard deviation), drift a "
                  "second"},
          &F::value_v, voltage(-1000, 1000));
    d.add({.key = "pin", .doc = "sensor_fault: AIN0 to AIN7; absent: all that have a sensor"}, &F::pin, text());
    d.add({.key = "charge", .doc = "battery_drain: charge that is left"}, &F::charge, fraction());
    d.add({.key = "ppm", .doc = "clock_drift: new deviation"}, &F::ppm, ppm());
    d.add({.key = "clock", .doc = "clock_drift: low is LFCLK (RTC, WDT), high HFCLK (core, TIMER); absent: both"}, &F::clock,
          choice<F::DriftingClock>({{"both", F::DriftingClock::both},
                                    {"low", F::DriftingClock::low},
                                    {"high", F::DriftingClock::high}}));
    d.add({.key = "factor", .doc = "service_slow: how many times longer everything takes"}, &F::factor,
          real(0.01, 1e6));
    d.add({.key = "repeat", .doc = "at fixed distances"}, &F::repeat, struct_of(describe_repeat()));
    d.add({.key = "random", .doc = "at random moments"}, &F::random, struct_of(describe_random()));
    return d;
  }();
  return kD;
}

const Description<AssertionScope>& describe_scope() {
  using A = AssertionScope;
  static const Description<A> kD = [] {
    Description<A> d;
    d.doc = "What part of the run an assertion is about.";
    d.add({.key = "node", .doc = "nodes it is measured over; absent: all"}, &A::node, one_or_more(text()));
    d.add({.key = "from", .doc = "begin of the time range"}, &A::from, duration());
    d.add({.key = "to", .doc = "end of the time range"}, &A::to, positive_duration());
    d.add({.key = "percentile", .doc = "of the values, instead of their mean"}, &A::percentile, real(0, 100));
    return d;
  }();
  return kD;
}

/// A metric, perhaps with a node in brackets.
class MetricCodec : public Codec<std::string> {
 public:
  bool load(const Value& value, std::string& out, const Path& path, LoadContext& context) const override {
    const std::string* s = scalar_text(value, path, type(), context);
    if (s == nullptr) return false;
    out = *s;
    if (is_assertion_metric(*s)) return true;
    const std::string hint = did_you_mean(split_metric(*s).first, names_of(assertion_metrics()));
    context.report.error(value.mark,
                         fmt::format("{}: unknown metric '{}'{}", path.text(), s->substr(0, 80),
                                     hint.empty() ? ": docs/scenario.md lists the metrics" : hint));
    return false;
  }
  nlohmann::json schema(bool) const override {
    const nlohmann::json open = {{"type", "string"},
                                 {"pattern", "^(precision_.|recall_.|[a-z0-9_A-Z]+\\[.*\\]$)|\\$\\{"}};
    return {
        {"anyOf", nlohmann::json::array({nlohmann::json{{"enum", names_of(assertion_metrics())}}, open})}};
  }
  ValuePtr dump(const std::string& value) const override {
    return value.empty() ? nullptr : make_text(value);
  }
  std::string type() const override { return "metric"; }
};

const Description<Assertion>& describe_assertion() {
  using A = Assertion;
  using O = A::Operator;
  static const Description<A> kD = [] {
    Description<A> d;
    d.doc = "A condition the run has to meet: a metric within limits, or a line on a console.";
    d.add({.key = "metric", .doc = "what is measured"}, &A::metric, std::make_shared<MetricCodec>());
    d.add({.key = "operator", .doc = "how the metric compares to value"}, &A::op,
          choice<O>({{"eq", O::eq},
                     {"ne", O::ne},
                     {"gt", O::gt},
                     {"gte", O::gte},
                     {"lt", O::lt},
                     {"lte", O::lte},
                     {"between", O::between}}));
    d.add({.key = "value", .doc = "limit of the operator; two for between"}, &A::value,
          one_or_more(measured()));
    d.add({.key = "min", .doc = "smallest value that passes"}, &A::min, measured());
    d.add({.key = "max", .doc = "largest value that passes"}, &A::max, measured());
    d.add({.key = "scope", .doc = "part of the run"}, &A::scope, struct_of(describe_scope()));
    d.add({.key = "expect_line", .doc = "regular expression some console line has to match"}, &A::expect_line,
          text());
    d.add({.key = "node", .doc = "expect_line: whose console; absent: anyone's"}, &A::node,
          one_or_more(text()));
    d.add({.key = "before", .doc = "expect_line: latest time"}, &A::before, positive_duration());
    d.add({.key = "description", .doc = "for people"}, &A::description, text());
    return d;
  }();
  return kD;
}

const Description<Validation>& describe_validation() {
  static const Description<Validation> kD = [] {
    Description<Validation> d;
    d.doc = "Verdict of the run.";
    d.add({.key = "assertions", .doc = "conditions; all have to be met"}, &Validation::assertions,
          list_of(struct_of(describe_assertion())));
    return d;
  }();
  return kD;
}

}  // namespace

CodecPtr<Metrics> metrics_codec() { return struct_of(describe_metrics()); }
CodecPtr<Fault> fault_codec() { return struct_of(describe_fault()); }
CodecPtr<Validation> validation_codec() { return struct_of(describe_validation()); }

bool Assertion::holds(double measured) const {
  if (op) {
    const double v = value.empty() ? 0 : value[0];
    switch (*op) {
      case Operator::eq:
        if (!(measured == v)) return false;
        break;
      case Operator::ne:
        if (!(measured != v)) return false;
        break;
      case Operator::gt:
        if (!(measured > v)) return false;
        break;
      case Operator::gte:
        if (!(measured >= v)) return false;
        break;
      case Operator::lt:
        if (!(measured < v)) return false;
        break;
      case Operator::lte:
        if (!(measured <= v)) return false;
        break;
      case Operator::between:
        if (value.size() != 2 || !(measured >= v && measured <= value[1])) return false;
        break;
    }
  }
  // Written so that NaN fails every assertion.
  if (min && !(measured >= *min)) return false;
  if (max && !(measured <= *max)) return false;
  return !std::isnan(measured);
}

}  // namespace xedgesim::scenario
