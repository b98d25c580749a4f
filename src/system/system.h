#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "isa/arm/cortex_m.h"
#include "ml/vibration.h"
#include "net/link/link.h"
#include "net/radio/channel.h"
#include "net/traffic/interferer.h"
#include "nodes/cloud_service.h"
#include "nodes/edge_service.h"
#include "nodes/external/external_program.h"
#include "nodes/frame_source.h"
#include "nodes/mcu_node.h"
#include "nodes/model_node.h"
#include "nodes/ns3/ns3_medium.h"
#include "nodes/radio_gateway.h"
#include "nodes/sensor_feed.h"
#include "scenario/expand.h"
#include "scenario/scenario.h"
#include "sim/scheduler.h"
#include "system/cloud_program.h"
#include "system/ethernet.h"
#include "system/gateways.h"
#include "system/ml_placement.h"
#include "system/model_config.h"
#include "system/ns3_config.h"
#include "system/profile_times.h"

namespace xedgesim::system {

struct SystemOptions {
  std::filesystem::path platforms;  ///< folder of the platform files
  unsigned threads = 1;
  isa::Engine engine = isa::Engine::automatic;
  std::filesystem::path vm_plugin;  ///< the virtual-time plugin for QEMU
  /// Folder of boot snapshots of machines in virtual time; empty: they always boot in full.
  std::filesystem::path vm_snapshots{};
  std::function<void(std::string_view)> log{};  ///< one line for a person: a snapshot that is damaged
};

/// One device of the built system.
struct DeviceNode {
  std::string id;
  const scenario::Device* group = nullptr;
  scenario::DeviceInstance instance;
  uint16_t short_address = 0;
  int64_t sample_rate_hz = 1000;
  sim::ParticipantId participant = sim::kNobody;
  std::unique_ptr<nodes::SensorFeed> feed;
  /// Ground truth of the vibration on AIN0; null when the device senses something else. Not the feed's own
  /// object: that belongs to the node's thread.
  std::unique_ptr<ml::VibrationSignal> truth;
  std::shared_ptr<const nodes::Frames> frames{};  ///< what a sensor of type frames shows, window by window
  size_t first_frame = 0;
  std::unique_ptr<nodes::McuNode> mcu;            ///< of an emulated device
  std::unique_ptr<nodes::ModelNode> model;        ///< of a behavioural one
  std::unique_ptr<nodes::ExternalNode> external;  ///< of one whose behaviour is a program
  nodes::ExternalProgram* program = nullptr;      ///< that program
  size_t program_node = 0;                        ///< its index there
};

/// A running system made from a checked scenario: every participant, wired and attached to a scheduler.
/// Throws ConfigError for what this version cannot run, with what to change.
class System {
 public:
  System(const scenario::Scenario& scenario, const SystemOptions& options);
  ~System();

  sim::Scheduler& scheduler() { return *scheduler_; }
  std::vector<DeviceNode>& devices() { return devices_; }
  const scenario::Scenario& scenario() const { return scenario_; }
  net::Medium* channel() { return channel_.get(); }  ///< null without devices
  /// Starts the external programs and ns-3 and greets them, and switches the machines on; what they print
  /// goes to `folder`/external, what QEMU says to `folder`/vm. To be called once, before the scheduler runs.
  /// Throws ConfigError, SimulationError.
  void connect_programs(const std::filesystem::path& folder);
  void shut_down_programs(const std::string& reason) noexcept;
  std::vector<std::unique_ptr<nodes::RadioGateway>>& gateways() { return gateways_; }
  nodes::EdgeService* edge() { return edge_.get(); }
  nodes::CloudService* cloud() { return cloud_.get(); }
  net::Link* wan() { return wan_.get(); }
  /// Every wired link, with the names of the nodes at its ends (empty: a switch).
  struct LinkEnds {
    net::Link* link = nullptr;
    std::string a, b;
  };
  std::vector<LinkEnds> links() const;
  EthernetNetwork& ethernet() { return *ethernet_; }
  const EthernetNetwork& ethernet() const { return *ethernet_; }
  sim::ParticipantId observer_id() const { return scheduler_->id(kObserver); }
  const std::vector<std::string>& classes() const { return classes_; }
  /// Returns its index among the scenario's.
  size_t add_fault(const scenario::Fault& fault) {
    scenario_.faults.push_back(fault);
    return scenario_.faults.size() - 1;
  }
  ProfileTimes& profile_times() { return profile_times_; }

