#include "scenario/fault_types.h"

#include "base/error.h"
#include "scenario/describe.h"

namespace xedgesim::scenario {

const std::vector<std::string_view>& impairment_names() {
  static const std::vector<std::string_view> kNames = [] {
    std::vector<std::string_view> out;
    for (const Field& f : describe_impairments().fields) out.push_back(f.info.key);
    return out;
  }();
  return kNames;
}

const std::vector<FaultType>& fault_types() {
  using C = NodeClass;
  using T = Fault::Type;
  static const std::vector<C> kNodes = {C::device, C::edge, C::cloud, C::linux_node};
  static const std::vector<FaultType> kTypes = {
      {T::edge_failure,
       "edge_failure",
       "the edge node stops; it goes on after the duration",
       {C::edge},
       {},
       {},
       true},
      {T::cloud_failure,
       "cloud_failure",
       "the cloud node stops; it goes on after the duration",
       {C::cloud},
       {},
       {},
       true,
       {"cloud_outage"}},
      {T::device_failure,
       "device_failure",
       "the device loses power; it boots again after the duration",
       {C::device},
       {},
       {},
       true,
       {"node_crash"}},
      {T::device_reset,
       "device_reset",
       "the device's reset pin is pulled",
       {C::device},
       {},
       {},
       true,
       {"node_reboot", "reboot"}},
      {T::node_failure,
       "node_failure",
       "the machine is paused, a device loses power; it goes on after the duration",
       kNodes,
       {},
       {},
       true},
      {T::machine_failure,
       "machine_failure",
       "the machine loses power; it boots again after the duration",
       {C::linux_node},
       {},
       {},
       true},
      {T::machine_reset, "machine_reset", "the machine's reset button", {C::linux_node}, {}, {}, true},
      {T::network_partition,
       "network_partition",
       "the targets reach nobody but each other",
       kNodes,
       {},
       {},
       true},
      {T::radio_interference,
       "radio_interference",
       "noise without pause on one channel, received at `power` by the targets (none: by all) and by nobody else",
       {C::device, C::edge, C::gateway},
       {"power", "channel"},
       {},
       false,
       {"jammer"}},
      {T::packet_loss,
       "packet_loss",
       "frames of the targets are lost at random",
       {C::device, C::edge, C::cloud, C::linux_node, C::link},
       {"loss_rate"},
       {"loss_rate"},
       true},
      {T::link_down, "link_down", "the link or switch carries nothing", {C::link, C::switch_}, {}, {}, true},
      {T::link_degradation,
       "link_degradation",
       "impairments on top of the link's own, until the duration is over",
       {C::link},
       impairment_names(),
       {},
       true,
       {"link_degrade"}},
      {T::link_set,
       "link_set",
       "the link gets new values for good, as by the command `link set`",
       {C::link},
       impairment_names(),
       {},
       true},
      {T::apply_profile, "apply_profile", "a profile is put in force", {}, {"profile"}, {"profile"}, false},
      {T::sensor_fault,
       "sensor_fault",
       "a sensor of the emulated board misbehaves: it keeps a value, or gets noise, or drifts away, or is "
       "off (0 V)",
       {C::device},
       {"mode", "value", "pin"},
       {"mode"},
       true},
      {T::battery_drain,
       "battery_drain",
       "the device's battery falls to a share of its capacity",
       {C::device},
       {"charge"},
       {"charge"},
       true},
      {T::brown_out,
       "brown_out",
       "the device's supply falls below the threshold: it is off until it is back (10 ms without a duration), "
       "and its memory is lost",
       {C::device},
       {},
       {},
       true},
      {T::clock_drift,
       "clock_drift",
       "the device's clocks change their deviation; after the duration they have clock_drift's again",
       {C::device},
       {"ppm", "clock"},
       {"ppm"},
       true},
      {T::service_slow,
       "service_slow",
       "all work of the native service takes longer; of overlapping ones the latest counts",
       {C::edge, C::cloud},
       {"factor"},
       {"factor"},
       true},
  };
  return kTypes;
}

const FaultType& fault_type(Fault::Type type) {
  for (const FaultType& t : fault_types())
    if (t.type == type) return t;
  invariant_failed("every Fault::Type has a row", __FILE__, __LINE__);
}

std::string_view class_name(NodeClass kind) {
  switch (kind) {
    case NodeClass::device:
      return "device";
    case NodeClass::edge:
      return "edge node";
    case NodeClass::cloud:
      return "cloud node";
    case NodeClass::linux_node:
      return "Linux node";
    case NodeClass::switch_:
      return "switch";
    case NodeClass::link:
      return "link";
    case NodeClass::interferer:
      return "interferer";
    case NodeClass::gateway:
      return "gateway";
  }
  return "node";
}

}  // namespace xedgesim::scenario
