#pragma once
#include <vector>

#include "net/radio/channel.h"
#include "nodes/ns3/ns3_medium.h"
#include "scenario/scenario.h"

namespace xedgesim::system {

/// A station of the radio channel, and the 802.15.4 channel its radio begins on.
struct RadioStation {
  net::ChannelStation station;
  int channel = 26;
};

/// The radio channel of `network.type: ns3`: the stations and the path loss as net::Channel would get them,
/// told to the process in network.ns3.command, or the one built beside this program. Throws ConfigError when
/// there is none.
nodes::Ns3Medium::Config ns3_medium(const scenario::Scenario& scenario, sim::ParticipantId self,
                                    std::vector<RadioStation> stations, const net::PathLoss& loss);

}  // namespace xedgesim::system
