#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>

#include "scenario/metric_names.h"
#include "scenario/suggest.h"
#include "support.h"

namespace xedgesim::scenario {
namespace {

/// One wrong file of bad_cases.txt and everything that is said about it.
struct BadCase {
  std::string name, yaml, expected;
};

std::vector<BadCase> bad_cases() {
  std::vector<BadCase> out;
  std::istringstream lines(read_file(XEDGESIM_SOURCE_DIR "/tests/scenario/bad_cases.txt"));
  bool expecting = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("=== ", 0) == 0) {
      out.push_back({line.substr(4, line.find(' ', 4) - 4), "", ""});
      expecting = false;
    } else if (line == ">>>") {
      expecting = true;
    } else if (!out.empty()) {
      (expecting ? out.back().expected : out.back().yaml) += line + "\n";
    }
  }
  return out;
}

LoadOptions strict() {
  LoadOptions o;
  o.platforms = {"nrf52840dk", "microbit"};
  return o;
}

TEST(Errors, EveryBadFileGetsExactlyItsSentences) {
  const auto cases = bad_cases();
  ASSERT_GE(cases.size(), 60u);
  for (const BadCase& c : cases) {
    const LoadResult r = load_text(c.yaml, strict());
    std::string said = to_text(r.errors);
    // Paths of this machine do not belong into the file.
    for (size_t at = said.find(kData); at != std::string::npos; at = said.find(kData))
      said.replace(at, kData.size(), "DATA/");
    EXPECT_EQ(said, c.expected) << "in case " << c.name;
    EXPECT_NE(said, "") << "in case " << c.name;
  }
}

TEST(Warnings, SamplesThatNobodyHears) {
  const auto said = [](const std::string& rest) {
    const LoadResult r = load_text("scenario: {name: t, duration: 10s}\n" + rest);
    EXPECT_TRUE(r.ok()) << to_text(r.errors);
    return to_text(r.warnings);
  };
  const std::string device = "devices:\n  - {id: a, type: model, config: {report_interval: 1s%s}}\n";
  const auto with = [&](const std::string& config) {
    std::string text = device;
    return text.replace(text.find("%s"), 2, config);
  };
  const std::string nobody =
      "s.yaml:3:5: devices[0]: no gateway listens to the radio, so every sample of 'a' is lost: add "
      "network.gateways: [{id: gateway}], or an edge node with a model (edge: [{id: edge0, ml_model: "
      "FILE.onnx}])\n";
  EXPECT_EQ(said(with("")), nobody);
  EXPECT_EQ(said(with("") + "  - {id: b, type: model}\n"), nobody) << "once";
  EXPECT_EQ(said(with("") + "edge: [{id: e}]\n"), "");
  EXPECT_EQ(said(with("") + "network: {gateways: [{id: g}]}\n"), "");
  EXPECT_EQ(said(with(", destination: 2")), "") << "it reports to another device";
  const std::string channel =
      "s.yaml:3:65: devices[0].config.channel: no gateway listens on this channel, so every sample of 'a' is "
      "lost: use a gateway's, or give a gateway this one\n";
  EXPECT_EQ(said(with(", channel: 15") + "edge: [{id: e}]\n"), channel);
  EXPECT_EQ(said(with(", channel: 15") + "network: {gateways: [{id: g}, {id: h, channel: 16}]}\n"), channel);
  EXPECT_EQ(said(with(", channel: 15") + "network: {gateways: [{id: g}, {id: h, channel: 15}]}\n"), "");
  EXPECT_NE(
      said(with(", channel: 15, gateway: g") + "network: {gateways: [{id: g}, {id: h, channel: 15}]}\n"), "")
      << "the one it is for does not hear it";
  EXPECT_NE(said(with(", pan_id: 2") + "network: {gateways: [{id: g, pan_id: 1}]}\n").find("on this PAN"),
            std::string::npos);
}

