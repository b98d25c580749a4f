#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/radio/channel.h"
#include "net/radio/path_loss.h"
#include "net/traffic/interferer.h"
#include "scenario/expand.h"
#include "scenario/scenario.h"

namespace xedgesim::system {

/// The network.wireless section as the radio channel's configuration.

using RadioByName = std::function<std::optional<sim::ParticipantId>(const std::string&)>;

/// The declared path loss; `radio` finds the radios that a matrix names. Throws ConfigError for a matrix that
/// cannot be read, with its line.
std::unique_ptr<net::PathLoss> path_loss(const scenario::Wireless& w, const RadioByName& radio);
net::Variation variation(const scenario::Wireless& w);
/// The way of a device in the coordinates of the site.
std::vector<net::WayPoint> way_of(const scenario::Device& group, const scenario::Position& at);
/// Without self, channel and seed.
net::InterfererConfig interferer_config(const scenario::Interferer& i, const scenario::Wireless& w);

}  // namespace xedgesim::system
