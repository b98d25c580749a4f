// network.type: ns3 — the process that computes the radio: the real one where it was built, and scripted
// peers for everything a bad one may do.
#include <gtest/gtest.h>

#include "program.h"

namespace xedgesim::testing {
namespace {

bool ns3_is_built() { return std::filesystem::exists(std::string(XEDGESIM_BINARY_DIR) + "/xedgesim-ns3"); }

class Ns3 : public ::testing::Test {
 protected:
  ProgramResult run(const std::string& scenario, std::vector<std::string> more = {}) {
    std::filesystem::remove_all(folder_ / "run");
    std::vector<std::string> arguments{"run", scenario, "-q", "--output", (folder_ / "run").string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_program(arguments);
  }
  nlohmann::json summary() { return nlohmann::json::parse(read_file(folder_ / "run/summary.json")); }
  TemporaryFolder folder_;
};

class Ns3Scripted : public Ns3 {
 protected:
  void SetUp() override {
    if (std::system("python3 -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null") != 0)
      GTEST_SKIP() << "needs python3, 3.9 or later";
  }
  /// A behavioural device that reports to a gateway over an air that this Python text computes.
  ProgramResult with_peer(const std::string& python, const std::string& timeout = "20s") {
    std::ofstream(folder_ / "peer.py") << R"(
import json, os, socket, sys, time
s = socket.socket(socket.AF_UNIX)
s.connect(os.environ["XEDGESIM_SOCKET"].split(":", 1)[1])
f = s.makefile("rb")
def say(verb, **arguments):
    s.sendall((verb + " " + json.dumps(arguments) + "\n").encode())
def hear():
    verb, _, arguments = f.readline().decode().partition(" ")
    return verb, json.loads(arguments or "{}")
def begin():
    verb, init = hear()
    assert verb == "INIT" and init["protocol"] == "xedgesim-ns3" and init["version"] == 1, (verb, init)
    say("OK", version=1)
    return init
def until_advance():
    seen = []
    while True:
        seen.append(hear())
        if seen[-1][0] == "ADVANCE":
            return seen[:-1], seen[-1][1]["to_ns"]
)" << python;
    const auto path = folder_ / "scenario.yaml";
    std::ofstream(path) << "scenario: {name: t, duration: 3s, seed: 5}\n"
                           "devices: [{id: node, type: model, model: periodic, position: [10m, 0m]}]\n"
                           "network:\n"
                           "  type: ns3\n"
                           "  ns3: {command: [python3, "
                        << (folder_ / "peer.py").string() << "], timeout: " << timeout
                        << "}\n"
                           "  gateways: [{id: gateway}]\n";
    return run(path.string());
  }
  /// Exit code 1, the sentence, and results that say so.
  void fails(const ProgramResult& r, const std::string& part) {
    EXPECT_EQ(r.exit_code, 1) << r.out << r.err;
    EXPECT_NE(r.err.find("the ns-3 process "), std::string::npos) << r.err;
    EXPECT_NE(r.err.find(part), std::string::npos) << r.err;
    EXPECT_EQ(summary()["status"], "failed");
    EXPECT_NE(summary()["reason"].get<std::string>().find(part), std::string::npos);
  }
};

/// Every frame arrives, every channel is clear.
const std::string kPerfectAir = R"(
init = begin()
due = []  # (time, verb, arguments)
try:
    while True:
        commands, to = until_advance()
        for verb, a in commands:
            if verb == "CCA":
                due.append((a["t_ns"] + 128000, "CCA_DONE",
                            dict(station=a["station"], token=a["token"], busy=False, dbm=-107.0)))
            elif verb == "INJECT_PACKET":
                size = len(a["psdu"]) * 3 // 4 - a["psdu"].count("=")
                for i in range(len(init["stations"])):
                    if i != a["station"]:
                        due.append((a["t_ns"] + 192000 + 32000 * size, "PACKET_RX",
                                    dict(station=i, id=a["id"], ok=True, lqi=255, rssi_dbm=-70.0, psdu=a["psdu"])))
        for t, verb, a in sorted((d for d in due if d[0] <= to), key=lambda d: d[0]):
            say(verb, t_ns=t, **a)
        due = [d for d in due if d[0] > to]
        say("SIMULATION_COMPLETE", t_ns=to)
except (ValueError, OSError):
    pass
)";

TEST_F(Ns3Scripted, AnAirWithoutLossesCarriesEveryReport) {
  const ProgramResult r = with_peer(kPerfectAir);
  ASSERT_EQ(r.exit_code, 0) << r.out << r.err;
  EXPECT_EQ(summary()["summary"]["total_packets_sent"], summary()["summary"]["total_packets_delivered"]);
  EXPECT_GE(summary()["summary"]["total_packets_sent"].get<int>(), 2);
  const std::string digest = summary()["digest"];
  ASSERT_EQ(with_peer(kPerfectAir).exit_code, 0);
  EXPECT_EQ(summary()["digest"], digest);
}

TEST_F(Ns3Scripted, DiesAndItsLastWordsAreQuoted) {
  fails(with_peer(
            "begin()\nuntil_advance()\nsys.stderr.write('msg=\"no such channel\"\\nterminate called\\n')\n"
            "sys.stderr.flush()\nos.abort()\n"),
        "closed the connection");
  const std::string reason = summary()["reason"];
  EXPECT_NE(reason.find("ended by signal 6"), std::string::npos) << reason;
  EXPECT_NE(reason.find("msg=\"no such channel\"\nterminate called"), std::string::npos) << reason;
}

TEST_F(Ns3Scripted, DiesBeforeItConnects) {
  std::ofstream(folder_ / "dead.py") << "raise SystemExit('libns3 is missing')\n";
  const auto path = folder_ / "scenario.yaml";
  std::ofstream(path) << "scenario: {name: t, duration: 1s}\n"
                         "devices: [{id: node, type: model, model: periodic}]\n"
                         "network: {type: ns3, gateways: [{id: g}], ns3: {command: [python3, "
                      << (folder_ / "dead.py").string() << "]}}\n";
  fails(run(path.string()),
        "ended before it had connected at 0.000000000 s (it ended with exit code 1; its last words: "
        "libns3 is missing)");
}

TEST_F(Ns3Scripted, DiesInTheMiddleOfALine) {
  fails(with_peer("begin()\nuntil_advance()\ns.sendall(b'PACKET_RX {\"t_')\nsys.exit(3)\n"),
        "closed the connection in the middle of a message");
}

TEST_F(Ns3Scripted, Hangs) {
  fails(with_peer("begin()\nuntil_advance()\ntime.sleep(60)\n", "2s"),
        "did not answer within 2 s of wall time");
}

TEST_F(Ns3Scripted, SpeaksAnotherVersion) {
  fails(with_peer("hear()\nsay('OK', version=2)\nf.read()\n"),
        "speaks another version of the protocol than 1");
}

TEST_F(Ns3Scripted, RefusesTheScenario) {
  fails(with_peer("hear()\nsay('ERROR', message='unknown path loss x')\nf.read()\n"),
        "reports an error: unknown path loss x");
}

TEST_F(Ns3Scripted, SendsEndlesslyWithoutAnEndOfLine) {
  fails(with_peer("begin()\nuntil_advance()\nblock = b'x' * (1 << 20)\ntry:\n"
                  "    for i in range(1024): s.sendall(block)\nexcept OSError: pass\n"),
        "sent more than 1048576 bytes without an end of line");
}

TEST_F(Ns3Scripted, SendsEventsEndlessly) {
  fails(with_peer("begin()\n_, to = until_advance()\ntry:\n    while True: say('LEVEL_DONE', t_ns=to, "
                  "station=0, token=1, "
                  "dbm=0)\nexcept OSError: pass\n"),
        "sends events without end");
}

TEST_F(Ns3Scripted, SaysNonsense) {
  // `to` is the instant it was told to reach.
  for (const auto& [line, part] :
       {std::pair{"'hello'", "sent a line that is no event (hello)"},
        {"''", "sent a line that is no event ()"},
        {"'PACKET_RX'", "t_ns must be a whole number"},
        {"'PACKET_RX [1]'", "its arguments are no JSON object"},
        {"'SIMULATION_COMPLETE {\"t_ns\": 5}'", "says something of 5 ns, but it was told to go to "},
        {"'SIMULATION_COMPLETE {\"t_ns\": %d}' % (to + 1)", "but it was told to go to "},
        {"'CCA_DONE {\"t_ns\": %d, \"station\": 9, \"token\": 1, \"busy\": true, \"dbm\": 0}' % to",
         "station must be 0 to 1"},
        {"'CCA_DONE {\"t_ns\": %d, \"station\": 0, \"token\": 77, \"busy\": true, \"dbm\": 0}' % to",
         "answers a request 77 that is none"},
        {"'CCA_DONE {\"t_ns\": %d, \"station\": 0, \"token\": 1, \"busy\": 3, \"dbm\": 0}' % to",
         "busy must be true or false"},
        {"'FRAME_START {\"t_ns\": %d, \"station\": 0, \"id\": 4, \"rssi_dbm\": -50}' % to",
         "tells of the header of a packet 4 that is none"},
        {"'PACKET_RX {\"t_ns\": %d, \"station\": 0, \"id\": 4, \"ok\": true, \"lqi\": 3, \"rssi_dbm\": 1, "
         "\"psdu\": "
         "\"@\"}' % to",
         "psdu must be base64 text"}})
    fails(with_peer("begin()\n_, to = until_advance()\ns.sendall((" + std::string(line) +
                    ").encode() + b'\\n')\nsay('SIMULATION_COMPLETE', t_ns=to)\nf.read()\n"),
          part);
}

TEST_F(Ns3Scripted, AnswersARequestTwice) {
  fails(with_peer("begin()\ncommands, to = until_advance()\n"
                  "cca = [a for v, a in commands if v == 'CCA'][0]\n"
                  "for i in range(2): say('CCA_DONE', t_ns=to, station=cca['station'], token=cca['token'], "
                  "busy=True, dbm=0)\n"
                  "say('SIMULATION_COMPLETE', t_ns=to)\nf.read()\n"),
        "that is none");
}

TEST_F(Ns3, WhatNs3DoesNotHaveIsRefusedWithItsPlace) {
  const auto path = folder_ / "scenario.yaml";
  std::ofstream(path) << "scenario: {name: t, duration: 1s}\n"
                         "devices: [{id: node, type: model, model: periodic}]\n"
                         "network:\n"
                         "  type: ns3\n"
                         "  gateways: [{id: g}]\n"
                         "  wireless:\n"
                         "    shadowing: 4dB\n";
  const ProgramResult r = run(path.string());
  EXPECT_EQ(r.exit_code, 3) << r.err;
  EXPECT_NE(r.err.find("scenario.yaml:7:16: network.wireless.shadowing: network.type: ns3 does not have it"),
            std::string::npos)
      << r.err;
}

TEST_F(Ns3, WithoutTheBackEndTheSentenceSaysWhatToInstall) {
  if (ns3_is_built()) GTEST_SKIP() << "the ns-3 back end is built here";
  const ProgramResult r = run(source("scenarios/ping/scenario.yaml"), {"--set", "network.type=ns3"});
  EXPECT_EQ(r.exit_code, 3) << r.err;
  EXPECT_NE(r.err.find("scripts/setup --with ns3"), std::string::npos) << r.err;
}

/// The real ns-3.
class Ns3Backend : public Ns3 {
 protected:
  void SetUp() override {
    if (!ns3_is_built()) GTEST_SKIP() << "the ns-3 back end is not built (scripts/setup --with ns3)";
    if (!std::filesystem::exists(std::string(XEDGESIM_BINARY_DIR) + "/firmware/ping.elf")) firmware_ = false;
  }
  bool firmware_ = true;
};

/// Our MAC on ns-3's PHY, at the positions and phases of a run of ns-3 alone (tests/net/data/lrwpan_star.csv:
/// 20 devices, all delivered, mean 4.289 ms).
TEST_F(Ns3Backend, TheStarOfTheReferenceComesOutAsInNs3Alone) {
  const ProgramResult r = run(source("scenarios/reference/ns3-star.yaml"),
                              {"--set", "network.type=ns3", "--set", "devices[0].config.report_count=60",
                               "--set", "scenario.duration=63s"});
  ASSERT_EQ(r.exit_code, 0) << r.out << r.err;
  EXPECT_GE(summary()["summary"]["packet_delivery_rate"].get<double>(), 0.99);
  EXPECT_NEAR(summary()["packet_latency"]["mean_ms"].get<double>(), 4.289, 0.03 * 4.289);
}

TEST_F(Ns3Backend, TwoBoardsPingEachOtherOverIt) {
  if (!firmware_) GTEST_SKIP() << "the firmware is not built (gcc-arm-none-eabi)";
  const ProgramResult r = run(source("scenarios/ping/scenario.yaml"), {"--set", "network.type=ns3"});
  ASSERT_EQ(r.exit_code, 0) << r.out << r.err;
  const std::string digest = summary()["digest"];
  ASSERT_EQ(
      run(source("scenarios/ping/scenario.yaml"), {"--set", "network.type=ns3", "--threads", "2"}).exit_code,
      0);
  EXPECT_EQ(summary()["digest"], digest);
}

TEST_F(Ns3Backend, TheVibrationScenarioRunsUnchanged) {
  if (!firmware_) GTEST_SKIP() << "the firmware is not built (gcc-arm-none-eabi)";
  const std::string scenario = source("scenarios/vibration-monitoring/scenario.yaml");
  const auto figures = [&](std::vector<std::string> more) {
    more.insert(more.end(), {"--set", "scenario.duration=10s"});
    run(scenario, more);
    return summary();
  };
  const auto ns3 = figures({"--set", "network.type=ns3"});
  const auto native = figures({});
  EXPECT_EQ(ns3["status"], "completed");
  EXPECT_EQ(ns3["summary"]["total_packets_sent"], native["summary"]["total_packets_sent"]);
  EXPECT_GT(ns3["summary"]["packet_delivery_rate"].get<double>(), 0.9);
  EXPECT_NEAR(ns3["summary"]["packet_delivery_rate"].get<double>(),
              native["summary"]["packet_delivery_rate"].get<double>(), 0.06);
}

}  // namespace
}  // namespace xedgesim::testing
