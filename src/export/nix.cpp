#include "export/nix.h"

#include <fmt/format.h>

#include "export/libvirt.h"
#include "export/nix_module.h"
#include "export/ovs.h"
#include "export/shell.h"
#include "export/tc.h"

namespace xedgesim::exporter {
namespace {

using nlohmann::ordered_json;

std::string nix_text(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '\n')
      out += "\\n";
    else if (c == '\r')
      out += "\\r";
    else if (c == '\t')
      out += "\\t";
    else if (c == '"' || c == '\\' || c == '$')
      (out += '\\') += c;
    else
      out += c;
  }
  return out + "\"";
}

std::string head(const scenario::Scenario& s, const char* what) {
  return fmt::format("# Made by xedgesim export nix from the scenario {}: {}.\n", one_line(s.meta.name),
                     what);
}

ordered_json k3s_of(const std::vector<K3sNode>& nodes, const std::string& id) {
  for (const K3sNode& n : nodes) {
    if (n.machine->id != id) continue;
    ordered_json j{{"role", n.server ? "server" : "agent"}, {"tokenFile", kK3sTokenFile}};
    if (!n.server) j["serverAddr"] = n.server_address;
    j["flags"] = ordered_json::array();
    // The module gives role, token and server itself.
    for (size_t i = 2; i < n.command.size(); ++i) {
      if (n.command[i] == "--token-file" || n.command[i] == "--server")
        ++i;
      else
        j["flags"].push_back(n.command[i]);
    }
    return j;
  }
  return nullptr;
}

/// The scripts of another export, which may have nothing to do for this scenario.
template <class Make>
ordered_json scripts(Make make, Result& result) {
  ordered_json out = ordered_json::object();
  try {
    Result r = make();
    for (const File& f : r.files) out[f.path.stem().string()] = f.text;
    for (Warning& w : r.warnings) result.warnings.push_back(std::move(w));
  } catch (const ExportError&) {
    out["apply"] = "";
  }
  return out;
}

}  // namespace

std::string nix_value(const ordered_json& v, int indent) {
  const std::string pad(static_cast<size_t>(indent) + 2, ' '), end(static_cast<size_t>(indent), ' ');
  if (v.is_null()) return "null";
  if (v.is_boolean()) return v.get<bool>() ? "true" : "false";
  if (v.is_number_integer()) return fmt::format("{}", v.get<int64_t>());
  if (v.is_number()) return fmt::format("{:.17e}", v.get<double>());
  if (v.is_string()) return nix_text(v.get_ref<const std::string&>());
  if (v.empty()) return v.is_array() ? "[ ]" : "{ }";
  std::string out = v.is_array() ? "[\n" : "{\n";
  for (const auto& item : v.items()) {
    const std::string value = nix_value(item.value(), indent + 2);
    // In a list a negative number would be an operator and its operand.
    if (v.is_array())
      out += pad + (item.value().is_number() ? "(" + value + ")" : value) + "\n";
    else
      out += pad + nix_text(item.key()) + " = " + value + ";\n";
  }
  return out + end + (v.is_array() ? "]" : "}");
}

Result export_nix(const scenario::Scenario& s, const NixOptions& options) {
  const Topology t = make_topology(s);
  Result result;
  const auto k3s = k3s_nodes(t);
  ordered_json data{{"scenario", s.meta.name}};
  data["machines"] = ordered_json::array();
  for (const Machine& m : t.machines) {
    if (!m.node || m.node->type != scenario::LinuxNode::Type::vm) continue;
    const bool arm = m.node->arch == scenario::LinuxNode::Arch::aarch64;
    ordered_json j{{"name", m.id},
                   {"description", m.node->description},
                   {"arch", arm ? "aarch64" : "x86_64"},
                   {"memory", m.node->memory >> 20},
                   {"vcpus", m.node->vcpus},
                   {"leases", ordered_json::array()}};
    for (const Card& c : m.cards)
      if (!c.ip.empty() && !c.prefix) j["leases"].push_back({{"mac", c.mac}, {"ip", c.ip}});
    j["disks"] = disk_commands(m);
    j["xml"] = domain_xml(s, t, m, {}, result);
    data["machines"].push_back(std::move(j));
    ordered_json guest{{"name", m.id}};
    guest["k3s"] = k3s_of(k3s, m.id);
    result.add(std::filesystem::path("guests") / (m.id + ".nix"),
               head(s, "one machine") +
                   "{ config, pkgs, lib, ... }:\n\nlet\n  data = " + nix_value(guest, 2) + ";\n" + kNixGuest);
  }
  if (data["machines"].empty())
    throw ExportError("nodes",
                      "the module runs virtual machines, and no node here has type: vm: give one that type");
  data["ovsBridges"] = ordered_json::array();
  data["networks"] = ordered_json::array();
  for (const Bridge& b : t.bridges) {
    if (on_ovs(b)) data["ovsBridges"].push_back(b.name);
  }
  const Result libvirt = export_libvirt(s, {});
  for (const Bridge& b : t.bridges)
    for (const File& f : libvirt.files)
      if (!on_ovs(b) && f.path == "network-" + b.name + ".xml")
        data["networks"].push_back({{"name", b.name}, {"xml", f.text}});
  data["lan"] = nullptr;
  for (const Bridge& b : t.bridges)
    if (b.lan && on_ovs(b))  // on its own bridges libvirt serves DHCP and DNS itself
      data["lan"] = {{"interface", t.lan.host_interface},
                     {"dhcpStart", t.lan.dhcp_start},
                     {"dhcpEnd", t.lan.dhcp_end},
                     {"domain", t.lan.domain}};
  data["ovs"] = scripts([&] { return export_ovs(s, {}); }, result);
  data["tc"] = scripts([&] { return export_tc(s); }, result);
  result.add("xedgesim.nix", head(s, "the host") + "{ config, pkgs, lib, ... }:\n\nlet\n  data = " +
                                 nix_value(data, 2) + ";\n" + kNixHost);
  add_k3s(s, t, options.secret, result);
  return result;
}

}  // namespace xedgesim::exporter
