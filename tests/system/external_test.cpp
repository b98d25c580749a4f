// Programs as participants: a good one, and everything a bad one may do.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "program.h"

namespace xedgesim::testing {
namespace {

class External : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::system("python3 -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null") != 0)
      GTEST_SKIP() << "needs python3, 3.9 or later";
  }
  /// Runs a scenario whose external device is this Python text; `timeout` of its answers.
  ProgramResult run(const std::string& python, const std::string& timeout = "20s",
                    const std::string& more = "") {
    const auto script = folder_ / "peer.py";
    std::ofstream(script) << "import json, os, socket, sys, time\n" << python;
    const auto path = folder_ / "scenario.yaml";
    std::ofstream(path) << "scenario: {name: t, duration: 3s, seed: 5}\n"
                           "devices:\n"
                           "  - {id: peer, type: external, command: [python3, peer.py], timeout: "
                        << timeout
                        << ", position: [10m, 0m]}\n"
                           "network: {gateways: [{id: gateway}]}\n"
                        << more;
    return run_program({"run", path.string(), "-q", "--output", (folder_ / "run").string()});
  }
  nlohmann::json summary() { return nlohmann::json::parse(read_file(folder_ / "run/summary.json")); }
  /// Exit code 1, the sentence, and results that say so.
  void fails(const ProgramResult& r, const std::string& part) {
    EXPECT_EQ(r.exit_code, 1) << r.out << r.err;
    EXPECT_NE(r.err.find("the external program of 'peer' "), std::string::npos) << r.err;
    EXPECT_NE(r.err.find(part), std::string::npos) << r.err;
    EXPECT_EQ(summary()["status"], "failed");
    EXPECT_NE(summary()["reason"].get<std::string>().find(part), std::string::npos);
  }
  TemporaryFolder folder_;
};

/// A peer without the SDK that answers as told: `answer(m)` for each message after INIT.
const std::string kBare = R"(
kind, path = os.environ["XEDGESIM_SOCKET"].split(":", 1)
s = socket.socket(socket.AF_UNIX)
s.connect(path)
f = s.makefile("rb")
def say(m):
    s.sendall(json.dumps(m).encode() + b"\n")
def hear():
    return json.loads(f.readline())
init = hear()
assert init["type"] == "INIT", init
def ready(next_ns=1000000000):
    say({"type": "DONE", "version": 1, "at_ns": 0, "next_ns": next_ns})
)";

TEST_F(External, ASdkProgramSendsAndHearsWhatBecameOfIt) {
  const std::string python = R"(
from xedgesim import Participant, run
class P(Participant):
    def start(self):
        self.nodes["peer"].wake_at(500_000_000)
    def wake(self, node, t_ns):
        node.send(b"hello", tag=t_ns // 500_000_000)
        node.energy(10)
        node.wake_at(t_ns + 500_000_000)
    def sent(self, node, sent):
        node.log(f"{sent.tag} {sent.status} {sent.transmissions}")
    def stop(self, reason):
        print("stopped:", reason, self.seed, self.duration_ns)
run(P())
)";
  ASSERT_EQ(run(python).exit_code, 0);
  const auto first = summary();
  EXPECT_EQ(first["summary"]["total_packets_sent"], 6);
  EXPECT_EQ(first["summary"]["total_packets_delivered"], 5);  // the last is requested at the end of the run
  EXPECT_EQ(first["per_device"]["peer"]["energy_by_cause_mJ"]["external"], 0.06);
  const std::string log = read_file(folder_ / "run/external/peer.log");
  EXPECT_NE(log.find("peer: 5 success 1\n"), std::string::npos) << log;
  EXPECT_NE(log.find("stopped: end 5 3000000000\n"), std::string::npos) << log;
  std::filesystem::remove_all(folder_ / "run");
  ASSERT_EQ(run(python).exit_code, 0);
  EXPECT_EQ(summary()["digest"], first["digest"]);
}

