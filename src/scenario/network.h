#pragma once
#include <map>

#include "scenario/common.h"

namespace xedgesim::scenario {

struct Wireless {
  enum class Protocol { ieee802154 };
  enum class ChannelModel { log_distance, free_space, two_ray, range, matrix };
  enum class CcaMode { energy, carrier, carrier_and_energy, carrier_or_energy };
  enum class Convention { standard, ns3 };
  enum class Fading { none, rayleigh, rician };
  Protocol protocol = Protocol::ieee802154;
  int64_t channel = 26;  ///< 11..26
  ChannelModel channel_model = ChannelModel::log_distance;
  double path_loss_exponent = 3.0;
  double reference_distance_m = 1.0;
  double reference_loss_db = 40.0;
  double shadowing_db = 0;   ///< standard deviation, drawn once a pair of nodes
  double tx_power_dbm = 0;   ///< for nodes that do not set their own
  double max_range_m = 100;  ///< channel_model range
  FilePath loss_matrix;      ///< channel_model matrix: CSV with the columns from,to,loss_db
  Fading fading = Fading::none;
  double fading_k_db = 6;                         ///< rician: power of the direct path over the scattered one
  Duration fading_coherence = Duration::ms(100);  ///< a pair's fading changes that often
  std::optional<double> capture_threshold_db;     ///< absent: no capture
  std::vector<double> adjacent_rejection_db;      ///< of channels 1, 2, … away; beyond: not heard
  std::optional<double> sensitivity_dbm;          ///< absent: the radio model's
  std::optional<double> noise_figure_db;          ///< absent: the radio model's
  CcaMode cca_mode = CcaMode::energy;
  std::optional<double> cca_threshold_dbm;  ///< absent: the radio model's
  Convention convention = Convention::standard;
  bool operator==(const Wireless&) const = default;
};

/// A named wired path such as `gateway_to_cloud`.
struct WiredLink {
  enum class Type { ethernet, wifi, cellular, serial };
  Type type = Type::ethernet;
  std::vector<std::string> endpoints;  ///< two node ids; absent: read from the name `A_to_B`
  Impairments impairments;
  std::optional<Impairments> forward,
      backward;  ///< on top of them, from the first end to the second and back
  bool operator==(const WiredLink&) const = default;
};

struct Interferer {
  enum class Type { constant, wifi, microwave, jammer };
  std::string id;
  Type type = Type::constant;
  Position position;
  double power_dbm = 0;
  std::vector<int64_t> channels;       ///< 802.15.4 channels it falls on; absent: network.wireless.channel
  double duty_cycle = 1.0;             ///< 0..1
  Duration period = Duration::ms(10);  ///< of one on/off cycle
  Duration start;
  std::optional<Duration> stop;  ///< absent: end of the run
  bool operator==(const Interferer&) const = default;
};

/// A radio that takes the devices' frames and hands them to the edge, if there is one.
struct Gateway {
  std::string id;
  Position position;
  std::optional<int64_t> channel;  ///< absent: network.wireless.channel
  std::optional<int64_t> pan_id;
  std::optional<int64_t> short_address;  ///< absent: 0, then counting down from 0xfffd
  std::optional<double> tx_power_dbm;
  double antenna_gain_db = 0;
  bool operator==(const Gateway&) const = default;
};

/// The management network of Linux nodes (DHCP and DNS included).
struct Lan {
  enum class Server { builtin, dnsmasq, automatic };
  std::string bridge = "xsbr0";
  std::string host_interface = "vnet0";
  std::string host_ip = "192.168.100.1";
  int64_t prefix = 24;
  std::string dhcp_start = "192.168.100.100";
  std::string dhcp_end = "192.168.100.200";
  std::string domain = "local";
  Server server = Server::builtin;  ///< of addresses and names, on the wall clock
  bool uplink = false;              ///< nodes reach what the host reaches, on the wall clock
  bool host_loopback = false;       ///< and services on the host's loopback, at host_ip
  bool operator==(const Lan&) const = default;
};

/// The process that computes the radio of `network.type: ns3`.
struct Ns3Process {
  std::vector<std::string> command;    ///< absent: the back end built with this program
  Duration timeout = Duration::s(30);  ///< wall time for each answer
  bool operator==(const Ns3Process&) const = default;
};

struct Network {
  enum class Type { native, ns3 };
  enum class Topology { star, mesh, tree, custom };
  Type type = Type::native;
  Topology topology = Topology::star;
  Ns3Process ns3;
  Wireless wireless;
  std::map<std::string, WiredLink> wired;
  std::vector<Gateway> gateways;  ///< empty: one at the first edge node
  std::vector<Interferer> interferers;
  std::optional<std::string> profile;  ///< impairments in force from the start
  std::optional<Lan> lan;
  bool operator==(const Network&) const = default;
};

struct RateQueue {
  int64_t priority = 0;
  std::optional<int64_t> weight;    ///< in deficit round robin; absent: strict priority
  std::optional<int64_t> queue;     ///< packets
  std::optional<int64_t> min_rate;  ///< bits a second
  std::optional<int64_t> max_rate;
  bool operator==(const RateQueue&) const = default;
};

struct SwitchQos {
  std::optional<int64_t> max_rate;
  std::vector<RateQueue> queues;
  std::optional<int64_t> burst;  ///< bytes
  bool operator==(const SwitchQos&) const = default;
};

/// Most flooded traffic a port takes in, bits a second.
struct StormControl {
  std::optional<int64_t> broadcast, multicast, unknown;
  std::optional<int64_t> burst;  ///< bytes
  bool operator==(const StormControl&) const = default;
};

/// An access rule; the first that fits counts.
struct AccessRule {
  enum class Action { permit, deny };
  Action action = Action::deny;
  std::vector<std::string> ports;         ///< empty: all
  std::string source, destination;        ///< MAC addresses
  std::optional<int64_t> vlan, type;      ///< VLAN, EtherType
  std::string ip_source, ip_destination;  ///< IPv4 address or prefix
  std::optional<int64_t> protocol, source_port, destination_port;
  std::optional<int64_t> priority;  ///< permit: new priority
  bool operator==(const AccessRule&) const = default;
};

struct SwitchPort {
  enum class Mode { access, trunk, tunnel };
  std::string name;
  Mode mode = Mode::access;
  std::optional<int64_t> vlan;      ///< access VLAN, or the native one of a trunk
  std::vector<int64_t> trunks;      ///< VLANs a trunk carries; empty: all
  bool service = false;             ///< trunk: 802.1ad tags
  std::optional<int64_t> priority;  ///< of untagged frames
  std::optional<StormControl> storm_control;
  std::optional<bool> edge;      ///< absent: an end station is plugged in
  std::optional<SwitchQos> qos;  ///< absent: the switch's
  bool operator==(const SwitchPort&) const = default;
};

struct Vlan {
  int64_t id = 1;
  std::string name;
  bool operator==(const Vlan&) const = default;
};

struct Mirror {
  std::vector<std::string> from;  ///< empty: every port
  std::string to;
  bool operator==(const Mirror&) const = default;
};

struct Switch {
  enum class Backend { native, ovs, bridge };
  enum class Tagging { none, dsa, edsa };
  std::string id;
  std::string description;
  Backend backend = Backend::native;
  std::vector<SwitchPort> ports;  ///< `ports: 4` makes the ports 1 to 4
  std::vector<Vlan> vlans;
  bool stp = false;
  int64_t stp_priority = 32768;
  std::optional<SwitchQos> qos;
  std::optional<Mirror> mirror;
  std::vector<std::vector<std::string>> lags;
  std::vector<AccessRule> acl;
  bool igmp_snooping = false;
  bool trust_dscp = false;
  Duration mac_ageing = Duration::s(300);
  int64_t mac_table_size = 8192;
  Tagging tagging = Tagging::none;  ///< tag towards the CPU port, as Marvell switches do
  bool operator==(const Switch&) const = default;
};

/// Two attachment points `node:interface` or `switch:port`, and what the cable does.
struct Link {
  std::string id;  ///< absent: "A:eth0--sw0:1"
  std::vector<std::string> endpoints;
  Impairments impairments;
  std::optional<Impairments> forward,
      backward;  ///< on top of them, from the first end to the second and back
  bool operator==(const Link&) const = default;
};

/// Link or node name (glob) -> impairments.
using Profile = std::map<std::string, Impairments>;

}  // namespace xedgesim::scenario