TEST(Warnings, NetworksThatDoNotReachEachOther) {
  const auto said = [](const std::string& switches, const std::string& more = "") {
    const LoadResult r = load_text(
        "scenario: {name: t, duration: 10s}\nnodes:\n  - {id: a, image: base, ip: 10.1.0.1}\n"
        "  - {id: b, image: base, ip: 10.2.0.1}\n  - {id: c, image: base, ip: 10.1.0.2}\nswitches:\n" +
        switches +
        "links:\n  - {endpoints: [\"a:eth0\", \"w:1\"]}\n  - {endpoints: [\"b:eth0\", \"w:2\"]}\n"
        "  - {endpoints: [\"c:eth0\", \"v:1\"]}\n  - {endpoints: [\"w:3\", \"v:2\"]}\n" +
        more);
    EXPECT_TRUE(r.ok()) << to_text(r.errors);
    return to_text(r.warnings);
  };
  EXPECT_EQ(
      said("  - {id: w}\n  - {id: v}\n"),
      "s.yaml:4:30: nodes[1].ip: 10.2.0.1 is in another network (10.2.0.0/24) than nodes[0] on the same "
      "wire (10.1.0.0/24): they do not reach each other without a router\n");
  EXPECT_EQ(said("  - {id: w, ports: [{name: 1, vlan: 1}, {name: 2, vlan: 2}, {name: 3}]}\n  - {id: v}\n"),
            "");
}

TEST(Warnings, SettingsThatTheShippedFirmwareDoesNotTake) {
  const auto said = [](const std::string& config, const std::string& network = "{gateways: [{id: g}]}") {
    LoadOptions options;
    options.check_files = false;
    const LoadResult r =
        load_scenario_text("scenario: {name: t, duration: 60s}\nnetwork: " + network +
                               "\n"
                               "devices: [{id: a, platform: nrf52840dk, firmware: f.elf, config: {" +
                               config + "}}]\n",
                           "s.yaml", kData, options);
    EXPECT_TRUE(r.ok()) << to_text(r.errors);
    return to_text(r.warnings);
  };
  EXPECT_EQ(said("sample_rate: 20kHz, report_interval: 10ms, tx_power: -40dBm"), "");
  EXPECT_EQ(said("sample_rate: 500kHz"),
            "s.yaml:3:80: devices[0].config.sample_rate: the shipped firmware takes 10 to 20000 Hz, "
            "and its default instead of this; the board's console says so\n");
  EXPECT_NE(said("report_interval: 1us").find("whole milliseconds from 10 to 3600000"), std::string::npos);
  for (const std::string key : {"forward_interval", "inference_interval"})
    for (const std::string value : {"9ms", "10.5ms", "1us", "3601s"})
      EXPECT_EQ(
          said(key + ": " + value),
          fmt::format("s.yaml:3:{}: devices[0].config.", 69 + key.size()) + key +
              ": the shipped firmware takes whole milliseconds from 10 to 3600000, and its default instead "
              "of this; the board's console says so\n");
  EXPECT_EQ(said("forward_interval: 1s, sample_rate: 4kHz"), "");
  EXPECT_EQ(
      said("forward_interval: 1025ms"),
      "s.yaml:3:85: devices[0].config.forward_interval: the shipped vib_sensor reports every 1024ms instead: "
      "its reports are of 2 whole windows of 512 samples at 1000 Hz\n");
  EXPECT_NE(said("sample_rate: 10Hz, report_interval: 10ms").find("every 100ms instead"), std::string::npos);
  EXPECT_EQ(
      said("report_interval: 1s, inference_interval: 1us"),
      "s.yaml:3:108: devices[0].config.inference_interval: report_interval is given, too, and goes first, so "
      "this one does nothing: remove one of them\n");
  EXPECT_NE(said("tx_power: 20dBm").find("whole dBm from -40 to 8"), std::string::npos);
  const std::string loud = "{gateways: [{id: g}], wireless: {tx_power: 20dBm}}";
  EXPECT_EQ(said("", loud),
            "s.yaml:2:53: network.wireless.tx_power: the shipped firmware takes whole dBm from -40 to 8, and "
            "its default instead of this; the board's console says so\n");
  EXPECT_EQ(said("tx_power: 8dBm", loud), "") << "no board takes that of the network";
}

