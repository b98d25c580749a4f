#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "experiment/batch_record.h"
#include "ml/calibration.h"
#include "ml/network.h"
#include "ml/onnx_model.h"
#include "ml/tflite_model.h"
#include "report/comparison.h"
#include "report/text_table.h"
#include "scenario/metric_names.h"

namespace xedgesim::cli {
namespace {

// The yardstick's two networks: 0.26 and 8.4 million multiply-accumulates, whose weights fit a cache.
constexpr int64_t kWidth = 512;
constexpr int kFewLayers = 1, kManyLayers = 32;
constexpr size_t kMostYardstickRuns = 400;

struct CalibrateFlags {
  CommonOptions common;
  std::vector<std::string> models;
  std::string target = "raspberry-pi-4", output;
  double factor = 0;
  size_t repetitions = 1000;
};

int64_t monotonic_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

ml::Timing time_model(ml::OnnxModel& model, uint64_t macs, size_t repetitions) {
  std::vector<float> input(model.input_size());
  for (size_t i = 0; i < input.size(); ++i) input[i] = static_cast<float>(i % 17) / 17.0f;
  return ml::time_inferences([&] { model.run(input); }, macs, repetitions, monotonic_ns);
}

ml::Timing time_yardstick(int layers, size_t repetitions) {
  auto model = ml::OnnxModel::parse(ml::yardstick_model(kWidth, layers), "the yardstick");
  return time_model(model, ml::yardstick_macs(kWidth, layers), std::min(repetitions, kMostYardstickRuns));
}

/// Multiply-accumulates of an inference; 0 when some operator's cannot be told: then all of its time is
/// overhead.
uint64_t macs_of(const std::string& file, const ml::OnnxModel& model) {
  if (model.macs()) return *model.macs();
  try {
    return ml::network_from_onnx(ml::parse_onnx(ml::read_bytes(file))).macs();
  } catch (const ConfigError&) {
    return 0;
  }
}

struct Calibrated {
  std::string name;
  ml::Timing host;
  ml::ComputeTarget on_target;
};

std::string compute_yaml(const Calibrated& c) {
  return fmt::format("{{target: {}, macs_per_second: {:.4g}, overhead: {}ns, jitter: {:.3f}}}",
                     c.on_target.name, c.on_target.macs_per_s, c.on_target.overhead.count_ns(),
                     c.on_target.jitter);
}

double microseconds(Duration d) { return d.count_s() * 1e6; }

Duration typical(const Calibrated& c) {
  return c.on_target.overhead + Duration::seconds(static_cast<double>(c.host.macs) / c.on_target.macs_per_s);
}

void print_table(const std::vector<Calibrated>& all, const ml::HostSpeed& host, double factor,
                 const std::string& target) {
  report::TextTable t{.header = {"model", "MACs", "host, median", "host, p95", "on " + target, "jitter"},
                      .rows = {},
                      .right = {false, true, true, true, true, true}};
  for (const Calibrated& c : all)
    t.rows.push_back(
        {c.name, fmt::format("{}", c.host.macs), fmt::format("{:.1f} us", microseconds(c.host.median)),
         fmt::format("{:.1f} us", microseconds(c.host.p95)),
         fmt::format("{:.1f} us", microseconds(typical(c))), fmt::format("{:.3f}", c.on_target.jitter)});
  std::fputs(report::render_table(t).c_str(), stdout);
  std::printf("host: %s MAC/s, %.1f us a call; factor to %s: %s\n",
              report::short_number(host.macs_per_s).c_str(), microseconds(host.overhead), target.c_str(),
              report::short_number(factor).c_str());
  for (const Calibrated& c : all)
    std::printf("%s:\n    compute: %s\n", c.name.c_str(), compute_yaml(c).c_str());
}

ExitCode calibrate_command(const CalibrateFlags& flags) {
  const ml::ComputeTarget target = ml::compute_target(flags.target);
  const ml::HostSpeed host = ml::host_speed(time_yardstick(kFewLayers, flags.repetitions),
                                            time_yardstick(kManyLayers, flags.repetitions));
  const double factor = flags.factor > 0 ? flags.factor : host.macs_per_s / target.macs_per_s;
  std::vector<Calibrated> all;
  for (const std::string& file : flags.models) {
    auto model = ml::OnnxModel::load(file);
    const ml::Timing timing = time_model(model, macs_of(file, model), flags.repetitions);
    all.push_back(
        {std::filesystem::path(file).stem().string(), timing, ml::scaled_to(target, timing, factor)});
  }
  if (!flags.output.empty()) {
    std::string yaml =
        "# Written by `xedgesim calibrate`: put this file under scenario.include and say `kind:` in a "
        "node.\nkinds:\n";
    for (const Calibrated& c : all) yaml += fmt::format("  {}: {{compute: {}}}\n", c.name, compute_yaml(c));
    experiment::replace_file(flags.output, yaml);
  }
  if (flags.common.format == "json") {
    nlohmann::ordered_json j{
        {"target", target.name},
        {"factor", factor},
        {"host", {{"macs_per_second", host.macs_per_s}, {"overhead_us", microseconds(host.overhead)}}},
        {"models", nlohmann::ordered_json::array()}};
    for (const Calibrated& c : all)
      j["models"].push_back({{"name", c.name},
                             {"macs", c.host.macs},
                             {"host_median_us", microseconds(c.host.median)},
                             {"host_p95_us", microseconds(c.host.p95)},
                             {"target_us", microseconds(typical(c))},
                             {"compute",
                              {{"target", c.on_target.name},
                               {"macs_per_second", c.on_target.macs_per_s},
                               {"overhead", fmt::format("{}ns", c.on_target.overhead.count_ns())},
                               {"jitter", c.on_target.jitter}}}});
    std::printf("%s\n", j.dump(2).c_str());
  } else {
    print_table(all, host, factor, target.name);
    if (!flags.output.empty()) std::printf("written: %s\n", flags.output.c_str());
  }
  return ExitCode::ok;
}

}  // namespace

void add_calibrate(CLI::App& app, Body& body) {
  auto flags = std::make_shared<CalibrateFlags>();
  CLI::App* c =
      app.add_subcommand("calibrate", "Measure models on this host and scale the times to a target");
  c->add_option("models", flags->models, "ONNX models")->required();
  c->add_option("--target", flags->target, "Machine whose times are wanted")
      ->check(CLI::IsMember(scenario::names_of(scenario::compute_targets())))
      ->envname("XEDGESIM_TARGET")
      ->capture_default_str();
  c->add_option(
       "--factor", flags->factor,
       "How many times slower the target is; absent: the host's measured rate / the target's declared one")
      ->check(CLI::Range(1e-6, 1e6))
      ->envname("XEDGESIM_FACTOR");
  c->add_option("--repetitions", flags->repetitions, "Inferences of each model")
      ->check(CLI::Range(8, 10'000'000))
      ->envname("XEDGESIM_REPETITIONS")
      ->capture_default_str();
  c->add_option("-o,--output", flags->output,
                "Also write the compute models as kinds, to be included by scenarios")
      ->envname("XEDGESIM_CALIBRATE_OUTPUT");
  add_common(*c, flags->common);
  c->footer("Example:  xedgesim calibrate models/vibration/anomaly_detector.onnx --target raspberry-pi-4");
  c->callback([&body, flags] { body = [flags] { return calibrate_command(*flags); }; });
}

}  // namespace xedgesim::cli
