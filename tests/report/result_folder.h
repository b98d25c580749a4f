#pragma once
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "temporary_folder.h"

namespace xedgesim::report {

/// A folder with results as the program writes them, of made-up numbers.
class ResultFolder {
 public:
  const std::filesystem::path& path() const { return folder_.path(); }

  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((path() / name).parent_path());
    std::ofstream(path() / name, std::ios::binary) << text;
  }
  /// `where`: folder of the run below this one, "" for this one.
  void run(const std::string& where, int seed, double accuracy, double latency_ms, double energy_mj) const {
    const std::string dir = where.empty() ? "" : where + "/";
    const nlohmann::ordered_json summary{
        {"scenario", "demo"},
        {"duration_s", 4},
        {"status", "completed"},
        {"digest", "00ff"},
        {"seed", seed},
        {"summary",
         {{"total_samples", 40},
          {"samples_processed", 39},
          {"samples_lost", 1},
          {"total_energy_mJ", energy_mj * 39},
          {"energy_per_sample_mJ", energy_mj},
          {"avg_e2e_latency_ms", latency_ms},
          {"p95_e2e_latency_ms", latency_ms * 2},
          {"ml_accuracy", accuracy},
          {"packet_delivery_rate", 0.975},
          {"nothing", nullptr}}},
        {"hops",
         {{"air", {{"count", 39}, {"mean_ms", 2.0}}}, {"inference", {{"count", 39}, {"mean_ms", 1.0}}}}},
        {"energy_by_cause_mJ", {{"cpu_active", 3.9}, {"radio_tx", 7.8}}},
        {"assertions", {{{"metric", "ml_accuracy"}, {"passed", true}, {"line", "✅ PASS: <ml_accuracy>"}}}}};
    write(dir + "summary.json", summary.dump());
    write(dir + "cross_tier_metrics.csv",
          "time_us,e2e_latency_us,cumulative_energy_uJ,packet_delivery_rate\n"
          "1000000,,1000.000,\n2000000,5000.000,2000.000,1.000000\n3000000,5000.000,3500.000,0.500000\n4000");
    write(dir + "spans.csv", "device,e2e_us,hop_air_us,hop_inference_us\nvib_1,5000.000,2000.000,3000.000\n"
                       "\"a,b\",6000.000,2000.000,4000.000\nvib_1,,7000.000,\nvib_1,9000.000,,9000.000\n");
    write(dir + "events.jsonl", R"({"time_us":2500000,"type":"fault","node":"gw","message":"down"})"
                                "\n{\"time_us\":3000000,\"type\":\"log\"}\n");
  }
  /// Three variants with three seeds each, and one run that failed.
  void batch() const {
    nlohmann::ordered_json runs = nlohmann::ordered_json::array();
    const auto add = [&](const std::string& folder, const std::string& variant, int seed,
                         const std::string& status) {
      runs.push_back({{"name", folder + "-seed_" + std::to_string(seed)},
                      {"variant", variant},
                      {"overrides", nlohmann::ordered_json::array()},
                      {"parameters", nlohmann::ordered_json::object()},
                      {"seed", std::to_string(seed)},
                      {"status", status}});
      if (status == "failed") runs.back()["reason"] = "killed by signal 11 | <b>";
    };
    for (int seed = 1; seed <= 3; ++seed) {
      add("device", "device", seed, "passed");
      run("device-seed_" + std::to_string(seed), seed, 0.85, 4 + seed, 2);
      add("edge", "edge", seed, "passed");
      run("edge-seed_" + std::to_string(seed), seed, 0.92, 50, 1 + 0.1 * seed);
      add("cloud", "cloud</script>", seed, seed == 3 ? "failed" : "assertion_failed");
      if (seed < 3) run("cloud-seed_" + std::to_string(seed), seed, 0.90, 150, 3);
    }
    write("batch.json", nlohmann::ordered_json{{"batch", "placement <&> 'x'"}, {"runs", runs}}.dump());
  }

 private:
  TemporaryFolder folder_;
};

}  // namespace xedgesim::report
