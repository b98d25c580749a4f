#pragma once
#include "scenario/codecs.h"
#include "scenario/description.h"

// The keys of every section; one function a struct, beside its siblings in describe_*.cpp.
namespace xedgesim::scenario {

const Layout& describe_impairments();
CodecPtr<Impairments> impairments_codec();

CodecPtr<Device> device_codec();
CodecPtr<DeviceConfig> device_config_codec();
CodecPtr<Network> network_codec();
CodecPtr<Switch> switch_codec();
CodecPtr<Link> link_codec();
CodecPtr<Profile> profile_codec();
CodecPtr<LinuxNode> linux_node_codec();
CodecPtr<TrafficFlow> traffic_codec();
CodecPtr<Health> health_codec();
CodecPtr<EdgeNode> edge_codec();
CodecPtr<CloudNode> cloud_codec();
CodecPtr<Metrics> metrics_codec();
CodecPtr<Fault> fault_codec();
CodecPtr<Validation> validation_codec();
CodecPtr<Scenario> scenario_codec();
CodecPtr<Batch> batch_codec();
struct SearchSpace;
CodecPtr<SearchSpace> search_space_codec();
/// The file's one key, `search`.
bool load_search_file(const Value& root, SearchSpace& out, LoadContext& context);

template <class S>
CodecPtr<S> struct_of(const Description<S>& description, S fresh = {}) {
  return std::make_shared<StructCodec<S>>(description, std::move(fresh));
}

}  // namespace xedgesim::scenario
