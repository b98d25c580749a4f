#pragma once
#include <nlohmann/json.hpp>

#include "export/k3s.h"
#include "export/result.h"
#include "scenario/scenario.h"

namespace xedgesim::exporter {

struct NixOptions {
  SecretSource secret;
};

/// xedgesim.nix: a NixOS module for the host (libvirt domains, Open vSwitch, DHCP and DNS, tc, units, options
/// services.xedgesim.*); guests/NODE.nix: a module for each machine (host name, k3s role); k3s/token.
/// Everything that comes from the scenario is data in one attribute set of string literals; the code never
/// changes.
///
/// Limits: checked by nix-instantiate with stub arguments only; no NixOS system was built from it.
/// Throws ExportError when there is no node of type vm.
Result export_nix(const scenario::Scenario& scenario, const NixOptions& options);

/// A value as a Nix expression; every text becomes a literal without interpolation.
std::string nix_value(const nlohmann::ordered_json& value, int indent = 0);

}  // namespace xedgesim::exporter
