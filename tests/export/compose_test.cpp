// Compose files, units and manifest: read back by yaml-cpp and by docker-compose, units by systemd, hashes by
// sha256sum, and the files against those a run of the simulation used.
#include "export/compose.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <yaml-cpp/yaml.h>

#include <iomanip>

#include "export/shell.h"
#include "export/systemd.h"
#include "export/write.h"
#include "support.h"

namespace xedgesim::exporter {
namespace {

const ComposeOptions kOptions{.secret = [] { return std::string(64, 'b'); }, .version = "test", .run = {}};

scenario::Scenario load_in(const std::string& yaml, const std::filesystem::path& folder) {
  scenario::LoadOptions options;
  options.check_files = false;
  const auto r = scenario::load_scenario_text(yaml, "s.yaml", folder, options);
  EXPECT_TRUE(r.ok()) << scenario::to_text(r.errors);
  return r.scenario;
}

std::string undo_dollars(std::string text) {
  for (size_t at = 0; (at = text.find("$$", at)) != std::string::npos; ++at) text.erase(at, 1);
  return text;
}

const char* const kEdge = R"(
scenario: {name: plant, duration: 1s}
edge:
  - id: broker
    type: docker
    image: xedgesim/mqtt-ml-inference
    volumes: [./models:/app/models:ro, state:/var/lib/state, ./settings.conf:/etc/settings.conf]
    environment: {ML_MODEL: /app/models/m.onnx, LOG_LEVEL: INFO}
    cpus: 1.5
    memory: 512MiB
    health: {command: [mosquitto_sub, -t, "$SYS/#", -C, "1"], interval: 10s, retries: 5}
  - {id: watcher, type: process, command: [./watch, "--port", "80"], environment: {MODE: "100% $HOME"}, cpus: 0.5}
)";

void make_inputs(const TemporaryFolder& in) {
  std::filesystem::create_directories(in / "models/deep");
  std::ofstream(in / "models/m.onnx") << "model";
  std::ofstream(in / "models/deep/labels.txt") << "a\nb\n";
  std::ofstream(in / "settings.conf") << "x = 1\n";
}

TEST(ComposeExport, SimulationAndProductionDifferInNetworkAndRestartOnly) {
  TemporaryFolder in, out;
  make_inputs(in);
  write(export_compose(load_in(kEdge, in.path()), kOptions), out.path());
  YAML::Node simulation = YAML::LoadFile(out / "docker-compose.simulation.yml");
  YAML::Node production = YAML::LoadFile(out / "docker-compose.production.yml");
  YAML::Node a = simulation["services"]["broker"], b = production["services"]["broker"];
  EXPECT_EQ(a["image"].as<std::string>(), "xedgesim/mqtt-ml-inference");
  EXPECT_EQ(a["mem_limit"].as<std::string>(), "536870912b");
  EXPECT_EQ(a["cpus"].as<double>(), 1.5);
  EXPECT_EQ(undo_dollars(a["healthcheck"]["test"][3].as<std::string>()), "$SYS/#");
  EXPECT_EQ(a["volumes"][0]["source"].as<std::string>().rfind("./artefacts/broker/", 0), 0u);
  EXPECT_TRUE(a["volumes"][0]["read_only"].as<bool>());
  EXPECT_EQ(a["volumes"][1]["type"].as<std::string>(), "volume");
  EXPECT_EQ(b["network_mode"].as<std::string>(), "host");
  EXPECT_EQ(b["restart"].as<std::string>(), "always");
  for (YAML::Node n : {a, b})
    for (const char* key : {"networks", "network_mode", "restart"}) n.remove(key);
  EXPECT_EQ(YAML::Dump(a), YAML::Dump(b));
}

TEST(ComposeExport, CardsInSeveralNetworks) {
  TemporaryFolder out;
  const Result r = export_compose(router(), kOptions);
  write(r, out.path());
  const YAML::Node file = YAML::LoadFile(out / "docker-compose.simulation.yml");
  const YAML::Node wall = file["services"]["wall"]["networks"];
  EXPECT_EQ(wall["xsbr0"]["ipv4_address"].as<std::string>(), "10.1.0.9");
  EXPECT_EQ(wall["xs-plant_lan"]["ipv4_address"].as<std::string>(), "10.2.0.9");
  EXPECT_GT(wall["xsbr0"]["priority"].as<int>(), wall["xs-plant_lan"]["priority"].as<int>())
      << "the first card is eth0";
  EXPECT_FALSE(file["services"]["plant"]["networks"]["xsbr0"]);
  EXPECT_EQ(file["networks"]["xs-plant_lan"]["ipam"]["config"][0]["subnet"].as<std::string>(), "10.2.0.0/24");
  EXPECT_EQ(file["networks"]["xsbr0"]["ipam"]["config"][0]["gateway"].as<std::string>(), "10.1.0.100");
  XEDGESIM_NEEDS("docker-compose", "docker-compose");
  for (const char* name : {"docker-compose.simulation.yml", "docker-compose.production.yml"}) {
    const auto config = run({"docker-compose", "-f", (out / name).string(), "config"});
    EXPECT_EQ(config.exit_code, 0) << config.err << read_file(out / name);
  }
}

TEST(ComposeExport, DockerComposeTakesBothFiles) {
  XEDGESIM_NEEDS("docker-compose", "docker-compose");
  TemporaryFolder in, out;
  make_inputs(in);
  std::string yaml(kEdge);
  const auto texts = hostile_texts(out / "canary");
  yaml += "  - {id: hostile, type: docker, image: \"--privileged\", environment: {";
  for (size_t i = 0; i < texts.size(); ++i)
    yaml += fmt::format("{}V{}: {}", i ? ", " : "", i, yaml_text(texts[i]));
  yaml += "}}\n";
  write(export_compose(load_in(yaml, in.path()), kOptions), out.path());
  for (const char* file : {"docker-compose.simulation.yml", "docker-compose.production.yml"}) {
    const auto r = run({"docker-compose", "-f", (out / file).string(), "config"});
    ASSERT_EQ(r.exit_code, 0) << r.err << read_file(out / file);
    const YAML::Node services = YAML::Load(r.out)["services"];
    EXPECT_EQ(services["hostile"]["image"].as<std::string>(), "--privileged");
    for (size_t i = 0; i < texts.size(); ++i)
      EXPECT_EQ(undo_dollars(services["hostile"]["environment"][fmt::format("V{}", i)].as<std::string>()),
                texts[i]);
  }
  EXPECT_FALSE(std::filesystem::exists(out / "canary"));
}

TEST(ComposeExport, ManifestAndChecksums) {
  TemporaryFolder in, out;
  make_inputs(in);
  write(export_compose(load_in(kEdge, in.path()), kOptions), out.path());
  const auto manifest = nlohmann::json::parse(read_file(out / "manifest.json"));
  size_t files = 0;
  for (const auto& a : manifest["artefacts"]) {
    if (!a.contains("file")) continue;
    ++files;
    const std::string file = out / a["file"].get<std::string>();
    EXPECT_EQ(run({"sha256sum", file}).out.substr(0, 64), a["sha256"].get<std::string>());
    EXPECT_EQ(read_file(file), read_file(in / a["scenario"].get<std::string>()));
  }
  EXPECT_EQ(files, 3u);
  const auto check = run(
      {"sh", "-c", "cd " + shell_word(out.path().string()) + " && sha256sum --check --strict SHA256SUMS"});
  EXPECT_EQ(check.exit_code, 0) << check.out << check.err;
}

TEST(ComposeExport, BadInputIsASentence) {
  const auto refused = [](const std::string& yaml, const std::string& where, const std::string& word) {
    TemporaryFolder in;
    try {
      export_compose(load_in("scenario: {name: t, duration: 1s}\n" + yaml, in.path()), kOptions);
      FAIL() << yaml;
    } catch (const ExportError& e) {
      EXPECT_EQ(e.where(), where);
      EXPECT_NE(std::string(e.what()).find(word), std::string::npos) << e.what();
    }
  };
  refused("", "", "nothing here");
  refused("edge: [{id: a, type: docker, image: x, environment: {\"A B\": c}}]\n", "edge[0].environment",
          "no name of a variable");
  refused("edge: [{id: a, type: docker, image: x, volumes: [\"a:b\"]}]\n", "edge[0].volumes[0]",
          "where in the container");
  refused("edge: [{id: a, type: process, command: [x, \"a\\x01\"]}]\n", "edge[0]", "control character");
}

/// A root folder with the units systemd needs to judge others.
void make_root(const std::filesystem::path& root) {
  const auto units = root / "etc/systemd/system";
  std::filesystem::create_directories(units);
  for (const char* name :
       {"sysinit.target", "basic.target", "shutdown.target", "multi-user.target", "network-online.target"})
    std::ofstream(units / name) << "[Unit]\nDescription=x\n";
  for (const char* name : {"system.slice", "-.slice"})
    std::ofstream(units / name) << "[Unit]\nDescription=x\n[Slice]\n";
  for (const char* program : {"usr/bin/env", "usr/bin/docker", "usr/local/bin/k3s"}) {
    std::filesystem::create_directories((root / program).parent_path());
    std::filesystem::copy_file("/bin/true", root / program);
  }
}

void verify_unit(const std::filesystem::path& root, const std::string& name, const std::string& text) {
  std::ofstream(root / "etc/systemd/system" / name) << text;
  const auto r = run({"systemd-analyze", "verify", "--root=" + root.string(), name});
  EXPECT_EQ(r.exit_code, 0) << r.err << text;
  EXPECT_EQ(r.err, "") << text;
}

TEST(SystemdUnits, SystemdTakesThem) {
  XEDGESIM_NEEDS("systemd-analyze", "systemd");
  TemporaryFolder root, in;
  make_root(root.path());
  Unit broken;
  broken.description = "x";
  broken.service = {{"Restart", "sometimes"}};
  broken.command = {"/usr/bin/env"};
  std::ofstream(root / "etc/systemd/system/broken.service") << broken.text();
  if (run({"systemd-analyze", "verify", "--root=" + root.path().string(), "broken.service"})
          .err.find("sometimes") == std::string::npos)
    GTEST_SKIP() << "this systemd-analyze does not verify units below another root";
  std::filesystem::remove(root / "etc/systemd/system/broken.service");
  make_inputs(in);
  auto results = export_compose(load_in(kEdge, in.path()), kOptions);
  const auto cluster = export_compose(chassis(), kOptions);
  results.files.insert(results.files.end(), cluster.files.begin(), cluster.files.end());
  int units = 0;
  for (const File& f : results.files)
    if (f.path.extension() == ".service") {
      ++units;
      verify_unit(root.path(), f.path.filename(), f.text);
    }
  EXPECT_EQ(units, 5) << "compose, watcher, three k3s nodes";
  for (const std::string& text : hostile_texts("/nowhere")) {
    Unit u;
    u.description = text.empty() ? "x" : text;
    u.command = {"/usr/bin/env", text};
    u.environment = {{"A", text}};
    verify_unit(root.path(), "hostile.service", u.text());
  }
}

TEST(SystemdUnits, Quoting) {
  EXPECT_EQ(systemd_word("a\"b\\c%d$e\nf"), "\"a\\\"b\\\\c%%d$$e\\nf\"");
  Unit u;
  u.environment = {{"A", "$x %h\n[Service]\nExecStart=/bin/evil"}};
  EXPECT_NE(u.text().find("Environment=\"A=$x %%h\\n[Service]\\nExecStart=/bin/evil\"\n"), std::string::npos);
  EXPECT_EQ(u.text().find("\n[Service]\nExecStart"), std::string::npos);
}

TEST(K3sExport, TokenIsSecretAndKept) {
  TemporaryFolder out;
  write(export_compose(chassis(), kOptions), out.path());
  struct stat s {};
  ASSERT_EQ(stat((out / "k3s/token").c_str(), &s), 0);
  EXPECT_EQ(s.st_mode & 0777, 0600u);
  ComposeOptions other = kOptions;
  other.secret = [] { return std::string(64, 'c'); };
  write(export_compose(chassis(), other), out.path());
  EXPECT_EQ(read_file(out / "k3s/token"), std::string(64, 'b') + "\n")
      << "a second export keeps the cluster's secret";
  const std::string agent = read_file(out / "k3s/storage/etc/systemd/system/k3s.service");
  EXPECT_NE(agent.find("\"--server\" \"https://192.168.100.10:6443\""), std::string::npos) << agent;
  EXPECT_EQ(agent.find("bbbb"), std::string::npos);
  const std::string server = read_file(out / "k3s/chassis/etc/systemd/system/k3s.service");
  EXPECT_NE(server.find("\"server\""), std::string::npos);
  EXPECT_NE(server.find("\"--disable\" \"traefik\""), std::string::npos);
}

TEST(K3sExport, ScenarioTokenIsWrittenAsItIs) {
  TemporaryFolder out;
  write(export_compose(load_text("scenario: {name: t, duration: 1s}\nnodes: [{id: s, memory: 2048, role: "
                                 "k3s-server, k3s: {token: \"my $(x)\"}}]\n"),
                       kOptions),
        out.path());
  EXPECT_EQ(read_file(out / "k3s/token"), "my $(x)");
}

/// The unit's command line with a stand-in for the binary, split as systemd.syntax(7) says.
TEST(K3sExport, StandInGetsTheFlags) {
  TemporaryFolder out;
  write(export_compose(chassis(), kOptions), out.path());
  const std::string unit = read_file(out / "k3s/compute/etc/systemd/system/k3s.service");
  const size_t at = unit.find("ExecStart=");
  ASSERT_NE(at, std::string::npos);
  std::vector<std::string> words;
  std::istringstream line(unit.substr(at + 10, unit.find('\n', at) - at - 10));
  for (std::string w; line >> std::quoted(w);) words.push_back(w);
  ASSERT_EQ(words[0], "/usr/local/bin/k3s");
  std::ofstream(out / "k3s-binary") << "#!/bin/sh\nprintf '%s\\n' \"$@\"\n";
  chmod((out / "k3s-binary").c_str(), 0755);
  words[0] = out / "k3s-binary";
  EXPECT_EQ(
      run(words).out,
      "agent\n--token-file\n/etc/rancher/k3s/"
      "token\n--node-name\ncompute\n--node-ip\n192.168.100.11\n--server\nhttps://192.168.100.10:6443\n");
}

}  // namespace
}  // namespace xedgesim::exporter