/// Nobody acknowledges, and programs and boards act all the time: what a timer of the radio tells a program
/// may not be before what the program was let run to.
TEST_F(External, CrowdsOfDevicesThatNobodyHears) {
  const auto path = folder_ / "crowd.yaml";
  std::ofstream(path)
      << "scenario: {name: t, duration: 2s}\n"
         "devices:\n"
         "  - {id: board, count: 4, platform: nrf52840dk, firmware: firmware/vib_sensor.elf, config: "
         "{sample_rate: 1000Hz, report_interval: 1s}}\n"
         "  - {id: bulk, count: 200, type: model, model: models/device_model.py, config: "
         "{sample_rate: 1000Hz, report_interval: 1s, packet_size: 64, tx_power: 0}}\n";
  for (const char* threads : {"1", "2"}) {
    const ProgramResult r = run_program({"run", path.string(), "-j", threads, "--output",
                                         (folder_ / (std::string("run") + threads)).string()});
    ASSERT_EQ(r.exit_code, 0) << r.out << r.err;
    EXPECT_NE(r.out.find("Starting 4 emulated boards, 200 behavioural devices, 0 edge"), std::string::npos)
        << r.out;
  }
  const auto digest = [&](const char* run) {
    return nlohmann::json::parse(read_file(folder_ / run / "summary.json"))["digest"];
  };
  EXPECT_EQ(digest("run1"), digest("run2"));
}

TEST_F(External, LiesAboutTheTimeItReached) {
  fails(run(kBare +
            "ready()\nm = hear()\nsay({'type': 'DONE', 'at_ns': m['to_ns'] + 5, 'next_ns': None})\nhear()\n"),
        "but it was told");
}

TEST_F(External, ActsBeforeTheTimeItHadSaid) {
  fails(run(kBare +
            "ready()\nm = hear()\nsay({'type': 'DONE', 'at_ns': m['to_ns'], 'events': [{'event': 'send', "
            "'node': 'peer', 't_ns': 999999999, 'payload': ''}]})\nhear()\n"),
        "with a time outside 1000000000 to ");
}

TEST_F(External, ActsAfterTheTimeItWasGiven) {
  fails(run(kBare +
            "ready()\nm = hear()\nsay({'type': 'DONE', 'at_ns': m['to_ns'], 'events': [{'event': 'send', "
            "'node': 'peer', 't_ns': m['to_ns'] + 1, 'payload': ''}]})\nhear()\n"),
        "with a time outside 1000000000 to ");
}

TEST_F(External, WantsToActInThePast) {
  fails(
      run(kBare + "ready()\nm = hear()\nsay({'type': 'DONE', 'at_ns': m['to_ns'], 'next_ns': 17})\nhear()\n"),
      "wants to act next at 17 ns");
}

TEST_F(External, SendsEndlesslyWithoutAnEndOfLine) {
  fails(run(kBare +
            "ready()\nhear()\nblock = b'x' * (1 << 20)\ntry:\n    for i in range(1024): s.sendall(block)\n"
            "except OSError: pass\n"),
        "sent more than 1048576 bytes without an end of line");
}

TEST_F(External, DiesInTheMiddleOfAMessage) {
  fails(run(kBare + "ready()\nhear()\ns.sendall(b'{\"type\": \"DO')\nprint('that was it')\nsys.exit(7)\n"),
        "closed the connection in the middle of a message instead of answering ADVANCE at 1.000000000 s (it "
        "ended with "
        "exit code 7; its last words: that was it)");
}

TEST_F(External, DiesBeforeItConnects) {
  fails(run("raise RuntimeError('no sensor')\n"),
        "ended before it had connected at 0.000000000 s (it ended with exit code 1; its last words: "
        "RuntimeError: no "
        "sensor)");
}

TEST_F(External, IsKilled) {
  fails(run(kBare + "ready()\nhear()\nos.kill(os.getpid(), 9)\n"), "ended by signal 9");
}

TEST_F(External, DoesNotAnswerInTime) {
  fails(run(kBare + "ready()\nhear()\ntime.sleep(60)\n", "5s"), "did not answer within 5 s of wall time");
}

TEST_F(External, TricklesBytesForEver) {
  fails(run(kBare +
                "ready()\nhear()\ntry:\n    while True:\n        s.sendall(b' ')\n        time.sleep(0.05)\n"
                "except OSError: pass\n",
            "5s"),
        "did not answer within 5 s of wall time");
}

TEST_F(External, NeverConnects) { fails(run("time.sleep(60)\n", "1s"), "within 1 s of wall time"); }

