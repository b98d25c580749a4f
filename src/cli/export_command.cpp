#include <fmt/format.h>

#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/secret.h"
#include "cli/command.h"
#include "export/compose.h"
#include "export/libvirt.h"
#include "export/nix.h"
#include "export/ovs.h"
#include "export/tc.h"
#include "export/write.h"

namespace xedgesim::cli {
namespace {

struct ExportFlags {
  CommonOptions common;
  std::string scenario;
  std::string output;
  bool emulate = false;
  std::string datapath = "system";
  std::string run;
};

using Exporter = std::function<exporter::Result(const scenario::Scenario&, const ExportFlags&)>;

ExitCode export_command(const std::string& kind, const ExportFlags& flags, const Exporter& make) {
  const Installation installation = find_installation(flags.common.platforms);
  const auto loaded = scenario::load_scenario(flags.scenario, load_options(flags.common, installation));
  for (const auto& w : loaded.warnings) std::fprintf(stderr, "warning: %s\n", w.text().c_str());
  if (!loaded.ok()) {
    for (const auto& e : loaded.errors) std::fprintf(stderr, "%s\n", e.text().c_str());
    return ExitCode::config_error;
  }
  const auto place = [&](const std::string& where, const std::string& text) {
    return loaded.diagnostic_at(where, where.empty() ? text : where + ": " + text);
  };
  exporter::Result result;
  try {
    result = make(loaded.scenario, flags);
  } catch (const exporter::ExportError& e) {
    throw ConfigError(place(e.where(), e.what()).text());
  }
  const std::filesystem::path folder =
      flags.output.empty()
          ? std::filesystem::path("export") / exporter::file_name(loaded.scenario.meta.name) / kind
          : std::filesystem::path(flags.output);
  exporter::write(result, folder);
  if (flags.common.format == "json") {
    nlohmann::ordered_json out{{"folder", folder.string()}};
    out["files"] = nlohmann::ordered_json::array();
    for (const auto& f : result.files) out["files"].push_back(f.path.string());
    out["warnings"] = nlohmann::ordered_json::array();
    for (const auto& w : result.warnings) {
      const auto d = place(w.where, w.text);
      out["warnings"].push_back(
          {{"file", d.file}, {"line", d.line}, {"column", d.column}, {"message", d.message}});
    }
    std::printf("%s\n", out.dump(2).c_str());
    return ExitCode::ok;
  }
  for (const auto& w : result.warnings)
    std::fprintf(stderr, "warning: %s\n", place(w.where, w.text).text().c_str());
  for (const auto& f : result.files) std::printf("%s\n", (folder / f.path).c_str());
  return ExitCode::ok;
}

CLI::App* add_kind(CLI::App& parent, Body& body, const std::shared_ptr<ExportFlags>& flags,
                   const std::string& kind, const std::string& what, Exporter make) {
  CLI::App* c = parent.add_subcommand(kind, what);
  c->add_option("scenario", flags->scenario, "Scenario file")->required();
  c->add_option("-o,--output", flags->output, "Folder to write to instead of export/<scenario>/" + kind)
      ->envname("XEDGESIM_OUTPUT");
  add_overrides(*c, flags->common);
  add_common(*c, flags->common);
  c->footer("Example:  xedgesim export " + kind + " scenario.yaml -o deploy/" + kind);
  c->callback([&body, flags, kind, make = std::move(make)] {
    body = [flags, kind, make] { return export_command(kind, *flags, make); };
  });
  return c;
}

}  // namespace

void add_export(CLI::App& app, Body& body) {
  auto flags = std::make_shared<ExportFlags>();
  CLI::App* e =
      app.add_subcommand("export", "Write the scenario's machines and network as files for other tools");
  e->require_subcommand(1);
  e->footer("Example:  xedgesim export libvirt scenario.yaml -o deploy/libvirt");
  CLI::App* libvirt = add_kind(*e, body, flags, "libvirt", "Domain and network XML for libvirt",
                               [](const scenario::Scenario& s, const ExportFlags& f) {
                                 return exporter::export_libvirt(s, {.emulate = f.emulate});
                               });
  libvirt->add_flag("--emulate", flags->emulate, "Machines of the host's architecture without KVM too")
      ->envname("XEDGESIM_EMULATE");
  add_kind(*e, body, flags, "tc", "Shell files of tc commands: links, queues, limits, profiles",
           [](const scenario::Scenario& s, const ExportFlags&) { return exporter::export_tc(s); });
  CLI::App* ovs =
      add_kind(*e, body, flags, "ovs", "Shell files of Open vSwitch commands: switches",
               [](const scenario::Scenario& s, const ExportFlags& f) {
                 using D = exporter::OvsOptions::Datapath;
                 return exporter::export_ovs(s, {.datapath = f.datapath == "netdev" ? D::netdev : D::system});
               });
  ovs->add_option("--datapath", flags->datapath, "system: the kernel's module; netdev: in user space")
      ->check(CLI::IsMember({"system", "netdev"}))
      ->envname("XEDGESIM_DATAPATH")
      ->capture_default_str();
  add_kind(*e, body, flags, "nix", "A NixOS module: machines, switches, shaping, k3s roles",
           [](const scenario::Scenario& s, const ExportFlags&) {
             return exporter::export_nix(s, {.secret = [] { return new_secret(32); }});
           });
  CLI::App* compose =
      add_kind(*e, body, flags, "compose",
               "Compose files, units, flash target and manifest of the files the simulation uses",
               [](const scenario::Scenario& s, const ExportFlags& f) {
                 return exporter::export_compose(
                     s, {.secret = [] { return new_secret(32); }, .version = kVersion, .run = f.run});
               });
  compose
      ->add_option("--run", flags->run,
                   "Results folder of a run: refuse files that are not the very ones it used (inputs.json)")
      ->envname("XEDGESIM_RUN");
}

}  // namespace xedgesim::cli
