// Faults of whole runs: at their time, for their duration, as often as asked, and written down.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "program.h"

namespace xedgesim::testing {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

struct Faults : ::testing::Test {
  TemporaryFolder folder;
  int runs = 0;

  /// A shipped scenario with these faults; returns the folder of the results.
  fs::path run(const std::string& scenario, const std::string& faults, std::vector<std::string> more = {},
               int expected = 0) {
    const std::string name = "run" + std::to_string(runs++);
    std::ofstream(folder / (name + ".yaml"))
        << "scenario:\n  name: f\n  include: " << source("scenarios/" + scenario + "/scenario.yaml")
        << "\nfaults:\n"
        << faults << "\n";
    std::vector<std::string> arguments{"run",
                                       (folder / (name + ".yaml")).string(),
                                       "-q",
                                       "--output",
                                       (folder / name).string(),
                                       "--set",
                                       "validation={}"};
    for (const std::string& m : more) {
      arguments.push_back("--set");
      arguments.push_back(m);
    }
    const ProgramResult r = run_program(arguments);
    EXPECT_EQ(r.exit_code, expected) << r.out << r.err;
    said = r.err;
    return folder / name;
  }
  std::string said;
};

/// Simulated seconds of each console line that begins so.
std::vector<double> console_times(const fs::path& run, const std::string& node, const std::string& text) {
  std::vector<double> times;
  std::istringstream in(read_file(run / "consoles" / (node + ".log")));
  for (std::string line; std::getline(in, line);) {
    const size_t end = line.find("] ");
    if (end != std::string::npos && line.compare(end + 2, text.size(), text) == 0)
      times.push_back(std::stod(line.substr(1)));
  }
  return times;
}

std::vector<std::map<std::string, std::string>> spans(const fs::path& run) {
  std::vector<std::map<std::string, std::string>> rows;
  std::istringstream in(read_file(run / "spans.csv"));
  std::vector<std::string> header;
  for (std::string line; std::getline(in, line);) {
    std::istringstream cells(line);
    std::vector<std::string> row;
    for (std::string cell; std::getline(cells, cell, ',');) row.push_back(cell);
    if (header.empty()) {
      header = row;
      continue;
    }
    auto& named = rows.emplace_back();
    for (size_t i = 0; i < row.size(); ++i) named[header[i]] = row[i];
    if (named["tx_request_us"].empty()) rows.pop_back();  // the run ended before it was sent
  }
  return rows;
}

/// Simulated seconds at which faults began and ended.
std::pair<std::vector<double>, std::vector<double>> fault_events(const fs::path& run) {
  std::vector<double> begins, ends;
  std::istringstream in(read_file(run / "events.jsonl"));
  for (std::string line; std::getline(in, line);) {
    const Json e = Json::parse(line);
    const std::string type = e.value("type", "");
    if (type == "fault") begins.push_back(e["time_us"].get<double>() / 1e6);
    if (type == "fault_end") ends.push_back(e["time_us"].get<double>() / 1e6);
  }
  return {begins, ends};
}

TEST_F(Faults, ALowClockThatDriftsMakesASleeperLate) {
  const auto straight = console_times(run("hello", "  []", {"scenario.duration=7s"}), "board", "count");
  const fs::path drifting =
      run("hello", "  - {time: 2s, type: clock_drift, target: board, ppm: -100ppm, duration: 2s}",
          {"scenario.duration=7s"});
  const auto late = console_times(drifting, "board", "count");
  ASSERT_EQ(straight.size(), late.size());
  ASSERT_GE(late.size(), 7u);
  // The lines come about 0.252 s after the full second; 100 us a second from 2 s to 4 s.
  const double expected[] = {0, 0, 25e-6, 125e-6, 200e-6, 200e-6, 200e-6};
  for (size_t i = 0; i < 7; ++i) EXPECT_NEAR(late[i] - straight[i], expected[i], 1.5e-6) << i;
  const auto [begins, ends] = fault_events(drifting);
  EXPECT_EQ(begins, std::vector{2.0});
  EXPECT_EQ(ends, std::vector{4.0});
}

TEST_F(Faults, ADevicesOwnDeviationLastsTheWholeRun) {
  const auto straight = console_times(run("hello", "  []"), "board", "count");
  const auto early = console_times(run("hello", "  []", {"devices[0].clock_drift=50ppm"}), "board", "count");
  ASSERT_EQ(straight.size(), early.size());
  // From one line to another: where the first tick lies in the whole is a matter of the boot.
  for (size_t i = 2; i < straight.size(); ++i)
    EXPECT_NEAR((straight[i] - early[i]) - (straight[1] - early[1]), (straight[i] - straight[1]) * 50e-6,
                2e-6)
        << i;
}

TEST_F(Faults, TheHighClockPacesTheSamples) {
  const std::vector<std::string> one{"devices[0].count=1", "scenario.duration=4s",
                                     "devices[0].config.phase=500ms"};
  const auto sense_end = [&](const std::string& faults) {
    return std::stod(spans(run("ml-placement/edge", faults, one)).at(0).at("sense_end_us"));
  };
  const double straight = sense_end("  []");
  // A window of 1000 samples at 1 kHz of the TIMER.
  EXPECT_NEAR(
      sense_end("  - {time: 0s, type: clock_drift, target: vib, ppm: 1000ppm, clock: high}") - straight, -999,
      2);
  const double low =
      sense_end("  - {time: 0s, type: clock_drift, target: vib, ppm: 1000ppm, clock: low}") - straight;
  EXPECT_LT(low, -50);   // the window begins earlier
  EXPECT_GT(low, -900);  // and takes as long
}

TEST_F(Faults, ABehaviouralDevicesReportsShift) {
  const std::vector<std::string> few{"scenario.duration=20s", "devices[0].count=1", "devices[1].count=2",
                                     "metrics.collect=[spans]"};
  const auto requests = [&](const std::string& faults) {
    std::vector<double> out;
    for (const auto& s : spans(run("scale-100", faults, few)))
      if (s.at("device") == "bulk_1") out.push_back(std::stod(s.at("tx_request_us")));
    return out;
  };
  const auto straight = requests("  []");
  const auto drifted = requests("  - {time: 5s, type: clock_drift, target: \"bulk_*\", ppm: 100ppm}");
  ASSERT_GE(std::min(straight.size(), drifted.size()), 15u);
  for (size_t i = 0; i < std::min(straight.size(), drifted.size()); ++i)
    EXPECT_NEAR(straight[i] - drifted[i], std::max(0.0, straight[i] - 5e6) * 1e-4, 1) << i;
}

TEST_F(Faults, AJammerAtTheGatewayBreaksWhatIsSentThen) {
  const fs::path out =
      run("ml-placement/edge",
          "  - {time: 4s, type: jammer, target: gateway_1, power: -40dBm, duration: 2s, repeat: "
          "{every: 5s, times: 2}}",
          {"devices[0].count=2", "scenario.duration=16s", "network.wired={}"});
  size_t lost = 0, inside = 0;
  for (const auto& s : spans(out)) {
    const double t = std::stod(s.at("tx_request_us")) / 1e6;
    const auto in = [&](double from) { return t > from && t < from + 1.9; };
    const bool jammed = in(4) || in(9);
    inside += jammed;
    if (s.at("outcome") == "result") {
      EXPECT_FALSE(jammed) << t;
    } else if (t < 15) {
      ++lost;
      EXPECT_TRUE((t > 3.9 && t < 6.1) || (t > 8.9 && t < 11.1)) << t;
    }
  }
  EXPECT_GE(inside, 6u);
  EXPECT_GE(lost, inside);
  const auto [begins, ends] = fault_events(out);
  EXPECT_EQ(begins, (std::vector{4.0, 9.0}));
  EXPECT_EQ(ends, (std::vector{6.0, 11.0}));
}

TEST_F(Faults, AJammerIsHeardByItsTargetsAlone) {
  const fs::path out =
      run("ml-placement/edge", "  - {time: 2s, type: radio_interference, target: vib_1, power: -30dBm}",
          {"devices[0].count=2", "scenario.duration=10s", "network.wired={}"});
  size_t first = 0, second = 0, second_lost = 0;
  for (const auto& s : spans(out)) {
    const double t = std::stod(s.at("tx_request_us")) / 1e6;
    if (t < 2 || t > 9.5) continue;
    if (s.at("device") == "vib_1") first += s.at("outcome") == "result";
    if (s.at("device") == "vib_2") ++second, second_lost += s.at("outcome") != "result";
  }
  EXPECT_EQ(first, 0u);  // its channel is never free
  EXPECT_GE(second, 6u);
  EXPECT_EQ(second_lost, 0u);
}

TEST_F(Faults, AStuckSensorChangesWhatComesAfter) {
  const std::vector<std::string> one{"devices[0].count=1", "scenario.duration=12s"};
  const auto before = spans(run("ml-placement/device", "  []", one));
  const fs::path out =
      run("ml-placement/device", "  - {time: 5s, type: sensor_fault, target: vib, mode: stuck}", one);
  const auto after = spans(out);
  ASSERT_EQ(before.size(), after.size());
  size_t changed = 0;
  for (size_t i = 0; i < after.size(); ++i) {
    const bool same = before[i].at("predicted_class") == after[i].at("predicted_class") &&
                      before[i].at("confidence") == after[i].at("confidence");
    EXPECT_EQ(before[i].at("true_class"), after[i].at("true_class"));
    if (std::stod(after[i].at("sense_end_us")) < 5e6) {
      EXPECT_TRUE(same) << i;
    }
    changed += !same;
  }
  EXPECT_GE(changed, 5u);
}

TEST_F(Faults, ABrownOutBootsTheBoardAgain) {
  const fs::path out = run("hello", "  - {time: 2500ms, type: brown_out, target: board}");
  const auto banners = console_times(out, "board", "xedgesim hello");
  ASSERT_EQ(banners.size(), 2u);
  EXPECT_NEAR(banners[1], 2.51 + banners[0], 0.001);
  const auto [begins, ends] = fault_events(out);
  EXPECT_EQ(begins, std::vector{2.5});
  EXPECT_EQ(ends, std::vector{2.51});
}

TEST_F(Faults, CrashAndRebootByTheirOtherNames) {
  const fs::path out = run("hello",
                           "  - {time: 1500ms, type: node_crash, target: board, duration: 1s}\n"
                           "  - {time: 4s, type: node_reboot, target: board}");
  const auto banners = console_times(out, "board", "xedgesim hello");
  ASSERT_EQ(banners.size(), 3u);
  EXPECT_NEAR(banners[1], 2.5 + banners[0], 0.001);
  EXPECT_NEAR(banners[2], 4 + banners[0], 0.001);
}

TEST_F(Faults, ASlowServiceTakesItsFactorLonger) {
  const std::vector<std::string> few{"devices[0].count=2", "scenario.duration=12s"};
  const auto before = spans(run("ml-placement/edge", "  []", few));
  const auto after =
      spans(run("ml-placement/edge",
                "  - {time: 4s, type: service_slow, target: gateway_1, factor: 20, duration: 4s}", few));
  ASSERT_EQ(before.size(), after.size());
  size_t slow = 0;
  for (size_t i = 0; i < after.size(); ++i) {
    if (after[i].at("hop_inference_us").empty()) continue;
    const double t = std::stod(after[i].at("inference_begin_us"));
    const double factor =
        std::stod(after[i].at("hop_inference_us")) / std::stod(before[i].at("hop_inference_us"));
    const bool in = t >= 4e6 && t < 8e6;
    EXPECT_NEAR(factor, in ? 20 : 1, 0.01) << t;
    slow += in;
  }
  EXPECT_GE(slow, 6u);
}

TEST_F(Faults, TheCloudsOutageAndALinksDegradationByTheirOtherNames) {
  const fs::path out =
      run("ml-placement/cloud",
          "  - {time: 3s, type: cloud_outage, target: cloud_backend, duration: 3s}\n"
          "  - {time: 8s, type: link_degrade, target: gateway_to_cloud, latency: 300ms, duration: 2s}",
          {"devices[0].count=1", "scenario.duration=12s", "devices[0].ml_result_wait=900ms"});
  for (const auto& s : spans(out)) {
    const double t = std::stod(s.at("tx_request_us")) / 1e6;
    if (t > 3 && t < 5.5) {
      EXPECT_NE(s.at("outcome"), "result") << t;
    }
    if (t > 8.05 && t < 9.5) {
      EXPECT_GT(std::stod(s.at("e2e_us")), 580e3) << t;
    }
    if (t < 2.5 || (t > 6.1 && t < 7.5)) {
      EXPECT_EQ(s.at("outcome"), "result") << t;
      EXPECT_LT(std::stod(s.at("e2e_us")), 250e3) << t;
    }
  }
}

TEST_F(Faults, RandomTimesAreSeeded) {
  const std::string fault =
      "  - {time: 0s, type: sensor_fault, target: board, mode: noise, value: 10mV, duration: 10ms, random: "
      "{mean_interval: 500ms}}";
  const std::string sensor = "devices[0].sensors=[{pin: AIN0, type: constant, value: 1V}]";
  const auto first = fault_events(run("hello", fault, {sensor})).first;
  EXPECT_GE(first.size(), 3u);
  EXPECT_EQ(fault_events(run("hello", fault, {sensor})).first, first);
  EXPECT_NE(fault_events(run("hello", fault, {sensor, "scenario.seed=43"})).first, first);
}

TEST_F(Faults, WhatCannotBeIsSaid) {
  run("hello", "  - {time: 1s, type: sensor_fault, target: board, mode: stuck}", {}, 3);
  EXPECT_NE(said.find("disturbs a sensor of 'board', which"), std::string::npos) << said;
  run("hello", "  - {time: 1s, type: sensor_fault, target: board, mode: noise}", {}, 3);
  EXPECT_NE(said.find("needs the key 'value'"), std::string::npos) << said;
  run("hello", "  - {time: 1s, type: clock_drift, target: board}", {}, 3);
  EXPECT_NE(said.find("needs the key 'ppm'"), std::string::npos) << said;
  run("hello", "  - {time: 1s, type: service_slow, target: board, factor: 2}", {}, 3);
  EXPECT_NE(said.find("is a device, but service_slow is for: edge node, cloud node"), std::string::npos)
      << said;
}

/// Packets delivered of those sent between two seconds of the simulated time.
double delivered_part(const fs::path& run, double from, double to) {
  std::istringstream in(read_file(run / "network_metrics.csv"));
  std::string line;
  std::getline(in, line);
  EXPECT_TRUE(line.starts_with("time_us,packets_sent,packets_delivered,")) << line;
  double sent = 0, delivered = 0;
  while (std::getline(in, line)) {
    double t = 0, s = 0, d = 0;
    char comma = 0;
    std::istringstream(line) >> t >> comma >> s >> comma >> d;
    if (t / 1e6 <= from || t / 1e6 > to) continue;
    sent += s;
    delivered += d;
  }
  EXPECT_GT(sent, 100);
  return delivered / sent;
}

// The guide's section 2.2: 300 s, the gateway off from 150 to 180 s, three of twenty boards cut off from 200
// to 220 s.
TEST(SeedBaseline, TheTimelineShowsBothDipsAndTheRecovery) {
  TemporaryFolder folder;
  const ProgramResult r = run_program(
      {"run", source("scenarios/seed-baseline/scenario.yaml"), "-q", "--output", (folder / "run").string()});
  EXPECT_EQ(r.exit_code, 0) << r.out << r.err;
  const auto summary = Json::parse(read_file(folder / "run/summary.json"));
  EXPECT_EQ(summary["assertions"].size(), 4u);
  const auto [begins, ends] = fault_events(folder / "run");
  EXPECT_EQ(begins, (std::vector<double>{150, 200}));
  EXPECT_EQ(ends, (std::vector<double>{180, 220}));
  EXPECT_GT(delivered_part(folder / "run", 0, 149), 0.99);
  EXPECT_EQ(delivered_part(folder / "run", 151, 180), 0);
  EXPECT_GT(delivered_part(folder / "run", 182, 200), 0.99);
  EXPECT_NEAR(delivered_part(folder / "run", 202, 220), 17.0 / 20, 0.02);
  EXPECT_GT(delivered_part(folder / "run", 222, 300), 0.99);
}

}  // namespace
}  // namespace xedgesim::testing