TEST_F(External, SpeaksAnotherVersion) {
  fails(run(kBare + "say({'type': 'DONE', 'version': 2, 'at_ns': 0})\nhear()\n"),
        "speaks version 2 of the protocol");
}

TEST_F(External, SaysNonsense) {
  for (const auto& [line, part] :
       {std::pair{"not json", "sent a line that is no JSON object (not json)"},
        {"[1]", "no JSON object"},
        {"{}", "without a type"},
        {R"({"type": "HELLO"})", "answered ADVANCE with HELLO instead of DONE"},
        {R"({"type": "ERROR", "message": "out of coffee"})", "reports an error: out of coffee"}}) {
    fails(run(kBare + "ready()\nhear()\ns.sendall(" + nlohmann::json(line).dump() +
              ".encode() + b'\\n')\nf.read()\n"),
          part);
    std::filesystem::remove_all(folder_ / "run");
  }
}

TEST_F(External, SendsEventsThatAreNone) {
  for (const auto& [event, part] :
       {std::pair{"5", "that is no object"},
        {R"({"event": "send", "node": "other", "t_ns": 1000000000, "payload": ""})", "not one of its own"},
        {R"({"event": "send", "node": "peer", "t_ns": 1000000000, "payload": "@@@@"})", "no base64"},
        {R"({"event": "send", "node": "peer", "t_ns": 1e300, "payload": ""})", "with a time outside"},
        {R"({"event": "fly", "node": "peer", "t_ns": 1000000000})", "of an unknown kind"},
        {R"({"event": "energy", "node": "peer", "t_ns": 1000000000, "uJ": -1})",
         "without an amount of energy"}}) {
    fails(
        run(kBare + "ready()\nm = hear()\nsay({'type': 'DONE', 'at_ns': m['to_ns'], 'events': [json.loads('" +
            event + "')]})\nf.read()\n"),
        part);
    std::filesystem::remove_all(folder_ / "run");
  }
  fails(run(kBare + "ready()\nm = hear()\nsay({'type': 'DONE', 'at_ns': m['to_ns'], 'events': [{'event': "
                    "'send', 'node': "
                    "'peer', 't_ns': 1000000000, 'payload': 'AAAA' * 100}]})\nf.read()\n"),
        "would carry 300 bytes");
}

TEST_F(External, ACommandThatIsNoneIsAConfigurationError) {
  const auto path = folder_ / "scenario.yaml";
  std::ofstream(path) << "scenario: {name: t, duration: 1s}\ndevices: [{id: peer, type: external, command: "
                         "[no-such-program]}]\nnetwork: {gateways: [{id: g}]}\n";
  const ProgramResult r = run_program({"run", path.string(), "-q", "--output", (folder_ / "run").string()});
  EXPECT_EQ(r.exit_code, 3) << r.err;
  EXPECT_NE(r.err.find("cannot start 'no-such-program'"), std::string::npos) << r.err;
}

TEST_F(External, AProgramMayConnectByItselfOverTcp) {
  // A free port: bound, read and let go.
  const int probe = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof name;
  ASSERT_EQ(bind(probe, reinterpret_cast<sockaddr*>(&name), length), 0);
  getsockname(probe, reinterpret_cast<sockaddr*>(&name), &length);
  close(probe);
  const std::string address = "tcp:127.0.0.1:" + std::to_string(ntohs(name.sin_port));
  const auto path = folder_ / "scenario.yaml";
  std::ofstream(path)
      << "scenario: {name: t, duration: 3s}\ndevices: [{id: node, count: 2, type: external, timeout: 20s, "
         "socket: '"
      << address << "'}]\nnetwork: {gateways: [{id: g}]}\n";
  Program p({"run", path.string(), "-q", "--output", (folder_ / "run").string()});
  const std::string command =
      "for i in $(seq 100); do PYTHONPATH=" + source("sdk/python/src") + " XEDGESIM_SOCKET=" + address +
      " python3 " + source("sdk/python/examples/beacon.py") + " >/dev/null 2>&1 && break; sleep 0.1; done";
  EXPECT_EQ(std::system(("bash -c '" + command + "'").c_str()), 0);
  const ProgramResult r = p.wait();
  EXPECT_EQ(r.exit_code, 0) << r.out << r.err;
  EXPECT_EQ(summary()["summary"]["total_packets_delivered"], 4);
}

}  // namespace
}  // namespace xedgesim::testing
