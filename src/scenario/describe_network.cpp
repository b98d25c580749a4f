#include "scenario/describe.h"

namespace xedgesim::scenario {
namespace {

const Description<Wireless>& describe_wireless() {
  using W = Wireless;
  using M = W::ChannelModel;
  using C = W::CcaMode;
  static const Description<W> kD = [] {
    Description<W> d;
    d.doc = "The radio channel.";
    d.add({.key = "protocol", .doc = "radio standard"}, &W::protocol,
          choice<W::Protocol>(
              {{"802.15.4", W::Protocol::ieee802154}, {"ieee802154", W::Protocol::ieee802154}}));
    d.add({.key = "channel", .doc = "channel of the 2.4 GHz band"}, &W::channel,
          integer(11, 26, "a channel"));
    d.add({.key = "channel_model", .doc = "path loss"}, &W::channel_model,
          choice<M>({{"log_distance", M::log_distance},
                     {"LogDistancePropagationLoss", M::log_distance},
                     {"free_space", M::free_space},
                     {"FriisPropagationLoss", M::free_space},
                     {"two_ray", M::two_ray},
                     {"TwoRayGroundPropagationLoss", M::two_ray},
                     {"range", M::range},
                     {"RangePropagationLoss", M::range},
                     {"matrix", M::matrix}}));
    d.add({.key = "loss_matrix",
           .doc = "matrix: CSV file with the columns from,to,loss_db (node ids; both directions "
                  "unless both are given; pairs that are not in it do not hear each other)"},
          &W::loss_matrix, file_path());
    d.add({.key = "fading", .doc = "block fading, drawn per pair of nodes and coherence time"}, &W::fading,
          choice<W::Fading>(
              {{"none", W::Fading::none}, {"rayleigh", W::Fading::rayleigh}, {"rician", W::Fading::rician}}));
    d.add({.key = "fading_k", .doc = "rician: direct over scattered power"}, &W::fading_k_db,
          ratio_db(-30, 60));
    d.add({.key = "fading_coherence", .doc = "how long a pair's fading stays the same"}, &W::fading_coherence,
          positive_duration());
    d.add({.key = "capture_threshold",
           .doc = "a frame this much stronger than all else takes over a busy receiver; absent: no capture"},
          &W::capture_threshold_db, ratio_db(0, 60));
    d.add({.key = "adjacent_rejection",
           .doc = "attenuation of frames on channels 1, 2, … away; absent: they are not heard at all"},
          &W::adjacent_rejection_db, list_of(ratio_db(0, 200)));
    d.add({.key = "path_loss_exponent", .doc = "log_distance: exponent"}, &W::path_loss_exponent, real(1, 6));
    d.add({.key = "reference_distance", .doc = "log_distance: distance of the reference loss"},
          &W::reference_distance_m, length_bare(0.001, 1000));
    d.add({.key = "reference_loss", .doc = "log_distance: loss at the reference distance"},
          &W::reference_loss_db, ratio_db_bare(0, 200));
    d.add(
        {.key = "shadowing", .doc = "standard deviation of log-normal shadowing, drawn once a pair of nodes"},
        &W::shadowing_db, ratio_db(0, 30));
    d.add({.key = "tx_power", .doc = "transmit power of nodes that do not set their own"}, &W::tx_power_dbm,
          power_bare());
    d.add({.key = "max_range", .doc = "range: distance of the last receiver"}, &W::max_range_m,
          length(0.01, 1e6));
    d.add({.key = "sensitivity", .doc = "weakest signal received; absent: the radio's"}, &W::sensitivity_dbm,
          power());
    d.add({.key = "noise_figure", .doc = "noise of the receiver; absent: the radio's"}, &W::noise_figure_db,
          ratio_db(0, 50));
    d.add({.key = "cca_mode", .doc = "what makes the channel busy"}, &W::cca_mode,
          choice<C>({{"energy", C::energy},
                     {"carrier", C::carrier},
                     {"carrier_and_energy", C::carrier_and_energy},
                     {"carrier_or_energy", C::carrier_or_energy}}));
    d.add({.key = "cca_threshold", .doc = "energy that makes the channel busy; absent: the radio's"},
          &W::cca_threshold_dbm, power());
    d.add({.key = "convention",
           .doc = "what the standard leaves open; ns3: as ns-3's lr-wpan has it, to compare with it"},
          &W::convention,
          choice<W::Convention>({{"standard", W::Convention::standard}, {"ns3", W::Convention::ns3}}));
    return d;
  }();
  return kD;
}

const Description<WiredLink>& describe_wired() {
  using T = WiredLink::Type;
  static const Description<WiredLink> kD = [] {
    Description<WiredLink> d;
    d.doc = "A wired path and what it does to frames.";
    d.add({.key = "type", .doc = "kind of path, for people and reports"}, &WiredLink::type,
          choice<T>({{"ethernet", T::ethernet},
                     {"wifi", T::wifi},
                     {"cellular", T::cellular},
                     {"serial", T::serial}}));
    d.add({.key = "endpoints", .doc = "the two nodes; absent: read from the name A_to_B"},
          &WiredLink::endpoints, list_of(text()));
    d.add({.key = "forward", .doc = "other values from the first end to the second"}, &WiredLink::forward,
          impairments_codec());
    d.add({.key = "backward", .doc = "other values from the second end to the first"}, &WiredLink::backward,
          impairments_codec());
    d.flat(&WiredLink::impairments, describe_impairments());
    return d;
  }();
  return kD;
}

const Description<Interferer>& describe_interferer() {
  using T = Interferer::Type;
  static const Description<Interferer> kD = [] {
    Description<Interferer> d;
    d.doc = "A source of noise in the radio band.";
    d.add({.key = "id", .doc = "name", .required = true}, &Interferer::id, identifier());
    d.add({.key = "type",
           .doc = "constant: a tone; wifi: bursts at random, duty_cycle of the time; microwave: on for "
                  "duty_cycle of each "
                  "period; jammer: noise all the time"},
          &Interferer::type,
          choice<T>({{"constant", T::constant},
                     {"wifi", T::wifi},
                     {"microwave", T::microwave},
                     {"jammer", T::jammer}}));
    d.add({.key = "position", .doc = "where it stands"}, &Interferer::position, position());
    d.add({.key = "power", .doc = "power within one 802.15.4 channel"}, &Interferer::power_dbm, power_bare());
    d.add({.key = "channels",
           .doc = "802.15.4 channels it falls on; absent: the network's, for a jammer all",
           .synonym = "channel"},
          &Interferer::channels, one_or_more(integer(11, 26, "a channel")));
    d.add({.key = "duty_cycle", .doc = "share of time it transmits"}, &Interferer::duty_cycle, fraction());
    d.add({.key = "period", .doc = "length of one on/off cycle"}, &Interferer::period, positive_duration());
    d.add({.key = "start", .doc = "when it begins"}, &Interferer::start, duration());
    d.add({.key = "stop", .doc = "when it ends; absent: with the run"}, &Interferer::stop,
          positive_duration());
    return d;
  }();
  return kD;
}

const Description<Gateway>& describe_gateway() {
  static const Description<Gateway> kD = [] {
    Description<Gateway> d;
    d.doc = "A radio that takes the devices' frames and hands them to the edge, if there is one.";
    d.add({.key = "id", .doc = "name", .required = true}, &Gateway::id, identifier());
    d.add({.key = "position", .doc = "where it stands"}, &Gateway::position, position());
    d.add({.key = "channel", .doc = "802.15.4 channel; absent: the network's"}, &Gateway::channel,
          integer(11, 26, "a channel"));
    d.add({.key = "pan_id", .doc = "802.15.4 PAN identifier"}, &Gateway::pan_id, integer(0, 0xfffe));
    d.add({.key = "short_address",
           .doc = "802.15.4 short address; absent: 0 for the first, then counting down from 0xfffd"},
          &Gateway::short_address, integer(0, 0xfffd));
    d.add({.key = "tx_power", .doc = "transmit power; absent: the network's"}, &Gateway::tx_power_dbm,
          power_bare());
    d.add({.key = "antenna_gain", .doc = "gain of its antenna"}, &Gateway::antenna_gain_db,
          ratio_db(-100, 100));
    return d;
  }();
  return kD;
}

const Description<Lan>& describe_lan() {
  static const Description<Lan> kD = [] {
    Description<Lan> d;
    d.doc = "Management network of the Linux nodes, with DHCP and DNS.";
    d.add({.key = "bridge", .doc = "name of the bridge"}, &Lan::bridge, identifier());
    d.add({.key = "host_interface", .doc = "the host's port on it"}, &Lan::host_interface, identifier());
    d.add({.key = "host_ip", .doc = "the host's address"}, &Lan::host_ip, ip_address());
    d.add({.key = "prefix", .doc = "prefix length of the network"}, &Lan::prefix, integer(8, 30));
    d.add({.key = "dhcp_start", .doc = "first address given out"}, &Lan::dhcp_start, ip_address());
    d.add({.key = "dhcp_end", .doc = "last address given out"}, &Lan::dhcp_end, ip_address());
    d.add({.key = "domain", .doc = "nodes are found as NAME.domain"}, &Lan::domain, identifier());
    d.add({.key = "server",
           .doc = "wall clock: who gives addresses and names; auto: dnsmasq where this host has it and can "
                  "run it"},
          &Lan::server,
          choice<Lan::Server>({{"builtin", Lan::Server::builtin},
                               {"dnsmasq", Lan::Server::dnsmasq},
                               {"auto", Lan::Server::automatic}}));
    d.add({.key = "uplink",
           .doc = "wall clock: nodes reach the outside through the host's sockets, without privileges"},
          &Lan::uplink, boolean());
    d.add({.key = "host_loopback",
           .doc = "wall clock: nodes reach services on the host's 127.0.0.1 at `host_ip`"},
          &Lan::host_loopback, boolean());
    return d;
  }();
  return kD;
}

const Description<Ns3Process>& describe_ns3() {
  static const Description<Ns3Process> kD = [] {
    Description<Ns3Process> d;
    d.doc = "The ns-3 process of type: ns3.";
    d.add({.key = "command", .doc = "program to start; absent: the one built with xedgesim"},
          &Ns3Process::command, one_or_more(text()));
    d.add({.key = "timeout", .doc = "wall time one answer may take"}, &Ns3Process::timeout,
          positive_duration());
    return d;
  }();
  return kD;
}

const Description<Network>& describe_network() {
  using N = Network;
  using T = N::Topology;
  static const Description<N> kD = [] {
    Description<N> d;
    d.doc = "Radio and wires.";
    d.add({.key = "type", .doc = "who computes the radio; ns3: ns-3 in a process of its own"}, &N::type,
          choice<N::Type>({{"native", N::Type::native}, {"ns3", N::Type::ns3}}));
    d.add({.key = "topology", .doc = "star: all devices talk to the gateway"}, &N::topology,
          choice<T>({{"star", T::star}, {"mesh", T::mesh}, {"tree", T::tree}, {"custom", T::custom}}));
    d.add({.key = "ns3", .doc = "type ns3: the process"}, &N::ns3, struct_of(describe_ns3()));
    d.add({.key = "wireless", .doc = "the radio channel"}, &N::wireless, struct_of(describe_wireless()));
    d.add({.key = "wired", .doc = "wired paths by name"}, &N::wired, map_of(struct_of(describe_wired())));
    d.add({.key = "gateways", .doc = "radios that serve the devices; absent: one at the first edge node"},
          &N::gateways, list_of(struct_of(describe_gateway())));
    d.add({.key = "interferers", .doc = "sources of noise"}, &N::interferers,
          list_of(struct_of(describe_interferer())));
    d.add({.key = "profile", .doc = "profile in force from the start"}, &N::profile, text());
    d.add({.key = "lan", .doc = "management network of Linux nodes"}, &N::lan, struct_of(describe_lan()));
    return d;
  }();
  return kD;
}

}  // namespace

CodecPtr<Network> network_codec() { return struct_of(describe_network()); }

}  // namespace xedgesim::scenario