TEST(Warnings, AProfileWhoseEndEndsAnother) {
  const auto said = [](const std::string& faults) {
    const LoadResult r = load_text("scenario: {name: t, duration: 60s}\nfaults:\n" + faults);
    EXPECT_TRUE(r.ok()) << to_text(r.errors);
    return to_text(r.warnings);
  };
  const std::string timed = "  - {time: 20s, type: apply_profile, profile: lossy, duration: 10s}\n";
  EXPECT_EQ(said(timed), "");
  EXPECT_EQ(said(timed + "  - {time: 30s, type: apply_profile, profile: constrained}\n"), "") << "after it";
  EXPECT_EQ(said("  - {time: 5s, type: apply_profile, profile: constrained, duration: 15s}\n" + timed), "");
  const std::string ends =
      "s.yaml:3:64: faults[0].duration: its end at 30s puts network.profile in force again and so ends "
      "faults[1], "
      "too: apply that one again at this time\n";
  EXPECT_EQ(said(timed + "  - {time: 5s, type: apply_profile, profile: constrained}\n"), ends);
  EXPECT_EQ(said(timed + "  - {time: 15s, type: apply_profile, profile: constrained, duration: 16s}\n"),
            ends);
  EXPECT_EQ(said(timed + "  - {time: 25s, type: apply_profile, profile: constrained, duration: 6s}\n"), "")
      << "it stays";
  EXPECT_EQ(said(timed + "  - {time: 20s, type: apply_profile, profile: constrained}\n"), "")
      << "it is the later one";
}

TEST(Errors, TheDesignsExampleWordForWord) {
  const LoadResult r = load_scenario_text(
      "scenario:\n  name: t\n  duration: 10s\ndevices:\n  - id: vib\n    type: model\n    count: 2\n    "
      "ml_placement: none\n"
      "    # a comment\n    clock_drift: 5ppm\n    description: x\n    config:\n      report_interval: 1s\n  "
      "    sample_rat: 1kHz\n",
      "scenario.yaml", kData);
  EXPECT_EQ(
      to_text(r.errors),
      "scenario.yaml:14:7: unknown key 'sample_rat' in devices[0].config — did you mean 'sample_rate'?\n");
}

TEST(Errors, MissingFileFolderAndEncodingAreSentences) {
  EXPECT_NE(to_text(load_scenario("/nowhere/s.yaml").errors)
                .find("/nowhere/s.yaml: cannot be read (No such file or directory): check the path"),
            std::string::npos);
  EXPECT_NE(to_text(load_scenario(kData).errors).find("is a folder"), std::string::npos);
  EXPECT_EQ(to_text(load_text("scenario:\n  name: \xff\n").errors),
            "s.yaml:2:9: this byte is not UTF-8 text: save the file as UTF-8\n");
  EXPECT_EQ(to_text(load_text(std::string("scenario:\n  na\0me: t\n", 21)).errors),
            "s.yaml:2:5: this byte is not UTF-8 text: save the file as UTF-8\n");
  EXPECT_TRUE(load_text("\xef\xbb\xbf" + kHead).ok()) << "a byte order mark is allowed";
  EXPECT_TRUE(load_text("scenario:\r\n  name: t\r\n  duration: 10s\r\n").ok()) << "so are Windows line ends";
}

/// Hostile files are refused quickly, with a sentence.
void expect_refused_fast(const std::string& yaml, const std::string& part) {
  const auto start = std::chrono::steady_clock::now();
  const LoadResult r = load_text(yaml);
  const auto took = std::chrono::steady_clock::now() - start;
  EXPECT_NE(to_text(r.errors).find(part), std::string::npos) << to_text(r.errors).substr(0, 500);
  EXPECT_LT(took, std::chrono::seconds(60));
}

