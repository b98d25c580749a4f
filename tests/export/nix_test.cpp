// The NixOS modules, parsed and evaluated by Nix with a small stand-in for nixpkgs.
#include "export/nix.h"

#include <fmt/format.h>

#include "export/write.h"
#include "support.h"
#include "system/switch_config.h"

namespace xedgesim::exporter {
namespace {

const NixOptions kNixOptions{.secret = [] { return std::string(64, 'a'); }};

class NixExport : public ::testing::Test {
 protected:
  void SetUp() override { XEDGESIM_NEEDS("nix-instantiate", "nix-bin"); }
  testing::ProgramResult nix(std::vector<std::string> words) {
    words.insert(words.begin(), "nix-instantiate");
    const std::string f = folder_.path().string();
    return run(words, {"HOME=" + f, "NIX_STATE_DIR=" + f + "/state", "NIX_STORE_DIR=" + f + "/store",
                       "NIX_LOG_DIR=" + f + "/log", "NIX_CONF_DIR=" + f + "/conf", "NIX_REMOTE="});
  }
  nlohmann::json eval(const std::string& expression) {
    const auto r = nix({"--eval", "--strict", "--json", "-E", expression});
    EXPECT_EQ(r.exit_code, 0) << r.err;
    return nlohmann::json::parse(r.out, nullptr, false);
  }
  nlohmann::json host(const std::string& machines, const std::string& profile = "null") {
    return eval(fmt::format("((import {}stub.nix).host {} {} {}).config", kData,
                            (out_ / "xedgesim.nix").string(), machines, profile));
  }
  TemporaryFolder folder_, out_;
};

TEST_F(NixExport, Literals) {
  for (const std::string& text : hostile_texts("/nowhere")) {
    const nlohmann::ordered_json value{{"k", nlohmann::ordered_json::array({text, -1, true, nullptr, 1.5})},
                                       {text, 2}};
    EXPECT_EQ(eval(nix_value(value)), nlohmann::json(value)) << nix_value(value);
  }
}

TEST_F(NixExport, ChassisParsesAndEvaluates) {
  const Result r = export_nix(chassis(), kNixOptions);
  write(r, out_.path());
  for (const File& f : r.files)
    if (f.path.extension() == ".nix") {
      const auto parsed = nix({"--parse", (out_ / f.path.string()).string()});
      EXPECT_EQ(parsed.exit_code, 0) << parsed.err;
    }
  const auto c = host("[ \"chassis\" \"storage\" ]", "\"profile-constrained\"");
  EXPECT_EQ(c["boot"]["binfmt"]["emulatedSystems"], nlohmann::json::array({"aarch64-linux"}));
  EXPECT_EQ(c["virtualisation"]["vswitch"]["enable"], true);
  const auto& dnsmasq = c["services"]["dnsmasq"]["settings"];
  EXPECT_EQ(dnsmasq["interface"], "xs-host");
  EXPECT_EQ(dnsmasq["dhcp-host"], nlohmann::json::array({"52:54:00:12:34:01,chassis,192.168.100.10",
                                                         "52:54:00:12:34:03,storage,192.168.100.12"}));
  const std::string machines = c["systemd"]["services"]["xedgesim-machines"]["script"];
  EXPECT_NE(machines.find("/store/qemu/bin/qemu-system-aarch64"), std::string::npos);
  EXPECT_EQ(machines.find("/usr/bin/qemu-system"), std::string::npos);
  EXPECT_NE(machines.find("'/var/lib/libvirt/images/storage-data.qcow2' '10737418240'"), std::string::npos);
  EXPECT_EQ(machines.find("virsh start 'compute'"), std::string::npos) << "only the machines that are wanted";
  const std::string network = c["systemd"]["services"]["xedgesim-network"]["script"];
  for (const File& f : export_nix(chassis(), kNixOptions).files)
    if (f.path == "xedgesim.nix") {
      EXPECT_NE(f.text.find("tbf rate"), std::string::npos);
    }
  EXPECT_NE(network.find("ovs-vsctl --may-exist add-br ovsbr0"), std::string::npos);
  EXPECT_NE(network.find("rate 10000000bit burst 1540 latency 100000us"), std::string::npos) << "constrained";
}

TEST_F(NixExport, CardsInNetworkLanHaveLeases) {
  write(export_nix(router("ovs"), kNixOptions), out_.path());
  EXPECT_EQ(host("[ \"gw\" \"office\" ]")["services"]["dnsmasq"]["settings"]["dhcp-host"],
            nlohmann::json::array({"52:54:00:00:00:0a,gw,10.1.0.254",
                                   to_string(system::derived_mac("office")) + ",office,10.1.0.1"}));
}

TEST_F(NixExport, GuestsHaveTheirRoles) {
  write(export_nix(chassis(), kNixOptions), out_.path());
  const auto guest = [&](const std::string& id) {
    return eval(
        fmt::format("(import {}stub.nix).guest {}", kData, (out_ / ("guests/" + id + ".nix")).string()));
  };
  const auto server = guest("chassis"), agent = guest("compute");
  EXPECT_EQ(server["services"]["k3s"]["role"], "server");
  EXPECT_EQ(server["networking"]["firewall"]["allowedTCPPorts"], nlohmann::json::array({6443}));
  EXPECT_EQ(
      server["services"]["k3s"]["extraFlags"],
      "'--node-name' 'chassis' '--node-ip' '192.168.100.10' '--tls-san' 'chassis' '--disable' 'traefik'");
  EXPECT_EQ(agent["services"]["k3s"]["serverAddr"], "https://192.168.100.10:6443");
  EXPECT_EQ(agent["networking"]["hostName"], "compute");
  // The secret is in its file and nowhere else.
  EXPECT_EQ(read_file(out_ / "k3s/token"), std::string(64, 'a') + "\n");
  for (const char* file : {"xedgesim.nix", "guests/chassis.nix", "guests/compute.nix"})
    EXPECT_EQ(read_file(out_ / file).find("aaaaaaaa"), std::string::npos) << file;
}

TEST_F(NixExport, HostileTextIsData) {
  const std::string canary = folder_ / "canary";
  std::string yaml = "scenario: {name: hostile, duration: 1s}\nnodes:\n";
  const auto texts = hostile_texts(canary);
  for (size_t i = 0; i < texts.size(); ++i) {
    const std::string quoted = yaml_text(texts[i]);
    yaml += fmt::format("  - {{id: n{}, description: {}, role: k3s-server, k3s: {{extra_flags: [{}]}}}}\n", i,
                        quoted, quoted);
  }
  write(export_nix(load_text(yaml), kNixOptions), out_.path());
  for (size_t i = 0; i < texts.size(); ++i) {
    const auto g = eval(fmt::format("(import {}stub.nix).guest {}", kData,
                                    (out_ / fmt::format("guests/n{}.nix", i)).string()));
    const std::string flags = g["services"]["k3s"]["extraFlags"];
    const auto shell = run({"sh", "-c", "for last in " + flags + "; do :; done; printf %s \"$last\""});
    EXPECT_EQ(shell.out, texts[i]);
  }
  const auto c = host("[ \"n1\" ]");
  EXPECT_TRUE(c.is_object());
  EXPECT_FALSE(std::filesystem::exists(canary));
}

}  // namespace
}  // namespace xedgesim::exporter
