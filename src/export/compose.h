#pragma once
#include "export/k3s.h"
#include "export/result.h"
#include "scenario/scenario.h"

namespace xedgesim::exporter {

struct ComposeOptions {
  SecretSource secret;
  std::string version;        ///< of xedgesim, for the manifest
  std::filesystem::path run;  ///< a run's results: only its very files are exported; empty: not compared
};

/// What goes to production, from the same file (seed 6): docker-compose.simulation.yml and
/// docker-compose.production.yml of every container, which differ in network and restart policy only; systemd
/// units of the compose file and of processes; firmware with a flash target; k3s folders; and manifest.json
/// with the SHA-256 of every file, which are copies of the files the simulation reads.
///
/// Limits: an image is named, not copied. What a native edge or cloud service (type: model) does has no
/// program to deploy; its model file goes along. Host paths that are absolute stay where they are. Throws
/// ExportError when the scenario has nothing to deploy.
Result export_compose(const scenario::Scenario& scenario, const ComposeOptions& options);

}  // namespace xedgesim::exporter