TEST(Errors, HostileFilesAreBounded) {
  std::string bomb = "x-0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string below = "*a" + std::to_string(i - 1);
    std::string list;
    for (int k = 0; k < 10; ++k) list += (k ? ", " : "") + below;
    bomb += "x-" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + list + "]\n";
  }
  expect_refused_fast(bomb + kHead, "expand to more than");
  std::string chain = "x-0: &a0 [x]\n";
  for (int i = 1; i < 300; ++i)
    chain += "x-" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
  expect_refused_fast(chain + kHead, "nested deeper than");
  expect_refused_fast(kHead + "x-deep: " + std::string(100'000, '['), "close every '['");
  expect_refused_fast(
      kHead + "x-deep:\n" +
          [] {
            std::string s;
            for (int i = 1; i < 400; ++i) s += std::string(static_cast<size_t>(i), ' ') + "a:\n";
            return s;
          }(),
      "nested deeper than");
  expect_refused_fast(std::string(size_t{9} << 20, '#'), "larger than 8 MiB");
  expect_refused_fast(kHead + "x-long: " + std::string(200'000, 'a') + "\nbogus: 1\n", "unknown key 'bogus'");
  std::string many = kHead + "devices:\n";
  for (int i = 0; i < 5000; ++i) many += "  - {id: d, type: nothing}\n";
  expect_refused_fast(many, "more: mend these first");
}

TEST(Errors, ManyGoodEntriesLoad) {
  std::string many = kHead + "devices:\n";
  for (int i = 0; i < 10'000; ++i)
    many += "  - {id: d" + std::to_string(i) + ", type: model, config: {sample_rate: 1kHz}}\n";
  const LoadResult r = load_text(many);
  EXPECT_EQ(to_text(r.errors), "");
  EXPECT_EQ(r.scenario.devices.size(), 10'000u);
}

TEST(Suggest, DamerauLevenshtein) {
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("sample_rat", "sample_rate"), 1u);
  EXPECT_EQ(edit_distance("cuont", "count"), 1u) << "a swap is one mistake";
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(nearest("Sample-Rate", {"sample_rate", "phase"}), "sample_rate");
  EXPECT_EQ(nearest("interval", {"report_interval", "phase"}), "report_interval");
  EXPECT_EQ(nearest("zebra", {"sample_rate", "phase"}), "");
}

TEST(Names, MetricsMayCarryANode) {
  EXPECT_TRUE(is_assertion_metric("energy_mJ[vib_3]"));
  EXPECT_TRUE(is_assertion_metric("p95_e2e_latency_ms"));
  EXPECT_TRUE(is_assertion_metric("recall_inner_race"));
  EXPECT_FALSE(is_assertion_metric("recall_"));
  EXPECT_FALSE(is_assertion_metric("energy[vib_3]"));
  const std::string yaml =
      kHead + "devices: [{id: vib, type: model}]\nvalidation:\n  assertions:\n    - {metric: \"energy_mJ[";
  EXPECT_TRUE(load_text(yaml + "vi*]\", max: 3}\n").ok());
  EXPECT_EQ(to_text(load_text(yaml + "vob]\", max: 3}\n").errors),
            "s.yaml:5:16: validation.assertions[0].metric: nothing is named 'vob' — did you mean 'vib'?\n");
}

TEST(Names, EveryMetricIsDocumentedOnce) {
  for (const auto* list :
       {&assertion_metrics(), &collectable_metrics(), &native_services(), &compute_targets()}) {
    std::map<std::string, int> seen;
    for (const NamedThing& t : *list) {
      EXPECT_EQ(++seen[t.name], 1) << t.name;
      EXPECT_FALSE(t.doc.empty()) << t.name;
    }
  }
}

}  // namespace
}  // namespace xedgesim::scenario
