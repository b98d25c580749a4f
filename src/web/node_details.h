#pragma once
#include <string>

#include "scenario/scenario.h"

namespace xedgesim::web {

/// What is known of a node of a scenario, for people: "nrf52840dk, firmware/hello.elf".
std::string device_detail(const scenario::Device& device);
std::string edge_detail(const scenario::EdgeNode& edge);
std::string cloud_detail(const scenario::CloudNode& cloud);
std::string machine_detail(const scenario::LinuxNode& node);
std::string switch_detail(const scenario::Switch& s);

/// "uplink, 100 Mbit/s, 20 ms".
std::string path_label(const std::string& name, const scenario::Impairments& impairments);

const char* kind_of(scenario::LinuxNode::Type type);

/// "vibra…_12" of a long name: the end tells the members of a group apart.
std::string short_label(const std::string& id);

}  // namespace xedgesim::web
