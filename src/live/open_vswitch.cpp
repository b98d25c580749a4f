#include "live/open_vswitch.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/digest.h"
#include "base/error.h"
#include "live/host_process.h"
#include "system/ovs_flows.h"
#include "system/switch_config.h"
#include "vm/process.h"

namespace xedgesim::live {
namespace {

using scenario::SwitchPort;

constexpr Duration kSwitchPatience = Duration::s(15);
constexpr size_t kLongestSwitchDevice = 15;  // IFNAMSIZ less the zero
constexpr const char* kMark = "external_ids:xedgesim";

std::string vsctl(std::vector<std::string> words) {
  words.insert(words.begin(), {"ovs-vsctl", "--timeout=10"});
  std::string out = vm::run_to_end(words, kSwitchPatience);
  while (!out.empty() && (out.back() == '\n' || out.back() == '"')) out.pop_back();
  if (out.starts_with('"')) out.erase(0, 1);
  return out;
}

/// xs-TEXT, cut and given four digits of its hash where it is too long.
std::string device_name(const std::string& text) {
  const std::string whole = "xs-" + text;
  if (whole.size() <= kLongestSwitchDevice) return whole;
  Digest digest;
  digest.add(text);
  return whole.substr(0, kLongestSwitchDevice - 4) + digest.hex().substr(0, 4);
}

const SwitchPort* declared(const scenario::Switch& s, const std::string& name) {
  for (const SwitchPort& p : s.ports)
    if (p.name == name) return &p;
  return nullptr;
}

std::string listed(const std::vector<int64_t>& vlans) {
  std::string out;
  for (const int64_t v : vlans) out += (out.empty() ? "" : ",") + std::to_string(v);
  return out;
}

bool tells_vlans_apart(const scenario::Switch& s) {
  return !s.vlans.empty() || std::any_of(s.ports.begin(), s.ports.end(), [](const SwitchPort& p) {
    return p.vlan || p.mode != SwitchPort::Mode::access;
  });
}

std::vector<std::string> port_settings(const scenario::Switch& s, const SwitchPort* p, bool end_station) {
  std::vector<std::string> out;
  if (tells_vlans_apart(s)) {
    using Mode = SwitchPort::Mode;
    const Mode mode = p ? p->mode : Mode::access;
    const std::string own = std::to_string(p && p->vlan ? *p->vlan : 1);
    if (mode == Mode::access) out = {"vlan_mode=access", "tag=" + own};
    if (mode == Mode::tunnel)
      out = {"vlan_mode=dot1q-tunnel", "tag=" + own, "other_config:qinq-ethtype=802.1ad"};
    if (mode == Mode::trunk) {
      out = p->vlan ? std::vector<std::string>{"vlan_mode=native-untagged", "tag=" + own}
                    : std::vector<std::string>{"vlan_mode=trunk"};
      std::vector<int64_t> trunks = p->trunks;
      if (p->vlan && !trunks.empty() && std::find(trunks.begin(), trunks.end(), *p->vlan) == trunks.end())
        trunks.push_back(*p->vlan);
      if (!trunks.empty()) out.push_back("trunks=" + listed(trunks));
    }
  }
  if (s.stp) {
    const bool edge = p && p->edge ? *p->edge : end_station;
    out.push_back("other_config:rstp-enable=true");
    out.push_back(std::string("other_config:rstp-port-admin-edge=") + (edge ? "true" : "false"));
  }
  return out;
}

}  // namespace

std::string open_vswitch_refusal(const scenario::Switch& s) {
  for (size_t i = 0; i < s.acl.size(); ++i)
    if (s.acl[i].priority)
      return fmt::format("its flows give a new priority to tagged frames only (priority of acl[{}])", i);
  if (!s.lags.empty())
    return "its static bonds drop broadcasts that arrive on another cable than its own choice (lags)";
  if (s.tagging != scenario::Switch::Tagging::none) return "it has no DSA tags";
  if (s.trust_dscp) return "it sorts by 802.1p priority only (trust_dscp)";
  for (const SwitchPort& p : s.ports) {
    if (p.storm_control && p.storm_control->unknown)
      return fmt::format(
          "none of its flows tells frames for unknown stations from others (storm_control.unknown of port "
          "'{}')",
          p.name);
    if (p.service) return fmt::format("its trunks carry 802.1Q tags only (service of port '{}')", p.name);
    if (p.priority)
      return fmt::format("untagged frames keep priority 0 there (priority of port '{}')", p.name);
  }
  if (geteuid() != 0) return "its ports are devices of the host, which takes root";
  try {
    // The daemon itself answers: the data base alone would take everything in silence.
    vm::run_to_end({"ovs-appctl", "--timeout=5", "-t", "ovs-vswitchd", "version"}, kSwitchPatience);
    const std::string types = vsctl({"get", "Open_vSwitch", ".", "datapath_types"});
    if (types.find("netdev") == std::string::npos) return "it has no user-space datapath here";
  } catch (const Error& e) {
    std::string why = e.what();
    std::replace(why.begin(), why.end(), '\n', ' ');
    return fmt::format("it does not answer here ({}); is openvswitch-switch installed and running?", why);
  }
  return {};
}

void choose_switches(scenario::Scenario& s, const std::function<void(const std::string&)>& log) {
  for (scenario::Switch& w : s.switches) {
    if (w.backend != scenario::Switch::Backend::ovs) continue;
    const std::string why = open_vswitch_refusal(w);
    if (why.empty()) continue;
    w.backend = scenario::Switch::Backend::native;
    if (log) log(fmt::format("switch '{}': native, not Open vSwitch: {}", w.id, why));
  }
}

std::string OpenVswitch::bridge_name(const scenario::Switch& s) { return device_name(s.id); }

void OpenVswitch::remove(const std::string& bridge) noexcept {
  try {
    vsctl({"--if-exists", "del-br", bridge});
  } catch (const std::exception&) {
    // Without Open vSwitch there is no bridge either.
  }
}

OpenVswitch::OpenVswitch(EventLoop& loop, system::HostedSwitch& node,
                         std::function<void(const sim::Event&)> post, std::function<SimTime()> now)
    : node_(node), bridge_(bridge_name(node.config())) {
  std::vector<std::string> devices;
  for (size_t i = 0; i < node.ports().size(); ++i) {
    const Tap::Config c{.node = node.config().id,
                        .name = device_name(node.config().id + "-" + node.ports()[i].name),
                        .mac = system::derived_mac(node.config().id + ":" + node.ports()[i].name)};
    ports_.push_back(std::make_unique<Tap>(loop, c, [this, i, post, now](sim::Bytes frame) {
      if (node_.ports()[i].cable != sim::kNobody) post(node_.frame(i, std::move(frame), now()));
    }));
    if (node.ports()[i].cable == sim::kNobody) ports_.back()->set_carrier(false);
    devices.push_back(c.name);
  }
  make_bridge(devices);
  node_.to_port = [this](size_t port, const sim::Bytes& frame) { return ports_[port]->send(frame); };
  node_.carrier = [this](size_t port, bool up) { ports_[port]->set_carrier(up); };
}

/// Throws ConfigError when a bridge of that name is somebody else's.
void OpenVswitch::refuse_foreign_bridge() const {
  const std::string there = vsctl({"list-br"});
  if (("\n" + there + "\n").find("\n" + bridge_ + "\n") == std::string::npos) return;
  const std::string owner = vsctl({"--if-exists", "get", "bridge", bridge_, kMark});
  HostProcess process;
  const bool ours = std::sscanf(owner.c_str(), "%d.%ld", &process.pid, &process.started) == 2;
  if (!ours || alive(process))
    throw ConfigError(fmt::format("switch '{}': Open vSwitch has a bridge {} already: {}", node_.config().id,
                                  bridge_, ours ? "another system of xedgesim is up" : "rename the switch"));
}

/// ovs-vsctl's commands for the bridge, its ports and its mirror, in one transaction.
std::vector<std::string> OpenVswitch::commands(const std::vector<std::string>& devices) const {
  const scenario::Switch& s = node_.config();
  const HostProcess self = find_process(getpid()).value_or(HostProcess{});
  std::vector<std::string> c{
      "--if-exists",
      "del-br",
      bridge_,
      "--",
      "add-br",
      bridge_,
      "--",
      "set",
      "bridge",
      bridge_,
      "datapath_type=netdev",
      "fail_mode=standalone",
      "protocols=OpenFlow10,OpenFlow13",
      fmt::format("{}={}.{}", kMark, self.pid, self.started),
      fmt::format("other_config:mac-aging-time={}",
                  std::clamp<int64_t>(s.mac_ageing.count_ns() / 1'000'000'000, 15, 3600)),
      fmt::format("other_config:mac-table-size={}", std::max<int64_t>(10, s.mac_table_size)),
      s.igmp_snooping ? "mcast_snooping_enable=true" : "mcast_snooping_enable=false",
      s.stp ? "rstp_enable=true" : "rstp_enable=false"};
  if (s.stp) c.push_back(fmt::format("other_config:rstp-priority={}", s.stp_priority));
  for (size_t i = 0; i < devices.size(); ++i) {
    c.insert(c.end(), {"--", "add-port", bridge_, devices[i], "--", "set", "interface", devices[i],
                       fmt::format("ofport_request={}", i + 1)});
    const auto settings = port_settings(s, declared(s, node_.ports()[i].name), node_.ports()[i].end_station);
    if (settings.empty()) continue;
    c.insert(c.end(), {"--", "set", "port", devices[i]});
    c.insert(c.end(), settings.begin(), settings.end());
  }
  if (s.mirror) add_mirror(c, *s.mirror, devices);
  return c;
}

void OpenVswitch::add_mirror(std::vector<std::string>& c, const scenario::Mirror& mirror,
                             const std::vector<std::string>& devices) const {
  const auto device_of = [&](const std::string& port) {
    for (size_t i = 0; i < devices.size(); ++i)
      if (node_.ports()[i].name == port) return devices[i];
    return devices.front();
  };
  c.insert(c.end(), {"--", "--id=@to", "get", "port", device_of(mirror.to)});
  std::string from;
  for (size_t i = 0; i < mirror.from.size(); ++i) {
    c.insert(c.end(), {"--", fmt::format("--id=@from{}", i), "get", "port", device_of(mirror.from[i])});
    from += (from.empty() ? "@from" : ",@from") + std::to_string(i);
  }
  c.insert(c.end(), {"--", "--id=@mirror", "create", "mirror", "name=" + bridge_, "output_port=@to"});
  if (from.empty())
    c.push_back("select_all=true");
  else
    c.insert(c.end(), {"select_src_port=" + from, "select_dst_port=" + from});
  c.insert(c.end(), {"--", "set", "bridge", bridge_, "mirrors=@mirror"});
}

void OpenVswitch::make_bridge(const std::vector<std::string>& devices) {
  try {
    refuse_foreign_bridge();
    const auto all = commands(devices);
    made_ = true;
    vsctl(all);
    // What it could not take up stands in the data base, not in the exit status.
    for (const std::string& d : devices)
      if (const std::string error = vsctl({"get", "interface", d, "error"}); error != "[]")
        throw SimulationError(fmt::format("it does not take the device {}: {}", d, error));
    add_flows(devices);
  } catch (const ConfigError&) {
    throw;
  } catch (const Error& e) {
    if (made_) remove(bridge_);
    made_ = false;
    throw ConfigError(fmt::format("switch '{}': Open vSwitch: {}", node_.config().id, e.what()));
  }
}

/// Access rules and storm control.
void OpenVswitch::add_flows(const std::vector<std::string>& devices) {
  const scenario::Switch& s = node_.config();
  std::vector<system::OvsPort> ports;
  bool any = !s.acl.empty();
  for (size_t i = 0; i < devices.size(); ++i) {
    const SwitchPort* p = declared(s, node_.ports()[i].name);
    any = any || (p && p->storm_control);
    ports.push_back(
        {.name = node_.ports()[i].name, .device = devices[i], .port = p, .number = static_cast<int>(i) + 1});
  }
  if (!any) return;
  for (std::vector<std::string> c : system::ovs_flows(bridge_, s, ports, {}, s.id).commands) {
    c.insert(c.begin() + 1, "--timeout=10");
    vm::run_to_end(c, kSwitchPatience);
  }
}

OpenVswitch::~OpenVswitch() {
  node_.to_port = nullptr;
  node_.carrier = nullptr;
  if (made_) remove(bridge_);
}

}  // namespace xedgesim::live
