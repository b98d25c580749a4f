// Tagged tunnels, a spanning tree and queues that change by the time-line, as a scenario gives them and as
// its capture shows them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <map>

#include "program.h"

namespace xedgesim::testing {
namespace {

// Two customers with the same VLAN and one tunnel each over two trunks, of which the tree blocks one.
constexpr const char* kTunnels = R"(
scenario: {name: tunnels, duration: 10s, seed: 1}
kinds:
  carrier:
    stp: true
    vlans: [100, 200]
    ports:
      - {name: red, mode: tunnel, vlan: 100}
      - {name: blue, mode: tunnel, vlan: 200}
      - {name: t1, mode: trunk, service: true, trunks: [100, 200]}
      - {name: t2, mode: trunk, service: true, trunks: [100, 200]}
switches:
  - {id: a, kind: carrier}
  - {id: b, kind: carrier}
nodes:
  - {id: r1, type: model, ip: 10.0.0.1, vlan: 5, traffic: [{id: red, to: r2, rate: 1Mbit, size: 500B, start: 1s, stop: 9s}]}
  - {id: r2, type: model, ip: 10.0.0.2, vlan: 5}
  - {id: b1, type: model, ip: 10.0.1.1, vlan: 5, traffic: [{id: blue, to: b2, rate: 8Mbit, size: 1000B, start: 1s, stop: 9s}]}
  - {id: b2, type: model, ip: 10.0.1.2, vlan: 5}
links:
  - {id: lr1, endpoints: ["r1:eth0", "a:red"], bandwidth: 100Mbit}
  - {id: lr2, endpoints: ["r2:eth0", "b:red"], bandwidth: 100Mbit}
  - {id: lb1, endpoints: ["b1:eth0", "a:blue"], bandwidth: 100Mbit}
  - {id: lb2, endpoints: ["b2:eth0", "b:blue"], bandwidth: 100Mbit, queue: 100}
  - {id: t1, endpoints: ["a:t1", "b:t1"], bandwidth: 100Mbit}
  - {id: t2, endpoints: ["a:t2", "b:t2"], bandwidth: 100Mbit}
faults:
  - {time: 3s, type: link_set, target: lb2, bandwidth: 4Mbit}
  - {time: 4s, type: link_set, target: lb2, queue_discipline: codel}
  - {time: 5s, type: link_down, target: t1, duration: 2s}
  - {time: 6s, type: link_set, target: lb2, queue_discipline: red, red: {min: 10kB, max: 30kB, probability: 10%}}
metrics:
  capture: [t1, t2, lr2, lb2]
  capture_filters: [{links: [lb2], only_dropped: true, snap: 64B}]
)";

TEST(WiredNetwork, TunnelsTreesAndQueuesDoWhatTheScenarioSays) {
  TemporaryFolder folder;
  std::ofstream(folder / "s.yaml") << kTunnels;
  const auto output = folder / "run";
  const ProgramResult r =
      run_program({"run", (folder / "s.yaml").string(), "-q", "--output", output.string()});
  ASSERT_EQ(r.exit_code, 0) << r.out << r.err;
  const auto summary = nlohmann::json::parse(read_file(output / "summary.json"));

  // Nothing of the customer with an idle cable is lost, though a trunk fails for two seconds.
  EXPECT_EQ(summary["flows"]["red"]["flow_received"], summary["flows"]["red"]["flow_sent"]);
  EXPECT_EQ(summary["flows"]["red"]["flow_sent"], 2000);
  // Packets of 1,028 bytes with header and tags through 4 of 8 Mbit/s from 3 s to 9 s: half of them are lost,
  // first to the full queue, then to CoDel, then to RED.
  const auto& lb2 = summary["links"]["lb2"]["backward"];
  EXPECT_GT(lb2["queue_full"], 300);
  EXPECT_GT(lb2["codel_drops"], 50);
  EXPECT_GT(lb2["early_drops"], 1000);
  EXPECT_NEAR(summary["flows"]["blue"]["flow_lost"].get<double>() / 3000, 1, 0.1);

  if (std::system("tshark --version > /dev/null 2>&1") != 0)
    GTEST_SKIP() << "tshark is not installed; install Debian's package tshark";
  const auto text = folder / "packets";
  const std::string command = fmt::format(
      "tshark -n -r '{}' -Y 'udp or frame.comment' -T fields -E separator=, -e frame.interface_name -e "
      "eth.type "
      "-e ieee8021ad.id -e vlan.id -e frame.comment > '{}' 2> /dev/null",
      (output / "capture.pcapng").string(), text.string());
  ASSERT_EQ(std::system(command.c_str()), 0);
  std::ifstream in(text);
  std::map<std::string, int> kinds;
  for (std::string line; std::getline(in, line);) ++kinds[line];
  // The customers' own tag is inside of the carrier's on the trunks and alone behind the tunnel.
  EXPECT_EQ(kinds["lr2,0x8100,,5,"], 2000);
  EXPECT_GE((kinds["t1,0x88a8,100,5,"] + kinds["t2,0x88a8,100,5,"]), 2000);
  EXPECT_GT((kinds["t2,0x88a8,200,5,"]), 1000);
  EXPECT_EQ((kinds["lb2,0x8100,,5,codel"]), lb2["codel_drops"]);
  EXPECT_EQ((kinds["lb2,0x8100,,5,random early drop"]), lb2["early_drops"]);
  EXPECT_EQ((kinds["lb2,0x8100,,5,queue full"]), lb2["queue_full"]);
  for (const auto& [kind, count] : kinds)
    EXPECT_EQ(kind.find("lb2,0x8100,,5,") == 0 && kind.ends_with(','), false) << kind;
}

}  // namespace
}  // namespace xedgesim::testing