  /// Ids of the participants that a fault on `node` concerns.
  std::vector<sim::ParticipantId> participants_of(const std::string& node) const;

  static constexpr const char* kAir = "~air";
  static constexpr const char* kObserver = "~observer";
  static constexpr const char* kFaults = "~faults";
  /// The source of noise that a fault of type radio_interference is.
  static std::string jammer_of(size_t fault);

 private:
  /// The participant that is a device group's external program.
  static std::string program_of(const std::string& group) { return "~program." + group; }
  void refuse_unsupported() const;
  Duration window() const;
  std::vector<std::string> participant_names();
  void build_devices(const SystemOptions& options);
  void build_mcu(DeviceNode& node, const SystemOptions& options);
  void connect_frames(DeviceNode& node, nodes::McuNode::Config& config);
  void build_model(DeviceNode& node, const SystemOptions& options);
  void build_external(DeviceNode& node);
  void build_programs(const SystemOptions& options);
  void build_gateways();
  /// Devices, gateways and interferers, which are made here.
  std::vector<RadioStation> build_stations();
  void build_channel();
  void build_jammers(std::vector<net::ChannelStation>& stations);
  void build_services(const SystemOptions& options);
  void type_commands();
  void build_edge(const scenario::EdgeNode& e);
  nodes::MqttsnForwarder::Config forwarder_to(const scenario::EdgeNode& e) const;
  void build_cloud(const scenario::CloudNode& c, sim::ParticipantId edge, const SystemOptions& options);
  const GroupModels& models_of(int64_t tag) const;
  bool wants_return(int64_t tag) const;
  std::shared_ptr<const platforms::FirmwareImage> image_of(const scenario::Device& group,
                                                           const GroupModels& models);

  scenario::Scenario scenario_;
  std::unique_ptr<sim::Scheduler> scheduler_;
  std::vector<DeviceNode> devices_;
  std::map<std::string, std::shared_ptr<const platforms::Platform>> platforms_;
  std::map<std::string, std::shared_ptr<const platforms::FirmwareImage>> images_;
  std::map<std::string, std::shared_ptr<const platforms::FlashTemplate>> flashes_;
  std::unique_ptr<net::Medium> channel_;
  nodes::Ns3Medium* ns3_ = nullptr;  ///< channel_, when ns-3 computes it
  std::vector<GatewayPlan> gateway_plans_;
  std::map<size_t, ModelGroup> model_groups_;                      // by device group
  std::map<size_t, std::shared_ptr<const nodes::Frames>> frames_;  // by device group
  std::vector<std::unique_ptr<nodes::RadioGateway>> gateways_;     // as in gateway_plans_
  std::vector<std::unique_ptr<net::Interferer>> interferers_;
  std::vector<std::unique_ptr<nodes::ExternalProgram>> programs_;
  std::unique_ptr<nodes::EdgeService> edge_;
  std::unique_ptr<CloudProgram> cloud_program_;  ///< none: the cloud's model is computed here
  std::unique_ptr<nodes::CloudService> cloud_;
  std::unique_ptr<net::Link> wan_;
  std::unique_ptr<EthernetNetwork> ethernet_;
  std::string wan_name_;
  ProfileTimes profile_times_;
  std::filesystem::path vm_plugin_;
  bool one_thread_ = true;
  std::optional<vm::SnapshotStore> vm_snapshots_;
  std::vector<GroupModels> groups_;  ///< by device group
  std::optional<nodes::ServiceModel> edge_model_, cloud_model_;
  std::vector<std::string> classes_;
};

/// Queues the scenario's faults as control events. Throws ConfigError for a type this version cannot inject.
void schedule_faults(System& system);
/// One more, of a system that runs already: check_fault() throws ConfigError for what cannot be done, and
/// changes nothing.
void check_fault(System& system, const scenario::Fault& fault);
void add_fault(System& system, const scenario::Fault& fault);

}  // namespace xedgesim::system
